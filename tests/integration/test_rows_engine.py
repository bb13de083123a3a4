# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows by way of the engine: planned, run, verified and remembered together with the structure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rows_bench import Bench

from ansible_collections.domainflow.database.plugins.module_utils.engine import converge, plan, verify
from ansible_collections.domainflow.database.plugins.module_utils.errors import PlanRefused
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


SOURCE = """
CREATE TYPE mood AS ENUM ('calm');
CREATE TABLE kind (
    id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'calm', at timestamp DEFAULT now());
CREATE TABLE thing (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), kind int NOT NULL REFERENCES kind, name text UNIQUE);
INSERT INTO kind (name) VALUES ('a'), ('b');
INSERT INTO thing (kind, name) SELECT id, 'thing ' || name FROM kind;
"""


def _rows(outcome: Any) -> list[str]:
    return [step.sql for step in outcome.plan if step.object.kind == "rows"]


def test_check_mode_tells_what_the_run_does(database: Any) -> None:
    connect = database.connector
    # An empty database would simply get the source's own statements.
    converge(connect, SOURCE[: SOURCE.index("CREATE TABLE thing")])
    foretold = plan(connect, SOURCE)
    done = converge(connect, SOURCE)
    assert [step.sql for step in foretold.plan] == [step.sql for step in done.plan]
    assert [step.action for step in done.plan if step.object.kind == "rows"] == ["insert", "insert", "setval"]
    assert database.execute("SELECT k.name, t.name FROM thing t JOIN kind k ON k.id = t.kind ORDER BY 1") == [
        ("a", "thing a"),
        ("b", "thing b"),
    ]
    assert not converge(connect, SOURCE).changed
    assert not plan(connect, SOURCE + "\n-- another text").changed


def test_a_row_that_goes_missing_comes_back(database: Any) -> None:
    connect = database.connector
    converge(connect, SOURCE)
    database.execute("DELETE FROM thing WHERE name = 'thing a'")
    assert not verify(connect, SOURCE).in_sync
    outcome = converge(connect, SOURCE)
    assert len(_rows(outcome)) == 1 and verify(connect, SOURCE).in_sync


def test_rows_with_a_new_column_and_a_new_enum_value(database: Any) -> None:
    connect = database.connector
    converge(connect, SOURCE)
    database.execute("UPDATE kind SET name = 'renamed' WHERE name = 'b'")
    changed = SOURCE.replace("('calm')", "('calm', 'wild')").replace(
        "name text NOT NULL", "rank int, name text NOT NULL"
    )
    changed = changed.replace("(name) VALUES ('a')", "(name, mood, rank) VALUES ('new', 'wild', 1), ('a', 'calm', 2)")
    changed = changed.replace("('b');", "('b', 'calm', 3);")
    converge(connect, changed)
    assert database.execute("SELECT name, mood::text, rank FROM kind ORDER BY id") == [
        ("a", "calm", None),
        ("renamed", "calm", None),
        ("new", "wild", 1),
        ("b", "calm", 3),
    ]
    assert not converge(connect, changed).changed


def test_extra_rows_are_deleted_only_where_data_loss_is_allowed(database: Any) -> None:
    connect = database.connector
    converge(connect, SOURCE)
    database.execute("INSERT INTO kind (name) VALUES ('extra')")
    wish = {"public.kind": {"on_extra": "delete"}}
    with pytest.raises(PlanRefused):
        converge(connect, SOURCE, Policy(enforce=wish))
    assert database.execute("SELECT count(*) FROM kind") == [(3,)]
    converge(connect, SOURCE, Policy(enforce=wish, allow_hazards=("data_loss",)))
    assert database.execute("SELECT name FROM kind ORDER BY 1") == [("a",), ("b",)]
    assert not converge(connect, SOURCE, Policy(enforce=wish, allow_hazards=("data_loss",))).changed


def test_copied_data_in_bulk(database: Any, tmp_path: Path) -> None:
    lines = "".join(f"{number}\tname {number}\t\\N\n" for number in range(1, 20_001))
    source = tmp_path / "schema.sql"
    source.write_text(
        "CREATE TABLE bulk (id int PRIMARY KEY, name text, note text);\n"
        f"COPY bulk (id, name, note) FROM stdin;\n{lines}\\.\n"
    )
    connect = database.connector
    assert converge(connect, source).changed
    assert database.execute("SELECT count(*), count(note), max(name) FROM bulk") == [(20_000, 0, "name 9999")]
    assert not converge(connect, source).changed
    database.execute("DELETE FROM bulk WHERE id % 5000 = 0")
    assert len(_rows(converge(connect, source))) == 1


def test_a_row_that_somebody_else_inserts_meanwhile(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE);"
    bench.source(ddl + "INSERT INTO t VALUES (1, 'a'), (2, 'b');")
    bench.live.execute(ddl)
    made = bench.plan()
    bench.live.execute("INSERT INTO t VALUES (7, 'b')")
    bench.run(made)
    assert bench.table("t") == [(1, "a"), (7, "b")]
    assert bench.check().differences == ()


def test_keys_without_overlaps(bench: Bench) -> None:
    if bench.connection.server_version < 180000:
        pytest.skip("PostgreSQL 18 brought WITHOUT OVERLAPS")
    ddl = """
        CREATE EXTENSION btree_gist;
        CREATE TABLE t (id int, during daterange, v text, PRIMARY KEY (id, during WITHOUT OVERLAPS),
            w text GENERATED ALWAYS AS (v || '!') VIRTUAL);
    """
    bench.source(ddl + "INSERT INTO t VALUES (1, '[2024-01-01,2025-01-01)', 'a'), (1, '[2025-01-01,)', 'b');")
    bench.live.execute(ddl)
    bench.live.execute("INSERT INTO t VALUES (1, '[2024-06-01,2024-07-01)', 'theirs')")
    assert bench.apply().steps[0].rows == 1
