# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of states, row by row and policy by policy."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import decide
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.decide import Found, Rule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import Record, digest

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
OLD, YOUNG = "2026-01-01T00:00:00+00:00", "2026-05-31T00:00:00+00:00"
STABLE = Record(current="current", previous="previous", rotated_at=YOUNG)
INTERRUPTED = replace(STABLE, pending="pending", phase="pending")
POLICIES = ("default_only", "max_age", "always", "ensure")


def action(state: str, record: Record, policy: str, wanted: str | None = None, **options: bool) -> str:
    password = {"unknown": None, "unset": None, "given": wanted}.get(state, state)
    rule = Rule(policy, 90, options.get("adopt", False))
    return decide.decide(Found(state, password), record, rule, wanted, options.get("weak", False), NOW)


@pytest.mark.parametrize("policy", POLICIES)
def test_whatever_the_policy(policy: str) -> None:
    assert action("pending", INTERRUPTED, policy) == "promoted"
    assert action("current", INTERRUPTED, policy) == "resumed"
    assert action("default", INTERRUPTED, policy) == "resumed"
    assert action("default", replace(INTERRUPTED, current=None), policy) == "resumed"
    assert action("unset", INTERRUPTED, policy) == "resumed"
    assert action("previous", STABLE, policy) == "restored"
    assert action("default", STABLE, policy) == "rotated"
    assert action("default", Record(), policy) == "rotated"


def test_current_password_is_replaced_when_it_is_due() -> None:
    old = replace(STABLE, rotated_at=OLD)
    assert [action("current", old, policy) for policy in POLICIES] == ["none", "rotated", "rotated", "none"]
    assert [action("current", STABLE, policy) for policy in POLICIES] == ["none", "none", "rotated", "none"]
    assert action("current", replace(STABLE, rotated_at=None), "max_age") == "rotated"


def test_password_that_nobody_knows() -> None:
    for record in (Record(), STABLE, INTERRUPTED):
        assert action("unknown", record, "default_only") == "none"
        assert action("unknown", record, "default_only", adopt=True) == "none"
    for policy in POLICIES[1:]:
        assert action("unknown", STABLE, policy) == "refused"
        assert action("unknown", INTERRUPTED, policy) == "refused"
        assert action("unknown", STABLE, policy, adopt=True) == "rotated"
        assert action("unknown", INTERRUPTED, policy, adopt=True) == "resumed"


def test_no_password_at_all() -> None:
    assert [action("unset", Record(), policy) for policy in POLICIES] == ["none", "rotated", "rotated", "rotated"]


def test_password_that_the_caller_wants() -> None:
    assert action("current", STABLE, "ensure", "current") == "none"
    assert action("current", STABLE, "ensure", "other") == "rotated"
    assert action("current", INTERRUPTED, "ensure", "pending") == "resumed"
    assert action("current", INTERRUPTED, "ensure", "other") == "rotated"
    assert action("current", INTERRUPTED, "ensure", "current") == "recorded"
    assert action("pending", INTERRUPTED, "ensure", "pending") == "promoted"
    assert action("pending", INTERRUPTED, "ensure", "other") == "rotated"
    assert action("previous", STABLE, "ensure", "current") == "restored"
    assert action("previous", STABLE, "ensure", "other") == "rotated"
    assert action("given", Record(), "ensure", "given") == "recorded"
    assert action("default", Record(), "ensure", "other") == "rotated"


def test_md5_verifier_is_migrated_when_nothing_else_is_due() -> None:
    assert action("current", STABLE, "default_only", weak=True) == "migrated"
    assert action("current", STABLE, "ensure", "current", weak=True) == "migrated"
    assert action("current", STABLE, "always", weak=True) == "rotated"
    assert action("unknown", STABLE, "default_only", weak=True) == "none"


def test_a_password_in_use_is_never_dropped_from_the_record() -> None:
    """Before another password becomes pending, the record names the one that the database holds."""
    records = (Record(), STABLE, INTERRUPTED, Record(pending="pending", phase="pending"))
    for record, state in itertools.product(records, ("current", "pending", "previous", "default")):
        password = getattr(record, state, state)
        if password is None:
            continue
        after = decide.settled(record, Found(state, password), 5).with_pending("new")
        assert after.current == password
        assert after.pending == "new"


def test_recognize_takes_the_cheap_way_first() -> None:
    def forbidden(_password: str, _stored: str) -> bool:
        raise AssertionError("a costly comparison was made")

    record = replace(STABLE, hash_digest=digest("the stored hash"))
    assert decide.recognize("the stored hash", record, None, (), forbidden) == Found("current", "current")
    assert decide.recognize(None, record, None, (), forbidden) == Found("unset")


@pytest.mark.parametrize("state", ["current", "pending", "previous", "given", "default"])
def test_recognize(state: str) -> None:
    found = decide.recognize(state, INTERRUPTED, "given", ("another", "default"), lambda left, right: left == right)
    assert found == Found(state, state)


def test_recognize_calls_a_published_default_by_its_name_even_when_recorded() -> None:
    record = Record(current="default", pending="pending", phase="pending", hash_digest=digest("default"))
    assert decide.recognize("default", record, None, ("default",), lambda left, right: left == right).state == "default"
    assert decide.recognize("other", record, None, ("default",), lambda left, right: left == right).state == "unknown"
