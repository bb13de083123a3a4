# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for text search and statistics objects."""

from __future__ import annotations

from .model import Pair

_DICTIONARY = "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = english);"

PAIRS = (
    Pair(
        "template",
        "",
        "CREATE TEXT SEARCH TEMPLATE t (INIT = dsimple_init, LEXIZE = dsimple_lexize); COMMENT ON TEXT SEARCH TEMPLATE t IS 't';",
    ),
    Pair(
        "template: functions",
        "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize);",
        "CREATE TEXT SEARCH TEMPLATE t (INIT = dsimple_init, LEXIZE = dsimple_lexize);",
    ),
    Pair(
        "parser",
        "",
        "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); COMMENT ON TEXT SEARCH PARSER p IS 'p';",
    ),
    Pair(
        "parser: functions",
        "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);",
        "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);",
    ),
    Pair("dictionary", "", _DICTIONARY + "COMMENT ON TEXT SEARCH DICTIONARY d IS 'd';"),
    Pair(
        "dictionary: options",
        _DICTIONARY,
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, ACCEPT = false, STOPWORDS = german);",
    ),
    Pair(
        "dictionary: option taken away",
        _DICTIONARY + "ALTER TEXT SEARCH DICTIONARY d OWNER TO pair_other;",
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple); ALTER TEXT SEARCH DICTIONARY d OWNER TO pair_owner;",
    ),
    Pair(
        "dictionary: template", _DICTIONARY, "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, LANGUAGE = german);"
    ),
    Pair(
        "configuration",
        "",
        _DICTIONARY
        + "CREATE TEXT SEARCH CONFIGURATION c (COPY = english); ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR word WITH d, english_stem; COMMENT ON TEXT SEARCH CONFIGURATION c IS 'c';",
    ),
    Pair(
        "configuration: mappings",
        'CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, email WITH simple; ALTER TEXT SEARCH CONFIGURATION c OWNER TO pair_other;',
        'CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword WITH german_stem, simple; ALTER TEXT SEARCH CONFIGURATION c OWNER TO pair_owner;',
    ),
    Pair(
        "configuration: order of dictionaries",
        'CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple, german_stem;',
        'CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH german_stem, simple;',
    ),
    Pair(
        "configuration: dictionary made anew under an index",
        _DICTIONARY
        + "CREATE TEXT SEARCH CONFIGURATION c (PARSER = \"default\"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('c', a));",
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, LANGUAGE = german); CREATE TEXT SEARCH CONFIGURATION c (PARSER = \"default\"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('c', a));",
    ),
    Pair(
        "statistics",
        "",
        "CREATE STATISTICS s (ndistinct, mcv) ON a, b FROM t; COMMENT ON STATISTICS s IS 's';",
        common="CREATE TABLE t (a int, b int, c int);",
    ),
    Pair(
        "statistics: kinds and columns",
        "CREATE STATISTICS s (ndistinct) ON a, b FROM t;",
        "CREATE STATISTICS s (dependencies) ON b, c FROM t;",
        common="CREATE TABLE t (a int, b int, c int);",
    ),
    Pair(
        "statistics: target",
        "CREATE STATISTICS s ON a, b FROM t; ALTER STATISTICS s OWNER TO pair_other;",
        "CREATE STATISTICS s ON a, b FROM t; ALTER STATISTICS s SET STATISTICS 500; ALTER STATISTICS s OWNER TO pair_owner;",
        common="CREATE TABLE t (a int, b int, c int);",
    ),
    Pair(
        "statistics: expressions",
        "CREATE STATISTICS s ON (a + b) FROM t;",
        "CREATE STATISTICS s (mcv) ON c, (a % 2), (lower(b::text)) FROM t;",
        common="CREATE TABLE t (a int, b int, c int);",
        first=14,
    ),
    Pair(
        "statistics: of a table that loses a column",
        "CREATE TABLE t (a int, b int, c int); CREATE STATISTICS s ON a, b FROM t; CREATE STATISTICS s2 ON a, c FROM t;",
        "CREATE TABLE t (a int, c int); CREATE STATISTICS s2 ON a, c FROM t;",
    ),
    Pair(
        "statistics: of a column whose type changes",
        "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t;",
        "CREATE TABLE t (a bigint, b int); CREATE STATISTICS s ON a, b FROM t;",
    ),
    Pair(
        "statistics: of a materialized view",
        "",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a, 2 AS b; CREATE STATISTICS s ON a, b FROM m;",
    ),
    Pair(
        "statistics: in another schema",
        "",
        "CREATE SCHEMA x; CREATE TABLE t (a int, b int); CREATE STATISTICS x.s ON a, b FROM t;",
        alone=True,
    ),
)
