# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inherited NOT NULLs (PostgreSQL 18), and which of a tree's tables define them themselves.

PostgreSQL renames such a constraint only together with those of all heirs, and only where all have the same name. So
the tables are made to hand it down no more for a moment: each then has a constraint of its own, which can be renamed.
Handed down again, they are found and not made, so that no row is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Container, Dict, Iterable, List, Optional, Set

from ..catalog import not_null
from ..catalog.column import Column, inherited_from, kept_parents, scan_for_nulls
from ..catalog.kind import Context
from ..catalog.model import Catalog, Ddl, Identity
from ..catalog.quoting import ident


@dataclass(frozen=True)
class Member:
    """A column of the tree: what it will be, and the constraint once the columns are altered, each by itself."""

    new: Column
    parent: Optional[Identity]  # the column that hands the constraint down to it
    name: str
    local: bool
    partition: bool


def roots(desired: Catalog, columns: Iterable[Identity]) -> List[Identity]:
    """The columns, each once, from which the given ones have their NOT NULL."""
    result = []
    for identity in columns:
        column = desired.get(identity)
        seen: Set[Identity] = set()
        while isinstance(column, Column) and column.id not in seen:
            seen.add(column.id)
            above = _giver(column, desired)
            if above is None:
                break
            column = above
        if isinstance(column, Column) and column.not_null and column.id not in result:
            if desired.heirs(column.parent):
                result.append(column.id)
    return result


def _giver(column: Column, catalog: Catalog) -> Optional[Column]:
    return next((parent for parent in inherited_from(column, catalog) if not_null.handed_down(parent)), None)


def members(root: Identity, context: Context, made: Container[Identity]) -> List[Member]:
    """The tree, parents before their heirs; without the tables that the plan makes."""
    result: Dict[Identity, Member] = {}
    stack = [root]
    while stack:
        identity = stack.pop()
        new = context.catalog.get(identity)
        if identity in result or not isinstance(new, Column) or new.parent in made or not new.not_null:
            continue
        above = _giver(new, context.catalog)
        result[identity] = _member(new, result.get(above.id) if above is not None else None, context)
        if not_null.handed_down(new):
            stack.extend(
                identity._replace(schema=heir.schema, name=heir.name)
                for heir in reversed(context.catalog.heirs(new.parent))
            )
    return list(result.values())


def _member(new: Column, parent: Optional[Member], context: Context) -> Member:
    old = context.live.get(new.id)
    name, local = new.not_null_name, True
    if isinstance(old, Column):
        parents = kept_parents(old, new, context)
        if not_null.is_given(old, parents):
            name, local = parent.name if parent is not None else name, False
        elif old.not_null and not_null.stays(old, parents):
            if parents or context.live.heirs(old.parent):
                name = old.not_null_name  # else its own statements have renamed it
            given = any(not_null.handed_down(before) and not_null.handed_down(after) for before, after in parents)
            local = old.not_null_local or not given
    elif parent is not None:
        name, local = parent.name, False  # it came with the parent's column
    table = context.catalog.get(new.parent)
    partition = getattr(table, "partition_bound", None) is not None
    return Member(new, parent.new.id if parent is not None else None, name, local or partition, partition)


def _is_right(member: Member) -> bool:
    constraint = member.new.not_null_constraint
    if constraint is None or constraint.local != member.local:
        return False
    # One that is not local follows its parent's.
    return not constraint.local or member.name == member.new.not_null_name


def statements(tree: List[Member], context: Context) -> List[Ddl]:
    """What brings the names of a tree about; nothing where they are right."""
    by_id = {member.new.id: member for member in tree}
    wrong = [member for member in tree if not _is_right(member)]
    if not wrong:
        return []
    root = tree[0]
    if _all_alike(tree):
        return _rename(root, context)
    opened: Set[Identity] = set()
    for member in wrong:
        if any(other.parent == member.new.id for other in tree):
            opened.add(member.new.id)
        above = member.parent
        while above is not None:
            opened.add(above)
            above = by_id[above].parent
    result = [_hand_down(member, member.name, "NO INHERIT") for member in tree if member.new.id in opened]
    dropped: List[Member] = []
    for member in tree:
        constraint = member.new.not_null_constraint
        if member.parent in opened and constraint is not None and not constraint.local:
            table = member.new.parent
            sql = f"ALTER TABLE {table.relation} ALTER COLUMN {ident(member.new.id.part)} DROP NOT NULL"
            result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", table))
            dropped.append(member)
        elif member in wrong:
            result += _rename(member, context)
    for member in reversed(tree):
        if member.new.id in opened and member not in dropped:
            result.append(_hand_down(member, member.new.not_null_name, "INHERIT"))
    for member in dropped:
        scan = scan_for_nulls(member.new, context)
        result[-1] = Ddl(result[-1].sql, result[-1].hazards + (scan,), result[-1].lock, result[-1].table)
    for member in dropped:
        if member.new.not_null_constraint is not None and member.new.not_null_constraint.comment is not None:
            result += not_null.comment_ddl(member.new)
    return result


def _all_alike(tree: List[Member]) -> bool:
    """Whether the rename of the first one, which PostgreSQL hands down, is all that it takes."""
    first = tree[0]
    return all(
        member.name == first.name
        and member.new.not_null_constraint is not None
        and member.new.not_null_constraint.local == member.local
        and member.new.not_null_name == first.new.not_null_name
        for member in tree
    )


def _rename(member: Member, context: Context) -> List[Ddl]:
    if member.name == member.new.not_null_name:
        return []
    taken = not_null.is_taken(member.new, context)
    return not_null.rename_ddl(member.new.id, member.name, member.new.not_null_name, taken)


def _hand_down(member: Member, name: str, how: str) -> Ddl:
    table = member.new.parent
    return Ddl(f"ALTER TABLE {table.relation} ALTER CONSTRAINT {ident(name)} {how}", (), "ACCESS EXCLUSIVE", table)
