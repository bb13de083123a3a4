# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that differ and mean the same: only the server can tell, and the shadow is where it may be asked.

PostgreSQL writes ``x IN ('a', 'b')`` over a varchar column back as one text, and reads that text into a tree that it
writes as another one. A database restored from pg_dump therefore shows other texts than the one that was dumped. So
where only the text of an expression differs, both texts are given to the server in the shadow, inside a transaction
that is rolled back, and what it makes of them is compared.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Dict, Iterator, List, Sequence, Set

from ..catalog.kind import Context, Kind, ReadContext
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Identity, Object
from ..catalog.quoting import inexact
from ..catalog.read import in_bulk
from ..diff import Change, Difference
from ..driver import NamedTupleCursor, psycopg2


def settle(connection: Any, difference: Difference, desired: Catalog) -> Difference:
    """The difference without the changes between texts that mean the same.

    ``connection`` is the shadow's, in the state that ``desired`` was read from; it is left as it was.
    """
    doubtful = [change for change in difference.changes if _is_doubtful(change)]
    if not doubtful:
        return difference
    with _rolled_back(connection):
        as_wanted = _rewritten(connection, [change.new for change in doubtful if change.new], desired)
        as_found = _rewritten(
            connection, [replace(change.old, id=change.id) for change in doubtful if change.old], desired
        )
    same: Set[Identity] = set()
    for change in doubtful:
        wanted, found = as_wanted.get(change.id), as_found.get(change.id)
        if wanted is not None and found is not None:
            fields = BY_NAME[change.id.kind].expressions
            if all(getattr(wanted, name) == getattr(found, name) for name in fields):
                same.add(change.id)
    return replace(difference, changes=tuple(_without_text(difference.changes, same)))


def _is_doubtful(change: Change) -> bool:
    if change.old is None or change.new is None:
        return False
    return bool(change.fields & BY_NAME[change.id.kind].expressions)


def _without_text(changes: Sequence[Change], same: Set[Identity]) -> Iterator[Change]:
    for change in changes:
        if change.id not in same:
            yield change
            continue
        fields = change.fields - BY_NAME[change.id.kind].expressions
        renamed = change.old is not None and change.new is not None and change.old.id != change.new.id
        if fields or renamed:
            yield replace(change, fields=fields)


def _rewritten(connection: Any, objects: Sequence[Object], desired: Catalog) -> Dict[Identity, Object]:
    """What the server makes of the objects' texts; those that it does not take are missing."""
    context = Context(connection.server_version, desired, desired)
    taken: List[Object] = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL check_function_bodies = off")
        for obj in objects:
            if _put(cursor, BY_NAME[obj.id.kind], obj, context):
                taken.append(obj)
    result: Dict[Identity, Object] = {}
    for name in sorted({obj.id.kind for obj in taken}):
        kind = BY_NAME[name]
        wanted = {obj.id for obj in taken if obj.id.kind == name}
        with in_bulk(connection), connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
            schemas = sorted({identity.schema for identity in wanted})
            cursor.execute(kind.query(context.server_version), {"schemas": schemas})
            for row in cursor.fetchall():
                found = kind.read(row, ReadContext(context.server_version))
                if found is not None and found.id in wanted:
                    result[found.id] = found
    return result


def _put(cursor: Any, kind: Kind, obj: Object, context: Context) -> bool:
    """Replace the object of that identity by one made of this one's texts."""
    statements = kind.alter(obj, obj, kind.expressions, context) if kind.replaceable else None
    if statements is None:
        statements = kind.create(obj, context)
        drops = [f"{ddl.sql} CASCADE" for ddl in kind.drop(obj, context)]
    else:
        drops = []
    cursor.execute("SAVEPOINT put")
    try:
        for drop in drops:
            cursor.execute(drop)
        for ddl in statements:
            cursor.execute(inexact(ddl.sql))  # it is what the texts are read as that counts
    except psycopg2.Error:
        cursor.execute("ROLLBACK TO SAVEPOINT put")
        return False
    cursor.execute("RELEASE SAVEPOINT put")
    return True


@contextmanager
def _rolled_back(connection: Any) -> Iterator[None]:
    """Undo the block, whether the connection is in autocommit mode or in its caller's transaction."""
    begin, end = (
        ("BEGIN", "ROLLBACK") if connection.autocommit else ("SAVEPOINT settle", "ROLLBACK TO SAVEPOINT settle")
    )
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)
