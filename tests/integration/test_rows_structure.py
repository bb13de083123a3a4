# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows of tables whose structure the same plan is about to change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rows_bench import Bench

from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


def test_a_table_that_is_not_there_yet(bench: Bench) -> None:
    ddl = "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, up int REFERENCES s.t);"
    bench.source(ddl + "INSERT INTO s.t VALUES (2, NULL), (1, 2);")
    plan = bench.apply(structure=ddl)
    assert [step.rows for step in plan.steps] == [2]


def test_columns_that_are_not_there_yet(bench: Bench) -> None:
    ddl = """
        CREATE TABLE a (
            id int PRIMARY KEY, name text, kind text DEFAULT 'x'::text, level int DEFAULT 3, UNIQUE (name, kind));
        CREATE TABLE b (name text, level int DEFAULT 0);
        CREATE TABLE c (code text PRIMARY KEY, name text);
    """
    bench.source(
        ddl
        + """INSERT INTO a VALUES (1, 'one', 'x', 3), (2, 'two', 'y', 4); INSERT INTO b VALUES ('p', 0), ('q', 1);
                 INSERT INTO c VALUES ('c1', 'n');"""
    )
    bench.live.execute("CREATE TABLE a (id int PRIMARY KEY, name text)")
    bench.live.execute("CREATE TABLE b (name text); CREATE TABLE c (name text)")
    bench.live.execute("INSERT INTO a VALUES (7, 'one'), (8, 'two'); INSERT INTO b VALUES ('p'), ('q')")
    bench.enforce = {"public.a": ["level"]}
    bench.live.execute("INSERT INTO a VALUES (2, 'zwei')")
    plan = bench.apply(
        structure="""ALTER TABLE a ADD kind text DEFAULT 'x', ADD level int DEFAULT 3, ADD UNIQUE (name, kind);
                     ALTER TABLE b ADD level int DEFAULT 0; ALTER TABLE c ADD code text PRIMARY KEY;"""
    )
    assert [(step.table.name, step.action, step.rows) for step in plan.steps] == [
        ("b", "insert", 1),
        ("c", "insert", 1),
        ("a", "update", 1),
    ]
    assert plan.steps[-1].sql == "UPDATE ONLY public.a SET level = '4' WHERE id = '2'"


def test_types_that_are_about_to_change(bench: Bench) -> None:
    ddl = """
        CREATE TYPE mood AS ENUM ('sad', 'new'); CREATE DOMAIN code AS varchar(9) CHECK (VALUE <> 'old');
        CREATE TABLE a (id bigint PRIMARY KEY, m mood, c code UNIQUE);
        CREATE TABLE b (m mood PRIMARY KEY, v numeric(9,3));
        CREATE TABLE k (v numeric(9,3), t timestamptz);
        CREATE TABLE u (id uuid PRIMARY KEY);
    """
    bench.source(
        ddl
        + """INSERT INTO a VALUES (1, 'new', 'abcdefghi'), (2, 'sad', 'b');
                 INSERT INTO b VALUES ('new', 1), ('sad', 2);
                 INSERT INTO k VALUES (1.5, '2024-01-01 00:00Z'), (2.5, NULL);
                 INSERT INTO u VALUES ('00000000-0000-0000-0000-000000000001'),
                     ('00000000-0000-0000-0000-000000000002');"""
    )
    bench.live.execute("""
        CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN code AS varchar(3) CHECK (VALUE <> 'b');
        CREATE TABLE a (id int PRIMARY KEY, m mood, c text UNIQUE); CREATE TABLE b (m mood PRIMARY KEY, v numeric(9,1));
        CREATE TABLE k (v numeric(9,1), t timestamptz); CREATE TABLE u (id text PRIMARY KEY);
        INSERT INTO a VALUES (1, 'sad', 'abc'), (9, NULL, 'b'); INSERT INTO b VALUES ('sad', 2);
        INSERT INTO k VALUES (1.5, '2024-01-01 00:00Z');
        INSERT INTO u VALUES ('00000000-0000-0000-0000-000000000002'), ('x');
    """)
    plan = bench.plan()
    assert [(step.table.name, step.rows) for step in plan.steps] == [("b", 1), ("k", 1), ("u", 1)]
    bench.live.execute("DELETE FROM u WHERE id = 'x'")
    bench.apply(
        structure="""
            ALTER TYPE mood ADD VALUE 'new'; ALTER DOMAIN code DROP CONSTRAINT code_check;
            ALTER TABLE a ALTER id TYPE bigint; ALTER TABLE b ALTER v TYPE numeric(9,3);
            ALTER TABLE k ALTER v TYPE numeric(9,3); ALTER TABLE u ALTER id TYPE uuid USING id::uuid;"""
    )


