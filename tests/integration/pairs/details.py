# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for what the kinds have beside their main attributes."""

from __future__ import annotations

from .model import Pair

TYPES = (
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

PROGRAMS = (
    Pair(
        "function: everything at once",
        "CREATE FUNCTION f(a int DEFAULT 1,"
        " VARIADIC b text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql STABLE COST 5 ROWS 10 PARALLEL "
        "SAFE AS 'SELECT unnest(b)';",
        "CREATE FUNCTION f(a int DEFAULT 2,"
        " VARIADIC b text[] DEFAULT '{x}') RETURNS SETOF text LANGUAGE plpgsql VOLATILE STRICT SECURITY "
        "DEFINER LEAKPROOF SET work_mem = '2MB' AS 'BEGIN RETURN QUERY SELECT unnest(b); END';",
    ),
    Pair(
        "aggregate: of every argument form, parallel",
        'CREATE AGGREGATE a(VARIADIC "any") (SFUNC = sfa, STYPE = int);',
        "CREATE AGGREGATE a(VARIADIC \"any\") (SFUNC = sfa, STYPE = int, INITCOND = '0',"
        " PARALLEL = RESTRICTED, COMBINEFUNC = int4pl);",
        common="CREATE FUNCTION sfa(int, VARIADIC \"any\") RETURNS int LANGUAGE internal IMMUTABLE AS 'int4pl';",
    ),
    Pair(
        "aggregate: serialised",
        "",
        "CREATE AGGREGATE a(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, SSPACE = 128,"
        " FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize,"
        " DESERIALFUNC = numeric_avg_deserialize, PARALLEL = SAFE, MSFUNC = numeric_avg_accum,"
        " MINVFUNC = numeric_accum_inv, MSTYPE = internal, MSSPACE = 64, MFINALFUNC = numeric_avg,"
        " MFINALFUNC_MODIFY = READ_WRITE);",
    ),
    Pair(
        "materialized view: without data, and with",
        "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA; "
        "CREATE UNIQUE INDEX i ON m (a);",
        "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a, 1 AS b FROM t; "
        "CREATE UNIQUE INDEX i ON m (a);",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a FROM t",
    ),
    Pair(
        "view: all options",
        "CREATE TABLE t (a int, b int); "
        "CREATE VIEW v (x, y) WITH (security_barrier, check_option = local) AS SELECT a,"
        " b FROM t WHERE a > 0;",
        "CREATE TABLE t (a int, b int); "
        "CREATE VIEW v (x, y) WITH (security_invoker = true, check_option = cascaded) AS SELECT a,"
        " b FROM t WHERE a > 0; ALTER VIEW v ALTER x SET DEFAULT 5;",
        first=15,
    ),
    Pair(
        "event trigger: kept while its function is made anew",
        "CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
        "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION ef();",
        "CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NULL; END'; "
        "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER et DISABLE;",
        alone=True,
    ),
    Pair(
        "statistics: on expressions over a function made anew",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; "
        "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON (g(a)), b FROM t;",
        "CREATE FUNCTION g(int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint'; "
        "CREATE TABLE t (a int, b int); CREATE STATISTICS s (ndistinct) ON (g(a)), b FROM t; "
        "ALTER STATISTICS s SET STATISTICS 50; COMMENT ON STATISTICS s IS 's';",
        first=14,
    ),
)

WHOLE = (
    Pair(
        "extension: version",
        "CREATE EXTENSION pg_trgm VERSION '1.3';",
        "CREATE EXTENSION pg_trgm; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops);",
        alone=True,
    ),
    Pair(
        "extension: version, and an index that stands on it",
        "CREATE EXTENSION pg_trgm VERSION '1.3'; CREATE TABLE t (a text); "
        "CREATE INDEX i ON t USING gin (a gin_trgm_ops);",
        "CREATE EXTENSION pg_trgm VERSION '1.4'; CREATE TABLE t (a text); "
        "CREATE INDEX i ON t USING gin (a gin_trgm_ops);",
        seed="INSERT INTO t VALUES ('x')",
        kept="SELECT a FROM t",
        alone=True,
    ),
    Pair(
        "publication: everything that can be in one",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY, b text); "
        "CREATE TABLE u (a int PRIMARY KEY, b text, c text); "
        "CREATE PUBLICATION p FOR TABLE u (a, b) WHERE (a > 5 AND b <> 'x') WITH (publish = 'insert,"
        " update');",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY, b text); "
        "CREATE TABLE u (a int PRIMARY KEY, b text, c text); "
        "CREATE PUBLICATION p FOR TABLES IN SCHEMA s, TABLE u WHERE (a > 7) WITH (publish = 'insert,"
        " delete, truncate', publish_via_partition_root = true); COMMENT ON PUBLICATION p IS 'p'; "
        "ALTER PUBLICATION p OWNER TO pair_owner;",
        first=15,
        alone=True,
    ),
    Pair(
        "publication: filter over a column whose type changes",
        "CREATE TABLE u (a int PRIMARY KEY, b text); CREATE PUBLICATION p FOR TABLE u (a, b) WHERE (a > 5);",
        "CREATE TABLE u (a bigint PRIMARY KEY, b text); CREATE PUBLICATION p FOR TABLE u (a, b) WHERE (a > 5);",
        first=15,
        seed="INSERT INTO u VALUES (1, 'x')",
        kept="SELECT a::int, b FROM u",
        alone=True,
    ),
)
