# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wiring: from a difference to ordered steps."""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, FrozenSet, List, Mapping, Tuple, cast

from ..catalog import lineage, not_null, privileges, sequence, table
from ..catalog.column import Column, default_of, scan_for_nulls
from ..catalog.default_privileges import OBJECT_CLASSES, DefaultPrivileges
from ..catalog.kind import Context, Kind, comment_ddl, owner_ddl
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Ddl, Grant, Hazard, Identity, Object
from ..catalog.quoting import ident
from ..catalog.type_usage import TYPE_KINDS
from ..diff import Difference
from ..diff.compare import default_grants
from ..errors import EngineError
from . import replace
from .circles import break_circle
from .model import Plan, Probe, Step
from .needs import Key, Needs, priority, table_marks
from .order import Cycle, order
from .work import Alteration, Work, foldable_defaults, gather

# Hazards that a table made by the same plan does not have: nobody uses it yet, and it has no rows.
_OF_ROWS = frozenset({"table_rewrite", "blocking_scan", "blocking_index_build"})


def make(
    live: Catalog,
    desired: Catalog,
    difference: Difference,
    casts: Mapping[Tuple[str, str], str],
    current_role: str,
    prune: bool = False,
    fill_in_later: bool = False,
    displaced: FrozenSet[Identity] = frozenset(),
) -> Plan:
    """The ordered steps that carry out ``difference``.

    ``casts`` are the server's (see catalog.read.read_casts), ``current_role`` owns what the steps make.
    ``fill_in_later``: the caller's own SQL gives values to new columns, so NOT NULL is set after it.
    ``displaced`` are partitioned tables with rows that change partitions (see misplaced.py).
    """
    context = Context(live.server_version, desired, live, casts=casts)
    work = Work(live, desired, prune)
    gather(difference, work, context, displaced)
    planner = _Planner(work, dataclasses.replace(context, folded=foldable_defaults(work)), current_role, fill_in_later)
    steps = planner.steps()
    objects = tuple((change.old, change.new) for change in difference.changes)
    return Plan(tuple(steps), tuple(planner.probes), objects)


