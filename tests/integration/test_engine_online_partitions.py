# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The online strategy on partitioned tables: foreign keys, partitions that leave, runs that are broken off."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from engine_support import assert_at, forked, kill_self, left_over, only_on, shadows, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = pytest.mark.timeout(600)

ONLINE = Policy(strategy="online", lock_retries=0)
# Which statements there are for partitions has changed with 14 and with 18; what lies between is alike.
ATOMIC = Policy(strategy="atomic", lock_retries=0)

# --- foreign keys -----------------------------------------------------------------------------------------

KINDS = """
CREATE TABLE public.kind (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE public.kind_1 PARTITION OF public.kind FOR VALUES FROM (0) TO (5);
CREATE TABLE public.kind_2 PARTITION OF public.kind FOR VALUES FROM (5) TO (10);
CREATE TABLE public.word (word text PRIMARY KEY);
"""
LOG = """
CREATE TABLE public.log (id int NOT NULL, kind int, word text{keys}) PARTITION BY RANGE (id);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (100);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (100) TO (300) PARTITION BY RANGE (id);
CREATE TABLE public.log_21 PARTITION OF public.log_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE public."log 22" PARTITION OF public.log_2 FOR VALUES FROM (200) TO (300);
"""
ROWS = """
INSERT INTO public.kind SELECT generate_series(0, 9);
INSERT INTO public.word VALUES ('a');
INSERT INTO public.log SELECT i, i % 10, 'a' FROM generate_series(0, 299) i;
"""
KEYS = """,
    CONSTRAINT log_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind ON DELETE CASCADE DEFERRABLE,
    CONSTRAINT "log word" FOREIGN KEY (word) REFERENCES public.word ON UPDATE CASCADE"""
WITH_KEYS = (
    KINDS + LOG.format(keys=KEYS) + "CREATE TABLE public.log_3 PARTITION OF public.log FOR VALUES FROM (300) TO (400);"
)
OF_LEAVES = """
    SELECT conrelid::regclass::text, conname::text, oid FROM pg_constraint
     WHERE contype = 'f' AND conrelid IN ('log_1'::regclass, 'log_21'::regclass, '"log 22"'::regclass)
       AND confrelid IN ('kind'::regclass, 'word'::regclass) ORDER BY 1, 2"""


@pytest.fixture
def log(database: Any) -> Any:
    only_on(database, 13, 17, 18)
    database.psql(KINDS + LOG.format(keys="") + ROWS)
    # A partition that somebody made at run time, and the source does not know.
    database.psql("CREATE TABLE public.log_9 PARTITION OF public.log FOR VALUES FROM (900) TO (1000)")
    return database


def test_foreign_keys_of_partitions_are_adopted_without_a_scan(log: Any) -> None:
    told = engine.plan(log.connector, WITH_KEYS, ONLINE)
    hazards = {hazard.kind for step in told.plan for hazard in step.hazards}
    assert hazards <= {"blocks_reads", "blocks_writes"}, hazards
    validated: list[Any] = []
    last = [text for text in statements(told) if text.startswith("ALTER TABLE public.log ADD CONSTRAINT ")]

    def look(text: str, _connection: Any) -> None:
        if text in last and not validated:
            validated.extend(log.execute(OF_LEAVES))

    engine.converge(watched(log, before=look), WITH_KEYS, ONLINE)
    assert_at(log, WITH_KEYS, ONLINE)
    if log.server.major < 18:
        assert len(last) == 2 and len(validated) == 6
        assert [step.phase for step in told.plan if step.sql in last] == ["after"] * 2
        assert log.execute(OF_LEAVES) == validated  # the very same ones: PostgreSQL adopted them
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        log.execute("INSERT INTO public.log VALUES (950, 17, 'a')")


def _with_broken_off_keys(log: Any) -> None:
    for leaf, tail in (("log_1", ""), ("log_21", " NOT VALID")):
        log.execute(
            f"ALTER TABLE public.{leaf} ADD CONSTRAINT log_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind "
            f"ON DELETE CASCADE DEFERRABLE{tail}"
        )


@pytest.mark.parametrize("policy", [ATOMIC, ONLINE], ids=["atomic", "online"])
@pytest.mark.parametrize("prune", [False, True], ids=["keep", "prune"])
def test_foreign_keys_of_a_run_that_was_broken_off(log: Any, policy: Policy, prune: bool) -> None:
    _with_broken_off_keys(log)
    if prune:
        log.execute("DROP TABLE public.log_9")
    asked = Policy(strategy=policy.strategy, prune=prune)
    done = engine.converge(log.connector, WITH_KEYS, asked)
    assert not [text for text in done.extra if "fkey" in text]
    assert_at(log, WITH_KEYS, asked)
    assert len(log.execute(OF_LEAVES)) == 6


def test_rows_without_what_they_refer_to_stop_the_validation_of_a_partition(log: Any) -> None:
    log.execute("INSERT INTO public.log VALUES (250, 17, 'a')")
    with pytest.raises(engine.EngineError, match="violates foreign key") as failed:
        engine.converge(log.connector, WITH_KEYS, ONLINE)
    if log.server.major < 18:
        assert 'ALTER TABLE public."log 22" VALIDATE CONSTRAINT' in failed.value.message
    assert "goes on from there" in str(failed.value.hint)
    log.execute("DELETE FROM public.log WHERE kind = 17")
    assert engine.converge(log.connector, WITH_KEYS, ONLINE).changed
    assert_at(log, WITH_KEYS, ONLINE)


# --- partitions that leave --------------------------------------------------------------------------------

