# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views and materialized views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from . import privileges
from .column import COMPRESSION, OPTIONS, STORAGE
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, option_changes, options_text
from .model import Ddl, Grant, Hazard, Identity, Object
from .quoting import exact, ident, idents, literal


@dataclass(frozen=True)
class View(Object):
    """CREATE [MATERIALIZED] VIEW. The check option is among the options, as in the catalog."""

    columns: Tuple[Tuple[str, str, str], ...]  # name, type, collation
    column_comments: Tuple[Tuple[str, str], ...]
    column_grants: Tuple[Tuple[str, FrozenSet[Grant]], ...]
    # What ALTER COLUMN sets on a column of a materialized view: (column, words, words that undo it).
    column_settings: Tuple[Tuple[str, str, str], ...]
    definition: str  # the query, without the closing semicolon
    options: Tuple[str, ...]
    tablespace: Optional[str]
    access_method: Optional[str]
    populated: bool


def _query_for(relkind: str, version: int) -> str:
    compression, compressions = "", "NULL"
    if version >= 140000:
        compressions = "columns.compression"
        compression = """array_agg(ARRAY[a.attname::text, a.attcompression::text] ORDER BY a.attnum)
                                  FILTER (WHERE a.attcompression <> '') AS compression,"""
    return f"""
        SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
               c.relacl::text[] AS acl, d.description AS comment, c.reloptions, c.relkind::text AS relkind,
               pg_get_viewdef(c.oid) AS definition, columns.list AS columns, columns.comments, columns.grants,
               columns.targets, columns.options, ts.spcname AS tablespace,
               columns.storage, {compressions} AS compression, toast.reloptions AS toast_options,
               am.amname AS access_method, c.relispopulated, c.reltype, r.oid AS rule_oid
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
          LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
          LEFT JOIN pg_am am ON am.oid = c.relam
          LEFT JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
          JOIN LATERAL (SELECT array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod),
                                               coalesce(a.attcollation::regcollation::text, '')]
                                         ORDER BY a.attnum) AS list,
                              array_agg(ARRAY[a.attname::text, ad.description] ORDER BY a.attnum)
                                  FILTER (WHERE ad.description IS NOT NULL) AS comments,
                              json_agg(json_build_array(a.attname, a.attacl::text[]) ORDER BY a.attnum)
                                  FILTER (WHERE a.attacl IS NOT NULL) AS grants,
                              array_agg(ARRAY[a.attname::text, a.attstattarget::text] ORDER BY a.attnum)
                                  FILTER (WHERE a.attstattarget >= 0) AS targets,
                              array_agg(ARRAY[a.attname::text, a.attstorage::text, t.typstorage::text]
                                        ORDER BY a.attnum) FILTER (WHERE a.attstorage <> t.typstorage) AS storage,
                              {compression}
                              array_agg(ARRAY[a.attname::text, array_to_string(o.options, ', '),
                                              regexp_replace(array_to_string(o.options, ', '), '=[^,]*', '', 'g')]
                                        ORDER BY a.attnum) FILTER (WHERE o.options <> '{{}}') AS options
                          FROM pg_attribute a
                          JOIN pg_type t ON t.oid = a.atttypid
                          CROSS JOIN LATERAL (SELECT {OPTIONS} AS options) o
                          LEFT JOIN pg_description ad ON ad.objoid = a.attrelid AND ad.objsubid = a.attnum
                                                     AND ad.classoid = 'pg_class'::regclass
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                       ) columns ON true
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND c.relkind = '{relkind}'
         ORDER BY n.nspname, c.relname"""


def _view_query(version: int) -> str:
    return _query_for("v", version)


def _materialized_query(version: int) -> str:
    return _query_for("m", version)


def _read(row: Any, context: ReadContext) -> View:
    return View(
        id=Identity("materialized view" if row.relkind == "m" else "view", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "table", row.owner),
        comment=row.comment,
        columns=tuple((name, data_type, collation) for name, data_type, collation in row.columns or ()),
        column_comments=tuple((name, text) for name, text in row.comments or ()),
        column_grants=tuple((name, context.grants(acl, "column", row.owner)) for name, acl in row.grants or ()),
        column_settings=_settings(row),
        definition=row.definition.strip().rstrip(";"),
        options=tuple(sorted(row.reloptions or ())) + tuple(sorted("toast." + o for o in row.toast_options or ())),
        tablespace=row.tablespace,
        access_method=row.access_method,
        populated=row.relispopulated,
    )