class _Planner:
    """One planning: the units of work, what each needs, and the statements of each."""

    def __init__(self, work: Work, context: Context, current_role: str, fill_in_later: bool) -> None:
        self.work = work
        self.context = context
        self.current_role = current_role
        self.fill_in_later = fill_in_later
        self.probes: List[Probe] = []
        self.needs = Needs(work, context)
        self.new_columns: Dict[Identity, List[Column]] = {}
        for obj in work.creates.values():
            if isinstance(obj, Column):
                self.new_columns.setdefault(obj.parent, []).append(obj)

    def steps(self) -> List[Step]:
        keys = self._ordered()
        result = [step for key in keys for step in self._steps_of(key)]
        # PostgreSQL lets nothing else be done with a partition whose detachment was broken off.
        result.sort(key=lambda step: not step.sql.endswith(" FINALIZE") or step.object.kind != "table")
        return [step for step in result if not step.late] + [step for step in result if step.late]

    def _ordered(self) -> List[Key]:
        while True:
            units = self.needs.by_key
            try:
                return order(units, {key: priority(key) for key in units})
            except Cycle as cycle:
                if break_circle(self.work, self.needs, cycle):
                    self.needs = Needs(self.work, self.context)
                    continue
                circle = ", ".join(f"{action} {identity}" for action, identity in cycle.keys)
                raise EngineError(
                    f"these objects need each other, and no order of statements makes them: {circle}",
                    hint="Break the circle in the schema file, for instance by setting a default in its own statement.",
                ) from None

    def _steps_of(self, key: Key) -> List[Step]:
        action, identity = key
        work = self.work
        if action == "drop":
            return self._as_steps("drop", identity, self._drop(identity))
        if action == "rename":
            old, new = work.renames[identity]
            if identity in work.aside:
                old = dataclasses.replace(old, id=replace.set_aside(old.id))
            return self._as_steps("rename", identity, self._rename(old, new.id))
        if action == "aside":
            old = work.renames[identity][0]
            return self._as_steps("rename", identity, self._rename(old, replace.set_aside(old.id)))
        if action == "outline":
            outline = cast(Callable[[Object], List[Ddl]], BY_NAME[identity.kind].outline)
            return self._as_steps("create", identity, outline(work.creates[identity])[:1])
        if action == "hollow":
            hollow = cast(Callable[[Object], List[Ddl]], BY_NAME[identity.kind].hollow)
            return self._as_steps("alter", identity, hollow(work.drops[identity]))
        if action == "retire":
            return self._as_steps("rename", identity, replace.retire(work.drops[identity], work.live))
        if action == "names":
            return self._as_steps("alter", identity, self.needs.trees[identity])
        if action == "move":
            return self._as_steps("insert", identity, self._move(identity))
        if action == "attach":
            obj = work.creates.get(identity) or work.desired.objects[identity]
            return self._as_steps("alter", identity, self._attach(cast(sequence.Sequence, obj)))
        if action == "detach":
            return self._as_steps("alter", identity, lineage.detach(work.alters[identity].old))
        if action == "join":
            moved = work.alters[identity]
            ddls = lineage.join(moved.old, moved.new, self.context)
            for part in work.desired.parts(identity, "trigger"):
                if part.parents is not None and part.id not in work.creates:
                    ddls += BY_NAME["trigger"].create(part, self.context)  # PostgreSQL has made it anew
            return self._as_steps("alter", identity, ddls)
        if action == "marks":
            obj = cast(table.Table, work.creates.get(identity) or work.desired.objects[identity])
            if identity in work.creates:
                return self._as_steps("alter", identity, table_marks(obj, None))
            altered = work.alters[identity].fields if identity in work.alters else frozenset()
            altered = altered | self.needs.remarked.get(identity, set())
            return self._as_steps("alter", identity, table_marks(obj, altered))
        if action == "alter":
            return self._as_steps("alter", identity, self._alter(work.alters[identity]))
        result = self._as_steps("create", identity, self._create(work.creates[identity]))
        if identity.kind in ("table", "foreign table"):
            for column in self.new_columns.get(identity, ()):
                result += self._as_steps("create", column.id, self._common_of_new(BY_NAME["column"], column))
        return result

    def _as_steps(self, action: str, identity: Identity, ddls: List[Ddl]) -> List[Step]:
        result = []
        for ddl in ddls:
            if not ddl.sql:
                continue  # done by a statement on something else
            new = ddl.table is not None and ddl.table in self.work.creates and ddl.table not in self.work.drops
            hazards = tuple(h for h in ddl.hazards if h.kind not in _OF_ROWS) if new else ddl.hazards
            result.append(
                Step(
                    ddl.sql, identity, action, hazards, ddl.lock, ddl.table, ddl.breaks_transaction, ddl.late, ddl.shown
                )
            )
        return result

    def _drop(self, identity: Identity) -> List[Ddl]:
        obj = self.work.drops[identity]
        if self.work.replaced(identity):
            columns = [] if identity in self.work.absorbed else list(self.work.live.parts(identity, "column"))
            lost = [column for column in columns if column.id not in self.work.creates and not column.generated]
            return replace.drop(obj, self.context, lost)
        ddls = BY_NAME[identity.kind].drop(obj, self.context)
        if identity not in self.work.creates:
            return ddls
        again = Hazard("dependent_rebuild", f"{identity} is dropped and made again")
        # What guards something is back before the transaction ends.
        return [
            dataclasses.replace(
                ddl,
                hazards=tuple(h for h in ddl.hazards if h.kind not in ("security_relaxation", again.kind)) + (again,),
            )
            for ddl in ddls
        ]

    def _attach(self, obj: sequence.Sequence) -> List[Ddl]:
        result = sequence.attach(obj)
        before = self.work.live.get(obj.owned_by) if obj.owned_by is not None else None
        if isinstance(before, Column) and before.identity and obj.id not in self.work.live.objects:
            result.append(sequence.take_position(obj.id.relation, before.id, obj.options))
        return result

    def _move(self, identity: Identity) -> List[Ddl]:
        old = cast(table.Table, self.work.drops[identity])
        new = cast(table.Table, self.work.creates[identity])
        pairs = [
            (column, self.work.creates[column.id])
            for column in self.work.live.parts(identity, "column")
            if column.id in self.work.creates
        ]
        rows = self.context.table_facts(identity).rows
        # What has the identity of a column is one.
        retyped = {column.id for column, _new in pairs if self._of_replaced_type(column.id)}
        return replace.move(old, new, cast(List[Tuple[Column, Column]], pairs), rows, self.context, retyped)

    def _of_replaced_type(self, column: Identity) -> bool:
        bases = self.work.live.depends.get(column, frozenset())
        return any(base.kind in TYPE_KINDS and self.work.replaced(base) for base in bases)

    def _rename(self, obj: Object, new: Identity) -> List[Ddl]:
        rename = cast(Callable[[Object, Identity], List[Ddl]], BY_NAME[obj.id.kind].rename)
        return rename(obj, new)

    def _create(self, obj: Object) -> List[Ddl]:
        kind = BY_NAME[obj.id.kind]
        if obj.id in self.work.outlined and kind.outline is not None:
            return kind.outline(obj)[1:] + self._common_of_new(kind, obj)
        catalog = self.work.desired if obj.id in self.work.desired.objects else self.work.live
        context = dataclasses.replace(self.context, catalog=catalog)
        late: List[Ddl] = []
        if isinstance(obj, Column):
            obj, late = self._not_null_later(obj)
        ddls = list(kind.create(obj, context)) + self._common_of_new(kind, obj)
        return ddls + late

    def _not_null_later(self, column: Column) -> Tuple[Column, List[Ddl]]:
        """A new column that has no value to begin with, on a table that may have rows."""
        constraint = column.not_null_constraint
        if not column.not_null or (constraint is not None and not constraint.valid):
            return column, []
        if column.relation_kind == "foreign table":
            return column, []
        if column.generated or column.identity or default_of(column) in self.work.creates:
            return column, []
        on = column.parent.relation
        name = ident(column.id.part)
        if self.fill_in_later:
            scan = scan_for_nulls(column, self.context)
            later = [
                dataclasses.replace(ddl, hazards=(), late=True) for ddl in not_null.set_ddl(column, self.context, scan)
            ]
            return dataclasses.replace(column, not_null=False, not_null_constraint=None), later
        self.probes.append(
            Probe(
                f"SELECT EXISTS (SELECT FROM {on})",
                f"column {name} is new, NOT NULL and has no default, but {on} has rows",
                "Give the column a default, or fill it in with after_sql (it runs in the same transaction, "
                "before NOT NULL is set).",
            )
        )
        return column, []

    def _common_of_new(self, kind: Kind, obj: Object) -> List[Ddl]:
        """Owner, privileges and comment of something just made."""
        result: List[Ddl] = []
        if obj.owner is not None and obj.owner != self.current_role:
            result += owner_ddl(kind, obj)
        if obj.acl is not None:
            default = self._given_to_new(kind, obj)
            grant, revoke, _left = privileges.difference(default, obj.acl, default, prune=True)
            result += self._grants(kind, obj, grant, revoke)
        if obj.comment is not None:
            result.append(comment_ddl(kind, obj))
        return result

    def _given_to_new(self, kind: Kind, obj: Object) -> FrozenSet[Grant]:
        """The privileges that an object has when it is made, default privileges of the live database among them."""
        word = OBJECT_CLASSES.get(kind.acl_class or "", "")
        names = [Identity("default privileges", schema, self.current_role, word) for schema in ("", obj.id.schema)]
        # What is dropped is gone before anything is made.
        entries = [self.work.live.get(name) for name in sorted(set(names)) if name not in self.work.drops]
        found = [entry for entry in entries if isinstance(entry, DefaultPrivileges)]
        given = default_grants(obj, self.context.server_version)
        for entry in sorted(found, key=lambda entry: entry.schema):
            # Those of the database stand in for what is built in, those of a schema come on top.
            given = given | entry.grants if entry.schema else entry.grants
        return given

    def _grants(self, kind: Kind, obj: Object, grant: FrozenSet[Grant], revoke: FrozenSet[Grant]) -> List[Ddl]:
        column = obj.id.part if kind.name == "column" else getattr(obj, "column", None)
        target = obj.id.relation if kind.name == "column" else kind.target(obj)
        return privileges.statements(f"{kind.grant_keyword} {target}".strip(), obj.owner, grant, revoke, column)

    def _alter(self, alteration: Alteration) -> List[Ddl]:
        old, new = alteration.old, alteration.new
        kind = BY_NAME[new.id.kind]
        result = [self._checked_not_null(ddl, alteration) for ddl in alteration.ddls]
        if "owner" in alteration.fields:
            result += owner_ddl(kind, new)
        if "acl" in alteration.fields and old.acl is not None and new.acl is not None:
            default = default_grants(new, self.context.server_version)
            grant, revoke, _left = privileges.difference(*privileges.comparable(old, new), default, self.work.prune)
            owned = new if new.owner is not None else dataclasses.replace(new, owner=old.owner)
            result += self._grants(kind, owned, grant, revoke)
        if "comment" in alteration.fields:
            result.append(comment_ddl(kind, new))
        return result

    def _checked_not_null(self, ddl: Ddl, alteration: Alteration) -> Ddl:
        new = alteration.new
        if not isinstance(new, Column) or not not_null.makes_not_null(ddl.sql):
            return ddl
        if new.relation_kind == "foreign table":
            return ddl  # PostgreSQL does not look at the rows either
        if self.fill_in_later:
            return dataclasses.replace(ddl, late=True)
        on, name = new.parent.relation, ident(new.id.part)
        self.probes.append(
            Probe(
                f"SELECT EXISTS (SELECT FROM {on} WHERE {name} IS NULL)",
                f"column {name} of {on} becomes NOT NULL, but has null values",
                "Fill them in first, or with after_sql (it runs in the same transaction, before NOT NULL is set).",
            )
        )
        return ddl
