# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation says about each account; never a password, never a hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from . import decide, pairs
from .records import as_text, from_text
from .steps import Account, Job, Step

# What a summary counts: the many actions, in five words.
ROTATED, WOULD_ROTATE, UNCHANGED, FAILED, UNVERIFIED = (
    "rotated",
    "would_rotate",
    "unchanged",
    "failed",
    "applied_unverified",
)
_NOTHING = {"rotated_at": None, "next_due": None, "sessions_ended": 0}


def reports(job: Job, steps: Sequence[Step], now: datetime) -> list[dict[str, Any]]:
    by_identity = {step.identity: step for step in steps}
    entries = []
    for account in job.accounts:
        step = by_identity.get((account.kind, account.name))
        entries.append(_report(job, step, now) if step else _missing(account))
    return entries


def failed(accounts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The report of (name, kind) pairs where the run ended before anything could be said of one of them."""
    return [
        {"name": name, "kind": kind, "state": None, "action": "failed", "outcome": FAILED, **_NOTHING}
        for name, kind in accounts
    ]


def _missing(account: Account) -> dict[str, Any]:
    entry = {"name": account.name, "kind": account.kind, "state": decide.MISSING, "action": decide.NONE}
    return {**entry, "outcome": UNCHANGED, **_NOTHING}


def _outcome(job: Job, step: Step) -> str:
    if step.action in (decide.NONE, decide.DRAIN):
        return UNCHANGED
    if step.action in ("unverified", "rolled_back"):
        return UNVERIFIED if step.action == "unverified" else FAILED
    return WOULD_ROTATE if job.check else ROTATED


def _report(job: Job, step: Step, now: datetime) -> dict[str, Any]:
    record = step.stored.record
    entry: dict[str, Any] = {
        "name": step.account.name,
        "kind": step.account.kind,
        "state": step.found.state,
        "action": step.action,
        "outcome": _outcome(job, step),
        **_NOTHING,
        "rotated_at": record.rotated_at,
        "sessions_ended": step.sessions_ended,
    }
    if job.rule.policy == "max_age":
        last = from_text(record.rotated_at) if record.rotated_at else None
        entry["next_due"] = as_text(last + timedelta(days=job.rule.max_age) if last else now)
    if step.pair is not None:
        entry.update(pairs.report(step.pair, record, job.pairs, now))
    return entry


def warnings(job: Job, steps: Sequence[Step], now: datetime) -> list[str]:
    """What did not fail, and should not stay as it is."""
    found = [
        pairs.warning(step.account.name, step.pair, step.stored.record, job.pairs, now) for step in steps if step.pair
    ]
    return [text for text in found if text]


def default_left(job: Job, step: Step) -> bool:
    if step.pair is not None:
        return pairs.defaults_left(step.pair, not job.check and step.new_hash is not None and not step.problem)
    if step.found.password is None or step.found.password not in step.account.defaults:
        return False
    return job.check or step.action in (decide.NONE, "rolled_back")
