# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret in any output, log, statistics view or file: looked for with the real passwords and hashes.

The runs are those of ansible-playbook, against a server that logs everything it can.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import rotation_support as support
import yaml
from conftest import Database
from rotation_support import PUBLISHED, TABLE, VAULT_PASSWORD

import servers

ROLE = "domainflow_app"
PUBLISHED_ROLE_PASSWORD = "published-role-password"


@pytest.fixture(scope="module")
def talkative() -> Iterator[servers.Server]:
    """A server that writes down whatever it is told."""
    settings = {
        "log_statement": "all",
        "log_min_duration_statement": "0",
        "log_duration": "on",
        "log_error_verbosity": "verbose",
        "log_min_messages": "debug1",
        "log_min_error_statement": "debug1",
        "log_connections": "on",
        "log_line_prefix": "%m [%p] %u@%d %a ",
        "log_parameter_max_length": "-1",
        "log_parameter_max_length_on_error": "-1",
        "shared_preload_libraries": "pg_stat_statements,auto_explain",
        "pg_stat_statements.track": "all",
        "pg_stat_statements.track_utility": "on",
        "auto_explain.log_min_duration": "0",
        "auto_explain.log_nested_statements": "on",
        "auto_explain.log_verbose": "on",
    }
    server = servers.start_server(servers.requested_majors()[-1], tls=True, settings=settings)
    yield server
    server.remove()


@pytest.fixture
def database(talkative: servers.Server) -> Iterator[Database]:
    name = talkative.create_database()
    database = Database(talkative, name)
    support.create_small(database)
    database.execute("CREATE EXTENSION pg_stat_statements")
    database.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PUBLISHED_ROLE_PASSWORD}'")
    # What the set-up itself wrote down is not what is looked at.
    database.execute("SELECT pg_stat_statements_reset()")
    talkative.log_file.write_text("")
    yield database
    talkative.drop_database(name)
    talkative.execute(f"DROP ROLE {ROLE}")


def task(database: Database, **override: Any) -> dict[str, Any]:
    accounts: list[dict[str, Any]] = [
        {"name": name, "default_passwords": [default]} for name, default in PUBLISHED.items()
    ]
    accounts.append({"name": ROLE, "kind": "role", "default_passwords": [PUBLISHED_ROLE_PASSWORD]})
    return {
        **support.login_options(database, ssl_mode="verify-full", ca_cert=str(database.server.ca_file)),
        "accounts": accounts,
        "table": TABLE,
        "store": {"type": "vault_file", "path": "credentials.yml"},
        "bcrypt_cost": 4,
        **override,
    }


def all_hashes(database: Database) -> set[str]:
    found = set(support.hashes(database).values())
    return found | {verifier for (verifier,) in database.execute("SELECT rolpassword FROM pg_authid WHERE rolcanlogin")}


