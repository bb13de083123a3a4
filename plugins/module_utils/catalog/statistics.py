# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extended statistics objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, rename_ddl
from .model import Ddl, Identity, Object


@dataclass(frozen=True)
class Statistics(Object):
    """CREATE STATISTICS; ``body`` is all that follows the name."""

    body: str
    target: int  # -1: the database's default
    relation: Identity

    @property
    def parent(self) -> Identity:
        return self.relation


def _query(_version: int) -> str:
    return """
        SELECT s.oid, n.nspname AS schema, s.stxname AS name, pg_get_userbyid(s.stxowner) AS owner,
               quote_ident(n.nspname) || '.' || quote_ident(s.stxname) AS quoted,
               pg_get_statisticsobjdef(s.oid) AS definition, coalesce(s.stxstattarget, -1) AS target,
               tn.nspname AS table_schema, t.relname AS table_name, t.relkind::text AS relkind,
               d.description AS comment
          FROM pg_statistic_ext s
          JOIN pg_namespace n ON n.oid = s.stxnamespace
          JOIN pg_class t ON t.oid = s.stxrelid
          JOIN pg_namespace tn ON tn.oid = t.relnamespace
          LEFT JOIN pg_description d ON d.objoid = s.oid AND d.classoid = 'pg_statistic_ext'::regclass
                                    AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, s.stxname"""


_RELATION_KINDS = {"m": "materialized view", "f": "foreign table"}


def _read(row: Any, context: ReadContext) -> Statistics:
    head = f"CREATE STATISTICS {row.quoted}"
    return Statistics(
        id=Identity("statistics", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        body=row.definition[len(head) :].strip(),
        target=row.target,
        relation=Identity(_RELATION_KINDS.get(row.relkind, "table"), row.table_schema, row.table_name),
    )


def _set_target(statistics: Statistics) -> Ddl:
    return Ddl(f"ALTER STATISTICS {statistics.id.relation} SET STATISTICS {statistics.target}")


def _create(statistics: Statistics, _context: Context) -> List[Ddl]:
    sql = f"CREATE STATISTICS {statistics.id.relation} {statistics.body}"
    result = [Ddl(sql, (), "SHARE UPDATE EXCLUSIVE", statistics.relation)]
    return result if statistics.target == -1 else result + [_set_target(statistics)]


def _alter(_old: Statistics, new: Statistics, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    return [_set_target(new)] if fields == {"target"} else None


def _drop(statistics: Statistics, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP STATISTICS {statistics.id.relation}")]


def _rename(statistics: Object, new: Identity) -> List[Ddl]:
    return rename_ddl("STATISTICS", statistics, new)


KIND = Kind(
    name="statistics",
    rank=66,
    system_catalog="pg_statistic_ext",
    keyword="STATISTICS",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    expressions=frozenset({"body"}),
    addresses=lambda row: [(CATALOG_OIDS["pg_statistic_ext"], row.oid, 0)],
)
