# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of a plan's units of work."""

from __future__ import annotations

import random

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.plan.order import Cycle, order


def test_each_after_what_it_needs_otherwise_by_priority() -> None:
    needs = {"view": ["table"], "table": ["type"], "type": [], "alone": []}
    ranks = {"view": (1,), "table": (2,), "type": (4,), "alone": (3,)}
    assert order(needs, ranks) == ["alone", "type", "table", "view"]


def test_order_does_not_depend_on_the_order_of_the_input() -> None:
    generator = random.Random(5)
    for _round in range(100):
        size = generator.randint(1, 12)
        needs = {each: {base for base in range(each) if generator.random() < 0.3} for each in range(size)}
        ranks = {each: (generator.randint(0, 3), each) for each in range(size)}
        found = order(needs, ranks)
        assert sorted(found) == list(range(size))
        for each, bases in needs.items():
            assert all(found.index(base) < found.index(each) for base in bases)
        shuffled = list(needs)
        generator.shuffle(shuffled)
        assert order({each: needs[each] for each in shuffled}, ranks) == found


def test_a_unit_that_needs_itself_is_no_circle() -> None:
    assert order({"a": ["a"]}, {"a": (0,)}) == ["a"]


def test_a_circle_is_told_without_what_only_waits_for_it() -> None:
    needs = {"a": ["b"], "b": ["c"], "c": ["a"], "waits": ["a"], "free": []}
    with pytest.raises(Cycle) as caught:
        order(needs, dict.fromkeys(needs, (0,)))
    assert sorted(caught.value.keys) == ["a", "b", "c"]
