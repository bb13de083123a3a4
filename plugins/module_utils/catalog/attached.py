# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes of partitions that belong to an index of the partitioned table.

PostgreSQL makes them with the partition or with the parent's index, under names of its own choice, unless one of the
same definition is there already: that one is adopted. So where the parent's index is new, the plan makes those of the
partitions first; where it is the partition that is new, they come with it and are given their names afterwards.
"""

from __future__ import annotations

from typing import Any, List, Optional

from .kind import Context
from .model import Ddl, Identity
from .quoting import do_block, ident, literal, qualified

_MOVED = "__moved_"
_NAME_BYTES = 63  # NAMEDATALEN - 1


def comes_along(attached: Any, context: Context) -> bool:
    """Whether the parent's index is there already, so that a new partition brings its own."""
    return attached is not None and found_as(attached, context) is not None


def is_waited_for(adopter: Identity, table: Identity, context: Context) -> bool:
    """Whether a part is made after what it is attached to, and attached to it in so many words: an index or key that
    was made for a partitioned table ONLY adopts nothing. With a new partition, its part comes along all the same."""
    after: Any = context.catalog.get(adopter)
    if after is None or is_whole(after):
        return False
    found = found_as(adopter, context)
    if found is None or is_whole(context.live.get(found)):
        return True
    partition = context.live.get(table)
    return bool(getattr(partition, "partition_of", None) == after.parent)


def is_whole(obj: Any) -> bool:
    """Whether an index or key of a partitioned table has its part in every partition."""
    return bool(obj.valid if obj.id.kind == "index" else obj.whole)


def attach(adopter: Identity, part: Identity) -> Ddl:
    """Make a partition's index a part of the partitioned table's."""
    return Ddl(f"ALTER INDEX {adopter.relation} ATTACH PARTITION {part.relation}")


def found_as(wanted: Identity, context: Context) -> Optional[Identity]:
    """What an index or key of the source is called in the live database, where it may have to be renamed first."""
    if wanted in context.live.objects:
        return wanted
    new: Any = context.catalog.get(wanted)
    if new is None or new.parent is None:
        return None
    for old in context.live.parts(new.parent, wanted.kind):
        if old.id not in context.catalog.objects and _content(old) == _content(new):
            return Identity(*old.id)
    return None


def _content(obj: Any) -> Any:
    if obj.id.kind == "index":
        return obj.unique, obj.own_body, obj.tablespace, obj.options
    return obj.type, obj.own_definition


def stays_attached(table: Identity, context: Context) -> bool:
    """Whether the table is a partition afterwards too: then its part of an index goes only with the whole."""
    after = context.catalog.get(table)
    return getattr(after, "partition_bound", None) is not None


def name_after(parent: Identity, table: Identity, name: str, usual: bool, context: Context) -> List[Ddl]:
    """Give the index that came with a partition its name, where PostgreSQL may have chosen another.

    ``parent`` is the name of the parent's index. Nothing where the name is the usual one, and nobody else wants it.
    """
    numbered = [Identity("index", table.schema, f"{name}{number}") for number in ("", 1, 2, 3)]
    rivals = any(each in context.live.objects for each in numbered[:1]) or any(
        each in context.catalog.objects for each in numbered[1:]
    )
    if usual and not rivals and context.live.get(table) is None:
        return []
    wanted = qualified(table.schema, name)
    moved = (_MOVED + name).encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    body = f"""
DECLARE
    found regclass := (SELECT i.inhrelid::regclass FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
                        WHERE i.inhparent = to_regclass({literal(parent.relation)})
                          AND x.indrelid = {literal(table.relation)}::regclass);
BEGIN
    IF found IS DISTINCT FROM to_regclass({literal(wanted)}) AND found IS NOT NULL THEN
        ALTER INDEX IF EXISTS {wanted} RENAME TO {ident(moved)};
        EXECUTE format('ALTER INDEX %s RENAME TO %I', found, {literal(name)});
    END IF;
END """
    return [Ddl(do_block(body, "rename"))]


def place_after(name: str, tablespace: Optional[str], parent: Identity, context: Context) -> List[Ddl]:
    """Move the index that came with a partition, where the parent's or it is not in the database's own tablespace.

    ``name`` is the index's, quoted; ``parent`` the parent's index or key.
    """
    adopters = context.live.get(parent), context.catalog.get(parent)
    theirs = [getattr(each, "tablespace", None) or getattr(each, "index_tablespace", None) for each in adopters]
    if tablespace is None and not any(theirs):
        return []
    return [Ddl(f"ALTER INDEX {name} SET TABLESPACE {ident(tablespace or 'pg_default')}")]


def unless_there(table: Identity, name: str, statement: str) -> Ddl:
    """Run a statement unless the table has a constraint of that name."""
    body = f"""
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {literal(table.relation)}::regclass
                      AND conname = {literal(name)}) THEN
        {statement};
    END IF;
END """
    return Ddl(do_block(body, "unless"), (), "ACCESS EXCLUSIVE", table)


def name_reference(parent: Identity, table: Identity, name: str) -> List[Ddl]:
    """Give the foreign key that a partition has from the partitioned table's its name, and move aside what has it.

    ``parent`` is the foreign key of the partitioned table.
    """
    moved = (_MOVED + name).encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    on = f"ALTER TABLE {table.relation} RENAME CONSTRAINT"
    body = f"""
DECLARE
    found name := (SELECT k.conname FROM pg_constraint k JOIN pg_constraint p ON p.oid = k.conparentid
                    WHERE k.conrelid = {literal(table.relation)}::regclass AND k.contype = 'f'
                      AND p.conrelid = {literal(parent.relation)}::regclass AND p.conname = {literal(parent.part)}
                      AND p.confrelid = k.confrelid);
BEGIN
    IF found <> {literal(name)} THEN
        IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = {literal(table.relation)}::regclass
                      AND conname = {literal(name)}) THEN
            {on} {ident(name)} TO {ident(moved)};
        END IF;
        EXECUTE {literal(on + " ")} || quote_ident(found) || {literal(" TO " + ident(name))};
    END IF;
END """
    return [Ddl(do_block(body, "rename"), (), "ACCESS EXCLUSIVE", table)]
