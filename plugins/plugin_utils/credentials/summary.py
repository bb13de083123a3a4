# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of every account of a fleet, from the results of ``credential_rotate`` on its hosts. No secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# What a host's run came to. The last three are the ones that somebody has to look at.
DONE, SKIPPED, NO_SERVER, FAILED, UNREACHABLE, NOT_TRIED = (
    "done",
    "skipped",
    "no_server",
    "failed",
    "unreachable",
    "not_tried",
)
INCOMPLETE = (FAILED, UNREACHABLE, NOT_TRIED)

# States of credential_rotate in which an account that was left as it is is not simply unchanged.
_LEFT = {"unknown": "unknown", "missing": "missing", "unset": "no_password"}

_COLUMNS = ("host", "database", "account", "kind", "status", "last change", "next due")


@dataclass(frozen=True)
class AccountSummary:
    """An account of a host. All but ``status`` is as credential_rotate says it, where it got as far as to answer."""

    name: str
    kind: str
    status: str
    action: str | None = None
    state: str | None = None
    rotated_at: str | None = None
    next_due: str | None = None
    sessions_ended: int = 0
    active: str | None = None
    draining: str | None = None
    retire_due: str | None = None
    overdue: bool = False

    @property
    def in_words(self) -> str:
        """The status for people, with what is special about it."""
        words = self.status.replace("_", " ")
        special = [] if self.action in (None, "none", "failed", self.status, "unverified") else [self.action]
        special += [f"{self.active} is active"] if self.active else []
        special += ["overdue"] if self.overdue else []
        return f"{words} ({', '.join(text for text in special if text)})" if special else words


@dataclass(frozen=True)
class HostSummary:
    """A host and its accounts. ``problem`` says in words what went wrong."""

    host: str
    status: str
    database: str | None
    accounts: tuple[AccountSummary, ...]
    problem: str | None = None
    system_identifier: str | None = None
    store: str | None = None


def summarize_host(
    host: str,
    declared: Sequence[Sequence[str]],
    database: str | None,
    outcome: Mapping[str, Any] | None,
    problem: str | None = None,
    reached: Mapping[str, Any] | None = None,
    stopped: bool = False,
) -> HostSummary:
    """The summary of one host.

    ``declared`` are its accounts (name, kind), for hosts that gave no answer; ``outcome`` is the result of its
    credential_rotate task, if there is one; ``reached`` that of a task that tried to reach the host; ``problem`` is
    what else went wrong; ``stopped`` says that the run had ended before it was its turn.
    """
    said = outcome or {}
    if reached and reached.get("unreachable"):
        said = reached
    if said.get("unreachable"):
        status, problem = UNREACHABLE, str(said.get("msg") or problem or "The host cannot be reached")
    elif problem or said.get("failed"):
        status, problem = FAILED, problem or str(said.get("msg", "The task failed"))
    elif stopped:
        status, problem = NOT_TRIED, "Too many hosts had failed before it was this one's turn"
    elif outcome is None:
        status = SKIPPED
    elif "accounts" not in said:
        status = NO_SERVER
    else:
        status = DONE
    unknown = said.get("unknown") or ()
    entries = said.get("accounts") or [{"name": name, "kind": kind, "outcome": status} for name, kind in declared]
    return HostSummary(
        host,
        status,
        said.get("database") or database,
        tuple(_account(entry, entry["name"] in unknown) for entry in entries),
        _one_line(problem),
        said.get("system_identifier"),
        said.get("store"),
    )


def _account(entry: Mapping[str, Any], unknown: bool) -> AccountSummary:
    status = str(entry["outcome"])
    if status == "unchanged":
        status = _LEFT.get(str(entry["state"]), status)
    elif unknown and status == FAILED:
        status = "unknown"
    optional = ("action", "state", "rotated_at", "next_due", "active", "draining", "retire_due")
    return AccountSummary(
        name=str(entry["name"]),
        kind=str(entry["kind"]),
        status=status,
        sessions_ended=entry.get("sessions_ended") or 0,
        overdue=bool(entry.get("overdue")),
        **{name: entry.get(name) for name in optional},
    )


def totals(hosts: Iterable[HostSummary]) -> dict[str, int]:
    """Number of accounts by status."""
    return dict(Counter(account.status for host in hosts for account in host.accounts).most_common())


def as_data(hosts: Sequence[HostSummary], check: bool) -> dict[str, Any]:
    """The summary as it is written to a file."""
    return {
        "check_mode": check,
        "complete": not any(host.status in INCOMPLETE for host in hosts),
        "totals": totals(hosts),
        "incomplete_hosts": [host.host for host in hosts if host.status in INCOMPLETE],
        "hosts": [asdict(host) for host in hosts],
    }


def as_lines(hosts: Sequence[HostSummary]) -> list[str]:
    """The summary as a table, and below it what went wrong where."""
    rows = [
        (
            host.host,
            host.database or "-",
            account.name,
            account.kind,
            account.in_words,
            _moment(account.rotated_at),
            _moment(account.next_due),
        )
        for host in hosts
        for account in host.accounts
    ]
    widths = [max(len(row[column]) for row in [_COLUMNS, *rows]) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [_COLUMNS, *rows]]
    counted = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in totals(hosts).items())
    lines.append(f"{len(rows)} accounts on {len(hosts)} hosts - {counted or 'nothing to report'}")
    lines += [
        f"{host.host} - {account.name}: a new password is due, and has to wait for services that use the former role"
        for host in hosts
        for account in host.accounts
        if account.overdue
    ]
    lines += [f"{host.host} ({host.status.replace('_', ' ')}) - {host.problem}" for host in hosts if host.problem]
    return lines


def _moment(text: str | None) -> str:
    """To the minute, in UTC."""
    return f"{text[:10]} {text[11:16]}" if text else "-"


def _one_line(text: str | None) -> str | None:
    """A message and its hint, which ends as sentences do."""
    if not text:
        return None
    sentences = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return " ".join(line if line[-1] in ".!?:,;" else line + "." for line in sentences)
