# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on a database: a session-level advisory lock, waited for as long as the caller says."""

from __future__ import annotations

import time
from typing import Any

from ..errors import Busy

# Any constant will do, as long as it stays the same: the lock is one database's, not the whole server's.
_KEY = 0x5C4E3A


def take(connection: Any, wait: float) -> float:
    """Take the lock, waiting up to ``wait`` seconds; the seconds waited are returned. Raises Busy.

    The lock goes with the session, also when that is killed. The connection must be in autocommit mode.
    """
    start = time.monotonic()
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (_KEY,))
            if cursor.fetchone()[0]:
                return time.monotonic() - start
            if time.monotonic() - start >= wait:
                raise Busy(
                    f"another run is at work on this database{_holder(cursor)}; waited {wait:g} seconds for it",
                    hint="Wait until it is done, or raise wait_for_lock. Nothing was changed.",
                )
            time.sleep(0.2)


def _holder(cursor: Any) -> str:
    cursor.execute(
        """SELECT a.pid, a.usename, coalesce(host(a.client_addr), 'the local socket')
             FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objid = %s AND l.classid = 0
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
        (_KEY,),
    )
    row = cursor.fetchone()
    return f" (server process {row[0]}, user {row[1]}, from {row[2]})" if row else ""
