# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any, Dict, List, Sequence

from ..errors import PlanRefused
from ..plan import Plan, Probe
from ..policy import OF_SIZE, Policy

# What the online strategy does in another way.
_AVOIDABLE = frozenset({"blocking_scan", "blocking_index_build"})


def _allowed(hazard: str, names: Sequence[str], policy: Policy) -> bool:
    for entry in policy.allow_hazards:
        kind, _colon, pattern = entry.partition(":")
        if kind == hazard and (not pattern or any(fnmatch.fnmatchcase(name, pattern) for name in names)):
            return True
    return False


def check_gate(plan: Plan, policy: Policy) -> None:
    """Raise PlanRefused, with each step that the policy stops and what to set, where there is one."""
    rules = policy.rules()
    refused: List[Dict[str, Any]] = []
    for step in plan.steps:
        identity = step.object
        relation = f"{identity.schema}.{identity.name}" if identity.schema else identity.name
        names = (str(identity), relation, f"{relation}.{identity.part}")
        for hazard in step.hazards:
            if rules.stops(hazard.kind, step.rows, step.size) and not _allowed(hazard.kind, names, policy):
                shown = step.as_dict()
                refused.append(
                    {
                        **{key: shown[key] for key in ("sql", "object", "lock", "table", "rows", "bytes")},
                        "hazard": hazard.kind,
                        "why": hazard.text,
                        "allow": f"{hazard.kind}:{_literally(str(identity))}",
                    }
                )
    if not refused:
        return
    lines = [f"  {each['hazard']}: {each['object']}: {each['why']}{_size(each)}" for each in refused]
    allow = list(dict.fromkeys(each["allow"] for each in refused))
    kinds = sorted({each["hazard"] for each in refused})
    hint = "To let exactly these run, set allow_hazards to " + json.dumps(allow, ensure_ascii=False)
    hint += ", or for all objects to " + ", ".join(f"[{kind}]" for kind in kinds) + "."
    avoidable = sorted(_AVOIDABLE.intersection(kinds))
    if avoidable and policy.strategy != "online":
        hint += (
            f" With strategy online (or a lower big_table_rows) the plan does without most {' and '.join(avoidable)}."
        )
    raise PlanRefused(
        f"{len(refused)} step{'s' if len(refused) > 1 else ''} of the plan would do what the policy "
        f"({policy.hazard_policy}) does not allow; nothing was changed:\n" + "\n".join(lines),
        hint=hint,
        details={"refused": refused},
    )


def _literally(name: str) -> str:
    """A pattern that matches nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def _size(step: Dict[str, Any]) -> str:
    if step["hazard"] not in OF_SIZE or not step["bytes"]:
        return ""
    return f" ({step['bytes'] / 1024 / 1024:.0f} MB, about {step['rows']} rows)"


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
