# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a source, statement by statement, as psql would."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Set

from ..driver import extensions, psycopg2
from ..errors import SourceError
from ..rows import uuids
from ..script import CopyData, Source, Statement, sql_error, statements

_UUID_LENGTH = 36


class _Heard:
    """COPY data on its way to the server, with the UUIDs in it noted."""

    def __init__(self, data: CopyData, found: Set[str]) -> None:
        self._data = data
        self._found = found
        self._tail = ""

    def read(self, size: int = -1) -> bytes:
        """As CopyData.read()."""
        chunk = self._data.read(size)
        text = self._tail + chunk.decode("utf-8", "replace")
        self._found |= uuids(text)
        self._tail = text[-_UUID_LENGTH:]  # one may stand across two chunks
        return chunk


def load(
    connection: Any, source: Source, own_transactions: bool, listed: Optional[Sequence[Statement]] = None
) -> Set[str]:
    """Run every statement of ``source`` on ``connection``.

    ``own_transactions``: the source's BEGIN and COMMIT are obeyed (the connection is in autocommit mode); otherwise
    they are passed over, and everything runs in the transaction that the caller holds. Gives the UUIDs that the source
    writes, so that they can be told from those that a default made. Raises SourceError with file, line and statement at
    the first error. ``listed``: the statements, where the caller has read them already.
    """
    given: Set[str] = set()
    with connection.cursor() as cursor:
        for statement in statements(source) if listed is None else listed:
            if statement.transaction_control and not own_transactions:
                continue
            try:
                if statement.copy_data is not None:
                    cursor.copy_expert(statement.text, _Heard(statement.copy_data, given))
                else:
                    given |= uuids(statement.text)
                    cursor.execute(statement.text)
            except psycopg2.Error as error:
                raise sql_error(statement, error) from None
    if own_transactions and connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
        raise SourceError(
            f"{source.name}: a transaction is still open at the end of the file",
            hint="Close it with COMMIT: psql would throw away what it holds.",
        )
    return given
