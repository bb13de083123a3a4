# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the functions of a base type, and the canonical function of a range, have of their own: owner, privileges,
comment. The functions themselves are made, altered and dropped with the type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List

from .function import signature
from .kind import Context, Kind, ReadContext, no_ddl
from .model import Ddl, Identity, Object


@dataclass(frozen=True)
class SupportFunction(Object):
    """What ALTER FUNCTION … OWNER TO, GRANT and COMMENT say of it."""

    type: Identity = field(compare=False)

    @property
    def parent(self) -> Identity:
        return self.type


def query(_version: int) -> str:
    return """
        SELECT 'support function' AS kind, n.nspname AS schema, p.proname AS name,
               oidvectortypes(p.proargtypes) AS part, pg_get_userbyid(p.proowner) AS owner,
               p.proacl::text[] AS acl, d.description AS comment, NULL::text[] AS initial,
               ARRAY[t.typtype::text, tn.nspname, t.typname] AS details
          FROM (SELECT f.oid, min(f.type) AS type FROM (
                SELECT f.oid, b.oid AS type FROM pg_type b
                 CROSS JOIN LATERAL (VALUES (b.typinput), (b.typoutput), (b.typreceive), (b.typsend)) AS f(oid)
                 WHERE b.typtype = 'b' AND b.typisdefined AND b.oid >= 16384 AND b.typcategory <> 'A'
                UNION ALL SELECT r.rngcanonical, r.rngtypid FROM pg_range r) f GROUP BY f.oid) f
          JOIN pg_proc p ON p.oid = f.oid AND p.oid >= 16384
          JOIN pg_namespace n ON n.oid = p.pronamespace
          JOIN pg_type t ON t.oid = f.type
          JOIN pg_namespace tn ON tn.oid = t.typnamespace
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
           AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                              AND e.deptype = 'e')"""


def read(row: Any, context: ReadContext) -> SupportFunction:
    of_range = row.details[0] == "r"
    return SupportFunction(
        id=Identity("support function", row.schema, row.name, row.part),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "routine", row.owner),
        comment=row.comment,
        type=Identity("range" if of_range else "base type", *row.details[1:]),
    )


def _drop(_obj: SupportFunction, _context: Context) -> List[Ddl]:
    return []  # with the type, or by its ALTER


KIND = Kind(
    name="support function",
    rank=36,
    system_catalog="pg_type",
    keyword="FUNCTION",
    query=query,
    read=read,
    create=no_ddl,
    alter=no_ddl,
    drop=_drop,
    target=signature,
    acl_class="routine",
    grant_keyword="FUNCTION",
)
