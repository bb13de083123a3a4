# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through."""

from __future__ import annotations

import fnmatch
from typing import Any, Dict, List, Sequence

from ..errors import PlanRefused
from ..plan import Plan, Probe
from ..policy import Policy


def _allowed(hazard: str, names: Sequence[str], policy: Policy) -> bool:
    if hazard not in policy.refuse_hazards:
        return True
    for entry in policy.allow_hazards:
        kind, _colon, pattern = entry.partition(":")
        if kind == hazard and (not pattern or any(fnmatch.fnmatchcase(name, pattern) for name in names)):
            return True
    return False


def check_gate(plan: Plan, policy: Policy) -> None:
    """Raise PlanRefused, with each step that the policy stops and what to set, where there is one."""
    refused: List[Dict[str, Any]] = []
    for step in plan.steps:
        identity = step.object
        relation = f"{identity.schema}.{identity.name}" if identity.schema else identity.name
        names = (str(identity), relation, f"{relation}.{identity.part}")
        for hazard in step.hazards:
            if not _allowed(hazard.kind, names, policy):
                refused.append({"sql": step.text, "object": str(identity), "hazard": hazard.kind, "why": hazard.text})
    if not refused:
        return
    lines = [f"  {each['hazard']}: {each['object']}: {each['why']}" for each in refused]
    kinds = sorted({each["hazard"] for each in refused})
    raise PlanRefused(
        f"{len(refused)} step{'s' if len(refused) > 1 else ''} of the plan would do what the policy does not allow; "
        "nothing was changed:\n" + "\n".join(lines),
        hint="To let them run, set allow_hazards to "
        + ", ".join(f"[{kind}]" for kind in kinds)
        + f', or for single objects to a pattern such as ["{kinds[0]}:{refused[0]["object"]}"].',
        details={"refused": refused},
    )


def run_probes(connection: Any, probes: Sequence[Probe]) -> None:
    """Ask the live database what would stop the plan halfway; raise PlanRefused with every such finding."""
    found = []
    with connection.cursor() as cursor:
        for probe in probes:
            cursor.execute(probe.sql)
            if cursor.fetchone()[0]:
                found.append(probe)
    if found:
        raise PlanRefused(
            "the plan cannot be carried out on the rows that are there; nothing was changed:\n"
            + "\n".join(f"  {probe.message}" for probe in found),
            hint=found[0].hint,
            details={"refused": [{"object": probe.message, "why": probe.hint} for probe in found]},
        )
