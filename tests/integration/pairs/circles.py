# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for objects that need each other, or that stand on one another in long rows."""

from __future__ import annotations

from .model import Pair

PAIRS = (
    Pair(
        "view and function: function returns setof view, view changes",
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t; "
        "CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1';",
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT b AS z, a FROM t; "
        "CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1, 2';",
    ),
    Pair(
        "view and function that need each other",
        "",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; "
        "CREATE FUNCTION f(v) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE f(ROW(a)::v) > 0;",
    ),
    Pair(
        "view and function that need each other: changed column",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; "
        "CREATE FUNCTION f(v) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE f(ROW(a)::v) > 0;",
        "CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT a FROM t; "
        "CREATE FUNCTION f(v) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE f(ROW(a)::v) > 0;",
    ),
    Pair(
        "default and function of the table's rows",
        "",
        "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'DECLARE r t; "
        "BEGIN RETURN 1; END'; CREATE FUNCTION g(t) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "ALTER TABLE t ALTER a SET DEFAULT g(NULL);",
    ),
    Pair(
        "default and function of the table's rows: made by alter",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, b int); CREATE FUNCTION g(t) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "ALTER TABLE t ALTER b SET DEFAULT g(NULL);",
    ),
    Pair(
        "check and function of the table's rows",
        "",
        "CREATE TABLE t (a int); CREATE FUNCTION g(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "ALTER TABLE t ADD CONSTRAINT c CHECK (g(t) > 0);",
    ),
    Pair(
        "check and function of the table's rows: another result",
        "CREATE TABLE t (a int); CREATE FUNCTION g(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "ALTER TABLE t ADD CONSTRAINT c CHECK (g(t) > 0);",
        "CREATE TABLE t (a int); "
        "CREATE FUNCTION g(t) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint'; "
        "ALTER TABLE t ADD CONSTRAINT c CHECK (g(t) > 0);",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT * FROM t",
    ),
    Pair(
        "index, generated column and policy on a function of the row",
        "CREATE TABLE t (a int); CREATE FUNCTION g(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE INDEX i ON t (g(t)); CREATE POLICY p ON t USING (g(t) > 0);",
        "CREATE TABLE t (a int); "
        "CREATE FUNCTION g(t) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint'; "
        "CREATE INDEX i ON t (g(t)); CREATE POLICY p ON t USING (g(t) > 0);",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT * FROM t",
    ),
    Pair(
        "generated column over a function: another result",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; "
        "CREATE TABLE t (a int, b bigint GENERATED ALWAYS AS (g(a)) STORED);",
        "CREATE FUNCTION g(int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint'; "
        "CREATE TABLE t (a int, b bigint GENERATED ALWAYS AS (g(a)) STORED);",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT * FROM t",
    ),
    Pair(
        "function of a trigger, policy, default: another signature",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; "
        "CREATE TABLE t (a int DEFAULT g(1), b int); CREATE POLICY p ON t USING (g(a) > 0); "
        "CREATE VIEW v AS SELECT g(a) AS g FROM t; CREATE MATERIALIZED VIEW m AS SELECT g(b) AS g FROM t; "
        "CREATE INDEX mi ON m (g); "
        "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW WHEN (g(NEW.a) > 0) EXECUTE FUNCTION tf(); "
        "CREATE RULE r AS ON UPDATE TO t WHERE g(NEW.a) > 1 DO INSTEAD NOTHING; "
        "CREATE INDEX ti ON t (g(a)) WHERE g(b) > 0; CREATE STATISTICS s ON a, b FROM t;",
        "CREATE FUNCTION g(int, int DEFAULT 0) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; "
        "CREATE TABLE t (a int DEFAULT g(1), b int); CREATE POLICY p ON t USING (g(a) > 0); "
        "CREATE VIEW v AS SELECT g(a) AS g FROM t; CREATE MATERIALIZED VIEW m AS SELECT g(b) AS g FROM t; "
        "CREATE INDEX mi ON m (g); "
        "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW WHEN (g(NEW.a) > 0) EXECUTE FUNCTION tf(); "
        "CREATE RULE r AS ON UPDATE TO t WHERE g(NEW.a) > 1 DO INSTEAD NOTHING; "
        "CREATE INDEX ti ON t (g(a)) WHERE g(b) > 0; CREATE STATISTICS s ON a, b FROM t;",
        seed="INSERT INTO t VALUES (1, 2)",
        kept="SELECT * FROM t",
    ),
    Pair(
        "atomic functions upon one another: result",
        "CREATE FUNCTION a() RETURNS int LANGUAGE sql RETURN 1; "
        "CREATE FUNCTION b() RETURNS int LANGUAGE sql RETURN a() + 1; CREATE VIEW v AS SELECT b() AS b; "
        "CREATE FUNCTION c() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(b) FROM v; END;",
        "CREATE FUNCTION a() RETURNS bigint LANGUAGE sql RETURN 1::bigint; "
        "CREATE FUNCTION b() RETURNS int LANGUAGE sql RETURN a()::int + 1; CREATE VIEW v AS SELECT b() AS b; "
        "CREATE FUNCTION c() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(b) FROM v; END;",
        first=14,
    ),
    Pair(
        "atomic function over a table, which is the default of its column",
        "",
        "CREATE TABLE t (a int); "
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) + 1 FROM t; END; "
        "ALTER TABLE t ALTER a SET DEFAULT f();",
        first=14,
    ),
    Pair(
        "atomic function over a table, default of its column: type",
        "CREATE TABLE t (a int); "
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) + 1 FROM t; END; "
        "ALTER TABLE t ALTER a SET DEFAULT f();",
        "CREATE TABLE t (a smallint); "
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) + 1 FROM t; END; "
        "ALTER TABLE t ALTER a SET DEFAULT f();",
        first=14,
        seed="INSERT INTO t VALUES (3)",
        kept="SELECT a FROM t",
    ),
    Pair(
        "enum in signatures, rebuilt",
        "CREATE TYPE e AS ENUM ('a', 'b', 'c'); "
        "CREATE FUNCTION f(e, e[]) RETURNS SETOF e LANGUAGE sql AS 'SELECT $1'; "
        "CREATE FUNCTION d(x e DEFAULT 'a') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE TABLE t (x e DEFAULT 'b', y int DEFAULT d('a'), CHECK (d(x) > 0)); "
        "CREATE VIEW v AS SELECT d(x) AS d, x FROM t; CREATE INDEX i ON t (d(x)); "
        "CREATE FUNCTION sf(int, e) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION cf(e) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'; "
        "CREATE AGGREGATE ag(e) (SFUNC = sf, STYPE = int); "
        "CREATE PROCEDURE p(x e) LANGUAGE sql AS 'SELECT 1'; CREATE CAST (e AS bigint) WITH FUNCTION cf(e);",
        "CREATE TYPE e AS ENUM ('c', 'b', 'a'); "
        "CREATE FUNCTION f(e, e[]) RETURNS SETOF e LANGUAGE sql AS 'SELECT $1'; "
        "CREATE FUNCTION d(x e DEFAULT 'a') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE TABLE t (x e DEFAULT 'b', y int DEFAULT d('a'), CHECK (d(x) > 0)); "
        "CREATE VIEW v AS SELECT d(x) AS d, x FROM t; CREATE INDEX i ON t (d(x)); "
        "CREATE FUNCTION sf(int, e) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION cf(e) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'; "
        "CREATE AGGREGATE ag(e) (SFUNC = sf, STYPE = int); "
        "CREATE PROCEDURE p(x e) LANGUAGE sql AS 'SELECT 1'; CREATE CAST (e AS bigint) WITH FUNCTION cf(e);",
        seed="INSERT INTO t VALUES ('a', 1), ('c', 2)",
        kept="SELECT x::text, y FROM t ORDER BY 1",
        alone=True,
    ),
    Pair(
        "materialized views upon one another with indexes",
        "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m1 AS SELECT a FROM t; "
        "CREATE UNIQUE INDEX i1 ON m1 (a); CREATE MATERIALIZED VIEW m2 AS SELECT a FROM m1; "
        "CREATE INDEX i2 ON m2 (a); CREATE VIEW v AS SELECT a FROM m2; GRANT SELECT ON m2 TO pair_reader; "
        "COMMENT ON INDEX i2 IS 'i'; COMMENT ON MATERIALIZED VIEW m2 IS 'm'; ",
        "CREATE TABLE t (a bigint); CREATE MATERIALIZED VIEW m1 AS SELECT a FROM t; "
        "CREATE UNIQUE INDEX i1 ON m1 (a); CREATE MATERIALIZED VIEW m2 AS SELECT a FROM m1; "
        "CREATE INDEX i2 ON m2 (a); CREATE VIEW v AS SELECT a FROM m2; GRANT SELECT ON m2 TO pair_reader; "
        "COMMENT ON INDEX i2 IS 'i'; COMMENT ON MATERIALIZED VIEW m2 IS 'm';",
        seed="INSERT INTO t VALUES (1); REFRESH MATERIALIZED VIEW m1; REFRESH MATERIALIZED VIEW m2",
        kept="SELECT a::int FROM v",
    ),
    Pair(
        "policy with a function over another table with a policy back",
        "",
        "CREATE TABLE t (a int); CREATE TABLE u (a int); "
        "CREATE FUNCTION ft(int) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'; "
        "CREATE POLICY p ON t USING (ft(a) AND EXISTS (SELECT FROM u WHERE u.a = t.a)); "
        "CREATE POLICY p ON u USING (EXISTS (SELECT FROM t WHERE u.a = t.a)); "
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
    ),
    Pair(
        "policies over each other's tables: column types",
        "CREATE TABLE t (a int); CREATE TABLE u (a int); "
        "CREATE POLICY p ON t USING (EXISTS (SELECT FROM u WHERE u.a = t.a)); "
        "CREATE POLICY p ON u USING (EXISTS (SELECT FROM t WHERE u.a = t.a));",
        "CREATE TABLE t (a bigint); CREATE TABLE u (a bigint); "
        "CREATE POLICY p ON t USING (EXISTS (SELECT FROM u WHERE u.a = t.a)); "
        "CREATE POLICY p ON u USING (EXISTS (SELECT FROM t WHERE u.a = t.a));",
    ),
    Pair(
        "views that need each other through rules",
        "",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE RULE r AS ON INSERT TO v DO INSTEAD UPDATE w SET a = NEW.a;",
    ),
    Pair(
        "views that need each other through rules: column",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE RULE r AS ON INSERT TO v DO INSTEAD UPDATE w SET a = NEW.a;",
        "CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE RULE r AS ON INSERT TO v DO INSTEAD UPDATE w SET a = NEW.a;",
    ),
    Pair(
        "recursive views by replacement",
        "",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE OR REPLACE VIEW v AS SELECT a FROM w;",
    ),
    Pair(
        "table of a function's result and function of the table",
        "CREATE TABLE t (a int PRIMARY KEY); CREATE FUNCTION f(t) RETURNS t LANGUAGE sql AS 'SELECT $1'; "
        "CREATE TABLE u (r t, b int DEFAULT (f(NULL)).a);",
        "CREATE TABLE t (a int PRIMARY KEY, b text); "
        "CREATE FUNCTION f(t) RETURNS t LANGUAGE sql AS 'SELECT $1'; "
        "CREATE TABLE u (r t, b int DEFAULT (f(NULL)).a);",
        seed="INSERT INTO u (b) VALUES (1)",
        kept="SELECT b FROM u",
    ),
    Pair(
        "tables that hold one another's rows",
        "",
        "CREATE TABLE t (a int); CREATE TABLE u (r t); ALTER TABLE t ADD b int;",
    ),
    Pair(
        "view whose column goes: dependents of dependents",
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t; "
        "CREATE VIEW w AS SELECT a, b FROM v; CREATE FUNCTION f(w) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE VIEW x AS SELECT f(w) AS f FROM w; GRANT SELECT ON x TO pair_reader; "
        "COMMENT ON VIEW x IS 'x';",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE FUNCTION f(w) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE VIEW x AS SELECT f(w) AS f FROM w; GRANT SELECT ON x TO pair_reader; "
        "COMMENT ON VIEW x IS 'x';",
    ),
    Pair(
        "sequence default function circle",
        "",
        "CREATE TABLE t (a int); CREATE SEQUENCE s OWNED BY t.a; "
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$SELECT nextval('s')$$; "
        "ALTER TABLE t ALTER a SET DEFAULT f(); CREATE FUNCTION g(t) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    Pair(
        "domain whose check calls a function of the domain",
        "",
        "CREATE DOMAIN d AS int; "
        "CREATE FUNCTION f(d) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; "
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (f(VALUE)); CREATE TABLE t (a d);",
    ),
    Pair(
        "composite type with a function in a default",
        "",
        "CREATE TYPE c AS (a int); CREATE FUNCTION f() RETURNS c LANGUAGE sql AS 'SELECT ROW(1)::c'; "
        "CREATE TABLE t (x c DEFAULT f());",
    ),
    Pair(
        "composite type rebuilt under functions, tables, views",
        "CREATE TYPE c AS (a int, b int); "
        "CREATE FUNCTION f() RETURNS c LANGUAGE sql AS 'SELECT ROW(1,2)::c'; "
        "CREATE TABLE t (id int, x c DEFAULT f()); CREATE VIEW v AS SELECT (x).b FROM t; "
        "CREATE TABLE tt OF c;",
        "CREATE TYPE c AS (a int, b text); "
        "CREATE FUNCTION f() RETURNS c LANGUAGE sql AS $$SELECT ROW(1,'2')::c$$; "
        "CREATE TABLE t (id int, x c DEFAULT f()); CREATE VIEW v AS SELECT (x).b FROM t; "
        "CREATE TABLE tt OF c;",
        seed="INSERT INTO t VALUES (1, ROW(1, 2)); INSERT INTO tt VALUES (1, 2)",
        kept="SELECT id, (x).a, (x).b::text, tt.a, tt.b::text FROM t, tt",
    ),
)
