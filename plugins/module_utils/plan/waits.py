# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step locks, and who has to wait for it.

A kind knows the lock on the table that its statement names. Here come the statements that all kinds share, and the
other relations that PostgreSQL locks with the named one: partitions and children, the far side of a foreign key, the
default partition, tables that use a domain. Measured against pg_locks for every statement of the pairs in the tests.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, Iterable, List, Optional, Sequence, Set, Tuple

from ..catalog.column import Column
from ..catalog.constraint import Constraint
from ..catalog.model import Catalog, Facts, Hazard, Identity
from ..catalog.sequence import Sequence as SequenceObject
from ..catalog.statistics import Statistics
from ..catalog.table import Table
from ..catalog.type_usage import columns_of_type
from .model import Step
from .security import relaxations

SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

# Locks that a writer has to wait for; for the last one, readers have to as well.
STOP_WRITES = frozenset({"SHARE", SHARE_ROW_EXCLUSIVE, "EXCLUSIVE", ACCESS_EXCLUSIVE})

_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "sequence"})
_WORD = r'(?:"(?:[^"]|"")+"|[^\s."();]+)'
_NAME = rf"(?:{_WORD}\.)?{_WORD}"
_ON_TABLE = rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?{_NAME} "
_ON_SEQUENCE = re.compile(rf"ALTER SEQUENCE (?P<schema>{_WORD})\.(?P<name>{_WORD}) ")

# The lock on the relation that a statement names, where it does not depend on the kind; the first match counts.
_BY_STATEMENT: Tuple[Tuple["re.Pattern[str]", str], ...] = tuple(
    (re.compile(pattern), lock)
    for pattern, lock in (
        (r"COMMENT ON (?:TABLE|COLUMN|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|SEQUENCE) ", SHARE_UPDATE_EXCLUSIVE),
        (r"(?:COMMENT|GRANT|REVOKE|SELECT|INSERT|UPDATE|DELETE) ", ""),
        (r"CREATE OR REPLACE VIEW ", ACCESS_EXCLUSIVE),
        (r"CREATE (?:UNLOGGED )?(?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE) ", ""),
        (rf"ALTER SEQUENCE {_NAME} (?:SET (?:UN)?LOGGED|OWNER TO|RENAME TO|SET SCHEMA)\b", ACCESS_EXCLUSIVE),
        (r"ALTER SEQUENCE ", SHARE_ROW_EXCLUSIVE),
        (
            rf"ALTER MATERIALIZED VIEW {_NAME} (?:SET \(|RESET \(|CLUSTER ON |SET WITHOUT CLUSTER"
            rf"|ALTER COLUMN {_WORD} SET STATISTICS)",
            SHARE_UPDATE_EXCLUSIVE,
        ),
        (rf"{_ON_TABLE}ALTER COLUMN {_WORD} (?:SET STATISTICS |SET \(|RESET \()", SHARE_UPDATE_EXCLUSIVE),
        (rf"{_ON_TABLE}ALTER CONSTRAINT ", ACCESS_EXCLUSIVE),
        (r"(?:CREATE|DROP) STATISTICS ", SHARE_UPDATE_EXCLUSIVE),
        (r"ALTER INDEX .* RENAME TO |ALTER STATISTICS |ALTER INDEX .* ATTACH PARTITION ", ""),
        (r"ALTER (?:TRIGGER|POLICY|RULE) .* RENAME TO ", ACCESS_EXCLUSIVE),
        (r"(?:DROP|ALTER) (?:SEQUENCE|VIEW|MATERIALIZED VIEW) ", ACCESS_EXCLUSIVE),
        (rf"ALTER [A-Z ]+ {_NAME} OWNER TO ", ACCESS_EXCLUSIVE),
        (r"ALTER FOREIGN TABLE ", ACCESS_EXCLUSIVE),
    )
)

