# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes that no constraint owns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Optional, Sequence, Tuple

from . import attached
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, option_changes, options_text
from .model import Ddl, Hazard, Identity, Object
from .quoting import exact, ident, literal


@dataclass(frozen=True)
class Index(Object):
    """CREATE INDEX. ``body`` is all that follows ON but for the storage parameters; it is not compared where the index
    is attached to another: there it is the other's."""

    table: Identity
    unique: bool
    body: str
    options: Tuple[str, ...]
    tablespace: Optional[str]
    valid: bool
    statistics: Tuple[Tuple[int, int], ...]  # (column number, target) where one was set
    clustered: bool  # of a materialized view; a table's mark is the table's
    attached: Optional[Identity]  # the partitioned table's index that this partition's belongs to
    usual_name: bool = field(compare=False)  # the one that PostgreSQL gives it
    own_body: str = field(compare=False)

    @property
    def parent(self) -> Identity:
        return self.table


def _query(version: int) -> str:
    # The server takes long to write an index out. Most are of mere columns, with nothing about them that is said: of
    # those the columns are enough. What pg_get_indexdef() says beyond them: get_opclass_name() and
    # pg_get_indexdef_worker() in src/backend/utils/adt/ruleutils.c.
    distinct = "AND NOT indnullsnotdistinct" if version >= 150000 else ""
    return f"""
        SELECT i.oid, n.nspname AS schema, i.relname AS name, tn.nspname AS table_schema, t.relname AS table_name,
               t.relkind::text AS table_kind, i.reloptions, x.indisunique, x.indisvalid AND x.indisready AS valid,
               quote_ident(i.relname) AS quoted, ts.spcname AS tablespace,
               CASE WHEN plain.keys IS NULL OR beyond.options THEN pg_get_indexdef(i.oid) END AS definition,
               i.relkind = 'I' AS partitioned, quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS quoted_table,
               quote_ident(am.amname) AS method, plain.keys, plain.included,
               d.description AS comment, t.relkind = 'm' AND x.indisclustered AS clustered,
               an.nspname AS attached_schema, ai.relname AS attached_name,
               CASE WHEN h.inhparent IS NOT NULL THEN i.relname = t.relname || '_' || (
                   SELECT string_agg(a.attname, '_' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = i.oid) || '_idx' END AS usual_name, beyond.statistics
          FROM pg_index x
          JOIN pg_class i ON i.oid = x.indexrelid
          JOIN pg_namespace n ON n.oid = i.relnamespace
          JOIN pg_class t ON t.oid = x.indrelid
          JOIN pg_namespace tn ON tn.oid = t.relnamespace
          JOIN pg_am am ON am.oid = i.relam
          LEFT JOIN (SELECT k.indexrelid,
                            string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)
                                FILTER (WHERE k.n <= k.indnkeyatts) AS keys,
                            string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)
                                FILTER (WHERE k.n > k.indnkeyatts) AS included
                       FROM (SELECT indexrelid, indrelid, indnkeyatts, generate_series(1, indnatts) AS n,
                                    unnest(indkey::int2[]) AS attnum, unnest(indclass::oid[]) AS opclass,
                                    unnest(indcollation::oid[]) AS collation, unnest(indoption::int2[]) AS option
                               FROM pg_index
                              WHERE indexrelid >= 16384 AND NOT indisprimary AND indexprs IS NULL AND indpred IS NULL
                                    {distinct}) k
                       JOIN (SELECT attrelid, attnum, attname, atttypid, attcollation FROM pg_attribute
                              WHERE attnum > 0
                                AND attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm'))) a
                         ON a.attrelid = k.indrelid AND a.attnum = k.attnum
                       LEFT JOIN pg_opclass o ON o.oid = k.opclass
                      GROUP BY k.indexrelid
                     HAVING bool_and(k.n > k.indnkeyatts OR (o.opcdefault AND o.opcintype = a.atttypid
                                                             AND k.collation = a.attcollation AND k.option = 0))) plain
                 ON plain.indexrelid = i.oid
          LEFT JOIN (SELECT attrelid, bool_or(attoptions IS NOT NULL) AS options,
                            array_agg(ARRAY[attnum::int, attstattarget::int] ORDER BY attnum)
                                FILTER (WHERE attstattarget >= 0) AS statistics
                       FROM pg_attribute WHERE attnum > 0 AND (attstattarget >= 0 OR attoptions IS NOT NULL)
                      GROUP BY attrelid) beyond ON beyond.attrelid = i.oid
          LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
          LEFT JOIN pg_inherits h ON h.inhrelid = i.oid
          LEFT JOIN pg_class ai ON ai.oid = h.inhparent
          LEFT JOIN pg_namespace an ON an.oid = ai.relnamespace
          LEFT JOIN pg_description d ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND t.relkind IN ('r', 'p', 'm')
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
         ORDER BY n.nspname, i.relname"""


