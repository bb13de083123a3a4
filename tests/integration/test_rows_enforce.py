# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``enforce`` makes of rows that are there, what a report of drift says, and that secrets stay unseen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from rows_bench import Bench

from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


PLANS = """
    CREATE TABLE plans (
        id int PRIMARY KEY, name text UNIQUE, price numeric(10,2), note text, made timestamptz DEFAULT now(),
        total numeric GENERATED ALWAYS AS (price * 2) STORED);
    CREATE TABLE orders (id int PRIMARY KEY, plan int REFERENCES plans ON DELETE CASCADE);
"""
ROWS = (
    "INSERT INTO plans (id, name, price, note) VALUES (1, 'free', 0, NULL), (2, 'pro', 9.5, 'x'), (3, 'max', 20, 'y');"
)


def _changed(bench: Bench) -> None:
    bench.source(PLANS + ROWS)
    bench.live.execute(PLANS + ROWS)
    bench.live.execute("UPDATE plans SET price = price + 1, note = 'operator''s', made = '2020-01-01'")
    bench.live.execute("UPDATE plans SET name = 'Free!' WHERE id = 1; UPDATE plans SET id = 30 WHERE id = 3")
    bench.live.execute("INSERT INTO plans VALUES (99, 'extra', 1); INSERT INTO orders VALUES (1, 99), (2, 1)")


def test_only_the_listed_columns_are_updated(bench: Bench) -> None:
    _changed(bench)
    bench.enforce = {"public.plans": ["price"]}
    assert [str(each) for each in bench.check().differences] == [
        "row (id = '1') of public.plans is different",
        "row (id = '2') of public.plans is different",
        "row (id = '3') of public.plans is different",
    ]
    plan = bench.apply()
    assert [step.sql for step in plan.steps] == [
        "UPDATE ONLY public.plans SET price = '0.00' WHERE id = '1'",
        "UPDATE ONLY public.plans SET price = '9.50' WHERE id = '2'",
        "UPDATE ONLY public.plans SET price = '20.00' WHERE id = '30'",
    ]
    assert plan.diff[0].before.splitlines()[0] == "id = '1': price = '1.00'"
    assert plan.diff[0].after.splitlines()[0] == "id = '1': price = '0.00'"
    assert bench.live.execute("SELECT note FROM plans WHERE id = 2") == [("operator's",)]


def test_an_empty_list_means_all_columns_but_keys_and_what_defaults_made(bench: Bench) -> None:
    _changed(bench)
    bench.enforce = {"public.plans": []}
    bench.apply()
    assert bench.live.execute(
        "SELECT id, name, price, note, made < '2021-01-01' FROM plans WHERE id <> 99 ORDER BY 1"
    ) == [
        (1, "free", 0, None, True),
        (2, "pro", 9.5, "x", True),
        (30, "max", 20, "y", True),
    ]


def test_extra_rows_are_deleted_where_asked(bench: Bench) -> None:
    _changed(bench)
    bench.enforce = {"public.plans": {"columns": ["note"], "on_extra": "delete"}}
    assert [each.kind for each in bench.check().differences] == ["different"] * 3 + ["extra"]
    plan = bench.apply()
    delete = plan.steps[-1]
    assert (delete.action, delete.sql) == ("delete", "DELETE FROM ONLY public.plans WHERE id IN ('99')")
    assert [hazard.kind for hazard in delete.hazards] == ["data_loss"]
    assert all(not step.hazards for step in plan.steps[:-1])
    assert "id = '99'" in plan.diff[0].before and "id = '99'" not in plan.diff[0].after
    assert bench.live.execute("SELECT id FROM plans ORDER BY 1") == [(1,), (2,), (30,)]
    assert bench.live.execute("SELECT id FROM orders") == [(2,)]


