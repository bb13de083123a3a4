# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base types and shell types: those whose representation a function written in C (or an internal one) knows.

A base type and its input and output functions stand on one another. They are one object here: the shell, the
functions, the type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from . import enum_type
from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild, signature_in
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident
from .type_usage import columns_of_type


@dataclass(frozen=True)
class BaseType(Object):
    """CREATE TYPE … (INPUT = …)."""

    settings: Tuple[str, ...]
    functions: Tuple[str, ...]  # definitions


@dataclass(frozen=True)
class ShellType(Object):
    """CREATE TYPE with a name only."""


# What a base type and a function of it have in common: one cannot be made without the other.
IN_CYCLE = """
    SELECT f.oid FROM pg_type b
      CROSS JOIN LATERAL (VALUES (b.typinput), (b.typoutput), (b.typreceive), (b.typsend)) AS f(oid)
     WHERE b.typtype = 'b' AND b.typisdefined AND b.oid >= 16384 AND b.typcategory <> 'A' AND f.oid >= 16384
    UNION ALL SELECT r.rngcanonical FROM pg_range r WHERE r.rngcanonical::oid >= 16384"""


def _query(version: int) -> str:
    subscript = "t.typsubscript" if version >= 140000 else "0::regproc"
    return f"""
        SELECT t.oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
               t.typacl::text[] AS acl, d.description AS comment,
               t.typinput::text AS input, t.typoutput::text AS output, t.typreceive::text AS receive,
               t.typsend::text AS send, t.typmodin::text AS typmod_in, t.typmodout::text AS typmod_out,
               t.typanalyze::text AS analyze, {subscript}::text AS subscript, t.typlen, t.typbyval,
               t.typalign::text AS typalign, t.typstorage::text AS typstorage, t.typcategory::text AS typcategory,
               t.typispreferred, quote_literal(t.typdefault) AS "default",
               CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END AS element,
               quote_literal(t.typdelim::text) AS delimiter, t.typcollation <> 0 AS collatable,
               functions.definitions, functions.oids
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          CROSS JOIN LATERAL (
              SELECT array_agg(pg_get_functiondef(p.oid) ORDER BY p.proname) AS definitions,
                     array_agg(p.oid::bigint) AS oids
                FROM pg_proc p
               WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend) AND p.oid >= 16384
                 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                                    AND e.deptype = 'e')) functions
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND t.typtype = 'b' AND t.typisdefined
           -- Not the arrays that come with every type.
           AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
         ORDER BY n.nspname, t.typname"""


_ALIGNMENT = {"c": "char", "s": "int2", "i": "int4", "d": "double"}
_STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
_ABSENT = ("-", None)


def _read(row: Any, context: ReadContext) -> BaseType:
    settings = [
        f"{word} = {value}"
        for word, value in (
            ("INPUT", row.input),
            ("OUTPUT", row.output),
            ("RECEIVE", row.receive),
            ("SEND", row.send),
            ("TYPMOD_IN", row.typmod_in),
            ("TYPMOD_OUT", row.typmod_out),
            ("ANALYZE", row.analyze),
            ("SUBSCRIPT", row.subscript),
            ("INTERNALLENGTH", "VARIABLE" if row.typlen == -1 else row.typlen),
            ("ALIGNMENT", _ALIGNMENT[row.typalign]),
            ("STORAGE", _STORAGE[row.typstorage]),
            ("CATEGORY", f"'{row.typcategory}'"),
            ("DEFAULT", row.default),
            ("ELEMENT", row.element),
            ("DELIMITER", row.delimiter),
            ("PREFERRED", "true" if row.typispreferred else None),
            ("COLLATABLE", "true" if row.collatable else None),
        )
        if value not in _ABSENT
    ]
    return BaseType(
        id=Identity("base type", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "type", row.owner),
        comment=row.comment,
        settings=tuple(settings + (["PASSEDBYVALUE"] if row.typbyval else [])),
        functions=tuple(definition.rstrip("\n") for definition in row.definitions or ()),
    )


