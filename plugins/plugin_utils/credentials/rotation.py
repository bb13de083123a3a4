# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rotation: read, decide, write pending, apply, verify, promote.

Whatever stops a run between two of them, the next run finds the same accounts in a state of ``decide``'s table and
goes on from there: the new password is in the store before the database has its hash, and the old one stays
in the store until the new one was seen in the database.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Protocol, TypeVar

from ...module_utils.credentials.errors import AccountChanged, AccountProblem, StoreConflict, StoreError, Unverified
from ...module_utils.errors import Busy, EngineError
from . import bcrypt_hash, decide, generate, pairs, report, scram
from .records import STABLE, UNVERIFIED, Key, Record, as_text, digest, pair_key, role_key, row_key
from .steps import Account, Job, Step
from .stores import Change, Store, Stored

_ROUNDS = 3
_CHANGES = (decide.ROTATE, decide.RESUME, decide.RESTORE, decide.MIGRATE)
_T = TypeVar("_T")
_R = TypeVar("_R")


class Server(Protocol):
    """The managed host: answers the requests of ``module_utils.credentials.exchange``."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises the ``EngineError`` that the host ended with."""


class _Observed:
    """A server that remembers whether it was changed, also by an attempt that another run then overtook."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.changed = False

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._server.ask(request)
        if request["phase"] == "apply" and (request["rows"] or request["roles"]):
            self.changed = True
        return answer


def rotate(server: Server, store: Store, job: Job, now: datetime | None = None) -> dict[str, Any]:
    """Do what ``job`` asks for; the module's result, without any secret."""
    _check(job)
    moment = now or datetime.now(timezone.utc)
    observed = _Observed(server)
    failure = ""
    for _round in range(_ROUNDS):
        try:
            result = _round_trip(observed, store, job, moment)
        except (AccountChanged, StoreConflict) as error:
            failure = error.message
            continue
        return {**result, "changed": result["changed"] or observed.changed}
    raise Busy(f"{failure} ({_ROUNDS} attempts)", "Another run works on the same accounts. Run again.")


def _round_trip(server: Server, store: Store, job: Job, now: datetime) -> dict[str, Any]:
    read = _read(server, job)
    steps = _recognize(store, job, read, now)
    if _wait_for_sessions(server, job, steps, now):
        steps = _recognize(store, job, _read(server, job), now)
    _refuse(steps)
    if not job.check:
        steps = _write_pending(store, job, steps, now)
        steps = _make_hashes(job, steps)
        steps = _apply(server, job, steps)
        steps = _promote(store, job, steps, now)
    result = {
        "changed": any(step.action not in (decide.NONE, decide.DRAIN) for step in steps),
        "accounts": report.reports(job, steps, now),
        "defaults_left": [step.account.name for step in steps if report.default_left(job, step)],
        "unknown": [
            step.account.name
            for step in steps
            if step.found.state == decide.UNKNOWN and (job.check or step.action == decide.NONE)
        ],
        "system_identifier": read["system"],
        "database": read["database"],
        "store": store.place,
    }
    warnings = report.warnings(job, steps, now)
    if warnings:
        result["warnings"] = warnings
    problems = [step for step in steps if step.problem]
    if problems:
        raise Unverified(
            "; ".join(f"{step.account.name}: {step.problem}" for step in problems),
            "The database and the store are consistent. Remove the cause and run again.",
            {**result, "changed": True},
        )
    return result


def _check(job: Job) -> None:
    """What is wrong whatever the database holds."""
    generate.check(job.recipe)
    if any(account.kind == "row" for account in job.accounts):
        bcrypt_hash.require_library()
    published = {default for account in job.accounts for default in account.defaults}
    seen: set[tuple[str, str]] = set()
    for account in job.accounts:
        if (account.kind, account.name) in seen:
            raise AccountProblem(f"{account.name} is listed twice")
        seen.add((account.kind, account.name))
        if account.kind == "pair":
            _check_pair(account)
        if account.kind == "row" and job.table is None:
            raise AccountProblem(f"{account.name} is a row, and the option table is not set")
        if account.wanted is None:
            continue
        if account.wanted == "":
            raise AccountProblem(f"{account.name}: the given password is empty")
        if "\0" in account.wanted:
            raise AccountProblem(f"{account.name}: the given password contains a NUL character")
        if any(0xD800 <= ord(char) <= 0xDFFF for char in account.wanted):
            raise AccountProblem(f"{account.name}: the given password is no valid text (a lone surrogate)")
        if account.wanted in published:
            raise AccountProblem(
                f"{account.name}: the given password is a published default", "Choose one that nobody else knows."
            )
        if account.kind == "row":
            bcrypt_hash.check_password(account.name, account.wanted)
    _check_roles(job)
    if any(account.kind == "row" and account.wanted is None for account in job.accounts):
        longest = job.recipe.length
        if longest > bcrypt_hash.MAX_BYTES:
            raise AccountProblem(
                f"generate.length is {longest}, and bcrypt uses the first {bcrypt_hash.MAX_BYTES} only"
            )


