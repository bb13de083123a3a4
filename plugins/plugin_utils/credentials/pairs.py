# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of states for a pair of login roles, of which services use the active one.

A new password is given to the idle role, which nobody uses; then that one is active. The other one goes on working
until its last session has ended (it is draining) and is retired then. So no service meets a password that does not
work, and the role whose password is changed is never one that somebody depends on. No input, no output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...module_utils.credentials.errors import AccountProblem, StoreError
from . import decide, scram
from .records import STABLE, Record, as_text, from_text
from .steps import Account, Choice, Job, Member, PairRule

_SWITCHES = (decide.ROTATE, decide.RESUME, decide.PROMOTE)


def members_of(account: Account, state: Mapping[str, Any]) -> tuple[Member, Member]:
    """The two roles, in the order of the task, from what the managed host has read."""
    roles = state["members"]
    first, second = (
        Member(name, role["hash"], role["can_login"], role["expired"], tuple(role["sessions"]))
        for name, role in ((name, roles[name]) for name in account.members)
    )
    return first, second


def choose(account: Account, members: tuple[Member, Member], record: Record, job: Job, now: datetime) -> Choice:
    """What to do about the pair ``account``; ``AccountProblem`` where nothing can be done."""
    if record.active is None:
        return _first(account, members, record, job)
    by_name = {member.name: member for member in members}
    if record.active not in by_name:
        raise StoreError(
            f"The store says that {record.active} is the active role of the pair {account.name}, and that is none of "
            f"its members ({', '.join(by_name)})",
            "Nothing was changed. Correct accounts[].members, or remove the record.",
        )
    active = by_name.pop(record.active)
    (idle,) = by_name.values()
    return _known(account, active, idle, record, job, now)


def _known(account: Account, active: Member, idle: Member, record: Record, job: Job, now: datetime) -> Choice:
    if record.pending is not None and idle.live and _opens(record.pending, idle):
        if not decide.other_wanted(record.pending, job.rule, account.wanted):
            return Choice(decide.PROMOTE, decide.Found(decide.PENDING, record.pending), idle, active)
    found = _recognize(account, active, record)
    with_default = _with_default(account, idle) if record.draining == idle.name else ()
    if found.state == decide.DEFAULT:
        with_default = (active.name, *with_default)

    def here(action: str) -> Choice:
        return Choice(action, found, active, idle, with_default)

    def switch() -> Choice:
        if not _free(idle, record, job.pairs, now):
            return replace(here(decide.DRAIN), overdue=True)
        resumes = record.pending is not None and not decide.other_wanted(record.pending, job.rule, account.wanted)
        return Choice(decide.RESUME if resumes else decide.ROTATE, found, idle, active, with_default)

    if found.state == decide.UNKNOWN and not job.rule.adopt:
        return here(decide.NONE if job.rule.policy == "default_only" else decide.REFUSE)
    if found.state == decide.UNSET and job.rule.policy == "default_only" and record.pending is None:
        return here(decide.NONE)
    if record.pending is not None:
        return switch()
    if found.state in (decide.UNSET, decide.PREVIOUS) and record.current is not None:
        return here(decide.RESTORE)
    if found.state == decide.GIVEN:
        return here(decide.RECORD)
    if found.state != decide.CURRENT:
        return switch()
    if not active.can_login or active.expired:
        raise AccountProblem(
            f"{account.name}: the active role {active.name} of the pair may not log in (NOLOGIN or VALID UNTIL)",
            "Nothing was changed. If nobody did that on purpose: ALTER ROLE ... LOGIN.",
        )
    if decide.due(record, job.rule, account.wanted, now):
        return switch()
    if scram.is_md5(active.hash or ""):
        return here(decide.MIGRATE)
    if record.draining != idle.name or job.pairs.retire == "keep":
        return here(decide.NONE)
    if not idle.live or _free(idle, record, job.pairs, now):
        return Choice(decide.RETIRE, found, idle, active)
    return here(decide.DRAIN)


def _first(account: Account, members: tuple[Member, Member], record: Record, job: Job) -> Choice:
    """The store knows nothing of the pair yet, or no more than a pending password."""
    rule = job.rule
    found = {}
    for member in members:
        found[member.name] = decide.recognize(
            member.hash, Record(pending=record.pending), account.wanted, account.defaults, _comparison(member)
        )
    with_default = tuple(name for name, state in found.items() if state.state == decide.DEFAULT)

    def choice(action: str, target: Member) -> Choice:
        (other,) = (member for member in members if member is not target)
        return Choice(action, found[target.name], target, other, with_default)

    for member in members:
        state = found[member.name].state
        if state == decide.PENDING and member.live:
            if decide.other_wanted(record.pending, rule, account.wanted):
                return choice(decide.ROTATE, member)
            return choice(decide.PROMOTE, member)
        if state == decide.GIVEN and member.live:
            return choice(decide.RECORD, member)
    free = [member for member in members if not (member.live and member.sessions)]
    if not free:
        raise AccountProblem(
            f"{account.name}: both roles of the pair are in use ({' and '.join(found)}): none can be given a password",
            "Nothing was changed. Let every service use one of them until the other has no session.",
        )
    # The one that nobody can be using comes first, one whose password nobody is known to know last.
    idle = min(free, key=lambda member: (member.live, found[member.name].state == decide.UNKNOWN))
    unknown = idle.live and found[idle.name].state == decide.UNKNOWN
    if rule.policy == "default_only" and not with_default and record.pending is None:
        return choice(decide.NONE, idle)
    if unknown and not rule.adopt:
        return choice(decide.NONE if rule.policy == "default_only" else decide.REFUSE, idle)
    resumes = record.pending is not None and not decide.other_wanted(record.pending, rule, account.wanted)
    return choice(decide.RESUME if resumes else decide.ROTATE, idle)


