# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Casts that somebody defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild
from .model import Ddl, Identity, Object


@dataclass(frozen=True)
class Cast(Object):
    """CREATE CAST. The identity's name is "source AS target"."""

    function: Optional[str]
    method: str  # f(unction), i(nput and output), b(inary)
    context: str  # e(xplicit), a(ssignment), i(mplicit)


def _query(_version: int) -> str:
    return """
        SELECT c.oid, format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
               CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function,
               c.castmethod::text AS method, c.castcontext::text AS context, d.description AS comment
          FROM pg_cast c
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_cast'::regclass AND d.objsubid = 0
         WHERE c.oid >= 16384
           -- Not the one that comes with a range type, to its multirange type.
           AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid
                              AND i.deptype = 'i')
         ORDER BY 2, 3"""


def _read(row: Any, _context: ReadContext) -> Cast:
    return Cast(
        id=Identity("cast", "", f"{row.source} AS {row.target}"),
        owner=None,
        acl=None,
        comment=row.comment,
        function=row.function,
        method=row.method,
        context=row.context,
    )


_CONTEXTS = {"e": "", "a": " AS ASSIGNMENT", "i": " AS IMPLICIT"}


def _target(cast: Object) -> str:
    return f"({cast.id.name})"


def _create(cast: Cast, _context: Context) -> List[Ddl]:
    how = {"f": f"WITH FUNCTION {cast.function}", "i": "WITH INOUT", "b": "WITHOUT FUNCTION"}[cast.method]
    return [Ddl(f"CREATE CAST {_target(cast)} {how}{_CONTEXTS[cast.context]}")]


def _drop(cast: Cast, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP CAST {_target(cast)}")]


KIND = Kind(
    name="cast",
    rank=49,
    system_catalog="pg_cast",
    keyword="CAST",
    query=_query,
    read=_read,
    create=_create,
    alter=always_rebuild,
    drop=_drop,
    target=_target,
    addresses=lambda row: [(CATALOG_OIDS["pg_cast"], row.oid, 0)],
)
