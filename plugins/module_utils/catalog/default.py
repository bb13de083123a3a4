# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults of columns, of tables and of views. Apart from their columns, because a default may need a sequence or a
function that in turn needs the table; the plan writes it into the column's definition wherever nothing forbids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Identity, Object
from .quoting import exact, ident


@dataclass(frozen=True)
class Default(Object):
    """ALTER COLUMN … SET DEFAULT."""

    expression: str
    relation_kind: str  # view, table or foreign table

    @property
    def parent(self) -> Identity:
        of_view = self.relation_kind == "view"
        return Identity("view" if of_view else "column", self.id.schema, self.id.name, "" if of_view else self.id.part)


def _query(_version: int) -> str:
    # A default names no column, so the server need not open the table to write it.
    return """
        SELECT e.oid, n.nspname AS schema, c.relname AS table_name, a.attname AS name,
               pg_get_expr(e.adbin, 0) AS expression, c.relkind::text AS relkind
          FROM pg_attrdef e
          JOIN pg_class c ON c.oid = e.adrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
         WHERE n.nspname = ANY(%(schemas)s) AND a.attgenerated = '' AND c.relkind IN ('r', 'p', 'v', 'f')
         ORDER BY n.nspname, c.relname, a.attnum"""


_RELATION_KINDS = {"v": "view", "f": "foreign table"}


def _read(row: Any, _context: ReadContext) -> Default:
    identity = Identity("default", row.schema, row.table_name, row.name)
    kind = _RELATION_KINDS.get(row.relkind, "table")
    return Default(id=identity, owner=None, acl=None, comment=None, expression=row.expression, relation_kind=kind)


def _statement(default: Default, words: str) -> List[Ddl]:
    table = Identity(default.relation_kind, default.id.schema, default.id.name)
    # Without ONLY, what inherits from the table would get the same default.
    only = "" if default.relation_kind == "view" else "ONLY "
    sql = f"ALTER {default.relation_kind.upper()} {only}{table.relation} ALTER COLUMN {ident(default.id.part)} {words}"
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", table)]


def _create(default: Default, _context: Context) -> List[Ddl]:
    return _statement(default, f"SET DEFAULT {exact(default.expression)}")


def _alter(_old: Default, new: Default, _fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    return _create(new, context)


def _drop(default: Default, _context: Context) -> List[Ddl]:
    return _statement(default, "DROP DEFAULT")


KIND = Kind(
    name="default",
    rank=52,
    system_catalog="pg_attrdef",
    keyword="DEFAULT",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    target=lambda default: f"{default.id.relation}.{ident(default.id.part)}",
    addresses=lambda row: [(CATALOG_OIDS["pg_attrdef"], row.oid, 0)],
    expressions=frozenset({"expression"}),
    replaceable=True,
)