def passwords_in(store: Path) -> set[str]:
    """Every password of the store: current, pending, previous."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, Mapping) and "current" in node and "pending" in node:
            found.update(node[name] for name in ("current", "pending", "previous") if node[name])
        elif isinstance(node, Mapping):
            for value in node.values():
                walk(value)

    walk(support.vault_content(store))
    return found


def places(play: support.Play, folder: Path, database: Database) -> dict[str, str]:
    """Every text that somebody else could read after a run, by where it is."""
    found = {"ansible's output": play.output, "the module's result": repr(play.result)}
    found["the server's log"] = database.server.log_file.read_text(errors="replace")
    found["pg_stat_statements"] = repr(database.execute("SELECT query FROM pg_stat_statements"))
    found["pg_stat_activity"] = repr(database.execute("SELECT query FROM pg_stat_activity"))
    for file in folder.rglob("*"):
        # The test's own input, which holds the published passwords and the server's.
        if file.is_file() and file.name not in ("task.json", "vault-password"):
            found[str(file)] = file.read_text(errors="replace")
    return found


def assert_nowhere(secret: set[str], texts: Mapping[str, str]) -> None:
    leaks = sorted({where for where, text in texts.items() for word in secret if word in text})
    assert leaks == []


@pytest.mark.parametrize(
    ("environment", "here"),
    [
        pytest.param({}, False, id="verbose"),
        pytest.param({"ANSIBLE_DEBUG": "1"}, False, id="debug", marks=pytest.mark.slow),
        pytest.param({"ANSIBLE_DEBUG": "1"}, True, id="here", marks=pytest.mark.slow),
    ],
)
def test_no_secret_leaves_the_store(
    database: Database, tmp_path: Path, environment: Mapping[str, str], here: bool
) -> None:
    before = all_hashes(database)
    play = support.play(tmp_path, task(database), "-vvvv", environment=environment, here=here)
    assert play.code == 0, play.output[-3000:]
    assert {action for _state, action in support.states(play.result).values()} == {"rotated"}
    store = tmp_path / "credentials.yml"
    secret = passwords_in(store) | before | all_hashes(database)
    # Four new passwords, four published ones, and a hash of each; and the superuser's own.
    assert len(secret) >= 4 + 4 + 8
    texts = places(play, tmp_path, database)
    # Proof that these are places where a secret would be seen.
    assert "UPDATE" in texts["the server's log"] and "pg_authid" in texts["pg_stat_statements"]
    assert "DO $alter$" in texts["the server's log"]
    assert_nowhere(secret | {VAULT_PASSWORD}, texts)
    assert store.stat().st_mode & 0o777 == 0o600

    again = support.play(tmp_path, task(database), "-vvvv", environment=environment, here=here)
    assert again.result["changed"] is False
    assert_nowhere(secret, places(again, tmp_path, database))


@pytest.mark.slow
def test_same_errors_from_ansibles_own_process(database: Database, tmp_path: Path) -> None:
    """What the managed host's side refuses is worded alike, wherever it runs; which of them ran shows by -vvv."""
    for number, override in enumerate(
        ({"login_port": 1}, {"accounts": [{"name": "nobody", "kind": "role"}]}, {"login_password": "wrong-one"})
    ):
        folder = tmp_path / str(number)
        apart = support.play(folder, task(database, **override), "-vvv")
        here = support.play(folder, task(database, **override), "-vvv", here=True)
        assert (apart.code, here.code) == (2, 2)
        assert ("other-python" in apart.output, "credential_rotate.py" in here.output) == (True, False)
        for word in ("msg", "hint", "error"):
            assert here.result.get(word) == apart.result.get(word)


def rows_by_a_plain_role(database: Database) -> dict[str, Any]:
    """The task for the rows alone, by a role that may do just that; it cannot quiet the server."""
    database.execute(
        f"GRANT USAGE ON SCHEMA auth TO {ROLE}; GRANT SELECT, UPDATE ON auth.users TO {ROLE}; "
        f"GRANT SELECT, DELETE ON auth.sessions TO {ROLE}; GRANT INSERT ON auth.auth_audit_log TO {ROLE}; "
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA auth TO {ROLE}"
    )
    database.execute("SELECT pg_stat_statements_reset()")
    rows = task(database)["accounts"][:-1]
    return task(database, login_user=ROLE, login_password=PUBLISHED_ROLE_PASSWORD, accounts=rows)


@pytest.mark.slow
def test_a_plain_role_can_rotate_rows_and_nothing_shows(database: Database, tmp_path: Path) -> None:
    before = all_hashes(database)
    plain = rows_by_a_plain_role(database)
    try:
        play = support.play(tmp_path, plain, "-vvvv")
        assert play.code == 0, play.output[-3000:]
        texts = places(play, tmp_path, database)
        assert "UPDATE" in texts["the server's log"] and "UPDATE" in texts["pg_stat_statements"]
        assert_nowhere(passwords_in(tmp_path / "credentials.yml") | before | all_hashes(database), texts)

        database.execute("ALTER TABLE auth.users ADD CHECK (must_change_password) NOT VALID")
        play = support.play(tmp_path, {**plain, "policy": "always"}, "-vvvv")
        assert play.code == 2 and "violates check constraint" in play.result["msg"]
        log = database.server.log_file.read_text(errors="replace")
        assert "violates check constraint" in log and "Failing row contains" not in log
        assert "$2b$" not in log
    finally:
        database.execute(f"DROP OWNED BY {ROLE}")


