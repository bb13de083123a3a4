# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the online strategy does, on plain and partitioned tables, while sessions write all the time."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from engine_support import Nth, assert_at, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = pytest.mark.timeout(900)

BEFORE = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.big (id bigint PRIMARY KEY, n int, code varchar(20), note text, kind int);
CREATE INDEX big_code ON public.big (code);
CREATE INDEX big_note ON public.big (note);
CREATE TABLE public.log (id bigint NOT NULL, n int, word varchar(20)) PARTITION BY RANGE (id);
CREATE TABLE public.log_old PARTITION OF public.log FOR VALUES FROM (-1000000) TO (0);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (2000000);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (2000000) TO (9000000);
CREATE INDEX log_n ON public.log (n);
"""
ROWS = """
INSERT INTO public.kind SELECT generate_series(0, 9);
INSERT INTO public.big SELECT i, i, 'c' || i, 'n' || i, i % 10 FROM generate_series(1, 5000) i;
INSERT INTO public.log SELECT i, abs(i), 'w' || i FROM generate_series(-3000, 5000) i;
ANALYZE;
"""
# big: a type and the index over it; a replaced and a new index; NOT NULL, CHECK, foreign key, UNIQUE.
# log: an index that is replaced, a new one, UNIQUE, CHECK, NOT NULL, and a partition that leaves.
AFTER = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.big (id bigint PRIMARY KEY, n int NOT NULL, code text, note text, kind int,
    CONSTRAINT big_code_key UNIQUE (id, n), CONSTRAINT big_n_check CHECK (n > 0),
    CONSTRAINT big_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind);
CREATE INDEX big_code ON public.big (code, n);
CREATE INDEX big_note ON public.big (note, n);
CREATE INDEX big_kind ON public.big (kind);
CREATE TABLE public.log (id bigint NOT NULL, n int NOT NULL, word varchar(20),
    CONSTRAINT log_id_key UNIQUE (id), CONSTRAINT log_n_check CHECK (n >= 0)) PARTITION BY RANGE (id);
CREATE TABLE public.log_old (id bigint NOT NULL, n int, word varchar(20));
CREATE INDEX log_old_n_idx ON public.log_old (n);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (2000000);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (2000000) TO (9000000);
CREATE INDEX log_n ON public.log (n, word);
CREATE INDEX log_word ON public.log (word);
"""
LOCK_TIMEOUT = 1.0
MARGIN = 2.0  # a machine that is busy with other things
HELD = 8.0
ONLINE = Policy(strategy="online", lock_timeout=LOCK_TIMEOUT, lock_retries=30)


@pytest.fixture
def live(database: Any) -> Any:
    database.psql(BEFORE + ROWS)
    return database


class Writer(threading.Thread):
    """Inserts a row and updates it, again and again; ``waits`` are the seconds that each single write took."""

    def __init__(self, database: Any, table: str, first: int) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.table = table
        self.number = self.first = first
        self.waits: list[tuple[float, str]] = []
        self.error: Any = None
        self.done = threading.Event()

    def run(self) -> None:
        columns = "id, n, code, note, kind" if self.table == "big" else "id, n, word"
        places = "%s, %s, 'x' || %s, 'x' || %s, 1" if self.table == "big" else "%s, %s, 'x' || %s"
        try:
            with closing(self.database.connect()) as connection, connection.cursor() as cursor:
                while not self.done.is_set():
                    values = (self.number,) * places.count("%s")
                    self._timed(cursor, f"INSERT INTO public.{self.table} ({columns}) VALUES ({places})", values)
                    self._timed(cursor, f"UPDATE public.{self.table} SET n = n + 1 WHERE id = %s", (self.number,))
                    self.number += 1
                    time.sleep(0.005)
        except psycopg2.Error as error:
            self.error = error

    def _timed(self, cursor: Any, statement: str, values: Any) -> None:
        start = time.monotonic()
        cursor.execute(statement, values)
        self.waits.append((time.monotonic() - start, statement))


