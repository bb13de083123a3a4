# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of rows on real servers, in this process: policies, states, faults, and wrong input."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import rotation_support as support
from ansible.parsing.vault import VaultLib, VaultSecret
from rotation_support import PUBLISHED, TABLE, Account

from ansible_collections.domainflow.database.plugins.module_utils.credentials import rows
from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import (
    AccountProblem,
    StoreError,
)
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    Busy,
    ConnectionFailed,
    EngineError,
    PermissionMissing,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import bcrypt_hash, generate, rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore

ADMIN, USER, DBADMIN = PUBLISHED


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "credentials.yml"


def assert_consistent(database: Any, store_path: Path) -> None:
    """What every run must end with: the store's current password is the database's, and nothing is pending."""
    stored = support.hashes(database)
    for email, record in support.row_records(store_path, database).items():
        assert support.opens(record["current"], stored[email]), email
        assert record["pending"] is None
        assert record["phase"] == "stable"


def test_published_defaults_are_replaced_and_the_new_passwords_verify(database: Any, store_path: Path) -> None:
    support.create_small(database)
    # Hashes are made and compared on the controller.
    assert database.execute("SELECT extname FROM pg_extension WHERE extname = 'pgcrypto'") == []
    (user_id,) = database.execute("SELECT id FROM auth.users WHERE email = %s", (ADMIN,))[0]
    database.execute("INSERT INTO auth.sessions VALUES ('one', %s), ('two', %s)", (user_id, user_id))

    report = support.run(database, support.vault_store(store_path))

    assert report["changed"] is True
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    assert report["defaults_left"] == [] and report["unknown"] == []
    assert [entry["sessions_ended"] for entry in report["accounts"]] == [2, 0, 0]
    assert_consistent(database, store_path)
    for email, stored in support.hashes(database).items():
        assert not support.opens(PUBLISHED[email], stored)
    changed = database.execute(
        "SELECT bool_and(password_changed_at > '2020-01-01'), bool_or(must_change_password) FROM auth.users"
    )
    assert changed == [(True, False)]
    assert database.execute("SELECT count(*) FROM auth.sessions") == [(0,)]
    audit = database.execute(
        "SELECT u.email, event_type, details ->> 'reason' "
        "FROM auth.auth_audit_log l JOIN auth.users u ON u.id = user_id"
    )
    assert sorted(audit) == sorted((email, "password_rotated", "default password replaced") for email in PUBLISHED)


def test_second_run_changes_nothing_and_makes_no_hash(
    database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.create_small(database)
    support.run(database, support.vault_store(store_path))
    before, file_before = support.hashes(database), store_path.read_bytes()

    def forbidden(*_arguments: Any) -> Any:
        raise AssertionError("a hash was computed")

    monkeypatch.setattr(bcrypt_hash, "make", forbidden)
    monkeypatch.setattr(bcrypt_hash, "matches", forbidden)
    monkeypatch.setattr(generate, "password", forbidden)
    server = support.LocalServer(support.login_options(database))
    report = rotation.rotate(server, support.vault_store(store_path), support.job_for())

    assert report["changed"] is False
    assert server.phases == ["read"]
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("current", "none"))
    assert support.hashes(database) == before
    assert store_path.read_bytes() == file_before


@pytest.mark.one_major
def test_a_run_takes_one_connection(database: Any, store_path: Path) -> None:
    """Counted in the server's own log; the run that changes something takes a second one to do so."""
    support.create_small(database)
    server = database.server
    server.execute("ALTER SYSTEM SET log_connections = 'on'")
    try:
        server.reload()
        counts = []
        for _run in range(3):
            start = server.log_file.stat().st_size
            support.run(database, support.vault_store(store_path))
            with open(server.log_file, "rb") as log:
                log.seek(start)
                lines = [line for line in log.read().decode().splitlines() if "connection authorized" in line]
            counts.append(sum(f"database={database.name} " in f"{line} " for line in lines))
        assert counts == [2, 1, 1]
    finally:
        server.execute("ALTER SYSTEM RESET log_connections")
        server.reload()


