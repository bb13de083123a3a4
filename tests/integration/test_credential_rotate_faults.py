# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: a rotation is stopped at every point, and the next run must end where an undisturbed one would.

The controller dies by SIGKILL, in a process of its own; the server by an immediate stop (as a crash), between two
statements; the store is full, read-only, unreachable, or changed by somebody else. Each run handles rows, a login
role and a pair of login roles together. The matrix (points, and what was found after the fault and after the next run)
is printed at the end of the tests and kept in ``tests/output/rotation-*.txt``.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
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
from ansible_collections.domainflow.database.plugins.module_utils.module_main import describe, describe_unforeseen
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    pair_key,
    role_key,
    row_key,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.steps import PairRule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Change, Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore

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


@pytest.fixture(params=["vault_file", "kv2"])
def store_kind(request: pytest.FixtureRequest) -> str:
    if request.param == "kv2":
        kv2_server.require()
    return str(request.param)


@pytest.fixture
def database(tls_server: Any) -> Iterator[Database]:
    tls_server.start()
    made = Database(tls_server, tls_server.create_database())
    support.create_small(made, {email: PUBLISHED[email] for email in EMAILS})
    made.execute(f"CREATE ROLE {ROLE} LOGIN; CREATE ROLE {OWNER}")
    for member in MEMBERS:
        made.execute(f"CREATE ROLE {member} IN ROLE {OWNER}")
    try:
        yield made
    finally:
        tls_server.start()
        tls_server.drop_database(made.name)
        tls_server.execute(f"DROP ROLE {', '.join((ROLE, OWNER, *MEMBERS))}")


@pytest.fixture
def setting(store_kind: str, database: Database, tmp_path: Path) -> Iterator[Setting]:
    turn = iter(range(1000))
    if store_kind == "vault_file":
        held = Setting(database, lambda: support.vault_store(tmp_path / "0" / "credentials.yml"))
        yield _with_fresh_stores(held, lambda: _vault(tmp_path / str(next(turn)) / "credentials.yml"))
        return
    with kv2_server.running(tmp_path) as server:
        held = Setting(database, lambda: server.store("x"))
        yield _with_fresh_stores(held, lambda: _kv2(server, f"turn{next(turn)}"))


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


@pytest.mark.slow
@pytest.mark.parametrize("start", ["default", "current"])
def test_controller_killed(setting: Setting, store_kind: str, start: str) -> None:
    matrix = Matrix(f"controller killed, store {store_kind}, from {start}")
    for point in [*COMMON, *IN_STORE[store_kind]]:
        setting.reset()
        policy = "default_only"
        if start == "current":
            # The pair's former role is retired, so that it can be rotated again.
            setting.run("default_only")
            setting.run("default_only")
            policy = "always"
        matrix.check(setting, point.label, killed_at(setting, point, policy))
    matrix.finish()


# Of a run that does nothing but retire the login role of a pair that nobody uses any more: no password is made, so
# nothing is pending and no log-in is tried.
RETIRING = [
    "before anything is read",
    "after the hashes were read",
    "before the temporary table",
    "after the temporary table",
    "after the roles",
    "after the commit",
    "after reading back",
    "before promotion",
    "after promotion",
]


@pytest.mark.slow
def test_controller_killed_while_it_retires(setting: Setting, store_kind: str) -> None:
    matrix = Matrix(f"controller killed, store {store_kind}, retiring")
    for point in [point for point in COMMON if point.label in RETIRING]:
        setting.reset()
        setting.run("default_only")
        matrix.check(setting, point.label, killed_at(setting, point, "default_only"))
    matrix.finish()


@pytest.mark.slow
def test_controller_killed_with_given_passwords(database: Database) -> None:
    matrix = Matrix("controller killed, store given")
    setting = Given(database, lambda: GivenStore({}))
    for point in COMMON:
        setting.reset()
        matrix.check(setting, point.label, killed_at(setting, point, "ensure"))
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


# --- errors that quote everything --------------------------------------------------------------------


