# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of credential_rotate share: accounts, a store, rotations in this process and by ansible-playbook."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.domainflow.database.plugins.module_utils.credentials.exchange import answer
from ansible_collections.domainflow.database.plugins.module_utils.credentials.seal import new_key, unseal
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.decide import Rule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.rotation import Account, Job, rotate
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore

ROOT = Path(__file__).resolve().parents[1]
VAULT_PASSWORD = "vault-password-of-the-tests"

PUBLISHED = {
    "admin@domainflow.local": "TempPassword123!",
    "user@domainflow.com": "user123!",
    "dbadmin@domainflow.local": "dbpassword123!",
}

TABLE: dict[str, Any] = {
    "name": "auth.users",
    "key_column": "email",
    "hash_column": "password_hash",
    "id_column": "id",
    "changed_at_column": "password_changed_at",
    "must_change_column": "must_change_password",
    "must_change": False,
    "sessions": {"table": "auth.sessions", "user_column": "user_id", "action": "delete", "active_column": None},
    "audit": {
        "table": "auth.auth_audit_log",
        "user_column": "user_id",
        "details_column": "details",
        "values": {"event_type": "password_rotated", "event_status": "success"},
    },
}

# As few tables as a rotation touches, for tests that do not need the whole schema.
SMALL_SCHEMA = """
CREATE SCHEMA auth;
CREATE TABLE auth.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email varchar(255) NOT NULL UNIQUE,
    password_hash varchar(255),
    password_changed_at timestamp DEFAULT '2001-01-01',
    must_change_password boolean DEFAULT true
);
CREATE TABLE auth.sessions (id varchar(128) PRIMARY KEY, user_id uuid NOT NULL REFERENCES auth.users (id));
CREATE TABLE auth.auth_audit_log (
    id bigserial PRIMARY KEY,
    user_id uuid REFERENCES auth.users (id),
    event_type varchar(50) NOT NULL,
    event_status varchar(20) NOT NULL,
    details jsonb
);
"""


def bcrypt_of(password: str, prefix: str = "2b") -> str:
    """A cheap hash: the tests compare a lot of them."""
    made = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
    return f"${prefix}${made[4:]}"


def opens(password: str | None, stored: str) -> bool:
    """An independent check, as an application does it."""
    return password is not None and bcrypt.checkpw(password.encode(), ("$2b$" + stored[4:]).encode())


def create_small(database: Any, passwords: Mapping[str, str] | None = None) -> None:
    database.execute(SMALL_SCHEMA)
    for email, password in (PUBLISHED if passwords is None else passwords).items():
        add_user(database, email, bcrypt_of(password))


def add_user(database: Any, email: str, stored: str | None) -> None:
    database.execute("INSERT INTO auth.users (email, password_hash) VALUES (%s, %s)", (email, stored))


def set_hash(database: Any, email: str, stored: str | None) -> None:
    database.execute("UPDATE auth.users SET password_hash = %s WHERE email = %s", (stored, email))


def hashes(database: Any) -> dict[str, str]:
    return dict(database.execute("SELECT email, password_hash FROM auth.users"))


def login_options(database: Any, **override: Any) -> dict[str, Any]:
    params = database.params
    options = {
        "login_db": params["dbname"],
        "login_host": params["host"],
        "login_port": params["port"],
        "login_user": params["user"],
        "login_password": params.get("password"),
    }
    return {**options, **override}


@dataclass
class LocalServer:
    """The managed host's side in this process, with the real request and answer; counts what it is asked."""

    options: Mapping[str, Any]
    phases: list[str] = field(default_factory=list)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self.phases.append(request["phase"])
        key = new_key()
        text = json.dumps({**request, "key": key})
        params = {
            "connect_params": {},
            "connect_timeout": 10,
            "ssl_mode": "prefer",
            **self.options,
            "exchange": base64.b64encode(text.encode()).decode(),
        }
        return unseal(answer(params, False, [])["sealed"], key)


def vault_store(path: Path, password: str = VAULT_PASSWORD, **options: Any) -> VaultFileStore:
    return VaultFileStore(str(path), [("default", VaultSecret(password.encode()))], **options)


