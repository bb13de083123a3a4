# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrite rules of tables and views; a view's own query is not one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .policy import target
from .quoting import ident


@dataclass(frozen=True)
class Rule(Object):
    """CREATE RULE; ``body`` is all that follows AS, as pg_get_ruledef() writes it."""

    body: str
    enabled: str  # O(rigin), D(isabled), R(eplica), A(lways)
    relation_kind: str

    @property
    def parent(self) -> Identity:
        return Identity(self.relation_kind, self.id.schema, self.id.name)


_ENABLE = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def _query(_version: int) -> str:
    return """
        SELECT r.oid, n.nspname AS schema, c.relname AS table_name, r.rulename AS name,
               pg_get_ruledef(r.oid) AS definition, quote_ident(r.rulename) AS quoted, r.ev_enabled::text AS enabled,
               c.relkind::text AS relkind, d.description AS comment
          FROM pg_rewrite r
          JOIN pg_class c ON c.oid = r.ev_class
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_description d ON d.objoid = r.oid AND d.classoid = 'pg_rewrite'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND r.rulename <> '_RETURN'
         ORDER BY n.nspname, c.relname, r.rulename"""


def _read(row: Any, _context: ReadContext) -> Rule:
    head = f"CREATE RULE {row.quoted} AS"
    return Rule(
        id=Identity("rule", row.schema, row.table_name, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        body=row.definition[len(head) :].strip().rstrip(";"),
        enabled=row.enabled,
        relation_kind="view" if row.relkind == "v" else "table",
    )


def _switch(rule: Rule) -> Ddl:
    sql = f"ALTER TABLE {rule.id.relation} {_ENABLE[rule.enabled]} RULE {ident(rule.id.part)}"
    return Ddl(sql, (), "ACCESS EXCLUSIVE", rule.parent)


def _write(rule: Rule, replace: str) -> Ddl:
    sql = f"CREATE {replace}RULE {ident(rule.id.part)} AS\n    {rule.body}"
    return Ddl(sql, (), "ACCESS EXCLUSIVE", rule.parent)


def _create(rule: Rule, _context: Context) -> List[Ddl]:
    return [_write(rule, "")] + ([] if rule.enabled == "O" else [_switch(rule)])


def _alter(_old: Rule, new: Rule, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if "relation_kind" in fields:
        return None
    result = [_write(new, "OR REPLACE ")] if "body" in fields else []
    return result + ([_switch(new)] if "enabled" in fields else [])


def _drop(rule: Rule, _context: Context) -> List[Ddl]:
    hazard = Hazard("security_relaxation", f"rule {target(rule)} guards no more")
    return [Ddl(f"DROP RULE {target(rule)}", (hazard,), "ACCESS EXCLUSIVE", rule.parent)]


def _rename(rule: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER RULE {target(rule)} RENAME TO {ident(new.part)}")]


KIND = Kind(
    name="rule",
    rank=81,
    system_catalog="pg_rewrite",
    keyword="RULE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=target,
    addresses=lambda row: [(CATALOG_OIDS["pg_rewrite"], row.oid, 0)],
    rigid=True,
    expressions=frozenset({"body"}),
    replaceable=True,
)
