# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs beside other sessions: locks that are in the way, what broken-off runs have left, what counts as big.

Writers that must not wait are in test_engine_online_writers.py.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from engine_support import Obstacle, assert_at, left_over, shadows, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import Busy, EngineError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = pytest.mark.one_major

BEFORE = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.busy (id int PRIMARY KEY, n int, code text, kind int, note varchar(20));
CREATE INDEX busy_note ON public.busy (note);
INSERT INTO public.kind SELECT generate_series(0, 9);
INSERT INTO public.busy SELECT i, i, 'code ' || i, i % 10, 'x' FROM generate_series(1, 500) i;
"""
AFTER = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.busy (id int PRIMARY KEY, n int NOT NULL, code text, kind int, note varchar(40),
    CONSTRAINT busy_code_key UNIQUE (code), CONSTRAINT busy_n_check CHECK (n > 0),
    CONSTRAINT busy_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind);
CREATE INDEX busy_note ON public.busy (note, n);
CREATE INDEX busy_kind ON public.busy (kind);
"""
ONLINE = Policy(strategy="online", lock_timeout=0.5, lock_retries=20)


@pytest.fixture
def live(database: Any) -> Any:
    database.psql(BEFORE)
    return database


def test_a_step_says_which_lock_it_takes(live: Any) -> None:
    told = engine.plan(live.connector, AFTER, ONLINE)
    hazards = {hazard.kind for step in told.plan for hazard in step.hazards}
    assert not hazards & {"blocking_scan", "blocking_index_build", "table_rewrite"}
    for step in told.plan:
        if " CONCURRENTLY " in step.sql or " VALIDATE " in step.sql:
            assert (step.lock, step.phase != "main") == ("SHARE UPDATE EXCLUSIVE", True), step
    atomic = engine.plan(live.connector, AFTER, Policy(strategy="atomic"))
    hazards = {hazard.kind for step in atomic.plan for hazard in step.hazards}
    assert {"blocking_scan", "blocking_index_build"} <= hazards
    assert {step.phase for step in atomic.plan} == {"main"}


# --- locks in the way -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["atomic", "online"])
def test_a_lock_in_the_way_is_waited_for_with_pauses(live: Any, strategy: str) -> None:
    source = AFTER.replace("public.kind (id int PRIMARY KEY)", "public.kind (id int PRIMARY KEY, word text)")
    policy = Policy(strategy=strategy, lock_timeout=0.1, lock_retries=5)
    added = "ALTER TABLE public.kind ADD COLUMN word text"
    obstacle = Obstacle(live, "SELECT count(*) FROM public.kind", [added], attempts=2)
    with closing(obstacle):
        done = engine.converge(watched(live, before=obstacle), source, policy)
    assert added in statements(done)
    assert done.changed and done.retries == 2 and obstacle.held > 2 * 0.1
    assert_at(live, source, Policy(strategy=strategy))


def test_retries_come_to_an_end(live: Any) -> None:
    before = live.dump()
    with closing(live.connect()) as holder, holder.cursor() as cursor:
        holder.autocommit = False
        cursor.execute("SELECT count(*) FROM public.busy")
        with pytest.raises(Busy, match="gave up after 1 retries.*public.busy") as busy:
            engine.converge(
                live.connector, AFTER, Policy(strategy="atomic", lock_timeout=0.1, lock_retries=1, record=False)
            )
    assert "lock_timeout" in str(busy.value.hint)
    assert live.dump() == before and shadows(live) == []


# --- what broken-off runs have left ---------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["atomic", "online"])
def test_what_a_broken_off_run_left_is_taken_up(live: Any, strategy: str) -> None:
    live.execute("UPDATE public.busy SET code = 'code 1' WHERE id = 2")
    # An index under its own name and one under a temporary name, both broken; checks that wait for validation.
    for name in ("busy_kind", "__building_busy_code_key", "__building_busy_note"):
        with pytest.raises(psycopg2.errors.UniqueViolation):
            live.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON public.busy (code)")
    live.execute("UPDATE public.busy SET code = 'code 2' WHERE id = 2")
    live.execute("ALTER TABLE public.busy ADD CONSTRAINT __not_null_n CHECK (n IS NOT NULL) NOT VALID")
    live.execute("ALTER TABLE public.busy ADD CONSTRAINT busy_n_check CHECK (n > 0) NOT VALID")
    assert len(left_over(live)) >= 5
    done = engine.converge(live.connector, AFTER, Policy(strategy=strategy))
    assert done.changed and done.extra == ()
    assert_at(live, AFTER, Policy(strategy=strategy))


