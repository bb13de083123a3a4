# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of rows on real servers, in this process: policies and states."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import rotation_support as support
from rotation_support import PUBLISHED, Account

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import AccountProblem
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import bcrypt_hash, generate, rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore

ADMIN, USER, DBADMIN = PUBLISHED


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "credentials.yml"


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
    support.assert_consistent(database, store_path)
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
    support.assert_consistent(database, store_path)


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
    support.assert_consistent(database, store_path)


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
    support.assert_consistent(database, store_path)


@pytest.mark.one_major
def test_always_rotates_in_every_run(database: Any, store_path: Path) -> None:
    support.create_small(database)
    seen = set()
    for _run in range(3):
        support.run(database, support.vault_store(store_path), support.job_for(policy="always"))
        seen.add(support.row_records(store_path, database)[ADMIN]["current"])
        support.assert_consistent(database, store_path)
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
    support.assert_consistent(database, store_path)


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
    support.assert_consistent(database, store_path)
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
    support.assert_consistent(database, store_path)


def test_production_file(database: Any, store_path: Path) -> None:
    """DomainFlow's own schema and data, as they are deployed."""
    database.psql((support.ROOT / "files" / "sql" / "production_schema_v3.sql").read_text())
    report = support.run(database, support.vault_store(store_path))
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    support.assert_consistent(database, store_path)
    audit = database.execute("SELECT count(*) FROM auth.auth_audit_log WHERE event_type = 'password_rotated'")
    assert audit == [(3,)]
    # The production file again does not bring the defaults back.
    database.psql((support.ROOT / "files" / "sql" / "production_schema_v3.sql").read_text())
    assert support.run(database, support.vault_store(store_path))["changed"] is False