def _check_pair(account: Account) -> None:
    if len(account.members) != 2 or len({*account.members, account.owner}) != 3:
        raise AccountProblem(
            f"{account.name} is a pair, which has two different members and another role as their owner",
            "Set accounts[].members, and accounts[].owner where the owner's name is not the pair's.",
        )


def _check_roles(job: Job) -> None:
    """A login role has one keeper."""
    roles = [account.name for account in job.accounts if account.kind == "role"]
    roles += [member for account in job.accounts for member in account.members]
    twice = sorted({name for name in roles if roles.count(name) > 1})
    if twice:
        raise AccountProblem(f"{', '.join(twice)} is listed twice, as a login role of its own or in a pair")


def _read_request(job: Job) -> dict[str, Any]:
    rows = [account.name for account in job.accounts if account.kind == "row"]
    return {
        "phase": "read",
        "rows": {"table": job.table, "names": rows} if rows else None,
        "roles": [account.name for account in job.accounts if account.kind == "role"],
        "pairs": [
            {"name": account.name, "members": list(account.members), "owner": account.owner}
            for account in job.accounts
            if account.kind == "pair"
        ],
        "ignore_missing": job.ignore_missing,
        "ignore_missing_table": job.ignore_missing and job.check,
    }


def _read(server: Server, job: Job) -> dict[str, Any]:
    try:
        return server.ask(_read_request(job))
    except EngineError as error:
        # In check mode on a fresh host the database is not there yet, and nothing in it is due.
        if not (job.ignore_missing and job.check and error.details.get("cause") == "no_database"):
            raise
    return {"system": None, "database": None, "rows": {}, "roles": {}, "pairs": {}}


def _recognize(store: Store, job: Job, read: Mapping[str, Any], now: datetime) -> list[Step]:
    keys = {}
    present = [account for account in job.accounts if account.name in read[f"{account.kind}s"]]
    for account in present:
        if account.kind == "row":
            keys[account] = row_key(read["system"], read["database"], (job.table or {})["name"], account.name)
        else:
            key = role_key if account.kind == "role" else pair_key
            keys[account] = key(read["system"], account.name)
    stored = store.read(list(keys.values()))

    def recognize(account: Account) -> Step:
        if account.kind == "pair":
            return _recognize_pair(job, account, read["pairs"][account.name], keys[account], stored[keys[account]], now)
        found_hash = read[f"{account.kind}s"][account.name]["hash"]
        _check_format(job, account, found_hash)
        entry = stored[keys[account]]
        found = decide.recognize(found_hash, entry.record, account.wanted, account.defaults, _comparison(account))
        weak = account.kind == "role" and found_hash is not None and scram.is_md5(found_hash)
        action = decide.decide(found, entry.record, job.rule, account.wanted, weak, now)
        return Step(account, keys[account], entry, found, found_hash, action)

    return _in_parallel(recognize, present)


def _recognize_pair(
    job: Job, account: Account, state: Mapping[str, Any], key: Key, entry: Stored, now: datetime
) -> Step:
    members = pairs.members_of(account, state)
    for member in members:
        _check_format(job, account, member.hash)
    pair = pairs.choose(account, members, entry.record, job, now)
    return Step(account, key, entry, pair.found, pair.target.hash, pair.action, pair=pair)


def _wait_for_sessions(server: Server, job: Job, steps: Sequence[Step], now: datetime) -> bool:
    """Wait for the last session of roles that are draining; whether it was waited."""
    if job.check or job.pairs.wait <= 0:
        return False
    waiting = [step for step in steps if step.pair is not None and step.action == decide.DRAIN]
    names = [pairs.awaited(step.pair, step.stored.record, job.pairs, now) for step in waiting if step.pair]
    roles = [name for name in names if name]
    if roles:
        server.ask({"phase": "drain", "roles": roles, "wait": job.pairs.wait})
    return bool(roles)


def _comparison(account: Account) -> Callable[[str, str], bool]:
    if account.kind == "row":
        return bcrypt_hash.matches
    return lambda password, verifier: scram.matches(password, verifier, account.name)


