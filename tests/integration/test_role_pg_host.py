# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role pg_host, local flavour: what it makes, what it leaves alone, and what it says when it cannot."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import role_hosts

NEW = [{"name": "new_one", "login": True}]
ROLES = (
    "SELECT rolname, rolcanlogin, rolcreatedb, rolsuper, rolcreaterole FROM pg_roles "
    "WHERE rolname ~ '^domainflow_' ORDER BY 1"
)


@pytest.fixture(scope="module")
def host() -> Iterator[role_hosts.Host]:
    made = role_hosts.make()
    try:
        made.must("pg_host")
        yield made
    finally:
        role_hosts.remove(made)


@pytest.fixture
def empty() -> Iterator[role_hosts.Host]:
    made = role_hosts.make()
    try:
        yield made
    finally:
        role_hosts.remove(made)


def test_check_mode_on_a_fresh_host_makes_nothing(empty: role_hosts.Host) -> None:
    checked = empty.must("pg_host", arguments=("--check", "--diff"))
    assert checked.changed() > 0
    assert "A real run makes it, with the roles domainflow_owner" in role_hosts.flat(checked)
    assert [path.name for path in empty.folder.iterdir()] == ["play.yml"]


def test_second_run_changes_nothing(host: role_hosts.Host) -> None:
    assert host.must("pg_host").changed() == 0
    assert host.must("pg_host", arguments=("--check",)).changed() == 0


def test_the_cluster_is_private_and_checked(host: role_hosts.Host) -> None:
    settings = dict(
        host.query(
            "SELECT name, setting FROM pg_settings WHERE name IN ('data_checksums', 'listen_addresses', "
            "'password_encryption', 'unix_socket_directories')"
        )
    )
    assert settings == {
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "unix_socket_directories": str(host.folder / "cluster" / "run"),
    }
    assert stat.S_IMODE(host.data.stat().st_mode) == 0o700
    assert {os.stat(f"/proc/{process}").st_uid for process in host.processes()} == {host.data.stat().st_uid}
    assert host.data.stat().st_uid != 0
    assert not (host.data / "postgresql.auto.conf").read_text(encoding="utf-8").count("=")


def test_roles_have_what_they_need_and_no_more(host: role_hosts.Host) -> None:
    assert host.query(ROLES) == [
        ("domainflow_app", True, False, False, False),
        ("domainflow_app_ro", False, False, False, False),
        ("domainflow_app_rw", False, False, False, False),
        ("domainflow_deployer", True, True, False, False),
        ("domainflow_owner", False, False, False, False),
        ("domainflow_readonly", True, False, False, False),
    ]
    host.query("CREATE ROLE passer_by LOGIN PASSWORD 'let me in'")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        host.log_in("passer_by", password="let me in")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        host.log_in("domainflow_app", password="wrong")


def test_the_owners_tables_are_open_to_the_groups_where_the_schema_is(host: role_hosts.Host) -> None:
    deployer = host.log_in("domainflow_deployer")
    with deployer.cursor() as cursor:
        cursor.execute(
            "SET ROLE domainflow_owner; CREATE SCHEMA opened; CREATE SCHEMA closed; "
            "CREATE TABLE opened.t (id serial PRIMARY KEY); CREATE TABLE closed.t (id int); "
            "GRANT USAGE ON SCHEMA opened TO domainflow_app_rw, domainflow_app_ro"
        )
    deployer.close()
    application = host.log_in("domainflow_app")
    with application.cursor() as cursor:
        cursor.execute("INSERT INTO opened.t DEFAULT VALUES RETURNING id")
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT * FROM closed.t")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE opened.mine (id int)")
    application.close()
    reader = host.log_in("domainflow_readonly")
    with reader.cursor() as cursor:
        cursor.execute("SELECT id FROM opened.t")
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM opened.t")
    reader.close()


def test_no_secret_is_shown_or_logged(host: role_hosts.Host) -> None:
    role = {"name": "shown_to_nobody", "login": True}
    kept = host.folder / "secrets" / role["name"]
    run = host.must(
        "pg_host",
        arguments=("-vvvv", "--diff"),
        pg_host_roles=[role],
        pg_host_databases=[],
        pg_host_update_passwords="always",
    )
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    password = kept.read_text(encoding="utf-8").strip()
    assert len(password) == 32
    ((verifier,),) = host.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'shown_to_nobody'")
    log = (host.data / "server.log").read_text(encoding="utf-8")
    assert "log_statement" in log or "statement:" in log  # everything is logged, except what the role does
    for secret in (password, verifier, verifier.rpartition("$")[2]):
        assert secret not in run.output
        assert secret not in log


@pytest.mark.slow
def test_a_password_that_was_changed_is_kept_unless_told_otherwise(host: role_hosts.Host) -> None:
    host.query("ALTER ROLE domainflow_app PASSWORD 'rotated by somebody'")
    assert host.must("pg_host").changed() == 0
    host.log_in("domainflow_app", password="rotated by somebody").close()
    given = {"domainflow_app": "Grün: ein gegebenes\u00a0Paßwort"}
    always = {"pg_host_update_passwords": "always", "pg_host_role_passwords": given}
    assert host.must("pg_host", **always).changed() == 1
    assert host.must("pg_host", **always).changed() == 0
    host.log_in("domainflow_app", password=given["domainflow_app"]).close()
    assert host.must("pg_host", pg_host_update_passwords="always").changed() == 1
    host.log_in("domainflow_app").close()