_ADDS_KEY_TO = re.compile(rf"{_ON_TABLE}ADD CONSTRAINT ")
_CHECKS_DOMAIN = re.compile(rf"ALTER DOMAIN {_NAME} (?:ADD CONSTRAINT|SET NOT NULL|VALIDATE CONSTRAINT)\b")
_MOVES_PARTITION = re.compile(rf"{_ON_TABLE}(?:ATTACH|DETACH) PARTITION ")
_DROPS_CONSTRAINT = re.compile(rf"{_ON_TABLE}DROP CONSTRAINT ")
_CHANGES_PERSISTENCE = re.compile(rf"{_ON_TABLE}SET (?:UN)?LOGGED\b")
_MAKES_PARTITION = re.compile(rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE {_NAME} PARTITION OF ")
_OF_PARTS = frozenset({"column", "default", "constraint", "index", "trigger"})
_STAYS = re.compile(rf"{_ON_TABLE}ALTER COLUMN {_WORD} SET DEFAULT|ALTER INDEX |COMMENT ")


def annotate(steps: Sequence[Step], live: Catalog, desired: Catalog) -> List[Step]:
    """The steps with their locks, the estimated size of the table, and hazards for those who have to wait."""
    known = _Relations(live, desired)
    return [known.annotated(step) for step in steps]


class _Relations:
    """What PostgreSQL locks together, by table of the live database."""

    def __init__(self, live: Catalog, desired: Catalog) -> None:
        self.live = live
        self.desired = desired
        self.children: Dict[Identity, List[Identity]] = {}
        self.foreign_keys: Dict[Identity, List[Constraint]] = {}  # by each of the two tables
        self.typed: Dict[str, List[Identity]] = {}
        self.sequences: Dict[Identity, List[Identity]] = {}  # by the table that owns them
        for identity, obj in live.objects.items():
            if isinstance(obj, SequenceObject) and obj.owned_by is not None:
                self.sequences.setdefault(_table_of(obj.owned_by), []).append(identity)
            if isinstance(obj, Column) and obj.identity_sequence:
                owned = Identity("sequence", *obj.identity_sequence)
                self.sequences.setdefault(_table_of(identity), []).append(owned)
            if isinstance(obj, Table) and obj.of_type:
                self.typed.setdefault(obj.of_type, []).append(identity)
        # What earlier steps of the plan make counts as well.
        for identity, obj in (*live.objects.items(), *desired.objects.items()):
            for parent in getattr(obj, "inherits", ()):
                self.children.setdefault(Identity("table", *parent), []).append(identity)
            if isinstance(obj, Constraint) and obj.referenced is not None:
                for table in dict.fromkeys((obj.parent, obj.referenced)):
                    self.foreign_keys.setdefault(table, []).append(obj)

    def annotated(self, step: Step) -> Step:
        if step.action in ("before_sql", "after_sql") or step.object.kind == "statement":
            return step
        relation, lock = self._named(step)
        also: Dict[Identity, str] = {}
        for other, its in self._others(step, relation, lock):
            if other != relation and other in self.live.objects or other.kind == "sequence":
                also[other] = max(its, also.get(other, ""), key=_strength)
        if relation is not None and lock and relation not in self.live.objects and relation.kind != "sequence":
            lock = ""  # made by this plan: nobody uses it yet
        facts = self._facts([relation] if relation is not None else list(also))
        waits = [(relation, lock)] if relation is not None else []
        hazards = (*step.hazards, *relaxations(step, self.live, self.desired)) + tuple(
            _waiting(table, its) for table, its in waits + sorted(also.items()) if its in STOP_WRITES
        )
        return replace(
            step, lock=lock, table=relation, also=tuple(sorted(also.items())), hazards=hazards, rows=facts.rows,
            size=facts.size,
        )  # fmt: skip

    def _facts(self, relations: Sequence[Identity]) -> Facts:
        found = [self.live.facts.get(each, Facts()) for each in relations]
        return Facts(rows=sum(each.rows for each in found), size=sum(each.size for each in found))

    def _named(self, step: Step) -> Tuple[Optional[Identity], str]:
        """The relation that the statement is about, and the lock on it."""
        sequence = _ON_SEQUENCE.match(step.sql)
        relation = Identity("sequence", *map(_unquoted, sequence.groups())) if sequence else step.table
        if relation is None:
            relation = step.object if step.object.kind in _RELATIONS else self._parent(step.object)
        if relation is None or relation.kind not in _RELATIONS:
            return None, ""
        for pattern, lock in _BY_STATEMENT:
            if pattern.match(step.sql):
                return (relation if lock or step.object.kind in _RELATIONS else step.table), lock
        return (relation if step.lock else step.table), step.lock

    def _parent(self, identity: Identity) -> Optional[Identity]:
        obj = self.live.get(identity) or self.desired.get(identity)
        return obj.relation if isinstance(obj, Statistics) else obj.parent if obj is not None else None

    def _others(self, step: Step, relation: Optional[Identity], lock: str) -> Iterable[Tuple[Identity, str]]:
        obj = self.live.get(step.object) or self.desired.get(step.object)
        if relation is not None and step.object.kind in _OF_PARTS and lock in STOP_WRITES:
            if " ONLY " not in step.sql.partition("(")[0] and not _STAYS.match(step.sql):
                yield from ((each, lock) for each in self._below(relation))
        if isinstance(obj, Constraint) and obj.referenced is not None:
            adds = _ADDS_KEY_TO.match(step.sql)
            if adds or step.action == "drop" or _DROPS_CONSTRAINT.match(step.sql):
                # That of a partitioned table may take over those that its partitions have already.
                below = self._below(step.table or obj.parent)
                its = SHARE_ROW_EXCLUSIVE if adds and not below else ACCESS_EXCLUSIVE
                if adds and step.phase == "after" and self._below(obj.referenced):
                    yield from ((each, ACCESS_EXCLUSIVE) for each in below)
                yield from ((each, its) for each in {obj.referenced, *self._below(obj.referenced)})
        elif isinstance(obj, Column) and relation is not None and lock:
            yield from self._with_column(step, obj, relation)
        elif isinstance(obj, Table):
            yield from self._with_table(step, obj)
        elif _CHECKS_DOMAIN.match(step.sql):
            for column in columns_of_type(self.live, step.object):
                yield Identity("table", column.schema, column.name), "SHARE"
        elif step.object.kind == "composite type" and step.sql.endswith(" CASCADE"):
            yield from ((each, ACCESS_EXCLUSIVE) for each in self.typed.get(step.object.relation, ()))

    def _with_column(self, step: Step, column: Column, relation: Identity) -> Iterable[Tuple[Identity, str]]:
        if column.identity_sequence and "SEQUENCE" not in step.sql and " COLUMN " in step.sql:
            its = ACCESS_EXCLUSIVE if " DROP " in step.sql else SHARE_ROW_EXCLUSIVE
            yield Identity("sequence", *column.identity_sequence), its
        if " TYPE " in step.sql:
            # The foreign keys of the column are made anew.
            for key in self.foreign_keys.get(relation, ()):
                yield from ((each, ACCESS_EXCLUSIVE) for each in (key.parent, key.referenced) if each is not None)

    def _with_table(self, step: Step, table: Table) -> Iterable[Tuple[Identity, str]]:
        identity = table.id
        if step.sql.startswith("DROP TABLE "):
            gone = {identity, *self._below(identity)}
            around = self._around(table.partition_of) if table.partition_of is not None else set()
            owned = {each for one in gone for each in self.sequences.get(one, ())}
            yield from ((each, ACCESS_EXCLUSIVE) for each in gone | around | owned | self._referenced(gone))
        elif _MOVES_PARTITION.match(step.sql):
            moved = {identity, *self._below(identity)}
            for obj in (self.live.get(identity), self.desired.get(identity)):
                if isinstance(obj, Table) and obj.partition_of is not None:
                    yield from ((each, ACCESS_EXCLUSIVE) for each in self._defaults(obj.partition_of))
                    moved |= self._above(obj.partition_of)
            yield identity, ACCESS_EXCLUSIVE
            # The partition's triggers for the foreign keys, its own and the parent's, come or go.
            yield from ((each, ACCESS_EXCLUSIVE) for each in self._referenced(moved) - self._above(identity))
        elif _MAKES_PARTITION.match(step.sql) and table.partition_of is not None:
            yield from ((each, ACCESS_EXCLUSIVE) for each in self._around(table.partition_of))
        elif _DROPS_CONSTRAINT.match(step.sql):
            yield from ((each, ACCESS_EXCLUSIVE) for each in self._referenced(self._above(identity)))
        elif _CHANGES_PERSISTENCE.match(step.sql):
            yield from ((each, ACCESS_EXCLUSIVE) for each in self.sequences.get(identity, ()))

    def _referenced(self, tables: Iterable[Identity]) -> Set[Identity]:
        """Both sides of every foreign key of these tables, and of every one that refers to them."""
        keys = [key for table in tables for key in self.foreign_keys.get(table, ())]
        return {side for key in keys for side in (key.parent, key.referenced) if side is not None}

    def _above(self, table: Identity) -> Set[Identity]:
        """The table and the partitioned tables that it is a part of, before and after."""
        found: Set[Identity] = set()
        queue = [table]
        while queue:
            each = queue.pop()
            if each not in found:
                found.add(each)
                for obj in (self.live.get(each), self.desired.get(each)):
                    if isinstance(obj, Table) and obj.partition_of is not None:
                        queue.append(obj.partition_of)
        return found

    def _around(self, parent: Identity) -> Set[Identity]:
        return {parent, *self._defaults(parent)}

    def _defaults(self, parent: Identity) -> Iterable[Identity]:
        """The default partition, if there is one."""
        for child in self.children.get(parent, ()):
            if getattr(self.live.get(child), "partition_bound", None) == "DEFAULT":
                yield child

    def _below(self, top: Identity) -> Set[Identity]:
        """Partitions and inheriting tables, at any depth."""
        found: Set[Identity] = set()
        queue = [top]
        while queue:
            for child in self.children.get(queue.pop(), ()):
                if child not in found:
                    found.add(child)
                    queue.append(child)
        return found


def _table_of(part: Identity) -> Identity:
    return Identity("table", part.schema, part.name)


_STRENGTH = ("", SHARE_UPDATE_EXCLUSIVE, "SHARE", SHARE_ROW_EXCLUSIVE, "EXCLUSIVE", ACCESS_EXCLUSIVE)


def _strength(lock: str) -> int:
    return _STRENGTH.index(lock)


def _waiting(relation: Identity, lock: str) -> Hazard:
    if lock == ACCESS_EXCLUSIVE:
        return Hazard("blocks_reads", f"{relation.relation}: reads and writes wait for this statement")
    return Hazard("blocks_writes", f"{relation.relation}: writes wait for this statement")


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
