# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows with a schema and what must not: queries, locks. The benchmark's schema, on a small scale.

Times are the benchmark's (tests/bench); here is only what a machine's load does not change.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dump_compare import difference
from engine_support import DUMP, assert_at, shadows

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine, head_room, run
from ansible_collections.domainflow.database.plugins.module_utils.catalog import inventory
from ansible_collections.domainflow.database.plugins.module_utils.catalog import read as catalog
from ansible_collections.domainflow.database.plugins.module_utils.catalog.kinds import KINDS
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

_SPEC = importlib.util.spec_from_file_location("large", Path(__file__).resolve().parents[1] / "bench" / "large.py")
assert _SPEC is not None and _SPEC.loader is not None
large = importlib.util.module_from_spec(_SPEC)
sys.modules["large"] = large
_SPEC.loader.exec_module(large)

MOST_QUERIES = 60
PRUNE = Policy(prune=True, allow_hazards=("data_loss",))
SEEDED = ("t0", "t5", "events_0", "events_1", "r5", "h0")
# The name that PostgreSQL 18 chooses for a NOT NULL depends on what else was there at the time.
CHOSEN = re.compile(r" CONSTRAINT \w+_not_null\d?\b")


def counts(database: Any) -> list[int]:
    return [database.execute(f"SELECT count(*) FROM app.{name}")[0][0] for name in SEEDED]


def test_a_year_of_releases(database: Any, database_factory: Callable[..., Any], tmp_path: Path) -> None:
    """Partitions, plain tables that become partitioned around their sequence, circles: both oracles agree."""
    fresh = database_factory()
    fresh.psql(large.text(large.SMALL_NEW))
    database.psql(large.text(large.SMALL_OLD) + ";\n".join(large.seed(large.SMALL_OLD)) + "; ANALYZE")
    before = counts(database)
    source = tmp_path / "new.sql"
    source.write_text(large.text(large.SMALL_NEW), encoding="utf-8")
    assert engine.converge(database.connector, source, PRUNE).changed
    found, wanted = (CHOSEN.sub("", each.dump("--schema-only", *DUMP)) for each in (database, fresh))
    assert difference(found, wanted) == []
    assert counts(database) == before
    assert_at(database, source, PRUNE)


HELD = """
    SELECT count(DISTINCT (locktype, database, relation, classid, objid, objsubid)) FROM pg_locks
     WHERE pid = pg_backend_pid() AND NOT fastpath"""


