# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign data wrappers, foreign servers and user mappings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .options import Option, change_options, read_options, with_options
from .quoting import ident, literal, role


@dataclass(frozen=True)
class Wrapper(Object):
    """CREATE FOREIGN DATA WRAPPER."""

    handler: Optional[str]
    validator: Optional[str]
    options: Tuple[Option, ...]


@dataclass(frozen=True)
class Server(Object):
    """CREATE SERVER."""

    type: Optional[str]
    version: Optional[str]
    wrapper: str
    options: Tuple[Option, ...]


@dataclass(frozen=True)
class UserMapping(Object):
    """CREATE USER MAPPING. The identity's name is the server, its part the role ('' is PUBLIC)."""

    options: Tuple[Option, ...]


def _wrapper_query(_version: int) -> str:
    return """
        SELECT w.oid, w.fdwname AS name, pg_get_userbyid(w.fdwowner) AS owner, w.fdwacl::text[] AS acl,
               nullif(w.fdwhandler::regproc::text, '-') AS handler,
               nullif(w.fdwvalidator::regproc::text, '-') AS validator, w.fdwoptions AS options,
               d.description AS comment
          FROM pg_foreign_data_wrapper w
          LEFT JOIN pg_description d ON d.objoid = w.oid AND d.classoid = 'pg_foreign_data_wrapper'::regclass
                                    AND d.objsubid = 0
         ORDER BY w.fdwname"""


def _read_wrapper(row: Any, context: ReadContext) -> Wrapper:
    return Wrapper(
        id=Identity("foreign data wrapper", "", row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "foreign data wrapper", row.owner),
        comment=row.comment,
        handler=row.handler,
        validator=row.validator,
        options=read_options(row.options),
    )


def _functions(wrapper: Wrapper, fields: Any, created: bool) -> str:
    words = ""
    for field, value in (("handler", wrapper.handler), ("validator", wrapper.validator)):
        if value and field in fields:
            words += f" {field.upper()} {value}"
        elif field in fields and not created:
            words += f" NO {field.upper()}"
    return words


def _create_wrapper(wrapper: Wrapper, _context: Context) -> List[Ddl]:
    head = f"CREATE FOREIGN DATA WRAPPER {ident(wrapper.id.name)}"
    return [with_options(head + _functions(wrapper, {"handler", "validator"}, created=True), wrapper.options)]


