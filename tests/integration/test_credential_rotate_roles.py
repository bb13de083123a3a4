# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of login roles on a real server with TLS: verifiers, proof by log-in, migration, roll back."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import rotation_support as support
from conftest import Database
from psycopg2 import sql
from psycopg2.extensions import encrypt_password
from rotation_support import Account

import servers
from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import (
    AccountProblem,
    StandbyRefused,
    Unverified,
)
from ansible_collections.domainflow.database.plugins.module_utils.errors import PermissionMissing
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation, scram
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.rotation import Job


@pytest.fixture
def tls_database(tls_server: Any) -> Iterator[Database]:
    tls_server.start()
    name = tls_server.create_database()
    yield Database(tls_server, name)
    tls_server.start()
    tls_server.drop_database(name)


@pytest.fixture
def role(tls_database: Database) -> Iterator[str]:
    """A login role with a published password and a name that has to be quoted."""
    name = f'App\'s "role" {secrets.token_hex(4)}'
    identifier = sql.Identifier(name)
    tls_database.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'changeme'").format(identifier))
    yield name
    tls_database.execute(sql.SQL("DROP ROLE {}").format(identifier))


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "credentials.yml"


def login(database: Database, **override: Any) -> dict[str, Any]:
    return {"host": database.params["host"], "port": database.params["port"], "tls": True, **override}


def job_for(database: Database, role: str, policy: str = "default_only", **options: Any) -> Job:
    wanted = options.pop("wanted", None)
    accounts = [Account(role, "role", ("changeme",), wanted)]
    settings = {"table": None, "login": login(database), **options}
    return support.job_for(accounts, policy, **settings)


def run(database: Database, store_path: Path, job: Job, **override: Any) -> dict[str, Any]:
    ca_file = str(database.server.ca_file)
    options = support.login_options(database, ssl_mode="verify-full", ca_cert=ca_file, **override)
    return rotation.rotate(support.LocalServer(options), support.vault_store(store_path), job)


def record_of(store_path: Path, role: str) -> dict[str, Any]:
    (server,) = support.vault_content(store_path).values()
    return dict(server["roles"][role])


def logs_in(database: Database, role: str, password: str) -> bool:
    """The independent oracle: libpq with TLS and channel binding."""
    try:
        database.connect(
            user=role,
            password=password,
            sslmode="verify-full",
            sslrootcert=str(database.server.ca_file),
            channel_binding="require",
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def verifier_of(database: Database, role: str) -> str | None:
    return database.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role,))[0][0]


def test_default_is_replaced_and_the_new_password_logs_in(tls_database: Database, role: str, store_path: Path) -> None:
    report = run(tls_database, store_path, job_for(tls_database, role, scram_iterations=5000))
    assert support.states(report)[role] == ("default", "rotated")
    record = record_of(store_path, role)
    assert logs_in(tls_database, role, record["current"])
    assert not logs_in(tls_database, role, "changeme")
    assert str(verifier_of(tls_database, role)).startswith("SCRAM-SHA-256$5000:")
    assert record["pending"] is None and record["previous"] == "changeme"
    assert run(tls_database, store_path, job_for(tls_database, role))["changed"] is False


@pytest.mark.parametrize("policy", ["max_age", "always", "ensure"])
def test_policies(tls_database: Database, role: str, store_path: Path, policy: str) -> None:
    job = job_for(tls_database, role, policy, wanted="pässwörd ﬁ" if policy == "ensure" else None)
    run(tls_database, store_path, job)
    first = record_of(store_path, role)["current"]
    assert logs_in(tls_database, role, first)
    second = run(tls_database, store_path, job)
    assert second["changed"] is (policy == "always")
    assert logs_in(tls_database, role, record_of(store_path, role)["current"])


def test_role_without_a_password_gets_one_unless_only_defaults_are_replaced(
    tls_database: Database, role: str, store_path: Path
) -> None:
    tls_database.execute(sql.SQL("ALTER ROLE {} PASSWORD NULL").format(sql.Identifier(role)))
    report = run(tls_database, store_path, job_for(tls_database, role))
    assert support.states(report)[role] == ("unset", "none")
    report = run(tls_database, store_path, job_for(tls_database, role, "ensure"))
    assert support.states(report)[role] == ("unset", "rotated")
    assert logs_in(tls_database, role, record_of(store_path, role)["current"])


