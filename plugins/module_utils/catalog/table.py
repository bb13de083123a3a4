# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables: plain, unlogged, inheriting, partitioned, and partitions. Columns and all else on them are other kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Optional, Tuple

from . import column as columns
from . import lineage
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, option_changes, options_text
from .model import Ddl, Facts, Hazard, Identity, Object
from .quoting import ident, qualified


@dataclass(frozen=True)
class Table(Object):
    """CREATE TABLE."""

    unlogged: bool
    options: Tuple[str, ...]  # storage parameters, those of the TOAST table with the prefix "toast."
    row_security: bool
    force_row_security: bool
    replica_identity: str  # d(efault), f(ull), n(othing), i(ndex)
    replica_index: Optional[str]
    cluster_index: Optional[str]
    tablespace: Optional[str]  # None: the database's
    access_method: Optional[str]
    of_type: Optional[str]
    inherits: Tuple[Tuple[str, str], ...]  # parents as (schema, name), in order
    partition_key: Optional[str]
    partition_bound: Optional[str]  # of a partition, whose parent is inherits[0]
    inherited_columns: Tuple[str, ...]  # those that the table does not define itself; of a partition: none
    detaching: bool  # a partition whose concurrent detachment was broken off halfway
    partition_columns: Tuple[str, ...] = field(compare=False)  # those that the partition key is made of

    @property
    def partition_of(self) -> Optional[Identity]:
        """The partitioned table that this one is a partition of."""
        return Identity("table", *self.inherits[0]) if self.partition_bound is not None else None


def _query(version: int) -> str:
    detaching = "bool_or(i.inhdetachpending)" if version >= 140000 else "false"
    return f"""
        SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
               c.relacl::text[] AS acl, d.description AS comment, c.relpersistence::text AS persistence,
               c.reloptions, toast.reloptions AS toast_options, c.relrowsecurity, c.relforcerowsecurity,
               c.relreplident::text AS replica_identity, special.replica_index, special.cluster_index,
               ts.spcname AS tablespace, am.amname AS access_method,
               CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
               parents.names AS inherits, coalesce(parents.detaching, false) AS detaching,
               CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
               CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, 0) END AS partition_bound,
               c.reltuples, c.relpages, c.reltype,
               CASE WHEN parents.names IS NOT NULL AND NOT c.relispartition THEN
                   (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attislocal AND NOT a.attisdropped) END
                   AS inherited_columns,
               CASE WHEN c.relkind = 'p' THEN
                   (SELECT array_agg(DISTINCT a.attname::text) FROM pg_depend k JOIN pg_attribute a
                        ON a.attrelid = k.objid AND a.attnum = k.objsubid
                     WHERE k.classid = 'pg_class'::regclass AND k.objid = c.oid AND k.objsubid > 0 AND k.deptype = 'i'
                       AND k.refclassid = 'pg_class'::regclass AND k.refobjid = c.oid AND k.refobjsubid = 0) END
                   AS partition_columns
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
          LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
          LEFT JOIN pg_am am ON am.oid = c.relam
          LEFT JOIN (SELECT x.indrelid, max(xc.relname) FILTER (WHERE x.indisreplident) AS replica_index,
                            max(xc.relname) FILTER (WHERE x.indisclustered) AS cluster_index
                       FROM pg_index x JOIN pg_class xc ON xc.oid = x.indexrelid
                      WHERE x.indisreplident OR x.indisclustered GROUP BY x.indrelid) special
                 ON special.indrelid = c.oid
          LEFT JOIN (SELECT i.inhrelid, {detaching} AS detaching,
                            array_agg(ARRAY[pn.nspname::text, p.relname::text] ORDER BY i.inhseqno) AS names
                       FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                       JOIN pg_namespace pn ON pn.oid = p.relnamespace GROUP BY i.inhrelid) parents
                 ON parents.inhrelid = c.oid
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p')
         ORDER BY n.nspname, c.relname"""


