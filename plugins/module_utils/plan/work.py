# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes to work: what is dropped, made and altered, with the dependents that must be rebuilt on the way."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Set, Tuple, cast

from ..catalog import attached, lineage, privileges
from ..catalog.column import Column, default_of
from ..catalog.constraint import Constraint
from ..catalog.extension_dependency import ExtensionDependency
from ..catalog.function import Function
from ..catalog.kind import Context
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Ddl, Identity, Object
from ..catalog.table import MARKS, Table
from ..catalog.type_usage import TYPE_KINDS
from ..diff import Change, Difference
from ..diff.compare import default_grants
from .replace import REPLACED, partition_of, retype

COMMON = frozenset({"owner", "acl", "comment"})

# Fields that are written by a step of their own, once what they name is there.
_APART: Mapping[str, FrozenSet[str]] = {"table": MARKS, "sequence": frozenset({"owned_by"})}


@dataclass(frozen=True)
class Alteration:
    """One object that is changed in place."""

    old: Object
    new: Object
    fields: FrozenSet[str]
    ddls: Tuple[Ddl, ...]


@dataclass
class Work:
    """What is to be done, by identity. Something that is in drops and in creates is rebuilt."""

    live: Catalog
    desired: Catalog
    prune: bool
    drops: Dict[Identity, Object] = field(default_factory=dict)
    creates: Dict[Identity, Object] = field(default_factory=dict)
    alters: Dict[Identity, Alteration] = field(default_factory=dict)
    renames: Dict[Identity, Tuple[Object, Object]] = field(default_factory=dict)
    # Partitions that go with a partitioned table that is replaced: its DROP takes them, its rows hold theirs.
    absorbed: Dict[Identity, Identity] = field(default_factory=dict)
    # Partitions that leave their place and come back, with the foreign keys that point to their rows.
    unhinged: Dict[Identity, List[Identity]] = field(default_factory=dict)
    # How circles are broken (circles.py): parts that are dropped before what they are part of; what is made in outline
    # first, with the units that need no more than that; what is reduced to its outline before it is dropped, with what
    # can be dropped then; what is renamed by way of a name that nobody else has.
    separate: Set[Identity] = field(default_factory=set)
    outlined: Dict[Identity, Set[Tuple[str, Identity]]] = field(default_factory=dict)
    hollowed: Dict[Identity, Set[Identity]] = field(default_factory=dict)
    aside: Set[Identity] = field(default_factory=set)

    def replaced(self, identity: Identity) -> bool:
        """Whether an object is made anew beside the old one, which is dropped once its values are brought over."""
        return identity.kind in REPLACED and identity in self.drops and identity in self.creates

    def made_with_table(self, identity: Identity) -> bool:
        """Whether CREATE TABLE makes this column."""
        obj = self.creates.get(identity)
        return isinstance(obj, Column) and obj.parent in self.creates and identity in self.desired.objects

    def rebuild(self, old: Object) -> None:
        """Drop an object and make it again: as the source has it or, where it has not, as it is."""
        self.drops[old.id] = old
        new = self.desired.get(old.id)
        self.alters.pop(old.id, None)
        self.creates[old.id] = old if new is None else self._as_found(old, new)

    def _as_found(self, old: Object, new: Object) -> Object:
        """The desired object with what the source leaves open taken from the live one."""
        changes: Dict[str, object] = {}
        if new.owner is None and old.owner is not None:
            changes["owner"] = old.owner
        if old.acl is not None and new.acl is not None and not self.prune:
            default = default_grants(new, self.live.server_version)
            had, wanted = privileges.comparable(old, new)
            changes["acl"] = wanted | privileges.difference(had, wanted, default, self.prune)[2]
        return dataclasses.replace(new, **changes) if changes else new  # type: ignore[arg-type]  # fields of Object

    def depends(self, identity: Identity) -> FrozenSet[Identity]:
        """What an object stands on once it is made."""
        catalog = self.desired if identity in self.desired.objects else self.live
        return catalog.depends.get(identity, frozenset())

    def covered(self, identity: Identity) -> Optional[Identity]:
        """The dropped object whose DROP takes this one along."""
        obj = self.drops[identity]
        if identity in self.absorbed:
            return self.covered(self.absorbed[identity]) or self.absorbed[identity]
        parent = obj.parent
        if parent is None or parent not in self.drops or identity in self.separate:
            return None
        referenced: Optional[Identity] = getattr(obj, "referenced", None)
        if referenced is not None and referenced != parent and referenced in self.drops:
            return None  # two tables that reference each other: neither could be dropped first
        if identity.kind == "default" and self._needs_dropped(identity, parent):
            return None  # a function takes the table's rows, and the table's default calls the function
        return self.covered(parent) or parent

    def _needs_dropped(self, identity: Identity, parent: Identity) -> bool:
        """Whether a default stands on something dropped that is not a part of the default's own table."""
        table = (parent.schema, parent.name)
        for base in self.live.depends.get(identity, ()):
            obj = self.drops.get(base)
            if obj is None or (base.schema, base.name) == table:
                continue
            if obj.parent is None or (obj.parent.schema, obj.parent.name) != table:
                return True
        return False


