# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text search parsers, templates, dictionaries and configurations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

from . import plain
from .kind import Context, Kind, ReadContext
from .model import Ddl, Object
from .quoting import ident


@dataclass(frozen=True)
class Functions(Object):
    """CREATE TEXT SEARCH PARSER or TEMPLATE: a list of functions."""

    functions: Tuple[Tuple[str, str], ...]


@dataclass(frozen=True)
class Dictionary(Object):
    """CREATE TEXT SEARCH DICTIONARY."""

    template: str
    options: Optional[str]  # "key = 'value', …" as the server keeps it


@dataclass(frozen=True)
class Configuration(Object):
    """CREATE TEXT SEARCH CONFIGURATION."""

    parser: str
    mappings: Tuple[Tuple[str, Tuple[str, ...]], ...]  # (token type, dictionaries in order)


def _create_of_functions(obj: Functions, _context: Context) -> List[Ddl]:
    listed = ", ".join(f"{word} = {function}" for word, function in obj.functions)
    return [Ddl(f"CREATE {obj.id.kind.upper()} {obj.id.relation} ({listed})")]


def _of_functions(name: str, system_catalog: str, prefix: str, words: Tuple[Tuple[str, str], ...]) -> Kind:
    """A kind that is a list of functions; ``words`` are (word in CREATE, column without its prefix)."""
    columns = ", ".join(f'o.{prefix}{column}::text AS "{word}"' for word, column in words)

    def read(row: Any, context: ReadContext) -> Functions:
        functions = ((word, getattr(row, word)) for word, _column in words)
        return Functions(
            **plain.common(name, row, context),
            functions=tuple((word.upper(), function) for word, function in functions if function != "-"),
        )

    def query(_version: int) -> str:
        return plain.query(system_catalog, prefix, columns, owned=False)

    return plain.kind(name, 48, system_catalog, query, read, _create_of_functions)


PARSER = _of_functions(
    "text search parser",
    "pg_ts_parser",
    "prs",
    (("start", "start"), ("gettoken", "token"), ("end", "end"), ("headline", "headline"), ("lextypes", "lextype")),
)

TEMPLATE = _of_functions("text search template", "pg_ts_template", "tmpl", (("init", "init"), ("lexize", "lexize")))


# --- dictionaries ------------------------------------------------------------------------------------


def _dictionary_query(_version: int) -> str:
    return plain.query(
        "pg_ts_dict",
        "dict",
        "quote_ident(tn.nspname) || '.' || quote_ident(m.tmplname) AS template, o.dictinitoption AS options",
        "JOIN pg_ts_template m ON m.oid = o.dicttemplate JOIN pg_namespace tn ON tn.oid = m.tmplnamespace",
    )


def _read_dictionary(row: Any, context: ReadContext) -> Dictionary:
    return Dictionary(
        **plain.common("text search dictionary", row, context), template=row.template, options=row.options
    )


def _create_dictionary(dictionary: Dictionary, _context: Context) -> List[Ddl]:
    options = f", {dictionary.options}" if dictionary.options else ""
    sql = f"CREATE TEXT SEARCH DICTIONARY {dictionary.id.relation} (TEMPLATE = {dictionary.template}{options})"
    return [Ddl(sql)]


_OPTION = re.compile(r"""("(?:[^"]|"")*"|[^\s=,]+)\s*=\s*(E?'(?:[^']|'')*'|[^\s,]+)""")


def _options(text: Optional[str]) -> Dict[str, str]:
    return {match.group(1): match.group(2) for match in _OPTION.finditer(text or "")}


def _alter_dictionary(
    old: Dictionary, new: Dictionary, fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    if "template" in fields:
        return None
    before, after = _options(old.options), _options(new.options)
    changes = [f"{key} = {value}" for key, value in after.items() if before.get(key) != value]
    changes += [key for key in before if key not in after]  # without a value: taken away
    return [Ddl(f"ALTER TEXT SEARCH DICTIONARY {new.id.relation} ({', '.join(changes)})")]


DICTIONARY = plain.kind(
    "text search dictionary",
    49,
    "pg_ts_dict",
    _dictionary_query,
    _read_dictionary,
    _create_dictionary,
    _alter_dictionary,
)


# --- configurations ----------------------------------------------------------------------------------


_CONFIGURATION = """
    quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS parser,
    (SELECT array_agg(ARRAY[tokens.alias, quote_ident(dn.nspname) || '.' || quote_ident(t.dictname)]
                      ORDER BY tokens.alias, m.mapseqno)
       FROM pg_ts_config_map m
       JOIN ts_token_type(o.cfgparser) tokens ON tokens.tokid = m.maptokentype
       JOIN pg_ts_dict t ON t.oid = m.mapdict
       JOIN pg_namespace dn ON dn.oid = t.dictnamespace
      WHERE m.mapcfg = o.oid) AS mappings"""


def _configuration_query(_version: int) -> str:
    joins = "JOIN pg_ts_parser p ON p.oid = o.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace"
    return plain.query("pg_ts_config", "cfg", _CONFIGURATION, joins)


def _read_configuration(row: Any, context: ReadContext) -> Configuration:
    mappings: Dict[str, List[str]] = {}
    for token, dictionary in row.mappings or ():
        mappings.setdefault(token, []).append(dictionary)
    return Configuration(
        **plain.common("text search configuration", row, context),
        parser=row.parser,
        mappings=tuple((token, tuple(dictionaries)) for token, dictionaries in mappings.items()),
    )


def _map(configuration: Configuration, action: str, token: str, dictionaries: Tuple[str, ...]) -> Ddl:
    with_words = f" WITH {', '.join(dictionaries)}" if dictionaries else ""
    on = f"ALTER TEXT SEARCH CONFIGURATION {configuration.id.relation}"
    return Ddl(f"{on} {action} MAPPING FOR {ident(token)}{with_words}")


def _create_configuration(configuration: Configuration, _context: Context) -> List[Ddl]:
    sql = f"CREATE TEXT SEARCH CONFIGURATION {configuration.id.relation} (PARSER = {configuration.parser})"
    return [Ddl(sql)] + [_map(configuration, "ADD", *mapping) for mapping in configuration.mappings]


def _alter_configuration(
    old: Configuration, new: Configuration, fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    if "parser" in fields:
        return None
    before, after = dict(old.mappings), dict(new.mappings)
    result = [_map(new, "DROP", token, ()) for token in before if token not in after]
    for token, dictionaries in new.mappings:
        if token not in before:
            result.append(_map(new, "ADD", token, dictionaries))
        elif before[token] != dictionaries:
            result.append(_map(new, "ALTER", token, dictionaries))
    return result


CONFIGURATION = plain.kind(
    "text search configuration",
    50,
    "pg_ts_config",
    _configuration_query,
    _read_configuration,
    _create_configuration,
    _alter_configuration,
)
