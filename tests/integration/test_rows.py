# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows: what a source inserts reaches a live database, once, and leaves what is there alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from rows_bench import Bench

from ansible_collections.domainflow.database.plugins.module_utils.errors import PermissionMissing


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


ROLES = """
    CREATE TABLE roles (
        id int PRIMARY KEY, name varchar(50) NOT NULL UNIQUE, title text, made timestamptz DEFAULT now());
"""


def test_missing_rows_are_inserted_once(bench: Bench) -> None:
    bench.source(ROLES + "INSERT INTO roles (id, name, title) VALUES (1, 'admin', 'Admin'), (2, 'user', NULL);")
    bench.live.execute(ROLES)
    plan = bench.apply()
    assert [step.action for step in plan.steps] == ["insert"]
    assert plan.steps[0].sql == (
        "INSERT INTO public.roles (id, name, title) VALUES\n"
        "    ('1', 'admin', 'Admin'),\n"
        "    ('2', 'user', NULL)\n"
        "ON CONFLICT DO NOTHING"
    )
    assert plan.steps[0].rows == 2
    assert bench.live.execute("SELECT id, name, title, made > now() - interval '1 min' FROM roles ORDER BY id") == [
        (1, "admin", "Admin", True),
        (2, "user", None, True),
    ]
    again = bench.plan()
    assert again.steps == () and again.diff == ()
    assert list(again.present.values()) == [2]
    check = bench.check()
    assert check.differences == ()
    assert bench.present_by_digest(check.digest)


def test_what_an_operator_changed_is_left(bench: Bench) -> None:
    bench.source(ROLES + "INSERT INTO roles (id, name, title) VALUES (1, 'admin', 'Admin'), (2, 'user', NULL);")
    bench.live.execute(ROLES)
    bench.live.execute("INSERT INTO roles VALUES (1, 'root', 'Boss', '2020-01-01')")
    plan = bench.apply()
    assert plan.steps[0].rows == 1
    assert [row[:3] for row in bench.table("roles")] == [(1, "root", "Boss"), (2, "user", None)]


def test_any_unique_key_makes_a_row_present(bench: Bench) -> None:
    ddl = """
        CREATE TABLE t (id int PRIMARY KEY, a text UNIQUE, b int, c int);
        CREATE UNIQUE INDEX t_b_c ON t (b, c);
    """
    bench.source(
        ddl + "INSERT INTO t VALUES (1, 'one', 1, 1), (2, 'two', 2, NULL), (3, 'three', 3, 3), (4, NULL, 4, 4);"
    )
    bench.live.execute(ddl)
    bench.live.execute(
        "INSERT INTO t VALUES (70, 'x', 3, 3), (71, 'one', NULL, 1), (72, NULL, 2, NULL), (73, NULL, 4, 5)"
    )
    assert bench.apply().steps[0].rows == 2
    assert [row[0] for row in bench.table("t")] == [2, 4, 70, 71, 72, 73]


def test_unique_without_primary_key(bench: Bench) -> None:
    ddl = "CREATE TABLE t (a text, b text, c text, UNIQUE (a, b));"
    bench.source(ddl + "INSERT INTO t VALUES ('a', 'b', 'c'), ('a', NULL, 'c'), ('a', NULL, 'c'), ('a', NULL, 'd');")
    bench.live.execute(ddl)
    bench.live.execute("INSERT INTO t VALUES ('a', 'b', 'changed'), ('a', NULL, 'c')")
    plan = bench.apply()
    assert plan.steps[0].rows == 2  # rows with NULL in the key are compared whole, and each needs one of its own
    assert sorted(bench.live.execute("SELECT coalesce(b, '-') || c FROM t")) == [
        ("-c",),
        ("-c",),
        ("-d",),
        ("bchanged",),
    ]


