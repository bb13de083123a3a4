# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows: what a source inserts reaches a live database, once, and leaves what is there alone."""

from __future__ import annotations

from typing import Any

import pytest

from rows_bench import Bench


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Any:
    with Bench(database, database_factory) as found:
        yield found


ROLES = """
    CREATE TABLE roles (id int PRIMARY KEY, name varchar(50) NOT NULL UNIQUE, title text, made timestamptz DEFAULT now());
"""


def test_missing_rows_are_inserted_once(bench: Bench) -> None:
    bench.source(ROLES + "INSERT INTO roles (id, name, title) VALUES (1, 'admin', 'Admin'), (2, 'user', NULL);")
    bench.live.execute(ROLES)
    plan = bench.apply()
    assert [step.action for step in plan.steps] == ["insert"]
    assert plan.steps[0].sql == (
        "INSERT INTO public.roles (id, name, title) VALUES\n"
        "    ('1', 'admin', 'Admin'),\n"
        "    ('2', 'user', NULL)\n"
        "ON CONFLICT DO NOTHING"
    )
    assert plan.steps[0].rows == 2
    assert bench.live.execute("SELECT id, name, title, made > now() - interval '1 min' FROM roles ORDER BY id") == [
        (1, "admin", "Admin", True),
        (2, "user", None, True),
    ]
    again = bench.plan()
    assert again.steps == () and again.diff == ()
    assert list(again.present.values()) == [2]
    check = bench.check()
    assert check.differences == ()
    assert bench.present_by_digest(check.digest)
