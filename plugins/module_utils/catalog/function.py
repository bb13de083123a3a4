# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions, window functions and procedures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from . import base_type
from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Identity, Object
from .quoting import ident, qualified


@dataclass(frozen=True)
class Function(Object):
    """CREATE FUNCTION or PROCEDURE, as pg_get_functiondef() writes it.

    The fields after the definition say whether CREATE OR REPLACE can get there.
    """

    definition: str
    result: Optional[str]
    argument_names: Tuple[str, ...]
    argument_modes: str
    number_of_defaults: int
    window: bool
    parsed_body: bool  # BEGIN ATOMIC: its dependencies are known to PostgreSQL


def _query_for(condition: str, version: int) -> str:
    parsed = "p.prosqlbody IS NOT NULL" if version >= 140000 else "false"
    return f"""
        SELECT p.oid, n.nspname AS schema, p.proname AS name, oidvectortypes(p.proargtypes) AS arguments,
               pg_get_userbyid(p.proowner) AS owner, p.proacl::text[] AS acl, d.description AS comment,
               p.prokind::text AS kind, pg_get_functiondef(p.oid) AS definition,
               pg_get_function_result(p.oid) AS result,
               p.proargnames AS argument_names, array_to_string(p.proargmodes, '') AS argument_modes,
               p.pronargdefaults AS number_of_defaults, {parsed} AS parsed_body
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND {condition}
           -- An extension's members may not even be describable (their library could be gone); and a range type's
           -- constructors come with it.
           AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                              AND e.deptype IN ('e', 'i'))
           AND p.oid NOT IN ({base_type.IN_CYCLE})
         ORDER BY n.nspname, p.proname, 4"""


def _function_query(version: int) -> str:
    return _query_for("p.prokind IN ('f', 'w')", version)


def _procedure_query(version: int) -> str:
    return _query_for("p.prokind = 'p'", version)


def _read(row: Any, context: ReadContext) -> Function:
    return Function(
        id=Identity("procedure" if row.kind == "p" else "function", row.schema, row.name, row.arguments),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "routine", row.owner),
        comment=row.comment,
        definition=row.definition.rstrip("\n"),
        result=row.result,
        argument_names=tuple(row.argument_names or ()),
        argument_modes=row.argument_modes or "",
        number_of_defaults=row.number_of_defaults,
        window=row.kind == "w",
        parsed_body=row.parsed_body,
    )


def _create(function: Function, _context: Context) -> List[Ddl]:
    return [Ddl(function.definition)]


def _outline(function: Function) -> List[Ddl]:
    """The function without its body, which is in SQL and names what it needs; then the function."""
    return [_without_body(function), Ddl(function.definition)] if function.parsed_body else []


def _hollow(function: Function) -> List[Ddl]:
    return [_without_body(function)] if function.parsed_body else []


def _without_body(function: Function) -> Ddl:
    # "… RETURNS type LANGUAGE sql attributes BEGIN ATOMIC body": its bodies are not checked while a plan runs.
    head, _language, _rest = function.definition.partition("\n LANGUAGE ")
    return Ddl(f"{head}\n LANGUAGE sql\nAS ''")


def _alter(old: Function, new: Function, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if fields & {"result", "argument_modes", "window"} or new.number_of_defaults < old.number_of_defaults:
        return None
    # An argument that had a name keeps it.
    for position, name in enumerate(old.argument_names):
        if name and (position >= len(new.argument_names) or new.argument_names[position] != name):
            return None
    return _create(new, context)


def signature(function: Any) -> str:
    """name(argument types), as DROP and COMMENT ON take it."""
    return f"{qualified(function.id.schema, function.id.name)}({function.id.part})"


def _drop(function: Function, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP {function.id.kind.upper()} {signature(function)}")]


def _rename(function: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER {function.id.kind.upper()} {signature(function)} RENAME TO {ident(new.name)}")]


FUNCTION = Kind(
    name="function",
    rank=45,
    system_catalog="pg_proc",
    keyword="FUNCTION",
    query=_function_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    expressions=frozenset({"definition"}),
    replaceable=True,
    rename=_rename,
    outline=_outline,
    hollow=_hollow,
    target=signature,
    addresses=lambda row: [(CATALOG_OIDS["pg_proc"], row.oid, 0)],
    acl_class="routine",
    grant_keyword="FUNCTION",
)

PROCEDURE = Kind(
    name="procedure",
    rank=46,
    system_catalog="pg_proc",
    keyword="PROCEDURE",
    query=_procedure_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    expressions=frozenset({"definition"}),
    replaceable=True,
    rename=_rename,
    outline=_outline,
    hollow=_hollow,
    target=signature,
    addresses=lambda row: [(CATALOG_OIDS["pg_proc"], row.oid, 0)],
    acl_class="routine",
    grant_keyword="PROCEDURE",
)
