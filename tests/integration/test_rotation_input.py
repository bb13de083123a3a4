# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of rows with wrong input: each mistake is named, and nothing is changed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rotation_support as support
from ansible.parsing.vault import VaultLib, VaultSecret
from rotation_support import PUBLISHED, TABLE, Account

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import AccountProblem, StoreError
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError, PermissionMissing
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import generate, rotation

ADMIN, USER, DBADMIN = PUBLISHED


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "credentials.yml"


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
    support.assert_consistent(database, store_path)


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
    support.assert_consistent(database, store_path)


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
    support.assert_consistent(database, store_path)
