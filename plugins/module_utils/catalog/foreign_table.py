# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign tables, partitions among them. Their columns, defaults, checks and triggers are of the kinds of tables'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from . import column as columns
from . import lineage
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, rename_ddl
from .model import Ddl, Identity, Object
from .options import Option, change_options, read_options, with_options
from .quoting import ident, qualified


@dataclass(frozen=True)
class ForeignTable(Object):
    """CREATE FOREIGN TABLE."""

    server: str
    options: Tuple[Option, ...]
    inherits: Tuple[Tuple[str, str], ...]  # parents as (schema, name), in order
    partition_bound: Optional[str]  # of a partition, whose parent is inherits[0]
    inherited_columns: Tuple[str, ...]  # those that the table does not define itself; of a partition: none

    @property
    def partition_of(self) -> Optional[Identity]:
        """The partitioned table that this one is a partition of."""
        return Identity("table", *self.inherits[0]) if self.partition_bound is not None else None


def _query(_version: int) -> str:
    return """
        SELECT c.oid, c.reltype, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
               c.relacl::text[] AS acl, d.description AS comment, s.srvname AS server, f.ftoptions AS options,
               parents.names AS inherits,
               CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
               (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attislocal AND NOT a.attisdropped
                   AND NOT c.relispartition) AS inherited_columns
          FROM pg_foreign_table f
          JOIN pg_class c ON c.oid = f.ftrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_foreign_server s ON s.oid = f.ftserver
          LEFT JOIN (SELECT i.inhrelid, array_agg(ARRAY[pn.nspname::text, p.relname::text] ORDER BY i.inhseqno) AS names
                       FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                       JOIN pg_namespace pn ON pn.oid = p.relnamespace GROUP BY i.inhrelid) parents
                 ON parents.inhrelid = c.oid
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.relname"""


def _read(row: Any, context: ReadContext) -> ForeignTable:
    return ForeignTable(
        id=Identity("foreign table", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "table", row.owner),
        comment=row.comment,
        server=row.server,
        options=read_options(row.options),
        inherits=tuple((schema, name) for schema, name in row.inherits or ()),
        partition_bound=row.partition_bound,
        inherited_columns=tuple(row.inherited_columns or ()),
    )


def _create(table: ForeignTable, context: Context) -> List[Ddl]:
    parts = list(context.catalog.parts(table.id, "column"))
    beyond = columns.own_not_nulls(parts, context)
    if table.partition_of is not None:
        shape = f" PARTITION OF {table.partition_of.relation}{columns.listed(beyond)} {table.partition_bound}"
    else:
        own = [columns.definition(column, context) for column in parts if column.local]
        lines = ",\n".join("    " + words for words in own + beyond)
        shape = f" (\n{lines}\n)" if lines else " ()"
        if table.inherits:
            shape += f" INHERITS ({', '.join(qualified(*parent) for parent in table.inherits)})"
    head = f"CREATE FOREIGN TABLE {table.id.relation}{shape} SERVER {ident(table.server)}"
    result = [with_options(head, table.options)]
    for column in parts:
        if not column.local:
            result += columns.beyond_parents(column, context, in_table=True)
        result += columns.after_create(column, context, in_table=True)
    return result


def _alter(old: ForeignTable, new: ForeignTable, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if "server" in fields or lineage.comes_to_inherit(old, new, context):
        return None
    if "inherits" in fields and lineage.hands_checks_down(old, new, context):
        return None
    name = new.id.relation
    result = []
    if "options" in fields:
        on = f"ALTER FOREIGN TABLE {name}"
        result.append(change_options(on, old.options, new.options, lock="ACCESS EXCLUSIVE", table=new.id))
    if fields & {"inherits", "partition_bound"}:
        result += lineage.leave(old, new, context)
    return result


def _drop(table: ForeignTable, _context: Context) -> List[Ddl]:
    # The rows are elsewhere.
    return [Ddl(f"DROP FOREIGN TABLE {table.id.relation}", (), "ACCESS EXCLUSIVE", table.id)]


KIND = Kind(
    name="foreign table",
    rank=50,
    system_catalog="pg_class",
    keyword="FOREIGN TABLE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=lambda obj, new: rename_ddl("FOREIGN TABLE", obj, new),
    addresses=lambda row: [(CATALOG_OIDS["pg_class"], row.oid, 0), (CATALOG_OIDS["pg_type"], row.reltype, 0)],
    acl_class="table",
    grant_keyword="TABLE",
    relation_name=lambda table: str(table.id.name),
)