def _alter_wrapper(old: Wrapper, new: Wrapper, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    head = f"ALTER FOREIGN DATA WRAPPER {ident(new.id.name)}"
    return [change_options(head + _functions(new, fields, created=False), old.options, new.options)]


def _drop_wrapper(wrapper: Wrapper, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP FOREIGN DATA WRAPPER {ident(wrapper.id.name)}")]


WRAPPER = Kind(
    name="foreign data wrapper",
    rank=47,
    system_catalog="pg_foreign_data_wrapper",
    keyword="FOREIGN DATA WRAPPER",
    query=_wrapper_query,
    read=_read_wrapper,
    create=_create_wrapper,
    alter=_alter_wrapper,
    drop=_drop_wrapper,
    rename=lambda obj, new: [Ddl(f"ALTER FOREIGN DATA WRAPPER {ident(obj.id.name)} RENAME TO {ident(new.name)}")],
    addresses=lambda row: [(CATALOG_OIDS["pg_foreign_data_wrapper"], row.oid, 0)],
    acl_class="foreign data wrapper",
    grant_keyword="FOREIGN DATA WRAPPER",
)


# --- servers -----------------------------------------------------------------------------------------


def _server_query(_version: int) -> str:
    return """
        SELECT s.oid, s.srvname AS name, pg_get_userbyid(s.srvowner) AS owner, s.srvacl::text[] AS acl,
               s.srvtype AS type, s.srvversion AS version, w.fdwname AS wrapper, s.srvoptions AS options,
               d.description AS comment
          FROM pg_foreign_server s
          JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
          LEFT JOIN pg_description d ON d.objoid = s.oid AND d.classoid = 'pg_foreign_server'::regclass
                                    AND d.objsubid = 0
         ORDER BY s.srvname"""


def _read_server(row: Any, context: ReadContext) -> Server:
    return Server(
        id=Identity("server", "", row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "foreign server", row.owner),
        comment=row.comment,
        type=row.type,
        version=row.version,
        wrapper=row.wrapper,
        options=read_options(row.options),
    )


def _create_server(server: Server, _context: Context) -> List[Ddl]:
    type_words = f" TYPE {literal(server.type)}" if server.type is not None else ""
    version = f" VERSION {literal(server.version)}" if server.version is not None else ""
    head = f"CREATE SERVER {ident(server.id.name)}{type_words}{version} FOREIGN DATA WRAPPER {ident(server.wrapper)}"
    return [with_options(head, server.options)]


def _alter_server(old: Server, new: Server, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if fields & {"type", "wrapper"}:
        return None
    head = f"ALTER SERVER {ident(new.id.name)}"
    if "version" in fields:
        head += f" VERSION {literal(new.version) if new.version is not None else 'NULL'}"
    return [change_options(head, old.options, new.options)]


def _drop_server(server: Server, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP SERVER {ident(server.id.name)}")]


SERVER = Kind(
    name="server",
    rank=48,
    system_catalog="pg_foreign_server",
    keyword="SERVER",
    query=_server_query,
    read=_read_server,
    create=_create_server,
    alter=_alter_server,
    drop=_drop_server,
    rename=lambda obj, new: [Ddl(f"ALTER SERVER {ident(obj.id.name)} RENAME TO {ident(new.name)}")],
    addresses=lambda row: [(CATALOG_OIDS["pg_foreign_server"], row.oid, 0)],
    acl_class="foreign server",
    grant_keyword="FOREIGN SERVER",
)


# --- user mappings -----------------------------------------------------------------------------------


def _mapping_query(_version: int) -> str:
    # Whose options the session may not see is left to the inventory to report: it cannot be compared.
    return """
        SELECT m.umid AS oid, m.srvname AS server, CASE WHEN m.umuser = 0 THEN '' ELSE m.usename END AS role,
               m.umoptions AS options
          FROM pg_user_mappings m
          JOIN pg_foreign_server s ON s.oid = m.srvid
         WHERE m.umoptions IS NOT NULL
            OR (m.umuser <> 0 AND m.usename = current_user
                AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
            OR (m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE'))
            OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
         ORDER BY 2, 3"""


def _read_mapping(row: Any, _context: ReadContext) -> UserMapping:
    return UserMapping(
        id=Identity("user mapping", "", row.server, row.role),
        owner=None,
        acl=None,
        comment=None,
        options=read_options(row.options),
    )


def _for(mapping: UserMapping) -> str:
    return f"USER MAPPING FOR {role(mapping.id.part)} SERVER {ident(mapping.id.name)}"


def _create_mapping(mapping: UserMapping, _context: Context) -> List[Ddl]:
    return [with_options(f"CREATE {_for(mapping)}", mapping.options)]


def _alter_mapping(
    old: UserMapping, new: UserMapping, _fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    return [change_options(f"ALTER {_for(new)}", old.options, new.options)]


def _drop_mapping(mapping: UserMapping, _context: Context) -> List[Ddl]:
    lost = f"how {role(mapping.id.part)} logs in at {ident(mapping.id.name)} is forgotten"
    return [Ddl(f"DROP {_for(mapping)}", (Hazard("data_loss", lost),))]


USER_MAPPING = Kind(
    name="user mapping",
    rank=49,
    system_catalog="pg_user_mapping",
    keyword="USER MAPPING",
    query=_mapping_query,
    read=_read_mapping,
    create=_create_mapping,
    alter=_alter_mapping,
    drop=_drop_mapping,
    addresses=lambda row: [(CATALOG_OIDS["pg_user_mapping"], row.oid, 0)],
)
