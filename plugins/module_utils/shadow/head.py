# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of a dump made with ``pg_dump --clean``: statements that remove what the rest of the file makes.

Nothing of it is there in the empty database that a source is loaded into, so what fails for that reason is passed over,
as psql would.
"""

from __future__ import annotations

import re
from typing import Any

from ..driver import errorcodes, extensions, psycopg2
from ..script import Statement

_DROP = re.compile(r"\sDROP\s", re.IGNORECASE)
# What pg_dump puts in the place of a view that others need, so that they can be dropped before it.
_STAND_IN = re.compile(r"\sAS\s+SELECT\s+NULL::", re.IGNORECASE)
# Verbs that may stand between two removals.
_NEUTRAL = ("SET", "RESET", "SHOW", "SELECT", "BEGIN", "START TRANSACTION", "COMMIT", "END")


class Head:
    """Asked about each statement of a source in order, tells whether one still belongs to its head."""

    def __init__(self) -> None:
        self._over = False

    def removes(self, statement: Statement) -> bool:
        """Whether the statement removes something that the source cannot have made yet."""
        if self._over:
            return False
        if _removes(statement):
            return True
        self._over = statement.verb not in _NEUTRAL
        return False


def _removes(statement: Statement) -> bool:
    verb = statement.verb
    if verb.startswith("DROP "):
        return True
    if verb.startswith("ALTER "):
        return bool(_DROP.search(statement.text))
    return verb == "CREATE VIEW" and bool(_STAND_IN.search(statement.text))


def remove(cursor: Any, text: str) -> None:
    """Run a statement of the head. Raises what the driver does, unless all that is wrong is that nothing is there."""
    inside = cursor.connection.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS
    if inside:
        cursor.execute("SAVEPOINT head")
    try:
        cursor.execute(text)
    except psycopg2.Error as error:
        if error.pgcode not in _absent():
            raise
        if inside:
            cursor.execute("ROLLBACK TO SAVEPOINT head")
        return
    if inside:
        cursor.execute("RELEASE SAVEPOINT head")


def _absent() -> Any:
    return (
        errorcodes.UNDEFINED_TABLE,
        errorcodes.UNDEFINED_COLUMN,
        errorcodes.UNDEFINED_OBJECT,
        errorcodes.UNDEFINED_FUNCTION,
        errorcodes.INVALID_SCHEMA_NAME,
    )
