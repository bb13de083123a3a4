# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for what stands beside an object in catalogs of its own: comments on the indexes of constraints, the functions
of types, objects that go when an extension goes."""

from __future__ import annotations

from .model import Pair

_BASE = (
    "CREATE TYPE c; CREATE FUNCTION c_in(cstring) RETURNS c LANGUAGE internal IMMUTABLE STRICT AS 'textin'; "
    "CREATE FUNCTION c_out(c) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; "
    "CREATE TYPE c (INPUT = c_in, OUTPUT = c_out, STORAGE = {}); CREATE TABLE t (a c); "
)
_OWN = (
    "COMMENT ON FUNCTION c_in(cstring) IS 'in'; REVOKE EXECUTE ON FUNCTION c_out(c) FROM PUBLIC; "
    "GRANT EXECUTE ON FUNCTION c_out(c) TO pair_reader; ALTER FUNCTION c_out(c) OWNER TO pair_other; "
    "ALTER TYPE c OWNER TO pair_owner; ALTER FUNCTION c_in(cstring) OWNER TO pair_owner; "
)
_OF_SOMEBODY = (
    "ALTER FUNCTION c_out(c) OWNER TO pair_owner; ALTER TYPE c OWNER TO pair_other; "
    "ALTER FUNCTION c_in(cstring) OWNER TO pair_other; "
)
_PROGRAMS = (
    "CREATE EXTENSION citext; CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT {}'; "
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN END'; "
    "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
    "CREATE TABLE t (a int, b {}, CONSTRAINT k UNIQUE (a)); CREATE INDEX i ON t (b); "
    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); "
    "CREATE MATERIALIZED VIEW m AS SELECT b FROM t; "
)
_GO_WITH = "".join(
    f"ALTER {each} DEPENDS ON EXTENSION citext; "
    for each in ("FUNCTION f", "PROCEDURE p()", "TRIGGER tr ON t", "INDEX i", "INDEX k", "MATERIALIZED VIEW m")
)

PAIRS = (
    Pair(
        "index of a key: comment",
        "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT u UNIQUE (b), CONSTRAINT x EXCLUDE (b WITH =));",
        "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT u UNIQUE (b), CONSTRAINT x EXCLUDE (b WITH =)); "
        "COMMENT ON INDEX t_pkey IS 'the key'; COMMENT ON INDEX u IS 'u'; COMMENT ON INDEX x IS 'x'; "
        "COMMENT ON CONSTRAINT x ON t IS 'another';",
    ),
    Pair(
        "index of a key: comment, with another name and another key",
        "CREATE TABLE t (a int, b int, CONSTRAINT k PRIMARY KEY (a), CONSTRAINT u UNIQUE (b)); "
        "COMMENT ON INDEX k IS 'k'; COMMENT ON INDEX u IS 'u';",
        "CREATE TABLE t (a int, b int, CONSTRAINT kk PRIMARY KEY (a), CONSTRAINT u UNIQUE (a, b)); "
        "COMMENT ON INDEX kk IS 'k'; COMMENT ON INDEX u IS 'u';",
    ),
    Pair(
        "index of a partition's key: comment",
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); "
        "COMMENT ON INDEX p_pkey IS 'p'; COMMENT ON INDEX p1_pkey IS 'p1';",
    ),
    Pair(
        "base type: functions of others, with privileges and comments",
        _BASE.format("main") + _OF_SOMEBODY,
        _BASE.format("main") + _OWN,
    ),  # fmt: skip
    Pair("base type: new, with functions of others", "", _BASE.format("main") + _OWN),
    Pair(
        "base type: made anew, with functions of others",
        _BASE.format("extended") + _OWN,
        _BASE.format("plain").replace("OUTPUT = c_out,", "OUTPUT = c_out, INTERNALLENGTH = 8,") + _OWN,
    ),
    Pair(
        "range: canonical function of another",
        "CREATE TYPE r; CREATE FUNCTION cf(r) RETURNS r LANGUAGE internal IMMUTABLE AS 'int4range_canonical'; "
        "CREATE TYPE r AS RANGE (SUBTYPE = int4, CANONICAL = cf);",
        "CREATE TYPE r; CREATE FUNCTION cf(r) RETURNS r LANGUAGE internal IMMUTABLE AS 'int4range_canonical'; "
        "CREATE TYPE r AS RANGE (SUBTYPE = int4, CANONICAL = cf); REVOKE EXECUTE ON FUNCTION cf(r) FROM PUBLIC; "
        "COMMENT ON FUNCTION cf(r) IS 'canonical';",
    ),
    Pair(
        "materialized view: storage of a column, parameters of its TOAST table",
        "CREATE TABLE t (a int, b text); CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;",
        "CREATE TABLE t (a int, b text); CREATE MATERIALIZED VIEW m WITH (toast.autovacuum_enabled = off) AS "
        "SELECT a, b FROM t; ALTER MATERIALIZED VIEW m ALTER b SET STORAGE EXTERNAL;",
    ),
    Pair(
        "materialized view: compression of a column",
        "CREATE TABLE t (b text); CREATE MATERIALIZED VIEW m AS SELECT b FROM t;",
        "CREATE TABLE t (b text); CREATE MATERIALIZED VIEW m AS SELECT b FROM t; "
        "ALTER MATERIALIZED VIEW m ALTER b SET COMPRESSION pglz;",
        first=14,
    ),
    Pair("depends on extension", _PROGRAMS.format("1", "int"), _PROGRAMS.format("1", "int") + _GO_WITH, alone=True),
    Pair(
        "depends on extension: kept where all is replaced or made anew",
        _PROGRAMS.format("1", "int") + _GO_WITH,
        _PROGRAMS.format("2", "bigint").replace("BEGIN END", "BEGIN NULL; END") + _GO_WITH,
        alone=True,
    ),
    Pair(
        "depends on extension: one that goes",
        _PROGRAMS.format("1", "int") + _GO_WITH,
        _PROGRAMS.format("1", "int").replace("CREATE EXTENSION citext; ", ""),
        alone=True,
    ),
)
