# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session with the live database: opened, locked against other runs, its settings pinned."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Tuple, TypeVar

from .catalog.read import PINNED_SETTINGS
from .policy import Policy
from .session import run_lock


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.stages: Dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = round(self.stages.get(name, 0.0) + time.monotonic() - start, 4)


# A deployment takes as long as it takes; lock_timeout is what bounds the harm to others.
_UNHURRIED = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}

# What the session came with, and then as pin_settings() has it: one round trip.
_BEGIN = """
    WITH before AS MATERIALIZED (
        SELECT current_user AS role, current_setting('search_path') AS path, current_setting('TimeZone') AS zone)
    SELECT role, path, zone, count(set_config(name, value, false))
      FROM before, unnest(%s::text[], %s::text[]) AS s(name, value) GROUP BY role, path, zone"""


@dataclass(frozen=True)
class Session:
    """The connection to the live database, holding its run lock.

    ``role`` is whom the plan's statements are run as, ``login_role`` who the session is otherwise; ``settings`` are
    those that a user's session starts with.
    """

    connection: Any
    role: str
    login_role: str
    settings: Tuple[Tuple[str, str], ...]


@contextmanager
def session(connect: Any, policy: Policy, clock: Clock) -> Iterator[Session]:
    """A locked session on the live database. Raises ConnectionFailed, Busy."""
    with clock.stage("connect"):
        connection = connect()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            settings = {**PINNED_SETTINGS, **_UNHURRIED}
            cursor.execute(_BEGIN, (list(settings), list(settings.values())))
            role, search_path, time_zone, _set = cursor.fetchone()
        with clock.stage("wait"):
            run_lock.take(connection, policy.wait_for_lock)
        yield Session(connection, policy.owner or role, role, (("search_path", search_path), ("TimeZone", time_zone)))
    finally:
        connection.close()


Result = TypeVar("Result")


def in_transaction(connection: Any, read_only: Callable[[Any], Result]) -> Result:
    """Several queries that see one state of the database."""
    connection.autocommit = False
    try:
        return read_only(connection)
    finally:
        connection.rollback()
        connection.autocommit = True
