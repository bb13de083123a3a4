# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are broken off at every statement of their plan, sabotaged, out of memory, or two at once: nothing is lost,
and the next run ends where an undisturbed one would."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from engine_support import (
    COMMIT,
    Nth,
    assert_at,
    forked,
    kill_backend,
    kill_self,
    left_over,
    shadows,
    statements,
    watched,
)

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    Busy,
    EngineError,
    VerificationFailed,
)
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = [pytest.mark.one_major, pytest.mark.timeout(600)]

BEFORE = """
CREATE TABLE public.a (id int CONSTRAINT a_pkey PRIMARY KEY, note varchar(10), n int, code text NOT NULL);
CREATE TABLE public.b (id int CONSTRAINT b_pkey PRIMARY KEY, a_id int);
CREATE INDEX a_more ON public.a (code);
CREATE VIEW public.v AS SELECT id, note FROM public.a;
INSERT INTO public.a SELECT i, 'note ' || i, i, 'code ' || i FROM generate_series(1, 50) i;
INSERT INTO public.b SELECT i, i FROM generate_series(1, 50) i;
"""
AFTER = """
CREATE TABLE public.a (id int CONSTRAINT a_pkey PRIMARY KEY, note varchar(40), n int NOT NULL, code text NOT NULL,
    CONSTRAINT a_code_key UNIQUE (code), CONSTRAINT a_n_check CHECK (n > 0));
CREATE TABLE public.b (id int CONSTRAINT b_pkey PRIMARY KEY, a_id int CONSTRAINT b_a_fkey REFERENCES public.a);
CREATE INDEX a_more ON public.a (code, n);
CREATE INDEX b_a ON public.b (a_id);
CREATE VIEW public.v AS SELECT id, note FROM public.a;
CREATE TABLE public.kind (id int PRIMARY KEY, word text);
INSERT INTO public.kind VALUES (1, 'one');
"""
ROWS = """
    SELECT (SELECT array_agg((a.*)::text ORDER BY id) FROM public.a),
           (SELECT array_agg((b.*)::text ORDER BY id) FROM public.b)"""
DEFINITIONS = """
    SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
     WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) AND attnum > 0
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'ledger', coalesce(to_regclass('schema_ledger.deployment')::text, ''), '', true
    ORDER BY 1, 2, 3"""


@dataclass(frozen=True)
class Story:
    """An undisturbed run: what it did and where it ended."""

    policy: Policy
    texts: list[str]
    phases: list[str]
    fingerprint: str
    rows: Any
    before: Any
    first: bool = False


@pytest.fixture(scope="module")
def template(server: Any) -> Iterator[str]:
    server.start()
    name = server.create_database()
    server.execute(BEFORE, None, name)
    yield name
    server.start()
    server.drop_database(name)


@pytest.fixture
def fresh(database_factory: Any, template: str) -> Callable[[], Any]:
    """A new database that is BEFORE."""
    return lambda: database_factory(template=template)


def story(database: Any, strategy: str) -> Story:
    policy = Policy(strategy=strategy, lock_retries=0)
    before = database.execute(DEFINITIONS)
    rows = database.execute(ROWS)
    done = engine.converge(database.connector, AFTER, policy)
    assert_at(database, AFTER, policy)
    assert database.execute(ROWS) == rows
    return Story(policy, statements(done), [step.phase for step in done.plan], done.fingerprint, rows, before)


def first_story(database: Any) -> Story:
    """The first deployment to an empty database."""
    policy = Policy(lock_retries=0)
    before = database.execute(DEFINITIONS)
    done = engine.converge(database.connector, AFTER, policy)
    assert {step.object.kind for step in done.plan} == {"statement"}
    assert_at(database, AFTER, policy)
    rows = database.execute(ROWS)
    return Story(policy, statements(done), ["main"] * len(done.plan), done.fingerprint, rows, before, first=True)


def keeps(database: Any, told: Story, at: str) -> None:
    """Nothing is lost, and an unfinished transaction has left nothing."""
    if told.first:
        assert database.execute(DEFINITIONS) == told.before, at
        return
    if set(told.phases) == {"main"}:
        assert database.execute(DEFINITIONS) == told.before, at
    assert database.execute(ROWS) == told.rows, at


def recovers(database: Any, told: Story, at: str) -> None:
    """Whatever has happened: the next run ends as the undisturbed one did."""
    if not told.first and at != "committed":
        keeps(database, told, at)
    try:
        outcome = engine.converge(database.connector, AFTER, told.policy)
    except EngineError as error:
        raise AssertionError(f"the run after one that was broken off at {at} fails: {error}") from error
    assert outcome.fingerprint == told.fingerprint, at
    assert (left_over(database), shadows(database)) == ([], []), at
    assert database.execute(ROWS) == told.rows, at


