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
from engine_support import Obstacle, assert_at, only_on, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = pytest.mark.timeout(900)

BEFORE = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.big (id bigint PRIMARY KEY, n int, code varchar(20), note text, kind int);
CREATE INDEX big_code ON public.big (code);
CREATE INDEX big_note ON public.big (note);
CREATE TABLE public.log (id bigint NOT NULL, n int, word varchar(20), kind int) PARTITION BY RANGE (id);
CREATE TABLE public.log_old PARTITION OF public.log FOR VALUES FROM (-1000000) TO (0);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (2000000);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (2000000) TO (9000000);
CREATE INDEX log_n ON public.log (n);
"""
ROWS = """
INSERT INTO public.kind SELECT generate_series(0, 9);
INSERT INTO public.big SELECT i, i, 'c' || i, 'n' || i, i % 10 FROM generate_series(1, 5000) i;
INSERT INTO public.log SELECT i, abs(i), 'w' || i, abs(i % 10) FROM generate_series(-3000, 5000) i;
ANALYZE;
"""
# big: a type and the index over it; a replaced and a new index; NOT NULL, CHECK, foreign key, UNIQUE.
# log: an index that is replaced, a new one, UNIQUE, CHECK, NOT NULL, a foreign key, and a partition that leaves.
AFTER = """
CREATE TABLE public.kind (id int PRIMARY KEY);
CREATE TABLE public.big (id bigint PRIMARY KEY, n int NOT NULL, code text, note text, kind int,
    CONSTRAINT big_code_key UNIQUE (id, n), CONSTRAINT big_n_check CHECK (n > 0),
    CONSTRAINT big_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind);
CREATE INDEX big_code ON public.big (code, n);
CREATE INDEX big_note ON public.big (note, n);
CREATE INDEX big_kind ON public.big (kind);
CREATE TABLE public.log (id bigint NOT NULL, n int NOT NULL, word varchar(20), kind int,
    CONSTRAINT log_id_key UNIQUE (id), CONSTRAINT log_n_check CHECK (n >= 0),
    CONSTRAINT log_kind_fkey FOREIGN KEY (kind) REFERENCES public.kind) PARTITION BY RANGE (id);
CREATE TABLE public.log_old (id bigint NOT NULL, n int, word varchar(20), kind int);
CREATE INDEX log_old_n_idx ON public.log_old (n);
CREATE TABLE public.log_1 PARTITION OF public.log FOR VALUES FROM (0) TO (2000000);
CREATE TABLE public.log_2 PARTITION OF public.log FOR VALUES FROM (2000000) TO (9000000);
CREATE INDEX log_n ON public.log (n, word);
CREATE INDEX log_word ON public.log (word);
"""
LOCK_TIMEOUT = 1.0
MARGIN = 2.0  # a machine that is busy with other things
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
        columns = "id, n, code, note, kind" if self.table == "big" else "id, n, word, kind"
        places = "%s, %s, 'x' || %s, 'x' || %s, 1" if self.table == "big" else "%s, %s, 'x' || %s, 1"
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
    # Without a limit the run would wait for this transaction, and every writer for the run.
    written = "UPDATE public.big SET n = n WHERE id = 1; UPDATE public.log SET n = n WHERE id = 1"
    obstacle = Obstacle(live, written, main, attempts=3)
    writers = [Writer(live, "big", 1_000_000), Writer(live, "big", 2_000_000)]
    writers += [Writer(live, "log", 1_000_000), Writer(live, "log", 2_000_000)]
    for writer in writers:
        writer.start()
    try:
        done = engine.converge(watched(live, before=obstacle), AFTER, ONLINE)
    finally:
        obstacle.close()
        for writer in writers:
            writer.done.set()
            writer.join(30)
    assert [writer.error for writer in writers] == [None] * 4
    assert done.changed and done.retries >= 3
    longest = max(wait for writer in writers for wait in writer.waits)
    assert obstacle.held > LOCK_TIMEOUT + MARGIN
    assert longest[0] < LOCK_TIMEOUT + MARGIN, f"a write waited {longest[0]:.2f} s: {longest[1]}"
    for writer in writers:
        own = f"id >= {writer.first} AND id < {writer.number} AND n = id + 1"
        count = f"SELECT count(*) FROM public.{writer.table} WHERE {own}"
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


@pytest.mark.parametrize("parted", [False, True], ids=["plain", "partitioned"])
def test_a_primary_key_of_columns_that_may_be_null(database: Any, parted: bool) -> None:
    """NOT NULL is proven first; the key takes a finished index after that, and what refers to it comes last."""
    only_on(database, 13, 18)
    by, part = (" PARTITION BY RANGE (id)", "CREATE TABLE public.a_1 PARTITION OF public.a DEFAULT;")
    by, part = (by, part) if parted else ("", "")
    rows = "INSERT INTO public.a SELECT i, i FROM generate_series(1, 100) i; INSERT INTO public.b VALUES (7);"
    database.psql(f"CREATE TABLE public.a (id int, n int){by};{part}CREATE TABLE public.b (a int);{rows}")
    source = (
        f"CREATE TABLE public.a (id int PRIMARY KEY, n int){by};{part}"
        "CREATE TABLE public.b (a int CONSTRAINT b_a REFERENCES public.a);"
    )
    told = engine.plan(database.connector, source, ONLINE)
    assert {hazard.kind for step in told.plan for hazard in step.hazards} <= {"blocks_reads", "blocks_writes"}
    leaf = "a_1" if parted else "a"
    assert f"ALTER TABLE public.{leaf} ADD CONSTRAINT {leaf}_pkey PRIMARY KEY USING INDEX __building_{leaf}_pkey" in [
        step.sql for step in told.plan if step.phase == "after"
    ]
    engine.converge(database.connector, source, ONLINE)
    assert_at(database, source, ONLINE)


def test_a_not_null_that_is_renamed_and_validated(database: Any) -> None:
    only_on(database, 18)
    database.psql("CREATE TABLE public.t (n int); ALTER TABLE public.t ADD CONSTRAINT a NOT NULL n NOT VALID")
    source = "CREATE TABLE public.t (n int CONSTRAINT b NOT NULL);"
    engine.converge(database.connector, source, ONLINE)
    assert_at(database, source, ONLINE)
