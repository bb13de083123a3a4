# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns of tables. Their order is not compared; their defaults are a kind of their own (cycles break there)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from . import casts, not_null
from .default import Default
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, option_changes, options_text
from .model import Ddl, Hazard, Identity, Object
from .not_null import NotNull
from .options import Option, change_options, read_options
from .quoting import exact, ident, literal, qualified
from .sequence import SequenceOptions, clauses, is_succeeded, keep_position, reposition, take_position


@dataclass(frozen=True)
class Column(Object):
    """A column as CREATE TABLE writes it."""

    data_type: str
    collation: Optional[str]  # None: the type's own
    not_null: bool
    identity: str  # '' none, 'a' always, 'd' by default
    identity_sequence: Optional[Tuple[str, str]]
    identity_options: Optional[SequenceOptions]
    generated: str  # '' no, 's' stored, 'v' virtual
    generation_expression: Optional[str]
    storage: Optional[str]  # None: the type's own
    compression: str  # '' the database's default
    statistics: int  # -1 the database's default
    options: Tuple[str, ...]
    foreign_options: Tuple[Option, ...]  # of a foreign table's column
    not_null_constraint: Optional[NotNull]  # what not_null is from PostgreSQL 18 on
    not_null_name: str = field(compare=False)
    not_null_local: bool = field(compare=False)
    base_type: str = field(compare=False)
    type_modifier: int = field(compare=False)
    relation_kind: str = field(compare=False)  # table or foreign table
    # True where the table defines the column itself, False where it only inherits it: the table compares that.
    local: bool = field(compare=False)
    typed: bool = field(compare=False)  # of a table made OF a type: the type says what columns there are

    @property
    def parent(self) -> Identity:
        return Identity(self.relation_kind, self.id.schema, self.id.name)


_INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
COMPRESSION = {"p": "pglz", "l": "lz4"}


# The minor releases of November 2026 (15.20, 17.12, ...) keep a number of their own among a column's options, which
# pg_dump leaves out and nobody can set.
OPTIONS = "ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE NOT starts_with(o, 'pg_attver='))"


def _query(version: int) -> str:
    # There are more columns than anything else: what few of them have is asked for only where it is there, and the
    # order is the one in which the joins give them.
    compression = "a.attcompression::text" if version >= 140000 else "''"
    return f"""
        SELECT a.attrelid AS oid, a.attnum, n.nspname AS schema, c.relname AS table_name, a.attname AS name,
               format_type(a.atttypid, a.atttypmod) AS data_type, a.atttypmod AS type_modifier,
               CASE WHEN a.atttypmod >= 0 OR a.atttypid IN ('bpchar'::regtype, 'bit'::regtype)
                    THEN format_type(a.atttypid, NULL) END AS base_type,
               CASE WHEN a.attcollation <> t.typcollation THEN
                   (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                      FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
                     WHERE co.oid = a.attcollation) END AS collation,
               a.attnotnull, a.attidentity::text AS identity, a.attgenerated::text AS generated,
               CASE WHEN a.attgenerated <> '' THEN pg_get_expr(e.adbin, e.adrelid) END AS generation_expression,
               CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage,
               {compression} AS compression, nullif(a.attstattarget, -1) AS statistics,
               CASE WHEN a.attoptions IS NOT NULL THEN {OPTIONS} END AS options,
               a.attfdwoptions AS foreign_options, c.relkind::text AS relkind,
               c.reloftype <> 0 AS typed, a.attislocal AND NOT c.relispartition AS local, a.attacl::text[] AS acl,
               CASE WHEN a.attacl IS NOT NULL THEN pg_get_userbyid(c.relowner) END AS owner, d.description AS comment,
               e.oid AS expression_oid, s.seqrelid, s.description AS sequence, c.relispartition,
               {not_null.columns(version)}
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum AND a.attgenerated <> ''
          LEFT JOIN (SELECT o.refobjid, o.refobjsubid, s.seqrelid,
                            json_build_array(sn.nspname, sc.relname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
                                             s.seqcache, s.seqcycle) AS description
                       FROM pg_depend o
                       JOIN pg_sequence s ON s.seqrelid = o.objid
                       JOIN pg_class sc ON sc.oid = s.seqrelid
                       JOIN pg_namespace sn ON sn.oid = sc.relnamespace
                      WHERE o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
                        AND o.classid = 'pg_class'::regclass AND o.deptype = 'i') s
                 ON s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND a.attidentity <> ''
          LEFT JOIN pg_description d ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass
                                    AND d.objsubid = a.attnum{not_null.joins(version)}
         WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY a.attrelid, a.attnum"""