@pytest.mark.parametrize("way", ["there", "back"])
def test_the_estimate_of_locks(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """What is checked before the run is what the transaction holds at its end, give or take a tenth."""
    versions = {"there": (large.SMALL_OLD, large.SMALL_NEW), "back": (large.SMALL_NEW, large.SMALL_OLD)}
    before, after = versions[way]
    database.psql(large.text(before))
    source = tmp_path / "after.sql"
    source.write_text(large.text(after), encoding="utf-8")
    estimated, held = [], []
    check, prove = head_room.check, run._Proof.__call__

    def checked(connection: Any, needed: int, what: str) -> None:
        estimated.append(needed)
        check(connection, needed, what)

    def proven(self: Any, connection: Any, *arguments: Any) -> None:
        prove(self, connection, *arguments)
        with connection.cursor() as cursor:
            cursor.execute(HELD)
            held.append(cursor.fetchone()[0])

    monkeypatch.setattr(head_room, "check", checked)
    monkeypatch.setattr(run._Proof, "__call__", proven)
    engine.converge(database.connector, source, PRUNE)
    assert held[-1] > 500
    assert 0.9 * held[-1] < estimated[-1] < 1.1 * held[-1]


class Logged:
    """A connector whose sessions have every statement logged by the server, which is asked how many there were."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.pids: list[int] = []

    def __call__(self, dbname: str | None = None) -> Any:
        connection = self.database.connect(dbname, options="-c log_statement=all -c log_min_duration_statement=-1")
        connection.autocommit = False
        self.pids.append(connection.info.backend_pid)
        return connection

    def count(self) -> int:
        text = self.database.server.log_file.read_text(encoding="utf-8", errors="replace")
        return sum(len(re.findall(rf"\[{pid}\] LOG:  statement: ", text)) for pid in self.pids)


def test_the_number_of_queries_does_not_depend_on_the_size(database: Any, database_factory: Callable[..., Any]) -> None:
    large_one = database_factory()
    for each, tables in ((database, 2), (large_one, 60)):
        each.execute("CREATE SCHEMA app; CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
        for number in range(tables):
            each.execute(
                f"CREATE TABLE app.t{number} (id serial PRIMARY KEY, a text CHECK (a <> ''));"
                f"CREATE INDEX ON app.t{number} (a);"
                f"CREATE VIEW app.v{number} AS SELECT a FROM app.t{number};"
                f"CREATE TRIGGER t AFTER UPDATE ON app.t{number} FOR EACH ROW EXECUTE FUNCTION app.f()"
            )
    numbers = []
    for each in (database, large_one):
        logged = Logged(each)
        connection = logged()
        connection.autocommit = True
        catalog.read(connection, ["app"])
        connection.close()
        numbers.append(logged.count())
    assert numbers[0] == numbers[1] <= MOST_QUERIES
    # A kind that has no object is not asked for; in a database that has everything, it is one query for each kind.
    asked_for_anyway = numbers[0] - sum(kind.system_catalog not in inventory.LISTED for kind in KINDS)
    assert asked_for_anyway + len(KINDS) <= MOST_QUERIES


def test_queries_of_the_fast_path(database: Any) -> None:
    source = "CREATE TABLE public.t (id int PRIMARY KEY, a text); INSERT INTO public.t VALUES (1, 'x');"
    engine.converge(database.connector, source)
    logged = Logged(database)
    outcome = engine.converge(logged, source)
    assert outcome.from_ledger
    assert 0 < logged.count() < 8


@pytest.fixture(scope="module")
def narrow() -> Iterator[Any]:
    """A server with a small lock table. What PostgreSQL says of it has been the same since before 13."""
    settings = {"max_locks_per_transaction": "10", "max_connections": "20", "max_worker_processes": "0"}
    server = servers.start_server(servers.requested_majors()[-1], settings=settings)
    yield server
    server.remove()


class Narrow:
    """A fresh database on that server."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.name = server.create_database()

    def connector(self, dbname: str | None = None) -> Any:
        connection = self.server.connect(dbname or self.name)
        connection.autocommit = False
        return connection

    def execute(self, statement: str) -> Any:
        return self.server.execute(statement, None, self.name)

    def relations(self) -> list[str]:
        found = self.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
        return [name for (name,) in found]


TABLES = [f"CREATE TABLE public.t{number} (id bigserial PRIMARY KEY, a text)" for number in range(100)]
MANY = ";\n".join(TABLES) + ";\n"


@pytest.fixture
def small(narrow: Any) -> Narrow:
    return Narrow(narrow)


def _refused(small: Narrow, source: str, policy: Policy = engine.DEFAULTS) -> EngineError:
    before = small.relations()
    with pytest.raises(EngineError) as raised:
        engine.converge(small.connector, source, policy)
    assert small.relations() == before
    assert shadows(small) == []
    return raised.value


@pytest.mark.parametrize("kept", ["", "CREATE TABLE public.kept ();"], ids=["first", "later"])
def test_a_plan_that_does_not_fit_is_refused_before_it_begins(small: Narrow, kept: str) -> None:
    if kept:
        small.execute(kept)
    error = _refused(small, kept + MANY)
    assert "max_locks_per_transaction (10) x (max_connections (20) + max_prepared_transactions (0))" in error.message
    assert error.details["setting"] == "max_locks_per_transaction"
    assert error.details["locks"] > 300
    assert f"max_locks_per_transaction = {error.details['needed_value']}" in (error.hint or "")
    with pytest.raises(EngineError, match="max_locks_per_transaction"):  # and check mode says so too
        engine.plan(small.connector, kept + MANY)


def test_the_source_may_hold_more_than_a_transaction_can(small: Narrow) -> None:
    """The file's own BEGIN and COMMIT are no obstacle to reading it: only what has to be changed counts."""
    tables = [f"CREATE TABLE public.t{number} ();\n" for number in range(2500)]
    for first in range(0, len(tables), 50):
        small.execute("".join(tables[first : first + 50]))
    source = f"BEGIN;\n{''.join(tables)}COMMIT;\n"
    outcome = engine.converge(small.connector, source + "CREATE TABLE public.one_more ();")
    assert [step.sql for step in outcome.plan] == ["CREATE TABLE public.one_more ()"]
    assert engine.verify(small.connector, source).in_sync


def test_a_lock_table_that_fills_up_halfway(small: Narrow) -> None:
    """What nobody could foresee: the caller's own statements take thousands of locks."""
    small.execute("CREATE TABLE public.kept ()")
    loop = "DO $$BEGIN FOR i IN 1..5000 LOOP EXECUTE 'CREATE TABLE public.x' || i || ' (a text)'; END LOOP; END$$"
    error = _refused(
        small, "CREATE TABLE public.kept (); CREATE TABLE public.new ();", Policy(before_sql=loop, owner=None)
    )
    assert "out of shared memory" in error.message
    assert "raise max_locks_per_transaction" in (error.hint or "")
    assert "Nothing was changed" in (error.hint or "")


def test_a_first_deployment_whose_locks_nobody_can_count(small: Narrow) -> None:
    loop = "DO $$BEGIN FOR i IN 1..5000 LOOP EXECUTE 'CREATE TABLE public.x' || i || ' (a text)'; END LOOP; END$$;"
    error = _refused(small, loop)
    assert "out of shared memory" in error.message
    assert "raise max_locks_per_transaction" in (error.hint or "")
