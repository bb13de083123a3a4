# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for tables and sequences."""

from __future__ import annotations

from .model import Pair

_T = "CREATE TABLE t (a int, b int, c text);"
_ROWS = "INSERT INTO t VALUES (1, 2, 'x'), (2, NULL, NULL), (3, 3, 'z')"
_KEPT = "SELECT a FROM t ORDER BY a"

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
