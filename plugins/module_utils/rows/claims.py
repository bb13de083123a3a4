# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of the source a live row is, where several find it by different keys."""

from __future__ import annotations

from typing import Dict, FrozenSet, Mapping, Optional, Sequence, Set, Tuple

from .keys import deviating_columns
from .match import Found
from .model import Enforced, Key, Made, TableRows, Unsure, Value
from .view import View


def without_claims(
    found: Mapping[int, Sequence[Found]], table: TableRows, view: View, enforced: Enforced
) -> Dict[int, Sequence[Found]]:
    """The found rows of an enforced table without those that are other rows of the source.

    Each live row is one row of the source: the one that finds it by the first of the keys. Where that one gives a
    unique value up, another row of the source with that value is not there yet.
    """
    place = {column.name: position for position, column in enumerate(table.columns)}
    owners = _owners(found, view)
    changing: Dict[Optional[Key], FrozenSet[str]] = {}

    def stale(number: int, match: Found) -> bool:
        owner = owners.get(_live(match))
        if owner is None or owner[0] == number or match.key is None or not match.key.plain:
            return False
        if owner[1] not in changing:
            changing[owner[1]] = frozenset(deviating_columns(table, enforced, owner[1]))
        return any(
            name in changing[owner[1]] and _differs(match.values.get(name), table.rows[owner[0]][place[name]])
            for name in match.key.columns
        )

    result: Dict[int, Sequence[Found]] = {}
    for number, matches in found.items():
        left = [match for match in matches if not stale(number, match)]
        if left:
            # The row that is this one, before those that only hold a value of it.
            own = [match for match in left if owners.get(_live(match), (-1, None))[0] == number]
            result[number] = own + [match for match in left if match not in own]
    return result


Live = FrozenSet[Tuple[str, Optional[str]]]


def _live(match: Found) -> Live:
    """All values of the row, which its keys make its own."""
    return frozenset(match.values.items())


def _owners(found: Mapping[int, Sequence[Found]], view: View) -> Dict[Live, Tuple[int, Optional[Key]]]:
    ranks = {key: rank for rank, key in enumerate(view.keys)}
    claims = sorted(
        (ranks[match.key], number, at)
        for number, matches in found.items()
        for at, match in enumerate(matches)
        if match.key is not None
    )
    owners: Dict[Live, Tuple[int, Optional[Key]]] = {}
    settled: Set[int] = set()
    for _rank, number, at in claims:
        match = found[number][at]
        live = _live(match)
        if number not in settled and live not in owners:
            owners[live] = (number, match.key)
            settled.add(number)
    return owners


def _differs(live: Optional[str], value: Value) -> bool:
    given = value is None or (isinstance(value, str) and not isinstance(value, (Made, Unsure)))
    return given and live != value
