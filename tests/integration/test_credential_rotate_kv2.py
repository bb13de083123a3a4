# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The KV version 2 store against a real server; without one (see ``kv2_server``) these tests are not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kv2_server
import pytest
import rotation_support as support
from kv2_server import Kv2Server
from rotation_support import PUBLISHED

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import StoreConflict, StoreError
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import rotation
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import Key, Record
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Change

pytestmark = pytest.mark.one_major


@pytest.fixture(scope="module")
def kv2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kv2Server]:
    kv2_server.require()
    with kv2_server.running(tmp_path_factory.mktemp("kv2")) as server:
        yield server


def records(server: Kv2Server, path: str, database: Any) -> dict[str, dict[str, Any]]:
    (system,) = database.execute("SELECT system_identifier::text FROM pg_control_system()")[0]
    folder = f"secret/data/{path}/{system}/databases/{database.name}/auth.users"
    return {email: server.call("GET", f"{folder}/{email}")["data"]["data"] for email in PUBLISHED}


def test_rotation(kv2: Kv2Server, database: Any) -> None:
    support.create_small(database)
    report = support.run(database, kv2.store("prod"))
    assert support.states(report) == dict.fromkeys(PUBLISHED, ("default", "rotated"))
    stored = support.hashes(database)
    for email, record in records(kv2, "prod", database).items():
        assert support.opens(record["current"], stored[email]) and record["pending"] is None
    assert support.run(database, kv2.store("prod"))["changed"] is False


@pytest.mark.parametrize("step", ["_make_hashes", "_apply", "_promote"])
def test_killed_controller(kv2: Kv2Server, database: Any, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    class Killed(BaseException):
        pass

    def kill(*_arguments: Any) -> Any:
        raise Killed

    support.create_small(database)
    with monkeypatch.context() as patch:
        patch.setattr(rotation, step, kill)
        with pytest.raises(Killed):
            support.run(database, kv2.store("killed"))
    pending = {email: record["pending"] for email, record in records(kv2, "killed", database).items()}
    support.run(database, kv2.store("killed"))
    after = records(kv2, "killed", database)
    assert {email: record["current"] for email, record in after.items()} == pending
    stored = support.hashes(database)
    assert all(support.opens(record["current"], stored[email]) for email, record in after.items())


def test_check_and_set(kv2: Kv2Server) -> None:
    key = Key(("7000", "roles", 'a/b "c" %2F ..'))
    store = kv2.store("cas")
    assert store.read([key])[key].version is None
    first = store.write({key: Change(Record(current="one"), None)})[key]
    assert store.read([key])[key] == first
    with pytest.raises(StoreConflict):
        store.write({key: Change(Record(current="two"), None)})
    second = store.write({key: Change(Record(current="two"), first.version)})[key]
    with pytest.raises(StoreConflict):
        store.write({key: Change(Record(current="three"), first.version)})
    assert store.read([key])[key] == second
    # Deleted by somebody: there is no record, and a new one can be written.
    kv2.call("DELETE", "secret/data/cas/7000/roles/a=2Fb=20=22c=22=20=252F=20..")
    deleted = store.read([key])[key]
    assert deleted.record == Record()
    store.write({key: Change(Record(current="four"), deleted.version)})
    assert store.read([key])[key].record.current == "four"


def test_record_of_another_server(kv2: Kv2Server, database: Any) -> None:
    support.create_small(database)
    (system,) = database.execute("SELECT system_identifier::text FROM pg_control_system()")[0]
    email = next(iter(PUBLISHED))
    path = f"secret/data/foreign/{system}/databases/{database.name}/auth.users/{email}"
    foreign = {"server": "1", "account": email, "current": "x", "phase": "stable"}
    kv2.call("POST", path, {"data": foreign})
    before = support.hashes(database)
    with pytest.raises(StoreError, match=email):
        support.run(database, kv2.store("foreign"))
    assert support.hashes(database) == before


def test_failures_are_named_and_show_no_secret(kv2: Kv2Server, database: Any) -> None:
    support.create_small(database)
    before = support.hashes(database)
    wrong = {
        "may not": {"token": "a-wrong-token"},
        "no KV version 2": {"mount": "nowhere"},
        "cannot be reached": {"url": "http://127.0.0.1:1"},
        "no such server": {"url": kv2.url.replace("http://", "https://")},
        "must begin with": {"url": "file:///etc/passwd"},
        "ca_cert": {"url": "https://127.0.0.1:1", "ca_cert": "/nowhere"},
    }
    for match, override in wrong.items():
        with pytest.raises(StoreError, match=match) as caught:
            support.run(database, kv2.store("prod", **override))
        assert kv2.token not in str(caught.value) and "a-wrong-token" not in str(caught.value)
    assert support.hashes(database) == before


def test_by_playbook(kv2: Kv2Server, database: Any, tmp_path: Path) -> None:
    support.create_small(database)
    task = {
        **support.login_options(database),
        "accounts": [{"name": name, "default_passwords": [default]} for name, default in PUBLISHED.items()],
        "table": support.TABLE,
        "bcrypt_cost": 4,
        "store": {"type": "kv2", "url": kv2.url, "token": kv2.token, "path": "playbook"},
    }
    play = support.play(tmp_path, task, "-vvvv")
    assert play.code == 0, play.output[-2000:]
    stored = support.hashes(database)
    for email, record in records(kv2, "playbook", database).items():
        assert support.opens(record["current"], stored[email])
        assert record["current"] not in play.output and stored[email] not in play.output
    assert kv2.token not in play.output
    assert support.play(tmp_path, task).result["changed"] is False


def test_log_in_by_community_hashi_vault(kv2: Kv2Server, database: Any, tmp_path: Path) -> None:
    """AppRole: role and secret id make the token; a wrong secret id is an error that does not show it."""
    support.create_small(database)
    if "approle/" not in kv2.call("GET", "sys/auth"):
        kv2.call("POST", "sys/auth/approle", {"type": "approle"})
    rule = 'path "secret/data/approle/*" { capabilities = ["create", "read", "update"] }'
    kv2.call("PUT", "sys/policies/acl/rotator", {"policy": rule})
    kv2.call("POST", "auth/approle/role/rotator", {"token_policies": ["rotator"]})
    role_id = kv2.call("GET", "auth/approle/role/rotator/role-id")["data"]["role_id"]
    secret_id = kv2.call("POST", "auth/approle/role/rotator/secret-id", {})["data"]["secret_id"]
    auth = {"auth_method": "approle", "role_id": role_id, "secret_id": secret_id}
    task = {
        **support.login_options(database),
        "accounts": [{"name": name, "default_passwords": [default]} for name, default in PUBLISHED.items()],
        "table": support.TABLE,
        "bcrypt_cost": 4,
        "store": {"type": "kv2", "url": kv2.url, "path": "approle", "auth": auth},
    }
    play = support.play(tmp_path, task, "-vvvv")
    assert play.code == 0, play.output[-2000:]
    stored = support.hashes(database)
    for email, record in records(kv2, "approle", database).items():
        assert support.opens(record["current"], stored[email])
    assert secret_id not in play.output and role_id not in play.output

    task["store"] = {**task["store"], "auth": {**auth, "secret_id": "a-wrong-secret-id"}}
    wrong = support.play(tmp_path, task, "-vvvv")
    assert wrong.code == 2 and "store.auth: the log-in" in wrong.result["msg"] and "approle" in wrong.result["msg"]
    assert "a-wrong-secret-id" not in wrong.output and "Traceback" not in wrong.output
    assert [entry["outcome"] for entry in wrong.result["accounts"]] == ["failed"] * len(PUBLISHED)