def gather(difference: Difference, work: Work, context: Context, displaced: FrozenSet[Identity] = frozenset()) -> None:
    """Sort the changes into drops, creates, alters and renames, and add what must be rebuilt with them."""
    for change in difference.changes:
        if change.old is None and change.new is not None:
            work.creates[change.id] = change.new
        elif change.new is None and change.old is not None:
            work.drops[change.id] = change.old
        else:
            _alter(change, work, context)
    for identity in displaced:
        _replace_tree(identity, work)
    for alteration in list(work.alters.values()):
        if isinstance(alteration.new, Column) and any(_retypes(ddl) for ddl in alteration.ddls):
            _replace_tree_of_key(alteration.new, work)
    for identity in list(work.drops):
        if work.replaced(identity) and partition_of(work.drops[identity]) is not None:
            _replace_tree(identity, work)  # beside the old one there is no place for the new one
    _release(work)
    _unhinge(work)
    _propagate(work, context)
    for obj in [each for each in work.live.objects.values() if isinstance(each, ExtensionDependency)]:
        if obj.id not in work.drops and _is_forgotten(obj, work):
            work.rebuild(obj)


def _is_forgotten(dependency: ExtensionDependency, work: Work) -> bool:
    """Whether the dependent is made anew in place: by CREATE OR REPLACE, or an index by its column's new type."""
    altered = work.alters.get(dependency.dependent)
    if dependency.dependent.kind in ("function", "procedure"):
        return altered is not None and bool(altered.ddls)
    bases = (work.alters.get(base) for base in work.live.depends.get(dependency.dependent, ()))
    return any(base is not None and any(_retypes(ddl) for ddl in base.ddls) for base in bases)


def _alter(change: Change, work: Work, context: Context) -> None:
    old, new = cast(Object, change.old), cast(Object, change.new)
    if old.id != new.id:
        work.renames[new.id] = (old, new)
    kind = BY_NAME[new.id.kind]
    fields = change.fields - COMMON - _APART.get(kind.name, frozenset())
    ddls = kind.alter(old, new, fields, context) if fields else []
    if ddls is None:
        work.rebuild(old)
    elif change.fields:
        work.alters[new.id] = Alteration(old, new, change.fields, tuple(ddls))


def _retypes(ddl: Ddl) -> bool:
    return ddl.invalidates and (not ddl.sql or " TYPE " in ddl.sql)


def _replace_tree(identity: Identity, work: Work) -> None:
    """Make a partitioned table anew, from the top, with all its partitions; its rows are brought over."""
    top = work.live.get(identity)
    while partition_of(top) is not None:
        top = work.live.get(cast(Identity, partition_of(top)))
    if top is not None and top.id not in work.drops and top.id in work.desired.objects:
        work.rebuild(top)


def _replace_tree_of_key(column: Column, work: Work) -> bool:
    """PostgreSQL does not let the type of a column change by which a table is partitioned, be it further down."""
    stack = [column.parent]
    while stack:
        obj = work.live.get(stack.pop())
        if not isinstance(obj, Table):
            continue
        if column.id.part in obj.partition_columns:
            _replace_tree(obj.id, work)
            return True
        stack.extend(heir for heir in work.live.heirs(obj.id) if partition_of(work.live.get(heir)) == obj.id)
    return False


def _release(work: Work) -> None:
    """A part of an index or key goes only with the whole: one that was made for the partitioned table ONLY, and loses
    one of its parts, is made anew."""
    for obj in list(work.drops.values()):
        adopter = work.live.get(getattr(obj, "attached", None) or Identity(""))
        if adopter is None or obj.id.kind not in ("index", "constraint") or getattr(obj, "type", "") == "f":
            continue
        wanted = work.desired.get(adopter.id)
        if obj.parent is None or partition_of(work.desired.get(obj.parent)) is None:
            continue  # it goes with the partition
        if adopter.id not in work.drops and wanted is not None and not attached.is_whole(wanted):
            work.rebuild(adopter)


def _unhinge(work: Work) -> None:
    """PostgreSQL does not let a partition go whose rows are referenced, not even for a moment."""
    moving = {
        identity: alteration
        for identity, alteration in work.alters.items()
        if identity.kind == "table" and lineage.is_detached(alteration.old, alteration.new)
    }
    above: Dict[Identity, List[Identity]] = {}
    for identity, alteration in moving.items():
        parent = partition_of(alteration.old)
        if parent is None or partition_of(alteration.new) is None:
            continue
        while parent is not None:
            above.setdefault(parent, []).append(identity)
            parent = partition_of(work.live.get(parent))
    if not above:
        return
    for obj in list(work.live.objects.values()):
        if not isinstance(obj, Constraint) or obj.referenced not in above or obj.attached is not None:
            continue
        if obj.id not in work.drops and obj.id in work.desired.objects:
            work.rebuild(obj)
            for identity in above[obj.referenced]:
                work.unhinged.setdefault(identity, []).append(obj.id)


