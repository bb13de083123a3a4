# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of login roles: a service that connects all the time goes through rotations without one refused connection."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import rotation_support as support
from conftest import Database
from psycopg2 import sql
from psycopg2.extensions import encrypt_password
from rotation_support import Account

from ansible_collections.domainflow.database.plugins.module_utils.credentials import exchange, login_roles
from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import (
    AccountProblem,
    StoreError,
    Unverified,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation, scram
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.decide import Rule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import pair_key
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.steps import Job, PairRule

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
PUBLISHED = "published-pair-password"


@dataclass
class Pair:
    """Two login roles under an owner, and what a service does with the store's record of them."""

    database: Database
    path: Path
    name: str

    @property
    def members(self) -> tuple[str, str]:
        return f"{self.name} blue", f"{self.name} green"

    def account(self, **options: Any) -> Account:
        settings: dict[str, Any] = {"defaults": (PUBLISHED,), "members": self.members, "owner": self.name, **options}
        return Account(self.name, "pair", **settings)

    def job(self, policy: str = "always", **options: Any) -> Job:
        account = self.account(**options.pop("account", {}))
        login = {"host": self.database.params["host"], "port": self.database.params["port"], "tls": True}
        settings: dict[str, Any] = {"pairs": PairRule(retire_after=0), "login": login, **options}
        return Job((account,), None, Rule(policy, adopt=settings.pop("adopt", False)), **settings)

    def run(self, policy: str = "always", now: datetime | None = None, **options: Any) -> dict[str, Any]:
        """The pair's entry of the report, with ``changed``."""
        ca_file = str(self.database.server.ca_file)
        server = support.LocalServer(support.login_options(self.database, ssl_mode="verify-full", ca_cert=ca_file))
        report = rotation.rotate(server, support.vault_store(self.path), self.job(policy, **options), now)
        (entry,) = report["accounts"]
        warnings = report.get("warnings", [])
        return {
            **entry,
            "changed": report["changed"],
            "defaults_left": report["defaults_left"],
            "warnings": warnings,
        }

    def record(self) -> dict[str, Any]:
        (server,) = support.vault_content(self.path).values()
        return dict(server["pairs"][self.name])

    def connect(self, role: str | None = None, password: str | None = None) -> Any:
        """As a service does it: with the role and password of one reading of the store."""
        record = self.record()
        return self.database.connect(
            user=role or record["active"],
            password=record["current"] if password is None else password,
            sslmode="verify-full",
            sslrootcert=str(self.database.server.ca_file),
            channel_binding="require",
        )

    def logs_in(self, role: str, password: str | None) -> bool:
        try:
            self.connect(role, password or "").close()
        except psycopg2.OperationalError:
            return False
        return True

    def alter(self, text: str, *names: str, **values: str) -> None:
        parts = {name: sql.Literal(value) for name, value in values.items()}
        self.database.execute(sql.SQL(text).format(*map(sql.Identifier, names), **parts))

    def role(self, name: str) -> tuple[str | None, bool]:
        (found,) = self.database.execute("SELECT rolpassword, rolcanlogin FROM pg_authid WHERE rolname = %s", (name,))
        return found[0], found[1]


@pytest.fixture
def pair(tls_server: Any, tmp_path: Path) -> Iterator[Pair]:
    tls_server.start()
    made = Pair(
        Database(tls_server, tls_server.create_database()),
        tmp_path / "credentials.yml",
        "App's " + secrets.token_hex(3),
    )
    made.alter("CREATE ROLE {}", made.name)
    for member in made.members:
        made.alter("CREATE ROLE {} LOGIN IN ROLE {}", member, made.name)
    try:
        yield made
    finally:
        tls_server.start()
        tls_server.drop_database(made.database.name)
        for role in (*made.members, made.name):
            made.database.server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_the_idle_role_gets_the_password_and_becomes_active(pair: Pair) -> None:
    blue, green = pair.members
    first = pair.run()
    assert (first["state"], first["action"], first["active"], first["draining"]) == ("unset", "rotated", blue, None)
    pair.connect().close()

    second = pair.run()
    assert (second["action"], second["active"], second["draining"]) == ("rotated", green, blue)
    record = pair.record()
    assert record["active"] == green and pair.logs_in(green, record["current"])
    # The other one goes on working until it is retired.
    assert pair.logs_in(blue, record["previous"])

    retired = pair.run("ensure")
    assert (retired["action"], retired["changed"], retired["draining"]) == ("retired", True, None)
    assert not pair.logs_in(blue, record["previous"]) and pair.role(blue)[1] is False
    assert pair.logs_in(green, record["current"])
    rest = pair.run("ensure")
    assert (rest["action"], rest["outcome"], rest["changed"]) == ("none", "unchanged", False)

    third = pair.run()
    assert (third["action"], third["active"]) == ("rotated", blue)
    pair.connect().close()
    assert pair.record()["former"] == record["previous"]


def test_a_service_never_fails_to_connect(pair: Pair) -> None:
    """It reads the store, connects, works a moment, and starts again; rotations and retirements run meanwhile."""
    pair.run()
    stop = threading.Event()
    failures: list[str] = []
    used: list[str] = []

    def serve() -> None:
        while not stop.is_set():
            try:
                connection = pair.connect()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT session_user, pg_sleep(0.05)")
                    used.append(cursor.fetchone()[0])
                connection.close()
            except psycopg2.Error as error:
                failures.append(str(error))

    threads = [threading.Thread(target=serve) for _count in range(3)]
    for thread in threads:
        thread.start()
    actions = []
    try:
        deadline = time.monotonic() + 60
        while actions.count("rotated") < 4 and time.monotonic() < deadline:
            # Long enough that what was read before the switch was used: the time that retire_after gives to services.
            report = pair.run("always", pairs=PairRule(retire_after=2, wait=10))
            actions.append(report["action"])
            time.sleep(0.2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert actions.count("rotated") >= 4 and set(used) == set(pair.members), actions
    assert len(used) > 20


def test_drain_lists_the_sessions_and_holds_back(pair: Pair) -> None:
    blue, green = pair.members
    pair.run(now=START)
    old = pair.connect()
    pair.run(now=START)
    with old.cursor() as cursor:
        cursor.execute("SET application_name = 'billing'")
        pid = old.info.backend_pid
    for policy in ("ensure", "always"):
        held = pair.run(policy, now=START + timedelta(days=1))
        assert (held["action"], held["changed"], held["active"], held["draining"]) == ("draining", False, green, blue)
        (session,) = held["sessions"]
        assert (session["pid"], session["application_name"], session["client_addr"]) == (pid, "billing", "127.0.0.1")
        assert session["database"] == pair.database.name and session["since"].endswith("Z")
        assert (held["overdue"], len(held["warnings"])) == (policy == "always", int(policy == "always"))
    # Not due yet, and then due: whoever looks after the service has to know.
    assert pair.run("max_age", now=START + timedelta(days=89))["warnings"] == []
    late = pair.run("max_age", now=START + timedelta(days=91))
    assert (late["action"], late["outcome"], late["overdue"]) == ("draining", "unchanged", True)
    assert late["warnings"] == [
        f"{pair.name}: a new password is due, and has to wait: 1 session(s) still use {blue} (billing)"
    ]
    assert pair.run("ensure", now=START + timedelta(days=1), pairs=PairRule("keep"))["action"] == "none"
    # The run can wait for it.
    threading.Timer(1.0, old.close).start()
    waited = pair.run("ensure", now=START + timedelta(days=1), pairs=PairRule(retire_after=0, wait=20))
    assert waited["action"] == "retired"


def test_retire_after_holds_back_without_any_session(pair: Pair) -> None:
    blue, _green = pair.members
    hour = PairRule(retire_after=3600)
    pair.run(now=START, pairs=hour)
    switched = pair.run(now=START, pairs=hour)
    assert switched["retire_due"] == "2026-01-01T01:00:00+00:00"
    early = pair.run("ensure", now=START + timedelta(minutes=59), pairs=hour)
    assert (early["action"], early["draining"], early["sessions"]) == ("draining", blue, [])
    due = pair.run("always", now=START + timedelta(minutes=59), pairs=hour)
    assert (due["action"], due["overdue"]) == ("draining", True)
    assert due["warnings"][0].endswith(f"services have until 2026-01-01T01:00:00+00:00 to leave {blue}")
    assert pair.run("ensure", now=START + timedelta(minutes=60), pairs=hour)["action"] == "retired"


def test_a_session_that_begins_at_the_last_moment_stops_the_retirement(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue, _green = pair.members
    pair.run()
    pair.run()
    previous = pair.record()["previous"]
    original, opened = login_roles.replace, []

    def replace_after(*arguments: Any) -> Any:
        if not opened:
            opened.append(pair.connect(blue, previous))
        return original(*arguments)

    monkeypatch.setattr(login_roles, "replace", replace_after)
    assert pair.run("ensure")["action"] == "draining"
    opened[0].close()
    assert pair.logs_in(blue, previous)


@pytest.mark.parametrize("mode", ["password", "expire", "keep"])
def test_other_ways_to_retire(pair: Pair, mode: str) -> None:
    blue, green = pair.members
    rule = PairRule(mode, retire_after=0)
    for _run in range(2):
        pair.run(pairs=rule)
    previous = pair.record()["previous"]
    ended = pair.run("ensure", pairs=rule)
    assert ended["action"] == ("none" if mode == "keep" else "retired")
    assert pair.logs_in(blue, previous) is (mode == "keep")
    assert pair.role(blue)[1] is True
    assert pair.run("ensure", pairs=rule)["changed"] is False
    for active in (blue, green):
        assert pair.run(pairs=rule)["active"] == active
        pair.connect().close()


def test_a_single_role_that_services_use_becomes_half_of_a_pair(pair: Pair) -> None:
    """Nobody but the service knows its password: it is left alone, and retired when it is not used any more."""
    blue, green = pair.members
    pair.alter("ALTER ROLE {} PASSWORD {p}", blue, p="known to the service alone")
    old = pair.database.connect(user=blue, password="known to the service alone")
    taken = pair.run("ensure")
    assert (taken["active"], taken["draining"]) == (green, blue)
    assert pair.run("ensure")["action"] == "draining"
    old.close()
    deadline = time.monotonic() + 10
    while pair.run("ensure")["action"] != "retired" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert pair.role(blue)[1] is False
    pair.connect().close()


def test_published_passwords_of_both_are_replaced_and_reported_until_then(pair: Pair) -> None:
    for member in pair.members:
        pair.alter("ALTER ROLE {} PASSWORD {p}", member, p=PUBLISHED)
    assert pair.run("default_only", check=True)["outcome"] == "would_rotate"
    first = pair.run("default_only", pairs=PairRule(retire_after=3600))
    assert first["action"] == "rotated" and first["defaults_left"] == [pair.name]
    assert pair.run("default_only", pairs=PairRule(retire_after=3600))["defaults_left"] == [pair.name]
    last = pair.run("default_only")
    assert last["action"] == "retired" and last["defaults_left"] == []
    assert not any(pair.logs_in(member, PUBLISHED) for member in pair.members)
    assert pair.run("default_only")["changed"] is False


def test_unknown_passwords_of_both(pair: Pair) -> None:
    for member in pair.members:
        pair.alter("ALTER ROLE {} PASSWORD {p}", member, p="nobody told us")
    assert pair.run("default_only")["state"] == "unknown"
    with pytest.raises(AccountProblem, match="neither in the store"):
        pair.run("always")
    assert not pair.path.exists()
    assert pair.run("always", adopt=True)["action"] == "rotated"
    pair.connect().close()


def test_the_active_role_was_changed_by_somebody_else(pair: Pair) -> None:
    blue, green = pair.members
    pair.run()
    pair.alter("ALTER ROLE {} PASSWORD {p}", blue, p="by hand")
    before = pair.record()
    with pytest.raises(AccountProblem, match="neither in the store"):
        pair.run()
    assert pair.record() == before and pair.logs_in(blue, "by hand")
    assert pair.run(adopt=True)["active"] == green
    pair.connect().close()


def test_a_restored_server_gets_the_active_role_back(pair: Pair) -> None:
    """The server is as it was before the last rotation: the other role is the active one there."""
    blue, green = pair.members
    for _run in range(3):
        pair.run()
        pair.run("ensure")
    assert pair.record()["active"] == blue
    backup = {member: pair.role(member) for member in pair.members}
    pair.run()
    pair.run("ensure")
    for member, (verifier, can_login) in backup.items():
        pair.alter("ALTER ROLE {} " + ("LOGIN" if can_login else "NOLOGIN") + " PASSWORD {p}", member, p=str(verifier))
    restored = pair.run("ensure")
    assert (restored["state"], restored["action"], restored["active"]) == ("previous", "restored", green)
    assert restored["draining"] == blue
    pair.connect().close()
    assert pair.run("ensure")["action"] == "retired"
    assert pair.run("ensure")["changed"] is False


def test_md5_and_a_given_password(pair: Pair) -> None:
    blue, _green = pair.members
    pair.alter("ALTER ROLE {} PASSWORD {p}", blue, p=encrypt_password("old days", blue, algorithm="md5"))
    given = {"account": {"wanted": "old days"}}
    assert pair.run("ensure", **given)["action"] == "recorded"
    assert pair.run("ensure", **given)["action"] == "migrated"
    assert str(pair.role(blue)[0]).startswith("SCRAM-SHA-256$")
    pair.connect(blue, "old days").close()
    assert pair.run("ensure", account={"wanted": "new days"})["action"] == "rotated"
    pair.connect(password="new days").close()


def test_a_refused_log_in_puts_the_idle_role_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.run()
    pair.run()
    pair.run("ensure")
    before = {member: pair.role(member) for member in pair.members}
    original = scram.keys_for
    with monkeypatch.context() as patch:
        patch.setattr(scram, "keys_for", lambda _password, verifier: original("another", verifier))
        with pytest.raises(Unverified, match="the old one is back"):
            pair.run()
    assert {member: pair.role(member) for member in pair.members} == before
    assert pair.record()["pending"] is None
    pair.connect().close()


def test_no_network_for_the_proof_leaves_the_active_role_as_it_is(pair: Pair) -> None:
    blue, green = pair.members
    pair.run()
    closed = {**(pair.job().login or {}), "port": 1}
    with pytest.raises(Unverified, match="could not be proven") as caught:
        pair.run(login=closed)
    assert caught.value.details["accounts"][0]["outcome"] == "applied_unverified"
    record = pair.record()
    assert (record["active"], record["phase"]) == (blue, "unverified")
    pair.connect().close()
    promoted = pair.run("ensure")
    assert (promoted["action"], promoted["active"]) == ("promoted", green)
    assert pair.record()["current"] == record["pending"]


def test_an_idle_pair_is_asked_once_and_no_hash_is_made(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for policy in ("always", "always", "ensure"):
        pair.run(policy)
    monkeypatch.setattr(scram, "derive", lambda *_arguments: pytest.fail("a hash was made"))
    served: list[str] = []
    original = exchange.serve

    def serve(*arguments: Any) -> Any:
        served.append(arguments[2]["phase"])
        return original(*arguments)

    monkeypatch.setattr(exchange, "serve", serve)
    assert pair.run("ensure")["changed"] is False
    assert served == ["read"]


def test_what_is_no_pair_is_named(pair: Pair) -> None:
    blue, green = pair.members
    for match, account in (
        ("two different members", {"members": (blue,)}),
        ("two different members", {"members": (blue, blue)}),
        ("two different members", {"owner": green}),
        ("no role 'nobody'", {"members": (blue, "nobody")}),
        ("no role 'nowhere'", {"owner": "nowhere"}),
        ("not a member of 'pg_monitor'", {"owner": "pg_monitor"}),
    ):
        with pytest.raises(AccountProblem, match=match) as caught:
            pair.run(account=account)
        assert pair.name in str(caught.value)
    with pytest.raises(AccountProblem, match="listed twice"):
        job = pair.job()
        twice = replace(job, accounts=(*job.accounts, Account(blue, "role")))
        rotation.rotate(
            support.LocalServer(support.login_options(pair.database)), support.vault_store(pair.path), twice
        )
    pair.alter("ALTER ROLE {} LOGIN", pair.name)
    with pytest.raises(AccountProblem, match="has to be NOLOGIN"):
        pair.run()
    pair.alter("ALTER ROLE {} NOLOGIN", pair.name)
    assert not pair.path.exists()

    pair.run()
    with pytest.raises(StoreError, match="none of its members"):
        pair.run(account={"members": (green, "postgres")})
    pair.alter("ALTER ROLE {} NOLOGIN", blue)
    with pytest.raises(AccountProblem, match="may not log in"):
        pair.run()


def test_both_in_use_is_refused(pair: Pair) -> None:
    held = []
    for member in pair.members:
        pair.alter("ALTER ROLE {} PASSWORD {p}", member, p="x")
        held.append(pair.database.connect(user=member, password="x"))
    with pytest.raises(AccountProblem, match="both roles of the pair are in use"):
        pair.run(adopt=True)
    for connection in held:
        connection.close()


def test_the_record_is_one_secret(pair: Pair) -> None:
    """Role and password are read together, so no reader can get one of before and one of after a switch."""
    pair.run()
    (system,) = pair.database.execute("SELECT system_identifier::text FROM pg_control_system()")[0]
    key = pair_key(system, pair.name)
    record = support.vault_store(pair.path).read([key])[key].record
    assert (record.active, record.pending) == (pair.members[0], None)
    assert pair.logs_in(record.active or "", record.current)
