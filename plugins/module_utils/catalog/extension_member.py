# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on what an extension brings. Only those members are read whose privileges are not those that the
extension itself gave them: PostgreSQL keeps these in pg_init_privs. They go with the extension, in whatever schema it
has its members: who defines the one defines the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Optional

from . import privileges
from .kind import Context, Kind, ReadContext, no_ddl
from .model import Ddl, Grant, Identity, Object


@dataclass(frozen=True)
class ExtensionMember(Object):
    """What GRANT and REVOKE say. ``initial``: what is granted on it when the extension is made."""

    initial: FrozenSet[Grant] = field(compare=False)
    target: str = field(compare=False)  # as GRANT names it, the word for its kind first
    column: Optional[str] = field(compare=False)
    extension: str = field(compare=False)

    @property
    def parent(self) -> Optional[Identity]:
        # plpgsql is there from the beginning, and no source makes it.
        return Identity("extension", "", self.extension) if self.extension != "plpgsql" else None


def _members_of(catalog: str, prefix: str, target: str, acl_class: str) -> str:
    """The members that are rows of a catalog; ``prefix`` is that of its columns."""
    return f"""
        SELECT 'extension member' AS kind, '' AS schema, o.{prefix}name AS name, {target} AS part,
               pg_get_userbyid(o.{prefix}owner) AS owner, o.{prefix}acl::text[] AS acl, NULL AS comment,
               i.initprivs::text[] AS initial, ARRAY[m.extname::text, {acl_class}] AS details
          FROM members m
          JOIN {catalog} o ON o.oid = m.objid
          LEFT JOIN pg_init_privs i ON i.objoid = o.oid AND i.classoid = m.classid AND i.objsubid = 0
         WHERE m.classid = '{catalog}'::regclass AND o.{prefix}acl IS DISTINCT FROM i.initprivs"""


_ROUTINE = "CASE o.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || o.oid::regprocedure"
_RELATION = "CASE o.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || o.oid::regclass"
_RELATION_CLASS = "CASE o.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END"
_COLUMNS = """
        SELECT 'extension member', '', o.relname, 'TABLE ' || o.oid::regclass, pg_get_userbyid(o.relowner),
               a.attacl::text[], NULL, i.initprivs::text[], ARRAY[m.extname::text, 'column', a.attname]
          FROM members m
          JOIN pg_class o ON o.oid = m.objid
          JOIN pg_attribute a ON a.attrelid = o.oid
          LEFT JOIN pg_init_privs i ON i.objoid = o.oid AND i.classoid = m.classid AND i.objsubid = a.attnum
         WHERE m.classid = 'pg_class'::regclass AND NOT a.attisdropped AND a.attacl IS DISTINCT FROM i.initprivs"""


def query(_version: int) -> str:
    wrapper = "'FOREIGN DATA WRAPPER ' || quote_ident(o.fdwname)"
    parts = [
        _members_of("pg_proc", "pro", _ROUTINE, "'routine'"),
        _members_of("pg_class", "rel", _RELATION, _RELATION_CLASS),
        _COLUMNS,
        _members_of("pg_type", "typ", "'TYPE ' || o.oid::regtype", "'type'"),
        _members_of("pg_foreign_data_wrapper", "fdw", wrapper, "'foreign data wrapper'"),
        _members_of("pg_language", "lan", "'LANGUAGE ' || quote_ident(o.lanname)", "'language'"),
    ]
    members = """(
            SELECT d.classid, d.objid, e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
             WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass)"""
    return " UNION ALL ".join(parts).replace("FROM members m", f"FROM {members} m")


def read(row: Any, context: ReadContext) -> Optional[ExtensionMember]:
    extension, acl_class, *more = row.details
    held = context.grants(row.acl, acl_class, row.owner)
    initial = context.grants(row.initial, acl_class, row.owner)
    if more:  # of a column, nobody has any to begin with
        held, initial = (held if row.acl else frozenset()), (initial if row.initial else frozenset())
    if held == initial:
        return None
    column = more[0] if more else None
    return ExtensionMember(
        id=Identity("extension member", "", row.name, row.part + (f" ({column})" if column else "")),
        owner=None,
        acl=held,
        comment=None,
        initial=initial,
        target=row.part,
        column=column,
        extension=extension,
    )


def _drop(member: ExtensionMember, _context: Context) -> List[Ddl]:
    """Back to what the extension gave it."""
    held = member.acl or frozenset()
    return privileges.statements(member.target, None, member.initial - held, held - member.initial, member.column)


KIND = Kind(
    name="extension member",
    rank=180,
    system_catalog="pg_extension",
    keyword="",
    query=query,
    read=read,
    create=no_ddl,
    alter=no_ddl,
    drop=_drop,
    target=lambda member: str(member.target),
)