def _read(row: Any, context: ReadContext) -> Column:
    sequence = row.sequence
    return Column(
        id=Identity("column", row.schema, row.table_name, row.name),
        owner=None,
        acl=context.grants(row.acl, "column", row.owner) if row.acl is not None else frozenset(),
        comment=row.comment,
        data_type=row.data_type,
        collation=row.collation,
        not_null=row.attnotnull,
        identity=row.identity,
        identity_sequence=(sequence[0], sequence[1]) if sequence else None,
        identity_options=SequenceOptions(*sequence[2:]) if sequence else None,
        generated=row.generated,
        generation_expression=row.generation_expression,
        storage=row.storage,
        compression=row.compression,
        statistics=-1 if row.statistics is None else row.statistics,
        options=tuple(sorted(row.options)) if row.options else (),
        local=row.local,
        foreign_options=read_options(row.foreign_options) if row.foreign_options else (),
        base_type=row.base_type or row.data_type,
        type_modifier=row.type_modifier,
        relation_kind="foreign table" if row.relkind == "f" else "table",
        typed=row.typed,
        not_null_constraint=not_null.read(row),
        not_null_name=row.not_null_name or "",
        not_null_local=bool(row.not_null_name) and row.not_null_local,
    )


def default_of(column: Column) -> Identity:
    """The identity of the column's default."""
    return Identity("default", column.id.schema, column.id.name, column.id.part)


def _folded_default(column: Column, context: Context) -> Optional[Default]:
    """The column's default, where the plan writes it into the column's definition."""
    found = context.catalog.get(default_of(column)) if default_of(column) in context.folded else None
    return found if isinstance(found, Default) else None


def _identity_clause(column: Column) -> str:
    always = "ALWAYS" if column.identity == "a" else "BY DEFAULT"
    name = f"SEQUENCE NAME {qualified(*column.identity_sequence)} " if column.identity_sequence else ""
    options = " ".join(clauses(column.identity_options)) if column.identity_options else ""
    return f"GENERATED {always} AS IDENTITY ({name}{options})"


def definition(column: Column, context: Context) -> str:
    """The column as it stands in CREATE TABLE and ADD COLUMN; its default too, where the plan folds it in."""
    words = [ident(column.id.part), "WITH OPTIONS" if column.typed else column.data_type]
    if column.collation and not column.typed:
        words.append(f"COLLATE {column.collation}")
    default = _folded_default(column, context)
    if column.generated:
        kind = "STORED" if column.generated == "s" else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS ({exact(column.generation_expression or '')}) {kind}")
    elif column.identity:
        words.append(_identity_clause(column))
    elif default is not None:
        words.append(f"DEFAULT {exact(default.expression)}")
    words.append(not_null.clause(column))
    return " ".join(word for word in words if word)


def after_create(column: Column, context: Context, in_table: bool) -> List[Ddl]:
    """What a column has beyond its definition."""
    fields = {
        name
        for name, plain in (("storage", None), ("compression", ""), ("statistics", -1), ("options", ()))
        if getattr(column, name) != plain
    }
    result = not_null.after_create(column, context, in_table)
    return result + _physical(column, fields, (), context) + _foreign(column, ())


