# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that have to change partitions: where bounds change, or a new partition takes what is in the default one.

PostgreSQL refuses to attach a partition with rows that do not fit. So the live database is asked before the plan is
made, and a table with such rows is made anew, its rows brought over.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterator, List, Set

from ..catalog.model import Catalog, Identity
from ..catalog.table import Table
from ..driver import psycopg2


def misplaced(connection: Any, shadow: Any, found: Catalog, desired: Catalog) -> FrozenSet[Identity]:
    """The partitioned tables with rows that the bounds in ``desired`` put elsewhere.

    ``connection`` is the live database's, in a transaction; the partitions in question are read. ``shadow`` is that of
    the database which ``desired`` was read from.
    """
    result: Set[Identity] = set()
    for old in _in_question(found, desired):
        parent = old.partition_of
        if parent is None or parent in result:
            continue
        key = getattr(found.get(parent), "partition_key", None) or ""
        if key.startswith("HASH") or _holds(connection, _question(shadow, old)):
            result.add(parent)
    return frozenset(result)


def _in_question(found: Catalog, desired: Catalog) -> Iterator[Table]:
    """Partitions that stay with their table and get other bounds; a default one does so with its siblings."""
    bounds = _bounds(found), _bounds(desired)
    for old in found.objects.values():
        new = desired.get(old.id)
        if not isinstance(old, Table) or not isinstance(new, Table) or old.partition_of is None:
            continue
        parent = old.partition_of
        before, after = found.get(parent), desired.get(parent)
        if parent != new.partition_of or not isinstance(before, Table) or not isinstance(after, Table):
            continue
        if before.partition_key != after.partition_key:
            continue  # it is made anew anyway
        if old.partition_bound != new.partition_bound:
            yield old
        elif old.partition_bound == "DEFAULT" and set(bounds[1][parent]) - set(bounds[0][parent]):
            yield old


def _bounds(catalog: Catalog) -> Dict[Identity, List[str]]:
    result: Dict[Identity, List[str]] = {}
    for obj in catalog.objects.values():
        parent = getattr(obj, "partition_of", None)
        if parent is not None:
            result.setdefault(parent, []).append(getattr(obj, "partition_bound", ""))
    return result


def _question(shadow: Any, partition: Table) -> str:
    with shadow.cursor() as cursor:
        cursor.execute("SELECT pg_get_partition_constraintdef(%s::regclass)", (partition.id.relation,))
        condition = cursor.fetchone()[0]
    # As in a CHECK, null is as good as true.
    return f"SELECT EXISTS (SELECT FROM {partition.id.relation} WHERE NOT ({condition}))"


def _holds(connection: Any, sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT misplaced")
        try:
            cursor.execute(sql)
            return bool(cursor.fetchone()[0])
        except psycopg2.Error:
            # The condition is about columns as they will be; attaching the partition tells.
            cursor.execute("ROLLBACK TO SAVEPOINT misplaced")
            return False