@pytest.mark.one_major
def test_check_mode_tells_without_making_a_password_or_touching_the_store(
    database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.create_small(database)
    before = support.hashes(database)
    monkeypatch.setattr(generate, "password", lambda _recipe: pytest.fail("a password was made"))

    report = support.run(database, support.vault_store(store_path), support.job_for(check=True))

    assert report["changed"] is True
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    assert report["defaults_left"] == list(PUBLISHED)
    assert support.hashes(database) == before
    assert not store_path.parent.exists()


@pytest.mark.one_major
@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
def test_all_bcrypt_prefixes_are_recognized_and_kept(database: Any, store_path: Path, prefix: str) -> None:
    support.create_small(database, {})
    support.add_user(database, ADMIN, support.bcrypt_of(PUBLISHED[ADMIN], prefix))
    job = support.job_for([Account(ADMIN, "row", (PUBLISHED[ADMIN],))])

    assert support.states(support.run(database, support.vault_store(store_path), job))[ADMIN] == ("default", "rotated")

    assert support.hashes(database)[ADMIN].startswith(f"${prefix}$04$")
    assert_consistent(database, store_path)


@pytest.mark.one_major
def test_a_password_that_somebody_chose_is_reported_as_unknown_and_left_alone(database: Any, store_path: Path) -> None:
    support.create_small(database)
    support.set_hash(database, USER, support.bcrypt_of("chosen by the user"))
    report = support.run(database, support.vault_store(store_path))
    assert support.states(report)[USER] == ("unknown", "none")
    assert report["unknown"] == [USER]
    assert support.opens("chosen by the user", support.hashes(database)[USER])
    assert USER not in support.row_records(store_path, database)

    # Also when the store has a record: the user changed the password after the rotation.
    support.set_hash(database, ADMIN, support.bcrypt_of("chosen by the admin"))
    report = support.run(database, support.vault_store(store_path))
    assert report["changed"] is False
    assert report["unknown"] == [ADMIN, USER]
    assert support.opens("chosen by the admin", support.hashes(database)[ADMIN])


@pytest.mark.one_major
@pytest.mark.parametrize("policy", ["max_age", "always", "ensure"])
def test_an_unknown_password_stops_policies_that_would_replace_it_unless_adopted(
    database: Any, store_path: Path, policy: str
) -> None:
    support.create_small(database)
    support.set_hash(database, USER, support.bcrypt_of("chosen by the user"))
    before = support.hashes(database)
    with pytest.raises(AccountProblem, match=USER):
        support.run(database, support.vault_store(store_path), support.job_for(policy=policy))
    assert support.hashes(database) == before
    assert not store_path.exists()

    report = support.run(database, support.vault_store(store_path), support.job_for(policy=policy, adopt=True))
    assert support.states(report)[USER] == ("unknown", "rotated")
    assert_consistent(database, store_path)


@pytest.mark.one_major
def test_max_age_rotates_what_is_older(database: Any, store_path: Path) -> None:
    support.create_small(database)
    store, job = support.vault_store(store_path), support.job_for(policy="max_age", max_age=30)
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    support.run(database, store, job, now=start)
    first = support.row_records(store_path, database)

    report = support.run(database, store, job, now=start + timedelta(days=29))
    assert report["changed"] is False
    assert report["accounts"][0]["next_due"] == "2026-01-31T00:00:00+00:00"
    report = support.run(database, store, job, now=start + timedelta(days=30))
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("current", "rotated"))
    second = support.row_records(store_path, database)
    assert {email: record["previous"] for email, record in second.items()} == {
        email: record["current"] for email, record in first.items()
    }
    assert_consistent(database, store_path)


@pytest.mark.one_major
def test_always_rotates_in_every_run(database: Any, store_path: Path) -> None:
    support.create_small(database)
    seen = set()
    for _run in range(3):
        support.run(database, support.vault_store(store_path), support.job_for(policy="always"))
        seen.add(support.row_records(store_path, database)[ADMIN]["current"])
        assert_consistent(database, store_path)
    assert len(seen) == 3


