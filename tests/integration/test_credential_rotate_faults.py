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
import sys

import pytest
import rotation_faults as faults
import rotation_support as support
from conftest import Database
from rotation_support import PUBLISHED

from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.module_main import describe, describe_unforeseen
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore


@pytest.mark.slow
@pytest.mark.parametrize("start", ["default", "current"])
def test_controller_killed(setting: faults.Setting, store_kind: str, start: str) -> None:
    matrix = faults.Matrix(f"controller killed, store {store_kind}, from {start}")
    for point in [*faults.COMMON, *faults.IN_STORE[store_kind]]:
        setting.reset()
        policy = "default_only"
        if start == "current":
            # The pair's former role is retired, so that it can be rotated again.
            setting.run("default_only")
            setting.run("default_only")
            policy = "always"
        matrix.check(setting, point.label, faults.killed_at(setting, point, policy))
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
def test_controller_killed_while_it_retires(setting: faults.Setting, store_kind: str) -> None:
    matrix = faults.Matrix(f"controller killed, store {store_kind}, retiring")
    for point in [point for point in faults.COMMON if point.label in RETIRING]:
        setting.reset()
        setting.run("default_only")
        matrix.check(setting, point.label, faults.killed_at(setting, point, "default_only"))
    matrix.finish()


@pytest.mark.slow
def test_controller_killed_with_given_passwords(rotated_database: Database) -> None:
    matrix = faults.Matrix("controller killed, store given")
    setting = faults.Given(rotated_database, lambda: GivenStore({}))
    for point in faults.COMMON:
        setting.reset()
        matrix.check(setting, point.label, faults.killed_at(setting, point, "ensure"))
    matrix.finish()


@pytest.mark.slow
def test_server_crashes(setting: faults.Setting, store_kind: str) -> None:
    matrix = faults.Matrix(f"server crashes, store {store_kind}")
    crash_at_each_point(matrix, setting)


@pytest.mark.slow
def test_server_crashes_with_given_passwords(rotated_database: Database) -> None:
    matrix = faults.Matrix("server crashes, store given")
    crash_at_each_point(matrix, faults.Given(rotated_database, lambda: GivenStore({})))


def crash_at_each_point(matrix: faults.Matrix, setting: faults.Setting) -> None:
    server = setting.database.server
    for point in faults.SERVER:
        setting.reset()
        stopped: list[int] = []

        def crash(seen: list[int]) -> None:
            server.stop(immediate=True)
            seen.append(1)

        with pytest.MonkeyPatch.context() as patch:
            faults.at(patch, point, functools.partial(crash, stopped))
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


def secrets_of(setting: faults.Setting) -> set[str]:
    """All passwords, and what the database holds of them."""
    found = {*PUBLISHED.values(), faults.ROLE_DEFAULT, *support.hashes(setting.database).values()}
    for record in setting.records().values():
        found.update(text for text in (record.current, record.pending, record.previous, record.former) if text)
    verifiers = setting.database.execute("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
    return found | {verifier for (verifier,) in verifiers}


@pytest.mark.slow
@pytest.mark.parametrize("store_kind", ["vault_file"], indirect=True)
def test_an_error_at_any_point_shows_no_secret(setting: faults.Setting) -> None:
    """Whatever raises, and however much its text quotes: what ansible is given to print has nothing of it."""
    matrix = faults.Matrix("error that quotes all it was given, store vault_file")
    for point in [*faults.COMMON, *faults.IN_STORE["vault_file"]]:
        setting.reset()
        secret = secrets_of(setting)
        quoted: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            faults.at(patch, point, functools.partial(_raise_with_everything, quoted))
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