def test_no_write_waits_longer_than_the_lock_timeout(live: Any) -> None:
    told = engine.plan(live.connector, AFTER, ONLINE)
    texts = statements(told)
    heavy = {hazard.kind for step in told.plan for hazard in step.hazards} - {"blocks_reads", "blocks_writes"}
    assert heavy <= {"dependent_rebuild"}, heavy
    main = [step.sql for step in told.plan if step.phase == "main"]
    blockers: list[Any] = []

    def block(_connection: Any) -> None:
        """A session that has written to both tables and stays in its transaction for a while."""
        connection = live.connect()
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("UPDATE public.big SET n = n WHERE id = 1; UPDATE public.log SET n = n WHERE id = 1")
        timer = threading.Timer(HELD, connection.rollback)
        timer.start()
        blockers.append((connection, timer))

    writers = [Writer(live, "big", 1_000_000), Writer(live, "big", 2_000_000)]
    writers += [Writer(live, "log", 1_000_000), Writer(live, "log", 2_000_000)]
    for writer in writers:
        writer.start()
    try:
        done = engine.converge(watched(live, before=Nth(main, 1, block)), AFTER, ONLINE)
    finally:
        for writer in writers:
            writer.done.set()
            writer.join(30)
        for connection, timer in blockers:
            timer.join()
            connection.close()
    assert [writer.error for writer in writers] == [None] * 4
    assert done.changed and done.retries > 0 and blockers
    longest = max(wait for writer in writers for wait in writer.waits)
    assert longest[0] < LOCK_TIMEOUT + MARGIN < HELD, f"a write waited {longest[0]:.2f} s: {longest[1]}"
    for writer in writers:
        written = f"id >= {writer.first} AND id < {writer.number} AND n = id + 1"
        count = f"SELECT count(*) FROM public.{writer.table} WHERE {written}"
        assert writer.number - writer.first > 10
        assert live.execute(count) == [(writer.number - writer.first,)], "rows were lost"
    assert_at(live, AFTER, ONLINE)
    assert live.execute("SELECT count(*) FROM public.log_old") == [(3000,)]
    concurrent = [text for text in texts if " CONCURRENTLY" in text]
    for index in ("log_1", "log_2"):  # each partition has three built for it
        assert sum("CONCURRENTLY" in text and f" ON public.{index} " in text for text in concurrent) == 3, concurrent
    if live.server.major >= 14:
        assert "ALTER TABLE public.log DETACH PARTITION public.log_old CONCURRENTLY" in concurrent


def test_an_index_stays_until_its_successor_is_built(live: Any) -> None:
    """big_code is replaced while the type of its column changes: at every moment one of the two is there."""
    told = engine.plan(live.connector, AFTER, ONLINE)
    covering = (
        "SELECT count(*) FROM pg_index WHERE indrelid = 'public.big'::regclass AND indisvalid"
        " AND pg_get_indexdef(indexrelid) LIKE '%(code%'"
    )
    seen: list[int] = []
    texts = set(statements(told))

    def look(text: str, _connection: Any) -> None:
        if text in texts and not _connection.get_transaction_status():
            seen.append(live.execute(covering)[0][0])

    engine.converge(watched(live, after=look), AFTER, ONLINE)
    assert seen and min(seen) >= 1, seen
    assert_at(live, AFTER, ONLINE)


def test_a_detachment_that_was_broken_off_is_brought_to_its_end(live: Any) -> None:
    if live.server.major < 14:
        pytest.skip("DETACH PARTITION CONCURRENTLY is there from 14 on")
    with closing(live.connect()) as reader, reader.cursor() as cursor:
        reader.autocommit = False
        cursor.execute("SELECT count(*) FROM public.log")  # the second half waits for this transaction
        with pytest.raises(psycopg2.errors.QueryCanceled):
            live.execute("SET statement_timeout = '1s'; SELECT 1")
            with closing(live.connect()) as other, other.cursor() as detaching:
                detaching.execute("SET statement_timeout = '1s'")
                detaching.execute("ALTER TABLE public.log DETACH PARTITION public.log_old CONCURRENTLY")
    assert live.execute("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == [(1,)]
    assert engine.converge(live.connector, AFTER, ONLINE).changed
    assert live.execute("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == [(0,)]
    assert_at(live, AFTER, ONLINE)
