# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Constraints of tables: primary key, unique, foreign key, check, exclusion. NOT NULL belongs to the column."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, FrozenSet, List, Optional, Tuple

from . import attached, lineage
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, comment_ddl, option_changes, options_text
from .model import Ddl, Hazard, Identity, Object
from .quoting import exact, ident

NOT_VALID = " NOT VALID"


@dataclass(frozen=True)
class Constraint(Object):
    """ADD CONSTRAINT. Where it is attached to another, the definition is the other's and not compared."""

    type: str  # p(rimary), u(nique), f(oreign), c(heck), x (exclusion)
    definition: str
    index_options: Tuple[str, ...]
    index_tablespace: Optional[str]
    whole: bool  # False: the key of a partitioned table that was made for it ONLY, and not yet for every partition
    referenced: Optional[Identity]  # the table that a foreign key points to
    relation_kind: str  # table or foreign table
    attached: Optional[Identity]  # the partitioned table's key that this partition's belongs to
    usual_name: bool = field(compare=False)  # the one that PostgreSQL gives it
    own_definition: str = field(compare=False)
    no_inherit: bool = field(compare=False)

    @property
    def parent(self) -> Identity:
        return Identity(self.relation_kind, self.id.schema, self.id.name)


def _query(_version: int) -> str:
    # What a partition or child only inherits (no local definition) follows its parent, under the parent's name; a
    # foreign key can have another one. A partition's primary key is what the parent's is, so that is written out once,
    # which OFFSET 0 sees to.
    return """
        SELECT k.oid, n.nspname AS schema, c.relname AS table_name, k.conname AS name, k.contype::text AS type,
               CASE WHEN k.contype = 'p' AND NOT k.condeferrable AND parents.definition IS NOT NULL
                    THEN parents.definition ELSE pg_get_constraintdef(k.oid) END AS definition,
               i.reloptions AS index_options, ts.spcname AS index_tablespace,
               CASE WHEN k.contype <> 'f' AND k.conindid <> 0 THEN k.conindid END AS index_oid,
               coalesce(x.indisvalid, true) AS whole,
               c.relkind::text AS relkind, an.nspname AS attached_schema, ac.relname AS attached_table,
               ak.conname AS attached_name,
               k.connoinherit, CASE WHEN ak.oid IS NOT NULL THEN
                   k.conname = c.relname || CASE k.contype WHEN 'p' THEN '_pkey' ELSE '_' || (
                       SELECT string_agg(a.attname, '_' ORDER BY a.attnum) FROM pg_attribute a
                        WHERE a.attrelid = k.conindid) || '_key' END END AS usual_name,
               rn.nspname AS referenced_schema,
               r.relname AS referenced_name, d.description AS comment
          FROM pg_constraint k
          JOIN pg_class c ON c.oid = k.conrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_class i ON i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
          LEFT JOIN pg_index x ON x.indexrelid = i.oid
          LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
          LEFT JOIN pg_constraint ak ON ak.oid = k.conparentid AND ak.conrelid <> k.conrelid
          LEFT JOIN pg_class ac ON ac.oid = ak.conrelid
          LEFT JOIN (SELECT oid, pg_get_constraintdef(oid) AS definition FROM pg_constraint
                      WHERE contype = 'p' AND NOT condeferrable
                        AND conrelid IN (SELECT partrelid FROM pg_partitioned_table)
                     OFFSET 0) parents ON parents.oid = k.conparentid
          LEFT JOIN pg_namespace an ON an.oid = ac.relnamespace
          LEFT JOIN pg_class r ON r.oid = k.confrelid AND k.contype = 'f'
          LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
          LEFT JOIN pg_description d ON d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'p', 'f') AND k.contype IN ('p', 'u', 'f', 'c', 'x')
           AND (((k.conislocal OR k.coninhcount = 0) AND k.conparentid = 0)
                OR (ak.oid IS NOT NULL AND k.contype IN ('p', 'u', 'x'))
                OR (k.contype = 'f' AND ak.contype = 'f' AND k.confrelid = ak.confrelid
                    AND (k.conname <> ak.conname OR d.description IS NOT NULL)))
         ORDER BY n.nspname, c.relname, k.conname"""