def _recognize(account: Account, active: Member, record: Record) -> decide.Found:
    # What is pending is the other role's; what this one had before is ``former``.
    own = replace(record, pending=None, previous=record.former)
    return decide.recognize(active.hash, own, account.wanted, account.defaults, _comparison(active))


def _free(idle: Member, record: Record, rule: PairRule, now: datetime) -> bool:
    """Whether nobody depends on the role that is not active."""
    if not idle.live:
        return True
    if idle.sessions:
        return False
    waits = record.draining == idle.name or rule.retire == "keep"
    return not waits or now >= retire_due(record, rule, now)


def retire_due(record: Record, rule: PairRule, now: datetime) -> datetime:
    """When the role that was active before may be retired, if it has no session."""
    switched = from_text(record.rotated_at) if record.rotated_at else now
    return switched + timedelta(seconds=rule.retire_after)


def change(step_pair: Choice, action: str, rule: PairRule) -> dict[str, Any]:
    """What is to be altered of the target beside its verifier."""
    target = step_pair.target
    if action == decide.RETIRE:
        wanted: dict[str, Any] = {"unused": True}
        if rule.retire == "nologin":
            wanted["login"] = False
        elif rule.retire == "expire":
            wanted["valid_until"] = "now"
        return wanted
    # A role that logs in already, and had no session, must have none at the moment of the change either.
    wanted = {"login": True, "unused": True if target.live and action in (decide.ROTATE, decide.RESUME) else None}
    if target.expired:
        wanted["valid_until"] = "infinity"
    return wanted


def undo(step_pair: Choice) -> dict[str, Any]:
    """What takes ``change`` back, beside the verifier."""
    back: dict[str, Any] = {"login": step_pair.target.can_login}
    return {**back, "valid_until": "now"} if step_pair.target.expired else back


def final(step_pair: Choice, action: str, before: Record, after: Record, rule: PairRule) -> Record:
    """``after``, as it is for an account of one password, saying which role is active and which is draining."""
    target, other = step_pair.target.name, step_pair.other
    draining = other.name if other.live and rule.retire != "keep" else None
    if action in _SWITCHES:
        # What was ``previous`` is what the role had that is active now.
        return replace(after, active=target, draining=draining, former=before.previous)
    if action == decide.RECORD:
        return replace(after, active=target, draining=draining)
    if action == decide.RESTORE:
        return replace(after, active=target, draining=draining, former=before.former)
    return replace(after, active=before.active, draining=before.draining, former=before.former)


def retired(record: Record) -> Record:
    return replace(record, draining=None, phase=STABLE)


def report(step_pair: Choice, record: Record, rule: PairRule, now: datetime) -> dict[str, Any]:
    """What a pair's result says beside that of any account; ``sessions`` are those of the role that is not active."""
    members = {member.name: member for member in (step_pair.target, step_pair.other)}
    active = record.active if record.active in members else None
    draining = record.draining if record.draining in members else None
    old = next((member for name, member in members.items() if name != active), None) if active else None
    return {
        "active": active,
        "draining": draining,
        "overdue": step_pair.overdue,
        "sessions": [dict(session) for session in old.sessions] if old else [],
        "retire_due": as_text(retire_due(record, rule, now)) if draining else None,
    }


def warning(name: str, step_pair: Choice, record: Record, rule: PairRule, now: datetime) -> str | None:
    """What somebody should do something about: the pair ``name`` cannot be rotated, and should be."""
    if not step_pair.overdue:
        return None
    old = step_pair.other
    if old.sessions:
        who = sorted({str(session["application_name"] or "unnamed") for session in old.sessions})
        reason = f"{len(old.sessions)} session(s) still use {old.name} ({', '.join(who)})"
    else:
        reason = f"services have until {as_text(retire_due(record, rule, now))} to leave {old.name}"
    return f"{name}: a new password is due, and has to wait: {reason}"


def awaited(step_pair: Choice, record: Record, rule: PairRule, now: datetime) -> str | None:
    """The role whose last session is all that is waited for."""
    old = step_pair.other
    return old.name if old.sessions and now >= retire_due(record, rule, now) else None


def defaults_left(step_pair: Choice, done: bool) -> bool:
    """Whether a published default password still opens one of the two."""
    gone = step_pair.target.name if done else None
    return any(name != gone for name in step_pair.with_default)


def _with_default(account: Account, member: Member) -> tuple[str, ...]:
    if not member.live:
        return ()
    return (member.name,) if any(_opens(default, member) for default in account.defaults) else ()


def _opens(password: str, member: Member) -> bool:
    return member.hash is not None and scram.matches(password, member.hash, member.name)


def _comparison(member: Member) -> Callable[[str, str], bool]:
    return lambda password, verifier: scram.matches(password, verifier, member.name)
