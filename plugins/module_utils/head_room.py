# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room in the server's lock table: a transaction that changes thousands of objects takes a lock on each of them.

The table is shared by all sessions, made when the server starts, and holds max_locks_per_transaction x
(max_connections + max_prepared_transactions) locks (PostgreSQL documentation, "Lock Management").
"""

from __future__ import annotations

import math
from typing import Any, Optional

from .driver import errorcodes, psycopg2
from .errors import EngineError

# A plan of fewer locks finds room on any server.
_FEW = 64
_STEP = 64  # what the recommended value is rounded up to
_MARGIN = 1.5

HINT = (
    "The server's lock table is full: raise max_locks_per_transaction (a restart of the server is needed), or end "
    "sessions that hold many locks."
)


def room(connection: Any) -> int:
    """How many locks all sessions together can hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int
                      + current_setting('max_prepared_transactions')::int)"""
        )
        return int(cursor.fetchone()[0])


def check(connection: Any, needed: int, what: str) -> None:
    """Raise EngineError where ``needed`` locks, held by ``what`` in one transaction, do not fit."""
    if needed <= _FEW:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_setting('max_locks_per_transaction')::int, current_setting('max_connections')::int,
                      current_setting('max_prepared_transactions')::int,
                      (SELECT count(*) FROM pg_locks WHERE NOT fastpath)::int"""
        )
        per_slot, connections, prepared, taken = cursor.fetchone()
    slots = connections + prepared
    if needed + taken <= per_slot * slots:
        return
    wanted = _STEP * math.ceil(_MARGIN * (needed + taken) / slots / _STEP)
    raise EngineError(
        f"{what} takes about {needed} locks in one transaction, and the server's lock table has room for "
        f"{per_slot * slots}: max_locks_per_transaction ({per_slot}) x (max_connections ({connections}) + "
        f"max_prepared_transactions ({prepared}))" + (f", {taken} of them taken" if taken > _FEW else ""),
        hint=f"Set max_locks_per_transaction = {wanted} on the server (ALTER SYSTEM SET max_locks_per_transaction = "
        f"{wanted}) and restart it. Nothing was changed.",
        details={
            "setting": "max_locks_per_transaction",
            "value": per_slot,
            "needed_value": wanted,
            "locks": needed,
            "room": per_slot * slots,
        },
    )


def full(error: psycopg2.Error) -> Optional[str]:
    """What to do, where ``error`` says that the lock table is full."""
    hint = str(error.diag.message_hint or "")
    return HINT if error.pgcode == errorcodes.OUT_OF_MEMORY and "max_locks_per_transaction" in hint else None