def test_extra_rows_go_after_the_rows_that_reference_them(bench: Bench) -> None:
    ddl = """
        CREATE TABLE top (id int PRIMARY KEY); CREATE TABLE bag (x text, y json);
        CREATE TABLE sub (a int, b int, top int REFERENCES top, PRIMARY KEY (a, b));
    """
    fill = "INSERT INTO top VALUES (1); INSERT INTO sub VALUES (1, 1, 1); INSERT INTO bag VALUES ('a', '{}');"
    bench.source(ddl + fill)
    bench.live.execute(ddl + "INSERT INTO top VALUES (2), (3); INSERT INTO sub VALUES (2, 2, 2), (2, 3, 3), (1, 1, 3);")
    bench.live.execute("INSERT INTO bag VALUES ('a', '{ }'), ('a', '{}'), (NULL, NULL), (NULL, NULL)")
    bench.enforce = {f"public.{name}": {"on_extra": "delete"} for name in ("top", "sub", "bag")}
    actions = [(step.table.name, step.action, step.rows) for step in bench.apply().steps]
    assert ("bag", "delete", 2) in actions
    assert [action for action in actions if action[0] != "bag"] == [
        ("top", "insert", 1),
        ("sub", "update", 1),
        ("sub", "delete", 2),
        ("top", "delete", 2),
    ]
    assert bench.table("sub") == [(1, 1, 1)] and bench.table("top") == [(1,)]
    assert bench.live.execute("SELECT count(*) FROM bag") == [(1,)]


def test_extra_rows_of_a_table_that_references_itself(bench: Bench) -> None:
    ddl = "CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree);"
    bench.source(ddl + "INSERT INTO tree VALUES (1, NULL);")
    bench.live.execute(ddl + "INSERT INTO tree SELECT i, nullif(i - 1, 0) FROM generate_series(1, 1100) i")
    bench.enforce = {"public.tree": {"on_extra": "delete"}}
    assert [(step.action, step.rows) for step in bench.apply().steps] == [("delete", 1099)]


def test_a_table_whose_rows_vanished_from_the_source_is_not_emptied(bench: Bench) -> None:
    bench.source(PLANS)
    bench.live.execute(PLANS + ROWS)
    bench.enforce = {"public.plans": {"on_extra": "delete"}}
    plan = bench.plan()
    assert plan.steps == () and "no rows for public.plans" in plan.warnings[0]


@pytest.mark.parametrize(
    ("enforce", "message"),
    [
        ({"public.nothing": []}, "enforce names public.nothing"),
        ({"public.plans": ["prize"]}, "no column prize"),
        ({"public.plans": ["id"]}, "part of the primary key"),
        ({"public.plans": ["total"]}, "cannot be set"),
        ({"public.plans": "price"}, "not a list"),
        ({"public.plans": {"on_extra": "drop"}}, "on_extra"),
        ({"public.plans": {"column": ["price"]}}, "unknown entry: column"),
    ],
)
@pytest.mark.one_major
def test_wrong_wishes(bench: Bench, enforce: Any, message: str) -> None:
    bench.source(PLANS + ROWS)
    bench.enforce = enforce
    with pytest.raises(EngineError, match=message):
        bench.plan()


SECRETS = """
    CREATE TABLE account (
        id int PRIMARY KEY, email text UNIQUE, password_hash text, "apiKey" bytea, must_change_password bool,
        token_at date);
"""
SECRET_ROWS = """
    INSERT INTO account VALUES
        (1, 'a@b', '$2b$12$secret', '\\x736563726574', true, '2020-01-01'), (2, 'c@d', NULL, NULL, false, NULL);
"""


def test_secrets_are_not_shown(bench: Bench) -> None:
    bench.source(SECRETS + SECRET_ROWS)
    bench.live.execute(SECRETS)
    plan = bench.plan()
    step = plan.steps[0]
    assert "$2b$12$secret" in step.sql and "736563726574" in step.sql
    assert step.shown_sql == step.sql.replace("$2b$12$secret", "********").replace("\\x736563726574", "********")
    assert "'t'" in step.shown_sql or "'true'" in step.shown_sql
    assert "secret" not in plan.diff[0].after and "7365" not in plan.diff[0].after
    missing = bench.check().differences[0]
    assert missing.kind == "missing" and "$2b" not in str(missing) + missing.expected
    bench.apply()
    bench.live.execute("UPDATE account SET password_hash = '$2b$12$other'")
    bench.enforce = {"public.account": ["password_hash"]}
    found = bench.check().differences[0]
    assert found.expected == found.actual == "password_hash = '********'"
    plan = bench.plan()
    assert "$2b" not in plan.steps[0].shown_sql + plan.diff[0].before + plan.diff[0].after
    assert "$2b$12$secret" in plan.steps[0].sql


