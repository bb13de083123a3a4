# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Range types, each with its multirange type (14 and later)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, cast

from . import enum_type
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, signature_in
from .model import Ddl, Identity, Object
from .quoting import ident, qualified


@dataclass(frozen=True)
class Range(Object):
    """CREATE TYPE … AS RANGE."""

    subtype: str
    operator_class: Optional[str]  # None: the subtype's default one
    collation: Optional[str]  # None: the subtype's own
    difference: Optional[str]
    multirange: Optional[str]  # qualified
    canonical: Optional[str]
    # The canonical function takes the range itself: it is made between the shell of the type and the type.
    canonical_definition: Optional[str]


def _query(version: int) -> str:
    multirange = "r.rngmultitypid" if version >= 140000 else "0"
    return f"""
        SELECT t.oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
               t.typacl::text[] AS acl, d.description AS comment, format_type(r.rngsubtype, NULL) AS subtype,
               CASE WHEN NOT o.opcdefault THEN quote_ident(opn.nspname) || '.' || quote_ident(o.opcname) END
                   AS operator_class,
               CASE WHEN r.rngcollation <> st.typcollation
                    THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
               CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END AS difference,
               m.oid AS multirange_oid, mn.nspname AS multirange_schema, m.typname AS multirange_name,
               CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END AS canonical,
               r.rngcanonical::oid AS canonical_oid,
               (SELECT array_agg(i.objid::bigint) FROM pg_depend i
                 WHERE i.classid = 'pg_proc'::regclass AND i.refclassid = 'pg_type'::regclass
                   AND i.refobjid IN (t.oid, m.oid) AND i.deptype = 'i') AS constructor_oids,
               CASE WHEN r.rngcanonical::oid >= 16384 THEN pg_get_functiondef(r.rngcanonical) END
                   AS canonical_definition,
               EXISTS (SELECT FROM pg_proc cp WHERE cp.oid = r.rngcanonical
                          AND (cp.proacl IS NOT NULL OR cp.proowner <> t.typowner
                               OR obj_description(cp.oid, 'pg_proc') IS NOT NULL)) AS canonical_has_more
          FROM pg_range r
          JOIN pg_type t ON t.oid = r.rngtypid
          JOIN pg_namespace n ON n.oid = t.typnamespace
          JOIN pg_type st ON st.oid = r.rngsubtype
          JOIN pg_opclass o ON o.oid = r.rngsubopc
          JOIN pg_namespace opn ON opn.oid = o.opcnamespace
          LEFT JOIN pg_collation co ON co.oid = r.rngcollation
          LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
          LEFT JOIN pg_type m ON m.oid = {multirange}
          LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, t.typname"""


def _read(row: Any, context: ReadContext) -> Range:
    return Range(
        id=Identity("range", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "type", row.owner),
        comment=row.comment,
        subtype=row.subtype,
        operator_class=row.operator_class,
        collation=row.collation,
        difference=row.difference,
        multirange=qualified(row.multirange_schema, row.multirange_name) if row.multirange_oid else None,
        canonical=row.canonical,
        canonical_definition=row.canonical_definition,
    )


def _create(range_type: Range, _context: Context) -> List[Ddl]:
    parts = [f"SUBTYPE = {range_type.subtype}"]
    for word, value in (
        ("SUBTYPE_OPCLASS", range_type.operator_class),
        ("COLLATION", range_type.collation),
        ("CANONICAL", range_type.canonical),
        ("SUBTYPE_DIFF", range_type.difference),
        ("MULTIRANGE_TYPE_NAME", range_type.multirange),
    ):
        if value:
            parts.append(f"{word} = {value}")
    result = []
    if range_type.canonical_definition:
        result += [Ddl(f"CREATE TYPE {range_type.id.relation}"), Ddl(range_type.canonical_definition.rstrip("\n"))]
    return result + [Ddl(f"CREATE TYPE {range_type.id.relation} AS RANGE ({', '.join(parts)})")]


def _rename(range_type: Object, new: Identity) -> List[Ddl]:
    """Rename the type with its constructors."""
    name, subtype = range_type.id.relation, cast(Range, range_type).subtype
    result = [
        Ddl(f"ALTER FUNCTION {name}({arguments}) RENAME TO {ident(new.name)}")
        for arguments in (f"{subtype}, {subtype}", f"{subtype}, {subtype}, text")
    ]
    return result + enum_type.rename(range_type, new)


def _rename_multirange(range_type: Range, new: str) -> List[Ddl]:
    """Rename the multirange type with its constructors; ``new`` is quoted."""
    name, multirange = range_type.id.relation, range_type.multirange
    result = [
        Ddl(f"ALTER FUNCTION {multirange}({arguments}) RENAME TO {new}")
        for arguments in ("", name, f"VARIADIC {name}[]")
    ]
    return result + [Ddl(f"ALTER TYPE {multirange} RENAME TO {new}")]


def _retire(range_type: Range, new: Identity) -> List[Ddl]:
    """Rename the type, its multirange type, and the constructors of both."""
    result = _rename_multirange(range_type, ident(f"{new.name[:40]}_multi")) if range_type.multirange else []
    return result + _rename(range_type, new)


def _alter(old: Range, new: Range, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if fields != {"multirange"} or old.multirange is None or new.multirange is None:
        return None
    place = f"{ident(new.id.schema)}."
    if not (old.multirange.startswith(place) and new.multirange.startswith(place)):
        return None
    return _rename_multirange(old, new.multirange[len(place) :])


def _drop(range_type: Range, _context: Context) -> List[Ddl]:
    # Type and canonical function stand on one another.
    return [Ddl(f"DROP TYPE {range_type.id.relation}{' CASCADE' if range_type.canonical_definition else ''}")]


def _functions(range_type: Range) -> List[str]:
    return [signature_in(range_type.canonical_definition)] if range_type.canonical_definition else []


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_type"], row.oid, 0)]
    if row.multirange_oid:
        result.append((CATALOG_OIDS["pg_type"], row.multirange_oid, 0))
    result += [(CATALOG_OIDS["pg_proc"], oid, 0) for oid in row.constructor_oids or ()]
    if row.canonical_definition and not row.canonical_has_more:
        result.append((CATALOG_OIDS["pg_proc"], row.canonical_oid, 0))
    return result


KIND = Kind(
    name="range",
    rank=33,
    system_catalog="pg_type",
    keyword="TYPE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    retire=_retire,
    functions=_functions,
    addresses=_addresses,
    acl_class="type",
    grant_keyword="TYPE",
)
