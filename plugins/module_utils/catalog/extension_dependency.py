# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALTER … DEPENDS ON EXTENSION: what goes when an extension goes, without belonging to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

from .kind import Context, Kind, ReadContext, no_ddl
from .model import Ddl, Identity, Object
from .quoting import ident, qualified


@dataclass(frozen=True)
class ExtensionDependency(Object):
    """One object and one extension."""

    target: str  # as ALTER names it, the word for its kind first
    extension: str
    dependent: Identity

    @property
    def parent(self) -> Identity:
        return self.dependent


def query(_version: int) -> str:
    return """
        SELECT 'extension dependency' AS kind, n.nspname AS schema, p.proname AS name,
               oidvectortypes(p.proargtypes) AS part, NULL AS owner, NULL::text[] AS acl, NULL AS comment,
               NULL::text[] AS initial,
               ARRAY[CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, e.extname] AS details
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid
          JOIN pg_proc p ON p.oid = d.objid
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE d.deptype = 'x' AND d.classid = 'pg_proc'::regclass AND n.nspname = ANY(%(schemas)s)
        UNION ALL
        SELECT 'extension dependency', n.nspname, c.relname, t.tgname::text, NULL, NULL, NULL, NULL,
               ARRAY['trigger', e.extname]
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid
          JOIN pg_trigger t ON t.oid = d.objid
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE d.deptype = 'x' AND d.classid = 'pg_trigger'::regclass AND n.nspname = ANY(%(schemas)s)
        UNION ALL
        SELECT 'extension dependency', n.nspname, coalesce(t.relname, c.relname), coalesce(k.conname::text, ''),
               NULL, NULL, NULL, NULL,
               ARRAY[CASE WHEN k.oid IS NOT NULL THEN 'constraint' WHEN c.relkind = 'm' THEN 'materialized view'
                     ELSE 'index' END, e.extname]
          FROM pg_depend d
          JOIN pg_extension e ON e.oid = d.refobjid
          JOIN pg_class c ON c.oid = d.objid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
          LEFT JOIN pg_class t ON t.oid = k.conrelid
         WHERE d.deptype = 'x' AND d.classid = 'pg_class'::regclass AND n.nspname = ANY(%(schemas)s)"""


def read(row: Any, _context: ReadContext) -> ExtensionDependency:
    kind, extension = row.details
    dependent = Identity(kind, row.schema, row.name, row.part)
    if kind in ("function", "procedure"):
        target = f"{kind.upper()} {dependent.relation}({row.part})"
    elif kind == "trigger":
        target = f"TRIGGER {ident(row.part)} ON {dependent.relation}"
    elif kind == "constraint":
        target = f"INDEX {qualified(row.schema, row.part)}"
    else:
        target = f"{kind.upper()} {dependent.relation}"
    return ExtensionDependency(
        id=Identity("extension dependency", row.schema, row.name, f"{target} DEPENDS ON EXTENSION {extension}"),
        owner=None,
        acl=None,
        comment=None,
        target=target,
        extension=extension,
        dependent=dependent,
    )


def _create(obj: ExtensionDependency, _context: Context) -> List[Ddl]:
    return [Ddl(f"ALTER {obj.target} DEPENDS ON EXTENSION {ident(obj.extension)}")]


def _drop(obj: ExtensionDependency, _context: Context) -> List[Ddl]:
    return [Ddl(f"ALTER {obj.target} NO DEPENDS ON EXTENSION {ident(obj.extension)}")]


KIND = Kind(
    name="extension dependency",
    rank=185,
    system_catalog="pg_depend",
    keyword="",
    query=query,
    read=read,
    create=_create,
    alter=no_ddl,
    drop=_drop,
)