def test_nulls_not_distinct(bench: Bench) -> None:
    if bench.connection.server_version < 150000:
        pytest.skip("PostgreSQL 15 brought NULLS NOT DISTINCT")
    ddl = "CREATE TABLE t (a text, b int, c text, UNIQUE NULLS NOT DISTINCT (a, b));"
    bench.source(ddl + "INSERT INTO t VALUES ('a', NULL, 'c'), (NULL, NULL, 'd'), ('e', 1, 'f');")
    bench.live.execute(ddl + "INSERT INTO t VALUES ('a', NULL, 'changed')")
    bench.enforce = {"public.t": ["c"]}
    plan = bench.apply()
    assert [(step.action, step.rows) for step in plan.steps] == [("insert", 2), ("update", 1)]
    assert plan.steps[1].sql == "UPDATE ONLY public.t SET c = 'c' WHERE a = 'a' AND b IS NULL"


def test_without_any_key_whole_rows_are_compared(bench: Bench) -> None:
    ddl = "CREATE TABLE t (a text, b jsonb, c point, at timestamptz DEFAULT now());"
    bench.source(
        ddl
        + """INSERT INTO t (a, b, c) VALUES ('x', '{"k": 1}', '(1,2)'), ('x', '{"k": 1}', '(1,2)'), (NULL, NULL, NULL),
                 ('', NULL, NULL)"""
    )
    bench.live.execute(ddl)
    bench.live.execute("""INSERT INTO t (a, b, c) VALUES ('x', '{"k":1}', '(1,2)'), ('y', NULL, NULL)""")
    plan = bench.apply()
    assert plan.steps[0].rows == 3
    assert "ON CONFLICT" not in plan.steps[0].sql
    assert bench.live.execute("SELECT count(*) FROM t") == [(5,)]


def test_generated_and_identity_columns(bench: Bench) -> None:
    ddl = """
        CREATE TABLE a (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
        CREATE TABLE d (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n text UNIQUE);
    """
    bench.source(ddl + "INSERT INTO a (n) VALUES (1), (2); INSERT INTO d (id, n) VALUES (10, 'x'), (20, 'y');")
    bench.live.execute(ddl)
    plan = bench.apply()
    assert [step.action for step in plan.steps] == ["insert", "insert", "setval", "setval"]
    assert "OVERRIDING SYSTEM VALUE" in plan.steps[0].sql and "OVERRIDING" not in plan.steps[1].sql
    assert bench.table("a") == [(1, 1, 2), (2, 2, 4)]
    assert bench.live.execute("INSERT INTO a (n) VALUES (5) RETURNING id") == [(3,)]
    assert bench.live.execute("INSERT INTO d (n) VALUES ('z') RETURNING id") == [(21,)]


def test_hostile_names_and_values(bench: Bench) -> None:
    ddl = """
        CREATE SCHEMA "we%ird";
        CREATE TABLE "we%ird"."ta""b'le %s" (
            "select" text PRIMARY KEY, "a%%b" text, "c:1" text, "row number" int, "row keys" int, "né" text, "0" bool,
            UNIQUE ("row number", "row keys"));
        CREATE UNIQUE INDEX ON "we%ird"."ta""b'le %s" (lower("a%%b"));
    """
    values = (
        r"""('%s', E'\\ '' " %% \n\t', '$1 $$ :x ;--', 1, 2, 'ünï', true), """
        r"""('{}', '{NULL,"a"}', '/* */', 2, 1, NULL, NULL)"""
    )
    insert = f"""INSERT INTO "we%ird"."ta""b'le %s" VALUES {values};"""
    bench.source(ddl + insert)
    bench.live.execute(ddl)
    assert bench.apply().steps[0].rows == 2
    table = """"we%ird"."ta""b'le %s\""""
    assert bench.table(table) == list(bench.shadow.execute(f"SELECT * FROM {table} ORDER BY 1"))
    bench.live.execute(f'DELETE FROM {table} WHERE "row number" = 1')
    assert bench.apply().steps[0].rows == 1
    bench.enforce = {"""we%ird.ta"b'le %s""": {"columns": ["a%%b", "né"], "on_extra": "delete"}}
    bench.live.execute(f'UPDATE {table} SET "a%%b" = \'q\' || "select"')
    bench.live.execute(f"INSERT INTO {table} (\"select\") VALUES ('%(x)s')")
    assert [step.action for step in bench.apply().steps] == ["update", "update", "delete"]
    assert bench.table(table) == list(bench.shadow.execute(f"SELECT * FROM {table} ORDER BY 1"))
    assert bench.present_by_digest(bench.check().digest)