def _is_rigid(obj: Object) -> bool:
    """Whether PostgreSQL refuses to change the type of a column under this object."""
    if isinstance(obj, Column):
        return bool(obj.generated)
    if isinstance(obj, Function):
        return obj.parsed_body
    return BY_NAME[obj.id.kind].rigid


def _propagate(work: Work, context: Context) -> None:
    """Rebuild what stands on something dropped, rebuilt, or altered in a way that PostgreSQL refuses under it."""
    dependents = reverse(work.live.depends)
    for identity, alteration in list(work.alters.items()):
        if getattr(alteration.old, "identity", "") and not getattr(alteration.new, "identity", ""):
            for child in dependents.get(identity, ()):
                if child.kind == "default" and child not in work.drops:
                    work.rebuild(work.live.objects[child])  # it draws from the sequence that goes
    queue: List[Tuple[Identity, bool]] = [(identity, True) for identity in work.drops]
    for identity, alteration in list(work.alters.items()):
        if any(ddl.invalidates for ddl in alteration.ddls):
            queue.append((identity, False))
            if _converts(alteration):
                _rebuild_default(alteration.old, work)
    while queue:
        base, gone = queue.pop()
        for child in dependents.get(base, ()):
            obj = work.live.objects[child]
            if gone and getattr(obj, "attached", None) == base and child not in work.desired.objects:
                # A partition's part of an index that is made anew: the source's is another one.
                if child not in work.drops:
                    work.drops[child] = obj
                    queue.append((child, True))
                continue
            if gone and work.replaced(base) and partition_of(obj) == base:
                work.absorbed[child] = base  # its rows are read before it goes
            if child in work.drops or not (gone or _is_rigid(obj)):
                continue
            if gone and isinstance(obj, Column) and base.kind in TYPE_KINDS and work.replaced(base):
                before = set(work.drops)
                if _replace_tree_of_key(obj, work):
                    queue.extend((each, True) for each in work.drops if each not in before)
                    continue
                _retype(obj, work, context)
                queue.append((child, False))
                for key in dependents.get(child, ()):
                    # Between the old type and the new one there is no operator that could compare keys.
                    if getattr(work.live.objects[key], "type", "") == "f" and key not in work.drops:
                        work.rebuild(work.live.objects[key])
                        queue.append((key, True))
                continue
            if child in work.absorbed and child not in work.desired.objects:
                work.drops[child] = obj
            elif gone and base not in work.creates and obj.parent == base:
                work.drops[child] = obj
            else:
                work.rebuild(obj)
            queue.append((child, True))


def _retype(column: Column, work: Work, context: Context) -> None:
    """The column's type is made anew: its values are brought over, unless the column gets another type anyway."""
    alteration = work.alters.get(column.id)
    new = work.desired.get(column.id)
    if alteration is not None and _converts(alteration):
        return
    if not isinstance(new, Column):
        new = column
    elif new.base_type != column.base_type:
        return
    fields = alteration.fields if alteration is not None else frozenset()
    kept = alteration.ddls if alteration is not None else ()
    ddl = retype(column, new, context.table_facts(new.parent).rows)
    work.alters[column.id] = Alteration(column, new, fields | {"data_type"}, (ddl,) + kept)
    _rebuild_default(column, work)


def _converts(alteration: Alteration) -> bool:
    old, new = alteration.old, alteration.new
    return isinstance(old, Column) and isinstance(new, Column) and old.base_type != new.base_type


def _rebuild_default(column: Object, work: Work) -> None:
    """PostgreSQL converts a default with the column's type, or refuses to: it is taken off and set again instead."""
    default = work.live.get(default_of(column)) if isinstance(column, Column) else None
    if default is None:
        return
    work.drops[default.id] = default
    new = work.desired.get(default.id)
    work.alters.pop(default.id, None)
    if new is not None:
        work.creates[default.id] = new


def reverse(depends: Mapping[Identity, Iterable[Identity]]) -> Dict[Identity, List[Identity]]:
    """What stands on each object."""
    result: Dict[Identity, List[Identity]] = {}
    for child, bases in depends.items():
        for base in bases:
            result.setdefault(base, []).append(child)
    return result


def foldable_defaults(work: Work) -> FrozenSet[Identity]:
    """Defaults that can be written into the definition of a column that is made.

    Not those that, by way of other objects yet to be made, need the column's table.
    """
    folded: Set[Identity] = set()
    for identity, obj in work.creates.items():
        if not isinstance(obj, Column):
            continue
        default = default_of(obj)
        if default not in work.creates:
            continue
        if not _reaches(work.depends(default) - {identity}, {identity, obj.parent}, work.creates, work.depends):
            folded.add(default)
    return frozenset(folded)


def _reaches(
    start: Iterable[Identity],
    targets: Set[Identity],
    within: Mapping[Identity, Object],
    depends: Callable[[Identity], FrozenSet[Identity]],
) -> bool:
    stack, seen = list(start), set()
    while stack:
        identity = stack.pop()
        if identity in targets:
            return True
        if identity in seen or identity not in within:
            continue
        seen.add(identity)
        stack.extend(depends(identity))
    return False
