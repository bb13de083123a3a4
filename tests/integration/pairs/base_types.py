# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for base types and ranges: their functions, options and owners."""

from __future__ import annotations

from .model import Pair

PAIRS = (
    Pair(
        "base type: what ALTER TYPE can set",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';"
        "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, STORAGE = extended); "
        "CREATE TABLE t (c complex);",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';"
        "CREATE FUNCTION complex_recv(internal) RETURNS complex LANGUAGE internal STABLE STRICT AS "
        "'textrecv';\n CREATE FUNCTION complex_send(complex) RETURNS bytea LANGUAGE internal STABLE STRICT "
        "AS 'textsend';"
        "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, RECEIVE = complex_recv,"
        " SEND = complex_send, STORAGE = main); CREATE TABLE t (c complex);",
        seed="INSERT INTO t VALUES ('x')",
        kept="SELECT c::text FROM t",
    ),
    Pair(
        "base type: its functions",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out); "
        "CREATE TABLE t (c complex);",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal STABLE STRICT AS 'textin';\n "
        "CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal STABLE STRICT AS 'textout';"
        "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out); CREATE TABLE t (c complex);",
        seed="INSERT INTO t VALUES ('x')",
        kept="SELECT c::text FROM t",
    ),
    Pair(
        "base type: modifiers",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out); "
        "CREATE TABLE t (c complex);",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';"
        "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, TYPMOD_IN = varchartypmodin,"
        " TYPMOD_OUT = varchartypmodout, ANALYZE = ts_typanalyze); CREATE TABLE t (c complex);",
        seed="INSERT INTO t VALUES ('x')",
        kept="SELECT c::text FROM t",
    ),
    Pair(
        "base type: like another",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';",
        "CREATE TYPE complex; "
        "CREATE FUNCTION complex_in(cstring) RETURNS complex LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';\n CREATE FUNCTION complex_out(complex) RETURNS cstring LANGUAGE internal IMMUTABLE "
        "STRICT AS 'textout';"
        "CREATE TYPE complex (INPUT = complex_in, OUTPUT = complex_out, LIKE = text, DELIMITER = ';',"
        " COLLATABLE); ALTER TYPE complex OWNER TO pair_owner; "
        "ALTER FUNCTION complex_in(cstring) OWNER TO pair_owner; "
        "ALTER FUNCTION complex_out(complex) OWNER TO pair_owner; "
        "GRANT USAGE ON TYPE complex TO pair_reader; COMMENT ON TYPE complex IS 'c';",
    ),
    Pair(
        "range with a canonical function",
        "",
        "CREATE TYPE r; "
        "CREATE FUNCTION r_canonical(r) RETURNS r LANGUAGE internal IMMUTABLE STRICT AS "
        "'int4range_canonical'; "
        "CREATE TYPE r AS RANGE (SUBTYPE = int, CANONICAL = r_canonical, SUBTYPE_DIFF = int4range_subdiff); "
        "CREATE TABLE t (r r); ALTER TYPE r OWNER TO pair_owner; "
        "ALTER FUNCTION r_canonical(r) OWNER TO pair_owner;",
    ),
    Pair(
        "range: functions",
        "CREATE TYPE r AS RANGE (SUBTYPE = int); CREATE TABLE t (r r);",
        "CREATE TYPE r AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = int4range_subdiff); CREATE TABLE t (r r);",
        seed="INSERT INTO t VALUES ('[1,3)')",
        kept="SELECT r::text FROM t",
    ),
    Pair(
        "range: name of a multirange in use",
        "CREATE TYPE r AS RANGE (SUBTYPE = float8); CREATE TABLE t (r r, m r_multirange); "
        "CREATE FUNCTION f(r_multirange) RETURNS r LANGUAGE sql AS 'SELECT NULL::r'; "
        "CREATE INDEX i ON t USING gist (m);",
        'CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = "Many R"); '
        'CREATE TABLE t (r r, m "Many R"); '
        "CREATE FUNCTION f(\"Many R\") RETURNS r LANGUAGE sql AS 'SELECT NULL::r'; "
        "CREATE INDEX i ON t USING gist (m);",
        first=14,
        seed="INSERT INTO t VALUES ('[1,3)', '{[1,2),[5,6)}')",
        kept="SELECT r::text, m::text FROM t",
    ),
)
