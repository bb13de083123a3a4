# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text search parsers, templates, dictionaries and configurations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild, rename_ddl
from .model import Ddl, Identity, Object
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


def _keyword(what: str) -> str:
    return f"TEXT SEARCH {what}"


def _dropper(keyword: str) -> Callable[[Any, Context], List[Ddl]]:
    return lambda obj, _context: [Ddl(f"DROP {keyword} {obj.id.relation}")]


def _renamer(keyword: str) -> Callable[[Object, Identity], List[Ddl]]:
    return lambda obj, new: rename_ddl(keyword, obj, new)


def _create_of_functions(keyword: str) -> Callable[[Any, Context], List[Ddl]]:
    def create(obj: Functions, _context: Context) -> List[Ddl]:
        listed = ", ".join(f"{word} = {function}" for word, function in obj.functions)
        return [Ddl(f"CREATE {keyword} {obj.id.relation} ({listed})")]

    return create


def _parser_query(_version: int) -> str:
    return """
        SELECT p.oid, n.nspname AS schema, p.prsname AS name, p.prsstart::text AS start, p.prstoken::text AS gettoken,
               p.prsend::text AS "end", p.prsheadline::text AS headline, p.prslextype::text AS lextypes,
               d.description AS comment
          FROM pg_ts_parser p
          JOIN pg_namespace n ON n.oid = p.prsnamespace
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_ts_parser'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, p.prsname"""


def _template_query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, t.tmplname AS name, t.tmplinit::text AS init, t.tmpllexize::text AS lexize,
               d.description AS comment
          FROM pg_ts_template t
          JOIN pg_namespace n ON n.oid = t.tmplnamespace
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_ts_template'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, t.tmplname"""


def _reader_of_functions(kind: str, words: Tuple[str, ...]) -> Callable[[Any, ReadContext], Functions]:
    def read(row: Any, _context: ReadContext) -> Functions:
        return Functions(
            id=Identity(kind, row.schema, row.name),
            owner=None,
            acl=None,
            comment=row.comment,
            functions=tuple((word.upper(), getattr(row, word)) for word in words if getattr(row, word) != "-"),
        )

    return read


PARSER = Kind(
    name="text search parser",
    rank=48,
    system_catalog="pg_ts_parser",
    keyword=_keyword("PARSER"),
    query=_parser_query,
    read=_reader_of_functions("text search parser", ("start", "gettoken", "end", "headline", "lextypes")),
    create=_create_of_functions(_keyword("PARSER")),
    alter=always_rebuild,
    drop=_dropper(_keyword("PARSER")),
    rename=_renamer(_keyword("PARSER")),
    addresses=lambda row: [(CATALOG_OIDS["pg_ts_parser"], row.oid, 0)],
)

TEMPLATE = Kind(
    name="text search template",
    rank=48,
    system_catalog="pg_ts_template",
    keyword=_keyword("TEMPLATE"),
    query=_template_query,
    read=_reader_of_functions("text search template", ("init", "lexize")),
    create=_create_of_functions(_keyword("TEMPLATE")),
    alter=always_rebuild,
    drop=_dropper(_keyword("TEMPLATE")),
    rename=_renamer(_keyword("TEMPLATE")),
    addresses=lambda row: [(CATALOG_OIDS["pg_ts_template"], row.oid, 0)],
)


# --- dictionaries ------------------------------------------------------------------------------------


def _dictionary_query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, t.dictname AS name, pg_get_userbyid(t.dictowner) AS owner,
               quote_ident(tn.nspname) || '.' || quote_ident(m.tmplname) AS template, t.dictinitoption AS options,
               d.description AS comment
          FROM pg_ts_dict t
          JOIN pg_namespace n ON n.oid = t.dictnamespace
          JOIN pg_ts_template m ON m.oid = t.dicttemplate
          JOIN pg_namespace tn ON tn.oid = m.tmplnamespace
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_ts_dict'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, t.dictname"""


def _read_dictionary(row: Any, context: ReadContext) -> Dictionary:
    return Dictionary(
        id=Identity("text search dictionary", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        template=row.template,
        options=row.options,
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


DICTIONARY = Kind(
    name="text search dictionary",
    rank=49,
    system_catalog="pg_ts_dict",
    keyword=_keyword("DICTIONARY"),
    query=_dictionary_query,
    read=_read_dictionary,
    create=_create_dictionary,
    alter=_alter_dictionary,
    drop=_dropper(_keyword("DICTIONARY")),
    rename=_renamer(_keyword("DICTIONARY")),
    addresses=lambda row: [(CATALOG_OIDS["pg_ts_dict"], row.oid, 0)],
)


# --- configurations ----------------------------------------------------------------------------------


def _configuration_query(_version: int) -> str:
    return """
        SELECT c.oid, n.nspname AS schema, c.cfgname AS name, pg_get_userbyid(c.cfgowner) AS owner,
               quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS parser, mappings.list AS mappings,
               d.description AS comment
          FROM pg_ts_config c
          JOIN pg_namespace n ON n.oid = c.cfgnamespace
          JOIN pg_ts_parser p ON p.oid = c.cfgparser
          JOIN pg_namespace pn ON pn.oid = p.prsnamespace
          CROSS JOIN LATERAL (
              SELECT array_agg(ARRAY[tokens.alias, quote_ident(dn.nspname) || '.' || quote_ident(t.dictname)]
                               ORDER BY tokens.alias, m.mapseqno) AS list
                FROM pg_ts_config_map m
                JOIN ts_token_type(c.cfgparser) tokens ON tokens.tokid = m.maptokentype
                JOIN pg_ts_dict t ON t.oid = m.mapdict
                JOIN pg_namespace dn ON dn.oid = t.dictnamespace
               WHERE m.mapcfg = c.oid) mappings
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_ts_config'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.cfgname"""


def _read_configuration(row: Any, context: ReadContext) -> Configuration:
    mappings: Dict[str, List[str]] = {}
    for token, dictionary in row.mappings or ():
        mappings.setdefault(token, []).append(dictionary)
    return Configuration(
        id=Identity("text search configuration", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
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


CONFIGURATION = Kind(
    name="text search configuration",
    rank=50,
    system_catalog="pg_ts_config",
    keyword=_keyword("CONFIGURATION"),
    query=_configuration_query,
    read=_read_configuration,
    create=_create_configuration,
    alter=_alter_configuration,
    drop=_dropper(_keyword("CONFIGURATION")),
    rename=_renamer(_keyword("CONFIGURATION")),
    addresses=lambda row: [(CATALOG_OIDS["pg_ts_config"], row.oid, 0)],
)
