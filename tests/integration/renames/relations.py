# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables, columns, constraints, indexes, and what else stands on a table."""

from __future__ import annotations

from integration.renames.model import Renamed

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
)