@pytest.mark.slow
def test_a_refusal_because_of_pg_stat_statements_shows_nothing(database: Database, tmp_path: Path) -> None:
    """Who may change roles, and may not tell the server to keep nested statements to itself, is refused."""
    before = all_hashes(database)
    manager = "stat_manager"
    database.execute(
        f"CREATE ROLE {manager} LOGIN CREATEROLE PASSWORD 'password-of-the-manager'; "
        f"GRANT SELECT (rolname, rolpassword) ON pg_catalog.pg_authid TO {manager}"
    )
    if database.server.major >= 16:
        database.execute(f"GRANT {ROLE} TO {manager} WITH ADMIN OPTION")
    secret = before | all_hashes(database)
    # What the set-up wrote down.
    database.execute("SELECT pg_stat_statements_reset()")
    database.server.log_file.write_text("")
    roles = task(database)["accounts"][-1:]
    plain = task(database, login_user=manager, login_password="password-of-the-manager", accounts=roles)
    try:
        play = support.play(tmp_path, plain, "-vvvv")
        assert play.code == 2 and "pg_stat_statements.track is 'all'" in play.result["msg"], play.output[-3000:]
        assert all_hashes(database) == secret
        # The refusal comes after the new password was written down as pending, and before anything has its verifier.
        texts = places(play, tmp_path, database)
        assert "pg_authid" in texts["pg_stat_statements"] and "pg_authid" in texts["the server's log"]
        assert_nowhere(passwords_in(tmp_path / "credentials.yml") | secret, texts)
        shown = ("pg_stat_statements", "pg_stat_activity", "the server's log")
        assert_nowhere({"SCRAM-SHA-256$"}, {where: texts[where] for where in shown})
    finally:
        database.execute(f"DROP OWNED BY {manager}; DROP ROLE {manager}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "failing",
    [
        pytest.param(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$; "
            "CREATE TRIGGER t BEFORE UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION f()",
            id="trigger",
        ),
        pytest.param("ALTER TABLE auth.users ADD CHECK (must_change_password)", id="check"),
        pytest.param(
            "ALTER TABLE auth.users ALTER COLUMN password_hash TYPE varchar(60); "
            "ALTER TABLE auth.users ADD CHECK (length(password_hash) < 60) NOT VALID",
            id="hash check",
        ),
    ],
)
def test_no_secret_in_failures(database: Database, tmp_path: Path, failing: str) -> None:
    database.execute(failing)
    before = all_hashes(database)
    play = support.play(tmp_path, task(database), "-vvvv")
    assert play.code == 2 and play.result["failed"] is True
    assert all_hashes(database) == before
    assert "Traceback" not in play.output
    texts = places(play, tmp_path, database)
    assert_nowhere(passwords_in(tmp_path / "credentials.yml") | before, texts)
    # The hashes that did not come to stay are known to nobody any more; whatever looks like one is one.
    shown = {where: texts[where] for where in ("pg_stat_statements", "pg_stat_activity", "the server's log")}
    assert_nowhere({"SCRAM-SHA-256$", "$2b$", "$2y$"}, shown)


@pytest.mark.slow
def test_lock_timeout_shows_no_verifier(database: Database, tmp_path: Path) -> None:
    # Somebody holds the lock that the change needs.
    with database.connect() as blocker:
        blocker.autocommit = False
        with blocker.cursor() as cursor:
            cursor.execute("LOCK TABLE pg_authid IN SHARE ROW EXCLUSIVE MODE")
            play = support.play(tmp_path, task(database), "-vvvv")
        blocker.rollback()
    assert play.code == 2 and "lock timeout" in play.result["msg"]
    secret = passwords_in(tmp_path / "credentials.yml") | all_hashes(database)
    assert_nowhere(secret, places(play, tmp_path, database))


@pytest.mark.slow
def test_wrong_options_show_no_secret(database: Database, tmp_path: Path) -> None:
    support.play(tmp_path, task(database))
    secret = passwords_in(tmp_path / "credentials.yml") | all_hashes(database)
    for override in (
        {"accounts": [{"name": ROLE, "kind": "role", "password": PUBLISHED_ROLE_PASSWORD, "unknown_option": 1}]},
        {"accounts": [{"name": ROLE, "kind": PUBLISHED_ROLE_PASSWORD, "password": PUBLISHED_ROLE_PASSWORD}]},
        {"login_password": "not-the-real-password"},
        {"login_port": 1},
        {"scram_iterations": 1},
        {"store": {"type": "given"}},
    ):
        play = support.play(tmp_path, task(database, **override), "-vvvv")
        assert play.code == 2, override
        assert "Traceback" not in play.output
        assert_nowhere(secret | {"not-the-real-password"}, places(play, tmp_path, database))


