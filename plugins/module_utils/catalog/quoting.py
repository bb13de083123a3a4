# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and texts as they must stand in an SQL statement."""

from __future__ import annotations

import re
from typing import Iterable

# Every key word that PostgreSQL 13 to 18 does not list as unreserved (pg_get_keywords(), catcode <> 'U').
_KEYWORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case
    cast char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default
    deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant
    greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join
    json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
    json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national
    natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay
    placing position precision primary real references returning right row select session_user setof similar
    smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true
    union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")


def ident(name: str) -> str:
    """Quote one identifier, as the server's quote_ident() does."""
    if _PLAIN.match(name) and name not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """A schema-qualified name."""
    return ident(schema) + "." + ident(name)


def idents(names: Iterable[str]) -> str:
    """Several identifiers, with commas between them."""
    return ", ".join(ident(name) for name in names)


def literal(text: str) -> str:
    """Quote a string constant. Every session of the engine pins standard_conforming_strings to on."""
    return "'" + text.replace("'", "''") + "'"


def do_block(body: str, tag: str) -> str:
    """A DO statement; ``tag`` names the dollar quotes, which are not used where the body holds them."""
    quote = f"${tag}$"
    return f"DO {quote}{body}{quote}" if quote not in body else f"DO {literal(body)}"


def role(name: str) -> str:
    """A role as a grantee; the empty name is PUBLIC."""
    return ident(name) if name else "PUBLIC"


_CAST_ARRAY = re.compile(
    r"\(ARRAY\[(?P<elements>'(?:[^']|'')*'::(?P<type>character varying|bpchar)(?:, '(?:[^']|'')*'::(?P=type))*)\]\)"
    r"::text\[\]"
)


def exact(expression: str) -> str:
    """An expression of the server's writing, so that reading it gives the same tree again.

    ``x IN ('a', 'b')`` over a varchar column is written as a cast of an array, and the grammar would push that cast
    down to the elements. A cast of the array to its own type in between keeps it where it was.
    """
    return _CAST_ARRAY.sub(r"(ARRAY[\g<elements>]::\g<type>[])::text[]", expression)


_HELD_CAST = re.compile(_CAST_ARRAY.pattern.replace(r"\]\)::text", r"\]::(?P=type)\[\]\)::text"))


def inexact(text: str) -> str:
    """The reverse of exact(), in a whole statement: no text of the server's own writing has such a cast."""
    return _HELD_CAST.sub(r"(ARRAY[\g<elements>])::text[]", text)
