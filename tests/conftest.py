# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all tests: real servers of the majors that ``PG_MAJORS`` names, a fresh database per test.

``@pytest.mark.one_major`` on a test (or ``pytestmark``) runs it on the newest of those majors only.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional

import pytest
from psycopg2.extensions import make_dsn

ROOT = Path(__file__).resolve().parents[1]
COLLECTIONS = ROOT / ".cache" / "collections"
for entry in (str(Path(__file__).resolve().parent), str(COLLECTIONS)):
    if entry not in sys.path:
        sys.path.insert(0, entry)

import servers  # noqa: E402  (the line above makes it importable from every test folder)

# Files whose tests start ansible-playbook, most of them several times: all of them are slow.
STARTS_ANSIBLE = ("test_demo*", "test_playbooks*", "test_role_*", "test_schema_*_module*", "test_credential_rotate_*")

_STARTED = pytest.StashKey[float]()


@dataclass(frozen=True)
class Database:
    """One database of a test server."""

    server: servers.Server
    name: str

    @property
    def params(self) -> Dict[str, Any]:
        return {**self.server.params, "dbname": self.name}

    def dsn(self, **override: Any) -> str:
        return str(make_dsn(**{**self.params, **override}))

    def connect(self, dbname: Optional[str] = None, **override: Any) -> Any:
        """A psycopg2 connection in autocommit mode, to this database or another one of the server."""
        return self.server.connect(dbname or self.name, **override)

    @property
    def connector(self) -> Callable[..., Any]:
        """What the engine takes: a callable that opens this database, or another one by name."""

        def connect(dbname: Optional[str] = None) -> Any:
            connection = self.connect(dbname)
            connection.autocommit = False
            return connection

        return connect

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Run one statement (autocommit), give its rows."""
        return self.server.execute(statement, parameters, self.name)

    def dump(self, *arguments: str) -> str:
        return servers.pg_dump(self.server, self.name, *arguments)

    def psql(self, text: str, *arguments: str) -> str:
        return servers.psql(self.server, self.name, text, *arguments)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        majors = servers.requested_majors()
        if metafunc.definition.get_closest_marker("one_major"):
            majors = majors[-1:]
        metafunc.parametrize("server", majors, indirect=True, scope="session", ids=[f"pg{major}" for major in majors])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "integration" and any(item.path.match(name) for name in STARTS_ANSIBLE):
            item.add_marker(pytest.mark.slow)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_STARTED] = time.time()
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(FailuresAtOnce(terminal))


class FailuresAtOnce:
    """Names a test as soon as it has failed: a run over all majors takes long."""

    def __init__(self, terminal: Any) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.terminal.write_line(f"\nFAILED {report.nodeid} ({report.when})")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the fault matrices that the tests of this run have written."""
    started = config.stash.get(_STARTED, 0.0)
    for path in sorted((ROOT / "tests" / "output").glob("rotation-*.txt")):
        if path.stat().st_mtime >= started:
            terminalreporter.write_line(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def clusters() -> Iterator[servers.Clusters]:
    """Servers by major: ``clusters.get(15)``, ``clusters.get(18, tls=True)``; all end with the session."""
    held = servers.Clusters()
    yield held
    held.close()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, clusters: servers.Clusters) -> servers.Server:
    return clusters.get(request.param)


@pytest.fixture(scope="session")
def tls_server(clusters: servers.Clusters) -> servers.Server:
    """A server of the newest major asked for that offers TLS; ``ca_file`` is what to trust."""
    return clusters.get(servers.requested_majors()[-1], tls=True)


@pytest.fixture
def database(server: servers.Server) -> Iterator[Database]:
    """A fresh, empty database, dropped after the test."""
    server.start()
    name = server.create_database()
    yield Database(server, name)
    server.start()
    server.drop_database(name)


@pytest.fixture
def database_factory(server: servers.Server) -> Iterator[Callable[..., Database]]:
    """As many databases as a test wants: ``database_factory(encoding="UTF8")``."""
    server.start()
    made = []

    def make(**options: str) -> Database:
        made.append(server.create_database(**options))
        return Database(server, made[-1])

    yield make
    server.start()
    for name in made:
        server.drop_database(name)
