# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a source, statement by statement, as psql would."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Optional, Sequence, Set, Tuple

from .. import head_room
from ..driver import extensions, psycopg2
from ..errors import SourceError
from ..plan.locks import estimate_texts
from ..rows import Given, Listener, uuids
from ..script import CopyData, Source, Statement, sql_error, statements
from ..script.messages import located_at
from .bodies import Bodies
from .head import Head, remove

_UUID_LENGTH = 36

_LARGE_OBJECT = re.compile(r"\blo_(?:creat|create|import|from_bytea)\s*\(", re.IGNORECASE)


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


class _Parts:
    """A transaction that the source itself opens, committed part by part where the locks of the whole would not fit.

    A disposable database needs no such transaction: what does not load is thrown away. Only structure is parted: rows
    may be waiting for constraints to be checked, and settings for the end of their transaction.
    """

    _SAFE = re.compile(
        r"(?:CREATE(?!\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP)|ALTER|DROP|COMMENT|GRANT|REVOKE)\b"
        r"|SELECT pg_catalog\.set(?:_config|val)\(|SET(?!\s+(?:LOCAL|CONSTRAINTS|TRANSACTION)\b)",
        re.IGNORECASE,
    )

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.room = 0
        self.locks = 0
        self.parted = True

    def ran(self, cursor: Any, statement: Statement) -> None:
        """Called after each statement."""
        if statement.transaction_control:
            self.locks, self.parted = 0, True
            return
        if not self.parted or self.connection.info.transaction_status != extensions.TRANSACTION_STATUS_INTRANS:
            return
        self.parted = bool(self._SAFE.match(statement.text))
        self.locks += estimate_texts([statement.text])
        self.room = self.room or head_room.room(self.connection)
        if self.parted and self.locks > self.room // 4:
            cursor.execute("COMMIT AND CHAIN")
            self.locks = 0


class Loaded(NamedTuple):
    """``given`` tells values of the source from those that defaults made."""

    given: Given
    warnings: Tuple[str, ...]


def load(
    connection: Any, source: Source, own_transactions: bool, listed: Optional[Sequence[Statement]] = None
) -> Loaded:
    """Run every statement of ``source`` on ``connection``.

    ``own_transactions``: the source's BEGIN and COMMIT are obeyed (the connection is in autocommit mode); otherwise
    they are passed over, and everything runs in the transaction that the caller holds. ``listed``: the statements,
    where the caller has read them already. Raises SourceError with file, line and statement at the first error.
    """
    head = Head()
    parts = _Parts(connection) if own_transactions else None
    with connection.cursor() as cursor:
        listener = Listener(cursor)
        bodies = Bodies(cursor)
        for statement in statements(source) if listed is None else listed:
            if statement.transaction_control and not own_transactions:
                continue
            try:
                listener.hear(statement.text, statement.verb)
                if statement.copy_data is not None:
                    cursor.copy_expert(statement.text, _Heard(statement.copy_data, listener.uuids))
                elif head.removes(statement):
                    remove(cursor, statement.text)
                elif bodies.creates(statement):
                    bodies.create(statement)
                else:
                    cursor.execute(statement.text)
                    if ("lo_" in statement.text or "LO_" in statement.text) and _LARGE_OBJECT.search(statement.text):
                        _refuse_large_objects(cursor, statement)
                if parts is not None:
                    parts.ran(cursor, statement)
            except psycopg2.Error as error:
                raise sql_error(statement, error) from None
        given = listener.heard()
        idle = connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
        warnings = bodies.check() if idle or not own_transactions else []
    if own_transactions and not idle:
        raise SourceError(
            f"{source.name}: a transaction is still open at the end of the file",
            hint="Close it with COMMIT: psql would throw away what it holds.",
        )
    return Loaded(given, tuple(warnings))


def _refuse_large_objects(cursor: Any, statement: Statement) -> None:
    """They have no name by which a second run could find them again."""
    cursor.execute("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)")
    if cursor.fetchone()[0]:
        raise located_at(
            statement,
            "the source makes a large object; these are not managed",
            "Dump without them (pg_dump --no-large-objects, before PostgreSQL 16 --no-blobs), and copy them in "
            "another way; bytea columns are managed.",
        )
