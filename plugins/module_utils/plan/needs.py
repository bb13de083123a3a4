# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs what: the units of work of a plan, each with those that have to come before it."""

from __future__ import annotations

from typing import Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Set, Tuple

from ..catalog import sequence, table
from ..catalog.column import Column, inherited_from
from ..catalog.kinds import BY_NAME
from ..catalog.model import Ddl, Identity, Object
from .replace import partition_of
from .work import Alteration, Work, reverse

# (what is done, to what): create, drop, alter, rename, retire, move, attach, detach, marks.
Key = Tuple[str, Identity]


def _by_parent(objects: Mapping[Identity, Object]) -> Dict[Identity, List[Identity]]:
    result: Dict[Identity, List[Identity]] = {}
    for identity, obj in objects.items():
        if obj.parent is not None:
            result.setdefault(obj.parent, []).append(identity)
    return result


class Needs:
    """The units of a piece of work; ``by_key`` gives what each of them needs.

    ``folded``: defaults that the definition of their column makes. ``remarked``: tables whose marks (replica identity,
    clustering) go with an index that is rebuilt, and which. ``detached``: partitions that leave, by where they were.
    """

    def __init__(self, work: Work, folded: FrozenSet[Identity]) -> None:
        self.work = work
        self.folded = folded
        self.by_key: Dict[Key, Set[Key]] = {}
        self.remarked: Dict[Identity, Set[str]] = {}
        self.detached: Dict[Identity, List[Identity]] = {}
        # By what they are parts of: replaced tables look for theirs, and there may be many of both.
        self._dropped = _by_parent(work.drops)
        self._created = _by_parent(work.creates)
        self._partitions: Dict[Identity, List[Identity]] = {}
        for identity, obj in work.desired.objects.items():
            above = partition_of(obj)
            if above is not None:
                self._partitions.setdefault(above, []).append(identity)
        self._collect()

    def _create_key(self, identity: Identity) -> Key:
        """The unit that makes an object: a new table makes its columns, a column its folded default."""
        work = self.work
        if identity in self.folded:
            return self._create_key(Identity("column", identity.schema, identity.name, identity.part))
        parent = work.creates[identity].parent
        if parent is not None and work.made_with_table(identity):
            return ("create", parent)
        return ("create", identity)

    def _drop_key(self, identity: Identity) -> Key:
        return ("drop", self.work.covered(identity) or identity)

    def _need(self, key: Key, *bases: Key) -> None:
        self.by_key.setdefault(key, set()).update(base for base in bases if base != key)

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

    def _collect(self) -> None:
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
            return parent is not None and self.work.replaced(parent) and identity in self.folded
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
        for part in self._dropped.get(identity, ()):
            if self._drop_key(part) != drop:
                self._need(retire, self._drop_key(part))
        if identity not in work.absorbed:
            self._need(move, create)
            self._need(drop, move)
            for other in self._created.get(identity, ()):
                if other.kind == "column":
                    self._need(move, self._create_key(other))
            for other in self._partitions_below(identity):
                self._need(move, *self._makers(other))
        for column in work.live.parts(identity, "column"):
            for owned in work.live.parts(column.id, "sequence"):
                wanted = work.desired.get(owned.id)
                if owned.id not in work.drops and isinstance(wanted, sequence.Sequence) and wanted.owned_by:
                    key: Key = ("attach", owned.id)
                    self._need(key, *self._makers(wanted.owned_by))
                    self._need(drop, key)

    def _partitions_below(self, top: Identity) -> Iterator[Identity]:
        waiting = [top]
        while waiting:
            for partition in self._partitions.get(waiting.pop(), ()):
                yield partition
                waiting.append(partition)

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
        if isinstance(obj, table.Table) and table_marks(obj, changed):
            key = ("marks", identity)
            self._need(key, *self._makers(identity))
            for other in self.work.creates:
                if other.kind in ("index", "constraint") and self.work.creates[other].parent == identity:
                    self._need(key, ("create", other))

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


def table_marks(obj: table.Table, changed: Optional[FrozenSet[str]]) -> List[Ddl]:
    """The statements for the marks of a table; ``changed`` is None for a new one."""
    return table.marks(obj, table.MARKS if changed is None else changed, created=changed is None)


def _identity_sequence(obj: Object) -> Optional[Tuple[str, str]]:
    """The name of the sequence behind an identity column."""
    return obj.identity_sequence if isinstance(obj, Column) else None


def _relation_name(obj: Object) -> str:
    name = BY_NAME[obj.id.kind].relation_name
    return name(obj) if name is not None else ""


def priority(key: Key) -> Tuple[object, ...]:
    action, identity = key
    rank = BY_NAME[identity.kind].rank
    if action == "drop":
        return (0, -rank, identity)
    if action in ("rename", "retire"):
        return (1, 0, identity, action)
    if action in ("attach", "marks"):
        return (1, 66, identity, action)
    return (1, rank, identity)