@pytest.mark.one_major
def test_ensure_sets_the_given_password_once_and_refuses_former_ones(database: Any, store_path: Path) -> None:
    support.create_small(database)
    store = support.vault_store(store_path)

    def ensure(password: str) -> dict[str, Any]:
        accounts = [Account(ADMIN, "row", (PUBLISHED[ADMIN],), password)]
        return support.run(database, store, support.job_for(accounts, policy="ensure"))

    assert support.states(ensure("first password"))[ADMIN] == ("default", "rotated")
    assert ensure("first password")["changed"] is False
    assert support.states(ensure("second {{ password }}"))[ADMIN] == ("current", "rotated")
    assert support.opens("second {{ password }}", support.hashes(database)[ADMIN])
    assert ensure("second {{ password }}")["changed"] is False
    ensure("third password")
    for former in ("first password", "second {{ password }}"):
        with pytest.raises(AccountProblem, match="used before"):
            ensure(former)
    assert support.opens("third password", support.hashes(database)[ADMIN])


@pytest.mark.one_major
def test_ensure_records_a_password_that_the_database_has_already(database: Any, store_path: Path) -> None:
    support.create_small(database, {ADMIN: "known to the caller"})
    job = support.job_for([Account(ADMIN, "row", (), "known to the caller")], policy="ensure")
    before = support.hashes(database)
    assert support.states(support.run(database, support.vault_store(store_path), job))[ADMIN] == ("given", "recorded")
    assert support.run(database, support.vault_store(store_path), job)["changed"] is False
    assert support.hashes(database) == before
    assert_consistent(database, store_path)


@pytest.mark.one_major
def test_given_store_sets_the_password_and_keeps_nothing(database: Any) -> None:
    support.create_small(database, {ADMIN: PUBLISHED[ADMIN]})
    job = support.job_for([Account(ADMIN, "row", (PUBLISHED[ADMIN],), "the caller's")], policy="ensure")
    assert support.run(database, GivenStore({ADMIN: "the caller's"}), job)["changed"] is True
    assert support.opens("the caller's", support.hashes(database)[ADMIN])
    assert support.run(database, GivenStore({ADMIN: "the caller's"}), job)["changed"] is False


@pytest.mark.one_major
def test_a_restored_backup_gets_the_current_password_again(database: Any, store_path: Path) -> None:
    support.create_small(database)
    store = support.vault_store(store_path)
    support.run(database, store)
    backup = support.hashes(database)
    support.run(database, store, support.job_for(policy="always"))
    current = {email: record["current"] for email, record in support.row_records(store_path, database).items()}
    for email, stored in backup.items():
        support.set_hash(database, email, stored)

    report = support.run(database, store)

    assert support.states(report) == dict.fromkeys(PUBLISHED, ("previous", "restored"))
    assert {email: record["current"] for email, record in support.row_records(store_path, database).items()} == current
    assert_consistent(database, store_path)
    assert support.run(database, store)["changed"] is False


@pytest.mark.one_major
def test_a_backup_from_before_the_first_rotation_ends_without_a_default(database: Any, store_path: Path) -> None:
    support.create_small(database)
    store = support.vault_store(store_path)
    for _run in range(3):
        support.run(database, store, support.job_for(policy="always"))
    for email, default in PUBLISHED.items():
        support.set_hash(database, email, support.bcrypt_of(default))
    report = support.run(database, store)
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    assert_consistent(database, store_path)


# --- interruptions ------------------------------------------------------------------------------------


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
    assert_consistent(database, store_path)
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
    assert_consistent(database, store_path)


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
    assert_consistent(database, store_path)


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
        assert_consistent(database, store_path)
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


# --- wrong input --------------------------------------------------------------------------------------


def _unchanged(database: Any, store_path: Path, kind: type[EngineError], match: str, **job: Any) -> EngineError:
    before = support.hashes(database)
    with pytest.raises(kind, match=match) as caught:
        support.run(database, support.vault_store(store_path), support.job_for(**job))
    assert support.hashes(database) == before
    assert not store_path.exists()
    text = str(caught.value) + json.dumps(caught.value.details)
    assert not any(stored in text for stored in before.values() if stored)
    return caught.value