def test_a_changed_password_stays_and_the_digest_holds_no_hash(bench: Bench) -> None:
    bench.source(SECRETS + SECRET_ROWS)
    bench.live.execute(SECRETS + SECRET_ROWS)
    bench.live.execute("UPDATE account SET password_hash = 'rotated'")
    assert bench.plan().steps == ()
    digest = bench.check().digest
    assert "$2b" not in str(digest)
    assert bench.present_by_digest(digest)


def test_digest(bench: Bench) -> None:
    ddl = (
        PLANS
        + """
        CREATE TABLE bag (x text); CREATE TABLE big (id bigserial PRIMARY KEY, v text UNIQUE);
        CREATE TABLE pairs (a uuid, b text, n int, PRIMARY KEY (a, b));
        CREATE TABLE keys (secret_key text PRIMARY KEY);
    """
    )
    fill = (
        ROWS
        + """
        INSERT INTO bag VALUES ('a'), (NULL); INSERT INTO big (v) SELECT i FROM generate_series(1, 12000) i;
        INSERT INTO pairs VALUES ('00000000-0000-0000-0000-000000000001', 'x''y', 1); INSERT INTO keys VALUES ('k');
    """
    )
    bench.source(ddl + fill)
    bench.live.execute(ddl + fill)
    digest = bench.check().digest
    assert digest is not None and len(str(digest)) < 3000
    assert bench.present_by_digest(digest)
    assert not bench.present_by_digest(None)
    for change in (
        "DELETE FROM plans WHERE id = 2",
        "DELETE FROM bag WHERE x IS NULL",
        "DELETE FROM big WHERE id = 7",
        "DELETE FROM pairs",
        "UPDATE keys SET secret_key = 'l'",
        "UPDATE pairs SET b = 'z'",
    ):
        with bench.connection.cursor() as cursor:
            cursor.execute(change)
        assert not bench.present_by_digest(digest), change
    with bench.connection.cursor() as cursor:
        cursor.execute("UPDATE plans SET note = 'n'; INSERT INTO pairs VALUES (gen_random_uuid(), 'q', 1)")
    assert bench.present_by_digest(digest)
    bench.enforce = {"public.plans": ["note"], "public.pairs": {"columns": ["n"], "on_extra": "delete"}}
    digest = bench.check().digest
    assert bench.present_by_digest(digest)
    for change in ("UPDATE plans SET note = 'm' WHERE id = 1", "INSERT INTO pairs VALUES (gen_random_uuid(), 'q', 1)"):
        with bench.connection.cursor() as cursor:
            cursor.execute(change)
        assert not bench.present_by_digest(digest), change
    with bench.connection.cursor() as cursor:
        cursor.execute("UPDATE plans SET price = 5")
    assert bench.present_by_digest(digest)


@pytest.mark.one_major
def test_no_rows_at_all(bench: Bench) -> None:
    bench.source("CREATE TABLE t ();")
    plan = bench.plan()
    assert plan.steps == () and plan.present == {}
    check = bench.check()
    assert check.differences == () and bench.present_by_digest(check.digest)
    assert bench.reference.count == 0
    assert Identity("table", "public", "t") in bench.desired.objects


@pytest.mark.one_major
def test_a_digest_that_somebody_tampered_with_runs_nothing(bench: Bench) -> None:
    bench.source(PLANS + ROWS)
    bench.live.execute(PLANS + ROWS)
    digest: Any = bench.check().digest
    digest["entries"][0]["key"][0]["type"] = "int); DROP TABLE orders; --"
    assert not bench.present_by_digest(digest)