def _read(row: Any, _context: ReadContext) -> Index:
    kind = "materialized view" if row.table_kind == "m" else "table"
    body, options = _body(row)
    return Index(
        id=Identity("index", row.schema, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        table=Identity(kind, row.table_schema, row.table_name),
        unique=row.indisunique,
        body="" if row.attached_name else body,
        own_body=body,
        options=options,
        tablespace=row.tablespace,
        valid=row.valid,
        statistics=tuple((number, target) for number, target in row.statistics or ()),
        clustered=row.clustered,
        attached=Identity("index", row.attached_schema, row.attached_name) if row.attached_name else None,
        usual_name=bool(row.usual_name),
    )


def _body(row: Any) -> Tuple[str, Tuple[str, ...]]:
    """What follows ON, and the storage parameters."""
    if row.definition is None:
        only = "ONLY " if row.partitioned else ""
        included = f" INCLUDE ({row.included})" if row.included else ""
        body = f"{only}{row.quoted_table} USING {row.method} ({row.keys}){included}"
        return body, tuple(sorted(row.reloptions or ()))
    # "CREATE [UNIQUE] INDEX name ON body": without the name, a renamed index is recognised.
    head = f"CREATE {'UNIQUE ' if row.indisunique else ''}INDEX {row.quoted} ON "
    return _without_options(row.definition[len(head) :], row.reloptions or ())


def _without_options(body: str, options: Sequence[str]) -> Tuple[str, Tuple[str, ...]]:
    """A body without its WITH (…), and that."""
    pairs = [option.partition("=") for option in options]
    listed = ", ".join(
        f"{ident(key)}={value if ident(value) == value else literal(value)}" for key, _equals, value in pairs
    )
    words = f" WITH ({listed})"
    if not options or words not in body:
        return body, ()
    return body.replace(words, "", 1), tuple(sorted(options))


def _create(index: Index, context: Context) -> List[Ddl]:
    unique = "UNIQUE " if index.unique else ""
    body = exact(index.own_body)
    if index.valid and body.startswith("ONLY "):
        body = body[len("ONLY ") :]  # with it, the partitions would go without
    words = f" WITH ({options_text(index.options)})" if index.options else ""
    words += f" TABLESPACE {ident(index.tablespace)}" if index.tablespace else ""
    if words:
        where = body.find(" WHERE ")
        body = body + words if where < 0 else body[:where] + words + body[where:]
    rows = context.table_facts(index.table).rows
    hazard = Hazard("blocking_index_build", f"{index.table.relation}: about {rows} rows are indexed")
    result: List[Ddl] = []
    unless = ""
    waited_for = index.attached is not None and attached.is_waited_for(index.attached, index.table, context)
    if index.attached is not None and not waited_for and attached.comes_along(index.attached, context):
        result = attached.name_after(index.attached, index.table, index.id.name, index.usual_name, context)
        unless = "IF NOT EXISTS "
    result.append(
        Ddl(f"CREATE {unique}INDEX {unless}{ident(index.id.name)} ON {body}", (hazard,), "SHARE", index.table)
    )
    if unless and index.attached is not None:
        result += _options((), index)
        result += attached.place_after(index.id.relation, index.tablespace, index.attached, context)
    if waited_for and index.attached is not None:
        result.append(attached.attach(index.attached, index.id))
    return result + _settings(index, {"statistics", "clustered"} if index.clustered else {"statistics"}, ())


def _options(old: Sequence[str], index: Index) -> List[Ddl]:
    to_set, to_reset = option_changes(old, index.options)
    on = f"ALTER INDEX {index.id.relation}"
    result = [Ddl(f"{on} SET ({options_text(to_set)})", (), "SHARE UPDATE EXCLUSIVE", index.table)] if to_set else []
    if to_reset:
        result.append(Ddl(f"{on} RESET ({', '.join(to_reset)})", (), "SHARE UPDATE EXCLUSIVE", index.table))
    return result


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
    # Where one of the two is attached, the texts are not to be compared.
    fields -= {"body"} if "attached" in fields and old.own_body == new.own_body else set()
    if new.attached is not None and old.attached is not None:
        fields -= {"attached"} if old.attached == attached.found_as(new.attached, context) else set()
    if fields - {"tablespace", "statistics", "clustered", "attached", "options"}:
        return None
    result: List[Ddl] = _options(old.options, new) if "options" in fields else []
    if "attached" in fields:
        if old.attached is not None and attached.stays_attached(new.table, context):
            return None  # PostgreSQL attaches a partition's index for good
        result += _attach(new, context)
    if "tablespace" in fields:
        sql = f"ALTER INDEX {new.id.relation} SET TABLESPACE {ident(new.tablespace or 'pg_default')}"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", new.table))
    if not new.clustered and any(other.clustered for other in context.catalog.parts(new.table, "index")):
        fields -= {"clustered"}  # setting another index's mark takes this one's away
    return result + _settings(new, fields, old.statistics)


def _attach(index: Index, context: Context) -> List[Ddl]:
    """ATTACH PARTITION, where neither the parent's index nor the partition is new and adopts it anyway."""
    if index.attached is None or not attached.comes_along(index.attached, context):
        return []
    before, after = context.live.get(index.table), context.catalog.get(index.table)
    if getattr(before, "partition_bound", None) is None or before != after:
        return []
    return [attached.attach(index.attached, index.id)]


def _drop(index: Index, context: Context) -> List[Ddl]:
    if index.attached is not None and attached.stays_attached(index.table, context):
        return []
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
