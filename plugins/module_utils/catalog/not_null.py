# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NOT NULL as a constraint, which it is from PostgreSQL 18 on: named, inherited, perhaps not yet valid, with a comment.

It belongs to its column. Until 17 a column has a mere flag, and nothing here comes to anything.
"""

from __future__ import annotations

import re
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from .kind import Context
from .model import Ddl, Hazard, Identity
from .quoting import do_block, ident, literal

_NAME_BYTES = 63  # NAMEDATALEN - 1


class NotNull(NamedTuple):
    """What is compared of the constraint. ``name`` is empty where it is the one that a parent's table gives."""

    name: str
    no_inherit: bool
    valid: bool
    local: bool  # False where a table has it from the one that it inherits from; of a partition always True
    comment: Optional[str]


def columns(version: int) -> str:
    """What the query of columns selects of it, with ``a`` the column."""
    if version < 180000:
        return "NULL AS not_null_name"
    return """nn.conname AS not_null_name, nn.connoinherit AS not_null_no_inherit, nn.convalidated AS not_null_valid,
               nn.conislocal AS not_null_local, nn.coninhcount > 0 AS not_null_inherited,
               nd.description AS not_null_comment"""


def joins(version: int) -> str:
    """What the query of columns joins for that."""
    if version < 180000:
        return ""
    return """
          LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum
          LEFT JOIN pg_description nd ON nd.objoid = nn.oid AND nd.classoid = 'pg_constraint'::regclass
                                     AND nd.objsubid = 0"""


def read(row: Any) -> Optional[NotNull]:
    """The constraint of a row of the query of columns."""
    if row.not_null_name is None:
        return None
    # With a partition, PostgreSQL itself forgets whether it was defined there too, and it makes no difference.
    local = row.not_null_local or not row.not_null_inherited or row.relispartition
    return NotNull(
        name=row.not_null_name if local else "",
        no_inherit=row.not_null_no_inherit,
        valid=row.not_null_valid,
        local=local,
        comment=row.not_null_comment,
    )


def handed_down(column: Any) -> bool:
    """Whether tables that inherit the column have its NOT NULL as well."""
    constraint: Optional[NotNull] = column.not_null_constraint
    return bool(column.not_null) and (constraint is None or not constraint.no_inherit)


def clause(column: Any) -> str:
    """The constraint as it stands in a column's definition; '' where it has to be added afterwards."""
    constraint: Optional[NotNull] = column.not_null_constraint
    if not column.not_null or (constraint is not None and not constraint.valid):
        return ""
    if constraint is None:
        return "NOT NULL"
    # Under its name always: the one that PostgreSQL would choose depends on which names are taken at that moment.
    words = "NOT NULL" if not column.not_null_name else f"CONSTRAINT {ident(column.not_null_name)} NOT NULL"
    return words + (" NO INHERIT" if constraint.no_inherit else "")


def _usual(column: Any, context: Context) -> bool:
    """Whether SET NOT NULL gives the constraint the name that it should have."""
    name = f"{column.id.name}_{column.id.part}_not_null"
    if column.not_null_name != name or len(name.encode()) > _NAME_BYTES:
        return False
    return not any(
        other.id != column.id and other.id.schema == column.id.schema
        for other in context.live.constraints_named(name) + context.catalog.constraints_named(name)
    )


def set_ddl(column: Any, context: Context, scan: Hazard) -> List[Ddl]:
    """Give the constraint to a column that is there, and its comment."""
    constraint: Optional[NotNull] = column.not_null_constraint
    table = column.parent
    on = f"ALTER TABLE {table.relation}"
    name, part = column.not_null_name, ident(column.id.part)
    if constraint is None or (constraint.valid and not constraint.no_inherit and _usual(column, context)):
        sql = f"{on} ALTER COLUMN {part} SET NOT NULL"
    else:
        tail = (" NO INHERIT" if constraint.no_inherit else "") + ("" if constraint.valid else " NOT VALID")
        sql = f"{on} ADD CONSTRAINT {ident(name)} NOT NULL {part}{tail}"
    hazards = (scan,) if constraint is None or constraint.valid else ()
    return [Ddl(sql, hazards, "ACCESS EXCLUSIVE", table)] + (comment_ddl(column) if _commented(column) else [])


def after_create(column: Any, context: Context, in_table: bool) -> List[Ddl]:
    """What does not fit into the definition of a new column."""
    constraint: Optional[NotNull] = column.not_null_constraint
    if constraint is None:
        return []
    if not constraint.valid and (column.local or not in_table):
        return set_ddl(column, context, Hazard("blocking_scan", ""))
    return comment_ddl(column) if _commented(column) else []


def _commented(column: Any) -> bool:
    return column.not_null_constraint is not None and column.not_null_constraint.comment is not None


def comment_ddl(column: Any, name: Optional[str] = None) -> List[Ddl]:
    """COMMENT ON CONSTRAINT, which may have another ``name`` as yet."""
    text = column.not_null_constraint.comment
    words = "NULL" if text is None else literal(text)
    return [Ddl(f"COMMENT ON CONSTRAINT {ident(name or column.not_null_name)} ON {column.parent.relation} IS {words}")]


