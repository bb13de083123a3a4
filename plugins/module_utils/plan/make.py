# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wiring: from a difference to ordered steps."""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Set, Tuple, cast

from ..catalog import privileges, sequence, table
from ..catalog.column import Column, default_of, inherited_from
from ..catalog.default_privileges import OBJECT_CLASSES, DefaultPrivileges
from ..catalog.kind import Context, Kind, comment_ddl, owner_ddl
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Ddl, Grant, Hazard, Identity, Object
from ..catalog.quoting import ident
from ..diff import Difference
from ..diff.compare import default_grants
from ..errors import EngineError
from . import replace
from .model import Plan, Probe, Step
from .order import Cycle, order
from .replace import partition_of
from .work import Alteration, Work, foldable_defaults, gather, reverse

Key = Tuple[str, Identity]

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
) -> Plan:
    """The ordered steps that carry out ``difference``.

    ``casts`` are the server's (see catalog.read.read_casts), ``current_role`` owns what the steps make.
    ``fill_in_later``: the caller's own SQL gives values to new columns, so NOT NULL is set after it.
    """
    context = Context(live.server_version, desired, live, casts=casts)
    work = Work(live, desired, prune)
    gather(difference, work, context)
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
        self.needs: Dict[Key, Set[Key]] = {}
        self.remarked: Dict[Identity, Set[str]] = {}
        self.new_columns: Dict[Identity, List[Column]] = {}
        self.detached: Dict[Identity, List[Identity]] = {}
        for obj in work.creates.values():
            if isinstance(obj, Column):
                self.new_columns.setdefault(obj.parent, []).append(obj)

    def steps(self) -> List[Step]:
        self._collect_needs()
        priority = {key: _priority(key) for key in self.needs}
        try:
            keys = order(self.needs, priority)
        except Cycle as cycle:
            circle = ", ".join(f"{action} {identity}" for action, identity in cycle.keys)
            raise EngineError(
                f"these objects need each other, and no order of statements makes them: {circle}",
                hint="Break the circle in the schema file, for instance by setting a default in its own statement.",
            ) from None
        result = [step for key in keys for step in self._steps_of(key)]
        return [step for step in result if not step.late] + [step for step in result if step.late]

    # What needs what

    def _create_key(self, identity: Identity) -> Key:
        """The unit that makes an object: a new table makes its columns, a column its folded default."""
        work = self.work
        if identity in self.context.folded:
            return self._create_key(Identity("column", identity.schema, identity.name, identity.part))
        parent = work.creates[identity].parent
        if parent is not None and work.made_with_table(identity):
            return ("create", parent)
        return ("create", identity)

    def _drop_key(self, identity: Identity) -> Key:
        return ("drop", self.work.covered(identity) or identity)

    def _need(self, key: Key, *bases: Key) -> None:
        self.needs.setdefault(key, set()).update(base for base in bases if base != key)

    def _makers(self, identity: Identity) -> List[Key]:
        """The units after which an object is as the source has it."""
        work = self.work
        result: List[Key] = []
        if identity in work.creates:
            result.append(self._create_key(identity))
        if identity in work.alters:
            result.append(("alter", identity))
        if identity in work.renames:
            result.append(("rename", identity))
        return result

    def _collect_needs(self) -> None:
        work = self.work
        for identity in work.drops:
            self._need(self._drop_key(identity))
        self._collect_detached()
        for identity in work.creates:
            key = self._create_key(identity)
            self._need(key)
            self._after_parents(key, work.creates[identity])
            adopter = getattr(work.creates[identity], "attached", None)
            for base in work.depends(identity) - {adopter}:
                self._need(key, *self._makers(base))
            if adopter in work.creates:
                # A partition's index comes first: the partitioned table's adopts it.
                self._need(self._create_key(adopter), key)
            if identity in work.drops and not self._precedes_drop(identity):
                self._need(key, self._drop_key(identity))
            self._collect_apart(identity, work.creates[identity], None)
        for identity, alteration in work.alters.items():
            key = ("alter", identity)
            self._need(key)
            self._after_parents(key, alteration.new)
            if identity in work.renames:
                self._need(key, ("rename", identity))
            for base in work.depends(identity):
                self._need(key, *self._makers(base))
            for base in work.live.depends.get(alteration.old.id, ()):
                if base in work.drops:
                    self._need(self._drop_key(base), key)
            self._collect_apart(identity, alteration.new, alteration)
        for identity in work.renames:
            self._need(("rename", identity))
        dependents = reverse(work.live.depends)
        for identity in work.drops:
            key = self._drop_key(identity)
            for child in dependents.get(identity, ()):
                if child in work.drops:
                    self._need(key, self._drop_key(child))
            for base in work.live.depends.get(identity, ()):
                if base in work.alters:
                    self._need(("alter", base), key)
        for identity in work.creates:
            if work.replaced(identity):
                self._collect_replaced(identity, dependents.get(identity, ()))
        self._collect_marks()
        self._collect_names()

    def _collect_marks(self) -> None:
        """An index that is rebuilt loses what the table says of it: replica identity, clustering."""
        for identity, obj in self.work.creates.items():
            owner = obj.parent
            if identity not in self.work.drops or identity.kind not in ("index", "constraint") or owner is None:
                continue
            marked = self.work.desired.get(owner)
            if owner in self.work.creates or not isinstance(marked, table.Table):
                continue
            name = identity.part or identity.name
            fields = {"cluster_index"} if marked.cluster_index == name else set()
            fields |= {"replica_index"} if marked.replica_index == name else set()
            if fields:
                self.remarked.setdefault(owner, set()).update(fields)
                self._need(("marks", owner), ("create", identity))

    def _collect_detached(self) -> None:
        """Partitions that leave their place do so before others take it."""
        for identity, alteration in self.work.alters.items():
            parent = partition_of(alteration.old)
            if parent is not None and alteration.fields & {"partition_bound", "inherits"}:
                self.detached.setdefault(parent, []).append(identity)
                self._need(("detach", identity))
                self._need(("alter", identity), ("detach", identity))

    def _after_parents(self, key: Key, obj: Object) -> None:
        """An inherited column follows its parent's: what it has beyond it is written last."""
        if isinstance(obj, Column):
            for parent in inherited_from(obj, self.work.desired):
                self._need(key, *self._makers(parent.id))

    def _precedes_drop(self, identity: Identity) -> bool:
        """Whether something is made while the old one is there: what is replaced, and a replaced table's columns."""
        parent = self.work.creates[identity].parent
        if parent is not None and parent.kind == "column":
            parent = self.work.creates[parent].parent if parent in self.work.creates else None
            return parent is not None and self.work.replaced(parent) and identity in self.context.folded
        if identity.kind == "column":
            return parent is not None and self.work.replaced(parent)
        return self.work.replaced(identity)

    def _collect_replaced(self, identity: Identity, dependents: Iterable[Identity]) -> None:
        """Rename the old one, make the new one, bring the values over, drop the old one."""
        work = self.work
        retire, create, move, drop = (
            ("retire", identity), ("create", identity), ("move", identity), self._drop_key(identity)
        )  # fmt: skip
        self._need(retire)
        self._need(create, retire)
        self._need(drop, create)
        for child in dependents:
            # By the time of the rename, nothing may be dropped any more by a text that has the name in it.
            if child in work.drops and self._drop_key(child) not in (drop, ("drop", child)):
                continue
            if child in work.drops and not work.replaced(child) and self._drop_key(child) != drop:
                self._need(retire, self._drop_key(child))
            if child in work.alters:
                self._need(("alter", child), create)
                self._need(drop, ("alter", child))
        if identity.kind != "table":
            return
        for part, obj in work.drops.items():
            if obj.parent == identity and self._drop_key(part) != drop:
                self._need(retire, self._drop_key(part))
        if identity not in work.absorbed:
            self._need(move, create)
            self._need(drop, move)
            for other, obj in work.creates.items():
                if other.kind == "column" and obj.parent == identity:
                    self._need(move, self._create_key(other))
            for other in work.desired.objects:
                if self._is_partition_below(other, identity):
                    self._need(move, *self._makers(other))
        for column in work.live.parts(identity, "column"):
            for owned in work.live.parts(column.id, "sequence"):
                wanted = work.desired.get(owned.id)
                if owned.id not in work.drops and isinstance(wanted, sequence.Sequence) and wanted.owned_by:
                    key: Key = ("attach", owned.id)
                    self._need(key, *self._makers(wanted.owned_by))
                    self._need(drop, key)

    def _is_partition_below(self, identity: Identity, top: Identity) -> bool:
        above = partition_of(self.work.desired.get(identity))
        while above is not None:
            if above == top:
                return True
            above = partition_of(self.work.desired.get(above))
        return False

    def _collect_apart(self, identity: Identity, obj: Object, alteration: Optional[Alteration]) -> None:
        """Steps that name something made later: OWNED BY of a sequence, the marked indexes of a table."""
        changed = None if alteration is None else alteration.fields
        if isinstance(obj, sequence.Sequence) and (obj.owned_by if changed is None else "owned_by" in changed):
            key: Key = ("attach", identity)
            self._need(key, *self._makers(identity))
            if obj.owned_by is not None:
                self._need(key, *self._makers(obj.owned_by))
            old = alteration.old if alteration is not None else None
            if isinstance(old, sequence.Sequence) and old.owned_by in self.work.drops:
                self._need(self._drop_key(old.owned_by), key)
        if isinstance(obj, table.Table) and obj.partition_of is not None:
            for other in self.detached.get(obj.partition_of, ()):
                self._need(self._makers(identity)[0], ("detach", other))
        if isinstance(obj, table.Table) and self._marks(obj, changed):
            key = ("marks", identity)
            self._need(key, *self._makers(identity))
            for other in self.work.creates:
                if other.kind in ("index", "constraint") and self.work.creates[other].parent == identity:
                    self._need(key, ("create", other))

    def _marks(self, obj: table.Table, changed: Optional[FrozenSet[str]]) -> List[Ddl]:
        return table.marks(obj, table.MARKS if changed is None else changed, created=changed is None)

    def _collect_names(self) -> None:
        """Relations share one name space: a name is free only once what had it is dropped or renamed."""
        work = self.work
        taken: Dict[Tuple[str, str], Key] = {}
        for identity, obj in work.drops.items():
            name = _relation_name(obj)
            if name:
                replaced = work.replaced(identity)
                taken[(identity.schema, name)] = ("retire", identity) if replaced else self._drop_key(identity)
        for identity, (old, _new) in work.renames.items():
            name = _relation_name(old)
            if name:
                taken[(old.id.schema, name)] = ("rename", identity)
        for identity, obj in work.drops.items():
            sequence_of = _identity_sequence(obj)
            if sequence_of and not self._of_replaced(obj):
                taken[sequence_of] = self._drop_key(identity)
        for identity, alteration in work.alters.items():
            sequence_of = _identity_sequence(alteration.old)
            if sequence_of and sequence_of != _identity_sequence(alteration.new):
                taken[sequence_of] = ("alter", identity)
        if not taken:
            return
        for identity, obj in work.creates.items():
            name = _relation_name(obj)
            for wanted in ((identity.schema, name) if name else None, _identity_sequence(obj)):
                if wanted in taken and not (wanted == _identity_sequence(obj) and self._of_replaced(obj)):
                    self._need(self._create_key(identity), taken[wanted])
        for identity, alteration in work.alters.items():
            wanted = _identity_sequence(alteration.new)
            if wanted in taken:
                self._need(("alter", identity), taken[wanted])
        for identity, (_old, new) in work.renames.items():
            name = _relation_name(new)
            if name and (identity.schema, name) in taken:
                self._need(("rename", identity), taken[(identity.schema, name)])

    def _of_replaced(self, obj: Object) -> bool:
        """Whether a column goes with a replaced table, whose identity sequences have given up their names by then."""
        return obj.parent is not None and self.work.replaced(obj.parent)

    # The statements of a unit

    def _steps_of(self, key: Key) -> List[Step]:
        action, identity = key
        work = self.work
        if action == "drop":
            return self._as_steps("drop", identity, self._drop(identity))
        if action == "rename":
            old, new = work.renames[identity]
            rename = cast(Callable[[Object, Identity], List[Ddl]], BY_NAME[identity.kind].rename)
            return self._as_steps("rename", identity, rename(old, new.id))
        if action == "retire":
            return self._as_steps("rename", identity, replace.retire(work.drops[identity], work.live))
        if action == "move":
            return self._as_steps("insert", identity, self._move(identity))
        if action == "attach":
            obj = work.creates.get(identity) or work.desired.objects[identity]
            return self._as_steps("alter", identity, sequence.attach(cast(sequence.Sequence, obj)))
        if action == "detach":
            before = work.alters[identity].old
            return self._as_steps("alter", identity, table.detach(cast(table.Table, before)))
        if action == "marks":
            obj = cast(table.Table, work.creates.get(identity) or work.desired.objects[identity])
            if identity in work.creates:
                return self._as_steps("alter", identity, self._marks(obj, None))
            altered = work.alters[identity].fields if identity in work.alters else frozenset()
            return self._as_steps("alter", identity, self._marks(obj, altered | self.remarked.get(identity, set())))
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
        return replace.move(old, new, cast(List[Tuple[Column, Column]], pairs), rows, self.context)

    def _create(self, obj: Object) -> List[Ddl]:
        kind = BY_NAME[obj.id.kind]
        catalog = self.work.desired if obj.id in self.work.desired.objects else self.work.live
        context = dataclasses.replace(self.context, catalog=catalog)
        late: List[Ddl] = []
        if isinstance(obj, Column):
            obj, late = self._not_null_later(obj)
        ddls = list(kind.create(obj, context)) + self._common_of_new(kind, obj)
        return ddls + late

    def _not_null_later(self, column: Column) -> Tuple[Column, List[Ddl]]:
        """A new column that has no value to begin with, on a table that may have rows."""
        if not column.not_null or column.generated or column.identity or default_of(column) in self.work.creates:
            return column, []
        on = column.parent.relation
        name = ident(column.id.part)
        if self.fill_in_later:
            later = Ddl(set_not_null(column.id), (), "ACCESS EXCLUSIVE", column.parent, late=True)
            return dataclasses.replace(column, not_null=False), [later]
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
        entries = [
            self.work.live.get(Identity("default privileges", schema, self.current_role, word))
            for schema in sorted({"", obj.id.schema})
        ]
        found = [entry for entry in entries if isinstance(entry, DefaultPrivileges)]
        given = default_grants(obj, self.context.server_version)
        for entry in sorted(found, key=lambda entry: entry.schema):
            # Those of the database stand in for what is built in, those of a schema come on top.
            given = given | entry.grants if entry.schema else entry.grants
        return given

    def _grants(
        self, kind: Kind, obj: Object, grant: FrozenSet[Grant], revoke: FrozenSet[Grant]
    ) -> List[Ddl]:
        column = obj.id.part if kind.name == "column" else None
        target = obj.id.relation if column else kind.target(obj)
        return privileges.statements(f"{kind.grant_keyword} {target}", obj.owner, grant, revoke, column)

    def _alter(self, alteration: Alteration) -> List[Ddl]:
        old, new = alteration.old, alteration.new
        kind = BY_NAME[new.id.kind]
        result = [self._checked_not_null(ddl, alteration) for ddl in alteration.ddls]
        if "owner" in alteration.fields:
            result += owner_ddl(kind, new)
        if "acl" in alteration.fields and old.acl is not None and new.acl is not None:
            default = default_grants(new, self.context.server_version)
            grant, revoke, _left = privileges.difference(old.acl, new.acl, default, self.work.prune)
            owned = new if new.owner is not None else dataclasses.replace(new, owner=old.owner)
            result += self._grants(kind, owned, grant, revoke)
        if "comment" in alteration.fields:
            result.append(comment_ddl(kind, new))
        return result

    def _checked_not_null(self, ddl: Ddl, alteration: Alteration) -> Ddl:
        new = alteration.new
        if not ddl.sql.endswith(" SET NOT NULL") or not isinstance(new, Column):
            return ddl
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


def _identity_sequence(obj: Object) -> Optional[Tuple[str, str]]:
    """The name of the sequence behind an identity column."""
    return obj.identity_sequence if isinstance(obj, Column) else None


def set_not_null(column: Identity) -> str:
    """The statement that a late step runs."""
    return f"ALTER TABLE {column.relation} ALTER COLUMN {ident(column.part)} SET NOT NULL"


def _relation_name(obj: Object) -> str:
    name = BY_NAME[obj.id.kind].relation_name
    return name(obj) if name is not None else ""


def _priority(key: Key) -> Tuple[object, ...]:
    action, identity = key
    rank = BY_NAME[identity.kind].rank
    if action == "drop":
        return (0, -rank, identity)
    if action in ("rename", "retire"):
        return (1, 0, identity, action)
    if action in ("attach", "marks"):
        return (1, 66, identity, action)
    return (1, rank, identity)
