# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: a rotation is stopped at every point, and the next run must end where an undisturbed one would.

The controller dies by SIGKILL, in a process of its own; the server by an immediate stop (as a crash), between two
statements; the store refuses, or is changed by somebody else. Each run handles rows and a login role together. The
matrix (points, and what was found after the fault and after the next run) is printed with ``pytest -s`` and
written to ``tests/output/rotation-*.txt``.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kv2_server
import psycopg2
import pytest
import rotation_support as support
from conftest import Database
from psycopg2 import sql
from rotation_support import PUBLISHED, Account

from ansible_collections.domainflow.database.plugins.module_utils.credentials import (
    exchange,
    login_roles,
    rows,
    transfer,
)
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    role_key,
    row_key,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Change, Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore

ROLE = "rotation_fault_app"
ROLE_DEFAULT = "published-role-password"
EMAILS = list(PUBLISHED)[:2]


@dataclass(frozen=True)
class Point:
    """Stop at the ``nth`` call of ``owner.name``, before it or after."""

    label: str
    owner: Any
    name: str
    late: bool = False
    nth: int = 1


# In the order of a run. The module's side runs in the same process, so these are both sides' points.
COMMON = [
    Point("before anything is read", rotation, "_read"),
    Point("after the hashes were read", rotation, "_read", late=True),
    Point("before pending is written", rotation, "_write_pending"),
    Point("after pending was read back", rotation, "_write_pending", late=True),
    Point("after the hashes were made", rotation, "_make_hashes", late=True),
    Point("before the temporary table", transfer, "send"),
    Point("after the temporary table", transfer, "send", late=True),
    Point("after the first row's audit", rows, "write_audit", late=True),
    Point("after the rows", rows, "replace", late=True),
    Point("after the roles", login_roles, "replace", late=True),
    Point("after the commit", exchange, "_read_back"),
    Point("after reading back", exchange, "_read_back", late=True),
    Point("before the log-in", exchange, "try_login"),
    Point("after the log-in", exchange, "try_login", late=True),
    Point("before promotion", rotation, "_promote"),
    Point("after promotion", rotation, "_promote", late=True),
]
IN_STORE = {
    "vault_file": [
        Point("pending: in the temporary file", os, "replace"),
        Point("pending: renamed", os, "replace", late=True),
        Point("promotion: in the temporary file", os, "replace", nth=2),
        Point("promotion: renamed", os, "replace", late=True, nth=2),
    ],
    "kv2": [
        Point("pending: one of three written", Kv2Store, "_write", late=True),
        Point("pending: two of three written", Kv2Store, "_write", late=True, nth=2),
        Point("promotion: none of three written", Kv2Store, "_write", nth=4),
        Point("promotion: one of three written", Kv2Store, "_write", late=True, nth=4),
    ],
}
# A crash of the server at these; the connection is open, or about to be.
SERVER = [point for point in COMMON if point.owner in (transfer, rows, login_roles, exchange)]