def _settings(row: Any) -> Tuple[Tuple[str, str, str], ...]:
    settings = [(name, f"SET STATISTICS {target}", "SET STATISTICS -1") for name, target in row.targets or ()]
    settings += [(name, f"SET ({options})", f"RESET ({keys})") for name, options, keys in row.options or ()]
    settings += [
        (name, f"SET STORAGE {STORAGE[storage]}", f"SET STORAGE {STORAGE[own]}")
        for name, storage, own in row.storage or ()
    ]
    settings += [
        (name, f"SET COMPRESSION {COMPRESSION[method]}", "SET COMPRESSION default")
        for name, method in row.compression or ()
    ]
    return tuple(settings)


def _of_columns(old: Optional[View], new: View) -> List[Ddl]:
    """Comments, privileges and settings of the columns, as they differ; ``old`` is None for a view just made."""
    name = new.id.relation
    result = []
    for column, _words, undo in old.column_settings if old else ():
        if column in {each[0] for each in new.columns}:
            result.append(Ddl(f"ALTER MATERIALIZED VIEW {name} ALTER COLUMN {ident(column)} {undo}"))
    for column, words, _undo in new.column_settings:
        result.append(Ddl(f"ALTER MATERIALIZED VIEW {name} ALTER COLUMN {ident(column)} {words}"))
    if old is not None and old.column_settings == new.column_settings:
        result = []
    before, after = dict(old.column_comments if old else ()), dict(new.column_comments)
    for column, _type, _collation in new.columns:
        if before.get(column) != after.get(column):
            text = literal(after[column]) if column in after else "NULL"
            result.append(Ddl(f"COMMENT ON COLUMN {name}.{ident(column)} IS {text}"))
    had, wanted = dict(old.column_grants if old else ()), dict(new.column_grants)
    for column, _type, _collation in new.columns:
        have, want = had.get(column, frozenset()), wanted.get(column, frozenset())
        result += privileges.statements(f"TABLE {name}", new.owner, want - have, have - want, column)
    return result


def _create_view(view: View, context: Context) -> List[Ddl]:
    return [_write_view(view, "")] + _of_columns(None, view)


def _outline_view(view: View) -> List[Ddl]:
    """The view with its columns, none of which has a value; then the view."""
    return [_without_query(view, ""), _write_view(view, "OR REPLACE ")] + _of_columns(None, view)


def _hollow_view(view: View) -> List[Ddl]:
    return [_without_query(view, "OR REPLACE ")]


def _without_query(view: View, replace: str) -> Ddl:
    columns = ", ".join(
        f"NULL::{data_type}{f' COLLATE {collation}' if collation not in ('', '-') else ''} AS {ident(name)}"
        for name, data_type, collation in view.columns
    )
    return Ddl(f"CREATE {replace}VIEW {view.id.relation} AS\nSELECT {columns}")


def _write_view(view: View, replace: str) -> Ddl:
    columns = idents(name for name, _type, _collation in view.columns)
    listed = f" ({columns})" if columns else ""
    options = f" WITH ({options_text(view.options)})" if view.options else ""
    sql = f"CREATE {replace}VIEW {view.id.relation}{listed}{options} AS\n{exact(view.definition)}"
    return Ddl(sql, (), "ACCESS EXCLUSIVE" if replace else "", view.id if replace else None)


