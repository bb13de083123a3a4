# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.apply import check_gate
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Hazard, Identity
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError, PlanRefused
from ansible_collections.domainflow.database.plugins.module_utils.plan import Plan, Step
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

LOSS = Hazard("data_loss", "gone with its values")
REWRITE = Hazard("table_rewrite", "about 7 rows are written anew")
PLAN = Plan(
    (
        Step("DROP TABLE app.old", Identity("table", "app", "old"), "drop", (LOSS,)),
        Step("ALTER TABLE app.t DROP COLUMN c", Identity("column", "app", "t", "c"), "drop", (LOSS, REWRITE)),
        Step("CREATE TABLE app.new ()", Identity("table", "app", "new"), "create"),
    )
)


def refused(policy: Policy) -> list[Any]:
    try:
        check_gate(PLAN, policy)
    except PlanRefused as error:
        return [(each["hazard"], each["object"]) for each in error.details["refused"]]
    return []


OLD, COLUMN = ("data_loss", "table app.old"), ("data_loss", "column app.t.c")


@pytest.mark.parametrize(
    ("allowed", "left"),
    [
        ((), [OLD, COLUMN]),
        (("data_loss",), []),
        (("data_loss:app.old",), [COLUMN]),
        (("data_loss:table app.old",), [COLUMN]),
        (("data_loss:app.t.c",), [OLD]),
        (("data_loss:app.t",), [OLD]),
        (("data_loss:app.*",), []),
        (("data_loss:APP.*", "table_rewrite"), [OLD, COLUMN]),
        (("data_loss:other.*", "data_loss:column *"), [OLD]),
    ],
)
def test_allowed_by_name_and_pattern(allowed: Any, left: list[Any]) -> None:
    assert refused(Policy(allow_hazards=allowed)) == left


def test_what_is_refused_is_for_the_policy_to_say() -> None:
    assert refused(Policy(refuse_hazards=("table_rewrite",))) == [("table_rewrite", "column app.t.c")]
    assert refused(Policy(refuse_hazards=())) == []


def test_the_refusal_lists_the_steps_and_what_to_set() -> None:
    with pytest.raises(PlanRefused) as caught:
        check_gate(PLAN, Policy())
    error = caught.value
    assert error.message.startswith("2 steps of the plan") and "nothing was changed" in error.message
    assert "data_loss: table app.old: gone with its values" in error.message
    assert "[data_loss]" in str(error.hint)
    assert '["data_loss:table app.old", "data_loss:column app.t.c"]' in str(error.hint)
    assert error.details["refused"][0]["sql"] == "DROP TABLE app.old"


def test_what_the_refusal_advises_lets_the_plan_run() -> None:
    odd = Plan((Step("DROP TABLE x", Identity("table", "app", 'a[1]*"?'), "drop", (LOSS,)),))
    with pytest.raises(PlanRefused) as caught:
        check_gate(odd, Policy())
    allowed = tuple(each["allow"] for each in caught.value.details["refused"])
    check_gate(odd, Policy(allow_hazards=allowed))
    with pytest.raises(PlanRefused):
        check_gate(
            Plan((Step("DROP TABLE x", Identity("table", "app", "a1"), "drop", (LOSS,)),)),
            Policy(allow_hazards=allowed),
        )


def _sized(rows: int, size: int) -> Plan:
    step = Step("ALTER …", Identity("column", "app", "t", "c"), "alter", (REWRITE,), rows=rows, size=size)
    return Plan((step,))


@pytest.mark.parametrize(
    ("policy", "rows", "size", "stopped"),
    [
        (Policy(hazard_policy="production"), 99_999, 2**26 - 1, False),
        (Policy(hazard_policy="production"), 100_000, 0, True),
        (Policy(hazard_policy="production"), 0, 2**26, True),
        (Policy(hazard_policy="production", allow_hazards=("table_rewrite:app.t*",)), 10**9, 2**40, False),
        (Policy(hazard_policy="production", refuse_hazards=("data_loss",)), 10**9, 2**40, False),
        (Policy(hazard_policy="production", refuse_from_bytes=2**30), 10**9, 2**30 - 1, False),
        (Policy(hazard_policy="production", refuse_from_bytes=2**30), 1, 2**30, True),
        (Policy(hazard_policy="production", refuse_from_rows=10), 10, 1, True),
        (Policy(), 10**9, 2**40, False),
        (Policy(refuse_hazards=("table_rewrite",)), 0, 0, True),
        (Policy(hazard_policy="permissive"), 10**9, 2**40, False),
    ],
)
def test_hazards_of_size_are_stopped_from_a_size_on(policy: Policy, rows: int, size: int, stopped: bool) -> None:
    plan = _sized(rows, size)
    if not stopped:
        check_gate(plan, policy)
        return
    with pytest.raises(PlanRefused, match="table_rewrite: column app.t.c"):
        check_gate(plan, policy)


def test_data_loss_is_stopped_whatever_the_size() -> None:
    plan = Plan((Step("DROP TABLE app.old", Identity("table", "app", "old"), "drop", (LOSS,), rows=1, size=1),))
    for name in ("safe", "production"):
        with pytest.raises(PlanRefused, match=f"policy \\({name}\\)"):
            check_gate(plan, Policy(hazard_policy=name))
    check_gate(plan, Policy(hazard_policy="permissive"))


def test_a_scan_can_be_avoided() -> None:
    scan = Hazard("blocking_scan", "read")
    plan = Plan((Step("ALTER …", Identity("constraint", "app", "t", "c"), "create", (scan,), rows=10**6),))
    with pytest.raises(PlanRefused) as caught:
        check_gate(plan, Policy(hazard_policy="production"))
    assert "strategy online" in str(caught.value.hint)


@pytest.mark.parametrize(
    "options", [{"allow_hazards": ("data_los",)}, {"refuse_hazards": ("rewrite",)}, {"hazard_policy": "prod"}]
)
def test_names_that_do_not_exist_are_refused(options: Any) -> None:
    with pytest.raises(EngineError, match="there is no hazard"):
        Policy(**options)
