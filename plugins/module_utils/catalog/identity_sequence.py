# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges, comment and persistence of the sequence behind an identity column; how it counts belongs to the column.

Only sequences are read that differ in one of these from what PostgreSQL makes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, FrozenSet, List, Optional, Tuple

from . import privileges
from .kind import Context, Kind, ReadContext
from .model import Ddl, Grant, Identity, Object
from .quoting import qualified


@dataclass(frozen=True)
class IdentitySequence(Object):
    """What ALTER SEQUENCE, GRANT and COMMENT say of the sequence."""

    unlogged: Optional[bool]  # None: as the table is
    sequence: Tuple[str, str] = field(compare=False)
    table_unlogged: bool = field(compare=False)

    @property
    def parent(self) -> Identity:
        return Identity("column", self.id.schema, self.id.name, self.id.part)


def _query(_version: int) -> str:
    return """
        SELECT c.oid, tn.nspname AS schema, t.relname AS table_name, a.attname AS name, n.nspname AS sequence_schema,
               c.relname AS sequence_name, pg_get_userbyid(c.relowner) AS owner, c.relacl::text[] AS acl,
               d.description AS comment, c.relpersistence = 'u' AS unlogged, t.relpersistence = 'u' AS table_unlogged
          FROM pg_depend o
          JOIN pg_class c ON c.oid = o.objid AND c.relkind = 'S'
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_class t ON t.oid = o.refobjid
          JOIN pg_namespace tn ON tn.oid = t.relnamespace
          JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE tn.nspname = ANY(%(schemas)s) AND o.classid = 'pg_class'::regclass AND o.deptype = 'i'
           AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
           AND (c.relacl IS NOT NULL OR d.description IS NOT NULL OR c.relpersistence <> t.relpersistence)
         ORDER BY tn.nspname, t.relname, a.attname"""


def _read(row: Any, context: ReadContext) -> Optional[IdentitySequence]:
    grants = context.grants(row.acl, "sequence", row.owner)
    plain = privileges.default_grants("sequence", context.server_version)
    # Before 15, the sequence of an unlogged table is a logged one, and nothing can be done about it.
    differs = row.unlogged != row.table_unlogged and context.server_version >= 150000
    if grants == plain and row.comment is None and not differs:
        return None
    return IdentitySequence(
        id=Identity("identity sequence", row.schema, row.table_name, row.name),
        owner=None,
        acl=grants,
        comment=row.comment,
        unlogged=row.unlogged if differs else None,
        sequence=(row.sequence_schema, row.sequence_name),
        table_unlogged=row.table_unlogged,
    )


def as_made(obj: IdentitySequence, server_version: int) -> IdentitySequence:
    """The sequence as PostgreSQL makes it, which is what a source asks for that does not mention it."""
    plain = privileges.default_grants("sequence", server_version)
    return replace(obj, acl=plain, comment=None, unlogged=None)


def _name(obj: Any) -> str:
    return qualified(*obj.sequence)


def _persistence(obj: IdentitySequence, unlogged: Optional[bool]) -> List[Ddl]:
    wanted = obj.table_unlogged if unlogged is None else unlogged
    return [Ddl(f"ALTER SEQUENCE {_name(obj)} SET {'UNLOGGED' if wanted else 'LOGGED'}")]


def _create(obj: IdentitySequence, _context: Context) -> List[Ddl]:
    return [] if obj.unlogged is None else _persistence(obj, obj.unlogged)


def _alter(_old: IdentitySequence, new: IdentitySequence, _fields: FrozenSet[str], _context: Context) -> List[Ddl]:
    return _persistence(new, new.unlogged)


def _drop(obj: IdentitySequence, context: Context) -> List[Ddl]:
    """The sequence stays with its column, as PostgreSQL makes it."""
    column: Any = context.catalog.get(obj.parent)
    if column is None or not column.identity:
        return []
    result = [] if obj.unlogged is None else _persistence(obj, None)
    if obj.comment is not None:
        result.append(Ddl(f"COMMENT ON SEQUENCE {_name(obj)} IS NULL"))
    plain = privileges.default_grants("sequence", context.server_version)
    held: FrozenSet[Grant] = obj.acl or frozenset()
    return result + privileges.statements(f"SEQUENCE {_name(obj)}", None, plain - held, held - plain)


KIND = Kind(
    name="identity sequence",
    rank=53,
    system_catalog="pg_class",
    keyword="SEQUENCE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    target=_name,
    acl_class="sequence",
    grant_keyword="SEQUENCE",
)
