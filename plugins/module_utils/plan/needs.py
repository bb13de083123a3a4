# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs what: the units of work of a plan, each with those that have to come before it."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Set, Tuple

from ..catalog import attached, lineage, sequence, table
from ..catalog.column import Column, inherited_from
from ..catalog.kind import Context
from ..catalog.kinds import BY_NAME
from ..catalog.model import Ddl, Identity, Object
from . import tree_names
from .replace import partition_of
from .work import Alteration, Work, reverse

# (what is done, to what): create, drop, alter, rename, retire, move, attach (a sequence), detach and join (a table to
# those that it inherits from), marks, names (of inherited NOT NULLs), and what breaks circles: outline, hollow, aside.
Key = Tuple[str, Identity]


def _by_parent(objects: Mapping[Identity, Object]) -> Dict[Identity, List[Identity]]:
    result: Dict[Identity, List[Identity]] = {}
    for identity, obj in objects.items():
        if obj.parent is not None:
            result.setdefault(obj.parent, []).append(identity)
    return result


class Needs:
    """The units of a piece of work; ``by_key`` gives what each of them needs.

    ``remarked``: tables whose marks (replica identity, clustering) go with an index that is rebuilt, and which.
    ``detached``: partitions that leave, by where they were. ``leaving`` and ``joining``: tables that cease or come to
    inherit. ``trees``: statements for the names of inherited NOT NULLs, by the topmost column.
    """

    def __init__(self, work: Work, context: Context) -> None:
        self.work = work
        self.context = context
        self.folded = context.folded
        self.trees: Dict[Identity, List[Ddl]] = {}
        self.by_key: Dict[Key, Set[Key]] = {}
        self.remarked: Dict[Identity, Set[str]] = {}
        self.detached: Dict[Identity, List[Identity]] = {}
        self.leaving: Set[Identity] = {
            identity
            for identity, alteration in work.alters.items()
            if identity.kind in ("table", "foreign table") and lineage.left(alteration.old, alteration.new)
        }
        self.joining: Set[Identity] = {
            identity
            for identity, alteration in work.alters.items()
            if identity.kind in ("table", "foreign table") and lineage.joined(alteration.old, alteration.new)
        }
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

    def drop_key(self, identity: Identity) -> Key:
        """The unit that drops an object: its own, or that of what it is part of."""
        return ("drop", self.work.covered(identity) or identity)

    def _need(self, key: Key, *bases: Key) -> None:
        self.by_key.setdefault(key, set()).update(base for base in bases if base != key)

    def _makers(self, identity: Identity, user: Optional[Object] = None) -> List[Key]:
        """The units after which an object is as the source has it, as far as ``user`` needs it to be."""
        work = self.work
        result: List[Key] = []
        if identity in work.creates:
            result.append(self._create_key(identity))
        if identity in work.alters:
            result.append(("alter", identity))
            if identity in self.joining and not _precedes_joining(user):
                result.append(("join", identity))
        if identity in work.renames:
            result.append(("rename", identity))
        return result

    def _makers_for(self, key: Key, base: Identity, user: Optional[Object] = None) -> List[Key]:
        """The units after which ``key`` finds an object to stand on: its outline may be all that is needed."""
        if key in self.work.outlined.get(base, ()):
            return [("outline", base)]
        return self._makers(base, user)

    def _collect_outline(self, identity: Identity) -> None:
        """An outline needs what it names, and the rest of the object needs the outline."""
        work = self.work
        key: Key = ("outline", identity)
        self._need(key)
        self._need(("create", identity), key)
        outline = BY_NAME[identity.kind].outline
        text = outline(work.creates[identity])[0].sql if outline is not None else ""
        for base in work.depends(identity):
            if base.kind in ("extension", "schema") or base.relation in text:
                self._need(key, *self._makers_for(key, base))
        if work.replaced(identity):
            self._need(key, ("retire", identity))
        elif identity in work.drops:
            self._need(key, self.drop_key(identity))

    def _collect(self) -> None:
        work = self.work
        for identity in work.drops:
            self._need(self.drop_key(identity))
        self._collect_detached()
        for identity in work.creates:
            key = self._create_key(identity)
            self._need(key)
            self._after_parents(key, work.creates[identity])
            self._after_not_null(key, identity)
            adopter = _adopter(work.creates[identity])
            for base in work.depends(identity) - {adopter}:
                self._need(key, *self._makers_for(key, base, work.creates[identity]))
            if identity in work.outlined:
                self._collect_outline(identity)
            if adopter is not None and not self._is_made_after_parts(adopter):
                self._need(key, *self._makers(adopter))
            elif adopter is not None:
                # A partition's index comes first: the partitioned table's adopts it.
                self._need(self._create_key(adopter), key)
            if identity in work.drops and not self._precedes_drop(identity):
                self._need(key, self.drop_key(identity))
            self._collect_apart(identity, work.creates[identity], None)
        for identity, alteration in work.alters.items():
            key = ("alter", identity)
            self._need(key)
            self._after_parents(key, alteration.new)
            if identity in work.renames:
                self._need(key, ("rename", identity))
            for base in work.depends(identity):
                self._need(key, *self._makers_for(key, base, alteration.new))
            for base in work.live.depends.get(alteration.old.id, ()):
                if base in work.drops:
                    self._need(self.drop_key(base), key)
            if isinstance(alteration.new, Column) and alteration.new.identity:
                for owned in work.live.parts(alteration.old.id, "sequence"):
                    if owned.id in work.drops:
                        self._need(key, self.drop_key(owned.id))  # the identity goes on where it stood
            self._collect_apart(identity, alteration.new, alteration)
        for identity in work.renames:
            self._need(("rename", identity))
            self._after_not_null(("rename", identity), identity)
            self._before_not_null(identity)
            if identity in work.aside:
                self._need(("aside", identity))
                self._need(("rename", identity), ("aside", identity))
        for identity in work.hollowed:
            self._need(("hollow", identity))
            self._need(self.drop_key(identity), ("hollow", identity))
        dependents = reverse(work.live.depends)
        for identity in work.drops:
            key = self.drop_key(identity)
            for child in dependents.get(identity, ()):
                if identity in work.hollowed.get(child, ()):
                    self._need(key, ("hollow", child))
                elif child in work.drops:
                    self._need(key, self.drop_key(child))
            inherited = self._is_inherited(identity)
            for base in work.live.depends.get(identity, ()):
                if base in work.alters and inherited and base == work.drops[identity].parent:
                    self._need(key, ("alter", base))
                elif base in work.alters:
                    self._need(("alter", base), key)
        for identity in work.creates:
            if work.replaced(identity):
                self._collect_replaced(identity, dependents.get(identity, ()))
        self._collect_marks()
        self._collect_names()
        self._collect_tree_names()

    def _is_inherited(self, identity: Identity) -> bool:
        """Whether a part can be dropped only once the table inherits no more from where it has it too."""
        obj = self.work.drops[identity]
        alteration = self.work.alters.get(obj.parent) if obj.parent is not None else None
        if alteration is None or obj.parent not in self.leaving:
            return False
        if isinstance(obj, Column):
            parents = lineage.left(alteration.old, alteration.new)
            return any((each.id.schema, each.id.name) in parents for each in inherited_from(obj, self.work.live))
        if getattr(obj, "attached", None) is not None:
            return True
        if getattr(obj, "type", "") != "c":
            return False
        return identity.part in lineage.left_over(alteration.old, alteration.new, self.work.live)

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
            if identity.kind not in ("table", "foreign table"):
                continue
            old: Any = alteration.old
            if lineage.is_detached(old, alteration.new):
                self.detached.setdefault(old.partition_of, []).append(identity)
                self._need(("detach", identity))
                self._need(("alter", identity), ("detach", identity))
                self._after_changes_above(identity, old, alteration.new)
                for other in self.work.unhinged.get(identity, ()):
                    self._need(("detach", identity), self.drop_key(other))
                    self._need(self._create_key(other), ("join", identity))
            if identity in self.joining:
                self._need(("join", identity), ("alter", identity))
                self._need_whole(identity)

    def _after_changes_above(self, identity: Identity, old: Any, new: Any) -> None:
        """A partition that comes back to its table is there while columns and checks are changed."""
        if old.partition_of != new.partition_of:
            return
        for kind in ("column", "constraint"):
            for part in self.work.desired.parts(old.partition_of, kind):
                if _precedes_joining(part):
                    self._need(("detach", identity), *self._makers(part.id))
            for part in self.work.live.parts(old.partition_of, kind):
                if part.id in self.work.drops and _precedes_joining(part):
                    self._need(("detach", identity), self.drop_key(part.id))

    def _need_whole(self, identity: Identity) -> None:
        """A table that comes to inherit has the columns and checks for it by then, and its parents have theirs."""
        new: Any = self.work.desired.objects[identity]
        tables = [identity] + [Identity("table", *parent) for parent in new.inherits]
        for each in tables:
            self._need(("join", identity), *self._makers(each, new))
            for kind in ("column", "constraint"):
                for part in self.work.desired.parts(each, kind):
                    if _precedes_joining(part):
                        self._need(("join", identity), *self._makers(part.id))

    def _after_parents(self, key: Key, obj: Object) -> None:
        """An inherited column follows its parent's: what it has beyond it is written last."""
        if isinstance(obj, Column):
            for parent in inherited_from(obj, self.work.desired):
                self._need(key, *self._makers(parent.id))

    def _after_not_null(self, key: Key, identity: Identity) -> None:
        """A constraint whose name a NOT NULL of the table gives up."""
        if identity.kind != "constraint" or self.context.server_version < 180000:
            return
        for other in self.work.live.constraints_named(identity.part):
            if other.id.kind == "column" and other.id in self.work.alters:
                if (other.id.schema, other.id.name) == (identity.schema, identity.name):
                    self._need(key, ("alter", other.id))

    def _before_not_null(self, identity: Identity) -> None:
        """A constraint whose present name a NOT NULL of the table takes: it gives that up first."""
        if identity.kind != "constraint" or self.context.server_version < 180000:
            return
        old = self.work.renames[identity][0]
        for column in self.work.desired.parts(identity._replace(kind="table", part=""), "column"):
            if column.not_null_name == old.id.part and column.id in self.work.alters:
                self.work.aside.add(identity)
                self._need(("alter", column.id), ("aside", identity))

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
            ("retire", identity), ("create", identity), ("move", identity), self.drop_key(identity)
        )  # fmt: skip
        self._need(retire)
        self._need(create, retire)
        self._need(drop, create)
        for child in dependents:
            # By the time of the rename, nothing may be dropped any more by a text that has the name in it.
            if child in work.drops and self.drop_key(child) not in (drop, ("drop", child)):
                if self._of_replaced(work.drops[child]):
                    self._need(drop, self.drop_key(child))
                continue
            if child in work.drops and not work.replaced(child) and self.drop_key(child) != drop:
                self._need(retire, self.drop_key(child))
            if child in work.alters:
                self._need(("alter", child), create)
                self._need(drop, ("alter", child))
        if identity.kind != "table":
            return
        for part in self._dropped.get(identity, ()):
            if self.drop_key(part) != drop:
                self._need(retire, self.drop_key(part))
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

    def _is_made_after_parts(self, adopter: Identity) -> bool:
        """Whether a partitioned table's index is made, and not merely found, once those of the partitions are there."""
        if adopter not in self.work.creates or not attached.is_whole(self.work.creates[adopter]):
            return False
        return adopter in self.work.drops or not attached.comes_along(adopter, self.context)

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
                self._need(self.drop_key(old.owned_by), key)
        partitioned = getattr(obj, "partition_of", None)
        if partitioned is not None:
            for other in self.detached.get(partitioned, ()):
                self._need(self._makers(identity)[-1], ("detach", other))
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
                taken[(identity.schema, name)] = ("retire", identity) if replaced else self.drop_key(identity)
        for identity, (old, _new) in work.renames.items():
            name = _relation_name(old)
            if name:
                taken[(old.id.schema, name)] = ("aside" if identity in work.aside else "rename", identity)
        for identity, obj in work.drops.items():
            sequence_of = _identity_sequence(obj)
            if sequence_of and not self._of_replaced(obj):
                taken[sequence_of] = self.drop_key(identity)
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
                    if identity in work.outlined:
                        self._need(("outline", identity), taken[wanted])
        for identity, alteration in work.alters.items():
            wanted = _identity_sequence(alteration.new)
            if wanted in taken:
                self._need(("alter", identity), taken[wanted])
        for identity, (_old, new) in work.renames.items():
            name = _relation_name(new)
            if name and (identity.schema, name) in taken:
                self._need(("rename", identity), taken[(identity.schema, name)])

    def _collect_tree_names(self) -> None:
        """Names of NOT NULLs that are inherited: changed for a whole tree, once its columns are done."""
        work = self.work
        if self.context.server_version < 180000:
            return
        for root in tree_names.roots(work.desired, (each.id for each in self._changed_not_nulls())):
            members = tree_names.members(root, self.context, work.creates)
            self.trees[root] = tree_names.statements(members, self.context)
            if not self.trees[root]:
                continue
            key: Key = ("names", root)
            self._need(key)
            self._order_by_names(key, root)
            for member in members:
                self._need(key, *self._makers(member.new.id), *self._makers(member.new.parent))
                for heir in work.desired.heirs(member.new.parent):
                    if heir in work.creates:
                        self._need(("create", heir), key)

    def _order_by_names(self, key: Key, root: Identity) -> None:
        """Other constraints of the table take names that its NOT NULLs give up, and give up names for them."""
        table = root._replace(kind="table", part="")
        given_up = {getattr(column, "not_null_name", "") for column in self.work.live.parts(table, "column")}
        for action, identities in (("create", self.work.creates), ("rename", self.work.renames)):
            for identity in identities:
                if identity.kind == "constraint" and (identity.schema, identity.name) == (root.schema, root.name):
                    if identity in self.work.aside:
                        self._need(key, ("aside", identity))
                    if identity.part in given_up:
                        self._need((action, identity), key)

    def _changed_not_nulls(self) -> Iterator[Object]:
        for obj in self.work.creates.values():
            if isinstance(obj, Column) and obj.not_null and obj.parent not in self.work.creates:
                yield obj
        for alteration in self.work.alters.values():
            if alteration.fields & {"not_null", "not_null_constraint"}:
                yield alteration.new
            elif alteration.new.id in self.joining:
                yield from self.work.desired.parts(alteration.new.id, "column")

    def _of_replaced(self, obj: Object) -> bool:
        """Whether a column goes with a replaced table, whose identity sequences have given up their names by then."""
        return obj.parent is not None and self.work.replaced(obj.parent)


def table_marks(obj: table.Table, changed: Optional[FrozenSet[str]]) -> List[Ddl]:
    """The statements for the marks of a table; ``changed`` is None for a new one."""
    return table.marks(obj, table.MARKS if changed is None else changed, created=changed is None)


def _adopter(obj: Object) -> Optional[Identity]:
    """The partitioned table's index or key that takes up the partition's where that is there before it."""
    return None if getattr(obj, "type", "") == "f" else getattr(obj, "attached", None)


def _precedes_joining(obj: Optional[Object]) -> bool:
    """Whether something of a table is made before the table is attached to the one that it inherits from."""
    if obj is None:
        return False
    if obj.id.kind == "constraint":
        return bool(getattr(obj, "type", "") == "c")
    return obj.id.kind in ("column", "default", "table", "foreign table")


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
    if action == "hollow":
        return (-1, -rank, identity)
    if action in ("rename", "retire", "aside"):
        return (1, 0, identity, action)
    if action in ("attach", "marks", "names"):
        return (1, 66, identity, action)
    return (1, rank, identity)
