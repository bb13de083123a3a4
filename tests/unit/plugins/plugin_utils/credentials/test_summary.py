# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a fleet: what each host's outcome is called, and how the table looks."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import summary

DECLARED = [("admin@example.com", "row"), ("app", "role")]


def entry(name: str, outcome: str, action: str = "none", state: str = "current", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "row", "state": state, "action": action, "outcome": outcome, **more}


def host(outcome: Any, **options: Any) -> summary.HostSummary:
    return summary.summarize_host("db1", DECLARED, "app", outcome, **options)


@pytest.mark.parametrize(
    ("given", "status", "accounts"),
    [
        ({"outcome": None}, "skipped", ["skipped", "skipped"]),
        ({"outcome": None, "reached": {"unreachable": True}}, "unreachable", ["unreachable", "unreachable"]),
        ({"outcome": {"unreachable": True, "msg": "ssh"}}, "unreachable", ["unreachable", "unreachable"]),
        ({"outcome": None, "stopped": True}, "not_tried", ["not_tried", "not_tried"]),
        ({"outcome": None, "problem": "no server"}, "failed", ["failed", "failed"]),
        ({"outcome": {"skipped": True, "changed": False}}, "no_server", ["no_server", "no_server"]),
        ({"outcome": {"accounts": [entry("a", "rotated", "resumed")]}}, "done", ["rotated"]),
        ({"outcome": {"accounts": [entry("a", "unchanged", state="unknown")]}}, "done", ["unknown"]),
        ({"outcome": {"accounts": [entry("a", "unchanged", state="missing")]}}, "done", ["missing"]),
        ({"outcome": {"accounts": [entry("a", "unchanged", state="unset")]}}, "done", ["no_password"]),
        # The accounts are in order, and something else of the host is not.
        ({"outcome": {"accounts": [entry("a", "rotated")]}, "problem": "verify"}, "failed", ["rotated"]),
        (
            {
                "outcome": {
                    "failed": True,
                    "msg": "unknown",
                    "unknown": ["a"],
                    "accounts": [entry("a", "failed", "failed"), entry("b", "failed", "failed")],
                }
            },
            "failed",
            ["unknown", "failed"],
        ),
        (
            {"outcome": {"failed": True, "msg": "x", "accounts": [entry("a", "applied_unverified", "unverified")]}},
            "failed",
            ["applied_unverified"],
        ),
    ],
)
def test_status(given: dict[str, Any], status: str, accounts: list[str]) -> None:
    found = host(**given)
    assert (found.status, [account.status for account in found.accounts]) == (status, accounts)
    assert (found.problem is not None) == (status in summary.INCOMPLETE)


def test_table_has_every_account_and_every_problem() -> None:
    done = host(
        {
            "accounts": [
                entry("admin@example.com", "rotated", "rotated", rotated_at="2026-01-31T12:34:56+00:00"),
                entry("svc", "unchanged", "draining", active="svc_blue", next_due="2026-05-01T00:00:00+00:00"),
                entry("late", "unchanged", "draining", active="late_blue", draining="late_green", overdue=True),
            ]
        }
    )
    failed = summary.summarize_host("database-2", DECLARED, None, {"failed": True, "msg": "no\n  server:  x"})
    lines = summary.as_lines([done, failed])
    assert [line.split("  ")[0] for line in lines[:6]] == ["host", "db1", "db1", "db1", "database-2", "database-2"]
    assert lines[1].split() == ["db1", "app", "admin@example.com", "row", "rotated", "2026-01-31", "12:34", "-"]
    assert "unchanged (draining, svc_blue is active)" in lines[2] and lines[2].endswith("2026-05-01 00:00")
    assert "unchanged (draining, late_blue is active, overdue)" in lines[3]
    assert lines[6] == "5 accounts on 2 hosts - 2 unchanged, 2 failed, 1 rotated"
    assert lines[7:] == [
        "db1 - late: a new password is due, and has to wait for services that use the former role",
        "database-2 (failed) - no. server: x.",
    ]
    # The columns are aligned.
    assert {line[:12].strip() for line in lines[1:6]} == {"db1", "database-2"}
    assert all(line[10:12] == "  " and line[12] != " " for line in lines[:6])


def test_data() -> None:
    data = summary.as_data([host({"accounts": [entry("a", "rotated")]}), host(None, stopped=True)], check=False)
    assert (data["complete"], data["incomplete_hosts"]) == (False, ["db1"])
    assert data["totals"] == {"not_tried": 2, "rotated": 1}
    assert summary.as_data([host({"accounts": []})], check=True)["complete"] is True
