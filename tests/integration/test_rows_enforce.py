# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``enforce`` makes of rows that are there, what a report of drift says, and that secrets stay unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
