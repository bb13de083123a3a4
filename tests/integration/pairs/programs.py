# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for functions, procedures and aggregates."""

from __future__ import annotations

from .model import Pair

_F = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql "
_AGGREGATE_FUNCTIONS = """
    CREATE FUNCTION sf(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
    CREATE FUNCTION sf2(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * $2';
    CREATE FUNCTION ff(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1';
    CREATE FUNCTION ft(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
"""

PAIRS = (
    Pair("function", "", _F + "AS 'SELECT 1'; COMMENT ON FUNCTION f IS 'one';"),
    Pair("function: body", _F + "AS 'SELECT 1';", _F + "AS 'SELECT 2';"),
    Pair(
        "function: language",
        _F + "AS 'SELECT 1';",
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';",
    ),
    Pair("function: volatility", _F + "AS 'SELECT 1';", _F + "IMMUTABLE AS 'SELECT 1';"),
    Pair("function: strict", _F + "AS 'SELECT 1';", _F + "STRICT AS 'SELECT 1';"),
    Pair("function: security", _F + "AS 'SELECT 1';", _F + "SECURITY DEFINER AS 'SELECT 1';"),
    Pair("function: leakproof", _F + "AS 'SELECT 1';", _F + "LEAKPROOF AS 'SELECT 1';"),
    Pair("function: parallel", _F + "AS 'SELECT 1';", _F + "PARALLEL SAFE AS 'SELECT 1';"),
    Pair("function: cost", _F + "AS 'SELECT 1';", _F + "COST 7 AS 'SELECT 1';"),
    Pair(
        "function: rows",
        "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql ROWS 7 AS 'SELECT 1';",
    ),
    Pair(
        "function: settings",
        _F + "SET search_path = '' SET work_mem = '1MB' AS 'SELECT 1';",
        _F + "SET search_path = public, pg_temp AS 'SELECT 1';",
    ),
    Pair(
        "function: support",
        _F + "AS 'SELECT 1';",
        _F + "SUPPORT pg_catalog.generate_series_int4_support AS 'SELECT 1';",
    ),
    Pair(
        "function: result",
        _F + "AS 'SELECT 1';",
        "CREATE FUNCTION f(a int) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';",
    ),
    Pair(
        "function: name of an argument",
        _F + "AS 'SELECT 1';",
        "CREATE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "function: name of an argument added",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        _F + "AS 'SELECT 1';",
    ),
    Pair(
        "function: defaults of arguments",
        "CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f(a int DEFAULT 0, b int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "function: out arguments",
        "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f(a int, OUT b int, OUT c int) LANGUAGE sql AS 'SELECT 1, 2';",
    ),
    Pair(
        "function: table",
        "CREATE FUNCTION f() RETURNS TABLE (a int) LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 1, NULL::text';",
    ),
    Pair(
        "function: variadic",
        "CREATE FUNCTION f(a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f(VARIADIC a int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "function: signature",
        _F + "AS 'SELECT 1';",
        "CREATE FUNCTION f(a bigint) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "function: overloads",
        _F + "AS 'SELECT 1';",
        _F + "AS 'SELECT 1'; CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 2';",
    ),
    Pair(
        "function becomes a procedure", _F + "AS 'SELECT 1';", "CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1';"
    ),
    Pair("function: body in SQL", _F + "BEGIN ATOMIC SELECT a + 1; END;", _F + "RETURN a + 2;", first=14),
    Pair(
        "function: body in SQL over a table whose column changes",
        "CREATE TABLE t (a int, b int); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;",
        "CREATE TABLE t (a smallint, b int); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;",
        first=14,
    ),
    Pair(
        "function that a view, a default and a check call: another result",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
        "CREATE TABLE t (a int DEFAULT f(), CHECK (a > f())); CREATE VIEW v AS SELECT f() AS f; CREATE INDEX i ON t ((a + f()));",
        "CREATE FUNCTION f() RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT 1::smallint';"
        "CREATE TABLE t (a int DEFAULT f(), CHECK (a > f())); CREATE VIEW v AS SELECT f() AS f; CREATE INDEX i ON t ((a + f()));",
    ),
    Pair(
        "function of a table's rows",
        "",
        "CREATE TABLE t (a int); CREATE FUNCTION total(t) RETURNS int LANGUAGE sql AS 'SELECT $1.a'; CREATE FUNCTION all_t() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';",
    ),
    Pair(
        "functions that call one another",
        "",
        "CREATE FUNCTION a(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN b($1); END';"
        "CREATE FUNCTION b(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a($1); END';",
    ),
    Pair(
        "function in SQL whose name comes before what it reads",
        "",
        "CREATE TABLE zz (a int); CREATE FUNCTION aa() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.zz';",
        alone=True,
    ),
    Pair(
        "function: window",
        "",
        "CREATE FUNCTION w() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';",
    ),
    Pair(
        "function: privileges",
        _F + "AS 'SELECT 1';",
        _F
        + "AS 'SELECT 1'; REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO pair_reader WITH GRANT OPTION;",
    ),
    Pair(
        "function: owner",
        _F + "AS 'SELECT 1'; ALTER FUNCTION f OWNER TO pair_other;",
        _F + "AS 'SELECT 1'; ALTER FUNCTION f OWNER TO pair_owner;",
    ),
    Pair(
        "function: all kept when it is made anew",
        _F
        + "AS 'SELECT 1'; REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO pair_reader; COMMENT ON FUNCTION f IS 'c';",
        "CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO pair_reader; COMMENT ON FUNCTION f IS 'c';",
    ),
    Pair(
        "procedure",
        "",
        "CREATE PROCEDURE p(a int, INOUT b int) LANGUAGE plpgsql AS 'BEGIN b := a; END'; COMMENT ON PROCEDURE p IS 'p';",
    ),
    Pair(
        "procedure: body",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 2';",
    ),
    Pair(
        "procedure: out argument",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';",
        "CREATE PROCEDURE p(OUT a int) LANGUAGE sql AS 'SELECT 1';",
        first=14,
    ),
    Pair(
        "procedure: privileges",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON PROCEDURE p FROM PUBLIC; GRANT ALL ON PROCEDURE p TO pair_reader;",
    ),
    Pair(
        "aggregate",
        "",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, INITCOND = '0'); COMMENT ON AGGREGATE total(int) IS 't';",
        common=_AGGREGATE_FUNCTIONS,
    ),
    Pair(
        "aggregate: functions and initial value",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, INITCOND = '0', SSPACE = 100);",
        "CREATE AGGREGATE total(int) (SFUNC = sf2, STYPE = int, INITCOND = '1', COMBINEFUNC = sf2, PARALLEL = SAFE, SORTOP = >);",
        common=_AGGREGATE_FUNCTIONS,
    ),
    Pair(
        "aggregate: final function",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, FINALFUNC = ff);",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, FINALFUNC = ft, FINALFUNC_MODIFY = READ_WRITE);",
        common=_AGGREGATE_FUNCTIONS,
    ),
    Pair(
        "aggregate: moving",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int);",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, MSFUNC = sf, MINVFUNC = sf2, MSTYPE = int, MFINALFUNC = ff, MINITCOND = '0', MSSPACE = 9);",
        common=_AGGREGATE_FUNCTIONS.replace("IMMUTABLE", "IMMUTABLE STRICT"),
    ),
    Pair("aggregate: of everything", "", "CREATE AGGREGATE n(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');"),
    Pair(
        "aggregate: ordered set",
        "",
        "CREATE AGGREGATE pick(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);",
    ),
    Pair(
        "aggregate: hypothetical set",
        "",
        'CREATE AGGREGATE place(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);',
    ),
    Pair(
        "aggregate: names of arguments",
        "CREATE AGGREGATE total(a int) (SFUNC = sf, STYPE = int);",
        "CREATE AGGREGATE total(b int) (SFUNC = sf, STYPE = int);",
        common=_AGGREGATE_FUNCTIONS,
    ),
    Pair(
        "aggregate: privileges and owner",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int); ALTER AGGREGATE total(int) OWNER TO pair_other;",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int); REVOKE ALL ON FUNCTION total(int) FROM PUBLIC; ALTER AGGREGATE total(int) OWNER TO pair_owner;"
        "GRANT EXECUTE ON FUNCTION total(int) TO pair_reader;",
        common=_AGGREGATE_FUNCTIONS,
    ),
    Pair(
        "aggregate that a view calls",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int); CREATE VIEW v AS SELECT total(1) AS t;",
        "CREATE AGGREGATE total(int) (SFUNC = sf, STYPE = int, FINALFUNC = ft); CREATE VIEW v AS SELECT total(1) AS t;",
        common=_AGGREGATE_FUNCTIONS,
    ),
)
