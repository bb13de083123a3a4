# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that fails, or is changed by somebody else, at every use that a rotation makes of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kv2_server
import pytest
import rotation_faults as faults
import rotation_support as support
from conftest import Database

from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import Record
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Change, Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore


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
    "writing pending": lambda kind: faults.Point("", kind, "write"),
    "reading pending back": lambda kind: faults.Point("", kind, "write", late=True),
    "writing promotion": lambda kind: faults.Point("", kind, "write", nth=2),
    "reading promotion back": lambda kind: faults.Point("", kind, "write", late=True, nth=2),
}


def failing_store(matrix: faults.Matrix, setting: faults.Setting, kind: type, broken: Any, names: list[str]) -> None:
    for name in names:
        for use, point in USES.items():
            setting.reset()
            with pytest.MonkeyPatch.context() as patch:
                faults.at(patch, point(kind), getattr(broken, name))
                try:
                    setting.run("default_only")
                    ended = "no error"
                except EngineError as error:
                    ended = type(error).__name__
                finally:
                    broken.mend()
            # What can still be read passes the last reading back.
            expected = ended == "StoreError" or (use == "reading promotion back" and ended == "no error")
            matrix.check(setting, f"{name.replace('_', '-')}, {use}", expected)
    matrix.finish()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can mount the file systems of this test")
def test_vault_file_that_cannot_be_written(rotated_database: Database, tmp_path: Path) -> None:
    matrix = faults.Matrix("store fails, store vault_file")
    broken = TmpfsFaults(tmp_path / "small")
    try:
        turn = iter(range(1000))
        setting = faults.Setting(rotated_database, lambda: support.vault_store(broken.folder / "x" / "credentials.yml"))
        faults.with_fresh_stores(setting, lambda: faults.vault_at(broken.folder / str(next(turn)) / "credentials.yml"))
        failing_store(matrix, setting, VaultFileStore, broken, ["full", "read_only", "unwritable"])
    finally:
        broken.mend()
        broken.remove()


@pytest.mark.slow
def test_kv2_that_cannot_be_written(rotated_database: Database, tmp_path: Path) -> None:
    kv2_server.require()
    matrix = faults.Matrix("store fails, store kv2")
    with kv2_server.running(tmp_path) as server:
        broken = Kv2Faults(server)
        turn = iter(range(1000))

        def next_store() -> Callable[[], Store]:
            path = f"turn{next(turn)}"
            return lambda: server.store(path, token=broken.token)

        setting = faults.with_fresh_stores(faults.Setting(rotated_database, lambda: server.store("x")), next_store)
        failing_store(matrix, setting, Kv2Store, broken, ["sealed", "read_only", "forbidden"])


STORE_FAULTS: Mapping[str, int] = {"pending": 1, "promotion": 2}


@pytest.mark.parametrize("failing", STORE_FAULTS)
def test_store_changed_by_somebody_else(setting: faults.Setting, store_kind: str, failing: str) -> None:
    """Somebody writes the same records between this run's reading and writing."""
    matrix = faults.Matrix(f"store changed meanwhile, store {store_kind}, before {failing}")
    setting.reset()
    setting.run("default_only")
    kind = VaultFileStore if store_kind == "vault_file" else Kv2Store
    touched = []

    def touch() -> None:
        # The same passwords with another time: what a second run of the same kind would leave.
        key = setting.keys[faults.EMAILS[0]]
        store = setting.make_store()
        entry = store.read([key])[key]
        changed = Record(**{**entry.record.__dict__, "rotated_at": "2020-01-01T00:00:00+00:00"})
        touched.append(1)
        original(store, {key: Change(changed, entry.version)})

    original = kind.write
    with pytest.MonkeyPatch.context() as patch:
        faults.at(patch, faults.Point(failing, kind, "write", nth=STORE_FAULTS[failing]), touch)
        report = setting.run("always")
    assert report["changed"] is True and touched == [1]
    matrix.check(setting, failing, True)
    matrix.finish()
