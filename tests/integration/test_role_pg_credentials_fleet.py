# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rotate_credentials.yml on a fleet: batches, hosts that are down or fail, and the summary of them all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plays
import psycopg2
import pytest
import rotation_support as support
from conftest import Database

import servers

pytestmark = pytest.mark.one_major

ROTATE = "playbooks/rotate_credentials.yml"
REPORT = "playbooks/credential_report.yml"
PUBLISHED_ROLE_PASSWORD = "changeme-role-7c1d"
NOWHERE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
# Nothing listens there: the host answers, its server does not.
NO_SERVER = {"pg_credentials_login_port": 1}


@dataclass
class Fleet:
    """Databases of one server, each a host of the inventory to ansible; in the order of ``databases``."""

    folder: Path
    databases: dict[str, Database]

    def __post_init__(self) -> None:
        (self.folder / "vault-password").write_text(support.VAULT_PASSWORD + "\n")

    @property
    def store(self) -> Path:
        return self.folder / "credentials.yml"

    def run(
        self, *arguments: str, hosts: dict[str, dict[str, Any]] | None = None, playbook: str = ROTATE, **variables: Any
    ) -> plays.Run:
        """``hosts`` are variables that make some of them differ."""
        server = next(iter(self.databases.values())).server
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "domainflow_environment": "local",
            "domainflow_sslmode": "verify-full",
            "pg_credentials_login_host": "localhost",
            "pg_credentials_login_port": server.port,
            "pg_credentials_login_password": server.password,
            "pg_credentials_ca_cert": str(server.ca_file),
            "pg_credentials_store": str(self.store),
            "pg_credentials_bcrypt_cost": 4,
            "pg_credentials_login_roles": [
                {"name": "{{ pg_credentials_database }}_app", "default_passwords": [PUBLISHED_ROLE_PASSWORD]}
            ],
        }
        each = {
            name: {"pg_credentials_database": database.name, **(hosts or {}).get(name, {})}
            for name, database in self.databases.items()
        }
        inventory = self.folder / "hosts.json"
        inventory.write_text(json.dumps({"databases": {"hosts": each, "vars": common}}))
        given = {"pg_credentials_summary_path": str(self.folder / "summary.json"), **variables}
        return plays.playbook(
            "-i",
            str(inventory),
            playbook,
            "-e",
            json.dumps(given),
            *arguments,
            ANSIBLE_VAULT_PASSWORD_FILE=str(self.folder / "vault-password"),
            ANSIBLE_SSH_RETRIES="0",
        )

    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "summary.json").read_text()))

    def statuses(self) -> dict[str, tuple[str, set[str]]]:
        """Host to its status and those of its accounts."""
        return {
            host["host"]: (host["status"], {account["status"] for account in host["accounts"]})
            for host in self.summary()["hosts"]
        }

    def rotated(self, name: str) -> bool:
        """Whether the store's passwords open all accounts of a host's database (else the published ones do)."""
        database = self.databases[name]
        stored = support.hashes(database)
        if all(support.opens(password, stored[email]) for email, password in support.PUBLISHED.items()):
            self.log_in(database, PUBLISHED_ROLE_PASSWORD)
            return False
        (server,) = support.vault_content(self.store).values()
        rows = server["databases"][database.name]["auth.users"]
        assert all(support.opens(record["current"], stored[email]) for email, record in rows.items())
        assert len(rows) == len(stored) == 3
        self.log_in(database, server["roles"][f"{database.name}_app"]["current"])
        return True

    @staticmethod
    def log_in(database: Database, password: str) -> None:
        """As an application does it; raises where that fails."""
        ca = str(database.server.ca_file)
        options = {"sslmode": "verify-full", "sslrootcert": ca, "host": "localhost"}
        database.connect(user=f"{database.name}_app", password=password, **options).close()