def test_the_online_plan_has_all_phases(fresh: Callable[[], Any]) -> None:
    """What the tests below break off is worth it."""
    told = story(fresh(), "online")
    assert {"before", "main", "after"} <= set(told.phases)
    text = "\n".join(told.texts)
    for part in ("__building_a_more", "__building_a_code_key", "VALIDATE CONSTRAINT b_a_fkey"):
        assert part in text, text
    assert "__not_null_n" in text or "VALIDATE CONSTRAINT a_n_not_null" in text, text
    assert set(story(fresh(), "atomic").phases) == {"main"}


# --- broken off everywhere ------------------------------------------------------------------------------

LEDGER = "INSERT INTO schema_ledger.deployment"


class At:
    """Calls ``act`` once, at a point of a run: a statement's number from 1, or what comes after the statements."""

    def __init__(self, texts: list[str], point: int | str, act: Callable[[Any], None]) -> None:
        self.texts = texts
        self.point = point
        self.act = act
        self.seen = 0
        self.reached = False

    def before(self, text: str, connection: Any) -> None:
        if self.point == "commit" and text == COMMIT and self._all_seen():
            self._reach(connection)

    def after(self, text: str, connection: Any) -> None:
        if text in self.texts:
            self.seen += 1
            if self.seen == self.point:
                self._reach(connection)
        elif self.point == "verify" and self._all_seen():
            self._reach(connection)
        elif self.point == "ledger" and text.startswith(LEDGER):
            self._reach(connection)
        elif self.point == "committed" and text == COMMIT and self._all_seen():
            self._reach(connection)

    def _all_seen(self) -> bool:
        return self.seen == len(self.texts)

    def _reach(self, connection: Any) -> None:
        if not self.reached:
            self.reached = True
            self.act(connection)


def points(told: Story) -> list[list[int | str]]:
    """Where a run is broken off; each group on a database of its own.

    What is broken off inside of the one transaction leaves the database as it was before, ready for the next.
    """
    numbers = range(1, len(told.texts) + 1)
    alone: list[list[int | str]] = [[number] for number in numbers if told.phases[number - 1] != "main"]
    main: list[int | str] = [number for number in numbers if told.phases[number - 1] == "main"]
    ends: list[int | str] = ["verify", "ledger", "commit"]
    if told.phases[-1] == "main":
        return [*alone, [*main, *ends], ["committed"]]
    # By then all is done and committed but for the ledger: a second run would have no statements left.
    return [*alone, main, *([end] for end in ends), ["committed"]]


def raises(database: Any, told: Story, at: At) -> None:
    """A run in this process, whose connection breaks."""
    try:
        engine.converge(watched(database, before=at.before, after=at.after), AFTER, told.policy)
    except EngineError as error:
        assert error.hint, error
    else:
        # What breaks after the commit does not make the run fail.
        assert at.point == "committed"
    assert at.reached, at.point


def backend_ended(server: Any, database: Any, told: Story, point: int | str) -> None:
    raises(database, told, At(told.texts, point, kill_backend(server)))
    assert shadows(database) == []


def process_killed(_server: Any, database: Any, told: Story, point: int | str) -> None:
    def run() -> None:
        at = At(told.texts, point, kill_self)
        engine.converge(watched(database, before=at.before, after=at.after), AFTER, told.policy)

    assert forked(run) == signal.SIGKILL, point
    # Nobody could drop it; the next run does.
    assert len(shadows(database)) == (0 if told.first else 1)


def server_stopped(server: Any, database: Any, told: Story, point: int | str) -> None:
    raises(database, told, At(told.texts, point, lambda _connection: server.stop(immediate=True)))
    server.start()


FAULTS = (backend_ended, process_killed, server_stopped)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.__name__ for fault in FAULTS])
@pytest.mark.parametrize("strategy", ["first", "atomic", "online"])
def test_broken_off_at_every_point(
    server: Any, fresh: Callable[[], Any], database_factory: Any, strategy: str, fault: Any
) -> None:
    """One of the matrix's cells; -s shows it."""
    make = database_factory if strategy == "first" else fresh
    told = first_story(make()) if strategy == "first" else story(make(), strategy)
    groups = points(told)
    for group in groups:
        database = make()
        for point in group:
            fault(server, database, told, point)
            if point != "committed":
                keeps(database, told, str(point))
        recovers(database, told, str(group[-1]))
        server.drop_database(database.name)
    count = sum(len(group) for group in groups)
    print(f"\n{strategy:7} {fault.__name__:15} {count:3} points: nothing lost, the next run ends at the file")


def test_killed_while_the_shadow_is_loaded(fresh: Callable[[], Any]) -> None:
    database = fresh()

    def run() -> None:
        def connect(dbname: Any = None) -> Any:
            if dbname:
                kill_self(None)
            return database.connector(dbname)

        engine.converge(connect, AFTER)

    assert forked(run) == signal.SIGKILL
    assert len(shadows(database)) == 1
    assert engine.converge(database.connector, AFTER).changed
    assert shadows(database) == []


