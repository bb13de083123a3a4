# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types and their values, routines, schemas; hints that do nothing."""

from __future__ import annotations

from integration.renames.model import Renamed

CASES = (
    Renamed(
        "enum",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (e e DEFAULT 'a', l e[]); "
        "CREATE FUNCTION f(e) RETURNS e LANGUAGE sql AS 'SELECT $1';",
        ("type public.e -> e2",),
        "CREATE TYPE e2 AS ENUM ('a', 'b'); CREATE TABLE t (e e2 DEFAULT 'a', l e2[]); "
        "CREATE FUNCTION f(e2) RETURNS e2 LANGUAGE sql AS 'SELECT $1';",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("a",)]),
    ),
    Renamed(
        "enum by its kind, and another type under the old name",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (e e);",
        ("enum public.e -> e2",),
        "CREATE TYPE e2 AS ENUM ('a'); CREATE TYPE e AS (x int); CREATE TABLE t (e e2, f e);",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("a",)]),
    ),
    Renamed(
        "enum, and a table under the old name",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (e e);",
        ("type public.e -> e2",),
        "CREATE TYPE e2 AS ENUM ('a'); CREATE TABLE e (x int); CREATE TABLE t (e e2);",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("a",)]),
    ),
    Renamed(
        "composite",
        "CREATE TYPE c AS (x int); CREATE TABLE t (c c);",
        ("type public.c -> d",),
        "CREATE TYPE d AS (x int, y text); CREATE TABLE t (c d);",
        "INSERT INTO t VALUES (ROW(1))",
        ("SELECT (c).x FROM t", [(1,)]),
    ),
    Renamed(
        "domain",
        "CREATE DOMAIN c AS int; CREATE TABLE t (c c);",
        ("domain public.c -> d",),
        "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (c d);",
        "INSERT INTO t VALUES (1)",
        ("SELECT c FROM t", [(1,)]),
    ),
    Renamed(
        "range",
        "CREATE TYPE r AS RANGE (SUBTYPE = float8); CREATE TABLE t (r r);",
        ("type public.r -> s",),
        "CREATE TYPE s AS RANGE (SUBTYPE = float8); CREATE TABLE t (r s);",
        "INSERT INTO t VALUES (r(1, 2))",
        ("SELECT r::text, s(1, 2)::text FROM t", [("[1,2)", "[1,2)")]),
    ),
    Renamed(
        "function",
        "CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE TABLE t (a int DEFAULT f(1, '')); CREATE VIEW v AS SELECT f(1, '') AS f; "
        "GRANT EXECUTE ON FUNCTION f TO pair_reader;",
        ("function public.f(int, text) -> g",),
        "CREATE FUNCTION g(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 2'; "
        "CREATE TABLE t (a int DEFAULT g(1, '')); CREATE VIEW v AS SELECT g(1, '') AS f; "
        "GRANT EXECUTE ON FUNCTION g TO pair_reader;",
    ),
    Renamed(
        "functions exchanged",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION g() RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; "
        "CREATE TABLE t (a int DEFAULT f(), b text DEFAULT g());",
        (
            "function public.f() -> g",
            "function public.g() -> f",
        ),
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; "
        "CREATE TABLE t (a int DEFAULT g(), b text DEFAULT f());",
    ),
    Renamed(
        "function, and a procedure under the old name",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a int DEFAULT f());",
        ("function public.f() -> g",),
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a int DEFAULT g()); "
        "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1';",
    ),
    Renamed(
        "function of a renamed type",
        "CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION f(e, e[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE TABLE t (a int DEFAULT f('a', NULL));",
        (
            "type public.e -> e2",
            "function public.f(public.e, public.e[]) -> g",
        ),
        "CREATE TYPE e2 AS ENUM ('a'); CREATE FUNCTION g(e2, e2[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE TABLE t (a int DEFAULT g('a', NULL));",
    ),
    Renamed(
        "procedure and aggregate",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION sf(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE AGGREGATE ag(int) (SFUNC = sf, STYPE = int);",
        (
            "procedure public.p() -> q",
            "aggregate public.ag(int4) -> ah",
        ),
        "CREATE PROCEDURE q() LANGUAGE sql AS 'SELECT 1'; "
        "CREATE FUNCTION sf(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE AGGREGATE ah(int) (SFUNC = sf, STYPE = int);",
    ),
    Renamed(
        "schema",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY); CREATE TYPE s.e AS ENUM ('a'); "
        "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE VIEW v AS SELECT a, s.f() AS f FROM s.t; GRANT USAGE ON SCHEMA s TO pair_reader;",
        ("schema s -> n",),
        "CREATE SCHEMA n; CREATE TABLE n.t (a int PRIMARY KEY, b int); CREATE TYPE n.e AS ENUM ('a', 'b'); "
        "CREATE FUNCTION n.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE VIEW v AS SELECT a, n.f() AS f FROM n.t; GRANT USAGE ON SCHEMA n TO pair_reader;",
        "INSERT INTO s.t VALUES (1)",
        ("SELECT a FROM v", [(1,)]),
        alone=True,
    ),
    Renamed(
        "schema, its table by the new schema, its column by the new table",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY);",
        (
            "schema s -> n",
            "table n.t -> u",
            "column n.u.a -> b",
        ),
        "CREATE SCHEMA n; CREATE TABLE n.u (b bigint PRIMARY KEY);",
        "INSERT INTO s.t VALUES (1)",
        ("SELECT b FROM n.u", [(1,)]),
        alone=True,
    ),
    Renamed(
        "schema, its table by the old schema, its column by the old table",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY); "
        "CREATE FUNCTION s.f(s.t) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        (
            "schema s -> n",
            "table s.t -> u",
            "column s.t.a -> b",
            "function s.f(s.t) -> g",
        ),
        "CREATE SCHEMA n; CREATE TABLE n.u (b bigint PRIMARY KEY); "
        "CREATE FUNCTION n.g(n.u) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "INSERT INTO s.t VALUES (1)",
        ("SELECT b FROM n.u", [(1,)]),
        never="DROP TABLE",
        alone=True,
    ),
    Renamed(
        "schemas exchanged",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE SCHEMA n; CREATE TABLE n.u (b int);",
        (
            "schema s -> n",
            "schema n -> s",
        ),
        "CREATE SCHEMA n; CREATE TABLE n.t (a int); CREATE SCHEMA s; CREATE TABLE s.u (b int);",
        "INSERT INTO s.t VALUES (1)",
        ("SELECT a FROM n.t", [(1,)]),
        alone=True,
    ),
    Renamed(
        "schema, and a new one under the old name",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY);",
        ("schema s -> n",),
        "CREATE SCHEMA n; CREATE TABLE n.t (a int PRIMARY KEY); CREATE SCHEMA s; "
        "CREATE TABLE s.t (a text PRIMARY KEY);",
        "INSERT INTO s.t VALUES (1)",
        ("SELECT a FROM n.t", [(1,)]),
        alone=True,
    ),
    Renamed(
        "enum values",
        "CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE TABLE t (e e DEFAULT 'a');",
        ("value public.e.a -> x",),
        "CREATE TYPE e AS ENUM ('x', 'b', 'c', 'd'); CREATE TABLE t (e e DEFAULT 'x');",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("x",)]),
    ),
    Renamed(
        "enum value, and a new one under the old name",
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (e e DEFAULT 'a');",
        ("value public.e.a -> x",),
        "CREATE TYPE e AS ENUM ('x', 'a', 'b'); CREATE TABLE t (e e DEFAULT 'x');",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("x",)]),
    ),
    Renamed(
        "enum values exchanged",
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (e e DEFAULT 'a');",
        (
            "value public.e.a -> b",
            "value public.e.b -> a",
        ),
        "CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE t (e e DEFAULT 'b');",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("b",)]),
    ),
    Renamed(
        "enum values in a chain, of a renamed enum",
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (e e DEFAULT 'a');",
        (
            "type public.e -> ee",
            "value public.e.a -> b",
            "value public.ee.b -> c",
        ),
        "CREATE TYPE ee AS ENUM ('b', 'c'); CREATE TABLE t (e ee DEFAULT 'b');",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("b",)]),
    ),
    Renamed(
        "enum value, and one removed",
        "CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE TABLE t (e e DEFAULT 'a');",
        ("value public.e.a -> x",),
        "CREATE TYPE e AS ENUM ('x', 'c'); CREATE TABLE t (e e DEFAULT 'x');",
        "INSERT INTO t VALUES ('a')",
        ("SELECT e::text FROM t", [("x",)]),
        never="DROP TABLE",
    ),
    Renamed(
        "table with rows of reference",
        "CREATE TABLE a (x int PRIMARY KEY, v text);",
        ("table public.a -> b",),
        "CREATE TABLE b (x int PRIMARY KEY, v text); INSERT INTO b VALUES (1, 'one'), (2, 'two');",
        "INSERT INTO a VALUES (1, 'mine')",
        ("SELECT x, v FROM b ORDER BY 1", [(1, "mine"), (2, "two")]),
    ),
    Renamed(
        "hint that never applied",
        "CREATE TABLE a (x int);",
        (
            "table public.zz -> b",
            "column public.a.q -> r",
            "value public.e.a -> b",
            "function public.f() -> g",
            "schema q -> r",
            "type public.q -> r",
        ),
        "CREATE TABLE a (x int, y int);",
        alone=True,
    ),
    Renamed(
        "extension's schema, server",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; "
        "CREATE FOREIGN TABLE ft (a int) SERVER s;",
        (
            "server s -> s2",
            "foreign data wrapper w -> w2",
            "foreign table public.ft -> ft2",
            "column public.ft.a -> b",
        ),
        "CREATE FOREIGN DATA WRAPPER w2; CREATE SERVER s2 FOREIGN DATA WRAPPER w2; "
        "CREATE FOREIGN TABLE ft2 (b int) SERVER s2;",
        alone=True,
    ),
)