def _check_format(job: Job, account: Account, found: str | None) -> None:
    if found is None:
        return
    if account.kind == "row" and not bcrypt_hash.is_hash(found):
        raise AccountProblem(
            f"{account.name}: column {(job.table or {})['hash_column']} does not hold a bcrypt hash",
            "Nothing was changed. Only $2a$, $2b$ and $2y$ hashes are understood.",
        )
    if account.kind != "row" and not scram.is_verifier(found):
        raise AccountProblem(
            f"{account.name}: the server holds a verifier of an unknown format", "Nothing was changed."
        )


def _refuse(steps: Sequence[Step]) -> None:
    refused = [step for step in steps if step.action == decide.REFUSE]
    if not refused:
        return
    recorded = [step.account.name for step in refused if step.stored.version is not None]
    hint = "Nothing was changed. Set adopt to give them new passwords, or use policy default_only to leave them alone."
    if recorded:
        hint += f" The store has a record of {', '.join(recorded)}: the password was changed by somebody else."
    else:
        hint += " If the database was moved from another server, the store keeps its passwords under that one."
    raise AccountProblem(
        "The password of "
        + ", ".join(step.account.name for step in refused)
        + " is neither in the store nor a published default",
        hint,
        {"unknown": [step.account.name for step in refused]},
    )


def _write_pending(store: Store, job: Job, steps: Sequence[Step], now: datetime) -> list[Step]:
    """Choose the passwords, and have the new ones in the store, read back, before anything changes."""
    chosen = [replace(step, target=_target(job, step)) for step in steps]
    changes = {}
    for step in chosen:
        if step.action != decide.ROTATE or step.target is None:
            continue
        record = step.stored.record if step.pair else decide.settled(step.stored.record, step.found, job.history)
        if step.account.wanted is not None and job.history > 0 and step.stored.record.was_used(step.account.wanted):
            raise AccountProblem(
                f"{step.account.name}: the given password was used before", "Nothing was changed. Choose another one."
            )
        changes[step.key] = Change(record.with_pending(step.target), step.stored.version)
    written = _write(store, changes)
    return [replace(step, stored=written.get(step.key, step.stored)) for step in chosen]


def _target(job: Job, step: Step) -> str | None:
    """The password that the database shall have."""
    if step.action == decide.ROTATE:
        if step.account.wanted is not None:
            return step.account.wanted
        return generate.password(job.recipe)
    if step.action in (decide.RESUME, decide.PROMOTE):
        return step.stored.record.pending
    if step.action in (decide.RESTORE, decide.MIGRATE):
        return step.stored.record.current
    return None


