# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares found rows with what is enforced; lists live rows that the source does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Tuple

from ..catalog.quoting import ident
from .keys import deviating_columns
from .match import Found
from .model import ColumnShape, Enforced, Key, Lookup, Made, Row, Special, Unsure, Value
from .query import Query
from .resolve import Resolved
from .view import View


@dataclass(frozen=True)
class Deviation:
    """A live row that differs from the source's in enforced columns: (column, live value, source's value)."""

    number: int
    where: Tuple[Tuple[str, Optional[str]], ...]
    values: Tuple[Tuple[ColumnShape, Optional[str], Value], ...]


def deviations(resolved: Resolved, enforced: Enforced) -> Tuple[List[Deviation], List[int]]:
    """Rows that differ, and the numbers of rows that differ but that nothing identifies."""
    result = []
    nameless = []
    names_of: Dict[Optional[Key], FrozenSet[str]] = {}
    for number, matches in resolved.found.items():
        found = matches[0]
        if found.key not in names_of:
            names_of[found.key] = frozenset(deviating_columns(resolved.table, enforced, found.key))
        values = []
        for column, value in zip(resolved.table.columns, resolved.table.rows[number]):
            # What a default made is not the source's wish.
            if column.name not in names_of[found.key] or isinstance(value, (Special, Made, Unsure)):
                continue
            live = found.values.get(column.name)
            if isinstance(value, Lookup) or live != value:
                values.append((column, live, value))
        if not values:
            continue
        names = row_names(resolved.view, found)
        if names is None:
            nameless.append(number)
        else:
            where = tuple((name, found.values.get(name)) for name in names)
            result.append(Deviation(number, where, tuple(values)))
    return result, nameless


def row_names(view: View, found: Found) -> Optional[Tuple[str, ...]]:
    """The columns that identify a live row once the plan has run; None where nothing does."""
    primary = view.desired.primary_key
    for key in (primary, found.key):
        if key is not None and key.plain and key.columns and all(name in view.columns for name in key.columns):
            return key.columns
    return None


def identifying(view: View) -> Tuple[Tuple[str, ...], bool]:
    """The columns that tell any live row from the others; True beside them where only all of them do."""
    for key in view.desired.keys:
        if key.primary and key.plain and all(name in view.columns for name in key.columns):
            return key.columns, False
    columns = (column.name for column in view.desired.columns if not column.generated)
    return tuple(name for name in columns if name in view.columns), True


def extra_rows(
    connection: Any, resolved: Resolved, besides: Sequence[str] = ()
) -> Tuple[Tuple[str, ...], bool, List[Row]]:
    """Live rows that are none of the source's: the columns that identify them, whether these are all, the values.

    The values of the columns ``besides`` follow in each row.
    """
    view = resolved.view
    names, whole = identifying(view)
    if view.live is None or not names:
        return names, whole, []
    kept: Sequence[Row] = [
        tuple(matches[0].values.get(name) for name in names) for _number, matches in sorted(resolved.found.items())
    ]
    texts = ", ".join(f"{ident(view.columns[name].name)}::text" for name in names)
    arrays = ", ".join([Query.array()] * len(names))
    aliases = ", ".join(f"c{place}" for place in range(len(names)))
    order = ", ".join(str(place + 1) for place in range(len(names)))
    more = "".join(f", {ident(view.columns[name].name)}::text" for name in besides)
    query = Query(
        f"SELECT {texts}{more} FROM {view.relation} AS present WHERE NOT EXISTS ("
        f"SELECT FROM unnest({arrays}) AS kept({aliases}) WHERE ROW({aliases})::text = ROW({texts})::text)"
        f" ORDER BY {order}",
        [[row[place] for row in kept] for place in range(len(names))],
    )
    with connection.cursor() as cursor:
        query.run(cursor)
        rows: List[Row] = cursor.fetchall()
    if whole:
        rows = list(dict.fromkeys(rows))
    return names, whole, rows