def _create(base_type: BaseType, _context: Context) -> List[Ddl]:
    name = base_type.id.relation
    result = [Ddl(f"CREATE TYPE {name}")]
    result += [Ddl(definition) for definition in base_type.functions]
    return result + [Ddl(f"CREATE TYPE {name} ({', '.join(base_type.settings)})")]


# What ALTER TYPE … SET can change. PostgreSQL documentation, "ALTER TYPE".
_ALTERABLE = frozenset({"RECEIVE", "SEND", "TYPMOD_IN", "TYPMOD_OUT", "ANALYZE", "SUBSCRIPT", "STORAGE"})


def _alter(old: BaseType, new: BaseType, _fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    before, after = (dict(each.partition(" = ")[::2] for each in side.settings) for side in (old, new))
    changed = {word for word in {*before, *after} if before.get(word) != after.get(word)}
    if changed - _ALTERABLE or after["STORAGE"] == "plain" != before["STORAGE"]:
        return None
    had, wanted = (set(_signatures(side)) for side in (old, new))
    ordinary = tuple(
        f"{each.relation}("
        for side in (context.live, context.catalog)
        for each in side.objects
        if each.kind == "function"
    )
    if any(signature.startswith(ordinary) for signature in had ^ wanted):
        return None  # a function that stands alone on one side, and is the type's on the other
    name = new.id.relation
    result = [Ddl(definition) for definition in new.functions if definition not in old.functions]
    if changed:
        words = ", ".join(f"{word} = {after.get(word, 'NONE')}" for word in sorted(changed))
        result.append(Ddl(f"ALTER TYPE {name} SET ({words})"))
    if "STORAGE" in changed:
        result += _columns_follow(old.id, after["STORAGE"], context)
    return result + [Ddl(f"DROP FUNCTION {signature}") for signature in sorted(had - wanted)]


def _signatures(base_type: BaseType) -> List[str]:
    return [signature_in(definition) for definition in base_type.functions]


def _columns_follow(base_type: Identity, storage: str, context: Context) -> List[Ddl]:
    """Columns keep the storage that their type had when they were made."""
    result = []
    for identity in columns_of_type(context.live, base_type, through=False):
        column = context.live.get(identity)
        if getattr(column, "base_type", "") == base_type.relation and getattr(column, "storage", "") is None:
            on = f"ALTER TABLE ONLY {identity.relation} ALTER COLUMN {ident(identity.part)}"
            table = Identity("table", identity.schema, identity.name)
            result.append(Ddl(f"{on} SET STORAGE {storage.upper()}", (), "ACCESS EXCLUSIVE", table))
    return result


def _drop(base_type: BaseType, _context: Context) -> List[Ddl]:
    hazard = Hazard("data_loss", f"whatever still stands on {base_type.id.relation} is dropped with it")
    return [Ddl(f"DROP TYPE {base_type.id.relation} CASCADE", (hazard,))]


def _shell_query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
               t.typacl::text[] AS acl, d.description AS comment
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND NOT t.typisdefined
         ORDER BY n.nspname, t.typname"""


def _read_shell(row: Any, context: ReadContext) -> ShellType:
    return ShellType(
        id=Identity("shell type", row.schema, row.name),
        owner=context.owner(row.owner),
        # PostgreSQL grants nothing on a shell.
        acl=None,
        comment=row.comment,
    )


def _create_shell(shell: ShellType, _context: Context) -> List[Ddl]:
    return [Ddl(f"CREATE TYPE {shell.id.relation}")]


def _drop_shell(shell: ShellType, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP TYPE {shell.id.relation}")]


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_type"], row.oid, 0)]
    return result + [(CATALOG_OIDS["pg_proc"], oid, 0) for oid in row.oids or ()]


KIND = Kind(
    name="base type",
    rank=34,
    system_catalog="pg_type",
    keyword="TYPE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=enum_type.rename,
    addresses=_addresses,
    acl_class="type",
    grant_keyword="TYPE",
)

SHELL = Kind(
    name="shell type",
    rank=35,
    system_catalog="pg_type",
    keyword="TYPE",
    query=_shell_query,
    read=_read_shell,
    create=_create_shell,
    alter=always_rebuild,
    drop=_drop_shell,
    addresses=lambda row: [(CATALOG_OIDS["pg_type"], row.oid, 0)],
)
