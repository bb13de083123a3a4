# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename hints: a database is turned into a file in which things have other names, and keeps its rows.

Cases share a database, each in a schema of its own, to save time. pg_dump of the result must be that of a fresh
database, and the hints must do nothing when they have had their time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dump_compare
import pytest
from integration.test_pairs import roles

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import HAZARDS
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

__all__ = ["roles"]

DUMP = ("--schema-only", "--exclude-schema=schema_ledger")


@dataclass(frozen=True)
class Renamed:
    """``before`` becomes ``after`` by ``hints``. ``seed`` makes rows; ``kept`` is what a query of the result answers.

    ``never``: no statement of the plan has this text in it. ``first``: the first major that knows what it is about.
    ``alone``: not to be put into one database with other cases, since it is about schemas.
    """

    name: str
    before: str
    hints: tuple[str, ...]
    after: str
    seed: str = ""
    kept: tuple[str, list[Any]] = ("SELECT 1", [(1,)])
    never: str = "DROP "
    first: int = 13
    alone: bool = False


CASES = (
    Renamed(
        "table and key, and a new table with the old names",
        "CREATE TABLE public.a (x int PRIMARY KEY);",
        (
            "table public.a -> b",
            "constraint public.b.a_pkey -> b_pkey",
        ),
        "CREATE TABLE public.b (x int CONSTRAINT b_pkey PRIMARY KEY); "
        "CREATE TABLE public.a (y date CONSTRAINT a_pkey PRIMARY KEY);",
        "INSERT INTO public.a VALUES (1);",
        ("SELECT x FROM public.b", [(1,)]),
    ),
    Renamed(
        "tables exchanged",
        "CREATE TABLE a (x int PRIMARY KEY); CREATE TABLE b (y text PRIMARY KEY);",
        (
            "table public.a -> b",
            "table public.b -> a",
        ),
        "CREATE TABLE b (x int PRIMARY KEY); CREATE TABLE a (y text PRIMARY KEY);",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('b');",
        ("SELECT x, y FROM b, a", [(1, "b")]),
    ),
    Renamed(
        "tables in a chain",
        "CREATE TABLE a (x int); CREATE TABLE b (y text);",
        (
            "table public.a -> b",
            "table public.b -> c",
        ),
        "CREATE TABLE b (x int); CREATE TABLE c (y text); CREATE VIEW v AS SELECT * FROM b, c;",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('b');",
        ("SELECT x, y FROM v", [(1, "b")]),
    ),
    Renamed(
        "tables in a chain with a new one",
        "CREATE TABLE a (x int); CREATE TABLE b (y text);",
        (
            "table public.a -> b",
            "table public.b -> c",
        ),
        "CREATE TABLE b (x int); CREATE TABLE c (y text); CREATE TABLE a (z date);",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('b');",
        ("SELECT x, y FROM b, c", [(1, "b")]),
    ),
    Renamed(
        "three tables round",
        "CREATE TABLE a (x int); CREATE TABLE b (y text); CREATE TABLE c (z date);",
        (
            "table public.a -> b",
            "table public.b -> c",
            "table public.c -> a",
        ),
        "CREATE TABLE b (x int); CREATE TABLE c (y text); CREATE TABLE a (z date);",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('b');",
        ("SELECT x, y FROM b, c", [(1, "b")]),
    ),
    Renamed(
        "table with everything on it",
        "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial,"
        " x int NOT NULL CHECK (x > 0), UNIQUE (x)); CREATE INDEX ai ON a (n); "
        "CREATE VIEW v AS SELECT x FROM a; CREATE FUNCTION f(a) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE POLICY p ON a USING (x > 0); CREATE TABLE r (x int REFERENCES a (x)); "
        "CREATE STATISTICS st ON id, n FROM a; GRANT SELECT ON a TO pair_reader; COMMENT ON TABLE a IS 'a';",
        ("table public.a -> b",),
        "CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial,"
        " x int NOT NULL CHECK (x > 0), UNIQUE (x)); CREATE INDEX ai ON b (n); "
        "CREATE VIEW v AS SELECT x FROM b; CREATE FUNCTION f(b) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "CREATE POLICY p ON b USING (x > 0); CREATE TABLE r (x int REFERENCES b (x)); "
        "CREATE STATISTICS st ON id, n FROM b; GRANT SELECT ON b TO pair_reader; COMMENT ON TABLE b IS 'b';",
        "INSERT INTO a (x) VALUES (5)",
        ("INSERT INTO b (x) VALUES (6) RETURNING id, n", [(2, 2)]),
        never="DROP TABLE",
    ),
    Renamed(
        "table and its columns, named by the new table",
        "CREATE TABLE a (x int, y text);",
        (
            "table public.a -> b",
            "column public.b.x -> z",
        ),
        "CREATE TABLE b (z bigint, y text, w int);",
        "INSERT INTO a VALUES (1, 'y')",
        ("SELECT z, y FROM b", [(1, "y")]),
    ),
    Renamed(
        "table and its columns, named by the old table",
        "CREATE TABLE a (x int, y text);",
        (
            "column public.a.x -> z",
            "table public.a -> b",
        ),
        "CREATE TABLE b (z bigint, y text, w int);",
        "INSERT INTO a VALUES (1, 'y')",
        ("SELECT z, y FROM b", [(1, "y")]),
    ),
    Renamed(
        "columns exchanged",
        "CREATE TABLE a (x int, y text);",
        (
            "column public.a.x -> y",
            "column public.a.y -> x",
        ),
        "CREATE TABLE a (y int, x text);",
        "INSERT INTO a VALUES (1, 'y')",
        ("SELECT y, x FROM a", [(1, "y")]),
    ),
    Renamed(
        "columns in a chain",
        "CREATE TABLE a (x int, y text);",
        (
            "column public.a.x -> y",
            "column public.a.y -> z",
        ),
        "CREATE TABLE a (y bigint DEFAULT 5, z text NOT NULL);",
        "INSERT INTO a VALUES (1, 'y')",
        ("SELECT y, z FROM a", [(1, "y")]),
        never="DROP COLUMN",
    ),
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
        "constraints of every kind",
        "CREATE TABLE t (a int CONSTRAINT p PRIMARY KEY, b int CONSTRAINT u UNIQUE,"
        " c int CONSTRAINT f REFERENCES t (b), d int CONSTRAINT k CHECK (d > 0), e int4range,"
        " CONSTRAINT x EXCLUDE USING gist (e WITH &&));",
        (
            "constraint public.t.p -> pp",
            "constraint public.t.u -> uu",
            "constraint public.t.f -> ff",
            "constraint public.t.k -> kk",
            "constraint public.t.x -> xx",
        ),
        "CREATE TABLE t (a int CONSTRAINT pp PRIMARY KEY, b int CONSTRAINT uu UNIQUE,"
        " c int CONSTRAINT ff REFERENCES t (b), d int CONSTRAINT kk CHECK (d > 0), e int4range,"
        " CONSTRAINT xx EXCLUDE USING gist (e WITH &&)); COMMENT ON CONSTRAINT kk ON t IS 'k';",
    ),
    Renamed(
        "constraints exchanged",
        "CREATE TABLE t (a int CONSTRAINT p CHECK (a > 0), CONSTRAINT q CHECK (a > 1));",
        (
            "constraint public.t.p -> q",
            "constraint public.t.q -> p",
        ),
        "CREATE TABLE t (a int CONSTRAINT q CHECK (a > 0), CONSTRAINT p CHECK (a > 1));",
    ),
    Renamed(
        "constraint with another definition",
        "CREATE TABLE t (a int CONSTRAINT p CHECK (a > 0));",
        ("constraint public.t.p -> q",),
        "CREATE TABLE t (a int CONSTRAINT q CHECK (a > 1));",
        never="DROP TABLE",
    ),
    Renamed(
        "keys of two tables exchanged",
        "CREATE TABLE t (a int CONSTRAINT p PRIMARY KEY); CREATE TABLE u (a int CONSTRAINT q PRIMARY KEY);",
        (
            "constraint public.t.p -> q",
            "constraint public.u.q -> p",
        ),
        "CREATE TABLE t (a int CONSTRAINT q PRIMARY KEY); CREATE TABLE u (a int CONSTRAINT p PRIMARY KEY);",
    ),
    Renamed(
        "index",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'i';",
        ("index public.i -> j",),
        "CREATE TABLE t (a int); CREATE INDEX j ON t (a); COMMENT ON INDEX j IS 'j';",
    ),
    Renamed(
        "indexes exchanged",
        "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b);",
        (
            "index public.i -> j",
            "index public.j -> i",
        ),
        "CREATE TABLE t (a int, b int); CREATE INDEX j ON t (a); CREATE INDEX i ON t (b);",
    ),
    Renamed(
        "index, and another under the old name of another table",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        ("index public.i -> j",),
        "CREATE TABLE t (a int); CREATE INDEX j ON t (a); CREATE TABLE u (b int); CREATE INDEX i ON u (b);",
    ),
    Renamed(
        "index whose old name a new table has",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        ("index public.i -> j",),
        "CREATE TABLE t (a int); CREATE INDEX j ON t (a); CREATE TABLE i (b int);",
    ),
    Renamed(
        "table whose old name a new index has",
        "CREATE TABLE i (a int);",
        ("table public.i -> t",),
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        "INSERT INTO i VALUES (1)",
        ("SELECT a FROM t", [(1,)]),
    ),
    Renamed(
        "index with another definition",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        ("index public.i -> j",),
        "CREATE TABLE t (a int); CREATE UNIQUE INDEX j ON t (a);",
        never="DROP TABLE",
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
        "view, materialized view, sequence, trigger, policy, rule, statistics",
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; "
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a); CREATE SEQUENCE s; "
        "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE POLICY p ON t; "
        "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING; CREATE STATISTICS st ON a, b FROM t;",
        (
            "view public.v -> vv",
            "materialized view public.m -> mm",
            "sequence public.s -> ss",
            "trigger public.t.tr -> trr",
            "policy public.t.p -> pp",
            "rule public.t.r -> rr",
            "statistics public.st -> sst",
        ),
        "CREATE TABLE t (a int, b int); CREATE VIEW vv AS SELECT a FROM t; "
        "CREATE VIEW w AS SELECT a FROM vv; CREATE MATERIALIZED VIEW mm AS SELECT a FROM t; "
        "CREATE INDEX mi ON mm (a); CREATE SEQUENCE ss INCREMENT 5; "
        "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER trr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE POLICY pp ON t; "
        "CREATE RULE rr AS ON UPDATE TO t DO INSTEAD NOTHING; CREATE STATISTICS sst ON a, b FROM t;",
    ),
    Renamed(
        "partitioned table, its partition, its column",
        "CREATE TABLE p (a int, b text) PARTITION BY LIST (a); "
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX pi ON p (b);",
        (
            "table public.p -> q",
            "table public.p1 -> q1",
            "column public.p.b -> c",
            "index public.pi -> qi",
        ),
        "CREATE TABLE q (a int, c text) PARTITION BY LIST (a); "
        "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1); CREATE INDEX qi ON q (c);",
        "INSERT INTO p VALUES (1, 'x')",
        ("SELECT a, c FROM q", [(1, "x")]),
        never="DROP TABLE",
    ),
    Renamed(
        "quoted and long names",
        'CREATE TABLE "A b" ("x.y" int, "ü" text);',
        (
            'table public."A b" -> "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"',
            'column public."A b"."x.y" -> "select"',
            'column public."A b"."ü" -> "a""b"',
        ),
        'CREATE TABLE "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" ("select" int, "a""b" text);',
        "INSERT INTO \"A b\" VALUES (1, 'x')",
        ('SELECT "select", "a""b" FROM "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"', [(1, "x")]),
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


def _placed(text: str, number: int) -> str:
    """A text of a case that stands in a schema of its own."""
    return re.sub(r"\bpublic\.", f"case_{number}.", text)


def _side(cases: Sequence[Renamed], side: Callable[[Renamed], str]) -> str:
    """One schema file of the same side of several cases."""
    if len(cases) == 1:
        return side(cases[0])
    return "".join(
        f"CREATE SCHEMA case_{number};\nSET search_path = case_{number};\n{_placed(side(case), number)}\n"
        for number, case in enumerate(cases)
    )


def check(factory: Callable[[], Any], cases: Sequence[Renamed], in_source: bool) -> None:
    """Run cases in one database, with their hints in the source or in the options."""
    alone = len(cases) == 1
    hints = tuple(hint if alone else _placed(hint, number) for number, case in enumerate(cases) for hint in case.hints)
    after = _side(cases, lambda case: case.after)
    source = "".join(f"-- rename: {hint}\n" for hint in hints) + after if in_source else after
    live, fresh = factory(), factory()
    live.psql(_side(cases, lambda case: f"{case.before}{case.seed};"))
    fresh.psql(after)
    policy = Policy(prune=True, allow_hazards=tuple(HAZARDS), renames=() if in_source else hints, record=False)
    done = engine.converge(live.connector, source, policy)
    left = dump_compare.difference(live.dump(*DUMP), fresh.dump(*DUMP))
    statements = "\n".join(step.sql for step in done.plan)
    assert not left, "pg_dump tells\n" + "\n".join(left) + "\nafter\n" + statements
    again = engine.plan(live.connector, source, policy)
    assert not again.changed, "a second run would\n" + "\n".join(step.sql for step in again.plan)
    for number, case in enumerate(cases):
        own = [step.sql for step in done.plan if alone or step.object.schema == f"case_{number}"]
        query, answer = case.kept
        path = "" if alone else f"SET search_path = case_{number};"
        assert live.execute(path + (query if alone else _placed(query, number))) == answer, (case.name, own)
        assert not any(case.never in sql for sql in own), (case.name, own)


@pytest.mark.parametrize("in_source", [True, False], ids=["source", "options"])
def test_renamed_together(
    server: Any, roles: None, database_factory: Callable[[], Any], in_source: bool
) -> None:
    cases = [case for case in CASES if case.first <= server.major and not case.alone]
    try:
        check(database_factory, cases, in_source)
    except Exception as error:
        numbers = sorted({int(number) for number in re.findall(r"case_(\d+)\b", str(error))})
        named = "".join(f"case_{number}: {cases[number].name}\n" for number in numbers)
        raise AssertionError(f"{named}{error}") from error


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.alone])
def test_renamed_alone(server: Any, roles: None, database_factory: Callable[[], Any], case: Renamed) -> None:
    check(database_factory, [case], in_source=True)