def rename_ddl(column: Identity, old: str, new: str, taken: bool) -> List[Ddl]:
    """Give the constraint another name. ``taken``: another one of the table may have it at the moment."""
    on = f"ALTER TABLE {column.relation} RENAME CONSTRAINT"
    plain = f"{on} {ident(old)} TO {ident(new)}"
    table = Identity("table", column.schema, column.name)
    if not taken:
        return [Ddl(plain, (), "ACCESS EXCLUSIVE", table)]
    aside = ("__moved_" + new).encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    relation, part = literal(column.relation), literal(column.part)
    body = f"""
DECLARE
    found name := (SELECT k.conname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid
                      AND a.attnum = k.conkey[1] WHERE k.conrelid = {relation}::regclass AND k.contype = 'n'
                      AND a.attname = {part});
BEGIN
    IF found <> {literal(new)} THEN
        IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = {relation}::regclass AND conname = {literal(new)}) THEN
            {on} {ident(new)} TO {ident(aside)};
        END IF;
        EXECUTE format('{on.replace("'", "''").replace("%", "%%")} %I TO %I', found, {literal(new)});
    END IF;
END """
    return [Ddl(do_block(body, "rename"), (), "ACCESS EXCLUSIVE", table)]


def stays(old: Any, parents: Sequence[Tuple[Any, Any]]) -> bool:
    """Whether a column that has the constraint still has it once its parents' were altered.

    ``parents`` are the columns that it inherits from, as they are and as they will be.
    """
    given = [after for before, after in parents if handed_down(before)]
    # One that its parent hands down no more, but keeps, is left to the heirs.
    return not given or bool(old.not_null_local) or any(after.not_null for after in given)


def is_given(old: Any, parents: Sequence[Tuple[Any, Any]]) -> bool:
    """Whether a column gets the constraint from its parents' in the course of the plan."""
    had = old.not_null and stays(old, parents)
    return not had and any(handed_down(after) for _before, after in parents)


def alter(
    old: Any, new: Any, parents: Sequence[Tuple[Any, Any]], in_tree: bool, context: Context, scan: Hazard
) -> List[Ddl]:
    """What the column's own statements do, once its parents' are done.

    Names are left alone where others inherit them (``in_tree``): those of a whole tree are changed together.
    """
    table, part = new.parent, ident(new.id.part)
    on = f"ALTER TABLE {table.relation}"
    remains = old.not_null and stays(old, parents)
    drop = Ddl(f"{on} ALTER COLUMN {part} DROP NOT NULL", (), "ACCESS EXCLUSIVE", table)
    if not new.not_null:
        return [drop] if remains else []
    before, after = old.not_null_constraint, new.not_null_constraint
    if is_given(old, parents):
        return []
    if not remains:
        return set_ddl(new, context, scan)
    if before.valid and not after.valid and not _same_of_parents(old, new, parents, "valid"):
        return [drop] + set_ddl(new, context, scan)
    result: List[Ddl] = []
    name = ident(old.not_null_name)
    if before.no_inherit != after.no_inherit:
        # Where it comes to be handed down, the heirs are read for null values.
        how = "NO INHERIT" if after.no_inherit else "INHERIT"
        result.append(Ddl(f"{on} ALTER CONSTRAINT {name} {how}", (), "ACCESS EXCLUSIVE", table))
    if after.valid and not before.valid and not _same_of_parents(old, new, parents, "valid"):
        result.append(Ddl(f"{on} VALIDATE CONSTRAINT {name}", (), "SHARE UPDATE EXCLUSIVE", table))
    if not in_tree and old.not_null_name != new.not_null_name:
        if new.typed:
            return [drop] + set_ddl(new, context, scan)  # there, PostgreSQL does not rename it
        result += rename_ddl(new.id, old.not_null_name, new.not_null_name, is_taken(new, context))
    if before.comment != after.comment:
        result += comment_ddl(new, old.not_null_name if in_tree else new.not_null_name)
    return result


def _same_of_parents(old: Any, new: Any, parents: Sequence[Tuple[Any, Any]], what: str) -> bool:
    """Whether the change of the constraint comes with a parent's."""
    wanted = (getattr(old.not_null_constraint, what), getattr(new.not_null_constraint, what))
    return any(
        handed_down(after)
        and (getattr(before.not_null_constraint, what, None), getattr(after.not_null_constraint, what, None)) == wanted
        for before, after in parents
    )


def is_taken(column: Any, context: Context) -> bool:
    """Whether another constraint of the table has the name that this one shall have."""
    others = context.live.constraints_named(column.not_null_name)
    return any(other.id != column.id and other.parent == column.parent for other in others)


_ADDS = re.compile(r" ADD CONSTRAINT (?P<name>(?:\"(?:[^\"]|\"\")+\"|[^\" ]+)) NOT NULL (?P<column>.+)\Z")


def adds(sql: str) -> Optional["re.Match[str]"]:
    """The match where a statement adds the constraint under a name."""
    return _ADDS.search(sql)


def makes_not_null(sql: str) -> bool:
    """Whether a statement reads a table for null values and then forbids them."""
    return sql.endswith(" SET NOT NULL") or (adds(sql) is not None and not sql.endswith(" NOT VALID"))


def retold(column: Identity, sql: str) -> str:
    """The statement again, for a column that has been renamed since."""
    match = adds(sql)
    if sql.endswith(" SET NOT NULL"):
        return f"ALTER TABLE {column.relation} ALTER COLUMN {ident(column.part)} SET NOT NULL"
    if match is None:
        return sql
    tail = " NO INHERIT" if sql.endswith(" NO INHERIT") else ""
    return f"ALTER TABLE {column.relation} ADD CONSTRAINT {match['name']} NOT NULL {ident(column.part)}{tail}"
