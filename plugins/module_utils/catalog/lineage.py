# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which tables a table inherits, or of which it is a partition, and how that is changed: for tables and foreign
tables, which have the fields ``inherits`` and ``partition_bound``.

A table leaves its place first, then it is altered, and only when it has the columns, the NOT NULLs and the checks of
its new parents it is attached to them.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from .attached import unless_there
from .kind import Context
from .model import Catalog, Ddl, Hazard, Identity
from .quoting import exact, ident, qualified

Name = Tuple[str, str]


def is_detached(old: Any, new: Any) -> bool:
    """Whether a partition has to leave its place, be it to take another one."""
    if old.partition_bound is None:
        return False
    moved = (old.partition_bound, old.inherits) != (new.partition_bound, new.inherits)
    return moved or is_detaching(old)


def is_detaching(old: Any) -> bool:
    """Whether somebody began to detach a partition concurrently and was broken off: nothing else is possible with it
    before that is brought to its end."""
    return bool(getattr(old, "detaching", False))


def _gone(old: Any, new: Any) -> List[Name]:
    """The parents that it leaves."""
    if old.partition_bound is not None:
        return list(old.inherits) if is_detached(old, new) else []
    return [parent for parent in old.inherits if parent not in new.inherits or new.partition_bound is not None]


def left(old: Any, new: Any) -> List[Name]:
    """The parents that it leaves for good."""
    return [parent for parent in _gone(old, new) if parent not in new.inherits]


def joined(old: Any, new: Any) -> List[Name]:
    """The parents that it comes to inherit from, those that it left for a moment among them."""
    gone = _gone(old, new)
    return [parent for parent in new.inherits if parent not in old.inherits or parent in gone]


def detach(old: Any) -> List[Ddl]:
    """A step of its own, before any partition takes the place that it leaves."""
    sql = f"ALTER TABLE {qualified(*old.inherits[0])} DETACH PARTITION {old.id.relation}"
    if is_detaching(old):
        return [Ddl(f"{sql} FINALIZE", (), "SHARE UPDATE EXCLUSIVE", old.partition_of)]
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", old.partition_of)]


def leave(old: Any, new: Any, context: Context) -> List[Ddl]:
    """NO INHERIT, and an end to the checks and foreign keys that it had from the parents it has left."""
    gone = _gone(old, new)
    on = f"ALTER TABLE {new.id.relation}"
    result = []
    if old.partition_bound is None:
        result = [Ddl(f"{on} NO INHERIT {qualified(*parent)}", (), "ACCESS EXCLUSIVE", new.id) for parent in gone]
    wanted = _checks(new.inherits, context.catalog, "cf")
    for name, check in sorted(left_over(old, new, context.live).items()):
        own = Identity("constraint", new.id.schema, new.id.name, name)
        if own in context.live.objects or own in context.catalog.objects:
            continue
        if name in wanted and _same(wanted[name], check):
            continue
        result.append(Ddl(f"{on} DROP CONSTRAINT {ident(name)}", (), "ACCESS EXCLUSIVE", new.id))
    return result


