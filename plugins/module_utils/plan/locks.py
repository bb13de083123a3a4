# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many locks the transaction of a plan holds in the end, estimated from what it makes, drops and touches.

Every relation counts: a table, its TOAST table and the index of that, each index, each sequence. What is dropped counts
with every object that goes with it. What cannot be told is left out: a run is not to be refused for want of a lock that
it would not have taken.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Optional, Set

from ..catalog.column import Column
from ..catalog.constraint import NOT_VALID, Constraint
from ..catalog.model import Catalog, Identity
from ..catalog.table import Table
from .model import Plan, Step

# What any run locks: the system catalogs and their indexes.
_OF_CATALOGS = 150
_OF_FOREIGN_KEY = 4  # triggers
_OF_REWRITE = 3  # the new heap, and the types of its rows
_OF_TOAST = 2  # the table and its index

_TABLES = frozenset({"table", "foreign table"})
_VIEWS = frozenset({"view", "materialized view"})
_RELATIONS = _TABLES | _VIEWS | {"index", "sequence"}
_PARTS = frozenset({"column", "default", "constraint", "trigger", "policy", "rule"})

# Types whose values are short whatever they hold, as format_type() writes them: a table of those alone has no TOAST.
_SHORT = re.compile(
    r'(?:smallint|integer|bigint|real|double precision|boolean|date|uuid|oid|"char"|money|interval|inet|cidr|macaddr8?'
    r"|(?:time|timestamp)(?:\(\d\))? with(?:out)? time zone|name|pg_lsn|numeric\(\d+,\d+\)"
    r"|character(?: varying)?\(\d{1,2}\)|point|box|lseg|circle)\Z"
)


def estimate(plan: Plan, live: Catalog, desired: Catalog) -> int:
    """The locks of the plan's one transaction; steps in other phases are committed one by one."""
    steps = [step for step in plan.steps if step.phase == "main"]
    created = {step.object for step in steps if step.action == "create"}
    dropped = {step.object for step in steps if step.action == "drop"}
    if steps:
        # What goes or comes with a table has no step of its own.
        created |= {new.id for old, new in plan.objects if old is None and new is not None}
        dropped |= {old.id for old, new in plan.objects if old is not None and new is None}
    total = sum(_made(identity, desired) for identity in created)
    total += sum(_gone(identity, live) for identity in dropped)
    total += sum(_clones(identity, live, dropped) for identity in dropped)
    rewritten = {step.table for step in steps if step.table is not None and _rewrites(step)} - created
    # The old TOAST table goes, and a new one takes its place beside that of the new heap.
    total += sum(_OF_REWRITE + 2 * _toast(table, live) for table in rewritten)
    touched = _touched(steps, live, desired)
    return total + len(touched - created - dropped) + (_OF_CATALOGS if steps else 0)


def _rewrites(step: Step) -> bool:
    return any(hazard.kind == "table_rewrite" for hazard in step.hazards)


def _clones(identity: Identity, live: Catalog, dropped: Set[Identity]) -> int:
    """How many triggers of partitions go with a trigger of the partitioned table, or with a partition that goes."""
    if identity.kind == "trigger":
        number, waiting = 0, [Identity("table", identity.schema, identity.name)]
        while waiting:
            heirs = [heir for heir in live.heirs(waiting.pop()) if _partition_of(heir, live) is not None]
            number += len(heirs)
            waiting += heirs
        return number
    above = _partition_of(identity, live)
    return 0 if above is None else sum(each.id not in dropped for each in live.parts(above, "trigger"))


def _partition_of(identity: Identity, catalog: Catalog) -> Optional[Identity]:
    obj = catalog.get(identity)
    return obj.partition_of if isinstance(obj, Table) else None


def _indexes(table: Identity, catalog: Catalog) -> Iterator[Identity]:
    """The indexes of a table; a key stands for its own."""
    for index in catalog.parts(table, "index"):
        yield index.id
    for constraint in catalog.parts(table, "constraint"):
        if constraint.type in "pux":
            yield constraint.id


def _made(identity: Identity, desired: Catalog) -> int:
    """The relations that come with a new object."""
    obj = desired.get(identity)
    if identity.kind in _RELATIONS:
        return 1 + _toast(identity, desired)
    if isinstance(obj, Constraint):
        return 1 if obj.type in "pux" else 0
    if isinstance(obj, Column):
        return 1 if obj.identity else 0
    return 0


