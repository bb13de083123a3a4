# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for what is programmed: functions, procedures, aggregates, triggers, event triggers, rules, operators, casts."""

from __future__ import annotations

from .model import Pair

_F = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql "
_TRIGGER_FUNCTION = """
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE t (a int PRIMARY KEY, b int);
"""
_AGGREGATE_FUNCTIONS = """
    CREATE FUNCTION sf(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
    CREATE FUNCTION sf2(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * $2';
    CREATE FUNCTION ff(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1';
    CREATE FUNCTION ft(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
"""
_OPERATOR_FUNCTIONS = """
    CREATE TYPE two AS (a int, b int);
    CREATE FUNCTION two_lt(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
    CREATE FUNCTION two_gt(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > ($2).a';
    CREATE FUNCTION two_le(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <= ($2).a';
    CREATE FUNCTION two_ge(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a >= ($2).a';
    CREATE FUNCTION two_eq(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
    CREATE FUNCTION two_ne(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <> ($2).a';
    CREATE FUNCTION two_cmp(two, two) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT sign(($1).a - ($2).a)::int';
    CREATE FUNCTION two_int(two, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = $2';
    CREATE FUNCTION two_neg(two) RETURNS two LANGUAGE sql IMMUTABLE AS 'SELECT ROW(-($1).a, ($1).b)::two';
    CREATE FUNCTION two_text(two) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a::text';
"""
_OPERATORS = """
    CREATE OPERATOR <  (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two, COMMUTATOR = >, NEGATOR = >=,
                        RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
    CREATE OPERATOR >  (FUNCTION = two_gt, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <, NEGATOR = <=);
    CREATE OPERATOR <= (FUNCTION = two_le, LEFTARG = two, RIGHTARG = two, COMMUTATOR = >=, NEGATOR = >);
    CREATE OPERATOR >= (FUNCTION = two_ge, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <=, NEGATOR = <);
    CREATE OPERATOR =  (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = =, NEGATOR = <>,
                        RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
    CREATE OPERATOR <> (FUNCTION = two_ne, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <>, NEGATOR = =);
"""
_CLASS = """
    CREATE OPERATOR CLASS two_ops DEFAULT FOR TYPE two USING btree AS
        OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 two_cmp(two, two);
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
    Pair(
        "trigger",
        "",
        "CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF b ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION tf('x', '1'); COMMENT ON TRIGGER tr ON t IS 'tr';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: timing",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: disabled",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t DISABLE TRIGGER tr;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: for replicas",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t ENABLE ALWAYS TRIGGER tr;",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t ENABLE REPLICA TRIGGER tr;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: constraint",
        "CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON TRIGGER tr ON t IS 'c';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: constraint from another table",
        "",
        "CREATE TABLE u (a int PRIMARY KEY); CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t FROM u NOT DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: transition tables",
        "CREATE TRIGGER tr AFTER UPDATE ON t REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a view",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a view that is made anew",
        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE VIEW v AS SELECT b FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a column whose type changes",
        "CREATE TABLE u (a int, b int); CREATE TRIGGER tr BEFORE UPDATE OF a ON u FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION tf();",
        "CREATE TABLE u (a bigint, b int); CREATE TRIGGER tr BEFORE UPDATE OF a ON u FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: function",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tg();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule",
        "",
        "CREATE RULE r AS ON INSERT TO t WHERE NEW.a > 5 DO ALSO DELETE FROM t WHERE a = NEW.b; COMMENT ON RULE r ON t IS 'r';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: action",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD (UPDATE t SET b = 0 WHERE a = OLD.a; NOTIFY gone);",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: event",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: disabled",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE r;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: of a view",
        "CREATE VIEW v AS SELECT a FROM t; CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t (a) VALUES (NEW.a);",
        "CREATE VIEW v AS SELECT a, b FROM t; CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.a, NEW.b);",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: under a column whose type changes",
        "CREATE TABLE u (a int, b int); CREATE RULE r AS ON DELETE TO u DO ALSO DELETE FROM t WHERE a = OLD.a;",
        "CREATE TABLE u (a bigint, b int); CREATE RULE r AS ON DELETE TO u DO ALSO DELETE FROM t WHERE a = OLD.a;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "event trigger",
        "",
        "CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION ef(); COMMENT ON EVENT TRIGGER et IS 'et';",
        common="CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
        alone=True,
    ),
    Pair(
        "event trigger: event, tags, state",
        "CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER eu ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION ef();",
        "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER eu ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER eu ENABLE ALWAYS;",
        common="CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
        alone=True,
    ),
    Pair(
        "operator",
        "",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); COMMENT ON OPERATOR === (two, two) IS 'same';",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: prefix",
        "",
        "CREATE OPERATOR !! (FUNCTION = two_neg, RIGHTARG = two); COMMENT ON OPERATOR !! (NONE, two) IS 'neg';",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: function",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two);",
        "CREATE OPERATOR === (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: estimators",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, RESTRICT = eqsel);",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, JOIN = eqjoinsel);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair("operators that name one another", "", _OPERATORS, common=_OPERATOR_FUNCTIONS),
    Pair(
        "operator: hashes and negator",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = ===);",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = ===, NEGATOR = !==, HASHES);"
        "CREATE OPERATOR !== (FUNCTION = two_ne, LEFTARG = two, RIGHTARG = two, NEGATOR = ===);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: owner",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two);ALTER OPERATOR === (two, two) OWNER TO pair_other;",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); ALTER OPERATOR === (two, two) OWNER TO pair_owner;",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator that a view uses: function",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); CREATE TABLE t (a two); CREATE VIEW v AS SELECT a === a AS x FROM t;",
        "CREATE OPERATOR === (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two); CREATE TABLE t (a two); CREATE VIEW v AS SELECT a === a AS x FROM t;",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator class",
        "",
        _CLASS
        + "COMMENT ON OPERATOR CLASS two_ops USING btree IS 'c'; CREATE TABLE t (a two); CREATE INDEX i ON t (a);",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: members",
        _CLASS,
        _CLASS.replace("OPERATOR 2 <=, ", ""),
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: not the default one",
        _CLASS,
        _CLASS.replace("DEFAULT ", "") + "CREATE TABLE t (a two); CREATE INDEX i ON t (a two_ops);",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: family",
        _CLASS,
        "CREATE OPERATOR FAMILY fam USING btree; COMMENT ON OPERATOR FAMILY fam USING btree IS 'f';"
        + _CLASS.replace("btree AS", "btree FAMILY fam AS"),
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: owner",
        _CLASS
        + "ALTER OPERATOR CLASS two_ops USING btree OWNER TO pair_other; ALTER OPERATOR FAMILY two_ops USING btree OWNER TO pair_other;",
        _CLASS
        + "ALTER OPERATOR CLASS two_ops USING btree OWNER TO pair_owner; ALTER OPERATOR FAMILY two_ops USING btree OWNER TO pair_owner;",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: gist with storage",
        "",
        "CREATE OPERATOR CLASS my_inet FOR TYPE inet USING gist AS OPERATOR 3 &&, FUNCTION 1 inet_gist_consistent(internal, inet, smallint, oid, internal), FUNCTION 2 inet_gist_union(internal, internal), FUNCTION 3 inet_gist_compress(internal), FUNCTION 5 inet_gist_penalty(internal, internal, internal), FUNCTION 6 inet_gist_picksplit(internal, internal), FUNCTION 7 inet_gist_same(inet, inet, internal), STORAGE gtsvector;",
    ),
    Pair(
        "operator family: members",
        "CREATE OPERATOR FAMILY fam USING btree;",
        "CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR === (FUNCTION = two_int, LEFTARG = two, RIGHTARG = int); ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 3 === (two, int);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator family: other members",
        "CREATE OPERATOR FAMILY fam USING hash; ALTER OPERATOR FAMILY fam USING hash ADD FUNCTION 1 (int, int) hashint4(int);",
        "CREATE OPERATOR FAMILY fam USING hash; ALTER OPERATOR FAMILY fam USING hash ADD FUNCTION 1 (int, int) hashoid(oid), FUNCTION 2 (int, int) hashint4extended(int, bigint);",
        last=12,
    ),
    Pair(
        "cast with a function",
        "",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS ASSIGNMENT; COMMENT ON CAST (two AS text) IS 'c';",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast: context",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two);",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS IMPLICIT;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast: method",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two);",
        "CREATE CAST (two AS text) WITH INOUT;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast without a function",
        "",
        "CREATE TYPE one AS ENUM ('a'); CREATE DOMAIN dd AS text; CREATE CAST (money AS bigint) WITHOUT FUNCTION;",
        alone=True,
    ),
    Pair(
        "cast that a view needs",
        "CREATE TABLE t (a two); CREATE CAST (two AS text) WITH FUNCTION two_text(two); CREATE VIEW v AS SELECT a::text AS a FROM t;",
        "CREATE TABLE t (a two); CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS ASSIGNMENT; CREATE VIEW v AS SELECT a::text AS a FROM t;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "conversion",
        "",
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; COMMENT ON CONVERSION c IS 'c';",
    ),
    Pair(
        "conversion: default",
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; ALTER CONVERSION c OWNER TO pair_other;",
        "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; ALTER CONVERSION c OWNER TO pair_owner;",
    ),
    Pair(
        "collation",
        "",
        "CREATE COLLATION c (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'POSIX'); COMMENT ON COLLATION c IS 'c'; CREATE TABLE t (a text COLLATE c); CREATE INDEX i ON t (a COLLATE \"C\"); CREATE DOMAIN d AS text COLLATE c;",
    ),
    Pair(
        "collation: locale",
        "CREATE COLLATION c (LOCALE = 'C'); ALTER COLLATION c OWNER TO pair_other;",
        "CREATE COLLATION c (LOCALE = 'POSIX'); ALTER COLLATION c OWNER TO pair_owner;",
    ),
    Pair(
        "collation: icu",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de');",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de-u-ks-level2', DETERMINISTIC = false);",
    ),
    Pair(
        "collation: icu rules",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de');",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de', RULES = '&a < b');",
        first=16,
    ),
    Pair("collation: built in", "", "CREATE COLLATION c (PROVIDER = builtin, LOCALE = 'C.UTF-8');", first=17),
    Pair(
        "collation of a column: made anew",
        "CREATE COLLATION c (LOCALE = 'C'); CREATE TABLE t (a text COLLATE c);",
        "CREATE COLLATION c (LOCALE = 'POSIX'); CREATE TABLE t (a text COLLATE c);",
    ),
    Pair(
        "language",
        "",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; COMMENT ON LANGUAGE pl IS 'l'; CREATE FUNCTION f() RETURNS int LANGUAGE pl AS 'BEGIN RETURN 1; END';",
        alone=True,
    ),
    Pair(
        "language: validator",
        "CREATE LANGUAGE pl HANDLER plpgsql_call_handler; ALTER LANGUAGE pl OWNER TO pair_other;",
        "CREATE LANGUAGE pl HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator; ALTER LANGUAGE pl OWNER TO pair_owner;",
        alone=True,
    ),
    Pair(
        "language: privileges",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler;",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler; REVOKE ALL ON LANGUAGE pl FROM PUBLIC; GRANT USAGE ON LANGUAGE pl TO pair_reader;",
        alone=True,
    ),
    Pair(
        "transform",
        "",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal)); COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 't';",
        alone=True,
    ),
    Pair(
        "transform: functions",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));",
        alone=True,
    ),
    Pair(
        "access method",
        "",
        "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; COMMENT ON ACCESS METHOD heap2 IS 'h'; CREATE TABLE t (a int) USING heap2; CREATE ACCESS METHOD bt TYPE INDEX HANDLER bthandler;",
        alone=True,
    ),
    Pair(
        "access method: handler",
        "CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler;",
        "CREATE ACCESS METHOD am TYPE INDEX HANDLER hashhandler;",
        alone=True,
    ),
)
