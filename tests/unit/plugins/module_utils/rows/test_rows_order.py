# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which tables and rows are filled."""

from __future__ import annotations

import random

from ansible_collections.domainflow.database.plugins.module_utils.rows.order import components


def test_what_is_referenced_comes_first() -> None:
    edges = {"c": ["b"], "b": ["a"], "a": []}
    assert components(["c", "a", "b"], edges) == [("a",), ("b",), ("c",)]


def test_circles_are_kept_together_in_the_order_given() -> None:
    edges = {1: [2], 2: [3], 3: [1], 4: [1], 5: [4, 5]}
    assert components([5, 4, 3, 2, 1], edges) == [(3, 2, 1), (4,), (5,)]


def test_without_edges_the_order_stays() -> None:
    assert components(["z", "a", "m"], {}) == [("z",), ("a",), ("m",)]


def test_a_chain_longer_than_the_interpreters_stack() -> None:
    size = 50_000
    found = components(range(size), {number: [number + 1] for number in range(size - 1)})
    assert found[0] == (size - 1,) and found[-1] == (0,)


def test_random_graphs_against_reachability() -> None:
    generator = random.Random(7)
    for _round in range(200):
        size = generator.randint(1, 9)
        edges = {node: [other for other in range(size) if generator.random() < 0.25] for node in range(size)}
        reach = {node: _reachable(node, edges) for node in range(size)}
        found = components(range(size), edges)
        assert sorted(node for group in found for node in group) == list(range(size))
        place = {node: at for at, group in enumerate(found) for node in group}
        for node in range(size):
            for other in range(size):
                together = other in reach[node] and node in reach[other]
                assert (place[node] == place[other]) == (together or node == other)
                if other in reach[node]:
                    assert place[other] <= place[node]


def _reachable(start: int, edges: dict[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges[node]
    return found
