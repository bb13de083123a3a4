# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the engine share: connections that tell of each statement, forked runs, what a run may leave behind.

``watched(database, before, after)`` is a connector whose connections to the live database call ``before`` and ``after``
with (text, connection) around every statement and every commit.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Optional

import pytest
from psycopg2 import extensions, sql

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "files" / "sql" / "schema.sql"
PRODUCTION = ROOT / "files" / "sql" / "production_schema_v3.sql"
DUMP = ("--exclude-schema=schema_ledger",)

COMMIT = "COMMIT"  # what a listener is told of commit()

Listener = Callable[[str, Any], None]


def _nothing(_text: str, _connection: Any) -> None:
    return


def _text(statement: Any, cursor: Any) -> str:
    if isinstance(statement, sql.Composable):
        return str(statement.as_string(cursor))
    return statement.decode() if isinstance(statement, bytes) else str(statement)


def watched(database: Any, before: Listener = _nothing, after: Listener = _nothing) -> Callable[..., Any]:
    """A connector; other databases than ``database`` are opened without being watched."""

    class Cursor(extensions.cursor):
        def execute(self, statement: Any, parameters: Any = None) -> None:
            text = _text(statement, self)
            before(text, self.connection)
            super().execute(statement, parameters)
            after(text, self.connection)

    class Connection(extensions.connection):
        def cursor(self, *arguments: Any, **named: Any) -> Any:
            if not arguments:
                named.setdefault("cursor_factory", Cursor)
            return super().cursor(*arguments, **named)

        def commit(self) -> None:
            before(COMMIT, self)
            super().commit()
            after(COMMIT, self)

    def connect(dbname: Optional[str] = None) -> Any:
        named = {} if dbname else {"connection_factory": Connection}
        connection = database.connect(dbname, **named)
        connection.autocommit = False
        return connection

    return connect


class Nth:
    """A listener that calls ``act(connection)`` once, at the ``number``-th (from 1) of the statements ``texts``."""

    def __init__(self, texts: Sequence[str], number: int, act: Callable[[Any], None]) -> None:
        self.texts = frozenset(texts)
        self.left = number
        self.act = act

    def __call__(self, text: str, connection: Any) -> None:
        if text in self.texts:
            self.left -= 1
            if self.left == 0:
                self.act(connection)

    @property
    def reached(self) -> bool:
        return self.left <= 0


class Obstacle:
    """A listener: another session's transaction runs ``statement`` before the first of the statements ``texts``, and
    ends once that one has been tried ``attempts`` times in vain. ``held`` are the seconds for which it was in the way.
    """

    def __init__(self, database: Any, statement: str, texts: Sequence[str], attempts: int = 1) -> None:
        self.database = database
        self.statement = statement
        self.texts = frozenset(texts)
        self.left = attempts
        self.target = ""
        self.since = self.held = 0.0
        self.connection: Any = None

    def __call__(self, text: str, _connection: Any) -> None:
        if self.connection is None and text in self.texts:
            self.target = text
            self.connection = self.database.connect()
            self.connection.autocommit = False
            self.connection.cursor().execute(self.statement)
            self.since = time.monotonic()
        elif text == self.target and not self.held:
            self.left -= 1
            if self.left == 0:
                self.close()

    def close(self) -> None:
        if self.connection is not None and not self.connection.closed:
            self.connection.close()
            self.held = time.monotonic() - self.since


def kill_backend(server: Any) -> Callable[[Any], None]:
    """Ends a connection's server process from outside, and waits until it is gone."""

    def act(connection: Any) -> None:
        pid = connection.info.backend_pid
        server.execute("SELECT pg_terminate_backend(%s)", (pid,))
        deadline = time.monotonic() + 20
        while server.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)):
            assert time.monotonic() < deadline, "the server process does not end"
            time.sleep(0.005)

    return act


def kill_self(_connection: Any) -> NoReturn:
    """Ends this process as SIGKILL does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL was survived")


def forked(work: Callable[[], None]) -> int:
    """Run ``work`` in a child process; the number of the signal that ended it, 0 where it came to its end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) == 0, "the forked run failed"
    return 0


def only_on(database: Any, *majors: int) -> None:
    """Skip a test on majors between which nothing changes for it."""
    if database.server.major not in majors:
        pytest.skip(f"runs on {', '.join(map(str, majors))}")


def statements(outcome: Any) -> list[str]:
    return [step.sql for step in outcome.plan]


def shadows(database: Any) -> list[str]:
    """Databases that a run left behind."""
    return [
        name
        for (name,) in database.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, '_schema_shadow_' || "
            "(SELECT oid FROM pg_database WHERE datname = current_database()) || '_')"
        )
    ]


def left_over(database: Any) -> list[str]:
    """Invalid indexes, constraints that wait for validation, and what is named for the time being.

    Until 17, PostgreSQL marks only the foreign key itself as valid, not what it keeps for each partition referred to.
    """
    rows = database.execute(
        """SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready)
           UNION ALL
           SELECT 'relation ' || relname FROM pg_class WHERE relname ~ '^__(building|old|not_null|detaching|new)_'
           UNION ALL
           SELECT 'constraint ' || conname FROM pg_constraint
            WHERE NOT convalidated AND conparentid = 0 OR conname ~ '^__(not_null|detaching)_'"""
    )
    return [text for (text,) in rows]


def assert_verified(database: Any, source: Any, policy: Policy = engine.DEFAULTS) -> None:
    """The database is the file, and nothing that a run needs for a while stands around."""
    report = engine.verify(database.connector, source, policy)
    assert report.in_sync, (report.missing, report.different, report.rows)
    assert shadows(database) == []
    assert left_over(database) == []


def assert_at(database: Any, source: Any, policy: Policy = engine.DEFAULTS) -> None:
    """As assert_verified(); and nothing would be done by another run."""
    assert_verified(database, source, policy)
    again = engine.plan(database.connector, source, policy)
    assert not again.changed, statements(again)