def test_vault_ids_and_use_of_the_store_as_variables(database: Database, tmp_path: Path) -> None:
    other = tmp_path / "other-password"
    other.write_text("password of the label\n")
    arguments = ["--vault-id", f"prod@{other}"]
    store = {"path": "secrets/credentials.yml", "vault_id": "prod"}
    play = support.play(tmp_path, task(database, store=store), *arguments)
    assert play.code == 0, play.output
    path = tmp_path / "secrets" / "credentials.yml"
    assert path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert path.parent.stat().st_mode & 0o777 == 0o700

    # The label stays when the file is written again, whatever is asked for new files.
    again = support.play(tmp_path, task(database, store={"path": store["path"]}, policy="always"), *arguments)
    assert again.result["changed"] is True
    assert path.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")

    wrong = support.play(tmp_path, task(database, store={"path": store["path"]}, policy="always"))
    assert wrong.code == 2 and "vault password is wrong" in wrong.result["msg"]

    reader = tmp_path / "reader.yml"
    reader.write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "localhost",
                    "connection": "local",
                    "gather_facts": False,
                    "vars_files": ["secrets/credentials.yml"],
                    "vars": {"ansible_python_interpreter": sys.executable},
                    "tasks": [
                        {
                            "name": "Use a password",
                            "ansible.builtin.copy": {
                                "content": "{{ domainflow_credentials['"
                                + again.result["system_identifier"]
                                + f"'].roles.{ROLE}.current }}}}",
                                "dest": str(tmp_path / "used"),
                                "mode": "0600",
                            },
                        }
                    ],
                }
            ]
        )
    )
    support.run_playbook(tmp_path, reader, *arguments)
    database.connect(user=ROLE, password=(tmp_path / "used").read_text()).close()


@pytest.mark.slow
def test_check_mode_by_playbook(database: Database, tmp_path: Path) -> None:
    before = all_hashes(database)
    play = support.play(tmp_path, task(database), "--check")
    assert play.code == 0 and play.result["changed"] is True
    assert sorted(play.result["defaults_left"]) == sorted([*PUBLISHED, ROLE])
    assert all_hashes(database) == before
    assert not (tmp_path / "credentials.yml").exists()
    # The way to ask for default passwords without any store.
    asked = support.play(tmp_path, task(database, store={"type": "given"}), "--check")
    assert sorted(asked.result["defaults_left"]) == sorted([*PUBLISHED, ROLE])


@pytest.mark.slow
def test_process_arguments_and_temporary_files_hold_no_secret(database: Database, tmp_path: Path) -> None:
    """What ps shows and what lies in ansible's folders: sampled over and over while a playbook rotates.

    Without pipelining the module's arguments are in a file on the managed host while it runs. Hashes are among them
    (the documentation says so); a password never is, however it may be encoded.
    """
    support.prepare(tmp_path, task(database, bcrypt_cost=10))
    seen: set[str] = set()
    files: dict[tuple[str, int], bytes] = {}
    process = subprocess.Popen(
        support.playbook_command(tmp_path / "play.yml"),
        env={**support.environment(tmp_path), "ANSIBLE_PIPELINING": "false"},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        for folder in ("remote", "tmp"):
            files.update(_contents(tmp_path / folder))
    assert process.returncode == 0
    assert any("AnsiballZ_credential_rotate" in line for line in seen)
    passwords = passwords_in(tmp_path / "credentials.yml") | {VAULT_PASSWORD}
    assert_nowhere(passwords | all_hashes(database), {line: line for line in seen})

    decoded = {path: _decoded(content) for (path, _size), content in files.items()}
    assert any("AnsiballZ_credential_rotate" in path and ROLE in text for path, text in decoded.items())
    assert_nowhere(passwords, decoded)
    assert list(tmp_path.rglob("AnsiballZ*")) == []


def _contents(folder: Path) -> dict[tuple[str, int], bytes]:
    found = {}
    for file in folder.rglob("*"):
        try:
            if file.is_file():
                content = file.read_bytes()
                found[(str(file), len(content))] = content
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


def _decoded(content: bytes) -> str:
    """The text of a file, and of all that is written in it as base64."""
    texts = [content.decode(errors="replace")]
    for word in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", content):
        try:
            texts.append(base64.b64decode(word).decode(errors="replace"))
        except ValueError:
            continue
    return "\n".join(texts)
