# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for tables and their columns, constraints and indexes, sequences and views."""

from __future__ import annotations

from .model import Pair

_T = "CREATE TABLE t (a int, b int, c text);"
_ROWS = "INSERT INTO t VALUES (1, 2, 'x'), (2, NULL, NULL), (3, 3, 'z')"
_KEPT = "SELECT a FROM t ORDER BY a"


def _columns(name: str, before: str, after: str, **more: object) -> Pair:
    """A table of one column that differs, with a row in it."""
    return Pair(name, f"CREATE TABLE t (id int, {before});", f"CREATE TABLE t (id int, {after});", **more)  # type: ignore[arg-type]  # the names are Pair's


def _typed(before: str, after: str, value: str, **more: object) -> Pair:
    """A column whose type changes both ways with a value that fits both."""
    return _columns(
        f"column: {before} and {after}",
        f"v {before}",
        f"v {after}",
        seed=f"INSERT INTO t VALUES (1, {value})",
        kept="SELECT id FROM t WHERE v IS NOT NULL",
        **more,
    )


def _constrained(name: str, before: str, after: str, **more: object) -> Pair:
    """A table whose constraints differ."""
    tables = "CREATE TABLE r (x int PRIMARY KEY, y int, UNIQUE (x, y));", "CREATE TABLE t (a int, b int, c text{});"
    sides = [tables[0] + tables[1].format(", " + words if words else "") for words in (before, after)]
    return Pair(name, *sides, **more)  # type: ignore[arg-type]  # the names are Pair's


def _indexed(name: str, before: str, after: str, **more: object) -> Pair:
    return Pair(name, _T + before, _T + after, seed=_ROWS, kept=_KEPT, **more)  # type: ignore[arg-type]  # the names are Pair's


