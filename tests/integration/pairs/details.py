# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for what programs, extensions and publications have beside their main attributes."""

from __future__ import annotations

from .model import Pair

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
        "publication: filter over a column whose type changes",
        "CREATE TABLE u (a int PRIMARY KEY, b text); CREATE PUBLICATION p FOR TABLE u (a, b) WHERE (a > 5);",
        "CREATE TABLE u (a bigint PRIMARY KEY, b text); CREATE PUBLICATION p FOR TABLE u (a, b) WHERE (a > 5);",
        first=15,
        seed="INSERT INTO u VALUES (1, 'x')",
        kept="SELECT a::int, b FROM u",
        alone=True,
    ),
)
