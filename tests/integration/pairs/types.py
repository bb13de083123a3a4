# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for types: enums, composites, domains, ranges, base types."""

from __future__ import annotations

from .model import Pair

_BASE = """
    CREATE TYPE complex;
    CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS 'textin';
    CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
"""

PAIRS = (
    Pair("enum", "", "CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s \"fine\"'); COMMENT ON TYPE mood IS 'how';"),
    Pair("enum without labels", "CREATE TYPE mood AS ENUM ();", "CREATE TYPE mood AS ENUM ('sad');"),
    Pair(
        "enum: label at the end",
        "CREATE TYPE mood AS ENUM ('sad', 'ok');",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');",
    ),
    Pair(
        "enum: labels before and between",
        "CREATE TYPE mood AS ENUM ('sad', 'ok');",
        "CREATE TYPE mood AS ENUM ('dead', 'sad', 'meh', 'hm', 'ok');",
    ),
    Pair(
        "enum: labels in another order",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');",
        "CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad');",
    ),
    Pair(
        "composite",
        "",
        'CREATE TYPE point3 AS (x float8, y numeric(5, 2), "Z" text COLLATE "C"); COMMENT ON TYPE point3 IS \'p\';'
        "COMMENT ON COLUMN point3.y IS 'why';",
    ),
    Pair("composite without attributes", "CREATE TYPE e AS ();", "CREATE TYPE e AS (a int);"),
    Pair("composite: attribute added", "CREATE TYPE c AS (a int);", "CREATE TYPE c AS (a int, b text);"),
    Pair(
        "composite: attribute in the middle",
        "CREATE TYPE c AS (a int, c int);",
        "CREATE TYPE c AS (a int, b text, c int);",
    ),
    Pair("composite: other types", "CREATE TYPE c AS (a int, b text);", "CREATE TYPE c AS (a bigint, b varchar(10));"),
    Pair("composite: another collation", "CREATE TYPE c AS (a text);", 'CREATE TYPE c AS (a text COLLATE "C");'),
    Pair("composite: another order", "CREATE TYPE c AS (a int, b text);", "CREATE TYPE c AS (b text, a int);"),
    Pair(
        "composite: comments of attributes",
        "CREATE TYPE c AS (a int, b int); COMMENT ON COLUMN c.a IS 'one';",
        "CREATE TYPE c AS (a int, b int); COMMENT ON COLUMN c.a IS 'eins'; COMMENT ON COLUMN c.b IS 'zwei';",
    ),
    Pair(
        "composite of a column: attribute added",
        "CREATE TYPE c AS (a int); CREATE TABLE t (id int, c c);",
        "CREATE TYPE c AS (a int, b text); CREATE TABLE t (id int, c c);",
        seed="INSERT INTO t VALUES (1, ROW(5))",
        kept="SELECT id, (c).a FROM t",
    ),
    Pair(
        "composite in a composite",
        "CREATE TYPE inner_ AS (a int); CREATE TYPE outer_ AS (i inner_, l inner_[]);",
        "CREATE TYPE inner_ AS (a int, b int); CREATE TYPE outer_ AS (i inner_, l inner_[], x int);",
    ),
    Pair(
        "domain",
        "",
        "CREATE DOMAIN email AS text COLLATE \"C\" DEFAULT 'x@y' NOT NULL CONSTRAINT has_at CHECK (VALUE ~ '@')"
        " CHECK (length(VALUE) < 100); COMMENT ON DOMAIN email IS 'mail';"
        "COMMENT ON CONSTRAINT has_at ON DOMAIN email IS 'at';",
    ),
    Pair("domain: default", "CREATE DOMAIN d AS int DEFAULT 1;", "CREATE DOMAIN d AS int DEFAULT 2;"),
    Pair("domain: default set", "CREATE DOMAIN d AS int;", "CREATE DOMAIN d AS int DEFAULT 2;"),
    Pair("domain: not null", "CREATE DOMAIN d AS int;", "CREATE DOMAIN d AS int NOT NULL;"),
    Pair(
        "domain: name of not null",
        "CREATE DOMAIN d AS int NOT NULL;",
        "CREATE DOMAIN d AS int CONSTRAINT there NOT NULL;",
        first=17,
    ),
    Pair("domain: check added", "CREATE DOMAIN d AS int;", "CREATE DOMAIN d AS int CONSTRAINT pos CHECK (VALUE > 0);"),
    Pair(
        "domain: check changed",
        "CREATE DOMAIN d AS int CONSTRAINT pos CHECK (VALUE > 0);",
        "CREATE DOMAIN d AS int CONSTRAINT pos CHECK (VALUE >= 0);",
    ),
    Pair(
        "domain: check with another name",
        "CREATE DOMAIN d AS int CONSTRAINT pos CHECK (VALUE > 0);",
        "CREATE DOMAIN d AS int CONSTRAINT positive CHECK (VALUE > 0);",
    ),
    Pair(
        "domain: check validated",
        "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT pos CHECK (VALUE > 0) NOT VALID;"
        "COMMENT ON CONSTRAINT pos ON DOMAIN d IS 'c';",
        "CREATE DOMAIN d AS int CONSTRAINT pos CHECK (VALUE > 0); COMMENT ON CONSTRAINT pos ON DOMAIN d IS 'c';",
    ),
    Pair("domain: base type", "CREATE DOMAIN d AS int;", "CREATE DOMAIN d AS bigint;"),
    Pair("domain: length", "CREATE DOMAIN d AS varchar(10);", "CREATE DOMAIN d AS varchar(20);"),
    Pair("domain: collation", "CREATE DOMAIN d AS text;", 'CREATE DOMAIN d AS text COLLATE "C";'),
    Pair(
        "domain of columns: check and not null",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int, d d); CREATE TABLE u (d d DEFAULT 5);",
        "CREATE DOMAIN d AS int NOT NULL CHECK (VALUE > 0); CREATE TABLE t (id int, d d); CREATE TABLE u (d d DEFAULT 5);",
        seed="INSERT INTO t VALUES (1, 5)",
        kept="SELECT * FROM t",
    ),
    Pair(
        "domain: check that calls a function",
        "",
        "CREATE FUNCTION good(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';"
        "CREATE DOMAIN d AS int DEFAULT 1 CHECK (good(VALUE)); CREATE TABLE t (d d);",
    ),
    Pair("domain over a domain", "", "CREATE DOMAIN a AS int; CREATE DOMAIN b AS a CHECK (VALUE > 0);"),
    Pair("domain over an enum", "", "CREATE TYPE zz AS ENUM ('x'); CREATE DOMAIN aa AS zz DEFAULT 'x';"),
    Pair(
        "range",
        "",
        "CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi); COMMENT ON TYPE span IS 's';",
    ),
    Pair(
        "range: subtype and its collation",
        "CREATE TYPE span AS RANGE (SUBTYPE = text);",
        'CREATE TYPE span AS RANGE (SUBTYPE = text, COLLATION = "C");',
    ),
    Pair(
        "range: operator class",
        "CREATE TYPE span AS RANGE (SUBTYPE = text);",
        "CREATE TYPE span AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops);",
    ),
    Pair(
        "range: name of the multirange",
        "CREATE TYPE span AS RANGE (SUBTYPE = int);",
        "CREATE TYPE span AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = spans);",
        first=14,
    ),
    Pair(
        "range of columns",
        "",
        "CREATE TYPE span AS RANGE (SUBTYPE = int); CREATE TABLE t (s span, l span[]);"
        "CREATE FUNCTION f(span) RETURNS int LANGUAGE sql AS 'SELECT lower($1)';",
    ),
    Pair(
        "multirange of a column",
        "",
        "CREATE TYPE span AS RANGE (SUBTYPE = int); CREATE TABLE t (s span_multirange);",
        first=14,
    ),
    Pair(
        "range with a function of its own for differences",
        "",
        "CREATE FUNCTION diff(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8';"
        "CREATE TYPE span AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = diff);",
    ),
    Pair(
        "base type",
        "",
        _BASE + "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, STORAGE = extended, CATEGORY = 'S',"
        " DEFAULT = 'x', COLLATABLE = true, DELIMITER = ';');"
        "CREATE TABLE t (c complex, l complex[]);",
    ),
    Pair(
        "base type: settings",
        _BASE + "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, STORAGE = extended);",
        _BASE + "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, STORAGE = main, PREFERRED = true);",
    ),
    Pair("shell type", "", "CREATE TYPE later; COMMENT ON TYPE later IS 'not yet';"),
    Pair(
        "types: another kind under the same name",
        "CREATE TYPE x AS ENUM ('a');",
        "CREATE DOMAIN x AS text;",
    ),
    Pair(
        "types: another kind under the same name, a relation at that",
        "CREATE TABLE x (a int);",
        "CREATE TYPE x AS (a int);",
    ),
    Pair(
        "types: privileges",
        "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TYPE c AS (a int);",
        "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TYPE c AS (a int);"
        "REVOKE ALL ON TYPE e FROM PUBLIC; GRANT USAGE ON TYPE e TO pair_reader WITH GRANT OPTION;"
        "GRANT USAGE ON DOMAIN d TO pair_reader; REVOKE ALL ON TYPE c FROM PUBLIC;",
    ),
    Pair(
        "types: owners",
        "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TYPE c AS (a int);"
        "ALTER TYPE e OWNER TO pair_other; ALTER DOMAIN d OWNER TO pair_other; ALTER TYPE c OWNER TO pair_other;",
        "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TYPE c AS (a int);"
        "ALTER TYPE e OWNER TO pair_owner; ALTER DOMAIN d OWNER TO pair_owner; ALTER TYPE c OWNER TO pair_owner;",
    ),
    Pair(
        "types in a schema of their own, under names that need quotes",
        "",
        'CREATE SCHEMA "Ümlaut"; CREATE TYPE "Ümlaut"."Sel ect" AS ENUM (\'ä\', \'\');'
        'CREATE DOMAIN "Ümlaut"."do""main" AS "Ümlaut"."Sel ect"; CREATE TYPE "Ümlaut"."C" AS ("a b" "Ümlaut"."do""main"[]);',
        alone=True,
    ),
)
