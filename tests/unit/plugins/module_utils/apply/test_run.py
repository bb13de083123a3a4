# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running steps: one transaction, pauses that grow and vary, an end to the retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.apply import run
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity
from ansible_collections.domainflow.database.plugins.module_utils.errors import Busy, EngineError
from ansible_collections.domainflow.database.plugins.module_utils.plan import Step
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = pytest.mark.one_major

POLICY = Policy(lock_timeout=0.05, lock_retries=6)
TABLE = Identity("table", "public", "t")


def step(sql: str, phase: str = "main") -> Step:
    return Step(sql, TABLE, "alter", phase=phase)


STEPS = [step("CREATE TABLE public.made ()"), step("ALTER TABLE public.t ADD b int")]


@pytest.fixture
def connection(database: Any) -> Iterator[Any]:
    database.execute("CREATE TABLE public.t (a int)")
    with closing(database.connect()) as opened:
        yield opened


@pytest.fixture
def holder(database: Any, connection: Any) -> Iterator[Any]:
    """Another session that has read the table and not ended its transaction."""
    with closing(database.connect()) as opened:
        opened.autocommit = False
        with opened.cursor() as cursor:
            cursor.execute("SELECT * FROM public.t")
        yield opened


def nothing(_connection: Any, _last: bool) -> None:
    return


def relations(database: Any) -> list[str]:
    return [name for (name,) in database.execute("SELECT relname FROM pg_class WHERE relname IN ('made', 'i')")]


def test_pauses_grow_and_vary_until_the_lock_is_had(database: Any, connection: Any, holder: Any) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        assert relations(database) == []  # rolled back, so that nobody waits meanwhile
        if len(pauses) == 3:
            holder.rollback()

    assert run(connection, STEPS, POLICY, (), nothing, sleep) == 3
    for number, pause in enumerate(pauses):
        assert 0.25 * 2**number <= pause <= 0.75 * 2**number
    assert relations(database) == ["made"]


def test_retries_end(database: Any, connection: Any, holder: Any) -> None:
    pauses: list[float] = []
    with pytest.raises(Busy, match="gave up after 6 retries: ALTER TABLE public.t ADD b int"):
        run(connection, STEPS, POLICY, (), nothing, pauses.append)
    assert len(pauses) == 6 and len(set(pauses)) == 6
    assert relations(database) == [] and connection.autocommit


def test_what_finish_raises_rolls_back(database: Any, connection: Any) -> None:
    def refuse(_connection: Any, last: bool) -> None:
        assert last
        raise EngineError("no")

    with pytest.raises(EngineError, match="no"):
        run(connection, STEPS, POLICY, (), refuse)
    assert relations(database) == [] and connection.autocommit


def test_phases_and_what_finish_is_told(database: Any, connection: Any) -> None:
    seen: list[Any] = []

    def finish(_connection: Any, last: bool) -> None:
        seen.append((last, relations(database)))  # as others see it

    steps = [
        step("CREATE INDEX CONCURRENTLY i ON public.t (a)", "before"),
        step("CREATE TABLE public.made ()"),
        step("DROP INDEX CONCURRENTLY public.i", "after"),
    ]
    assert run(connection, steps, POLICY, (), finish) == 0
    assert seen == [(False, ["i"]), (True, ["made"])]


def test_a_failure_names_the_statement_and_no_value(database: Any, connection: Any) -> None:
    database.execute("INSERT INTO public.t VALUES (4711), (4711)")
    with pytest.raises(EngineError, match="could not create unique index") as failed:
        run(connection, [step("CREATE UNIQUE INDEX u ON public.t (a)")], POLICY, (), nothing)
    assert failed.value.details["statement"] == "CREATE UNIQUE INDEX u ON public.t (a)"
    assert "4711" not in str(failed.value) + str(failed.value.details)