def _comes_with_parents(column: Column, context: Context) -> bool:
    """Whether a column is made with one of a table that is inherited from already."""
    before, after = context.live.get(column.parent), context.catalog.get(column.parent)
    if before is None:
        return True
    kept = set(getattr(before, "inherits", ())) & set(getattr(after, "inherits", ()))
    return any((parent.id.schema, parent.id.name) in kept for parent in inherited_from(column, context.catalog))


def listed(words: List[str]) -> str:
    """What CREATE TABLE … PARTITION OF says of columns, in parentheses; '' where there is nothing to say."""
    return f" ({', '.join(words)})" if words else ""


def _create(column: Column, context: Context) -> List[Ddl]:
    table = column.parent
    if column.typed:
        return _of_type(column, context) + after_create(column, context, in_table=False)
    if not column.local and _comes_with_parents(column, context):
        return beyond_parents(column, context) + after_create(column, context, in_table=False)
    sql = f"ALTER TABLE {table.relation} ADD COLUMN {definition(column, context)}"
    hazards: Tuple[Hazard, ...] = ()
    rows = context.table_facts(table).rows
    if column.generated == "s" or column.identity:
        hazards = (Hazard("table_rewrite", f"{table.relation}: about {rows} rows are written anew"),)
    return [Ddl(sql, hazards, "ACCESS EXCLUSIVE", table)] + after_create(column, context, in_table=False)


def inherited_from(column: Column, catalog: Any) -> List[Column]:
    """The columns of the tables that the column's table inherits from, or is a partition of."""
    table = catalog.get(column.parent)
    parents = [Identity("column", schema, name, column.id.part) for schema, name in getattr(table, "inherits", ())]
    return [found for found in map(catalog.get, parents) if found is not None]


def beyond_parents(column: Column, context: Context, in_table: bool = False) -> List[Ddl]:
    """What an inherited column has that it did not inherit: another default, NOT NULL."""
    parents = inherited_from(column, context.catalog)
    table = column.parent
    words = []
    own = context.catalog.get(default_of(column))
    expression = getattr(own, "expression", None)
    theirs = [getattr(context.catalog.get(default_of(parent)), "expression", None) for parent in parents]
    if expression not in theirs and not column.generated:
        words.append(f"SET DEFAULT {expression}" if expression is not None else "DROP DEFAULT")
    result = [f"ONLY {table.relation} ALTER COLUMN {ident(column.id.part)} {each}" for each in words]
    ddls = [Ddl(f"ALTER TABLE {each}", (), "ACCESS EXCLUSIVE", table) for each in result]
    written = in_table and _own_not_null(column, context)
    if column.not_null and not written and not any(not_null.handed_down(parent) for parent in parents):
        ddls += not_null.set_ddl(column, context, scan_for_nulls(column, context))
    return ddls


def scan_for_nulls(column: Column, context: Context) -> Hazard:
    """What SET NOT NULL does."""
    table = column.parent
    rows = context.table_facts(table).rows
    return Hazard("blocking_scan", f"{table.relation}: about {rows} rows are read for null values")


def own_not_nulls(columns: Sequence[Column], context: Context) -> List[str]:
    """The NOT NULLs that a new table has beyond what it inherits, for the column list of CREATE TABLE."""
    found = [_own_not_null(column, context) for column in columns if not column.local]
    return [words for words in found if words]


def _own_not_null(column: Column, context: Context) -> str:
    given = [parent for parent in inherited_from(column, context.catalog) if not_null.handed_down(parent)]
    constraint = column.not_null_constraint
    if constraint is None or not constraint.valid:
        return ""
    if given and (not constraint.local or given[0].not_null_name == column.not_null_name):
        return ""
    tail = " NO INHERIT" if constraint.no_inherit else ""
    return f"CONSTRAINT {ident(column.not_null_name)} NOT NULL {ident(column.id.part)}{tail}"


def _of_type(column: Column, context: Context) -> List[Ddl]:
    """A column that came with a new attribute of the table's type: what the table adds to it."""
    table = column.parent
    on = f"ALTER TABLE {table.relation} ALTER COLUMN {ident(column.id.part)}"
    default = _folded_default(column, context)
    result = []
    if default is not None:
        result.append(Ddl(f"{on} SET DEFAULT {default.expression}", (), "ACCESS EXCLUSIVE", table))
    if column.not_null:
        result += not_null.set_ddl(column, context, scan_for_nulls(column, context))
    return result


