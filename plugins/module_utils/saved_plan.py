# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that are reviewed before they are carried out: takes an outcome of plan(), gives a document, and the reverse.

The document is what was agreed on, not what is executed: the plan is made again from source and database, and must be
the saved one, statement for statement. So nobody can add a statement to the file, and values that are not printed
(passwords of foreign servers, rows) need not be in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .errors import EngineError, PlanOutdated
from .ledger import Labels
from .outcome import Outcome
from .plan import Step

FORMAT = 1
_AGAIN = "Make the plan again, have it reviewed, and apply that one."


@dataclass(frozen=True)
class SavedPlan:
    """What a plan was made from and the steps it had, as Step.as_dict() tells them."""

    source: str
    source_sha256: str
    inputs_sha256: str
    version: Optional[str]
    fingerprint: str
    steps: Tuple[Dict[str, Any], ...]

    @property
    def digest(self) -> str:
        """SHA-256 over all that decides what is done: for the ledger."""
        values = [self.source_sha256, self.inputs_sha256, self.fingerprint, [list(_essence(s)) for s in self.steps]]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def check_inputs(self, labels: Labels) -> None:
        """Raise PlanOutdated where source or options are not those that the plan was made from."""
        if labels.source_sha256 != self.source_sha256:
            raise PlanOutdated(
                f"the saved plan was made from another {self.source}: the file has changed since "
                f"(SHA-256 {self.source_sha256[:12]} then, {labels.source_sha256[:12]} now)",
                hint=_AGAIN,
            )
        if labels.inputs_sha256 != self.inputs_sha256:
            raise PlanOutdated(
                "the saved plan was made with other options (one of schemas, ignore, prune, owner, renames, enforce, "
                "before_sql, after_sql)",
                hint=f"Apply it with the options that it was made with. Or: {_AGAIN}",
            )

    def check_database(self, fingerprint: str, steps: Sequence[Step]) -> None:
        """Raise PlanOutdated where ``steps``, due on a database with ``fingerprint``, are not the saved ones."""
        if fingerprint != self.fingerprint:
            raise PlanOutdated(
                "the database is not the one that the saved plan was made for, or its structure has changed since "
                f"(fingerprint {self.fingerprint[:12]} then, {fingerprint[:12]} now)",
                hint=_AGAIN,
            )
        now = [_essence(step.as_dict()) for step in steps]
        then = [_essence(step) for step in self.steps]
        if now != then:
            raise PlanOutdated(
                "the steps that are due are not those of the saved plan: rows, the sizes of tables, or the options "
                f"strategy and big_table_rows have changed since. {_first_difference(then, now)}",
                hint=_AGAIN,
            )


def _essence(step: Dict[str, Any]) -> Tuple[Any, ...]:
    """What makes two steps the same; estimates of sizes are left out."""
    hazards = sorted(hazard["kind"] for hazard in step["hazards"])
    return (step["sql"], step["object"], step["action"], step["phase"], hazards)


def _words(step: Dict[str, Any]) -> List[Any]:
    sql, obj, action, phase, hazards = _essence(step)
    return [sql, obj, action, phase, *hazards]


def _first_difference(then: List[Tuple[Any, ...]], now: List[Tuple[Any, ...]]) -> str:
    for number, (old, new) in enumerate(zip(then, now), 1):
        if old != new:
            return f"Step {number} was for {old[1]}: {_head(old[0])}; now it is for {new[1]}: {_head(new[0])}"
    return f"It has {len(then)} steps, and now there are {len(now)}."


def _head(sql: str) -> str:
    first = sql.strip().splitlines()[0] if sql.strip() else ""
    return first if len(first) <= 100 else first[:100] + " …"


def document(outcome: Outcome) -> Dict[str, Any]:
    """An outcome of plan() as JSON-able values; the same plan gives the same document."""
    if outcome.labels is None:
        raise EngineError("the outcome tells nothing of what it was made from, and cannot be saved")
    return {
        "format": FORMAT,
        "source": outcome.labels.source,
        "source_sha256": outcome.labels.source_sha256,
        "inputs_sha256": outcome.labels.inputs_sha256,
        "version": outcome.version,
        "fingerprint": outcome.fingerprint_before,
        "steps": [step.as_dict() for step in outcome.plan],
    }


def text_of(values: Dict[str, Any]) -> str:
    """A document as the text of a file, made to be read and compared line by line."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def parse(text: str, name: str = "the saved plan") -> SavedPlan:
    """The reverse of text_of(). Raises EngineError where it is not a plan; ``name`` is for its message."""
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise EngineError(f"{name} has format {values['format']}, and this version knows {FORMAT}", hint=_AGAIN)
        saved = SavedPlan(
            str(values["source"]),
            str(values["source_sha256"]),
            str(values["inputs_sha256"]),
            values["version"],
            str(values["fingerprint"]),
            tuple(values["steps"]),
        )
        if not all(isinstance(value, str) for step in saved.steps for value in _words(step)):
            raise ValueError(name)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EngineError(
            f"{name} is not a plan that save_plan has written", hint="It must be left as it was written."
        ) from None
    return saved