@dataclass
class Setting:
    """A database with two rows and a login role, and a way to look at both sides."""

    database: Database
    make_store: Callable[[], Store]

    def reset(self) -> None:
        """Everything has its published default, and the store knows nothing of it."""
        for email in EMAILS:
            support.set_hash(self.database, email, support.bcrypt_of(PUBLISHED[email]))
        self.database.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(ROLE_DEFAULT))
        )

    def run(self, policy: str) -> dict[str, Any]:
        database = self.database
        options = support.login_options(database, ssl_mode="verify-full", ca_cert=str(database.server.ca_file))
        login = {"host": database.params["host"], "port": database.params["port"], "tls": True}
        accounts = [Account(email, "row", (PUBLISHED[email],)) for email in EMAILS]
        job = support.job_for([*accounts, Account(ROLE, "role", (ROLE_DEFAULT,))], policy, login=login)
        return rotation.rotate(support.LocalServer(options), self.make_store(), job)

    @property
    def keys(self) -> dict[str, Key]:
        (system,) = self.database.execute("SELECT system_identifier::text FROM pg_control_system()")[0]
        keys = {email: row_key(system, self.database.name, "auth.users", email) for email in EMAILS}
        return {**keys, ROLE: role_key(system, ROLE)}

    def records(self) -> dict[str, Record]:
        stored = self.make_store().read(list(self.keys.values()))
        return {name: stored[key].record for name, key in self.keys.items()}

    def opens(self, name: str, password: str | None) -> bool:
        if password is None:
            return False
        if name != ROLE:
            return support.opens(password, support.hashes(self.database)[name])
        certificate = str(self.database.server.ca_file)
        try:
            self.database.connect(
                user=ROLE, password=password, sslmode="verify-full", sslrootcert=certificate, channel_binding="require"
            ).close()
        except psycopg2.OperationalError:
            return False
        return True

    def known(self) -> str:
        """Which password each account has now, by the store's words for it."""
        found = []
        for name, record in self.records().items():
            default = PUBLISHED.get(name, ROLE_DEFAULT)
            candidates = {"pending": record.pending, "current": record.current, "default": default}
            found.append(next((word for word, password in candidates.items() if self.opens(name, password)), "LOST"))
        return " ".join(found)

    def consistent(self) -> bool:
        return all(
            record.pending is None and record.phase == "stable" and self.opens(name, record.current)
            for name, record in self.records().items()
        )


@pytest.fixture(params=["vault_file", "kv2"])
def store_kind(request: pytest.FixtureRequest) -> str:
    if request.param == "kv2":
        kv2_server.require()
    return str(request.param)


@pytest.fixture
def setting(store_kind: str, tls_server: Any, tmp_path: Path) -> Iterator[Setting]:
    tls_server.start()
    name = tls_server.create_database()
    database = Database(tls_server, name)
    support.create_small(database, {email: PUBLISHED[email] for email in EMAILS})
    database.execute(f"CREATE ROLE {ROLE} LOGIN")
    turn = iter(range(1000))
    try:
        if store_kind == "vault_file":
            held = Setting(database, lambda: support.vault_store(tmp_path / "0" / "credentials.yml"))
            yield _with_fresh_stores(held, lambda: _vault(tmp_path / str(next(turn)) / "credentials.yml"))
        else:
            with kv2_server.running(tmp_path) as server:
                held = Setting(database, lambda: server.store("x"))
                yield _with_fresh_stores(held, lambda: _kv2(server, f"turn{next(turn)}"))
    finally:
        tls_server.start()
        tls_server.drop_database(name)
        tls_server.execute(f"DROP ROLE {ROLE}")


def _vault(path: Path) -> Callable[[], Store]:
    return lambda: support.vault_store(path)


def _kv2(server: Any, path: str) -> Callable[[], Store]:
    return lambda: server.store(path)


def _with_fresh_stores(setting: Setting, next_store: Callable[[], Callable[[], Store]]) -> Setting:
    original = setting.reset

    def reset() -> None:
        setting.make_store = next_store()
        original()

    setting.reset = reset  # type: ignore[method-assign]  # each turn has a store of its own
    return setting


def at(patch: pytest.MonkeyPatch, point: Point, fault: Callable[[], None]) -> None:
    """Have ``fault`` happen at ``point``."""
    original, calls = getattr(point.owner, point.name), []

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) != point.nth:
            return original(*arguments, **options)
        if not point.late:
            fault()
            return original(*arguments, **options)
        result = original(*arguments, **options)
        fault()
        return result

    patch.setattr(point.owner, point.name, call)


