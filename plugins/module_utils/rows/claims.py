# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of the source a live row is, where several find it by different keys."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence

from .keys import deviating_columns
from .match import Found
from .model import Enforced, Row, TableRows, Value
from .view import View


def without_claims(
    found: Mapping[int, Sequence[Found]], table: TableRows, view: View, enforced: Enforced
) -> Dict[int, Sequence[Found]]:
    """The found rows of an enforced table without those that are other rows of the source.

    A row whose unique value only stands in a live row that is another one by its primary key, and that gives the value
    up, is not there yet.
    """
    primary = view.desired.primary_key
    if primary is None or not all(name in view.columns for name in primary.columns):
        return dict(found)
    place = {column.name: position for position, column in enumerate(table.columns)}
    owners: Dict[Row, int] = {}
    for number, matches in found.items():
        if matches[0].key == primary:
            owners[_texts(matches[0], primary.columns)] = number
    changing = set(deviating_columns(table, enforced, primary))

    def stale(number: int, match: Found) -> bool:
        if match.key is None or match.key == primary or not match.key.plain:
            return False
        owner = owners.get(_texts(match, primary.columns))
        if owner is None or owner == number:
            return False
        return any(
            name in changing and _differs(match.values.get(name), table.rows[owner][place[name]])
            for name in match.key.columns
        )

    result: Dict[int, Sequence[Found]] = {}
    for number, matches in found.items():
        left = [match for match in matches if not stale(number, match)]
        if left:
            result[number] = left
    return result


def _texts(match: Found, names: Sequence[str]) -> Row:
    return tuple(match.values.get(name) for name in names)


def _differs(live: Optional[str], value: Value) -> bool:
    return (value is None or type(value) is str) and live != value