def test_md5_verifier_is_migrated(tls_database: Database, role: str, store_path: Path) -> None:
    identifier = sql.Identifier(role)
    md5 = encrypt_password("from the old days", role, algorithm="md5")
    tls_database.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(identifier, sql.Literal(md5)))
    job = job_for(tls_database, role, "ensure", wanted="from the old days")
    report = run(tls_database, store_path, job)
    assert support.states(report)[role] == ("given", "recorded")
    report = run(tls_database, store_path, job)
    assert support.states(report)[role] == ("current", "migrated")
    assert logs_in(tls_database, role, "from the old days")
    assert run(tls_database, store_path, job)["changed"] is False

    md5 = encrypt_password("changeme", role, algorithm="md5")
    tls_database.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(identifier, sql.Literal(md5)))
    report = run(tls_database, store_path, job_for(tls_database, role))
    assert support.states(report)[role] == ("default", "rotated")
    assert logs_in(tls_database, role, record_of(store_path, role)["current"])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["_make_hashes", "_apply", "_promote"])
def test_killed_controller(
    tls_database: Database, role: str, store_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def kill(*_arguments: Any) -> Any:
        raise Killed

    job = job_for(tls_database, role, "always")
    run(tls_database, store_path, job)
    with monkeypatch.context() as patch:
        patch.setattr(rotation, step, kill)
        with pytest.raises(Killed):
            run(tls_database, store_path, job)
    record = record_of(store_path, role)
    known = [password for password in (record["current"], record["pending"]) if logs_in(tls_database, role, password)]
    assert len(known) == 1
    report = run(tls_database, store_path, job)
    action = "promoted" if step == "_promote" else "resumed"
    assert support.states(report)[role][1] == action
    after = record_of(store_path, role)
    assert after["current"] == record["pending"] and after["pending"] is None
    assert logs_in(tls_database, role, after["current"])


def test_no_way_to_log_in_leaves_it_unverified_for_the_next_run(
    tls_database: Database, role: str, store_path: Path
) -> None:
    closed = login(tls_database, port=1)
    with pytest.raises(Unverified, match="could not be proven") as caught:
        run(tls_database, store_path, job_for(tls_database, role, login=closed))
    assert caught.value.details["accounts"][0]["action"] == "unverified"
    record = record_of(store_path, role)
    assert record["phase"] == "unverified" and logs_in(tls_database, role, record["pending"])
    report = run(tls_database, store_path, job_for(tls_database, role))
    assert support.states(report)[role] == ("pending", "promoted")
    assert record_of(store_path, role)["current"] == record["pending"]


def test_refused_log_in_puts_the_old_verifier_back(
    tls_database: Database, role: str, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = verifier_of(tls_database, role)
    # A verifier that does not belong to the password, as a broken derivation would make it.
    original = scram.keys_for
    with monkeypatch.context() as patch:
        patch.setattr(scram, "keys_for", lambda _password, verifier: original("another", verifier))
        with pytest.raises(Unverified, match="the old one is back") as caught:
            run(tls_database, store_path, job_for(tls_database, role))
    assert caught.value.details["accounts"][0]["action"] == "rolled_back"
    assert caught.value.details["defaults_left"] == [role]
    assert verifier_of(tls_database, role) == before
    assert record_of(store_path, role)["pending"] is None
    assert support.states(run(tls_database, store_path, job_for(tls_database, role)))[role] == ("default", "rotated")
    assert logs_in(tls_database, role, record_of(store_path, role)["current"])


def test_a_trust_line_does_not_pass_for_success(tls_database: Database, role: str, store_path: Path) -> None:
    hba = tls_database.server.data_dir / "pg_hba.conf"
    original = hba.read_text()
    quoted = '"' + role.replace('"', '""') + '"'
    try:
        hba.write_text(f"host all {quoted} 127.0.0.1/32 trust\n" + original)
        tls_database.server.reload()
        assert logs_in_eventually_without_password(tls_database, role)
        with pytest.raises(Unverified, match="trust"):
            run(tls_database, store_path, job_for(tls_database, role))
    finally:
        hba.write_text(original)
        tls_database.server.reload()


def logs_in_eventually_without_password(database: Database, role: str) -> bool:
    for _attempt in range(50):
        try:
            database.connect(user=role, password="").close()
        except psycopg2.OperationalError:
            continue
        return True
    return False


def test_rows_and_roles_in_one_transaction(
    tls_database: Database, role: str, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.create_small(tls_database)
    rows = support.job_for().accounts
    job = replace(
        job_for(tls_database, role), accounts=(*rows, Account(role, "role", ("changeme",))), table=support.TABLE
    )
    server = support.LocalServer(support.login_options(tls_database))
    report = rotation.rotate(server, support.vault_store(store_path), job)
    assert {action for _state, action in support.states(report).values()} == {"rotated"}
    assert server.phases == ["read", "apply"]
    stamps = tls_database.execute("SELECT count(DISTINCT xmin::text) FROM auth.users")
    assert stamps == [(1,)]
    audit = tls_database.execute("SELECT details ->> 'account' FROM auth.auth_audit_log WHERE user_id IS NULL")
    assert audit == [(role,)]


def test_wrong_roles_are_named(tls_database: Database, role: str, store_path: Path) -> None:
    with pytest.raises(AccountProblem, match="no role 'nobody'"):
        run(tls_database, store_path, job_for(tls_database, "nobody"))
    tls_database.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
    with pytest.raises(AccountProblem, match="NOLOGIN"):
        run(tls_database, store_path, job_for(tls_database, role))
    tls_database.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(role)))
    with pytest.raises(PermissionMissing, match="pg_authid"):
        run(tls_database, store_path, job_for(tls_database, role), session_role=role)
    assert not store_path.exists()
    assert logs_in(tls_database, role, "changeme")


def test_a_role_that_may_create_roles_can_rotate_them(database: Database, store_path: Path) -> None:
    """Depends on the version: since 16 that takes ADMIN OPTION on each role."""
    suffix = secrets.token_hex(4)
    manager, app, boss = f"manager_{suffix}", f"app_{suffix}", f"boss_{suffix}"
    database.execute(
        f"CREATE ROLE {manager} LOGIN CREATEROLE PASSWORD 'm'; CREATE ROLE {app} LOGIN PASSWORD 'changeme'; "
        f"CREATE ROLE {boss} LOGIN SUPERUSER PASSWORD 'changeme'"
    )
    server = support.LocalServer(support.login_options(database, login_user=manager, login_password="m"))

    def rotate(name: str) -> dict[str, Any]:
        job = support.job_for([Account(name, "role", ("changeme",))], table=None)
        return rotation.rotate(server, support.vault_store(store_path), job)

    try:
        with pytest.raises(PermissionMissing, match=f"pg_authid.*{app}") as caught:
            rotate(app)
        assert "GRANT SELECT (rolname, rolpassword)" in str(caught.value)
        database.execute(f"GRANT SELECT (rolname, rolpassword) ON pg_catalog.pg_authid TO {manager}")
        before = verifier_of(database, app)
        if database.server.major >= 16:
            with pytest.raises(PermissionMissing, match=app):
                rotate(app)
            assert verifier_of(database, app) == before
            database.execute(f"GRANT {app} TO {manager} WITH ADMIN OPTION")
        report = rotate(app)
        assert report["accounts"][0]["outcome"] == "rotated" and rotate(app)["changed"] is False
        database.connect(user=app, password=record_of(store_path, app)["current"]).close()
        with pytest.raises(PermissionMissing, match=boss):
            rotate(boss)
        database.connect(user=boss, password="changeme").close()
    finally:
        database.execute(f"DROP OWNED BY {manager}; DROP ROLE {app}, {boss}, {manager}")


def test_two_who_change_one_role_at_once(tls_database: Database, role: str, store_path: Path) -> None:
    """Another transaction holds the role: this run waits for it, and then sees that the verifier is another one."""
    other = tls_database.connect()
    other.autocommit = False
    with other.cursor() as cursor:
        change = sql.SQL("ALTER ROLE {} PASSWORD 'set by the other one'").format(sql.Identifier(role))
        cursor.execute(change)
    threading.Timer(1.5, other.commit).start()
    report = run(tls_database, store_path, job_for(tls_database, role))
    assert support.states(report)[role] == ("unknown", "none")
    assert logs_in(tls_database, role, "set by the other one")
    other.close()


def test_an_expired_role_is_named(tls_database: Database, role: str, store_path: Path) -> None:
    tls_database.execute(sql.SQL("ALTER ROLE {} VALID UNTIL '2001-01-01'").format(sql.Identifier(role)))
    with pytest.raises(AccountProblem, match="may not log in since 2001-01-01"):
        run(tls_database, store_path, job_for(tls_database, role))


@pytest.fixture
def streaming() -> Iterator[tuple[servers.Server, servers.Server]]:
    """A primary, and a standby that was copied from it and receives what it writes."""
    primary = servers.start_server(
        servers.requested_majors()[-1], tls=True, settings={"wal_level": "replica", "max_wal_senders": "4"}
    )
    standby = replace(primary, data_dir=primary.data_dir.parent / "standby", port=free_port(), process=None, lock=None)
    try:
        support.create_small(Database(primary, "postgres"))
        primary.execute("CREATE ROLE app LOGIN PASSWORD 'changeme'")
        primary.stop()
        servers.run_command(["cp", "-a", str(primary.data_dir), str(standby.data_dir)])
        origin = f"host=127.0.0.1 port={primary.port} user={primary.user} password={primary.password}"
        with open(standby.data_dir / "postgresql.conf", "a", encoding="utf-8") as handle:
            handle.write(f"port = '{standby.port}'\nprimary_conninfo = '{origin}'\n")
        (standby.data_dir / "standby.signal").touch()
        primary.start()
        standby.start()
        yield primary, standby
    finally:
        standby.stop(immediate=True)
        primary.remove()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_streaming_standby_is_refused(streaming: tuple[servers.Server, servers.Server], store_path: Path) -> None:
    primary, standby = (Database(server, "postgres") for server in streaming)
    roles = job_for(primary, "app")
    job = replace(roles, accounts=(*support.job_for().accounts, *roles.accounts), table=support.TABLE)

    def attempt(database: Database, **options: Any) -> dict[str, Any]:
        server = support.LocalServer(support.login_options(database))
        return rotation.rotate(server, support.vault_store(store_path), replace(job, **options))

    before = support.hashes(primary), verifier_of(primary, "app")
    for options in ({}, {"check": True}):
        with pytest.raises(StandbyRefused, match="standby") as refused:
            attempt(standby, **options)
        assert "primary" in str(refused.value.hint)
    assert not store_path.exists()
    assert (support.hashes(primary), verifier_of(primary, "app")) == before

    assert {action for _state, action in support.states(attempt(primary)).values()} == {"rotated"}
    kept = store_path.read_bytes()
    after = support.hashes(primary), verifier_of(primary, "app")
    assert after != before
    # It is a standby that receives: the new passwords arrive there by themselves.
    deadline = time.monotonic() + 30
    while (support.hashes(standby), verifier_of(standby, "app")) != after:
        assert time.monotonic() < deadline, streaming[1].log_tail()
        time.sleep(0.1)
    with pytest.raises(StandbyRefused):
        attempt(standby, rule=replace(job.rule, policy="always"))
    assert store_path.read_bytes() == kept
    assert (support.hashes(primary), verifier_of(primary, "app")) == after


PASSWORDS = [
    "plain ascii",
    "pässwörd",
    "ﬁligature",  # NFKC: two letters
    "a\u00a0b",  # a no-break space is mapped to a space
    "soft\u00adhyphen",  # mapped to nothing
    "\u00ad",  # nothing is left: used as it is
    "tab\u0007bell ü",  # forbidden: used as it is
    "\u0627\u0644\u0639",  # right to left
    "\u0627\u0644a",  # right to left and left to right: forbidden
    "\u0221unassigned in Unicode 3.2",
    "①②Ⅸ",
    "e\u0301 combining",
    "zero\u200bwidth",  # in two tables: a space, not nothing
    "\u1806\u034f joiners",
    "line\u2028separator",  # forbidden
    "\u0627\u0031",  # ends in a digit: forbidden
    "private \ue000",
    "日本語のパスワード",
    "emoji 🙂",
]


def test_verifiers_are_those_of_libpq_and_of_the_server_and_log_in(tls_database: Database, role: str) -> None:
    for password in PASSWORDS:
        same_verifier_and_log_in(tls_database, role, password)


def same_verifier_and_log_in(tls_database: Database, role: str, password: str) -> None:
    with tls_database.connect() as connection:
        made_by_libpq = encrypt_password(password, role, scope=connection, algorithm="scram-sha-256")
    assert scram.matches(password, made_by_libpq, role), ascii(password)
    assert not scram.matches(password + "x", made_by_libpq, role)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    tls_database.execute(statement)
    assert scram.matches(password, str(verifier_of(tls_database, role)), role), ascii(password)
    verifier = scram.make(password, 4096)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
    tls_database.execute(statement)
    assert logs_in(tls_database, role, password), ascii(password)