def _read(row: Any, context: ReadContext) -> Table:
    options = tuple(sorted(row.reloptions or ())) + tuple(sorted("toast." + o for o in row.toast_options or ()))
    return Table(
        id=Identity("table", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "table", row.owner),
        comment=row.comment,
        unlogged=row.persistence == "u",
        options=options,
        row_security=row.relrowsecurity,
        force_row_security=row.relforcerowsecurity,
        replica_identity=row.replica_identity,
        replica_index=row.replica_index,
        cluster_index=row.cluster_index,
        tablespace=row.tablespace,
        access_method=row.access_method,
        of_type=row.of_type,
        inherits=tuple((schema, name) for schema, name in row.inherits or ()),
        partition_key=row.partition_key,
        partition_bound=row.partition_bound,
        inherited_columns=tuple(row.inherited_columns or ()),
        detaching=row.detaching,
        partition_columns=tuple(row.partition_columns or ()),
    )


def _facts(row: Any) -> Facts:
    return Facts(rows=max(int(row.reltuples), 0), size=row.relpages * 8192)


def _create(table: Table, context: Context) -> List[Ddl]:
    name = table.id.relation
    parts = list(context.catalog.parts(table.id, "column"))
    unlogged = "UNLOGGED " if table.unlogged else ""
    partition_of = table.partition_of
    beyond = columns.own_not_nulls(parts, context)
    if partition_of is not None:
        shape = f" PARTITION OF {partition_of.relation}{columns.listed(beyond)} {table.partition_bound}"
    else:
        own = [column for column in parts if column.local]
        lines = ",\n".join("    " + words for words in [columns.definition(c, context) for c in own] + beyond)
        if table.of_type:
            options = [each for each in (columns.definition(c, context) for c in own) if not each.endswith(" OPTIONS")]
            shape = f" OF {table.of_type}" + (f" ({', '.join(options)})" if options else "")
        else:
            shape = f" (\n{lines}\n)" if lines else " ()"
        if table.inherits:
            shape += f" INHERITS ({', '.join(qualified(*parent) for parent in table.inherits)})"
    if table.partition_key:
        shape += f" PARTITION BY {table.partition_key}"
    parent = context.catalog.get(partition_of) if partition_of is not None else None  # a partition takes after it
    if table.access_method and table.access_method != (getattr(parent, "access_method", None) or "heap"):
        shape += f" USING {ident(table.access_method)}"
    if table.options:
        shape += f" WITH ({options_text(table.options)})"
    if table.tablespace or getattr(parent, "tablespace", None):
        shape += f" TABLESPACE {ident(table.tablespace or 'pg_default')}"
    result = [Ddl(f"CREATE {unlogged}TABLE {name}{shape}")]
    result += _row_security(table, {"row_security", "force_row_security"}, created=True)
    for column in parts:
        if not column.local:
            result += columns.beyond_parents(column, context, in_table=True)
        result += columns.after_create(column, context, in_table=True)
    return result


def _row_security(table: Table, fields: Any, created: bool = False) -> List[Ddl]:
    name = table.id.relation
    result = []
    for name_of, words in (("row_security", ("ENABLE", "DISABLE")), ("force_row_security", ("FORCE", "NO FORCE"))):
        on = getattr(table, name_of)
        if name_of in fields and (on or not created):
            hazards = () if on else (Hazard("security_relaxation", f"row level security of {name} is loosened"),)
            sql = f"ALTER TABLE {name} {words[0] if on else words[1]} ROW LEVEL SECURITY"
            result.append(Ddl(sql, hazards, "ACCESS EXCLUSIVE", table.id))
    return result


def marks(table: Table, fields: FrozenSet[str], created: bool) -> List[Ddl]:
    """What names an index of the table: replica identity and clustering. Written once the indexes are there."""
    name = table.id.relation
    result = []
    if fields & {"replica_identity", "replica_index"} and not (created and table.replica_identity == "d"):
        words = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}
        how = words.get(table.replica_identity) or f"USING INDEX {ident(table.replica_index or '')}"
        result.append(Ddl(f"ALTER TABLE {name} REPLICA IDENTITY {how}", (), "ACCESS EXCLUSIVE", table.id))
    if "cluster_index" in fields and not (created and table.cluster_index is None):
        how = f"CLUSTER ON {ident(table.cluster_index)}" if table.cluster_index else "SET WITHOUT CLUSTER"
        result.append(Ddl(f"ALTER TABLE {name} {how}", (), "SHARE UPDATE EXCLUSIVE", table.id))
    return result


