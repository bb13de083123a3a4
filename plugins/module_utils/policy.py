# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may do: the options of the engine that are neither the source nor the connection."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Mapping, Optional, Tuple

# Options that change what a run would do to the same database with the same source.
_DECISIVE = ("schemas", "ignore", "prune", "owner", "renames", "enforce", "before_sql", "after_sql")


@dataclass(frozen=True)
class Policy:
    """The options of one run.

    ``schemas``: the schemas to manage, None for those that the source defines. ``ignore``: globs of objects to leave
    alone. ``prune``: drop what the source does not have. ``allow_hazards``: hazards (or "hazard:glob of objects") that
    ``refuse_hazards`` does not stop. ``owner``: role that owns what the source gives to nobody; the run acts as it.
    ``strategy``: atomic runs everything in one transaction; auto spares the tables of at least ``big_table_rows`` rows
    (by the planner's estimate) and online all tables: indexes are built concurrently, constraints validated later.
    ``enforce``: table -> columns whose reference values are put back. ``lock_timeout`` and ``wait_for_lock`` are
    seconds: the longest wait for a lock on a table, and for another run on the same database. ``record``: keep the
    ledger.
    """

    schemas: Optional[Tuple[str, ...]] = None
    ignore: Tuple[str, ...] = ()
    prune: bool = False
    allow_hazards: Tuple[str, ...] = ()
    refuse_hazards: Tuple[str, ...] = ("data_loss",)
    strategy: str = "auto"
    big_table_rows: int = 100_000
    owner: Optional[str] = None
    renames: Tuple[str, ...] = ()
    enforce: Mapping[str, Any] = field(default_factory=dict)
    before_sql: Optional[str] = None
    after_sql: Optional[str] = None
    lock_timeout: float = 5.0
    lock_retries: int = 10
    wait_for_lock: float = 60.0
    version: Optional[str] = None
    allow_older_version: bool = False
    shadow_database: Optional[str] = None
    allow_dirty_migrations: bool = False
    record: bool = True

    def digest(self, source_sha256: str) -> str:
        """One hash over the source and all options that decide what a run does."""
        values = {name: value for name, value in asdict(self).items() if name in _DECISIVE}
        return hashlib.sha256(json.dumps([source_sha256, values], sort_keys=True).encode()).hexdigest()