_HANDED_DOWN = frozenset({"data_type", "collation", "not_null", "identity", "generated", "generation_expression"})


def _done_by_parents(
    old: Column, new: Column, fields: FrozenSet[str], context: Context
) -> Tuple[FrozenSet[str], List[Ddl]]:
    """(fields left to alter, what marks the others) for a column that inherits changes from a parent's."""
    before = {parent.id: parent for parent in inherited_from(old, context.live)}
    done = {
        field
        for parent in inherited_from(new, context.catalog)
        for field in fields & _HANDED_DOWN
        if parent.id in before
        and getattr(parent, field) == getattr(new, field)
        and getattr(before[parent.id], field) == getattr(old, field)
    }
    moved = done & {"data_type", "collation", "generation_expression"}
    # No statement of its own, but what stands on the column has to make way all the same.
    return fields - done, [Ddl("", table=new.parent, invalidates=True)] if moved else []


def _alter(old: Column, new: Column, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    table = new.parent
    on = f"ALTER TABLE {table.relation} ALTER COLUMN {ident(new.id.part)}"
    rows = context.table_facts(table).rows
    result: List[Ddl] = []

    def add(words: str, *hazards: Hazard, invalidates: bool = False) -> None:
        result.append(Ddl(f"{on} {words}", hazards, "ACCESS EXCLUSIVE", table, invalidates=invalidates))

    if old.typed and new.typed:
        fields -= {"data_type", "collation"}  # the type was altered
    constrained: List[Ddl] = []
    if old.not_null_constraint is not None or new.not_null_constraint is not None:
        constrained = _alter_not_null(old, new, fields, context)
        fields -= {"not_null", "not_null_constraint"}
        if new.not_null:
            result += constrained
    fields, follows = _done_by_parents(old, new, fields, context)
    result += follows
    if "generated" in fields or ("generation_expression" in fields and context.server_version < 170000):
        if new.generated or old.generated == "v":
            return None  # the values are computed: dropping the column loses nothing but what it is replaced by
        add("DROP EXPRESSION")
    elif "generation_expression" in fields:
        rewrite = Hazard("table_rewrite", f"{table.relation}: about {rows} rows are written anew")
        add(f"SET EXPRESSION AS ({exact(new.generation_expression or '')})", rewrite, invalidates=True)
    if old.identity and not new.identity:
        heirs = [each for each in context.catalog.parts(new.id, "sequence") if each.id not in context.live.objects]
        if heirs and old.identity_sequence is not None:
            result.append(keep_position(qualified(*old.identity_sequence), new.id))
        add("DROP IDENTITY")
    narrower = _INTEGERS.get(new.base_type, 9) < _INTEGERS.get(old.base_type, 0)
    identity = (
        _alter_identity(old, new, on, table, context)
        if fields & {"identity", "identity_sequence", "identity_options"} and new.identity
        else []
    )
    if narrower and old.identity:
        result += identity  # while the sequence has the wider type
    if not new.not_null:
        result += constrained
    if fields & {"data_type", "collation"}:
        collate = f" COLLATE {new.collation}" if new.collation else ""
        using = casts.using_clause(old, new, ident(new.id.part), context.casts)
        hazards = casts.hazards(old, _without_domain(new, context), context.casts, table.relation, rows)
        add(f"TYPE {new.data_type}{collate}{using}", *hazards, invalidates=True)
    if not (narrower and old.identity):
        result += identity
    if fields & {"data_type", "collation"} or any(not ddl.sql and ddl.invalidates for ddl in follows):
        # The type comes with its own.
        fields |= {name for name, own in (("storage", None), ("compression", "")) if getattr(new, name) != own}
        fields -= {name for name, own in (("storage", None), ("compression", "")) if getattr(new, name) == own}
    if "not_null" in fields and not (new.not_null and new.identity and not old.identity):
        if new.not_null:
            scan = Hazard("blocking_scan", f"{table.relation}: about {rows} rows are read for null values")
            add("SET NOT NULL", scan)
        else:
            add("DROP NOT NULL")
    result += _physical(new, fields, old.options, context)
    result += _foreign(new, old.foreign_options)
    return result


def kept_parents(old: Column, new: Column, context: Context) -> List[Tuple[Column, Column]]:
    """The columns that it inherits from before and after, as they are and as they will be."""
    before = {parent.id: parent for parent in inherited_from(old, context.live)}
    return [(before[p.id], p) for p in inherited_from(new, context.catalog) if p.id in before]


def _alter_not_null(old: Column, new: Column, fields: FrozenSet[str], context: Context) -> List[Ddl]:
    if not fields & {"not_null", "not_null_constraint"} and old.not_null_name == new.not_null_name:
        return []
    parents = kept_parents(old, new, context)
    in_tree = bool(context.live.heirs(old.parent)) or any(not_null.handed_down(after) for _before, after in parents)
    return not_null.alter(old, new, parents, in_tree, context, scan_for_nulls(new, context))


def _without_domain(column: Column, context: Context) -> Column:
    """The column with the type behind its domain, where the domain asks nothing of the values."""
    for base in context.catalog.depends.get(column.id, ()):
        domain: Any = context.catalog.get(base)
        if base.kind == "domain" and base.relation == column.base_type and not (domain.checks or domain.not_null):
            base_type = re.sub(r"\(.*?\)", "", domain.data_type)
            return replace(column, data_type=domain.data_type, base_type=base_type, collation=domain.collation)
    return column


def _alter_identity(old: Column, new: Column, on: str, table: Identity, context: Context) -> List[Ddl]:
    def step(words: str) -> Ddl:
        return Ddl(f"{on} {words}", (), "ACCESS EXCLUSIVE", table)

    result = []
    if not old.identity:
        if not old.not_null and new.not_null_constraint is None:
            result.append(step("SET NOT NULL"))
        result.append(step(f"ADD {_identity_clause(new)}"))
        result += _past_values(new)
        owned = context.live.parts(old.id, "sequence")
        succeeds = any(is_succeeded(each, context.live, context.catalog) for each in owned)
        if succeeds and new.identity_sequence is not None and new.identity_options is not None:
            result.append(take_position(qualified(*new.identity_sequence), old.id, new.identity_options))
        return result
    if old.identity != new.identity:
        result.append(step(f"SET GENERATED {'ALWAYS' if new.identity == 'a' else 'BY DEFAULT'}"))
    if old.identity_options != new.identity_options and new.identity_options is not None:
        if old.identity_options is not None and old.identity_sequence is not None:
            result += reposition(qualified(*old.identity_sequence), old.identity_options, new.identity_options)
        result.append(step(" ".join(f"SET {clause}" for clause in clauses(new.identity_options))))
    if old.identity_sequence != new.identity_sequence and old.identity_sequence and new.identity_sequence:
        sql = f"ALTER SEQUENCE {qualified(*old.identity_sequence)} RENAME TO {ident(new.identity_sequence[1])}"
        result.append(Ddl(sql))
    return result


def _past_values(column: Column) -> List[Ddl]:
    """A sequence that is new to a column with values goes on where they end."""
    options = column.identity_options
    if options is None or column.identity_sequence is None:
        return []
    name = ident(column.id.part)
    farthest = f"max({name})" if options.increment > 0 else f"min({name})"
    beyond = ">=" if options.increment > 0 else "<="
    sql = (
        f"SELECT setval({literal(qualified(*column.identity_sequence))}, {farthest}) FROM {column.parent.relation} "
        f"HAVING {farthest} {beyond} {options.start}"
    )
    return [Ddl(sql)]


def _physical(column: Column, fields: Any, old_options: Tuple[str, ...], context: Context) -> List[Ddl]:
    """Storage, compression, statistics target and attribute options."""
    table = column.parent
    on = f"ALTER TABLE ONLY {table.relation} ALTER COLUMN {ident(column.id.part)}"
    words = []
    if "storage" in fields:
        if column.storage is None and context.server_version < 160000:
            words.append(f"SET STORAGE {_own_storage(column, context)}")
        else:
            words.append(f"SET STORAGE {STORAGE[column.storage] if column.storage else 'DEFAULT'}")
    if "compression" in fields:
        words.append(f"SET COMPRESSION {COMPRESSION.get(column.compression, 'default')}")
    if "statistics" in fields:
        words.append(f"SET STATISTICS {column.statistics}")
    if "options" in fields:
        to_set, to_reset = option_changes(old_options, column.options)
        if to_set:
            words.append(f"SET ({options_text(to_set)})")
        if to_reset:
            words.append(f"RESET ({', '.join(to_reset)})")
    return [Ddl(f"{on} {each}", (), "ACCESS EXCLUSIVE", table) for each in words]


def _foreign(column: Column, old: Tuple[Option, ...]) -> List[Ddl]:
    """OPTIONS of a foreign table's column."""
    if column.foreign_options == old:
        return []
    table = column.parent
    head = f"ALTER FOREIGN TABLE {table.relation} ALTER COLUMN {ident(column.id.part)}"
    return [change_options(head, old, column.foreign_options, lock="ACCESS EXCLUSIVE", table=table)]


# Types of variable length whose own storage is not "extended": src/include/catalog/pg_type.dat.
_OWN_STORAGE: Mapping[str, str] = {"numeric": "MAIN", "inet": "MAIN", "cidr": "MAIN", "tsquery": "PLAIN"}


def _own_storage(column: Column, _context: Context) -> str:
    """The storage that a type has by itself: before 16 there is no SET STORAGE DEFAULT."""
    return _OWN_STORAGE.get(column.base_type, "EXTENDED")


def _drop(column: Column, context: Context) -> List[Ddl]:
    table = column.parent
    if column.typed and getattr(context.catalog.get(table), "of_type", None):
        return []  # gone with the attribute of the type
    if not column.local and getattr(context.catalog.get(table), "inherits", None):
        return []  # gone with the parent's
    hazards: Tuple[Hazard, ...] = ()
    wanted = context.catalog.get(column.id)
    if column.generated == "v" and isinstance(wanted, Column) and not wanted.generated:
        why = f"column {ident(column.id.part)} of {table.relation} is virtual: as a plain one it starts without values"
        hazards = (Hazard("data_loss", why),)
    if not column.generated:
        hazards = (
            Hazard("data_loss", f"column {ident(column.id.part)} of {table.relation} is dropped with its values"),
        )
    return [
        Ddl(f"ALTER TABLE {table.relation} DROP COLUMN {ident(column.id.part)}", hazards, "ACCESS EXCLUSIVE", table)
    ]


def _rename(column: Any, new: Identity) -> List[Ddl]:
    sql = f"ALTER TABLE {column.id.relation} RENAME COLUMN {ident(column.id.part)} TO {ident(new.part)}"
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", column.parent)]


def grants_target(column: Column) -> str:
    """What GRANT SELECT (column) ON names."""
    return f"TABLE {column.id.relation}"


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_class"], row.oid, row.attnum)]
    if row.expression_oid is not None:
        result.append((CATALOG_OIDS["pg_attrdef"], row.expression_oid, 0))
    if row.seqrelid is not None:
        result.append((CATALOG_OIDS["pg_class"], row.seqrelid, 0))
    return result


KIND = Kind(
    name="column",
    rank=51,
    system_catalog="pg_class",
    keyword="COLUMN",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=lambda column: f"{column.id.relation}.{ident(column.id.part)}",
    addresses=_addresses,
    order=lambda row: (row.schema, row.table_name),
    acl_class="column",
    grant_keyword="TABLE",
    expressions=frozenset({"generation_expression"}),
)
