# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Range types, each with its multirange type (14 and later)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, FrozenSet, List, Optional, Sequence, Tuple, cast

from . import enum_type
from .kind import CATALOG_OIDS, Context, Kind, ReadContext
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
    # (schema, name, arguments) of what makes a value of the range and of the multirange: renaming a type leaves them.
    constructors: Tuple[Tuple[str, str, str], ...] = field(compare=False)
    multirange_constructors: Tuple[Tuple[str, str, str], ...] = field(compare=False)


def _query(version: int) -> str:
    multirange = "r.rngmultitypid" if version >= 140000 else "0"
    signature = "ARRAY[pn.nspname::text, p.proname::text, oidvectortypes(p.proargtypes)]"

    def constructors(of: str, what: str) -> str:
        return f"""(SELECT array_agg({what} ORDER BY p.oid) FROM pg_depend i JOIN pg_proc p ON p.oid = i.objid
                  JOIN pg_namespace pn ON pn.oid = p.pronamespace
                 WHERE i.classid = 'pg_proc'::regclass AND i.refclassid = 'pg_type'::regclass AND i.refobjid = {of}
                   AND i.deptype = 'i')"""

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
               {constructors("t.oid", "p.oid::bigint")} || {constructors("m.oid", "p.oid::bigint")} AS constructor_oids,
               {constructors("t.oid", signature)} AS constructors,
               {constructors("m.oid", signature)} AS multirange_constructors,
               CASE WHEN r.rngcanonical::oid >= 16384 THEN pg_get_functiondef(r.rngcanonical) END
                   AS canonical_definition
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
        constructors=tuple((schema, name, words) for schema, name, words in row.constructors or ()),
        multirange_constructors=tuple(
            (schema, name, words) for schema, name, words in row.multirange_constructors or ()
        ),
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


def called(range_type: Range, name: Identity) -> Range:
    """The type as it is once it was renamed to ``name``, its constructors with it."""
    own = (range_type.id.schema, range_type.id.name)
    constructors = tuple(
        (name.schema, name.name, arguments) if (schema, function) == own else (schema, function, arguments)
        for schema, function, arguments in range_type.constructors
    )
    return replace(range_type, id=name, constructors=constructors)


def _rename_constructors(constructors: Sequence[Tuple[str, str, str]], new: str) -> List[Ddl]:
    """``new`` is quoted."""
    return [
        Ddl(f"ALTER FUNCTION {qualified(schema, name)}({arguments}) RENAME TO {new}")
        for schema, name, arguments in constructors
        if ident(name) != new
    ]


def _rename(range_type: Object, new: Identity) -> List[Ddl]:
    """Rename the type with its constructors."""
    constructors = cast(Range, range_type).constructors
    return _rename_constructors(constructors, ident(new.name)) + enum_type.rename(range_type, new)


def _rename_multirange(range_type: Range, new: str) -> List[Ddl]:
    """Rename the multirange type with its constructors; ``new`` is quoted."""
    constructors = _rename_constructors(range_type.multirange_constructors, new)
    return constructors + [Ddl(f"ALTER TYPE {range_type.multirange} RENAME TO {new}")]


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


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_type"], row.oid, 0)]
    if row.multirange_oid:
        result.append((CATALOG_OIDS["pg_type"], row.multirange_oid, 0))
    result += [(CATALOG_OIDS["pg_proc"], oid, 0) for oid in row.constructor_oids or ()]
    if row.canonical_definition:
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
    addresses=_addresses,
    acl_class="type",
    grant_keyword="TYPE",
)