PARTED = """
CREATE TABLE public.log (id int NOT NULL, n int CONSTRAINT log_n_check CHECK (n > 0)) PARTITION BY RANGE (id);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (100);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (100) TO (300);
CREATE INDEX log_n ON public.log (n);
"""
PARTED_ROWS = "INSERT INTO public.log SELECT i, i + 1 FROM generate_series(0, 299) i;"
LEFT = """
CREATE TABLE public.log (id int NOT NULL, n int CONSTRAINT log_n_check CHECK (n > 0)) PARTITION BY RANGE (id);
CREATE TABLE public.log_1 (id int NOT NULL, n int, more text);
CREATE INDEX log_1_n_idx ON public.log_1 (n);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (100) TO (300);
CREATE INDEX log_n ON public.log (n);
"""
PENDING = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhdetachpending"


def test_beside_a_default_partition_the_plan_says_that_readers_wait(database: Any) -> None:
    only_on(database, 14, 18)
    default = "CREATE TABLE public.log_x PARTITION OF public.log DEFAULT;"
    database.psql(PARTED + default + PARTED_ROWS)
    told = engine.plan(database.connector, LEFT + default, ONLINE)
    (step,) = (step for step in told.plan if " DETACH PARTITION " in step.sql)
    assert step.phase == "main" and step.lock == "ACCESS EXCLUSIVE"
    said = [hazard.text for hazard in step.hazards if hazard.kind == "blocks_reads"]
    assert any("not detached concurrently" in text and "public.log_x" in text for text in said), said
    engine.converge(database.connector, LEFT + default, ONLINE)
    assert_at(database, LEFT + default, ONLINE)
    assert database.execute("SELECT count(*) FROM public.log_1") == [(100,)]


def _with_pending_detachment(database: Any) -> None:
    """A session that reads stands between the two halves of DETACH PARTITION … CONCURRENTLY."""
    with closing(database.connect()) as reader, reader.cursor() as cursor:
        reader.autocommit = False
        cursor.execute("SELECT count(*) FROM public.log")
        with closing(database.connect()) as other, other.cursor() as detaching:
            detaching.execute("SET statement_timeout = '300ms'")
            with pytest.raises(psycopg2.errors.QueryCanceled):
                detaching.execute("ALTER TABLE public.log DETACH PARTITION public.log_1 CONCURRENTLY")
    assert database.execute(PENDING) == [("log_1",)]


@pytest.mark.parametrize("policy", [ATOMIC, ONLINE], ids=["atomic", "online"])
@pytest.mark.parametrize("source", [PARTED, LEFT], ids=["stays", "leaves"])
def test_a_detachment_that_was_broken_off_is_brought_to_its_end(database: Any, source: str, policy: Policy) -> None:
    """With the file that asked for it, and with one that has the partition again."""
    only_on(database, 14, 18)
    database.psql(PARTED + PARTED_ROWS)
    # As an online run begins it.
    database.execute("ALTER TABLE public.log_1 ADD CONSTRAINT __detaching_log_1 CHECK (id >= 0 AND id < 100)")
    _with_pending_detachment(database)
    report = engine.verify(database.connector, source, policy)
    assert not report.in_sync
    done = engine.converge(database.connector, source, policy)
    assert "ALTER TABLE public.log DETACH PARTITION public.log_1 FINALIZE" == statements(done)[0]
    assert database.execute(PENDING) == []
    assert_at(database, source, policy)
    assert database.execute("SELECT count(*) FROM public.log_1") == [(100,)]


# --- broken off everywhere --------------------------------------------------------------------------------

BEFORE = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.log (id int NOT NULL, n int, kind int) PARTITION BY RANGE (id);
CREATE TABLE public.log_old PARTITION OF public.log FOR VALUES FROM (-100) TO (0);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (100);
CREATE INDEX log_n ON public.log (n);
INSERT INTO public.kind SELECT generate_series(0, 9);
INSERT INTO public.log SELECT i, abs(i), abs(i) % 10 FROM generate_series(-100, 99) i;
"""
AFTER = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.log (id int NOT NULL, n int NOT NULL, kind int, CONSTRAINT log_id_key UNIQUE (id),
    CONSTRAINT log_n_check CHECK (n >= 0),
    CONSTRAINT log_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind) PARTITION BY RANGE (id);
CREATE TABLE public.log_old (id int NOT NULL, n int, kind int);
CREATE INDEX log_old_n_idx ON public.log_old (n);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (100);
CREATE INDEX log_n ON public.log (n, kind);
"""
COUNTS = "SELECT (SELECT count(*) FROM public.log WHERE id >= 0), (SELECT count(*) FROM public.log_old)"


@pytest.mark.slow
def test_broken_off_after_every_statement_that_is_committed_by_itself(database: Any, database_factory: Any) -> None:
    """The run is killed, and the next one ends at the file. What the one transaction does is in test_engine_faults."""
    only_on(database, 17, 18)
    database.psql(BEFORE)
    told = engine.plan(database.connector, AFTER, ONLINE)
    alone = [step for step in told.plan if step.phase != "main"]
    assert {step.phase for step in alone} == {"before", "after"} and len(alone) >= 8
    for step in alone:
        copy = database_factory(template=database.name)

        def run(copy: Any = copy, last: str = step.sql) -> None:
            def after(text: str, _connection: Any) -> None:
                if text == last:
                    kill_self(None)

            engine.converge(watched(copy, after=after), AFTER, ONLINE)

        assert forked(run) == signal.SIGKILL, step.sql
        assert copy.execute(COUNTS) == [(100, 100)], step.sql
        engine.converge(copy.connector, AFTER, ONLINE)
        report = engine.verify(copy.connector, AFTER, ONLINE)
        assert report.in_sync and left_over(copy) == [], (step.sql, report.missing, report.different, left_over(copy))
        assert copy.execute(COUNTS) == [(100, 100)] and shadows(copy) == [], step.sql
