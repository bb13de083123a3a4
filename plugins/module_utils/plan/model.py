# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..catalog.model import Hazard, Identity, Object


@dataclass(frozen=True)
class Step:
    """One statement of a plan. ``shown`` stands for ``sql`` in print where that holds values better not printed.

    ``phase``: main is the one transaction; steps before and after it are committed one by one. ``lock`` is taken on
    ``table``, which has about ``rows`` rows and ``size`` bytes; ``also`` are the locks on other relations that somebody
    could have to wait for.
    """

    sql: str
    object: Identity
    action: str  # create, alter, rename, drop, insert, update, delete, setval, before_sql, after_sql
    hazards: Tuple[Hazard, ...] = ()
    lock: str = ""
    table: Optional[Identity] = None
    breaks_transaction: bool = False
    late: bool = False
    shown: Optional[str] = None
    phase: str = "main"
    also: Tuple[Tuple[Identity, str], ...] = ()
    rows: int = 0
    size: int = 0
    # Makes the file that a COPY … FROM stdin reads.
    feed: Optional[Callable[[], Any]] = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The statement for the eye."""
        return self.sql if self.shown is None else self.shown

    def as_dict(self) -> Dict[str, Any]:
        """The step for a module's result."""
        return {
            "sql": self.text,
            "object": str(self.object),
            "action": self.action,
            "hazards": [{"kind": hazard.kind, "text": hazard.text} for hazard in self.hazards],
            "lock": self.lock,
            "phase": self.phase,
            "table": self.table.relation if self.table else "",
            "rows": self.rows,
            "bytes": self.size,
            "also_locked": [{"table": table.relation, "lock": lock} for table, lock in self.also],
        }


@dataclass(frozen=True)
class Probe:
    """A question to the live database whose answer "true" means that the plan must fail."""

    sql: str
    message: str
    hint: str


@dataclass(frozen=True)
class Plan:
    """The steps in order, and what is known before any of them runs."""

    steps: Tuple[Step, ...] = ()
    probes: Tuple[Probe, ...] = ()
    # Objects that are made, altered or dropped, as they are and as they will be: for --diff.
    objects: Tuple[Tuple[Optional[Object], Optional[Object]], ...] = ()

    def with_steps(self, steps: List[Step]) -> Plan:
        """The same plan with other steps."""
        return Plan(tuple(steps), self.probes, self.objects)
