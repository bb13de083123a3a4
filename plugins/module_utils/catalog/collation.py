# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collations and encoding conversions. The version of a collation's library is not compared: it is the server's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

from . import plain
from .kind import Context, ReadContext
from .model import Ddl, Object
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
        locale, rules = "o.colllocale", "o.collicurules"
    elif version >= 150000:
        locale, rules = "o.colliculocale", "o.collicurules" if version >= 160000 else "NULL"
    else:
        locale, rules = "CASE WHEN o.collprovider = 'i' THEN o.collcollate::text END", "NULL"
    columns = f"""
        o.collprovider::text AS provider, o.collisdeterministic AS deterministic, {locale} AS locale,
        CASE WHEN o.collprovider = 'c' THEN o.collcollate::text END AS lc_collate,
        CASE WHEN o.collprovider = 'c' THEN o.collctype::text END AS lc_ctype, {rules} AS rules"""
    return plain.query("pg_collation", "coll", columns)


def _read(row: Any, context: ReadContext) -> Collation:
    return Collation(
        **plain.common("collation", row, context),
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


KIND = plain.kind("collation", 25, "pg_collation", _query, _read, _create)


@dataclass(frozen=True)
class Conversion(Object):
    """CREATE CONVERSION."""

    source: str
    destination: str
    function: str
    default: bool


_CONVERSION = """
    pg_encoding_to_char(o.conforencoding) AS source, pg_encoding_to_char(o.contoencoding) AS destination,
    o.conproc::text AS function, o.condefault AS "default" """


def _conversion_query(_version: int) -> str:
    return plain.query("pg_conversion", "con", _CONVERSION)


def _read_conversion(row: Any, context: ReadContext) -> Conversion:
    return Conversion(
        **plain.common("conversion", row, context),
        source=row.source,
        destination=row.destination,
        function=row.function,
        default=row.default,
    )


def _create_conversion(conversion: Conversion, _context: Context) -> List[Ddl]:
    default = "DEFAULT " if conversion.default else ""
    encodings = f"FOR {literal(conversion.source)} TO {literal(conversion.destination)}"
    return [Ddl(f"CREATE {default}CONVERSION {conversion.id.relation} {encodings} FROM {conversion.function}")]


CONVERSION = plain.kind("conversion", 48, "pg_conversion", _conversion_query, _read_conversion, _create_conversion)
