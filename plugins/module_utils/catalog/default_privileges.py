# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Default privileges: what objects made later get. An object per role, schema (or none) and class of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from . import privileges
from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Grant, Identity, Object
from .quoting import ident


@dataclass(frozen=True)
class DefaultPrivileges(Object):
    """ALTER DEFAULT PRIVILEGES. The role is part of the identity: its privileges are those that it hands on."""

    grants: FrozenSet[Grant]
    schema: str  # '' for those of the whole database

    @property
    def parent(self) -> Optional[Identity]:
        return Identity("schema", "", self.schema) if self.schema else None


# defaclobjtype -> (word in GRANT … ON, class of privileges)
_CLASSES = {
    "r": ("TABLES", "table"),
    "S": ("SEQUENCES", "sequence"),
    "f": ("ROUTINES", "routine"),
    "T": ("TYPES", "type"),
    "n": ("SCHEMAS", "schema"),
    "L": ("LARGE OBJECTS", "large object"),
}
_ACL_CLASS = dict(_CLASSES.values())
# Class of privileges -> word in the identity.
OBJECT_CLASSES = {acl_class: word for word, acl_class in _CLASSES.values()}


def _query(_version: int) -> str:
    return """
        SELECT a.oid, pg_get_userbyid(a.defaclrole) AS role, n.nspname AS schema, a.defaclobjtype::text AS object_class,
               a.defaclacl::text[] AS acl
          FROM pg_default_acl a
          LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
         WHERE n.nspname IS NULL OR n.nspname = ANY(%(schemas)s)
         ORDER BY 3, 2, 4"""


def _read(row: Any, context: ReadContext) -> DefaultPrivileges:
    word, acl_class = _CLASSES[row.object_class]
    return DefaultPrivileges(
        id=Identity("default privileges", row.schema or "", row.role, word),
        owner=None,
        acl=None,
        comment=None,
        grants=context.grants(row.acl, acl_class, row.role),
        schema=row.schema or "",
    )


def _standard(entry: DefaultPrivileges, version: int) -> FrozenSet[Grant]:
    """What the entry starts from: a schema's entry adds to the database's, which replaces what is built in."""
    return frozenset() if entry.schema else privileges.default_grants(_ACL_CLASS[entry.id.part], version)


def _statements(entry: DefaultPrivileges, old: FrozenSet[Grant], new: FrozenSet[Grant]) -> List[Ddl]:
    where = f" IN SCHEMA {ident(entry.schema)}" if entry.schema else ""
    head = f"ALTER DEFAULT PRIVILEGES FOR ROLE {ident(entry.id.name)}{where} "
    written = privileges.statements(entry.id.part, entry.id.name, new - old, old - new)
    return [Ddl(head + ddl.sql, ddl.hazards) for ddl in written]


def _create(entry: DefaultPrivileges, context: Context) -> List[Ddl]:
    return _statements(entry, _standard(entry, context.server_version), entry.grants)


def _alter(
    old: DefaultPrivileges, new: DefaultPrivileges, _fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    return _statements(new, old.grants, new.grants)


def _drop(entry: DefaultPrivileges, context: Context) -> List[Ddl]:
    return _statements(entry, entry.grants, _standard(entry, context.server_version))


KIND = Kind(
    name="default privileges",
    rank=190,
    system_catalog="pg_default_acl",
    keyword="DEFAULT PRIVILEGES",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    addresses=lambda row: [(CATALOG_OIDS["pg_default_acl"], row.oid, 0)],
)