UNIQUE = """
    CREATE TABLE t (id int PRIMARY KEY, name {kind} NOT NULL UNIQUE, rank int UNIQUE, note text);
    CREATE TABLE of (id int PRIMARY KEY, t int NOT NULL REFERENCES t);
"""
HANDED_ON = {
    "swapped": ("(1, 'b', 20), (2, 'a', 10)", {}),
    "round": ("(1, 'b', 20), (2, 'c', 30), (3, 'a', 10)", {}),
    "chain": ("(1, 'x', 1), (2, 'a', 10), (3, 'b', 20)", {}),
    "taken over by a new row": ("(1, 'c', 30), (2, 'b', 20)", {}),
    "from a row that goes": ("(1, 'x', NULL), (2, 'b', 20), (9, 'a', 10), (3, 'c', 30)", {"on_extra": "delete"}),
}
TEXTS = {"text": ("a", "b", "c", "x"), "varchar(3)": ("a", "b", "c", "x")}
TEXTS["citext"] = TEXTS["text"]
OTHERS = {
    "int": ("1", "2", "3", "9"),
    "uuid": tuple(f"00000000-0000-0000-0000-00000000000{number}" for number in range(1, 5)),
    "date": ("2024-01-01", "2024-01-02", "infinity", "2024-02-01"),
    "timestamp": ("2024-01-01", "-infinity", "infinity", "2024-02-01 01:00:00"),
    "real": ("0.1", "-Infinity", "NaN", "7"),
    "numeric(8,2)": ("1.00", "2.50", "3.00", "9.00"),
}


def _named(kind: str, text: str) -> str:
    for letter, value in zip("abcx", {**TEXTS, **OTHERS}[kind], strict=True):
        text = text.replace(f"'{letter}'", f"'{value}'")
    return text


@pytest.mark.parametrize("story", HANDED_ON.values(), ids=HANDED_ON.keys())
@pytest.mark.one_major
def test_unique_values_handed_on(bench: Bench, story: Any) -> None:
    present, wish = story
    _hand_on(bench, "text", present, wish)


@pytest.mark.parametrize("kind", [*TEXTS, *OTHERS])
@pytest.mark.one_major
def test_unique_values_of_every_kind_handed_on(bench: Bench, kind: str) -> None:
    _hand_on(bench, kind, HANDED_ON["round"][0], {})


def _hand_on(bench: Bench, kind: str, present: str, wish: Any) -> None:
    ddl = "CREATE EXTENSION citext;" + UNIQUE.format(kind=kind)
    rows = _named(kind, "(1, 'a', 10), (2, 'b', 20), (3, 'c', 30)")
    bench.source(ddl + f"INSERT INTO t VALUES {rows}; INSERT INTO of VALUES (1, 3);")
    bench.live.execute(ddl + f"INSERT INTO t VALUES {_named(kind, present)}; UPDATE t SET note = 'theirs'")
    bench.enforce = {"public.t": {"columns": ["name", "rank"], **wish}}
    assert bench.plan().steps == bench.plan().steps
    bench.apply()
    told = bench.live.execute("SELECT id, name::text, rank FROM t ORDER BY 1")
    wanted = bench.shadow.execute("SELECT id, name::text, rank FROM t ORDER BY 1")
    assert told == wanted and len(told) == 3
    assert bench.live.execute("SELECT note FROM t WHERE id = 1") == [("theirs",)]


@pytest.mark.one_major
def test_unique_values_handed_on_in_bulk(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL UNIQUE, rank int NOT NULL UNIQUE);"
    bench.source(ddl + "INSERT INTO t SELECT i, 'n' || i, i FROM generate_series(1, 1200) i;")
    bench.live.execute(ddl + "INSERT INTO t SELECT i, 'n' || i % 1200 + 1, 1201 - i FROM generate_series(1, 1200) i;")
    bench.enforce = {"public.t": []}
    # Parked and put where they belong, 500 rows at a time; a row in the middle of the ranks is where it should be.
    assert [step.rows for step in bench.apply().steps] == [500, 500, 200] * 2
    assert bench.live.execute("SELECT count(*) FROM t WHERE name = 'n' || id AND rank = id") == [(1200,)]


