# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composite types. The order of their attributes is compared: rows are written in that order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, NamedTuple, Optional, Tuple

from . import enum_type
from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, literal
from .type_usage import columns_of_type


class Attribute(NamedTuple):
    """One attribute; ``collation`` is '' where it is the type's own."""

    name: str
    data_type: str
    collation: str
    comment: Optional[str]


@dataclass(frozen=True)
class Composite(Object):
    """CREATE TYPE … AS (…)."""

    attributes: Tuple[Attribute, ...]


def _query(_version: int) -> str:
    return """
        SELECT t.oid, c.oid AS relation_oid, n.nspname AS schema, t.typname AS name,
               pg_get_userbyid(t.typowner) AS owner, t.typacl::text[] AS acl, d.description AS comment,
               attributes.list AS attributes
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
          LEFT JOIN (SELECT a.attrelid,
                            array_agg(ARRAY[a.attname, format_type(a.atttypid, a.atttypmod),
                                            CASE WHEN a.attcollation <> at.typcollation
                                                 THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                                                 ELSE '' END, ad.description] ORDER BY a.attnum) AS list
                       FROM pg_attribute a
                       JOIN pg_class ac ON ac.oid = a.attrelid AND ac.relkind = 'c'
                       JOIN pg_type at ON at.oid = a.atttypid
                       LEFT JOIN pg_collation co ON co.oid = a.attcollation
                       LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
                       LEFT JOIN pg_description ad ON ad.objoid = a.attrelid AND ad.classoid = 'pg_class'::regclass
                                                  AND ad.objsubid = a.attnum
                      WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid) attributes
                 ON attributes.attrelid = c.oid
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, t.typname"""


def _read(row: Any, context: ReadContext) -> Composite:
    return Composite(
        id=Identity("composite type", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "type", row.owner),
        comment=row.comment,
        attributes=tuple(Attribute(*each) for each in row.attributes or ()),
    )


def _written(attribute: Attribute) -> str:
    collate = f" COLLATE {attribute.collation}" if attribute.collation else ""
    return f"{ident(attribute.name)} {attribute.data_type}{collate}"


def _comment(composite: Composite, attribute: Attribute) -> Ddl:
    text = "NULL" if attribute.comment is None else literal(attribute.comment)
    return Ddl(f"COMMENT ON COLUMN {composite.id.relation}.{ident(attribute.name)} IS {text}")


def _create(composite: Composite, _context: Context) -> List[Ddl]:
    listed = ", ".join(_written(attribute) for attribute in composite.attributes)
    result = [Ddl(f"CREATE TYPE {composite.id.relation} AS ({listed})")]
    return result + [_comment(composite, each) for each in composite.attributes if each.comment is not None]


def _alter(old: Composite, new: Composite, _fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    had = {attribute.name: attribute for attribute in old.attributes}
    wanted = {attribute.name: attribute for attribute in new.attributes}
    kept = [attribute.name for attribute in old.attributes if attribute.name in wanted]
    added = [attribute for attribute in new.attributes if attribute.name not in had]
    if kept + [attribute.name for attribute in added] != [attribute.name for attribute in new.attributes]:
        return None  # an attribute can only be added at the end
    retyped = [wanted[name] for name in kept if wanted[name][1:3] != had[name][1:3]]
    gone = [attribute for attribute in old.attributes if attribute.name not in wanted]
    users = columns_of_type(context.live, old.id) if retyped or gone else []
    if retyped and users:
        return None  # PostgreSQL refuses it while a table stores such rows
    # Tables made OF the type follow with CASCADE.
    on = f"ALTER TYPE {new.id.relation}"
    result = []
    for attribute in gone:
        lost = f"attribute {ident(attribute.name)} of {new.id.relation} is dropped from stored rows"
        hazards = (Hazard("data_loss", lost),) if users else ()
        result.append(Ddl(f"{on} DROP ATTRIBUTE {ident(attribute.name)} CASCADE", hazards))
    for attribute in retyped:
        collate = f" COLLATE {attribute.collation}" if attribute.collation else ""
        sql = f"{on} ALTER ATTRIBUTE {ident(attribute.name)} SET DATA TYPE {attribute.data_type}{collate} CASCADE"
        result.append(Ddl(sql, invalidates=True))
    result += [Ddl(f"{on} ADD ATTRIBUTE {_written(attribute)} CASCADE") for attribute in added]
    for attribute in new.attributes:
        before = had[attribute.name].comment if attribute.name in had else None
        if attribute.comment != before:
            result.append(_comment(new, attribute))
    return result


def _drop(composite: Composite, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP TYPE {composite.id.relation}")]


KIND = Kind(
    name="composite type",
    rank=31,
    system_catalog="pg_type",
    keyword="TYPE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=enum_type.rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_type"], row.oid, 0), (CATALOG_OIDS["pg_class"], row.relation_oid, 0)],
    acl_class="type",
    grant_keyword="TYPE",
    relation_name=lambda composite: str(composite.id.name),
)