@pytest.mark.slow
def test_a_role_that_drifted_is_put_right(host: role_hosts.Host) -> None:
    host.query("ALTER ROLE domainflow_readonly SUPERUSER CONNECTION LIMIT 3")
    host.query("REVOKE domainflow_app_ro FROM domainflow_readonly")
    assert host.must("pg_host", arguments=("--check",)).changed() == 2
    assert host.must("pg_host").changed() == 2
    assert ("domainflow_readonly", True, False, False, False) in host.query(ROLES)


@pytest.mark.slow
def test_settings_take_effect_and_bad_ones_never_do(host: role_hosts.Host) -> None:
    (process,) = host.query("SELECT pg_postmaster_start_time()")
    good = {**host.variables["pg_host_settings"], "work_mem": "5MB"}
    assert host.must("pg_host", pg_host_settings=good).changed() > 0
    assert host.query("SHOW work_mem") == [("5MB",)]
    assert host.query("SELECT pg_postmaster_start_time()") == [process]
    written = (host.data / "conf.d" / "10-pg_host.conf").read_text(encoding="utf-8")

    refused = host.run("pg_host", pg_host_settings={**good, "work_mem": "a lot"})
    assert refused.status != 0
    assert 'invalid value for parameter "work_mem": "a lot"' in role_hosts.flat(refused)
    assert (host.data / "conf.d" / "10-pg_host.conf").read_text(encoding="utf-8") == written

    waits = {**good, "max_connections": 37}
    assert host.must("pg_host", pg_host_settings=waits).changed() > 0
    assert host.query("SHOW max_connections") == [("37",)]
    assert host.query("SELECT pg_postmaster_start_time()") != [process]
    assert host.must("pg_host", pg_host_settings=waits).changed() == 0
    host.must("pg_host")


@pytest.mark.slow
def test_it_can_be_stopped(host: role_hosts.Host) -> None:
    port = host.port
    assert host.must("pg_host/stop").changed() == 1
    assert host.processes() == []
    assert host.must("pg_host/stop").changed() == 0
    assert host.must("pg_host").changed() == 1
    assert host.port == port


@pytest.mark.slow
def test_it_survives_a_crash(host: role_hosts.Host) -> None:
    with role_hosts.orphans_adopted():
        host.must("pg_host/stop")
        host.must("pg_host")
        # A crash leaves lock files behind, and a zombie for as long as the parent does not ask for its status.
        server = int((host.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0])
        os.kill(server, signal.SIGKILL)
        role_hosts.wait_for(lambda: not host.processes())
        assert Path(f"/proc/{server}").exists()
        assert host.must("pg_host", arguments=("--check",)).changed() > 0
        os.waitpid(server, 0)
        assert host.must("pg_host").changed() == 1
        assert host.query("SELECT 1") == [(1,)]


@pytest.mark.slow
def test_a_port_of_somebody_else_is_named(host: role_hosts.Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        refused = host.run("pg_host", pg_host_listen_port=port)
        assert refused.status != 0
        assert f"port {port} is taken by a program that is not the cluster" in role_hosts.flat(refused)
        assert f"(process {os.getpid()}, " in role_hosts.flat(refused)
    assert host.query("SELECT 1") == [(1,)]
    assert host.must("pg_host", pg_host_listen_port=port).changed() > 0
    assert host.port == port
    assert host.query("SELECT 1") == [(1,)]
    assert host.must("pg_host").changed() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"pg_host_local_dir": ""}, "pg_host_local_dir must be an absolute path"),
        ({"pg_host_local_bin_dir": "/nowhere/bin"}, "Install Debian's package 'postgresql'"),
        ({"pg_host_wanted_version": "9"}, "wanted version '9'"),
        ({"pg_host_flavour": "solaris"}, "value of pg_host_flavour must be one of: debian, local"),
        (
            {"pg_host_password_dir": "", "pg_host_roles": [{"name": "domainflow_app", "login": True}, *NEW]},
            "The roles new_one need a password",
        ),
        (
            {"pg_host_databases": [{"name": "domainflow", "encoding": "LATIN1"}]},
            "domainflow has UTF8, wanted is LATIN1",
        ),
        ({"pg_host_roles": [{"name": "x"}, {"name": "x"}]}, "declared twice in pg_host_roles"),
        ({"pg_host_locale": "xx_YY.UTF-8"}, "the locale xx_YY.UTF-8 is not there; make it"),
        ({"pg_host_min_free_mb": 800_000_000}, "of 100000000 MB that have to be free; make room"),
    ],
)
def test_what_it_cannot_do_it_says(host: role_hosts.Host, variables: dict[str, object], said: str) -> None:
    before = host.query("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1")
    refused = host.run("pg_host", **variables)
    assert refused.status != 0
    assert said in role_hosts.flat(refused)
    assert host.query("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1") == before