def vault_content(path: Path, password: str = VAULT_PASSWORD) -> dict[str, Any]:
    """The file's records, decrypted by ansible's own library."""
    text = VaultLib([("default", VaultSecret(password.encode()))]).decrypt(path.read_bytes())
    return dict(yaml.safe_load(text)["domainflow_credentials"])


def row_records(path: Path, database: Any) -> dict[str, dict[str, Any]]:
    (server,) = vault_content(path).values()
    return dict(server["databases"][database.name]["auth.users"])


def assert_consistent(database: Any, path: Path) -> None:
    """What every run must end with: the store's current password is the database's, and nothing is pending."""
    stored = hashes(database)
    for email, record in row_records(path, database).items():
        assert opens(record["current"], stored[email]), email
        assert record["pending"] is None
        assert record["phase"] == "stable"


def job_for(
    accounts: Sequence[Account] | None = None, policy: str = "default_only", adopt: bool = False, **options: Any
) -> Job:
    """Three rows with their published passwords, unless accounts are given."""
    if accounts is None:
        accounts = [Account(name, "row", (default,)) for name, default in PUBLISHED.items()]
    max_age = options.pop("max_age", 90)
    settings: dict[str, Any] = {"table": TABLE, "bcrypt_cost": 4, **options}
    return Job(accounts=tuple(accounts), rule=Rule(policy, max_age, adopt), **settings)


def run(database: Any, store: Store, job: Job | None = None, **options: Any) -> dict[str, Any]:
    return rotate(LocalServer(login_options(database)), store, job or job_for(), **options)


def states(report: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {entry["name"]: (entry["state"], entry["action"]) for entry in report["accounts"]}


@dataclass
class Play:
    """A run of ansible-playbook with one credential_rotate task, and what it said."""

    code: int
    output: str
    result: dict[str, Any]


def play(
    folder: Path,
    task: Mapping[str, Any],
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    here: bool = False,
) -> Play:
    """Run a task; its result is written to a file by the next task, so that the output is only ansible's own.

    The managed host's side is a process of its own, as on another machine, unless it is to be done ``here``.
    """
    result = prepare(folder, task, here)
    done = run_playbook(folder, folder / "play.yml", *arguments, extra=environment)
    data = json.loads(result.read_text()) if result.exists() else {}
    return Play(done.returncode, done.stdout + done.stderr, data)


def prepare(folder: Path, task: Mapping[str, Any], here: bool = False) -> Path:
    """Write the playbook, its input, the vault password; the file that will hold the result."""
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    (folder / "vault-password").write_text(VAULT_PASSWORD + "\n")
    (folder / "ansible.cfg").write_text("")
    (folder / "task.json").write_text(json.dumps(task))
    rotate_task = {
        "name": "Rotate",
        "domainflow.database.credential_rotate": {name: "{{ options." + name + " }}" for name in task},
        "register": "rotation",
    }
    keep_task = {
        "name": "Keep the result",
        "ansible.builtin.copy": {"content": "{{ rotation | to_json }}", "dest": str(result), "mode": "0600"},
        "check_mode": False,
        "no_log": True,
    }
    playbook = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}" if here else str(other_python(folder)),
            # By way of a file, so that no secret stands in the playbook, which ansible quotes in its messages.
            "options": "{{ lookup('ansible.builtin.file', '" + str(folder / "task.json") + "') | from_json }}",
        },
        "tasks": [{"block": [rotate_task], "always": [keep_task]}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([playbook], sort_keys=False))
    return result


def other_python(folder: Path) -> Path:
    """The same Python by way of another program, which ansible cannot know to be the one that runs it."""
    program = folder / "other-python"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return program


def run_playbook(
    folder: Path, playbook: Path, *arguments: str, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*playbook_command(playbook), *arguments],
        env={**environment(folder), **(extra or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def playbook_command(playbook: Path) -> list[str]:
    return [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", str(playbook)]


def environment(folder: Path) -> dict[str, str]:
    """ansible with nothing but the folder's own settings."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "vault-password"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
    }
