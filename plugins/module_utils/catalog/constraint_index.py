# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comments on the indexes of constraints: all that such an index has beyond its constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

from .kind import Context, Kind, ReadContext, no_ddl
from .model import Ddl, Identity, Object
from .quoting import qualified


@dataclass(frozen=True)
class ConstraintIndex(Object):
    """COMMENT ON INDEX."""

    @property
    def parent(self) -> Identity:
        return self.id._replace(kind="constraint")


def query(_version: int) -> str:
    return """
        SELECT 'constraint index' AS kind, n.nspname AS schema, c.relname AS name, k.conname::text AS part,
               NULL AS owner, NULL::text[] AS acl, d.description AS comment, NULL::text[] AS initial,
               NULL::text[] AS details
          FROM pg_description d
          JOIN pg_constraint k ON k.conindid = d.objoid AND k.contype IN ('p', 'u', 'x')
          JOIN pg_class c ON c.oid = k.conrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND n.nspname = ANY(%(schemas)s)"""


def read(row: Any, _context: ReadContext) -> ConstraintIndex:
    identity = Identity("constraint index", row.schema, row.name, row.part)
    return ConstraintIndex(id=identity, owner=None, acl=None, comment=row.comment)


def _target(obj: Any) -> str:
    return qualified(obj.id.schema, obj.id.part)


def _drop(obj: ConstraintIndex, _context: Context) -> List[Ddl]:
    return [Ddl(f"COMMENT ON INDEX {_target(obj)} IS NULL")]


KIND = Kind(
    name="constraint index",
    rank=61,
    system_catalog="pg_constraint",
    keyword="INDEX",
    query=query,
    read=read,
    create=no_ddl,
    alter=no_ddl,
    drop=_drop,
    target=_target,
)