@pytest.mark.parametrize("primary", ["PRIMARY KEY", "NOT NULL"])
@pytest.mark.one_major
def test_whatever_stands_there_becomes_what_the_source_says(bench: Bench, primary: str) -> None:
    """Tables with random rows on both sides; names, ranks and pairs of numbers pass between rows in all ways."""
    chance = random.Random(7)
    ddl, source, live = "", "", ""
    for number in range(40):
        ddl += (
            f"CREATE TABLE t{number} (id int {primary}, name text NOT NULL CONSTRAINT t{number}_a UNIQUE, "
            f"rank int CONSTRAINT t{number}_b UNIQUE, x int, y int NOT NULL, CONSTRAINT t{number}_c UNIQUE (x, y));"
        )
        rows = _random_rows(chance)
        source += f"INSERT INTO t{number} VALUES {_listed(rows)};"
        live += f"INSERT INTO t{number} VALUES {_listed(_random_rows(chance))};"
    bench.source(ddl + source)
    bench.live.execute(ddl + live)
    wish = {"columns": ["name", "rank", "x", "y"], "on_extra": "delete"}
    bench.enforce = {f"public.t{number}": wish for number in range(40)}
    bench.apply()
    for number in range(40):
        query = f"SELECT name, rank, x, y FROM t{number} ORDER BY 1"
        assert bench.live.execute(query) == bench.shadow.execute(query)


RandomRow = tuple[int, str, Any, tuple[Any, int]]


def _random_rows(chance: random.Random) -> list[RandomRow]:
    size = chance.randint(1, 5)
    ids, names, ranks = chance.sample(range(1, 7), size), chance.sample("abcdef", size), chance.sample(range(7), size)
    numbers = ["NULL" if chance.random() < 0.2 else rank for rank in ranks]
    pairs = chance.sample([(x, y) for x in (1, 2, "NULL") for y in (1, 2, 3)], size)
    return list(zip(ids, names, numbers, pairs, strict=True))


def _listed(rows: list[RandomRow]) -> str:
    return ", ".join(f"({number}, '{name}', {rank}, {x}, {y})" for number, name, rank, (x, y) in rows)


@pytest.mark.one_major
def test_unique_values_that_cannot_be_parked(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, flag boolean NOT NULL UNIQUE);"
    bench.source(ddl + "INSERT INTO t VALUES (1, true), (2, false);")
    bench.live.execute(ddl + "INSERT INTO t VALUES (1, false), (2, true);")
    bench.enforce = {"public.t": []}
    with pytest.raises(EngineError, match="hand values of the unique key t_flag_key on") as failed:
        bench.plan()
    assert "before_sql" in str(failed.value.hint)
    # Of a key of several columns, any that changes will do.
    ddl = "CREATE TABLE u (id int PRIMARY KEY, flag boolean NOT NULL, n int NOT NULL, UNIQUE (flag, n));"
    bench.source(ddl + "INSERT INTO u VALUES (1, true, 1), (2, false, 2);")
    bench.live.execute(ddl + "INSERT INTO u VALUES (1, false, 2), (2, true, 1);")
    bench.enforce = {"public.u": []}
    bench.apply()
    assert bench.table("u") == [(1, True, 1), (2, False, 2)]


@pytest.mark.one_major
def test_a_held_value_that_nobody_gives_up_stays_an_error(bench: Bench) -> None:
    bench.source(UNIQUE.format(kind="text") + "INSERT INTO t VALUES (1, 'a', 10);")
    bench.live.execute(UNIQUE.format(kind="text") + "INSERT INTO t VALUES (1, 'b', 10), (5, 'a', 50);")
    bench.enforce = {"public.t": ["name"]}
    with pytest.raises(psycopg2.errors.UniqueViolation):
        bench.run(bench.plan())
