# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename hints: a database is turned into a file in which things have other names, and keeps its rows.

Each case is run with its hints in the source and with its hints in the options; pg_dump of the result must be that of
a fresh database, and the hints must do nothing when they have had their time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dump_compare
import pytest

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import HAZARDS
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

# The names that PostgreSQL 18 gives to NOT NULL are no business of these tests.
_NOT_NULL = re.compile(r" CONSTRAINT \S+_not_null NOT NULL")
DUMP = ("--schema-only", "--exclude-schema=schema_ledger")


@dataclass(frozen=True)
class Renamed:
    """``before`` becomes ``after`` by ``hints``. ``seed`` makes rows; ``kept`` is what a query of the result answers.

    ``never``: no statement of the plan has this text in it. ``first``: the first major that knows what it is about.
    """

    name: str
    before: str
    hints: tuple[str, ...]
    after: str
    seed: str = ""
    kept: tuple[str, list[Any]] = ("SELECT 1", [(1,)])
    never: str = "DROP "
    first: int = 13
    last: int = 99


CASES = (
    Renamed(
        "table and key, and a new table with the old names",
        "CREATE TABLE public.a (x int PRIMARY KEY);",
        ("table public.a -> b", "constraint public.b.a_pkey -> b_pkey"),
        "CREATE TABLE public.b (x int CONSTRAINT b_pkey PRIMARY KEY);"
        "CREATE TABLE public.a (y date CONSTRAINT a_pkey PRIMARY KEY);",
        "INSERT INTO public.a VALUES (1)",
        ("SELECT x FROM public.b", [(1,)]),
    ),
)


def check(factory: Callable[[], Any], case: Renamed) -> None:
    """Run a case in both ways."""
    listed = "".join(f"-- rename: {hint}\n" for hint in case.hints)
    for source, hints in ((listed + case.after, ()), (case.after, case.hints)):
        live, fresh = factory(), factory()
        live.psql(case.before + case.seed)
        fresh.psql(case.after)
        policy = Policy(prune=True, allow_hazards=tuple(HAZARDS), renames=hints, record=False)
        done = engine.converge(live.connector, source, policy)
        statements = "\n".join(step.sql for step in done.plan)
        left = dump_compare.difference(*(_NOT_NULL.sub(" NOT NULL", each.dump(*DUMP)) for each in (live, fresh)))
        assert not left, "pg_dump tells\n" + "\n".join(left) + "\nafter\n" + statements
        query, answer = case.kept
        assert live.execute(query) == answer, statements
        assert case.never not in statements, statements
        again = engine.plan(live.connector, source, policy)
        assert not again.changed, "a second run would\n" + "\n".join(step.sql for step in again.plan)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_renamed(server: Any, database_factory: Callable[[], Any], case: Renamed) -> None:
    if not case.first <= server.major <= case.last:
        pytest.skip(f"about PostgreSQL {case.first} to {case.last}")
    check(database_factory, case)
