# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of faults in a rotation share: the points to stop at, both sides to look at, and the matrix."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    pair_key,
    role_key,
    row_key,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.steps import PairRule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store

ROLE = "rotation_fault_app"
ROLE_DEFAULT = "published-role-password"
EMAILS = list(PUBLISHED)[:2]
OWNER = "rotation_fault_pair"
MEMBERS = (f"{OWNER}_blue", f"{OWNER}_green")
ACCOUNTS = len(EMAILS) + 2


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
        Point("pending: one record written", Kv2Store, "_write", late=True),
        Point("pending: all but one written", Kv2Store, "_write", nth=ACCOUNTS),
        Point("promotion: no record written", Kv2Store, "_write", nth=ACCOUNTS + 1),
        Point("promotion: one record written", Kv2Store, "_write", late=True, nth=ACCOUNTS + 1),
        Point("promotion: all but one written", Kv2Store, "_write", nth=2 * ACCOUNTS),
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
        for role in (ROLE, *MEMBERS):
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            self.database.execute(statement.format(sql.Identifier(role), sql.Literal(ROLE_DEFAULT)))

    def run(self, policy: str) -> dict[str, Any]:
        return rotation.rotate(self.server, self.make_store(), self.job(policy))

    @property
    def server(self) -> support.LocalServer:
        database = self.database
        options = support.login_options(database, ssl_mode="verify-full", ca_cert=str(database.server.ca_file))
        return support.LocalServer(options)

    def job(self, policy: str) -> rotation.Job:
        params = self.database.params
        login = {"host": params["host"], "port": params["port"], "tls": True}
        return support.job_for(self.accounts(), policy, login=login, pairs=PairRule(retire_after=0))

    def accounts(self) -> list[Account]:
        found = [Account(email, "row", (PUBLISHED[email],)) for email in EMAILS]
        found.append(Account(ROLE, "role", (ROLE_DEFAULT,)))
        return [*found, Account(OWNER, "pair", (ROLE_DEFAULT,), members=MEMBERS, owner=OWNER)]

    @property
    def keys(self) -> dict[str, Key]:
        (system,) = self.database.execute("SELECT system_identifier::text FROM pg_control_system()")[0]
        keys = {email: row_key(system, self.database.name, "auth.users", email) for email in EMAILS}
        return {**keys, ROLE: role_key(system, ROLE), OWNER: pair_key(system, OWNER)}

    def records(self) -> dict[str, Record]:
        stored = self.make_store().read(list(self.keys.values()))
        return {name: stored[key].record for name, key in self.keys.items()}

    def opens(self, name: str, password: str | None) -> bool:
        if password is None:
            return False
        if name not in (ROLE, *MEMBERS):
            return support.opens(password, support.hashes(self.database)[name])
        certificate = str(self.database.server.ca_file)
        try:
            self.database.connect(
                user=name, password=password, sslmode="verify-full", sslrootcert=certificate, channel_binding="require"
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
            # Who uses a pair uses what the store calls active; until there is a record, one of the two.
            used = name if name != OWNER else record.active or MEMBERS[0]
            if name == OWNER and record.active is not None:
                candidates = {"current": record.current}
            found.append(next((word for word, password in candidates.items() if self.opens(used, password)), "LOST"))
        return " ".join(found)

    def consistent(self) -> bool:
        return all(
            record.pending is None
            and record.phase == "stable"
            and self.opens(name if name != OWNER else str(record.active), record.current)
            for name, record in self.records().items()
        )


class Given(Setting):
    """The caller passes the passwords and nothing is kept; so there is no pair."""

    PASSWORDS = {**{email: f"given to {email}" for email in EMAILS}, ROLE: "given to the röle"}

    def run(self, policy: str) -> dict[str, Any]:
        del policy
        return rotation.rotate(self.server, GivenStore(self.PASSWORDS), self.job("ensure"))

    def accounts(self) -> list[Account]:
        return [
            Account(name, "role" if name == ROLE else "row", (PUBLISHED.get(name, ROLE_DEFAULT),), password)
            for name, password in self.PASSWORDS.items()
        ]

    def known(self) -> str:
        found = []
        for name, password in self.PASSWORDS.items():
            candidates = {"given": password, "default": PUBLISHED.get(name, ROLE_DEFAULT)}
            found.append(next((word for word, known in candidates.items() if self.opens(name, known)), "LOST"))
        return " ".join(found)

    def consistent(self) -> bool:
        return all(self.opens(name, password) for name, password in self.PASSWORDS.items())


def vault_at(path: Path) -> Callable[[], Store]:
    return lambda: support.vault_store(path)


def kv2_at(server: Any, path: str) -> Callable[[], Store]:
    return lambda: server.store(path)


def with_fresh_stores(setting: Setting, next_store: Callable[[], Callable[[], Store]]) -> Setting:
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
        # The run after that one may have a role to retire, and then there is nothing left to do.
        rests = [setting.run("default_only")["changed"] for _run in range(2)][-1] is False
        consistent = consistent and setting.consistent()
        good = stopped and "LOST" not in known and consistent and rests
        self.lines.append(f"{label:<38} {known:<32} {actions:<38} {'ok' if good else 'WRONG'}")
        if not good:
            self.failures.append(f"{label}: stopped={stopped} known={known} consistent={consistent} rests={rests}")

    def finish(self) -> None:
        header = f"{'point':<38} {'passwords after the fault':<32} {'next run':<38} end"
        text = "\n".join([f"== {self.title}", header, *self.lines, ""])
        output = support.ROOT / "tests" / "output"
        output.mkdir(exist_ok=True)
        name = "-".join(self.title.replace(",", "").split())
        (output / f"rotation-{name}.txt").write_text(text, encoding="utf-8")
        assert self.failures == []


@contextmanager
def prepared(server: Any) -> Iterator[Database]:
    """A database of ``server`` with the accounts; an end to both afterwards."""
    server.start()
    made = Database(server, server.create_database())
    support.create_small(made, {email: PUBLISHED[email] for email in EMAILS})
    made.execute(f"CREATE ROLE {ROLE} LOGIN; CREATE ROLE {OWNER}")
    for member in MEMBERS:
        made.execute(f"CREATE ROLE {member} IN ROLE {OWNER}")
    try:
        yield made
    finally:
        server.start()
        server.drop_database(made.name)
        server.execute(f"DROP ROLE {', '.join((ROLE, OWNER, *MEMBERS))}")


def with_store(kind: str, database: Database, folder: Path, until: ExitStack) -> Setting:
    """The setting with a store of that kind, a fresh one after each ``reset``; its server runs ``until`` that ends."""
    turn = iter(range(1000))
    if kind == "vault_file":
        held = Setting(database, lambda: support.vault_store(folder / "0" / "credentials.yml"))
        return with_fresh_stores(held, lambda: vault_at(folder / str(next(turn)) / "credentials.yml"))
    server = until.enter_context(kv2_server.running(folder))
    held = Setting(database, lambda: server.store("x"))
    return with_fresh_stores(held, lambda: kv2_at(server, f"turn{next(turn)}"))