def test_renamed_tables_and_columns(bench: Bench) -> None:
    bench.source("""
        CREATE TABLE new_t (new_id serial PRIMARY KEY, new_name text UNIQUE, note text);
        INSERT INTO new_t (new_name, note) VALUES ('a', 'A'), ('b', 'B');
    """)
    bench.live.execute("CREATE TABLE old_t (old_id serial PRIMARY KEY, old_name text UNIQUE, note text);")
    bench.live.execute("INSERT INTO old_t (old_name) VALUES ('x'), ('a')")
    bench.renamed = {
        Identity("table", "public", "new_t"): Identity("table", "public", "old_t"),
        Identity("column", "public", "new_t", "new_id"): Identity("column", "public", "old_t", "old_id"),
        Identity("column", "public", "new_t", "new_name"): Identity("column", "public", "old_t", "old_name"),
        Identity("sequence", "public", "new_t_new_id_seq"): Identity("sequence", "public", "old_t_old_id_seq"),
    }
    bench.enforce = {"public.new_t": ["note"]}
    plan = bench.apply(
        structure="""ALTER TABLE old_t RENAME TO new_t; ALTER TABLE new_t RENAME old_id TO new_id;
                     ALTER TABLE new_t RENAME old_name TO new_name;
                     ALTER SEQUENCE old_t_old_id_seq RENAME TO new_t_new_id_seq;"""
    )
    assert [step.action for step in plan.steps] == ["insert", "update"]
    assert bench.table("new_t") == [(1, "x", None), (2, "a", "A"), (3, "b", "B")]


def test_keys_that_only_the_live_table_has(bench: Bench) -> None:
    bench.source("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b');")
    bench.live.execute("CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE); INSERT INTO t VALUES (9, 'a')")
    assert bench.plan().steps[0].rows == 1
    bench.prune = True
    plan = bench.apply(structure="ALTER TABLE t DROP CONSTRAINT t_name_key")
    assert plan.steps[0].rows == 2


def test_triggers_that_write_other_reference_tables(bench: Bench) -> None:
    ddl = """
        CREATE TABLE item (id int PRIMARY KEY, name text, touched timestamptz);
        CREATE TABLE trail (id bigserial PRIMARY KEY, what text, at timestamptz DEFAULT now());
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.trail (what) VALUES (new.name); new.touched := now(); RETURN new; END $$;
        CREATE TRIGGER note BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION note();
    """
    bench.source(ddl + "INSERT INTO item VALUES (1, 'a'), (2, 'b');")
    bench.live.execute(ddl)
    bench.apply()
    assert bench.live.execute("SELECT count(*) FROM item") == [(2,)]
    assert bench.live.execute("SELECT what FROM trail ORDER BY 1") == [("a",), ("b",)]


SQL = Path(__file__).resolve().parents[2] / "files" / "sql"


def test_domainflow(bench: Bench) -> None:
    structure = (SQL / "schema.sql").read_text(encoding="utf-8")
    data = (SQL / "production_data_v3.sql").read_text(encoding="utf-8")
    bench.source(structure + data)
    bench.live.psql(structure)
    # A legacy database: roles under UUIDs of their own, a user with a rotated password.
    bench.live.execute("INSERT INTO auth.roles (name, display_name) VALUES ('admin', 'Legacy'), ('auditor', 'Own')")
    bench.live.execute("""
        INSERT INTO auth.users (email, password_hash, first_name, last_name)
        VALUES ('user@domainflow.com', 'rotated', 'A', 'B')
    """)
    bench.apply()
    assert bench.live.execute("SELECT password_hash FROM auth.users WHERE email = 'user@domainflow.com'") == [
        ("rotated",)
    ]
    assert bench.live.execute("""
        SELECT r.name, count(*) FROM auth.roles r JOIN auth.role_permissions p ON p.role_id = r.id GROUP BY 1 ORDER BY 1
    """) == [("admin", 15), ("super_admin", 17), ("user", 6), ("viewer", 3)]
    again = bench.live.psql(data)
    assert "ERROR" not in again
    assert bench.plan().steps == ()


def test_a_database_made_by_psql_needs_nothing(bench: Bench) -> None:
    text = (SQL / "production_schema_v3.sql").read_text(encoding="utf-8")
    bench.source(text)
    bench.live.psql(text)
    assert bench.plan().steps == ()
    check = bench.check()
    assert check.differences == () and bench.present_by_digest(check.digest)
