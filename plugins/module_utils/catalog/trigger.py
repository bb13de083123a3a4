# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triggers, constraint triggers among them. Those that enforce foreign keys belong to their constraint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import exact, ident


@dataclass(frozen=True)
class Trigger(Object):
    """CREATE TRIGGER, as pg_get_triggerdef() writes it."""

    definition: str
    enabled: str  # O(rigin), D(isabled), R(eplica), A(lways)
    relation_kind: str
    # The state of the partitioned table's trigger, on a partition that has another one; None on any other.
    parents: Optional[str]

    @property
    def parent(self) -> Identity:
        return Identity(self.relation_kind, self.id.schema, self.id.name)


_ENABLE = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def _query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, c.relname AS table_name, t.tgname AS name, t.tgconstraint,
               parent.tgenabled::text AS parents,
               pg_get_triggerdef(t.oid) AS definition, t.tgenabled::text AS enabled, c.relkind::text AS relkind,
               d.description AS comment
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass AND d.objsubid = 0
          LEFT JOIN pg_trigger parent ON parent.oid = t.tgparentid AND NOT parent.tgisinternal
         WHERE n.nspname = ANY(%(schemas)s)
           AND (NOT t.tgisinternal AND t.tgparentid = 0 OR parent.tgenabled <> t.tgenabled)
           AND c.relkind IN ('r', 'p', 'v', 'f')
         ORDER BY n.nspname, c.relname, t.tgname"""


def _read(row: Any, _context: ReadContext) -> Trigger:
    return Trigger(
        id=Identity("trigger", row.schema, row.table_name, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        definition=row.definition,
        enabled=row.enabled,
        parents=row.parents,
        relation_kind={"v": "view", "f": "foreign table"}.get(row.relkind, "table"),
    )


def _switch(trigger: Trigger) -> Ddl:
    sql = f"ALTER TABLE {trigger.id.relation} {_ENABLE[trigger.enabled]} TRIGGER {ident(trigger.id.part)}"
    return Ddl(sql, (), "SHARE ROW EXCLUSIVE", trigger.parent)


def _create(trigger: Trigger, _context: Context) -> List[Ddl]:
    if trigger.parents is not None:
        return [_switch(trigger)]  # it comes with the partitioned table's
    result = [Ddl(exact(trigger.definition), (), "SHARE ROW EXCLUSIVE", trigger.parent)]
    return result if trigger.enabled == "O" else result + [_switch(trigger)]


def _alter(_old: Trigger, new: Trigger, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    return [_switch(new)] if fields == {"enabled"} else None


def _drop(trigger: Trigger, _context: Context) -> List[Ddl]:
    if trigger.parents is not None:
        return [_switch(replace(trigger, enabled=trigger.parents))]
    hazard = Hazard("security_relaxation", f"trigger {ident(trigger.id.part)} of {trigger.id.relation} guards no more")
    sql = f"DROP TRIGGER {ident(trigger.id.part)} ON {trigger.id.relation}"
    return [Ddl(sql, (hazard,), "ACCESS EXCLUSIVE", trigger.parent)]


def _rename(trigger: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER TRIGGER {ident(trigger.id.part)} ON {trigger.id.relation} RENAME TO {ident(new.part)}")]


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_trigger"], row.oid, 0)]
    if row.tgconstraint:
        result.append((CATALOG_OIDS["pg_constraint"], row.tgconstraint, 0))
    return result


KIND = Kind(
    name="trigger",
    rank=80,
    system_catalog="pg_trigger",
    keyword="TRIGGER",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=lambda trigger: f"{ident(trigger.id.part)} ON {trigger.id.relation}",
    addresses=_addresses,
    rigid=True,
    expressions=frozenset({"definition"}),
)
