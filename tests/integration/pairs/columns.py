# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for columns: types, defaults, identities, generated ones."""

from __future__ import annotations

from .model import Pair


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