def killed_at(setting: Setting, point: Point, policy: str) -> bool:
    """Run in a process of its own that is killed at ``point``; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                at(patch, point, lambda: os.kill(os.getpid(), signal.SIGKILL))
                setting.run(policy)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


class Matrix:
    """Lines of the matrix, and what went wrong."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.lines: list[str] = []
        self.failures: list[str] = []

    def check(self, setting: Setting, label: str, stopped: bool) -> None:
        """What is known after the fault, and whether the next two runs set it right and then rest."""
        known = setting.known()
        next_run = setting.run("default_only")
        actions = " ".join(entry["action"] for entry in next_run["accounts"])
        consistent = setting.consistent()
        rests = not setting.run("default_only")["changed"]
        good = stopped and "LOST" not in known and consistent and rests
        self.lines.append(f"{label:<38} {known:<26} {actions:<30} {'ok' if good else 'WRONG'}")
        if not good:
            self.failures.append(f"{label}: stopped={stopped} known={known} consistent={consistent} rests={rests}")

    def finish(self) -> None:
        header = f"{'point':<38} {'password after the fault':<26} {'next run':<30} end"
        text = "\n".join([f"== {self.title}", header, *self.lines, ""])
        output = support.ROOT / "tests" / "output"
        output.mkdir(exist_ok=True)
        name = "-".join(self.title.replace(",", "").split())
        (output / f"rotation-{name}.txt").write_text(text, encoding="utf-8")
        print("\n" + text)
        assert self.failures == []


@pytest.mark.slow
@pytest.mark.parametrize("start", ["default", "current"])
def test_controller_killed(setting: Setting, store_kind: str, start: str) -> None:
    matrix = Matrix(f"controller killed, store {store_kind}, from {start}")
    for point in [*COMMON, *IN_STORE[store_kind]]:
        setting.reset()
        policy = "default_only"
        if start == "current":
            setting.run("default_only")
            policy = "always"
        matrix.check(setting, point.label, killed_at(setting, point, policy))
    matrix.finish()


@pytest.mark.slow
def test_server_crashes(setting: Setting, store_kind: str) -> None:
    matrix = Matrix(f"server crashes, store {store_kind}")
    server = setting.database.server
    for point in SERVER:
        setting.reset()
        stopped: list[int] = []

        def crash(seen: list[int]) -> None:
            server.stop(immediate=True)
            seen.append(1)

        with pytest.MonkeyPatch.context() as patch:
            at(patch, point, functools.partial(crash, stopped))
            try:
                setting.run("default_only")
                ended = "no error"
            except EngineError as error:
                ended = type(error).__name__
        server.start()
        # A crash after the last statement and before the log-in's end may pass unnoticed; all others are errors.
        harmless = point.label in ("after reading back", "after the log-in")
        matrix.check(setting, point.label, bool(stopped) and (ended != "no error" or harmless))
    matrix.finish()


STORE_FAULTS: Mapping[str, int] = {"pending": 1, "promotion": 2}


@pytest.mark.parametrize("failing", STORE_FAULTS)
def test_store_changed_by_somebody_else(setting: Setting, store_kind: str, failing: str) -> None:
    """Somebody writes the same records between this run's reading and writing."""
    matrix = Matrix(f"store changed meanwhile, store {store_kind}, before {failing}")
    setting.reset()
    setting.run("default_only")
    kind = VaultFileStore if store_kind == "vault_file" else Kv2Store
    touched = []

    def touch() -> None:
        # The same passwords with another time: what a second run of the same kind would leave.
        key = setting.keys[EMAILS[0]]
        store = setting.make_store()
        entry = store.read([key])[key]
        changed = Record(**{**entry.record.__dict__, "rotated_at": "2020-01-01T00:00:00+00:00"})
        touched.append(1)
        original(store, {key: Change(changed, entry.version)})

    original = kind.write
    with pytest.MonkeyPatch.context() as patch:
        at(patch, Point(failing, kind, "write", nth=STORE_FAULTS[failing]), touch)
        report = setting.run("always")
    assert report["changed"] is True and touched == [1]
    matrix.check(setting, failing, True)
    matrix.finish()