@pytest.fixture
def fleet(clusters: servers.Clusters, tmp_path: Path) -> Iterator[Fleet]:
    server = clusters.get(servers.requested_majors()[-1], tls=True)
    databases = {}
    for host in ("db1", "db2", "db3", "db4"):
        name = server.create_database(f"fleet_{secrets.token_hex(4)}")
        databases[host] = Database(server, name)
        support.create_small(databases[host])
        server.execute(f"CREATE ROLE {name}_app LOGIN PASSWORD '{PUBLISHED_ROLE_PASSWORD}'")
    yield Fleet(tmp_path, databases)
    for database in databases.values():
        server.drop_database(database.name)
        server.execute(f"DROP ROLE {database.name}_app")


def test_the_others_are_rotated_and_the_next_run_completes_it(fleet: Fleet) -> None:
    broken = {"db1": NOWHERE, "db3": NO_SERVER}
    looked = fleet.run("--check", hosts=broken)
    assert looked.status == 2, looked.output
    assert fleet.statuses() == {
        "db1": ("unreachable", {"unreachable"}),
        "db2": ("done", {"would_rotate"}),
        "db3": ("failed", {"failed"}),
        "db4": ("done", {"would_rotate"}),
    }
    assert fleet.summary()["check_mode"] is True
    assert not fleet.store.exists() and not any(fleet.rotated(name) for name in fleet.databases)

    first = fleet.run(hosts=broken)
    assert first.status == 2, first.output
    assert fleet.statuses() == {
        "db1": ("unreachable", {"unreachable"}),
        "db2": ("done", {"rotated"}),
        "db3": ("failed", {"failed"}),
        "db4": ("done", {"rotated"}),
    }
    summary = fleet.summary()
    assert (summary["complete"], summary["incomplete_hosts"]) == (False, ["db1", "db3"])
    assert summary["totals"] == {"rotated": 8, "failed": 4, "unreachable": 4}
    assert [fleet.rotated(name) for name in fleet.databases] == [False, True, False, True]
    # One table of all batches, after the last of them, with every account of every host.
    table = first.output[first.output.rindex("Show the summary") :]
    assert all(table.count(f"{name} ") >= 4 for name in fleet.databases)
    recap = first.recap()
    assert {name: recap[name]["failed"] for name in recap} == {"db1": 1, "db2": 0, "db3": 1, "db4": 0}
    said = first.output + (fleet.folder / "summary.json").read_text()
    assert not any(word in said for word in passwords(fleet) | {PUBLISHED_ROLE_PASSWORD})

    second = fleet.run()
    assert second.status == 0, second.output
    assert fleet.statuses() == {
        "db1": ("done", {"rotated"}),
        "db2": ("done", {"unchanged"}),
        "db3": ("done", {"rotated"}),
        "db4": ("done", {"unchanged"}),
    }
    assert all(fleet.rotated(name) for name in fleet.databases)
    third = fleet.run()
    assert (third.status, third.changed(), fleet.summary()["complete"]) == (0, 0, True), third.output


def passwords(fleet: Fleet) -> set[str]:
    (server,) = support.vault_content(fleet.store).values()
    records = [record for accounts in server["databases"].values() for record in accounts["auth.users"].values()]
    return {record["current"] for record in [*records, *server["roles"].values()]}


def test_canary_that_fails_ends_the_run(fleet: Fleet) -> None:
    broken = {"db1": NO_SERVER}
    stopped = fleet.run(hosts=broken)
    assert stopped.status == 2, stopped.output
    assert fleet.statuses() == {
        "db1": ("failed", {"failed"}),
        **{name: ("not_tried", {"not_tried"}) for name in ("db2", "db3", "db4")},
    }
    assert not any(fleet.rotated(name) for name in fleet.databases)
    # Half of the hosts tried so far may fail, so it goes on here; a quarter is too few for the last one.
    fleet.run(hosts={"db2": NO_SERVER}, domainflow_max_fail_percentage=25, domainflow_serial=[2, 1])
    assert [status for status, _accounts in fleet.statuses().values()] == ["done", "failed", "not_tried", "not_tried"]
    going_on = fleet.run(hosts=broken, domainflow_max_fail_percentage=100)
    assert going_on.status == 2, going_on.output
    assert [status for status, _accounts in fleet.statuses().values()] == ["failed", "done", "done", "done"]