def breaking_connector(server: Any, database: Any, left: list[int]) -> Callable[..., Any]:
    """A connector whose connection to the disposable database ends after that many statements, counted down."""

    def count(_text: str, connection: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            kill_backend(server)(connection)

    def connect(dbname: Any = None) -> Any:
        return watched(type(database)(server, dbname), after=count)() if dbname else database.connector()

    return connect


def test_connection_to_the_shadow_breaks(server: Any, fresh: Callable[[], Any]) -> None:
    """Before the source is loaded, and while it is being read."""
    database = fresh()
    for number in (1, 8):
        left = [number]

        with pytest.raises(EngineError) as failed:
            engine.converge(breaking_connector(server, database, left), AFTER)
        assert left[0] <= 0 and failed.value.hint, failed.value
        assert shadows(database) == []
    assert engine.converge(database.connector, AFTER).changed
    assert_at(database, AFTER)


# --- verified commit ------------------------------------------------------------------------------------


def fails_verified(database: Any, source: str, expected: str) -> None:
    before = database.dump()
    with pytest.raises(VerificationFailed, match="everything was rolled back") as failed:
        engine.converge(database.connector, source)
    assert expected in "\n".join(failed.value.details["residue"])
    assert database.dump() == before
    assert shadows(database) == []


def test_event_trigger_that_changes_what_was_made(fresh: Callable[[], Any]) -> None:
    database = fresh()
    database.psql(
        "CREATE SCHEMA spy; CREATE FUNCTION spy.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF to_regclass('public.kind') IS NOT NULL THEN ALTER TABLE public.kind ALTER word SET DEFAULT 'spy'; END IF;"
        "END $$; CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
        "EXECUTE FUNCTION spy.meddle()"
    )
    fails_verified(database, AFTER, "kind.word")


def test_trigger_that_changes_reference_rows(database: Any) -> None:
    table = "CREATE TABLE public.kind (id int PRIMARY KEY, word text);"
    database.psql(
        table + "CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER meddle BEFORE INSERT ON public.kind FOR EACH ROW EXECUTE FUNCTION public.meddle()"
    )
    fails_verified(database, table + "INSERT INTO public.kind VALUES (1, 'one');", "public.kind")


def test_after_sql_that_changes_what_was_made(fresh: Callable[[], Any]) -> None:
    database = fresh()
    with pytest.raises(VerificationFailed, match="a_n_check is missing"):
        engine.converge(database.connector, AFTER, Policy(after_sql="ALTER TABLE a DROP CONSTRAINT a_n_check"))


# --- out of shared memory -------------------------------------------------------------------------------


def test_full_lock_table(fresh: Callable[[], Any]) -> None:
    database = fresh()
    before = database.dump()
    # Some slots per connection, and what else there is of shared memory: never as many as these.
    greedy = Policy(after_sql="SELECT count(pg_advisory_xact_lock(i)) FROM generate_series(1, 400000) i")
    with pytest.raises(EngineError, match="out of shared memory") as failed:
        engine.converge(database.connector, AFTER, greedy)
    assert "max_locks_per_transaction" in str(failed.value.hint)
    assert database.dump() == before and shadows(database) == []
    assert engine.converge(database.connector, AFTER).changed


# --- two at once ----------------------------------------------------------------------------------------


def test_two_runs_at_once_both_end_well(fresh: Callable[[], Any]) -> None:
    database = fresh()
    together = threading.Barrier(2, timeout=30)
    ended: list[Any] = []

    def run() -> None:
        together.wait()
        try:
            ended.append(engine.converge(database.connector, AFTER))
        except Exception as error:  # told by the assertion below
            ended.append(error)

    threads = [threading.Thread(target=run) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [getattr(each, "changed", each) for each in ended] == [True, False]
    assert ended[0].fingerprint == ended[1].fingerprint
    assert_at(database, AFTER)


def test_second_run_may_refuse_to_wait(fresh: Callable[[], Any]) -> None:
    database = fresh()
    told = statements(engine.plan(database.connector, AFTER))
    refused: list[Any] = []

    def meanwhile(_connection: Any) -> None:
        for entry in (engine.converge, engine.plan, engine.verify):
            with pytest.raises(Busy, match="another run is at work") as busy:
                entry(database.connector, AFTER, Policy(wait_for_lock=0))
            refused.append(busy.value)

    assert engine.converge(watched(database, after=Nth(told, 2, meanwhile)), AFTER).changed
    assert len(refused) == 3 and "wait_for_lock" in str(refused[0].hint)
    assert "server process" in refused[0].message
    assert_at(database, AFTER)
