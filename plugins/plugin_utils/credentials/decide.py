# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of states: what the database holds and what the record says decide what is done. No input, no output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Callable, Sequence

from .records import STABLE, Record, digest

# Which password the database's hash belongs to.
CURRENT, PENDING, PREVIOUS, GIVEN, DEFAULT, UNSET, UNKNOWN, MISSING = (
    "current",
    "pending",
    "previous",
    "given",
    "default",
    "unset",
    "unknown",
    "missing",
)

# What is done about it, by the names that the report uses.
NONE, RECORD, ROTATE, RESUME, PROMOTE, RESTORE, MIGRATE, REFUSE, DRAIN, RETIRE = (
    "none",
    "recorded",
    "rotated",
    "resumed",
    "promoted",
    "restored",
    "migrated",
    "refused",
    "draining",
    "retired",
)


@dataclass(frozen=True)
class Found:
    """The state of an account, and the password that was recognized, where one was."""

    state: str
    password: str | None = None


@dataclass(frozen=True)
class Rule:
    """What the task asks for."""

    policy: str
    max_age: int = 90
    adopt: bool = False


def recognize(
    stored: str | None,
    record: Record,
    wanted: str | None,
    defaults: Sequence[str],
    matches: Callable[[str, str], bool],
) -> Found:
    """Which password ``stored`` is a hash of. ``matches(password, stored)`` is the costly comparison."""
    if stored is None:
        return Found(UNSET)
    # A published default is one even if the store calls it current, as it does while its replacement is pending.
    known = DEFAULT if record.current in defaults else CURRENT
    if record.current is not None and record.hash_digest == digest(stored):
        return Found(known, record.current)
    candidates = [(known, record.current), (PENDING, record.pending), (PREVIOUS, record.previous), (GIVEN, wanted)]
    candidates += [(DEFAULT, default) for default in defaults]
    for state, password in candidates:
        if password is not None and matches(password, stored):
            return Found(state, password)
    return Found(UNKNOWN)


def decide(found: Found, record: Record, rule: Rule, wanted: str | None, weak: bool, now: datetime) -> str:
    """The action for an account.

    ``wanted`` is the password that the caller gives, ``weak`` says that the hash is of a format to leave (md5).
    """
    if wanted is not None and found.password == wanted:
        return _has_wanted(found, record, weak)
    if found.state == PENDING:
        return ROTATE if other_wanted(record.pending, rule, wanted) else PROMOTE
    if found.state == UNKNOWN:
        if rule.policy == "default_only":
            return NONE
        if not rule.adopt:
            return REFUSE
    elif found.state == UNSET and rule.policy == "default_only" and record.pending is None:
        return NONE
    if record.pending is not None:
        return ROTATE if other_wanted(record.pending, rule, wanted) else RESUME
    if found.state == PREVIOUS:
        return ROTATE if other_wanted(record.current, rule, wanted) else RESTORE
    if found.state == CURRENT and not due(record, rule, wanted, now):
        return MIGRATE if weak else NONE
    return ROTATE


def _has_wanted(found: Found, record: Record, weak: bool) -> str:
    """The database holds what the caller gives; what is left is that the store says so."""
    if found.state == PENDING:
        return PROMOTE
    if found.state != CURRENT or record.pending is not None:
        return RECORD
    return MIGRATE if weak else NONE


def other_wanted(known: str | None, rule: Rule, wanted: str | None) -> bool:
    return rule.policy == "ensure" and wanted is not None and wanted != known


def due(record: Record, rule: Rule, wanted: str | None, now: datetime) -> bool:
    if rule.policy == "always":
        return True
    if rule.policy == "max_age":
        age = record.age_in_days(now)
        return age is None or age >= rule.max_age
    return other_wanted(record.current, rule, wanted)


def settled(record: Record, found: Found, keep: int) -> Record:
    """``record`` saying which password the database holds, before another one becomes pending.

    ``keep`` is the number of former passwords to remember.
    """
    if found.password is None or found.password == record.current:
        return record
    if record.current is not None:
        record = replace(record, previous=record.current, history=record.remembered(keep))
    return replace(record, current=found.password, pending=None, phase=STABLE, hash_digest=None)
