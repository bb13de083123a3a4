# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Row security policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, role


@dataclass(frozen=True)
class Policy(Object):
    """CREATE POLICY."""

    permissive: bool
    command: str  # * (all), r(ead), a(ppend), w(rite), d(elete)
    roles: Tuple[str, ...]  # '' is PUBLIC
    using: Optional[str]
    check: Optional[str]

    @property
    def parent(self) -> Identity:
        return Identity("table", self.id.schema, self.id.name)


_COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def _query(_version: int) -> str:
    return """
        SELECT p.oid, n.nspname AS schema, c.relname AS table_name, p.polname AS name, p.polpermissive,
               p.polcmd::text AS command, roles.names AS roles, pg_get_expr(p.polqual, p.polrelid) AS using,
               pg_get_expr(p.polwithcheck, p.polrelid) AS "check", d.description AS comment
          FROM pg_policy p
          JOIN pg_class c ON c.oid = p.polrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL (SELECT array_agg(coalesce(r.rolname::text, '') ORDER BY r.rolname) AS names
                                FROM unnest(p.polroles) AS u(oid) LEFT JOIN pg_roles r ON r.oid = u.oid) roles
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_policy'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.relname, p.polname"""


def _read(row: Any, _context: ReadContext) -> Policy:
    return Policy(
        id=Identity("policy", row.schema, row.table_name, row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        permissive=row.polpermissive,
        command=row.command,
        roles=tuple(row.roles),
        using=row.using,
        check=row.check,
    )


def _rules(policy: Policy) -> str:
    words = f" TO {', '.join(role(name) for name in policy.roles)}"
    if policy.using is not None:
        words += f" USING ({policy.using})"
    if policy.check is not None:
        words += f" WITH CHECK ({policy.check})"
    return words


def target(policy: Object) -> str:
    """name ON table, for whatever is named so."""
    return f"{ident(policy.id.part)} ON {policy.id.relation}"


def _create(policy: Policy, _context: Context) -> List[Ddl]:
    how = "" if policy.permissive else " AS RESTRICTIVE"
    sql = f"CREATE POLICY {target(policy)}{how} FOR {_COMMANDS[policy.command]}{_rules(policy)}"
    return [Ddl(sql, (), "ACCESS EXCLUSIVE", policy.parent)]


def _alter(old: Policy, new: Policy, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if fields & {"permissive", "command"}:
        return None
    if (old.using is not None and new.using is None) or (old.check is not None and new.check is None):
        return None  # an expression can be replaced, not taken away
    hazard = Hazard("security_relaxation", f"policy {target(new)}: who may see or change which rows is different")
    return [Ddl(f"ALTER POLICY {target(new)}{_rules(new)}", (hazard,), "ACCESS EXCLUSIVE", new.parent)]


def _drop(policy: Policy, _context: Context) -> List[Ddl]:
    hazard = Hazard("security_relaxation", f"policy {target(policy)} guards no more")
    return [Ddl(f"DROP POLICY {target(policy)}", (hazard,), "ACCESS EXCLUSIVE", policy.parent)]


def _rename(policy: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER POLICY {target(policy)} RENAME TO {ident(new.part)}")]


KIND = Kind(
    name="policy",
    rank=82,
    system_catalog="pg_policy",
    keyword="POLICY",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=target,
    addresses=lambda row: [(CATALOG_OIDS["pg_policy"], row.oid, 0)],
    rigid=True,
    expressions=frozenset({"using", "check"}),
)
