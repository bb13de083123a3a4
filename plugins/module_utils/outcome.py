# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's entries give back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Tuple

from .ledger import Labels
from .plan import Step


@dataclass(frozen=True)
class ObjectDiff:
    """One object before and after, as DDL."""

    header: str
    before: str
    after: str


@dataclass(frozen=True)
class Findings:
    """What the database has beyond the source, by name: nothing of it was touched."""

    extra: Tuple[str, ...] = ()
    extra_grants: Tuple[str, ...] = ()
    unmanaged: Tuple[str, ...] = ()
    ignored: Tuple[str, ...] = ()

    def as_dict(self) -> Dict[str, List[str]]:
        """JSON-able."""
        return {
            "extra": list(self.extra),
            "extra_grants": list(self.extra_grants),
            "unmanaged": list(self.unmanaged),
            "ignored": list(self.ignored),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, List[str]]) -> Findings:
        """The reverse of as_dict()."""
        return cls(**{name: tuple(texts) for name, texts in values.items()})


@dataclass(frozen=True)
class Outcome:
    """The outcome of converge(), or of plan(), which tells what converge() would do.

    ``fingerprint`` is that of the database as it is when the call returns. ``timings`` are seconds by stage.
    ``labels`` tell what the run was given. ``from_ledger``: neither the source nor the database was touched since the
    last run, and nothing was compared anew.
    """

    changed: bool
    plan: Tuple[Step, ...]
    diff: Tuple[ObjectDiff, ...]
    findings: Findings
    fingerprint_before: str
    fingerprint: str
    version: Optional[str]
    schemas: Tuple[str, ...]
    warnings: Tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    retries: int = 0
    from_ledger: bool = False
    labels: Optional[Labels] = None

    @property
    def unmanaged(self) -> Tuple[str, ...]:
        """Objects in the managed schemas that no kind of the engine models."""
        return self.findings.unmanaged

    @property
    def extra(self) -> Tuple[str, ...]:
        """Objects that the source does not have."""
        return self.findings.extra


@dataclass(frozen=True)
class Drift:
    """One object that is not as the source has it; ``expected`` or ``actual`` is '' where there is none."""

    object: str
    expected: str
    actual: str

    def as_dict(self) -> Dict[str, str]:
        """JSON-able."""
        return {"object": self.object, "expected": self.expected, "actual": self.actual}


@dataclass(frozen=True)
class Report:
    """The outcome of verify(). ``in_sync``: nothing missing, nothing different (unexpected objects are no drift unless
    asked for). ``tables`` counts the tables of each managed schema, ``counts`` the rows of the tables asked for."""

    in_sync: bool
    missing: Tuple[Drift, ...]
    different: Tuple[Drift, ...]
    unexpected: Tuple[Drift, ...]
    rows: Tuple[Drift, ...]
    findings: Findings
    fingerprint: str
    version: Optional[str]
    deployed_version: Optional[str]
    server_version: int
    schemas: Tuple[str, ...]
    tables: Mapping[str, int]
    counts: Mapping[str, int]
    warnings: Tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
