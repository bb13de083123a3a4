# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vault file: what it refuses, that it never shows half a file, and that writers wait for one another."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import StoreConflict, StoreError
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    role_key,
    row_key,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Change
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore

SECRETS = [("default", VaultSecret(b"one")), ("prod", VaultSecret(b"two"))]
KEY, OTHER = role_key("7000", "app"), row_key("7000", "db", "auth.users", "admin@example.com")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "credentials.yml"


def store(path: Path, secrets: Any = None, **options: Any) -> VaultFileStore:
    return VaultFileStore(str(path), SECRETS[:1] if secrets is None else secrets, **options)


def put(target: VaultFileStore, key: Key, record: Record) -> None:
    target.write({key: Change(record, target.read([key])[key].version)})


def test_round_trip(path: Path) -> None:
    nothing = store(path).read([KEY])[KEY]
    assert (nothing.record, nothing.version) == (Record(), None)
    assert not path.parent.exists()
    records = {
        KEY: Record(current="päss: {{ 'x' }} #\"'\\", previous="{% raw %}", history=("a", "b"), phase="stable"),
        OTHER: Record(pending="yes", phase="pending", rotated_at="2026-01-01T00:00:00+00:00"),
    }
    store(path).write({key: Change(record, None) for key, record in records.items()})
    assert {key: entry.record for key, entry in store(path).read(list(records)).items()} == records
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".credentials.yml.lock", "credentials.yml"]


def test_compare_and_set(path: Path) -> None:
    put(store(path), KEY, Record(current="one"))
    seen = store(path).read([KEY, OTHER])
    put(store(path), KEY, Record(current="two"))
    before = path.read_bytes()
    with pytest.raises(StoreConflict, match="app"):
        store(path).write(
            {KEY: Change(Record(current="x"), seen[KEY].version), OTHER: Change(Record(current="y"), None)}
        )
    assert path.read_bytes() == before
    # Another account's record in the same file is nobody's conflict.
    store(path).write({OTHER: Change(Record(current="y"), seen[OTHER].version)})
    assert store(path).read([KEY])[KEY].record.current == "two"


def test_many_writers_lose_nothing(path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(3):
            put(store(path), role_key("7000", f"app{number}"), Record(current=f"{number}/{turn}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(6):
        key = role_key("7000", f"app{number}")
        assert store(path).read([key])[key].record.current == f"{number}/2"


def test_lock_of_another_run(path: Path) -> None:
    put(store(path), KEY, Record(current="one"))
    with open(path.parent / ".credentials.yml.lock", "r+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert store(path).read([KEY])[KEY].record.current == "one"
        with pytest.raises(StoreError, match="lock"):
            put(store(path, lock_timeout=0.2), KEY, Record(current="two"))
    assert store(path).read([KEY])[KEY].record.current == "one"


def test_labels(path: Path) -> None:
    put(store(path, SECRETS, vault_id="prod"), KEY, Record(current="one"))
    assert path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    put(store(path, SECRETS), KEY, Record(current="two"))
    assert path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    with pytest.raises(StoreError, match="vault password is wrong"):
        store(path).read([KEY])
    with pytest.raises(StoreError, match="no vault password is known with the label 'nobody'"):
        put(store(path.with_name("new"), SECRETS, vault_id="nobody"), KEY, Record(current="x"))
    with pytest.raises(StoreError, match="no vault password"):
        store(path, []).read([KEY])


def test_write_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store(path), KEY, Record(current="one"))
    before = path.read_bytes()
    for name in ("fsync", "replace", "fchmod"):
        with monkeypatch.context() as patch:

            def fail(*_arguments: Any) -> None:
                raise OSError(30, "Read-only file system")

            patch.setattr(os, name, fail)
            with pytest.raises(StoreError, match="Read-only file system"):
                put(store(path), KEY, Record(current="two"))
        assert path.read_bytes() == before
        assert list(path.parent.glob(".*.tmp")) == []
    put(store(path), KEY, Record(current="two"))


def test_symbolic_link_stays(path: Path, tmp_path: Path) -> None:
    put(store(path), KEY, Record(current="one"))
    link = tmp_path / "link.yml"
    link.symlink_to(path)
    put(store(link), KEY, Record(current="two"))
    assert link.is_symlink() and store(path).read([KEY])[KEY].record.current == "two"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "is not a file of passwords"),
        ("[1, 2]", "is not a file of passwords"),
        ("other: 1", "is not a file of passwords"),
        ("domainflow_credentials: {}\nother: 1", "is not a file of passwords"),
        ("a: [", "is not a file of passwords"),
        ("domainflow_credentials: !!python/object/apply:os.getcwd []", "is not a file of passwords"),
        ("domainflow_credentials: {'7000': {roles: {app: text}}}", "app"),
    ],
)
def test_files_of_another_kind_are_not_touched(path: Path, content: str, match: str) -> None:
    path.parent.mkdir()
    raw = VaultLib(SECRETS).encrypt(content.encode(), SECRETS[0][1])
    path.write_bytes(raw)
    with pytest.raises(StoreError, match=match):
        put(store(path), KEY, Record(current="x"))
    assert path.read_bytes() == raw


def test_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Is a directory"):
        store(tmp_path).read([KEY])


def test_file_of_yaml_by_hand_becomes_json_that_is_yaml(path: Path) -> None:
    path.parent.mkdir()
    edited = "domainflow_credentials:\n  '7000':\n    roles:\n      app: {current: one, phase: stable}\n"
    path.write_bytes(VaultLib(SECRETS).encrypt(edited.encode(), SECRETS[0][1]))
    assert store(path).read([KEY])[KEY].record == Record(current="one")
    put(store(path), OTHER, Record(current="two: #"))
    text = VaultLib(SECRETS).decrypt(path.read_bytes())
    assert yaml.safe_load(text) == json.loads(text)
    assert json.loads(text)["domainflow_credentials"]["7000"]["roles"]["app"]["current"] == "one"


def test_store_sees_what_another_one_wrote_meanwhile(path: Path) -> None:
    mine, other = store(path), store(path)
    put(mine, KEY, Record(current="one"))
    assert mine.read([KEY])[KEY].record.current == "one"
    put(other, KEY, Record(current="two"))
    assert mine.read([KEY])[KEY].record.current == "two"


def test_templates_are_marked_for_ansible(path: Path) -> None:
    put(store(path), KEY, Record(current="a {{ b }}", previous="plain"))
    text = VaultLib(SECRETS).decrypt(path.read_bytes()).decode()
    assert "current: !unsafe 'a {{ b }}'" in text
    assert "previous: plain" in text
    with pytest.raises(yaml.constructor.ConstructorError):
        yaml.safe_load(text)