def _alter_view(old: View, new: View, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if fields & {"columns", "definition"}:
        # CREATE OR REPLACE VIEW keeps the columns there are and adds to them.
        if new.columns[: len(old.columns)] != old.columns:
            return None
        result = [_write_view(new, "OR REPLACE ")]
        to_reset = option_changes(old.options, new.options)[1]
        if to_reset:
            result.append(Ddl(f"ALTER VIEW {new.id.relation} RESET ({', '.join(to_reset)})"))
        return result + _of_columns(old, new)
    return _alter_options(old, new, "VIEW") + _of_columns(old, new)


def _alter_options(old: View, new: View, keyword: str) -> List[Ddl]:
    to_set, to_reset = option_changes(old.options, new.options)
    result = []
    if to_set:
        sql = f"ALTER {keyword} {new.id.relation} SET ({options_text(to_set)})"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", new.id))
    if to_reset:
        sql = f"ALTER {keyword} {new.id.relation} RESET ({', '.join(to_reset)})"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", new.id))
    return result


def _drop_view(view: View, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP VIEW {view.id.relation}", (), "ACCESS EXCLUSIVE", view.id)]


def _create_materialized(view: View, _context: Context) -> List[Ddl]:
    columns = idents(name for name, _type, _collation in view.columns)
    listed = f" ({columns})" if columns else ""
    method = f" USING {ident(view.access_method)}" if view.access_method not in (None, "heap") else ""
    options = f" WITH ({options_text(view.options)})" if view.options else ""
    tablespace = f" TABLESPACE {ident(view.tablespace)}" if view.tablespace else ""
    data = "" if view.populated else "\nWITH NO DATA"
    head = f"CREATE MATERIALIZED VIEW {view.id.relation}{listed}{method}{options}{tablespace}"
    return [Ddl(f"{head} AS\n{exact(view.definition)}{data}")] + _of_columns(None, view)


def _alter_materialized(old: View, new: View, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if fields & {"columns", "definition", "access_method"}:
        return None
    result = _alter_options(old, new, "MATERIALIZED VIEW")
    if "tablespace" in fields:
        sql = f"ALTER MATERIALIZED VIEW {new.id.relation} SET TABLESPACE {ident(new.tablespace or 'pg_default')}"
        result.append(Ddl(sql, (), "ACCESS EXCLUSIVE", new.id))
    result += _of_columns(old, new)
    if "populated" in fields and new.populated:
        result.append(Ddl(f"REFRESH MATERIALIZED VIEW {new.id.relation}", (), "ACCESS EXCLUSIVE", new.id))
    return result


def _drop_materialized(view: View, _context: Context) -> List[Ddl]:
    rebuild = Hazard("dependent_rebuild", f"{view.id.relation} is computed again")
    return [Ddl(f"DROP MATERIALIZED VIEW {view.id.relation}", (rebuild,), "ACCESS EXCLUSIVE", view.id)]


def _rename(view: Object, new: Identity) -> List[Ddl]:
    keyword = view.id.kind.upper()
    return [Ddl(f"ALTER {keyword} {view.id.relation} RENAME TO {ident(new.name)}", (), "ACCESS EXCLUSIVE", view.id)]


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_class"], row.oid, 0), (CATALOG_OIDS["pg_type"], row.reltype, 0)]
    if row.rule_oid is not None:
        result.append((CATALOG_OIDS["pg_rewrite"], row.rule_oid, 0))
    return result


VIEW = Kind(
    name="view",
    rank=70,
    system_catalog="pg_class",
    keyword="VIEW",
    query=_view_query,
    read=_read,
    create=_create_view,
    alter=_alter_view,
    drop=_drop_view,
    expressions=frozenset({"definition"}),
    replaceable=True,
    rename=_rename,
    outline=_outline_view,
    hollow=_hollow_view,
    addresses=_addresses,
    acl_class="table",
    grant_keyword="TABLE",
    rigid=True,
    relation_name=lambda view: str(view.id.name),
)

MATERIALIZED_VIEW = Kind(
    name="materialized view",
    rank=71,
    system_catalog="pg_class",
    keyword="MATERIALIZED VIEW",
    query=_materialized_query,
    read=_read,
    create=_create_materialized,
    alter=_alter_materialized,
    drop=_drop_materialized,
    expressions=frozenset({"definition"}),
    rename=_rename,
    addresses=_addresses,
    acl_class="table",
    grant_keyword="TABLE",
    rigid=True,
    relation_name=lambda view: str(view.id.name),
)