@pytest.mark.one_major
def test_wrong_accounts_are_named(database: Any, store_path: Path) -> None:
    support.create_small(database)
    database.execute("ALTER TABLE auth.users DROP CONSTRAINT users_email_key")
    defaults = [Account(ADMIN, "row", (PUBLISHED[ADMIN],))]
    _unchanged(
        database, store_path, AccountProblem, "nobody@example.com", accounts=[*defaults, Account("nobody@example.com")]
    )
    support.add_user(database, "twin@example.com", support.bcrypt_of("a"))
    support.add_user(database, "twin@example.com", support.bcrypt_of("b"))
    _unchanged(
        database,
        store_path,
        AccountProblem,
        "2 rows .*twin@example.com",
        accounts=[*defaults, Account("twin@example.com")],
    )
    _unchanged(database, store_path, AccountProblem, "listed twice", accounts=[*defaults, *defaults])
    for other in ("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$abc", "plain text", ""):
        support.add_user(database, "other@example.com", other)
        accounts = [*defaults, Account("other@example.com")]
        _unchanged(
            database,
            store_path,
            AccountProblem,
            "other@example.com.*bcrypt",
            accounts=accounts,
            policy="always",
            adopt=True,
        )
        database.execute("DELETE FROM auth.users WHERE email = 'other@example.com'")


@pytest.mark.one_major
def test_missing_accounts_can_be_ignored(database: Any, store_path: Path) -> None:
    accounts = [Account("gone@example.com", "row", ("x",)), Account(ADMIN, "row", (PUBLISHED[ADMIN],))]
    job = support.job_for([*accounts, Account("no such role", "role")], ignore_missing=True)
    with pytest.raises(AccountProblem, match="no table auth.users"):
        support.run(database, support.vault_store(store_path), job)
    fresh = support.run(database, support.vault_store(store_path), replace(job, check=True))
    assert fresh["changed"] is False
    assert {state for state, _action in support.states(fresh).values()} == {"missing"}
    nowhere = support.LocalServer(support.login_options(database, login_db="not_there_yet"))
    absent = rotation.rotate(nowhere, support.vault_store(store_path), replace(job, check=True))
    assert absent["changed"] is False and absent["accounts"] == fresh["accounts"]

    support.create_small(database)
    report = support.run(database, support.vault_store(store_path), job)
    assert support.states(report) == {
        "gone@example.com": ("missing", "none"),
        ADMIN: ("default", "rotated"),
        "no such role": ("missing", "none"),
    }
    assert_consistent(database, store_path)


@pytest.mark.one_major
@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"name": "auth.nowhere"}, "no table auth.nowhere"),
        ({"name": "users"}, "with its schema"),
        ({"hash_column": "pw"}, "no column pw"),
        ({"changed_at_column": "x; DROP TABLE auth.users"}, "no column x; DROP"),
        ({"sessions": {"table": "auth.sessions", "user_column": "who", "action": "delete"}}, "no column who"),
        ({"audit": {"table": "auth.auth_audit_log", "values": {"what": "x"}}}, "no column what"),
    ],
)
def test_wrong_table_settings_are_named(database: Any, store_path: Path, change: dict[str, Any], match: str) -> None:
    support.create_small(database)
    _unchanged(database, store_path, AccountProblem, match, table={**TABLE, **change})


@pytest.mark.one_major
def test_bad_passwords_are_refused(database: Any, store_path: Path) -> None:
    support.create_small(database)
    for password, match in (
        ("x" * 73, "73 bytes"),
        ("ä" * 37, "74 bytes"),
        (PUBLISHED[USER], "published default"),
        ("", "empty"),
        ("a\0b", "NUL"),
        ("a\udcffb", "no valid text"),
    ):
        error = _unchanged(
            database,
            store_path,
            AccountProblem,
            match,
            accounts=[Account(ADMIN, "row", tuple(PUBLISHED.values()), password)],
            policy="ensure",
        )
        assert not password or password not in str(error)
    _unchanged(database, store_path, AccountProblem, "72", recipe=generate.Recipe(length=80))
    _unchanged(database, store_path, EngineError, "bits", recipe=generate.Recipe(length=6))