def join(old: Any, new: Any, context: Context) -> List[Ddl]:
    """ATTACH PARTITION or INHERIT, and before it the checks that the table has to have for it."""
    parents = joined(old, new)
    on = f"ALTER TABLE {new.id.relation}"
    result = []
    had = _checks(old.inherits, context.live)
    # A parent that it left for a moment had its checks by then.
    new_to_it = [parent for parent in parents if parent not in old.inherits]
    for name, check in sorted(_checks(new_to_it, context.catalog).items()):
        own = Identity("constraint", new.id.schema, new.id.name, name)
        words = f"ADD CONSTRAINT {ident(name)} {exact(check.own_definition)}"
        before = context.live.get(own) or had.get(name)
        if own in context.catalog.objects or (own not in context.live.objects and _same(before, check)):
            continue
        scan = Hazard("blocking_scan", f"{new.id.relation} is read to prove that its rows pass the check")
        if before is not None and _same(before, check):
            result.append(unless_there(new.id, name, f"{on} {words}"))
            continue
        if own in context.live.objects:
            result.append(Ddl(f"{on} DROP CONSTRAINT IF EXISTS {ident(name)}", (), "ACCESS EXCLUSIVE", new.id))
        result.append(Ddl(f"{on} {words}", (scan,), "ACCESS EXCLUSIVE", new.id))
    if new.partition_bound is not None and parents:
        hazard = Hazard("blocking_scan", f"{new.id.relation} is read to prove that its rows fit the bound")
        sql = f"ALTER TABLE {qualified(*new.inherits[0])} ATTACH PARTITION {new.id.relation} {new.partition_bound}"
        return result + [Ddl(sql, (hazard,), "SHARE UPDATE EXCLUSIVE", new.partition_of)]
    for parent in parents:
        result.append(Ddl(f"{on} INHERIT {qualified(*parent)}", (), "ACCESS EXCLUSIVE", new.id))
    return result


def comes_to_inherit(old: Any, new: Any, context: Context) -> bool:
    """Whether columns become inherited ones, or cease to be, in a way that only a new table can have."""
    if new.partition_bound is not None or old.partition_bound is not None:
        return False
    had = {column.id.part for column in context.live.parts(old.id, "column")}
    wanted = {column.id.part for column in context.catalog.parts(new.id, "column")}
    left = [parent for parent in old.inherits if parent in new.inherits]
    of_left = {column.id.part for parent in left for column in context.live.parts(Identity("table", *parent), "column")}
    if set(old.inherited_columns) - of_left - wanted:
        return True  # they could only be dropped once the table inherits no more
    if new.inherits and set(old.inherited_columns) - set(new.inherited_columns):
        return bool((set(old.inherited_columns) - set(new.inherited_columns)) & wanted)
    now_inherited = set(new.inherited_columns) - set(old.inherited_columns)
    added = [parent for parent in new.inherits if parent not in old.inherits]
    of_added = {
        column.id.part for parent in added for column in context.catalog.parts(Identity("table", *parent), "column")
    }
    return bool(now_inherited & had or of_added - had)


def hands_checks_down(old: Any, new: Any, context: Context) -> bool:
    """Whether a parent that it comes to inherit from has checks that the table does not define as well: a table that
    is there cannot have them merely from its parent."""
    if new.partition_bound is not None:
        return False
    own = {constraint.id.part for constraint in context.catalog.parts(new.id, "constraint")}
    return bool(set(_checks(joined(old, new), context.catalog)) - own)


def _same(one: Any, other: Any) -> bool:
    return one is not None and one.own_definition == other.own_definition


def left_over(old: Any, new: Any, live: Catalog) -> Dict[str, Any]:
    """The checks and foreign keys, by name, that a table had from parents which it leaves, and keeps as its own."""
    gone = left(old, new)
    kept = _checks([parent for parent in old.inherits if parent not in gone], live)
    found = _checks(gone, live, "c" if old.partition_bound is None else "cf")
    known = {constraint.attached for constraint in live.parts(old.id, "constraint")}
    return {name: each for name, each in found.items() if name not in kept and each.id not in known}


def _checks(parents: Sequence[Name], catalog: Catalog, types: str = "c") -> Dict[str, Any]:
    result: Dict[str, Any] = {}
    stack = list(parents)
    while stack:
        parent = stack.pop()
        obj = catalog.get(Identity("table", *parent)) or catalog.get(Identity("foreign table", *parent))
        if obj is None:
            continue
        for constraint in catalog.parts(obj.id, "constraint"):
            if constraint.type in types and not (constraint.type == "c" and constraint.no_inherit):
                result.setdefault(constraint.id.part, constraint)
        stack.extend(getattr(obj, "inherits", ()))
    return result