MARKS = frozenset({"replica_identity", "replica_index", "cluster_index"})


def _alter(old: Table, new: Table, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if "partition_key" in fields or lineage.comes_to_inherit(old, new, context):
        return None
    if "inherits" in fields and lineage.hands_checks_down(old, new, context):
        return None
    name = new.id.relation
    facts = context.table_facts(old.id)
    rewrite = (Hazard("table_rewrite", f"{name}: about {facts.rows} rows are written anew"),)
    result = []
    if "of_type" in fields:
        how = f"OF {new.of_type}" if new.of_type else "NOT OF"
        result.append(Ddl(f"ALTER TABLE {name} {how}", (), "ACCESS EXCLUSIVE", new.id))
    if "unlogged" in fields:
        sql = f"ALTER TABLE {name} SET {'UNLOGGED' if new.unlogged else 'LOGGED'}"
        result.append(Ddl(sql, rewrite, "ACCESS EXCLUSIVE", new.id))
    if fields & {"inherits", "partition_bound"}:
        result += lineage.leave(old, new, context)
    if "options" in fields:
        to_set, to_reset = option_changes(old.options, new.options)
        if to_set:
            sql = f"ALTER TABLE {name} SET ({options_text(to_set)})"
            result.append(Ddl(sql, (), "SHARE UPDATE EXCLUSIVE", new.id))
        if to_reset:
            sql = f"ALTER TABLE {name} RESET ({', '.join(to_reset)})"
            result.append(Ddl(sql, (), "SHARE UPDATE EXCLUSIVE", new.id))
    result += _row_security(new, fields)
    if "tablespace" in fields:
        sql = f"ALTER TABLE {name} SET TABLESPACE {ident(new.tablespace or 'pg_default')}"
        result.append(Ddl(sql, rewrite, "ACCESS EXCLUSIVE", new.id))
    if "access_method" in fields:
        if context.server_version < 150000 or not new.access_method:
            return None
        sql = f"ALTER TABLE {name} SET ACCESS METHOD {ident(new.access_method)}"
        result.append(Ddl(sql, rewrite, "ACCESS EXCLUSIVE", new.id))
    return result


def _drop(table: Table, context: Context) -> List[Ddl]:
    text = f"table {table.id.relation} and its rows are dropped"
    rest = _default_beside(table, context)
    if rest is not None:
        rows = context.table_facts(table.id).rows
        text = (
            f"partition {table.id.relation} and its rows (about {rows}) are dropped; the default partition "
            f"{rest.relation} could hold them: to keep them, detach the partition and insert its rows again first"
        )
    hazard = Hazard("data_loss", text)
    return [Ddl(f"DROP TABLE {table.id.relation}", (hazard,), "ACCESS EXCLUSIVE", table.id)]


def _default_beside(table: Table, context: Context) -> Optional[Identity]:
    """The default partition that stays with the table which this partition leaves."""
    whole = table.partition_of
    for each in context.catalog.heirs(whole) if whole is not None else ():
        if getattr(context.catalog.get(each), "partition_bound", None) == "DEFAULT" and each != table.id:
            return each
    return None


def _rename(table: Object, new: Identity) -> List[Ddl]:
    result = []
    name = table.id.relation
    if table.id.schema != new.schema:
        sql = f"ALTER TABLE {name} SET SCHEMA {ident(new.schema)}"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", table.id))
        name = qualified(new.schema, table.id.name)
    if table.id.name != new.name:
        result.append(Ddl(f"ALTER TABLE {name} RENAME TO {ident(new.name)}", (), "ACCESS EXCLUSIVE", table.id))
    return result


def _addresses(row: Any) -> List[Any]:
    # The row type stands for the table in the dependencies of functions and columns.
    return [(CATALOG_OIDS["pg_class"], row.oid, 0), (CATALOG_OIDS["pg_type"], row.reltype, 0)]


KIND = Kind(
    name="table",
    rank=50,
    system_catalog="pg_class",
    keyword="TABLE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=_addresses,
    facts=_facts,
    acl_class="table",
    grant_keyword="TABLE",
    relation_name=lambda obj: str(obj.id.name),
)
