# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy lets through."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.apply import check_gate
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Hazard, Identity
from ansible_collections.domainflow.database.plugins.module_utils.errors import PlanRefused
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
    assert "[data_loss]" in str(error.hint) and '"data_loss:table app.old"' in str(error.hint)
    assert error.details["refused"][0]["sql"] == "DROP TABLE app.old"