@pytest.mark.parametrize("strategy", ["atomic", "online"])
def test_valid_leftovers_are_taken_up_too(live: Any, strategy: str) -> None:
    live.execute("CREATE UNIQUE INDEX __building_busy_code_key ON public.busy (code)")
    live.execute("CREATE INDEX __building_busy_note ON public.busy (note, n)")
    live.execute("ALTER TABLE public.busy ADD CONSTRAINT __not_null_n CHECK (n IS NOT NULL)")
    engine.converge(live.connector, AFTER, Policy(strategy=strategy))
    assert_at(live, AFTER, Policy(strategy=strategy))


def test_leftovers_go_where_the_file_is_reached_otherwise(live: Any) -> None:
    live.execute("CREATE INDEX __building_busy_note ON public.busy (note, n)")
    live.execute("ALTER TABLE public.busy ADD CONSTRAINT __not_null_n CHECK (n IS NOT NULL) NOT VALID")
    source = BEFORE[: BEFORE.index("INSERT")]
    done = engine.converge(live.connector, source, ONLINE)
    assert len(done.plan) == 2
    assert_at(live, source, ONLINE)


def test_duplicates_stop_a_concurrent_build_and_the_next_run_goes_on(live: Any) -> None:
    live.execute("UPDATE public.busy SET code = 'code 1' WHERE id = 2")
    with pytest.raises(EngineError, match="could not create unique index") as failed:
        engine.converge(live.connector, AFTER, ONLINE)
    assert "goes on from there" in str(failed.value.hint) and "CONCURRENTLY" in failed.value.message
    live.execute("UPDATE public.busy SET code = 'code 2' WHERE id = 2")
    assert engine.converge(live.connector, AFTER, ONLINE).changed
    assert_at(live, AFTER, ONLINE)


def test_rows_that_break_a_check_stop_its_validation_and_the_next_run_goes_on(live: Any) -> None:
    live.execute("UPDATE public.busy SET n = 0 WHERE id = 2")
    with pytest.raises(EngineError, match="violated by some row") as failed:
        engine.converge(live.connector, AFTER, ONLINE)
    assert "goes on from there" in str(failed.value.hint)
    assert live.execute("SELECT convalidated FROM pg_constraint WHERE conname = 'busy_n_check'") == [(False,)]
    with pytest.raises(psycopg2.errors.CheckViolation):  # no further one gets in
        live.execute("UPDATE public.busy SET n = 0 WHERE id = 3")
    live.execute("UPDATE public.busy SET n = 2 WHERE id = 2")
    assert engine.converge(live.connector, AFTER, ONLINE).changed
    assert_at(live, AFTER, ONLINE)


# --- what counts as big ---------------------------------------------------------------------------------


def _concurrent(database: Any, policy: Policy) -> bool:
    return any(" CONCURRENTLY " in text for text in statements(engine.plan(database.connector, AFTER, policy)))


def test_the_planners_estimate_decides(live: Any) -> None:
    assert not _concurrent(live, Policy(big_table_rows=500))  # never analyzed: no estimate
    live.execute("ANALYZE public.busy")
    assert _concurrent(live, Policy(big_table_rows=500))
    assert not _concurrent(live, Policy(big_table_rows=501))
    assert not _concurrent(live, Policy())
    assert not _concurrent(live, Policy(strategy="atomic", big_table_rows=1))
    assert _concurrent(live, Policy(strategy="online", big_table_rows=10**9))


def test_a_new_table_needs_no_care(database: Any) -> None:
    told = engine.plan(database.connector, AFTER, ONLINE)
    assert {step.phase for step in told.plan} == {"main"}
