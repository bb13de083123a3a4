# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order for units of work: every unit after those it needs, otherwise by rank and name, so that it is stable."""

from __future__ import annotations

import heapq
from typing import Dict, Generic, Hashable, Iterable, List, Mapping, Set, Tuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Cycle(Exception, Generic[Key]):
    """There is no order; ``keys`` go round in a circle, each needing the next. ``waiting``: all that were left over."""

    def __init__(self, keys: List[Key], waiting: Set[Key]) -> None:
        super().__init__("cycle")
        self.keys = keys
        self.waiting = waiting


def order(needs: Mapping[Key, Iterable[Key]], priority: Mapping[Key, Tuple[object, ...]]) -> List[Key]:
    """Keys so that each comes after all that it needs; among those that are ready, the lowest priority first.

    Raises Cycle where there is no such order.
    """
    waiting: Dict[Key, Set[Key]] = {key: {need for need in needs[key] if need != key} for key in needs}
    wanted_by: Dict[Key, List[Key]] = {}
    for key, bases in waiting.items():
        for base in bases:
            wanted_by.setdefault(base, []).append(key)
    ready = [(priority[key], key) for key, bases in waiting.items() if not bases]
    heapq.heapify(ready)
    result: List[Key] = []
    while ready:
        _priority, key = heapq.heappop(ready)
        result.append(key)
        for dependent in wanted_by.get(key, ()):
            bases = waiting[dependent]
            bases.discard(key)
            if not bases:
                heapq.heappush(ready, (priority[dependent], dependent))
    if len(result) < len(waiting):
        left = {key: bases for key, bases in waiting.items() if bases}
        raise Cycle(_circle(left), set(left))
    return result


def _circle(waiting: Mapping[Key, Set[Key]]) -> List[Key]:
    """One circle among keys that all wait for one another."""
    key = next(iter(waiting))
    seen: List[Key] = []
    while key not in seen:
        seen.append(key)
        key = next(base for base in waiting[key] if base in waiting)
    return seen[seen.index(key) :]
