# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collations and encoding conversions. The version of a collation's library is not compared: it is the server's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild, rename_ddl
from .model import Ddl, Identity, Object
from .quoting import literal


@dataclass(frozen=True)
class Collation(Object):
    """CREATE COLLATION."""

    provider: str  # c (libc), i(cu), b(uiltin)
    deterministic: bool
    locale: Optional[str]
    lc_collate: Optional[str]
    lc_ctype: Optional[str]
    rules: Optional[str]


def _query(version: int) -> str:
    if version >= 170000:
        locale, rules = "c.colllocale", "c.collicurules"
    elif version >= 150000:
        locale, rules = "c.colliculocale", "c.collicurules" if version >= 160000 else "NULL"
    else:
        locale, rules = "CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END", "NULL"
    return f"""
        SELECT c.oid, n.nspname AS schema, c.collname AS name, pg_get_userbyid(c.collowner) AS owner,
               c.collprovider::text AS provider, c.collisdeterministic AS deterministic, {locale} AS locale,
               CASE WHEN c.collprovider = 'c' THEN c.collcollate::text END AS lc_collate,
               CASE WHEN c.collprovider = 'c' THEN c.collctype::text END AS lc_ctype, {rules} AS rules,
               d.description AS comment
          FROM pg_collation c
          JOIN pg_namespace n ON n.oid = c.collnamespace
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_collation'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.collname"""


def _read(row: Any, context: ReadContext) -> Collation:
    return Collation(
        id=Identity("collation", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        provider=row.provider,
        deterministic=row.deterministic,
        locale=row.locale,
        lc_collate=row.lc_collate,
        lc_ctype=row.lc_ctype,
        rules=row.rules,
    )


_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


def _create(collation: Collation, _context: Context) -> List[Ddl]:
    words = [f"PROVIDER = {_PROVIDERS[collation.provider]}"]
    if not collation.deterministic:
        words.append("DETERMINISTIC = false")
    for word, value in (
        ("LOCALE", collation.locale),
        ("LC_COLLATE", collation.lc_collate),
        ("LC_CTYPE", collation.lc_ctype),
        ("RULES", collation.rules),
    ):
        if value is not None:
            words.append(f"{word} = {literal(value)}")
    return [Ddl(f"CREATE COLLATION {collation.id.relation} ({', '.join(words)})")]


def _drop(collation: Collation, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP COLLATION {collation.id.relation}")]


def _rename(collation: Object, new: Identity) -> List[Ddl]:
    return rename_ddl("COLLATION", collation, new)


KIND = Kind(
    name="collation",
    rank=25,
    system_catalog="pg_collation",
    keyword="COLLATION",
    query=_query,
    read=_read,
    create=_create,
    alter=always_rebuild,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_collation"], row.oid, 0)],
)


@dataclass(frozen=True)
class Conversion(Object):
    """CREATE CONVERSION."""

    source: str
    destination: str
    function: str
    default: bool


def _conversion_query(_version: int) -> str:
    return """
        SELECT c.oid, n.nspname AS schema, c.conname AS name, pg_get_userbyid(c.conowner) AS owner,
               pg_encoding_to_char(c.conforencoding) AS source, pg_encoding_to_char(c.contoencoding) AS destination,
               c.conproc::text AS function, c.condefault AS "default", d.description AS comment
          FROM pg_conversion c
          JOIN pg_namespace n ON n.oid = c.connamespace
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_conversion'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.conname"""


def _read_conversion(row: Any, context: ReadContext) -> Conversion:
    return Conversion(
        id=Identity("conversion", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        source=row.source,
        destination=row.destination,
        function=row.function,
        default=row.default,
    )


def _create_conversion(conversion: Conversion, _context: Context) -> List[Ddl]:
    default = "DEFAULT " if conversion.default else ""
    encodings = f"FOR {literal(conversion.source)} TO {literal(conversion.destination)}"
    return [Ddl(f"CREATE {default}CONVERSION {conversion.id.relation} {encodings} FROM {conversion.function}")]


def _drop_conversion(conversion: Conversion, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP CONVERSION {conversion.id.relation}")]


def _rename_conversion(conversion: Object, new: Identity) -> List[Ddl]:
    return rename_ddl("CONVERSION", conversion, new)


CONVERSION = Kind(
    name="conversion",
    rank=48,
    system_catalog="pg_conversion",
    keyword="CONVERSION",
    query=_conversion_query,
    read=_read_conversion,
    create=_create_conversion,
    alter=always_rebuild,
    drop=_drop_conversion,
    rename=_rename_conversion,
    addresses=lambda row: [(CATALOG_OIDS["pg_conversion"], row.oid, 0)],
)
