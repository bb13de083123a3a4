# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may do: the options of the engine that are neither the source nor the connection."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Mapping, Optional, Tuple

from .catalog.model import HAZARDS
from .errors import EngineError

# Options that change what a run would do to the same database with the same source.
_DECISIVE = ("schemas", "ignore", "prune", "owner", "renames", "enforce", "before_sql", "after_sql")

# Hazards that grow with the table: a limit of size applies to them, and to no others.
OF_SIZE = frozenset({"table_rewrite", "blocking_scan", "blocking_index_build", "blocks_reads", "blocks_writes"})


@dataclass(frozen=True)
class HazardRules:
    """Which hazards stop a run.

    Those of OF_SIZE do so only on tables of ``from_rows`` rows (estimated) or ``from_bytes`` bytes (with indexes) at
    least; where both are None, on tables of every size.
    """

    refuse: Tuple[str, ...]
    from_rows: Optional[int] = None
    from_bytes: Optional[int] = None

    def stops(self, hazard: str, rows: int, size: int) -> bool:
        """Whether a step with ``hazard`` on a table of ``rows`` rows and ``size`` bytes may not run unasked."""
        if hazard not in self.refuse:
            return False
        limits = [(self.from_rows, rows), (self.from_bytes, size)]
        if hazard not in OF_SIZE or all(limit is None for limit, _found in limits):
            return True
        return any(limit is not None and found >= limit for limit, found in limits)


NAMED_RULES: Mapping[str, HazardRules] = {
    "permissive": HazardRules(()),
    "safe": HazardRules(("data_loss",)),
    "production": HazardRules(
        ("data_loss", "table_rewrite", "blocking_scan", "blocking_index_build"), 100_000, 64 * 1024 * 1024
    ),
}


@dataclass(frozen=True)
class Policy:
    """The options of one run.

    ``schemas``: the schemas to manage, None for those that the source defines. ``ignore``: globs of objects to leave
    alone. ``prune``: drop what the source does not have. ``hazard_policy`` names one of NAMED_RULES;
    ``refuse_hazards``, ``refuse_from_rows`` and ``refuse_from_bytes`` stand in for single values of it.
    ``allow_hazards``: hazards (or "hazard:glob of objects") that may run all the same.
    ``owner``: role that owns what the source gives to nobody; the run acts as it.
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
    hazard_policy: str = "safe"
    refuse_hazards: Optional[Tuple[str, ...]] = None
    refuse_from_rows: Optional[int] = None
    refuse_from_bytes: Optional[int] = None
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

    def __post_init__(self) -> None:
        if self.hazard_policy not in NAMED_RULES:
            raise EngineError(
                f'there is no hazard policy "{self.hazard_policy}"', hint=f"There are {', '.join(NAMED_RULES)}."
            )
        for entry in self.allow_hazards + (self.refuse_hazards or ()):
            if entry.partition(":")[0] not in HAZARDS:
                raise EngineError(f'there is no hazard "{entry}"', hint=f"The hazards are {', '.join(HAZARDS)}.")

    def rules(self) -> HazardRules:
        """Which hazards stop a run: the named rules, with what was set beside them."""
        named = NAMED_RULES[self.hazard_policy]
        refuse = named.refuse if self.refuse_hazards is None else self.refuse_hazards
        if self.refuse_from_rows is None and self.refuse_from_bytes is None:
            return HazardRules(refuse, named.from_rows, named.from_bytes)
        return HazardRules(refuse, self.refuse_from_rows, self.refuse_from_bytes)

    def digest(self, source_sha256: str) -> str:
        """One hash over the source and all options that decide what a run does."""
        values = {name: value for name, value in asdict(self).items() if name in _DECISIVE}
        return hashlib.sha256(json.dumps([source_sha256, values], sort_keys=True).encode()).hexdigest()