@pytest.mark.one_major
def test_wrong_vault_password_and_foreign_files(database: Any, store_path: Path) -> None:
    support.create_small(database)
    support.run(database, support.vault_store(store_path))
    before, content = support.hashes(database), store_path.read_bytes()
    with pytest.raises(StoreError, match="vault password is wrong"):
        support.run(database, support.vault_store(store_path, "another"), support.job_for(policy="always"))
    assert support.hashes(database) == before and store_path.read_bytes() == content
    store_path.write_text("domainflow_credentials: {}\n")
    with pytest.raises(StoreError, match="not encrypted"):
        support.run(database, support.vault_store(store_path), support.job_for(policy="always"))
    assert support.hashes(database) == before
    assert store_path.read_text() == "domainflow_credentials: {}\n"


@pytest.mark.one_major
def test_a_record_of_another_server_is_not_taken_for_this_one(database: Any, store_path: Path) -> None:
    support.create_small(database)
    support.run(database, support.vault_store(store_path))
    before, ((system, records),) = support.hashes(database), support.vault_content(store_path).items()
    text = json.dumps({"domainflow_credentials": {f"{system}0": records}}).encode()
    secret = VaultSecret(support.VAULT_PASSWORD.encode())
    store_path.write_bytes(VaultLib([("default", secret)]).encrypt(text, secret))
    content = store_path.read_bytes()
    with pytest.raises(AccountProblem, match=ADMIN) as caught:
        support.run(database, support.vault_store(store_path), support.job_for(policy="always"))
    assert "moved from another server" in str(caught.value)
    assert support.run(database, support.vault_store(store_path))["unknown"] == list(PUBLISHED)
    assert support.hashes(database) == before and store_path.read_bytes() == content


@pytest.mark.one_major
@pytest.mark.parametrize("failing", ["pending", "promotion"])
def test_store_that_cannot_be_written(
    database: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    support.create_small(database)
    before = support.hashes(database)
    store = support.vault_store(store_path)
    rename, writes = os.replace, []

    def full(*arguments: Any) -> None:
        writes.append(1)
        if failing == "pending" or len(writes) > 1:
            raise OSError(28, "No space left on device")
        rename(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(StoreError, match="No space left on device"):
            support.run(database, store)
    assert list(store_path.parent.glob(".*.tmp")) == []
    assert (support.hashes(database) == before) is (failing == "pending")
    report = support.run(database, store)
    assert {action for _state, action in support.states(report).values()} == {
        "rotated" if failing == "pending" else "promoted"
    }
    assert_consistent(database, store_path)


@pytest.mark.one_major
def test_missing_privileges_are_named(database: Any, store_path: Path) -> None:
    support.create_small(database)
    role = f"weak_{database.name}"
    database.execute(f"CREATE ROLE {role}; GRANT USAGE ON SCHEMA auth TO {role}; GRANT SELECT ON auth.users TO {role}")
    try:
        options = support.login_options(database, session_role=role)
        before = support.hashes(database)
        with pytest.raises(PermissionMissing, match="permission denied"):
            rotation.rotate(support.LocalServer(options), support.vault_store(store_path), support.job_for())
        assert support.hashes(database) == before
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.one_major
def test_a_row_that_a_trigger_puts_back_is_not_called_rotated(database: Any, store_path: Path) -> None:
    support.create_small(database)
    database.execute(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN NEW.password_hash := OLD.password_hash; RETURN NEW; END$$; "
        "CREATE TRIGGER keep BEFORE UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION keep()"
    )
    before = support.hashes(database)
    with pytest.raises(EngineError, match="another hash"):
        support.run(database, support.vault_store(store_path))
    assert support.hashes(database) == before
    database.execute("DROP TRIGGER keep ON auth.users")
    support.run(database, support.vault_store(store_path))
    assert_consistent(database, store_path)


def test_production_file(database: Any, store_path: Path) -> None:
    """DomainFlow's own schema and data, as they are deployed."""
    database.psql((support.ROOT / "files" / "sql" / "production_schema_v3.sql").read_text())
    report = support.run(database, support.vault_store(store_path))
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    assert_consistent(database, store_path)
    audit = database.execute("SELECT count(*) FROM auth.auth_audit_log WHERE event_type = 'password_rotated'")
    assert audit == [(3,)]
    # The production file again does not bring the defaults back.
    database.psql((support.ROOT / "files" / "sql" / "production_schema_v3.sql").read_text())
    assert support.run(database, support.vault_store(store_path))["changed"] is False