def secrets_of(setting: Setting) -> set[str]:
    """All passwords, and what the database holds of them."""
    found = {*PUBLISHED.values(), ROLE_DEFAULT, *support.hashes(setting.database).values()}
    for record in setting.records().values():
        found.update(text for text in (record.current, record.pending, record.previous, record.former) if text)
    verifiers = setting.database.execute("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
    return found | {verifier for (verifier,) in verifiers}


@pytest.mark.slow
@pytest.mark.parametrize("store_kind", ["vault_file"], indirect=True)
def test_an_error_at_any_point_shows_no_secret(setting: Setting) -> None:
    """Whatever raises, and however much its text quotes: what ansible is given to print has nothing of it."""
    matrix = Matrix("error that quotes all it was given, store vault_file")
    for point in [*COMMON, *IN_STORE["vault_file"]]:
        setting.reset()
        secret = secrets_of(setting)
        quoted: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            at(patch, point, functools.partial(_raise_with_everything, quoted))
            text, error = "", None
            try:
                setting.run("default_only")
            except EngineError as caught:
                text, error = json.dumps(describe(caught)), caught
            except Exception as caught:
                text, error = json.dumps(describe_unforeseen(*sys.exc_info()[1:])), caught
        shown = sorted(word for word in secret | secrets_of(setting) if word in text)
        assert quoted and error is not None and shown == [], (point.label, shown)
        matrix.check(setting, point.label, bool(text))
    matrix.finish()


def _raise_with_everything(quoted: list[str]) -> None:
    """An error whose text has every local variable of every caller, as a careless one might."""
    frame, texts = sys._getframe(1), []
    while frame is not None and "rotation_support" not in frame.f_code.co_filename:
        texts += [f"{name}={value!r}" for name, value in frame.f_locals.items() if name != "texts"]
        frame = frame.f_back  # type: ignore[assignment]
    quoted.append("\n".join(texts))
    raise RuntimeError(quoted[0])


# --- a store that fails ------------------------------------------------------------------------------


class TmpfsFaults:
    """A small file system of its own under the store, and what can happen to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        _as_root("mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs", str(folder))

    def full(self) -> None:
        with open(self.folder / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                return

    def read_only(self) -> None:
        _as_root("mount", "-o", "remount,ro", str(self.folder))

    def unwritable(self) -> None:
        # Another user than the one whom the file and its folder belong to.
        os.seteuid(65534)

    def mend(self) -> None:
        os.seteuid(0)
        _as_root("mount", "-o", "remount,rw", str(self.folder))
        (self.folder / "filler").unlink(missing_ok=True)

    def remove(self) -> None:
        _as_root("umount", str(self.folder))


def _as_root(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Kv2Faults:
    """What can happen to a KV server: it is sealed, or its token may not write any more."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._policy("create", "read", "update")
        self.token = server.call("POST", "auth/token/create", {"policies": ["rotation"]})["auth"]["client_token"]

    def _policy(self, *capabilities: str) -> None:
        rule = 'path "secret/data/*" { capabilities = [%s] }' % ", ".join(f'"{name}"' for name in capabilities)
        self.server.call("PUT", "sys/policies/acl/rotation", {"policy": rule})

    def sealed(self) -> None:
        self.server.call("PUT", "sys/seal")

    def read_only(self) -> None:
        self._policy("read")

    def forbidden(self) -> None:
        self._policy("deny")

    def mend(self) -> None:
        self.server.unseal()
        self._policy("create", "read", "update")


# At every use that a run makes of its store.
USES = {
    "writing pending": lambda kind: Point("", kind, "write"),
    "reading pending back": lambda kind: Point("", kind, "write", late=True),
    "writing promotion": lambda kind: Point("", kind, "write", nth=2),
    "reading promotion back": lambda kind: Point("", kind, "write", late=True, nth=2),
}


def failing_store(matrix: Matrix, setting: Setting, kind: type, faults: Any, names: list[str]) -> None:
    for name in names:
        for use, point in USES.items():
            setting.reset()
            with pytest.MonkeyPatch.context() as patch:
                at(patch, point(kind), getattr(faults, name))
                try:
                    setting.run("default_only")
                    ended = "no error"
                except EngineError as error:
                    ended = type(error).__name__
                finally:
                    faults.mend()
            # What can still be read passes the last reading back.
            expected = ended == "StoreError" or (use == "reading promotion back" and ended == "no error")
            matrix.check(setting, f"{name.replace('_', '-')}, {use}", expected)
    matrix.finish()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can mount the file systems of this test")
def test_vault_file_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    matrix = Matrix("store fails, store vault_file")
    faults = TmpfsFaults(tmp_path / "small")
    try:
        turn = iter(range(1000))
        setting = Setting(database, lambda: support.vault_store(faults.folder / "x" / "credentials.yml"))
        _with_fresh_stores(setting, lambda: _vault(faults.folder / str(next(turn)) / "credentials.yml"))
        failing_store(matrix, setting, VaultFileStore, faults, ["full", "read_only", "unwritable"])
    finally:
        faults.mend()
        faults.remove()


@pytest.mark.slow
def test_kv2_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    kv2_server.require()
    matrix = Matrix("store fails, store kv2")
    with kv2_server.running(tmp_path) as server:
        faults = Kv2Faults(server)
        turn = iter(range(1000))

        def next_store() -> Callable[[], Store]:
            path = f"turn{next(turn)}"
            return lambda: server.store(path, token=faults.token)

        setting = _with_fresh_stores(Setting(database, lambda: server.store("x")), next_store)
        failing_store(matrix, setting, Kv2Store, faults, ["sealed", "read_only", "forbidden"])


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
