# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a source, statement by statement, as psql would."""

from __future__ import annotations

from typing import Any

import psycopg2
from psycopg2 import extensions

from ..errors import SourceError
from ..script import Source, sql_error, statements


def load(connection: Any, source: Source, own_transactions: bool) -> None:
    """Run every statement of ``source`` on ``connection``.

    ``own_transactions``: the source's BEGIN and COMMIT are obeyed (the connection is in autocommit mode); otherwise
    they are passed over, and everything runs in the transaction that the caller holds. Raises SourceError with file,
    line and statement at the first error.
    """
    with connection.cursor() as cursor:
        for statement in statements(source):
            if statement.transaction_control and not own_transactions:
                continue
            try:
                if statement.copy_data is not None:
                    cursor.copy_expert(statement.text, statement.copy_data)
                else:
                    cursor.execute(statement.text)
            except psycopg2.Error as error:
                raise sql_error(statement, error) from None
    if own_transactions and connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
        raise SourceError(
            f"{source.name}: a transaction is still open at the end of the file",
            hint="Close it with COMMIT: psql would throw away what it holds.",
        )