def _write(store: Store, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
    if not changes:
        return {}
    store.write(changes)
    again = store.read(list(changes))
    for key, change in changes.items():
        if again[key].record != change.record:
            raise StoreError(
                f"The store does not hold what was written for {key.account}",
                "Another run, or a broken store. Run again.",
            )
    return again


def _make_hashes(job: Job, steps: Sequence[Step]) -> list[Step]:
    def make(step: Step) -> Step:
        if step.action == decide.RETIRE and job.pairs.retire == "password" and step.pair and step.pair.target.live:
            # A password that nobody ever knows.
            return replace(step, new_hash=scram.make(generate.password(job.recipe), job.scram_iterations))
        if step.action not in _CHANGES or step.target is None:
            return step
        if step.account.kind == "row":
            return replace(step, new_hash=bcrypt_hash.make(step.target, job.bcrypt_cost, step.hash))
        return replace(step, new_hash=scram.make(step.target, job.scram_iterations))

    return _in_parallel(make, list(steps))


def _apply(server: Server, job: Job, steps: Sequence[Step]) -> list[Step]:
    """Change the database, and prove the passwords of login roles."""
    rows = [_change(step) for step in steps if step.new_hash and step.account.kind == "row"]
    roles = [_role_change(job, step) for step in steps if _alters_role(step)]
    logins = [login for step in steps for login in _login(job, step)]
    if not rows and not roles and not logins:
        return list(steps)
    answer = server.ask(_apply_request(job, rows, roles, logins))
    sessions = answer.get("sessions", {})
    results = answer.get("logins", {})
    done = []
    for step in steps:
        if step.account.kind == "row":
            done.append(replace(step, sessions_ended=sessions.get(step.account.name, 0)))
            continue
        result = results.get(step.role, {"result": "ok"})
        if result["result"] == "refused" and step.new_hash:
            done.append(_roll_back(server, job, step, result["message"]))
        elif result["result"] != "ok":
            problem = f"the new password could not be proven by a log-in: {result['message']}"
            done.append(replace(step, action="unverified", problem=problem))
        else:
            done.append(step)
    return done


def _apply_request(
    job: Job, rows: list[dict[str, Any]], roles: list[dict[str, Any]], logins: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "phase": "apply",
        "rows": {"table": job.table, "changes": rows} if rows else None,
        "roles": {"changes": roles, "audit": (job.table or {}).get("audit")} if roles else None,
        "logins": logins,
    }


def _alters_role(step: Step) -> bool:
    if step.pair is not None and step.action == decide.RETIRE:
        return step.pair.target.live
    return step.account.kind != "row" and step.new_hash is not None


def _role_change(job: Job, step: Step) -> dict[str, Any]:
    change = {**_change(step), "name": step.role}
    if step.pair is None:
        return change
    return {**change, "pair": step.account.name, **pairs.change(step.pair, step.action, job.pairs)}


def _change(step: Step) -> dict[str, Any]:
    return {"name": step.account.name, "old": step.hash, "new": step.new_hash, "reason": _reason(step)}


def _reason(step: Step) -> str:
    if step.action == decide.ROTATE:
        return f"{step.found.state} password replaced"
    return {
        decide.RESUME: "interrupted rotation resumed",
        decide.RESTORE: "current password applied again",
        decide.MIGRATE: "verifier migrated to SCRAM-SHA-256",
        decide.RETIRE: "retired: another role is active and no session is left",
    }[step.action]


def _login(job: Job, step: Step) -> list[dict[str, Any]]:
    """The log-in that proves a role's password; with keys that are good for this one verifier."""
    verifier = step.new_hash or step.hash
    if step.account.kind == "row" or step.target is None or not job.login or verifier is None:
        return []
    keys = scram.keys_for(step.target, verifier)
    if keys is None:
        return []
    return [{"name": step.role, "client_key": _text(keys.client), "server_key": _text(keys.server), **job.login}]


def _roll_back(server: Server, job: Job, step: Step, message: str) -> Step:
    """The server refuses the password that it was just given: put the old verifier back."""
    if step.hash is None:
        return replace(step, action="unverified", problem=f"the server refuses the new password: {message}")
    back = {"name": step.role, "old": step.new_hash, "new": step.hash, "reason": "log-in refused: rolled back"}
    if step.pair is not None:
        back.update(pair=step.account.name, **pairs.undo(step.pair))
    server.ask(_apply_request(job, [], [back], []))
    return replace(
        step, action="rolled_back", problem=f"the server refused the new password ({message}); the old one is back"
    )


def _promote(store: Store, job: Job, steps: Sequence[Step], now: datetime) -> list[Step]:
    """Call the new passwords current, all in one write."""
    changes = {}
    for step in steps:
        record = _final(job, step, now)
        if record is not None and record != step.stored.record:
            changes[step.key] = Change(record, step.stored.version)
    written = _write(store, changes)
    return [replace(step, stored=written.get(step.key, step.stored)) for step in steps]


def _final(job: Job, step: Step, now: datetime) -> Record | None:
    record = step.stored.record
    if step.action == decide.RETIRE:
        return pairs.retired(record)
    after = _of_one_password(job, step, now)
    if step.pair is None or after is None:
        return after
    return pairs.final(step.pair, step.action, record, after, job.pairs)


def _of_one_password(job: Job, step: Step, now: datetime) -> Record | None:
    record = step.stored.record
    in_database = step.new_hash or step.hash
    if step.action == "rolled_back":
        return replace(record, pending=None, phase=STABLE)
    if step.action == "unverified":
        return replace(record, phase=UNVERIFIED if record.pending is not None else record.phase)
    if in_database is None:
        return None
    if step.action in (decide.ROTATE, decide.RESUME, decide.PROMOTE):
        return record.promoted(in_database, job.history, now)
    if step.action in (decide.RESTORE, decide.MIGRATE):
        return replace(record, hash_digest=digest(in_database))
    if step.action == decide.RECORD:
        settled = replace(decide.settled(record, step.found, job.history), pending=None, phase=STABLE)
        return replace(settled, rotated_at=record.rotated_at or as_text(now), hash_digest=digest(in_database))
    return None


def _in_parallel(function: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """bcrypt and PBKDF2 let go of the interpreter lock, so threads use all cores."""
    if len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(len(items), os.cpu_count() or 1)) as pool:
        return list(pool.map(function, items))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