def _gone(identity: Identity, live: Catalog) -> int:
    """The relations and other objects that go with a dropped one: each is locked by itself."""
    obj = live.get(identity)
    if obj is None:
        return 0
    if identity.kind in _TABLES | _VIEWS:
        types = 2  # of its row, and of arrays of it
        toast = _toast(identity, live)
        return 1 + types + toast + (_old_types(live) if toast else 0)
    if identity.kind == "sequence":
        return 1 + _old_types(live)
    if isinstance(obj, Constraint):
        return {"c": 1, "f": 1 + _OF_FOREIGN_KEY}.get(obj.type, 2)
    if isinstance(obj, Column):
        return (1 if obj.identity else 0) + (1 if obj.not_null_name else 0)
    return 1


def _old_types(live: Catalog) -> int:
    """The row type that a TOAST table and a sequence have until PostgreSQL 13."""
    return 1 if live.server_version < 140000 else 0


def _toast(identity: Identity, catalog: Catalog) -> int:
    """The TOAST table and its index, where the table has them."""
    if identity.kind not in ("table", "materialized view"):
        return 0
    obj = catalog.get(identity)
    if isinstance(obj, Table) and obj.partition_key is not None:
        return 0
    columns = list(catalog.parts(identity, "column"))
    return _OF_TOAST if any(not _SHORT.match(column.data_type) for column in columns) else 0


def _touched(steps: Iterable[Step], live: Catalog, desired: Catalog) -> Set[Identity]:
    """Relations that are there already, or are made anyway, and that the steps and the proof afterwards lock."""
    result: Set[Identity] = set()
    for step in steps:
        identity = step.object
        kind = "table" if identity.kind == "rows" else identity.kind
        if kind in _PARTS:
            result.add(Identity("table", identity.schema, identity.name))
        elif kind in _RELATIONS:
            result.add(identity._replace(kind=kind, part=""))
        if step.table is not None:
            result.add(step.table)
        result.update(other for other, _lock in step.also)
        obj = desired.get(identity)
        queried: Set[Identity] = set()
        if step.table is not None and (_rewrites(step) or identity.kind == "rows"):
            queried.add(step.table)
        if isinstance(obj, Constraint) and obj.referenced is not None and step.action != "drop":
            result.add(obj.referenced)
            if not obj.definition.endswith(NOT_VALID):
                queried |= {obj.parent, obj.referenced}  # the rows of both are joined to check the key
        for table in queried:
            result.update(_indexes(table, live))
    if result:
        # Reading a view's text back locks what the view reads.
        for identity in desired.objects:
            if identity.kind in _VIEWS:
                result.update(base for base in desired.depends.get(identity, ()) if base.kind in _TABLES | _VIEWS)
    return {identity for identity in result if identity in live.objects or identity in desired.objects}


# A source that runs as it stands has nothing to be read from but its text.
_CREATES = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+|UNIQUE\s+|RECURSIVE\s+|MATERIALIZED\s+)*"
    r"(?P<kind>TABLE|INDEX|SEQUENCE|VIEW)\b",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\b(?:PRIMARY\s+KEY|UNIQUE\b|EXCLUDE\b|(?:big|small)?serial\d?\b|AS\s+IDENTITY\b)", re.IGNORECASE)
_LONG = re.compile(r"\b(?:text|jsonb?|bytea|xml|varchar(?!\s*\(\s*\d{1,2}\s*\))|tsvector)\b", re.IGNORECASE)
_ADDS_KEY = re.compile(r"ALTER\s+TABLE\b.*\bADD\b.*\b(?:PRIMARY\s+KEY|UNIQUE|EXCLUDE)\b", re.IGNORECASE | re.DOTALL)


def estimate_texts(texts: Iterable[str]) -> int:
    """The locks of a transaction that runs these statements in an empty database."""
    total = 0
    for text in texts:
        found = _CREATES.match(text)
        if found is None:
            total += 1 if _ADDS_KEY.match(text) else 0
            continue
        total += 1
        if found.group("kind").upper() == "TABLE":
            total += len(_KEYS.findall(text)) + (2 if _LONG.search(text) else 0)
    return total
