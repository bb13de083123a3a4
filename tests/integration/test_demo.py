# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo` in a copy of the checkout: what it deploys, that it can be called again, that nothing is left of it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import plays
import psycopg2
import pytest
import yaml

pytestmark = pytest.mark.slow

PUBLISHED = {
    "admin@domainflow.local": "TempPassword123!",
    "user@domainflow.com": "user123!",
    "dbadmin@domainflow.local": "dbpassword123!",
}


@dataclass(frozen=True)
class Demo:
    """A deployed copy of the checkout, and what the first run printed."""

    checkout: Path
    first: plays.Run

    def run(self, script: str, *arguments: str, **variables: str) -> plays.Run:
        return plays.run([str(self.checkout / "scripts" / script), *arguments], self.checkout, 280, **variables)

    @property
    def data(self) -> Path:
        return (self.checkout / ".local" / "pg" / "data").resolve()

    def login(self) -> dict[str, Any]:
        """How the application comes in, by what the demo has written for it."""
        service = (self.checkout / ".local" / "client" / "pg_service.conf").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(\w+)=(.*)$", service, re.MULTILINE))
        password = (self.checkout / ".local" / "secrets" / "roles" / found["user"]).read_text(encoding="utf-8").strip()
        found.pop("passfile")
        return {**found, "password": password}


def processes(data: Path) -> list[int]:
    """The server's processes: all of them work in its data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and Path(os.readlink(entry / "cwd")) == data:
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    # Open to others, as a checkout in a home folder usually is; the closed one has a test of its own.
    folder.chmod(0o755)
    checkout = plays.copy_checkout(folder / "checkout")
    made = Demo(checkout, plays.run([str(checkout / "scripts" / "demo")], checkout, 280))
    try:
        yield made
    finally:
        made.run("demo-down", PURGE="1")
        assert processes(made.data) == []
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def connection(demo: Demo) -> Iterator[Any]:
    assert demo.first.status == 0, demo.first.output
    opened = psycopg2.connect(**demo.login())
    opened.autocommit = True
    yield opened
    opened.close()


def one(connection: Any, query: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def test_first_run_deploys_and_says_how_to_go_on(demo: Demo) -> None:
    assert demo.first.status == 0, demo.first.output
    assert demo.first.changed() > 0
    summary = demo.first.output.rpartition("PLAY RECAP")[2]
    assert "SCRAM-SHA-256, certificate verified" in summary
    assert "3 users" in summary
    # The printed command lines are run as they are printed.
    command = re.search(r"^ +(PGSERVICEFILE=\S+ psql service=domainflow)$", summary, re.MULTILINE)
    assert command, summary
    answer = plays.run(["bash", "-c", f"{command.group(1)} -XAtc 'SELECT count(*) FROM auth.users'"], demo.checkout)
    assert (answer.status, answer.output.strip()) == (0, "3")


def test_everything_is_tls_and_scram(demo: Demo, connection: Any) -> None:
    assert one(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [(True,)]
    for attempt in ({"sslmode": "disable"}, {"sslmode": "disable", "user": "postgres"}, {"user": "postgres"}):
        with pytest.raises(psycopg2.OperationalError, match="pg_hba.conf"):
            psycopg2.connect(**{**demo.login(), **attempt})
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(**{**demo.login(), "password": "wrong"})


def test_new_passwords_are_in_the_vault_file_and_the_published_ones_are_gone(demo: Demo, connection: Any) -> None:
    vault = plays.run(
        [str(demo.checkout / ".venv/bin/ansible-vault"), "view", str(demo.checkout / ".local/secrets/credentials.yml")],
        demo.checkout,
        ANSIBLE_VAULT_PASSWORD_FILE=str(demo.checkout / ".local/secrets/vault-password"),
    )
    assert vault.status == 0, vault.output
    hashes = dict(one(connection, "SELECT email, password_hash FROM auth.users"))
    assert set(hashes) == set(PUBLISHED)
    kept = current_passwords(yaml.safe_load(vault.output))
    assert set(kept) == set(PUBLISHED)
    for email, published in PUBLISHED.items():
        stored = hashes[email].encode()
        assert not bcrypt.checkpw(published.encode(), stored)
        assert bcrypt.checkpw(kept[email].encode(), stored)
        assert kept[email] not in demo.first.output


def current_passwords(tree: Any) -> dict[str, str]:
    """Account to current password, wherever in the store's file the accounts stand."""
    found: dict[str, str] = {}
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if isinstance(value, dict) and "current" in value:
            current = value["current"]
            found[key.rpartition("/")[2]] = current["password"] if isinstance(current, dict) else current
        else:
            found.update(current_passwords(value))
    return found


def test_second_run_changes_nothing_and_is_quick(demo: Demo, connection: Any) -> None:
    before = one(connection, "SELECT email, password_hash, updated_at FROM auth.users ORDER BY 1")
    start = time.monotonic()
    again = demo.run("demo")
    took = time.monotonic() - start
    assert (again.status, again.changed()) == (0, 0), again.output
    assert one(connection, "SELECT email, password_hash, updated_at FROM auth.users ORDER BY 1") == before
    # 30 s is the promise for an idle machine; here other tests run beside it.
    assert took < 90, f"took {took:.0f} s"


def test_stopped_cluster_is_started_again(demo: Demo) -> None:
    assert processes(demo.data)
    down = demo.run("demo-down")
    assert down.status == 0, down.output
    assert processes(demo.data) == []
    assert demo.run("demo-down").status == 0
    up = demo.run("demo")
    assert up.status == 0, up.output
    assert "3 users" in up.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's cluster runs as another user")
def test_root_in_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    checkout = plays.copy_checkout(tmp_path / "checkout")
    made = Demo(checkout, plays.run([str(checkout / "scripts" / "demo"), "--tags", "host"], checkout))
    try:
        assert made.first.status == 0, made.first.output
        assert made.data.parts[:3] == ("/", "var", "lib")
        assert processes(made.data)
        assert made.data.stat().st_uid != 0
    finally:
        place = made.data.parent
        down = made.run("demo-down", PURGE="1")
    assert down.status == 0, down.output
    assert not place.exists()
    assert processes(place / "data") == []
