# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of rows that is interrupted, or meets another one: what is left, and what the next run does."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import rotation_support as support
from rotation_support import PUBLISHED

from ansible_collections.domainflow.database.plugins.module_utils.credentials import rows
from ansible_collections.domainflow.database.plugins.module_utils.errors import Busy, ConnectionFailed
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation

ADMIN, USER, DBADMIN = PUBLISHED


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "credentials.yml"


class Killed(BaseException):
    """Stands for the controller's death: nothing in the code under test handles it."""


def kill(*_arguments: Any, **_options: Any) -> Any:
    raise Killed


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        function(*arguments, **options)
        raise Killed

    return call


# Where the run dies, and the state that the next run then finds.
POINTS: Mapping[str, tuple[str, bool, str]] = {
    "before pending is written": ("_write_pending", False, "default"),
    "after pending is written": ("_write_pending", True, "default"),
    "before the hashes": ("_make_hashes", False, "default"),
    "before the change": ("_apply", False, "default"),
    "after the change": ("_apply", True, "pending"),
    "before promotion": ("_promote", False, "pending"),
    "after promotion": ("_promote", True, "current"),
}


@pytest.mark.one_major
@pytest.mark.parametrize("point", POINTS)
def test_killed_controller(database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    name, late, expected = POINTS[point]
    support.create_small(database)
    store = support.vault_store(store_path)
    with monkeypatch.context() as patch:
        patch.setattr(rotation, name, after(getattr(rotation, name)) if late else kill)
        with pytest.raises(Killed):
            support.run(database, store)
    known = support.row_records(store_path, database) if store_path.exists() else {}
    for email, stored in support.hashes(database).items():
        candidates = [
            PUBLISHED[email],
            *(known.get(email, {}).get(name) for name in ("current", "pending", "previous")),
        ]
        assert any(support.opens(password, stored) for password in candidates), "an account without a known password"

    report = support.run(database, store)

    assert {state for state, _action in support.states(report).values()} == {expected}
    assert report["defaults_left"] == []
    support.assert_consistent(database, store_path)
    if known:
        # The interrupted run's password is the one in use: it was not thrown away for another one.
        pending = {email: record["pending"] or record["current"] for email, record in known.items()}
        now = {email: record["current"] for email, record in support.row_records(store_path, database).items()}
        assert now == pending
    assert support.run(database, store)["changed"] is False


# What kills the server's process, by the statement after which it happens.
SERVER_POINTS = ["CREATE TEMPORARY", "UPDATE", "INSERT INTO", "commit"]


@pytest.mark.one_major
@pytest.mark.parametrize("point", SERVER_POINTS)
def test_killed_server_process(database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    support.create_small(database)
    store = support.vault_store(store_path)

    def end_sessions() -> None:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'domainflow.database'"
        )

    with monkeypatch.context() as patch:
        _kill_at(patch, point, end_sessions)
        with pytest.raises(ConnectionFailed):
            support.run(database, store)
    report = support.run(database, store)
    expected = "pending" if point == "commit" else "default"
    assert {state for state, _action in support.states(report).values()} == {expected}
    support.assert_consistent(database, store_path)


def _kill_at(patch: pytest.MonkeyPatch, point: str, end_sessions: Callable[[], None]) -> None:
    from ansible_collections.domainflow.database.plugins.module_utils.credentials import exchange, transfer

    def wrap(module: Any, name: str) -> None:
        original = getattr(module, name)

        def call(*arguments: Any) -> Any:
            end_sessions()
            return original(*arguments)

        patch.setattr(module, name, call)

    place = {
        "CREATE TEMPORARY": (transfer, "send"),
        "UPDATE": (rows, "replace"),
        "INSERT INTO": (rows, "write_audit"),
        "commit": (exchange, "_read_back"),
    }[point]
    wrap(*place)


@pytest.mark.one_major
def test_a_hash_changed_between_reading_and_writing_is_not_overwritten(
    database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.create_small(database)
    original = rotation._apply
    calls = []

    def meanwhile(*arguments: Any) -> Any:
        if not calls:
            support.set_hash(database, USER, support.bcrypt_of("changed this very moment"))
        calls.append(1)
        return original(*arguments)

    monkeypatch.setattr(rotation, "_apply", meanwhile)
    report = support.run(database, support.vault_store(store_path))
    assert support.opens("changed this very moment", support.hashes(database)[USER])
    assert support.states(report)[USER] == ("unknown", "none")
    assert support.states(report)[ADMIN] == ("default", "resumed")


@pytest.mark.one_major
def test_two_controllers_at_once_end_with_one_password(database: Any, store_path: Path) -> None:
    support.create_small(database)
    reports: list[Any] = []

    def work() -> None:
        try:
            reports.append(support.run(database, support.vault_store(store_path)))
        except Busy as error:
            reports.append(error)

    threads = [threading.Thread(target=work) for _count in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 4 and any(isinstance(report, dict) for report in reports)
    assert support.run(database, support.vault_store(store_path))["defaults_left"] == []
    support.assert_consistent(database, store_path)


@pytest.mark.one_major
def test_processes_that_share_a_file(database_factory: Callable[..., Any], store_path: Path) -> None:
    """Forks of one run and two controllers: each database is rotated by two processes, all with one file."""
    databases = [database_factory() for _count in range(3)]
    for database in databases:
        support.create_small(database)
    children = [_fork_run(database, store_path) for database in databases for _controller in range(2)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    # Of two that meet again and again one may give up; whatever is asked of it, the next run does.
    assert set(codes) <= {0, 3} and codes.count(0) >= len(databases)
    for database in databases:
        support.run(database, support.vault_store(store_path))
        support.assert_consistent(database, store_path)
        assert len(support.row_records(store_path, database)) == len(PUBLISHED)
        assert support.run(database, support.vault_store(store_path))["changed"] is False


def _fork_run(database: Any, store_path: Path) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            support.run(database, support.vault_store(store_path))
            code = 0
        except Busy:
            code = 3
        finally:
            os._exit(code)
    return child