def test_limit_and_tags(fleet: Fleet) -> None:
    for tags in ("host", "verify"):
        run = fleet.run("--tags", tags)
        # The published passwords are still in use, which only the verification looks at.
        assert run.status == (0 if tags == "host" else 2), run.output
        assert not fleet.store.exists() and not any(fleet.rotated(name) for name in fleet.databases)
    assert fleet.summary()["hosts"][0]["problem"].startswith("Published default passwords are still in use on db1")

    # Settings that are refused are found out before the first batch, so that host is not the one that goes first.
    refused = {"db1": {"pg_credentials_ssl_mode": "disable"}}
    limited = fleet.run("--limit", "db1,db2", "--tags", "credentials", hosts=refused)
    assert limited.status == 2, limited.output
    assert fleet.statuses() == {"db1": ("failed", {"failed"}), "db2": ("done", {"rotated"})}
    assert "which the environment 'local' refuses" in fleet.summary()["hosts"][0]["problem"]
    assert [fleet.rotated(name) for name in fleet.databases] == [False, True, False, False]

    rest = fleet.run("--skip-tags", "verify", domainflow_serial="100%")
    assert rest.status == 0, rest.output
    assert all(fleet.rotated(name) for name in fleet.databases)


def test_report_and_pairs(fleet: Fleet) -> None:
    """Pairs are declared like other accounts; the report says of all what a rotation would do, and when it is due."""
    database = fleet.databases["db1"]
    owner, *members = (f"{database.name}_{name}" for name in ("svc", "blue", "green"))
    database.execute(f"CREATE ROLE {owner} NOLOGIN")
    for member in members:
        database.execute(f"CREATE ROLE {member} LOGIN IN ROLE {owner}")
    pairs = {"pg_credentials_pairs": [{"name": owner, "members": members}]}
    options: dict[str, Any] = {"hosts": {"db1": pairs}, "pg_credentials_policy": "max_age"}
    try:
        only = ("--limit", "db1")
        run = fleet.run(*only, **options)
        assert run.status == 0, run.output
        before = support.hashes(database)
        # Somebody uses the other role, which stands in the way of a rotation that is due.
        (server,) = support.vault_content(fleet.store).values()
        (idle,) = set(members) - {server["pairs"][owner]["active"]}
        database.execute(f"ALTER ROLE {idle} PASSWORD 'in-use'")
        with closing(database.connect(user=idle, password="in-use", application_name="billing")):
            report = fleet.run(*only, playbook=REPORT, **options, pg_credentials_max_age=0)
        assert report.status == 0, report.output
        assert f"has to wait: 1 session(s) still use {idle} (billing)" in " ".join(report.output.split())
        assert f"db1 - {owner}: a new password is due" in report.output
        assert support.hashes(database) == before
        (host,) = fleet.summary()["hosts"]
        assert fleet.summary()["check_mode"] is True
        found = {account["name"]: account for account in host["accounts"]}
        assert found["admin@domainflow.local"]["status"] == "would_rotate"
        assert found[owner]["kind"] == "pair" and found[owner]["active"] in members
        assert (found[owner]["action"], found[owner]["overdue"]) == ("draining", True)
        assert all(account["next_due"] and account["rotated_at"] for account in host["accounts"])
        active = found[owner]["active"]
        (server,) = support.vault_content(fleet.store).values()
        database.connect(user=active, password=server["pairs"][owner]["current"]).close()
        with pytest.raises(psycopg2.OperationalError):
            database.connect(user=active, password=PUBLISHED_ROLE_PASSWORD)
    finally:
        for role in (*members, owner):
            database.execute(f"DROP ROLE {role}")
