# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident


@dataclass(frozen=True)
class Schema(Object):
    """CREATE SCHEMA."""


def _query(_version: int) -> str:
    return """
        SELECT n.oid, n.nspname AS name, pg_get_userbyid(n.nspowner) AS owner, n.nspacl::text[] AS acl,
               d.description AS comment
          FROM pg_namespace n
          LEFT JOIN pg_description d ON d.objoid = n.oid AND d.classoid = 'pg_namespace'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname"""


def _read(row: Any, context: ReadContext) -> Schema:
    return Schema(
        id=Identity("schema", "", row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "schema", row.owner),
        comment=row.comment,
    )


def _create(schema: Schema, _context: Context) -> List[Ddl]:
    return [Ddl(f"CREATE SCHEMA {ident(schema.id.name)}")]


def _alter(_old: Schema, _new: Schema, _fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    return []


def _drop(schema: Schema, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP SCHEMA {ident(schema.id.name)}", (Hazard("data_loss", "the schema is dropped"),))]


def _rename(schema: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER SCHEMA {ident(schema.id.name)} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="schema",
    rank=10,
    system_catalog="pg_namespace",
    keyword="SCHEMA",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_namespace"], row.oid, 0)],
    acl_class="schema",
    grant_keyword="SCHEMA",
)