def test_partitioned_and_inheriting_tables(bench: Bench) -> None:
    ddl = """
        CREATE TABLE p (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
        CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu') PARTITION BY RANGE (id);
        CREATE TABLE p_eu_1 PARTITION OF p_eu FOR VALUES FROM (0) TO (100);
        CREATE TABLE p_rest PARTITION OF p DEFAULT;
        CREATE TABLE base (id int PRIMARY KEY, note text);
        CREATE TABLE child (extra text) INHERITS (base);
    """
    bench.source(
        ddl
        + """INSERT INTO p VALUES (1, 'eu'), (1, 'us'); INSERT INTO base VALUES (1, 'b');
                 INSERT INTO child VALUES (1, 'c', 'x'), (2, 'd', NULL);"""
    )
    bench.live.execute(ddl)
    bench.live.execute("INSERT INTO p VALUES (1, 'us')")
    plan = bench.apply()
    assert [(str(step.table), step.rows) for step in plan.steps] == [
        ("table public.base", 1),
        ("table public.child", 2),
        ("table public.p", 1),
    ]
    assert bench.live.execute("SELECT count(*) FROM base") == [(3,)]
    assert bench.live.execute("SELECT count(*) FROM ONLY base") == [(1,)]
    bench.enforce = {"public.base": {"on_extra": "delete"}, "public.p": {"on_extra": "delete"}}
    bench.live.execute("INSERT INTO p VALUES (7, 'eu'); INSERT INTO base VALUES (9, 'x')")
    assert [step.action for step in bench.apply().steps] == ["delete", "delete"]
    assert bench.live.execute("SELECT count(*) FROM base") == [(3,)]


def test_bulk(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id serial PRIMARY KEY, name text UNIQUE, payload jsonb, made timestamp DEFAULT now());"
    fill = "INSERT INTO t (name, payload) SELECT 'n' || i, jsonb_build_object('i', i) FROM generate_series(1, 5000) i;"
    bench.source(ddl + fill)
    bench.live.execute(ddl)
    start = time.monotonic()
    plan = bench.apply()
    assert time.monotonic() - start < 20
    assert [step.action for step in plan.steps] == ["insert"] * 10 + ["setval"]
    assert bench.live.execute("SELECT count(*), max(id) FROM t") == [(5000, 5000)]
    assert "... and 4900 more rows" in plan.diff[0].after
    assert bench.present_by_digest(bench.check().digest)
    bench.live.execute("DELETE FROM t WHERE id % 1000 = 7")
    bench.live.execute("UPDATE t SET payload = '{}' WHERE id % 2 = 0")
    bench.enforce = {"public.t": ["payload"]}
    plan = bench.apply()
    assert [(step.action, step.rows) for step in plan.steps if step.action == "insert"] == [("insert", 5)]
    assert sum(step.rows for step in plan.steps if step.action == "update") == 2500
    assert len([step for step in plan.steps if step.action == "update"]) == 5


def test_the_text_of_a_plan_is_the_same_each_time(bench: Bench) -> None:
    text = (
        ROLES
        + """
        CREATE TABLE u (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE, at timestamp DEFAULT now(),
            d date DEFAULT CURRENT_DATE, z timestamptz(0), s timestamptz(0) DEFAULT clock_timestamp());
        INSERT INTO u (name, z) VALUES ('a', now()), ('b', '2020-01-01');
        INSERT INTO roles VALUES (1, 'x', 'X');
    """
    )
    bench.live.execute(ROLES)
    bench.source(text)
    first = bench.plan()
    bench.source(text)
    second = bench.plan()
    assert first.steps == second.steps and first.diff == second.diff
    insert = next(step.sql for step in first.steps if step.table.name == "u")
    assert insert == (
        "INSERT INTO public.u (name, z) VALUES\n"
        "    ('a', CURRENT_TIMESTAMP),\n"
        "    ('b', '2020-01-01 00:00:00+00')\n"
        "ON CONFLICT DO NOTHING"
    )