TABLES = (
    Pair("table", "", _T + "COMMENT ON TABLE t IS 'it''s'; COMMENT ON COLUMN t.b IS 'two';"),
    Pair("table without columns", "", "CREATE TABLE t ();"),
    Pair("table: unlogged", _T, "CREATE UNLOGGED TABLE t (a int, b int, c text);", seed=_ROWS, kept=_KEPT),
    Pair(
        "table: storage parameters",
        "CREATE TABLE t (a int, c text) WITH (fillfactor = 70, autovacuum_enabled = false);",
        "CREATE TABLE t (a int, c text) WITH (fillfactor = 80, toast.autovacuum_enabled = false);",
    ),
    Pair("table: replica identity", _T, _T + "ALTER TABLE t REPLICA IDENTITY FULL;"),
    Pair(
        "table: replica identity nothing",
        _T + "ALTER TABLE t REPLICA IDENTITY FULL;",
        _T + "ALTER TABLE t REPLICA IDENTITY NOTHING;",
    ),
    Pair(
        "table: replica identity by an index",
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (b); ALTER TABLE t REPLICA IDENTITY USING INDEX i;",
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (b); ALTER TABLE t REPLICA IDENTITY USING INDEX j;",
    ),
    Pair(
        "table: clustered",
        _T + "CREATE INDEX i ON t (a); CREATE INDEX j ON t (b);",
        _T + "CREATE INDEX i ON t (a); CREATE INDEX j ON t (b); ALTER TABLE t CLUSTER ON j;",
    ),
    Pair(
        "table: clustered by an index that is made anew",
        _T + "CREATE INDEX i ON t (a); ALTER TABLE t CLUSTER ON i;",
        _T + "CREATE INDEX i ON t (b); ALTER TABLE t CLUSTER ON i;",
    ),
    Pair("table: row security", _T, _T + "ALTER TABLE t ENABLE ROW LEVEL SECURITY;"),
    Pair(
        "table: row security forced",
        _T + "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
        _T + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;",
    ),
    Pair("table: owner", _T + "ALTER TABLE t OWNER TO pair_other;", _T + "ALTER TABLE t OWNER TO pair_owner;"),
    Pair(
        "table: privileges",
        _T,
        _T
        + "GRANT SELECT, INSERT ON t TO pair_reader; GRANT SELECT ON t TO PUBLIC; GRANT UPDATE ON t TO pair_writer WITH GRANT OPTION;",
    ),
    Pair(
        "table: other privileges",
        _T + "GRANT SELECT, INSERT ON t TO pair_reader;",
        _T + "GRANT UPDATE ON t TO pair_reader; GRANT ALL ON t TO pair_writer;",
    ),
    Pair(
        "table: grant option",
        _T + "GRANT SELECT ON t TO pair_reader;",
        _T + "GRANT SELECT ON t TO pair_reader WITH GRANT OPTION;",
    ),
    Pair("table: privileges of the owner", _T, _T + "REVOKE DELETE, TRUNCATE ON t FROM CURRENT_USER;"),
    Pair(
        "table: privileges of an owner that differs",
        _T + "ALTER TABLE t OWNER TO pair_owner;",
        _T + "ALTER TABLE t OWNER TO pair_owner; REVOKE DELETE ON t FROM pair_owner; GRANT SELECT ON t TO pair_reader;",
    ),
    Pair("table: privilege to maintain", _T, _T + "GRANT MAINTAIN ON t TO pair_reader;", first=17),
    Pair(
        "table: privileges of columns",
        _T + "GRANT SELECT (a) ON t TO pair_reader;",
        _T + "GRANT SELECT (a, b), UPDATE (c) ON t TO pair_reader; GRANT REFERENCES (a) ON t TO PUBLIC;",
    ),
    Pair(
        "table: column with privileges whose type changes",
        "CREATE TABLE t (a int, b int); GRANT SELECT (a) ON t TO pair_reader; CREATE VIEW v AS SELECT a FROM t; GRANT SELECT ON v TO pair_reader; COMMENT ON VIEW v IS 'v';",
        "CREATE TABLE t (a bigint, b int); GRANT SELECT (a) ON t TO pair_reader; CREATE VIEW v AS SELECT a FROM t; GRANT SELECT ON v TO pair_reader; COMMENT ON VIEW v IS 'v';",
    ),
    Pair(
        "table: comments",
        _T + "COMMENT ON TABLE t IS 'a'; COMMENT ON COLUMN t.a IS 'a';",
        _T + "COMMENT ON TABLE t IS 'b'; COMMENT ON COLUMN t.b IS 'b';",
    ),
    Pair(
        "tables that reference each other",
        "",
        "CREATE TABLE x (a int PRIMARY KEY, b int); CREATE TABLE y (b int PRIMARY KEY, a int REFERENCES x); ALTER TABLE x ADD FOREIGN KEY (b) REFERENCES y;",
    ),
    Pair(
        "table under a name that needs quotes",
        "",
        'CREATE TABLE "Ta ble" ("Col ""umn" int DEFAULT 1 CHECK ("Col ""umn" > 0), "select" text UNIQUE, "ünïcödé" int); CREATE INDEX "In dex" ON "Ta ble" ("ünïcödé"); COMMENT ON COLUMN "Ta ble"."select" IS \'q\';',
    ),
    Pair("table under the longest name", "", f"CREATE TABLE {'n' * 63} ({'c' * 63} int PRIMARY KEY, d int UNIQUE);"),
    Pair(
        "table of a type",
        "CREATE TYPE ty AS (a int, b text);",
        "CREATE TYPE ty AS (a int, b text); CREATE TABLE t OF ty (PRIMARY KEY (a), b WITH OPTIONS NOT NULL DEFAULT 'x');",
    ),
    Pair(
        "table of a type that gets an attribute",
        "CREATE TYPE ty AS (a int); CREATE TABLE t OF ty;",
        "CREATE TYPE ty AS (a int, b text); CREATE TABLE t OF ty;",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a FROM t",
    ),
    Pair(
        "table becomes one of a type",
        "CREATE TYPE ty AS (a int); CREATE TABLE t (a int);",
        "CREATE TYPE ty AS (a int); CREATE TABLE t OF ty;",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a FROM t",
    ),
    Pair(
        "table: access method",
        "CREATE TABLE t (a int) USING heap;",
        "CREATE ACCESS METHOD heap3 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING heap3;",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a FROM t",
        alone=True,
        first=15,
    ),
    Pair(
        "tables in schemas",
        "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE one.t (a int);",
        "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE two.t (a int PRIMARY KEY); CREATE TABLE one.u (a int REFERENCES two.t);",
        alone=True,
    ),
    Pair(
        "schema: owner, privileges, comment",
        "CREATE SCHEMA one; ALTER SCHEMA one OWNER TO pair_other; COMMENT ON SCHEMA one IS 'a';",
        "CREATE SCHEMA one; ALTER SCHEMA one OWNER TO pair_owner; GRANT USAGE ON SCHEMA one TO pair_reader; GRANT ALL ON SCHEMA one TO pair_writer WITH GRANT OPTION; COMMENT ON SCHEMA one IS 'b';",
        alone=True,
    ),
    Pair(
        "schema public: privileges",
        "CREATE TABLE t (a int); GRANT USAGE ON SCHEMA public TO pair_reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        "CREATE TABLE t (a int); GRANT ALL ON SCHEMA public TO pair_writer; REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        alone=True,
    ),
)

