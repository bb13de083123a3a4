# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a plan: one transaction, with steps before and after it that are committed one by one; tried again when
locks are not to be had."""

from __future__ import annotations

import random
import re
import time
from functools import partial
from typing import Any, Callable, List, Optional

from .. import head_room
from ..catalog.quoting import ident
from ..catalog.read import PINNED_SETTINGS
from ..diff.compare import DETACHING_CHECK
from ..driver import errorcodes, psycopg2, sql
from ..errors import Busy, EngineError, PermissionMissing
from ..plan import Step
from ..policy import Policy

# Another session stood in the way; the same statements may well succeed a moment later.
_WAIT_AND_RETRY = frozenset({errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED})

_FIRST_PAUSE = 0.5  # seconds; doubled at each retry
_LONGEST_PAUSE = 15.0


def run(
    connection: Any,
    steps: List[Step],
    policy: Policy,
    settings: Any,
    finish: Callable[[Any, bool], None],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Run ``steps``; the number of retries is returned.

    ``finish(connection, last)`` is called before the commit of the transaction and, where steps follow it, once more
    (``last`` is true the final time) in a transaction of its own; whatever it raises rolls that transaction back.
    ``settings`` are (name, value) pairs that the caller's own statements (before_sql, after_sql) run under. Raises
    EngineError with the statement that failed, Busy when the retries are used up.
    """
    main = [step for step in steps if step.phase == "main"]
    after = [step for step in steps if step.phase == "after"]
    retries = 0

    def attempt(work: Callable[[], None]) -> None:
        nonlocal retries
        retries += _retried(work, policy, sleep)

    for step in steps:
        if step.phase == "before":
            attempt(partial(_alone, connection, step, policy))
    if main or not after:
        attempt(lambda: _transaction(connection, main, policy, settings, lambda c: finish(c, not after)))
    for step in after:
        attempt(partial(_alone, connection, step, policy))
    if after:
        attempt(lambda: _transaction(connection, [], policy, settings, lambda c: finish(c, True)))
    return retries


def _retried(work: Callable[[], None], policy: Policy, sleep: Callable[[float], None]) -> int:
    retries = 0
    while True:
        try:
            work()
            return retries
        except _Blocked as blocked:
            retries += 1
            if retries > policy.lock_retries:
                raise Busy(
                    f"gave up after {policy.lock_retries} retries: "
                    f"{blocked.step.text.splitlines()[0]}: {blocked.reason}",
                    hint="Another session holds a lock on the table (see pg_locks and pg_stat_activity). Nothing was "
                    "changed. Try at a quieter time, or raise lock_timeout or lock_retries.",
                ) from None
            pause = min(_FIRST_PAUSE * 2 ** (retries - 1), _LONGEST_PAUSE)
            sleep(pause * random.uniform(0.5, 1.5))  # so that two runs do not keep meeting


_PARTITION = """
    SELECT i.inhparent::regclass::text, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhrelid = to_regclass(%s) AND c.relispartition"""
_BUILD = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?P<name>\S+|\"(?:[^\"]|\"\")+\") ON ")


def _detaches(step: Step) -> bool:
    """Whether a step is one of those that detach a partition concurrently."""
    return step.object.kind == "table" and (step.sql.endswith(" CONCURRENTLY") or DETACHING_CHECK in step.sql)


def _is_detached(cursor: Any, partition: str) -> bool:
    """Whether a table is no partition any more; a detachment that was broken off halfway is brought to its end."""
    cursor.execute(_PARTITION, (partition,))
    found = cursor.fetchone()
    if found is not None and found[1]:
        cursor.execute(f"ALTER TABLE {found[0]} DETACH PARTITION {partition} FINALIZE")  # quoted by the server
        return True
    return found is None


def _alone(connection: Any, step: Step, policy: Policy) -> None:
    """Run one step outside of a transaction block."""
    concurrent = " CONCURRENTLY" in step.sql
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
        if policy.owner:
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(policy.owner)))
        # A concurrent build waits for transactions, and nobody waits for it meanwhile.
        timeout = 0 if concurrent else int(policy.lock_timeout * 1000)
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{timeout}ms",))
        try:
            build = _BUILD.match(step.sql)
            if build is not None:
                # What a broken build has left under that name is of no use.
                schema = step.object.schema
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {ident(schema)}.{build.group('name')}")
            if _detaches(step) and _is_detached(cursor, step.object.relation):
                return
            _execute(cursor, step, ())
        finally:
            if not connection.closed:
                cursor.execute("RESET lock_timeout")
                cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


class _Blocked(Exception):
    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = reason


def _transaction(
    connection: Any, steps: List[Step], policy: Policy, settings: Any, finish: Optional[Callable[[Any], None]]
) -> None:
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", (f"{int(policy.lock_timeout * 1000)}ms",))
            # Bodies may name what comes later; the source has been through the check in the shadow.
            cursor.execute("SET LOCAL check_function_bodies = off")
            if policy.owner:
                cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(policy.owner)))
            for step in steps:
                _execute(cursor, step, settings)
        if finish is not None:
            finish(connection)
        connection.commit()
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise
    finally:
        if not connection.closed:
            connection.autocommit = True


def _execute(cursor: Any, step: Step, settings: Any) -> None:
    # What the caller wrote, and values that defaults make, are as in any session of this user.
    own = step.action in ("before_sql", "after_sql") or step.object.kind == "rows"
    try:
        if own:
            _set(cursor, settings)
        if step.feed is not None:
            cursor.copy_expert(step.sql, step.feed())
        else:
            cursor.execute(step.sql)
        if own:
            _set(cursor, PINNED_SETTINGS.items())
    except psycopg2.Error as error:
        reason = (error.diag.message_primary or "the connection to the server was lost").strip()
        if error.pgcode in _WAIT_AND_RETRY:
            raise _Blocked(step, reason) from None
        raise _failure(step, error, reason) from None


def _set(cursor: Any, settings: Any) -> None:
    for name, value in settings:
        cursor.execute("SELECT set_config(%s, %s, true)", (name, value))


def _failure(step: Step, error: psycopg2.Error, reason: str) -> EngineError:
    detail = (error.diag.message_detail or "").strip()
    details = {"statement": step.text, "sqlstate": error.pgcode}
    message = f"{step.object}: {reason}"
    # A detail may quote values of rows; only those of objects and privileges are passed on.
    if detail and error.pgcode == errorcodes.DEPENDENT_OBJECTS_STILL_EXIST:
        message += f" ({detail})"
    hint = "Nothing was changed: the transaction was rolled back."
    if step.phase != "main":
        hint = "The steps before this one are done and stay; the next run goes on from there."
    if error.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE:
        return PermissionMissing(
            message, hint=f"Connect as the owner, or set owner to the role that owns it. {hint}", details=details
        )
    full = head_room.full(error)
    if full is not None:
        hint = f"{full} {hint}"
    if error.pgcode == errorcodes.DISK_FULL:
        hint = "The server's disk is full: make space there, and run it again. " + hint
    return EngineError(f"{message}\nstatement: {_head(step.text)}", hint=hint, details=details)


def _head(text: str, lines: int = 12) -> str:
    shown = text.splitlines()
    return "\n".join(shown[:lines] + (["…"] if len(shown) > lines else []))
