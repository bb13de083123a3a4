# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes that no constraint owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import exact, ident


@dataclass(frozen=True)
class Index(Object):
    """CREATE INDEX. ``body`` is all that follows ON."""

    table: Identity
    unique: bool
    body: str
    tablespace: Optional[str]
    valid: bool
    statistics: Tuple[Tuple[int, int], ...]  # (column number, target) where one was set
    clustered: bool  # of a materialized view; a table's mark is the table's

    @property
    def parent(self) -> Identity:
        return self.table


def _query(_version: int) -> str:
    return """
        SELECT i.oid, n.nspname AS schema, i.relname AS name, tn.nspname AS table_schema, t.relname AS table_name,
               t.relkind::text AS table_kind, x.indisunique, x.indisvalid AND x.indisready AS valid,
               quote_ident(i.relname) AS quoted, pg_get_indexdef(i.oid) AS definition, ts.spcname AS tablespace,
               d.description AS comment, t.relkind = 'm' AND x.indisclustered AS clustered,
               (SELECT array_agg(ARRAY[a.attnum::int, a.attstattarget::int] ORDER BY a.attnum) FROM pg_attribute a
                 WHERE a.attrelid = i.oid AND a.attstattarget >= 0) AS statistics
          FROM pg_index x
          JOIN pg_class i ON i.oid = x.indexrelid
          JOIN pg_namespace n ON n.oid = i.relnamespace
          JOIN pg_class t ON t.oid = x.indrelid
          JOIN pg_namespace tn ON tn.oid = t.relnamespace
          LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
          LEFT JOIN pg_description d ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND t.relkind IN ('r', 'p', 'm') AND NOT i.relispartition
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
         ORDER BY n.nspname, i.relname"""


def _read(row: Any, _context: ReadContext) -> Index:
    # "CREATE [UNIQUE] INDEX name ON body": without the name, a renamed index is recognised.
    head = f"CREATE {'UNIQUE ' if row.indisunique else ''}INDEX {row.quoted} ON "
    kind = "materialized view" if row.table_kind == "m" else "table"
    return Index(
        id=Identity("index", row.schema, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        table=Identity(kind, row.table_schema, row.table_name),
        unique=row.indisunique,
        body=row.definition[len(head) :],
        tablespace=row.tablespace,
        valid=row.valid,
        statistics=tuple((number, target) for number, target in row.statistics or ()),
        clustered=row.clustered,
    )


def _create(index: Index, context: Context) -> List[Ddl]:
    unique = "UNIQUE " if index.unique else ""
    body = exact(index.body)
    if index.tablespace:
        where = body.find(" WHERE ")
        words = f" TABLESPACE {ident(index.tablespace)}"
        body = body + words if where < 0 else body[:where] + words + body[where:]
    rows = context.table_facts(index.table).rows
    hazard = Hazard("blocking_index_build", f"{index.table.relation}: about {rows} rows are indexed")
    result = [Ddl(f"CREATE {unique}INDEX {ident(index.id.name)} ON {body}", (hazard,), "SHARE", index.table)]
    return result + _settings(index, {"statistics", "clustered"} if index.clustered else {"statistics"}, ())


def _settings(index: Index, fields: Any, old: Tuple[Tuple[int, int], ...]) -> List[Ddl]:
    """What is set on an index that is there."""
    result = []
    if "statistics" in fields:
        wanted = dict(index.statistics)
        for number in sorted({number for number, _target in old} | set(wanted)):
            sql = f"ALTER INDEX {index.id.relation} ALTER COLUMN {number} SET STATISTICS {wanted.get(number, -1)}"
            result.append(Ddl(sql, (), "SHARE UPDATE EXCLUSIVE", index.table))
    if "clustered" in fields:
        how = f"CLUSTER ON {ident(index.id.name)}" if index.clustered else "SET WITHOUT CLUSTER"
        result.append(Ddl(f"ALTER MATERIALIZED VIEW {index.table.relation} {how}"))
    return result


def _alter(old: Index, new: Index, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if fields - {"tablespace", "statistics", "clustered"}:
        return None
    result = []
    if "tablespace" in fields:
        sql = f"ALTER INDEX {new.id.relation} SET TABLESPACE {ident(new.tablespace or 'pg_default')}"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", new.table))
    if not new.clustered and any(other.clustered for other in context.catalog.parts(new.table, "index")):
        fields -= {"clustered"}  # setting another index's mark takes this one's away
    return result + _settings(new, fields, old.statistics)


def _drop(index: Index, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP INDEX {index.id.relation}", (), "ACCESS EXCLUSIVE", index.table)]


def _rename(index: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER INDEX {index.id.relation} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="index",
    rank=65,
    system_catalog="pg_class",
    keyword="INDEX",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_class"], row.oid, 0)],
    relation_name=lambda index: str(index.id.name),
    expressions=frozenset({"body"}),
)