COLUMNS = (
    Pair(
        "column added",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, b text, c int DEFAULT 7 NOT NULL);",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a FROM t",
    ),
    Pair(
        "columns in another order with another one",
        "CREATE TABLE t (a int, b text);",
        "CREATE TABLE t (c int, b text, a int);",
        seed="INSERT INTO t VALUES (1, 'x')",
        kept="SELECT a, b FROM t",
    ),
    _typed("int", "bigint", "5"),
    _typed("int", "smallint", "5"),
    _typed("int", "numeric(10, 2)", "5"),
    _typed("int", "text", "5"),
    _typed("int", "double precision", "5"),
    _typed("int", "boolean", "1"),
    _typed("numeric(10, 2)", "numeric(12, 4)", "5.25"),
    _typed("numeric", "real", "5.25"),
    _typed("varchar(10)", "varchar(20)", "'x'"),
    _typed("varchar(10)", "text", "'x'"),
    _typed("varchar", "char(3)", "'xyz'"),
    _typed("text", "int", "'5'"),
    _typed("text", "date", "'2020-01-01'"),
    _typed("text", "jsonb", "'{\"a\": 1}'"),
    _typed("text", "uuid", "'00000000-0000-0000-0000-000000000001'"),
    _typed("text", "bytea", "'ab'"),
    _typed("text", "inet", "'10.0.0.1'"),
    _typed("text", "int[]", "'{1,2}'"),
    _typed("json", "jsonb", "'[1]'"),
    _typed("timestamp", "timestamptz", "'2020-01-01'"),
    _typed("timestamp(3)", "timestamp(0)", "'2020-01-01'"),
    _typed("timestamp", "date", "'2020-01-01'"),
    _typed("time", "interval", "'10:00'"),
    _typed("interval", "interval day to second(3)", "'1 day'"),
    _typed("inet", "cidr", "'10.0.0.0/8'"),
    _typed("bit(3)", "varbit(5)", "B'101'"),
    _typed("int[]", "bigint[]", "'{1}'"),
    _typed("int", "int[]", "NULL"),
    _typed("money", "numeric", "5"),
    _typed("xml", "text", "'<a/>'"),
    _typed("tsvector", "text", "'a'"),
    _typed("oid", "regclass", "1259"),
    _typed("int4range", "text", "'[1,2)'"),
    _typed("point", "text", "'(1,2)'"),
    _columns("column: default", "v int DEFAULT 1", "v int DEFAULT 2"),
    _columns("column: default set", "v int", "v int DEFAULT (1 + 1)"),
    _columns("column: default and type", "v int DEFAULT 1", "v text DEFAULT 'one'"),
    _columns("column: default of time", "v timestamptz DEFAULT now()", "v timestamptz DEFAULT CURRENT_TIMESTAMP"),
    _columns("column: default that calls", "v text DEFAULT lower('A')", "v text DEFAULT md5('a'::text)"),
    _columns(
        "column: not null",
        "v int DEFAULT 1",
        "v int NOT NULL DEFAULT 1",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT * FROM t",
    ),
    _columns(
        "column: collation",
        "v text",
        'v text COLLATE "C"',
        seed="INSERT INTO t VALUES (1, 'x')",
        kept="SELECT * FROM t",
    ),
    Pair(
        "column: storage",
        "CREATE TABLE t (v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL;",
        "CREATE TABLE t (v text); ALTER TABLE t ALTER v SET STORAGE MAIN;",
    ),
    Pair(
        "column: storage as usual",
        "CREATE TABLE t (v text, n numeric); ALTER TABLE t ALTER v SET STORAGE EXTERNAL; ALTER TABLE t ALTER n SET STORAGE PLAIN;",
        "CREATE TABLE t (v text, n numeric);",
    ),
    Pair("column: compression", "CREATE TABLE t (v text COMPRESSION pglz);", "CREATE TABLE t (v text);", first=14),
    Pair(
        "column: statistics",
        "CREATE TABLE t (v int); ALTER TABLE t ALTER v SET STATISTICS 100;",
        "CREATE TABLE t (v int); ALTER TABLE t ALTER v SET STATISTICS 0;",
    ),
    Pair(
        "column: statistics as usual",
        "CREATE TABLE t (v int); ALTER TABLE t ALTER v SET STATISTICS 100;",
        "CREATE TABLE t (v int);",
    ),
    Pair(
        "column: options",
        "CREATE TABLE t (v int); ALTER TABLE t ALTER v SET (n_distinct = 5);",
        "CREATE TABLE t (v int); ALTER TABLE t ALTER v SET (n_distinct_inherited = -0.5);",
    ),
    _columns(
        "column: identity",
        "v int NOT NULL",
        "v int GENERATED ALWAYS AS IDENTITY",
        seed="INSERT INTO t (id, v) VALUES (1, 5)",
        kept="SELECT id, v FROM t",
    ),
    _columns(
        "column: identity by default", "v int GENERATED ALWAYS AS IDENTITY", "v int GENERATED BY DEFAULT AS IDENTITY"
    ),
    _columns(
        "column: options of identity",
        "v int GENERATED ALWAYS AS IDENTITY",
        "v int GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5 MINVALUE 5 MAXVALUE 1000 CACHE 3 CYCLE)",
    ),
    _columns(
        "column: name of an identity's sequence",
        "v int GENERATED ALWAYS AS IDENTITY",
        "v int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME another)",
    ),
    _columns(
        "column: type of an identity", "v int GENERATED ALWAYS AS IDENTITY", "v bigint GENERATED ALWAYS AS IDENTITY"
    ),
    _columns("column: serial", "v int", "v serial", seed="INSERT INTO t VALUES (1, 5)", kept="SELECT id, v FROM t"),
    _columns(
        "column: serial and bigserial",
        "v serial",
        "v bigserial",
        seed="INSERT INTO t (id) VALUES (1), (2)",
        kept="SELECT id, v FROM t ORDER BY 1",
    ),
    _columns(
        "column: serial and identity",
        "v serial",
        "v int GENERATED BY DEFAULT AS IDENTITY",
        seed="INSERT INTO t (id) VALUES (1), (2)",
        kept="SELECT id, v FROM t ORDER BY 1",
    ),
    _columns("column: generated", "v int", "v int GENERATED ALWAYS AS (id * 2) STORED"),
    _columns(
        "column: generated by another expression",
        "v int GENERATED ALWAYS AS (id * 2) STORED",
        "v int GENERATED ALWAYS AS (id * 3) STORED",
        seed="INSERT INTO t (id) VALUES (1)",
        kept="SELECT id FROM t",
    ),
    _columns(
        "column: generated, virtual",
        "v int GENERATED ALWAYS AS (id * 2) STORED",
        "v int GENERATED ALWAYS AS (id * 2) VIRTUAL",
        seed="INSERT INTO t (id) VALUES (1)",
        kept="SELECT id, v FROM t",
        first=18,
    ),
    _columns(
        "column: virtual by another expression",
        "v int GENERATED ALWAYS AS (id * 2) VIRTUAL",
        "v int GENERATED ALWAYS AS (id * 4) VIRTUAL",
        first=18,
    ),
    Pair(
        "column: generated from one whose type changes",
        "CREATE TABLE t (a int, g text GENERATED ALWAYS AS (a::text) STORED); CREATE INDEX i ON t (g); COMMENT ON COLUMN t.g IS 'g';",
        "CREATE TABLE t (a bigint, g text GENERATED ALWAYS AS (a::text) STORED); CREATE INDEX i ON t (g); COMMENT ON COLUMN t.g IS 'g';",
        seed="INSERT INTO t VALUES (1)",
        kept="SELECT a::int, g FROM t",
    ),
    Pair(
        "column with all that can stand on it: type",
        "CREATE TABLE t (a int DEFAULT 1 PRIMARY KEY CHECK (a > 0), b int); CREATE INDEX i ON t ((a + 1)) WHERE a > 3; CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE INDEX mi ON m (a); CREATE TABLE u (a int REFERENCES t); CREATE POLICY p ON t USING (a > 0); CREATE STATISTICS s ON a, b FROM t;",
        "CREATE TABLE t (a bigint DEFAULT 1 PRIMARY KEY CHECK (a > 0), b int); CREATE INDEX i ON t ((a + 1)) WHERE a > 3; CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE INDEX mi ON m (a); CREATE TABLE u (a bigint REFERENCES t); CREATE POLICY p ON t USING (a > 0); CREATE STATISTICS s ON a, b FROM t;",
        seed="INSERT INTO t VALUES (1, 2); INSERT INTO u VALUES (1)",
        kept="SELECT t.a::int, u.a::int FROM t, u",
    ),
    Pair(
        "column dropped under all that stands on it",
        "CREATE TABLE t (a int, b int, c int, UNIQUE (a, b), CHECK (b > 0)); CREATE INDEX i ON t (a, b); CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE TABLE t (a int, c int); CREATE VIEW v AS SELECT a FROM t;",
        seed="INSERT INTO t VALUES (1, 2, 3)",
        kept="SELECT a, c FROM t",
    ),
)