def _read(row: Any, _context: ReadContext) -> Constraint:
    referenced = Identity("table", row.referenced_schema, row.referenced_name) if row.referenced_name else None
    return Constraint(
        id=Identity("constraint", row.schema, row.table_name, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        type=row.type,
        definition="" if row.attached_name else row.definition,
        own_definition=row.definition,
        index_options=tuple(sorted(row.index_options or ())),
        index_tablespace=row.index_tablespace,
        whole=row.whole,
        referenced=referenced,
        relation_kind="foreign table" if row.relkind == "f" else "table",
        attached=_attached(row),
        usual_name=bool(row.usual_name),
        no_inherit=row.connoinherit,
    )


def _attached(row: Any) -> Optional[Identity]:
    if not row.attached_name:
        return None
    return Identity("constraint", row.attached_schema, row.attached_table, row.attached_name)


_LOCKS = {"f": "SHARE ROW EXCLUSIVE"}


def _create(constraint: Constraint, context: Context) -> List[Ddl]:
    table = constraint.parent
    words = exact(constraint.own_definition)
    if constraint.index_options and constraint.type != "x":  # of those, the definition has them
        words = _with_options(words, f" WITH ({options_text(constraint.index_options)})")
    if constraint.index_tablespace:
        words = _with_options(words, f" USING INDEX TABLESPACE {ident(constraint.index_tablespace)}")
    rows = context.table_facts(table).rows
    hazards: Tuple[Hazard, ...] = ()
    if constraint.type in "pux":
        hazards = (Hazard("blocking_index_build", f"{table.relation}: about {rows} rows are indexed"),)
    elif not words.endswith(NOT_VALID):
        hazards = (Hazard("blocking_scan", f"{table.relation}: about {rows} rows are checked"),)
    only = "" if constraint.whole else "ONLY "
    sql = f"ALTER TABLE {only}{table.relation} ADD CONSTRAINT {ident(constraint.id.part)} {words}"
    if constraint.attached is not None and constraint.type == "f":
        # It is made by the partitioned table's, or with the partition, under that one's name where it is free.
        others = context.live.constraints_named(constraint.id.part) + context.catalog.constraints_named(
            constraint.id.part
        )
        if constraint.id.part == constraint.attached.part and all(each.parent != table for each in others):
            return []
        return attached.name_reference(constraint.attached, table, constraint.id.part)
    if constraint.attached is not None and attached.is_waited_for(constraint.attached, table, context):
        adopter = Identity("index", constraint.attached.schema, constraint.attached.part)
        part = Identity("index", table.schema, constraint.id.part)
        return [Ddl(sql, hazards, "ACCESS EXCLUSIVE", table), attached.attach(adopter, part)]
    if constraint.attached is not None and attached.comes_along(constraint.attached, context):
        index = Identity("index", constraint.attached.schema, constraint.attached.part)
        result = attached.name_after(index, table, constraint.id.part, constraint.usual_name, context)
        result.append(attached.unless_there(table, constraint.id.part, sql))
        space = constraint.index_tablespace
        name = Identity("index", table.schema, constraint.id.part).relation
        return result + attached.place_after(name, space, constraint.attached, context)
    result = [Ddl(sql, hazards, _LOCKS.get(constraint.type, "ACCESS EXCLUSIVE"), table)]
    before = _left_over(constraint, context) if constraint.type in "cf" else None
    if before is None:
        return result
    if before.own_definition == constraint.own_definition:
        return []
    drop = f"ALTER TABLE {table.relation} DROP CONSTRAINT {ident(constraint.id.part)}"
    return [Ddl(drop, (), "ACCESS EXCLUSIVE", table)] + result


def _left_over(constraint: Constraint, context: Context) -> Optional[Constraint]:
    """The check or foreign key of that name that stays with a table which inherits no more from where it had it."""
    old, new = context.live.get(constraint.parent), context.catalog.get(constraint.parent)
    if old is None or new is None or constraint.id in context.live.objects:
        return None
    return lineage.left_over(old, new, context.live).get(constraint.id.part)


def _with_options(definition: str, words: str) -> str:
    """Index parameters stand before WHERE and DEFERRABLE; these close a definition."""
    definition, tail = split_deferral(definition)
    if tail:
        return _with_options(definition, words) + tail
    position = definition.find(" WHERE (")
    if definition.startswith("EXCLUDE") and position > 0:
        return definition[:position] + words + definition[position:]
    return definition + words


def _alter(old: Constraint, new: Constraint, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    table = new.parent
    if new.attached is not None and old.attached is not None:
        fields -= {"attached"} if old.attached == attached.found_as(new.attached, context) else set()
        if not fields:
            return []
    if "attached" in fields:
        if old.attached is not None and attached.stays_attached(table, context):
            return None
        same = old.own_definition == new.own_definition
        fields -= (
            {"attached", "definition"} if same else {"attached"}
        )  # a key that is there is adopted with the partition, or by the parent's key
        if not fields:
            return []
    if fields == {"definition"} and old.definition == new.definition + NOT_VALID:
        sql = f"ALTER TABLE {table.relation} VALIDATE CONSTRAINT {ident(new.id.part)}"
        return [Ddl(sql, (), "SHARE UPDATE EXCLUSIVE", table)]
    if (
        fields == {"definition"}
        and new.type == "f"
        and split_deferral(old.definition)[0] == split_deferral(new.definition)[0]
    ):
        deferral = split_deferral(new.definition)[1].strip() or "NOT DEFERRABLE"
        sql = f"ALTER TABLE {table.relation} ALTER CONSTRAINT {ident(new.id.part)} {deferral}"
        return [Ddl(sql, (), "SHARE ROW EXCLUSIVE", table)]
    if fields == {"index_options"}:
        index = Identity("index", new.id.schema, new.id.part).relation
        to_set, to_reset = option_changes(old.index_options, new.index_options)
        result = []
        if to_set:
            result.append(Ddl(f"ALTER INDEX {index} SET ({options_text(to_set)})"))
        if to_reset:
            result.append(Ddl(f"ALTER INDEX {index} RESET ({', '.join(to_reset)})"))
        return result
    if fields == {"index_tablespace"}:
        index = Identity("index", new.id.schema, new.id.part).relation
        return [Ddl(f"ALTER INDEX {index} SET TABLESPACE {ident(new.index_tablespace or 'pg_default')}")]
    return None


def split_deferral(definition: str) -> Tuple[str, str]:
    """(what comes before it, the words that say when the constraint is checked)."""
    for tail in (" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"):
        if definition.endswith(tail):
            return definition[: -len(tail)], tail
    return definition, ""


def _drop(constraint: Constraint, context: Context) -> List[Ddl]:
    table = constraint.parent
    if constraint.attached is not None and attached.stays_attached(table, context):
        if constraint.type != "f" or constraint.attached not in context.catalog.objects:
            return []
        result = attached.name_reference(constraint.attached, table, constraint.attached.part)
        if constraint.comment is None:
            return result
        return [comment_ddl(KIND, replace(constraint, comment=None))] + result
    sql = f"ALTER TABLE {table.relation} DROP CONSTRAINT {ident(constraint.id.part)}"
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", table)]


def _rename(constraint: Any, new: Identity) -> List[Ddl]:
    if constraint.attached is not None:
        index = Identity("index", constraint.id.schema, constraint.id.part).relation
        return [Ddl(f"ALTER INDEX {index} RENAME TO {ident(new.part)}")]  # the constraint's name is an inherited one
    sql = f"ALTER TABLE {constraint.id.relation} RENAME CONSTRAINT {ident(constraint.id.part)} TO {ident(new.part)}"
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", constraint.parent)]


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_constraint"], row.oid, 0)]
    if row.index_oid is not None:
        result.append((CATALOG_OIDS["pg_class"], row.index_oid, 0))
    return result


KIND = Kind(
    name="constraint",
    rank=60,
    system_catalog="pg_constraint",
    keyword="CONSTRAINT",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=lambda constraint: f"{ident(constraint.id.part)} ON {constraint.id.relation}",
    addresses=_addresses,
    relation_name=lambda constraint: constraint.id.part if constraint.type in "pux" else "",
    expressions=frozenset({"definition"}),
)
