# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that need each other: how such a circle is broken.

Two tables whose policies read one another, a view that calls a function of its own rows, functions in SQL that call one
another: each can be made or dropped by taking one step in two.
"""

from __future__ import annotations

from typing import Dict, List, Set

from ..catalog.kinds import BY_NAME
from ..catalog.model import Identity
from .needs import Key, Needs
from .order import Cycle
from .work import Work


def break_circle(work: Work, needs: Needs, cycle: Cycle[Key]) -> bool:
    """Note in ``work`` how the circle is to be broken; false where there is no way (or none that was not tried)."""
    return (
        _parts_first(work, needs, cycle.waiting)
        or _by_way_of_another_name(work, cycle.keys)
        or _outline_first(work, cycle.keys)
        or _hollow_first(work, needs, cycle.keys)
    )


def _parts_first(work: Work, needs: Needs, waiting: Set[Key]) -> bool:
    """Drop a part (a policy, a default, a rule) before the table that it is part of."""
    stuck = {key[1] for key in waiting if key[0] == "drop"}
    found: Set[Identity] = set()
    for part in work.drops:
        whole = needs.drop_key(part)[1]
        if part == whole or whole not in stuck or part in work.absorbed:
            continue
        for base in work.live.depends.get(part, ()):
            other = needs.drop_key(base)[1] if base in work.drops else whole
            if other != whole and other in stuck:
                found.add(part)
    work.separate |= found
    return bool(found)


def _by_way_of_another_name(work: Work, circle: List[Key]) -> bool:
    """Names that are exchanged: one of the two gives its name up first."""
    for action, identity in circle:
        if action == "rename" and identity not in work.aside:
            work.aside.add(identity)
            return True
    return False


def _pairs(circle: List[Key]) -> Dict[Key, Key]:
    """What each unit of the circle needs -> the unit."""
    return {base: circle[position - 1] for position, base in enumerate(circle)}


def _outline_first(work: Work, circle: List[Key]) -> bool:
    """Make the outline of something, then what needs it, then the rest of it."""
    for (action, identity), child in _pairs(circle).items():
        outline = BY_NAME[identity.kind].outline
        if action != "create" or outline is None or not outline(work.creates[identity]):
            continue
        if child[0] in ("create", "alter", "outline") and child not in work.outlined.get(identity, ()):
            work.outlined.setdefault(identity, set()).add(child)
            return True
    return False


def _hollow_first(work: Work, needs: Needs, circle: List[Key]) -> bool:
    """Reduce something to its outline, then drop what it stood on, then the rest of it."""
    for (action, identity), child in _pairs(circle).items():
        hollow = BY_NAME[identity.kind].hollow
        if action != "drop" or hollow is None or not hollow(work.drops[identity]):
            continue
        bases = {base for base in work.live.depends.get(identity, ()) if base in work.drops}
        freed = {base for base in bases if child == needs.drop_key(base)}
        if freed - work.hollowed.get(identity, set()):
            work.hollowed.setdefault(identity, set()).update(freed)
            return True
    return False