CONSTRAINTS = (
    _constrained("primary key", "", "PRIMARY KEY (a)"),
    _constrained("primary key: columns", "PRIMARY KEY (a)", "PRIMARY KEY (b, a)"),
    _constrained("primary key: name", "PRIMARY KEY (a)", "CONSTRAINT pk PRIMARY KEY (a)"),
    _constrained("primary key: included columns", "PRIMARY KEY (a)", "PRIMARY KEY (a) INCLUDE (b)"),
    _constrained("primary key: deferrable", "PRIMARY KEY (a)", "PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED"),
    _constrained("primary key: storage", "PRIMARY KEY (a)", "PRIMARY KEY (a) WITH (fillfactor = 70)"),
    _constrained("primary key and unique under one name", "CONSTRAINT k PRIMARY KEY (a)", "CONSTRAINT k UNIQUE (a)"),
    _constrained("unique", "", "UNIQUE (a, b)"),
    _constrained("unique: nulls", "UNIQUE (a)", "UNIQUE NULLS NOT DISTINCT (a)", first=15),
    _constrained("unique: included columns", "UNIQUE (a)", "UNIQUE (a) INCLUDE (b, c)"),
    _constrained("unique: deferrable", "UNIQUE (a) DEFERRABLE", "UNIQUE (a) DEFERRABLE INITIALLY DEFERRED"),
    _constrained("check", "", "CHECK (a > 0)"),
    _constrained("check: expression", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0 AND b <> 5)"),
    _constrained("check: name", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT kk CHECK (a > 0)"),
    _constrained("check: not inherited", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0) NO INHERIT"),
    _constrained("check over a list", "CHECK (c IN ('x', 'y'))", "CHECK (c IN ('x', 'y', 'z'))"),
    _constrained(
        "check: not enforced", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0) NOT ENFORCED", first=18
    ),
    Pair(
        "check: validated",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);",
    ),
    Pair(
        "check over varchar",
        "CREATE TABLE t (v varchar(10) CHECK (v IN ('a', 'b')));",
        "CREATE TABLE t (v varchar(10) CHECK (v IN ('a', 'b', 'c') AND v::text LIKE '%'));",
    ),
    _constrained("foreign key", "", "FOREIGN KEY (a) REFERENCES r"),
    _constrained(
        "foreign key: table",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y)",
    ),
    _constrained(
        "foreign key: actions",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r ON DELETE CASCADE ON UPDATE RESTRICT",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r ON DELETE SET NULL ON UPDATE SET DEFAULT",
    ),
    _constrained(
        "foreign key: columns set null",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) ON DELETE SET NULL",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) ON DELETE SET NULL (b)",
        first=15,
    ),
    _constrained(
        "foreign key: match",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y)",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) MATCH FULL",
    ),
    _constrained(
        "foreign key: deferrable",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r DEFERRABLE INITIALLY DEFERRED",
    ),
    _constrained(
        "foreign key: not enforced",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r NOT ENFORCED",
        first=18,
    ),
    Pair(
        "foreign key: validated",
        "CREATE TABLE r (x int PRIMARY KEY);"
        + _T
        + "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r NOT VALID;",
        "CREATE TABLE r (x int PRIMARY KEY);" + _T + "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r;",
    ),
    Pair("foreign key to itself", "", "CREATE TABLE t (a int PRIMARY KEY, up int REFERENCES t ON DELETE CASCADE);"),
    Pair(
        "foreign key to a key that is made anew",
        "CREATE TABLE r (x int PRIMARY KEY, y int); CREATE TABLE t (a int REFERENCES r);",
        "CREATE TABLE r (x int PRIMARY KEY, y int NOT NULL); ALTER TABLE r DROP CONSTRAINT r_pkey; ALTER TABLE r ADD CONSTRAINT r_pkey PRIMARY KEY (x) INCLUDE (y); CREATE TABLE t (a int REFERENCES r);",
    ),
    Pair(
        "foreign key to columns whose type changes",
        "CREATE TABLE r (x int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r);",
        "CREATE TABLE r (x bigint PRIMARY KEY); CREATE TABLE t (a bigint REFERENCES r);",
        seed="INSERT INTO r VALUES (1); INSERT INTO t VALUES (1);",
        kept="SELECT a::int, x::int FROM r, t",
    ),
    _constrained("exclusion", "", "EXCLUDE USING gist (int4range(a, b) WITH &&)"),
    _constrained(
        "exclusion: expression",
        "CONSTRAINT x EXCLUDE USING gist (int4range(a, b) WITH &&) WHERE (a < b)",
        "CONSTRAINT x EXCLUDE USING gist (int4range(a, b, '[]') WITH &&) WHERE (a <= b) DEFERRABLE",
    ),
    _constrained(
        "exclusion: method", "CONSTRAINT x EXCLUDE USING btree (a WITH =)", "CONSTRAINT x EXCLUDE USING hash (a WITH =)"
    ),
    Pair(
        "without overlaps",
        "CREATE TABLE t (a int4range, b daterange);",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k PRIMARY KEY (a, b WITHOUT OVERLAPS)); CREATE TABLE u (a int4range, b daterange, FOREIGN KEY (a, PERIOD b) REFERENCES t (a, PERIOD b));",
        first=18,
    ),
    Pair(
        "without overlaps and with",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k UNIQUE (a, b));",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k UNIQUE (a, b WITHOUT OVERLAPS));",
        first=18,
    ),
    Pair(
        "constraint: comments",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); COMMENT ON CONSTRAINT k ON t IS 'k';",
    ),
)

