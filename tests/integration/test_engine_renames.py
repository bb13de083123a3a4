# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename hints: a database is turned into a file in which things have other names, and keeps its rows.

Cases share a database, each in a schema of its own, to save time. pg_dump of the result must be that of a fresh
database, and the hints must do nothing when they have had their time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import dump_compare
import pytest
from integration.renames import CASES, Renamed
from integration.test_pairs import roles

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import HAZARDS
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

__all__ = ["roles"]

DUMP = ("--schema-only", "--exclude-schema=schema_ledger")


def _placed(text: str, number: int) -> str:
    """A text of a case that stands in a schema of its own."""
    return re.sub(r"\bpublic\.", f"case_{number}.", text)


def _side(cases: Sequence[Renamed], side: Callable[[Renamed], str]) -> str:
    """One schema file of the same side of several cases."""
    if len(cases) == 1:
        return side(cases[0])
    return "".join(
        f"CREATE SCHEMA case_{number};\nSET search_path = case_{number};\n{_placed(side(case), number)}\n"
        for number, case in enumerate(cases)
    )


def check(factory: Callable[[], Any], cases: Sequence[Renamed], in_source: bool) -> None:
    """Run cases in one database, with their hints in the source or in the options."""
    alone = len(cases) == 1
    hints = tuple(hint if alone else _placed(hint, number) for number, case in enumerate(cases) for hint in case.hints)
    after = _side(cases, lambda case: case.after)
    source = "".join(f"-- rename: {hint}\n" for hint in hints) + after if in_source else after
    live, fresh = factory(), factory()
    live.psql(_side(cases, lambda case: f"{case.before}{case.seed};"))
    fresh.psql(after)
    policy = Policy(prune=True, allow_hazards=tuple(HAZARDS), renames=() if in_source else hints, record=False)
    done = engine.converge(live.connector, source, policy)
    left = dump_compare.difference(live.dump(*DUMP), fresh.dump(*DUMP))
    statements = "\n".join(step.sql for step in done.plan)
    assert not left, "pg_dump tells\n" + "\n".join(left) + "\nafter\n" + statements
    again = engine.plan(live.connector, source, policy)
    assert not again.changed, "a second run would\n" + "\n".join(step.sql for step in again.plan)
    for number, case in enumerate(cases):
        own = [step.sql for step in done.plan if alone or step.object.schema == f"case_{number}"]
        query, answer = case.kept
        path = "" if alone else f"SET search_path = case_{number};"
        assert live.execute(path + (query if alone else _placed(query, number))) == answer, (case.name, own)
        assert not any(case.never in sql for sql in own), (case.name, own)


@pytest.mark.parametrize("in_source", [True, False], ids=["source", "options"])
def test_renamed_together(server: Any, roles: None, database_factory: Callable[[], Any], in_source: bool) -> None:
    cases = [case for case in CASES if case.first <= server.major and not case.alone]
    try:
        check(database_factory, cases, in_source)
    except Exception as error:
        numbers = sorted({int(number) for number in re.findall(r"case_(\d+)\b", str(error))})
        named = "".join(f"case_{number}: {cases[number].name}\n" for number in numbers)
        raise AssertionError(f"{named}{error}") from error


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.alone])
def test_renamed_alone(server: Any, roles: None, database_factory: Callable[[], Any], case: Renamed) -> None:
    check(database_factory, [case], in_source=True)
