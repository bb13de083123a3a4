# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role pg_audit on a private cluster: failed log-ins are made and found, in the JSON log and in the older CSV one."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
import role_hosts

import servers

pytestmark = pytest.mark.slow

# Packages are Debian's affair, and not of a cluster in a folder: the scenarios of molecule have pgaudit.
WITHOUT_PACKAGES = {"pg_audit_pgaudit": False}


@pytest.fixture(scope="module", params=[18, 13], ids=["jsonlog", "csvlog"])
def host(request: pytest.FixtureRequest) -> Iterator[tuple[role_hosts.Host, dict[str, object]]]:
    made = role_hosts.make()
    variables = {**WITHOUT_PACKAGES, "pg_host_local_bin_dir": str(servers.server_bin(request.param))}
    try:
        made.must("pg_host", "pg_audit", **variables)
        yield made, variables
    finally:
        if made.processes():
            made.must("pg_host/stop", **variables)
        role_hosts.remove(made)


def fail(host: role_hosts.Host, role: str, password: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        host.log_in(role, password=password)


def test_failures_are_found_and_counted(host: tuple[role_hosts.Host, dict[str, object]]) -> None:
    cluster, variables = host
    for _attempt in range(3):
        fail(cluster, "domainflow_app", "guessed")
    fail(cluster, 'nobody, "quoted"', "guessed")
    cluster.log_in("domainflow_app").close()
    rows = cluster.query(
        "SELECT role, address, code, count(*), bool_and(at > now() - interval '1 hour')"
        " FROM domainflow_audit.failed_logins GROUP BY 1, 2, 3 ORDER BY 1"
    )
    assert [(role, address in ("127.0.0.1", "::1"), *rest) for role, address, *rest in rows] == [
        ("domainflow_app", True, "28P01", 3, True),
        ('nobody, "quoted"', True, "28P01", 1, True),
    ]
    report = cluster.must("pg_audit/report", **variables)
    assert "3 x domainflow_app from " in role_hosts.flat(report)
    assert report.changed() == 0
    # The guesses themselves are nowhere in the log.
    assert all("guessed" not in path.read_text(errors="replace") for path in (cluster.data / "log").iterdir())


def test_the_report_can_be_an_alarm(host: tuple[role_hosts.Host, dict[str, object]]) -> None:
    cluster, variables = host
    for _attempt in range(3):
        fail(cluster, "domainflow_readonly", "guessed")
    refused = cluster.run("pg_audit/report", **variables, pg_audit_fail_above=2)
    assert refused.status == 2
    assert "More than 2 failed log-ins on localhost" in role_hosts.flat(refused)


def test_second_run_changes_nothing(host: tuple[role_hosts.Host, dict[str, object]]) -> None:
    cluster, variables = host
    assert cluster.must("pg_audit", **variables).changed() == 0
    assert cluster.must("pg_host", "pg_audit", arguments=("--check",), **variables).changed() == 0


def test_check_mode_on_a_fresh_host_makes_nothing() -> None:
    empty = role_hosts.make()
    try:
        run = empty.must("pg_host", "pg_audit", arguments=("--check",), **WITHOUT_PACKAGES)
        assert "A real run has it log every log-in" in role_hosts.flat(run)
    finally:
        role_hosts.remove(empty)