INDEXES = (
    _indexed("index", "", "CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'i';"),
    _indexed("index: columns", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (b, a);"),
    _indexed("index: name", "CREATE INDEX i ON t (a);", "CREATE INDEX j ON t (a);"),
    _indexed("index: unique", "CREATE INDEX i ON t (a);", "CREATE UNIQUE INDEX i ON t (a);"),
    _indexed(
        "index: nulls not distinct",
        "CREATE UNIQUE INDEX i ON t (b);",
        "CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT;",
        first=15,
    ),
    _indexed("index: method", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t USING hash (a);"),
    _indexed(
        "index: brin with parameters",
        "CREATE INDEX i ON t USING brin (a);",
        "CREATE INDEX i ON t USING brin (a) WITH (pages_per_range = 8, autosummarize = true);",
    ),
    _indexed(
        "index: gin",
        "CREATE INDEX i ON t USING gin (to_tsvector('english', c));",
        "CREATE INDEX i ON t USING gin (to_tsvector('simple', c)) WITH (fastupdate = false);",
    ),
    _indexed("index: gist", "", "CREATE INDEX i ON t USING gist (int4range(a, b));"),
    _indexed("index: spgist", "", "CREATE INDEX i ON t USING spgist (c);"),
    _indexed(
        "index: operator class with parameters",
        "CREATE INDEX i ON t USING gist (to_tsvector('simple', c));",
        "CREATE INDEX i ON t USING gist (to_tsvector('simple', c) tsvector_ops (siglen = 200));",
    ),
    _indexed("index: order", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a DESC NULLS LAST);"),
    _indexed(
        "index: collation and operator class",
        'CREATE INDEX i ON t (c COLLATE "C");',
        "CREATE INDEX i ON t (c text_pattern_ops);",
    ),
    _indexed("index: expression", "CREATE INDEX i ON t (lower(c));", "CREATE INDEX i ON t (upper(c), (a + b));"),
    _indexed("index: partial", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a) WHERE b > 5 AND c IS NOT NULL;"),
    _indexed("index: included columns", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a) INCLUDE (b, c);"),
    _indexed(
        "index: storage",
        "CREATE INDEX i ON t (a) WITH (fillfactor = 70);",
        "CREATE INDEX i ON t (a) WITH (fillfactor = 80, deduplicate_items = off);",
    ),
    _indexed(
        "index: statistics of an expression",
        "CREATE INDEX i ON t (a, (b + 1));",
        "CREATE INDEX i ON t (a, (b + 1)); ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 300;",
    ),
    _indexed("index: comment", "CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'x';", "CREATE INDEX i ON t (a);"),
    _indexed(
        "index and constraint change places",
        "CREATE UNIQUE INDEX k ON t (a);",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a);",
    ),
    _indexed(
        "index: names exchanged",
        "CREATE INDEX i ON t (a); CREATE INDEX j ON t (b);",
        "CREATE INDEX j ON t (a); CREATE INDEX i ON t (b);",
    ),
)

SEQUENCES = (
    Pair("sequence", "", "CREATE SEQUENCE s; COMMENT ON SEQUENCE s IS 's';"),
    Pair(
        "sequence: options",
        "CREATE SEQUENCE s;",
        "CREATE SEQUENCE s AS int START 5 INCREMENT -2 MINVALUE -100 MAXVALUE 50 CACHE 7 CYCLE;",
    ),
    Pair("sequence: type", "CREATE SEQUENCE s AS smallint;", "CREATE SEQUENCE s AS bigint;"),
    Pair(
        "sequence: owned",
        "CREATE SEQUENCE s; CREATE TABLE t (a int);",
        "CREATE SEQUENCE s; CREATE TABLE t (a int); ALTER SEQUENCE s OWNED BY t.a;",
    ),
    Pair(
        "sequence: owned by another",
        "CREATE TABLE t (a int, b int); CREATE SEQUENCE s OWNED BY t.a;",
        "CREATE TABLE t (a int, b int); CREATE SEQUENCE s OWNED BY t.b;",
    ),
    Pair("sequence: unlogged", "CREATE SEQUENCE s;", "CREATE UNLOGGED SEQUENCE s;", first=15),
    Pair(
        "sequence: privileges",
        "CREATE SEQUENCE s;",
        "CREATE SEQUENCE s; GRANT USAGE, SELECT ON SEQUENCE s TO pair_reader; GRANT UPDATE ON SEQUENCE s TO PUBLIC;",
    ),
    Pair(
        "sequence: owner",
        "CREATE SEQUENCE s; ALTER SEQUENCE s OWNER TO pair_other;",
        "CREATE SEQUENCE s; ALTER SEQUENCE s OWNER TO pair_owner;",
    ),
    Pair(
        "sequence that two tables draw from",
        "",
        "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s')); CREATE TABLE u (a int DEFAULT nextval('s'));",
    ),
    Pair("sequence and table under one name", "CREATE SEQUENCE x;", "CREATE TABLE x (a int);"),
)

VIEWS = (
    Pair(
        "view",
        "",
        "CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0; COMMENT ON VIEW v IS 'v'; COMMENT ON COLUMN v.a IS 'a';",
        common=_T,
    ),
    Pair(
        "view: query", "CREATE VIEW v AS SELECT a FROM t;", "CREATE VIEW v AS SELECT a FROM t WHERE b > 1;", common=_T
    ),
    Pair("view: column added", "CREATE VIEW v AS SELECT a FROM t;", "CREATE VIEW v AS SELECT a, b FROM t;", common=_T),
    Pair(
        "view: other columns",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT b AS x, c FROM t;",
        common=_T,
    ),
    Pair(
        "view: names of columns",
        "CREATE VIEW v (x) AS SELECT a FROM t;",
        "CREATE VIEW v (y) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "view: type of a column",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a::bigint AS a FROM t;",
        common=_T,
    ),
    Pair(
        "view: security barrier",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "view: security invoker",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v WITH (security_invoker = true) AS SELECT a FROM t;",
        common=_T,
        first=15,
    ),
    Pair(
        "view: check option",
        "CREATE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION;",
        "CREATE VIEW v AS SELECT a FROM t WITH CASCADED CHECK OPTION;",
        common=_T,
    ),
    Pair(
        "view: default of a column",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 5;",
        common=_T,
    ),
    Pair(
        "view: comments of columns",
        "CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON COLUMN v.a IS 'a';",
        "CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON COLUMN v.a IS 'x'; COMMENT ON COLUMN v.b IS 'b';",
        common=_T,
    ),
    Pair(
        "view: privileges of columns",
        "CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE VIEW v AS SELECT a, b FROM t; GRANT SELECT (a) ON v TO pair_reader;",
        common=_T,
    ),
    Pair(
        "view: privileges and owner",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO pair_other;",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO pair_owner; GRANT SELECT ON v TO pair_reader;",
        common=_T,
    ),
    Pair(
        "views upon views",
        "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE VIEW x AS SELECT w.a FROM w, v;",
        "CREATE VIEW v AS SELECT a::text AS a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE VIEW x AS SELECT w.a FROM w, v;",
        common=_T,
    ),
    Pair("view: recursive", "", "CREATE RECURSIVE VIEW v (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM v WHERE n < 5;"),
    Pair(
        "view over everything",
        "CREATE TABLE x (a int); CREATE VIEW v AS SELECT * FROM x;",
        "CREATE TABLE x (a int, b int); CREATE VIEW v AS SELECT * FROM x;",
    ),
    Pair(
        "view with all that a query can have",
        "",
        "CREATE VIEW v AS WITH c AS (SELECT a, count(*) OVER (PARTITION BY b ORDER BY a) AS n FROM t) SELECT DISTINCT ON (c.a) c.a, x.y, array_agg(c.n) FILTER (WHERE c.n > 1) AS l FROM c LEFT JOIN LATERAL (SELECT 1 AS y) x ON true GROUP BY ROLLUP (c.a, x.y) HAVING count(*) > 0 ORDER BY c.a LIMIT 5;",
        common=_T,
    ),
    Pair("view becomes a table", "CREATE VIEW v AS SELECT a FROM t;", "CREATE TABLE v (a int);", common=_T),
    Pair(
        "view becomes a materialized view",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW v AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view",
        "",
        "CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t; CREATE UNIQUE INDEX mi ON m (a); COMMENT ON MATERIALIZED VIEW m IS 'm'; COMMENT ON COLUMN m.a IS 'a';",
        common=_T,
    ),
    Pair(
        "materialized view: query",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a);",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WHERE a > 0; CREATE INDEX mi ON m (a);",
        common=_T,
    ),
    Pair(
        "materialized view: parameters",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view: data",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view: statistics of a column",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 50;",
        common=_T,
    ),
    Pair(
        "materialized view: clustered",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a);",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a); ALTER MATERIALIZED VIEW m CLUSTER ON mi;",
        common=_T,
    ),
    Pair(
        "materialized view: privileges and owner",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m OWNER TO pair_other;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m OWNER TO pair_owner; GRANT SELECT ON m TO pair_reader;",
        common=_T,
    ),
)