def test_a_zone_of_the_server_is_seen_through(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, at timestamp DEFAULT CURRENT_TIMESTAMP);"
    bench.server_zone = "Pacific/Kiritimati"
    bench.source(ddl + "INSERT INTO t (id) VALUES (1);")
    bench.live.execute(ddl)
    assert "DEFAULT" not in bench.plan().steps[0].sql.replace("ON CONFLICT", "")
    assert bench.plan().steps[0].sql.startswith("INSERT INTO public.t (id) VALUES")


def test_rows_that_may_not_be_read_are_an_error(bench: Bench) -> None:
    bench.source(ROLES + "INSERT INTO roles VALUES (1, 'x', 'X');")
    bench.live.execute(ROLES)
    bench.live.execute("DROP ROLE IF EXISTS rows_reader")
    bench.live.execute("CREATE ROLE rows_reader")
    try:
        with bench.connection.cursor() as cursor:
            cursor.execute("SET ROLE rows_reader")
        bench.connection.commit()
        with pytest.raises(PermissionMissing, match=r"rows of public\.roles cannot be read"):
            bench.plan()
    finally:
        bench.connection.rollback()
        with bench.connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        bench.connection.commit()
        bench.live.execute("DROP ROLE rows_reader")


def test_rows_of_extensions_and_temporary_tables_are_not_the_sources(bench: Bench) -> None:
    bench.source(
        ROLES
        + "CREATE TEMP TABLE scratch AS SELECT 1 AS x; CREATE UNLOGGED TABLE u (id int); INSERT INTO u VALUES (1);"
    )
    bench.live.execute(ROLES + "CREATE UNLOGGED TABLE u (id int);")
    assert [step.table.name for step in bench.plan().steps] == ["u"]


def test_rules_and_on_conflict_exclude_each_other(bench: Bench) -> None:
    ddl = ROLES + "CREATE RULE keep AS ON DELETE TO roles WHERE old.id = 0 DO INSTEAD NOTHING;"
    bench.source(ddl + "INSERT INTO roles VALUES (1, 'x', 'X');")
    bench.live.execute(ddl)
    bench.apply()


def test_foreign_partitions_are_not_asked(bench: Bench) -> None:
    ddl = """
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
        CREATE TABLE p (id int, note text) PARTITION BY RANGE (id);
        CREATE TABLE p_here PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE FOREIGN TABLE p_there PARTITION OF p FOR VALUES FROM (10) TO (20) SERVER elsewhere;
    """
    bench.source(ddl + "INSERT INTO p VALUES (1, 'x');")
    assert [(table.table.name, table.rows) for table in bench.reference.tables] == [("p", (("1", "x"),))]


def test_the_order_of_rows_does_not_depend_on_how_they_were_found(bench: Bench) -> None:
    ddl = "CREATE TABLE t (a int, b text, PRIMARY KEY (a, b));"
    texts = []
    for order in ("i", "i DESC", "md5(i::text)"):
        bench.source(ddl + f"INSERT INTO t SELECT i % 7, 'x' || i FROM generate_series(1, 50) i ORDER BY {order};")
        texts.append([step.sql for step in bench.plan().steps])
    assert texts[0] == texts[1] == texts[2]


def test_rows_without_a_column_are_counted(bench: Bench) -> None:
    ddl = "CREATE TABLE bare (); CREATE TABLE computed (c int GENERATED ALWAYS AS (1) STORED);"
    bench.source(ddl + "INSERT INTO bare SELECT FROM generate_series(1, 3); INSERT INTO computed DEFAULT VALUES;")
    bench.live.execute(ddl + "INSERT INTO bare DEFAULT VALUES;")
    assert [(step.table.name, step.rows) for step in bench.apply().steps] == [("bare", 2), ("computed", 1)]
    assert bench.present_by_digest(bench.check().digest)
    bench.live.execute("DELETE FROM bare")
    assert [step.rows for step in bench.plan().steps] == [3]
