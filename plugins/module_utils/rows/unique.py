# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unique values that pass from one enforced row to another: swapped, handed on, taken over by a new row.

PostgreSQL checks a unique index row by row, so a value has to be free before another row takes it. A live row that
holds a value which another row is to have is parked first: it gets a value that nobody has, until its own update or
deletion comes.
"""

from __future__ import annotations

import hashlib
import re
from typing import AbstractSet, Any, Dict, Iterator, Optional, Sequence, Tuple

from ..catalog.quoting import ident, literal
from ..errors import EngineError
from .compare import Deviation, extra_rows
from .keys import plain_text
from .match import Found
from .model import ColumnShape, Enforced, Key, Made, Row
from .resolve import Resolved
from .write import Statement, Update, update_to

_LENGTH = re.compile(r"character(?: varying)?\((\d+)\)\Z")
_TEXTS = frozenset(["text", "character varying", "character", "citext", "name"])
_NUMBERS = frozenset(["smallint", "integer", "bigint", "numeric", "real", "double precision"])
_TIMES = frozenset(["timestamp without time zone", "timestamp with time zone"])


Where = Tuple[Tuple[str, Optional[str]], ...]


def _texts(match: Found, names: Sequence[str]) -> Row:
    return tuple(match.values.get(name) for name in names)


def parked(
    connection: Any, resolved: Resolved, enforced: Enforced, differing: Sequence[Deviation]
) -> Iterator[Statement]:
    """Statements that free the values which other rows are about to take."""
    parks: Dict[Where, Dict[str, str]] = {}
    for key in resolved.view.keys:
        if key.primary or not key.unique or not key.plain or not _known(key, resolved):
            continue
        wanted = _wanted(resolved, key, differing)
        if not wanted:
            continue
        for where, names in _holders(connection, resolved, enforced, key, differing, wanted):
            parks.setdefault(where, {}).update(_park(resolved, key, where, names))
    for where, places in parks.items():
        yield update_to(resolved.table.shape, Update(where, ()), places)


def _known(key: Key, resolved: Resolved) -> bool:
    given = {column.name for column in resolved.table.columns}
    return all(name in given and name in resolved.view.columns for name in key.columns)


Tuples = Dict[Row, AbstractSet[int]]


def _wanted(resolved: Resolved, key: Key, differing: Sequence[Deviation]) -> Tuples:
    """The values of the key that rows are about to get, and which rows."""
    changed = set(key.columns)
    numbers = [each.number for each in differing if any(column.name in changed for column, _l, _v in each.values)]
    result: Dict[Row, AbstractSet[int]] = {}
    for number in resolved.missing + numbers:
        values = _values(resolved, key, number)
        if values is not None:
            result[values] = {*result.get(values, ()), number}
    return result


def _values(resolved: Resolved, key: Key, number: int) -> Optional[Row]:
    place = {column.name: position for position, column in enumerate(resolved.table.columns)}
    values = tuple(resolved.table.rows[number][place[name]] for name in key.columns)
    if not all(value is None or (isinstance(value, str) and not isinstance(value, Made)) for value in values):
        return None
    return None if None in values and key.nulls_distinct else values


def _holders(
    connection: Any,
    resolved: Resolved,
    enforced: Enforced,
    key: Key,
    differing: Sequence[Deviation],
    wanted: Tuples,
) -> Iterator[Tuple[Where, Sequence[str]]]:
    """Live rows that hold a wanted value and give it up: how to find each, and the columns that may be parked."""
    for each in differing:
        given_up = [column.name for column, _live, _value in each.values if column.name in key.columns]
        live = _texts(resolved.found[each.number][0], key.columns)
        if given_up and wanted.get(live, set()) - {each.number}:
            yield each.where, given_up
    if enforced.delete_extra:
        names, whole, rows = extra_rows(connection, resolved, key.columns)
        free = [name for name in key.columns if name not in names]
        for row in rows if free and not whole else ():
            if tuple(row[len(names) :]) in wanted:
                yield tuple((name, plain_text(value)) for name, value in zip(names, row)), free


def _park(resolved: Resolved, key: Key, where: Where, names: Sequence[str]) -> Dict[str, str]:
    """A column of the key, and an expression that takes it out of the way."""
    shape = resolved.table.shape
    columns = {column.name: column for column in shape.columns}
    for name in names:
        place = _parking_place(columns[name], key, shape.source, where)
        if place is not None:
            return {name: place}
    raise EngineError(
        f"enforce: rows of {resolved.table.table.relation} hand values of the unique key {key.name} on to each other, "
        "and there is no value of that type to put in between",
        hint="Change these rows in two deployments, or in before_sql.",
    )


def _parking_place(column: ColumnShape, key: Key, source: str, where: object) -> Optional[str]:
    """An expression for a value that no row has."""
    if not column.not_null and key.nulls_distinct:
        return "NULL"
    # The same text each time: a plan that is shown is the one that is run.
    digest = hashlib.sha256(repr((source, key.name, where)).encode("utf-8", "surrogateescape")).hexdigest()
    if column.base in _TEXTS or column.base.endswith(".citext"):
        length = _LENGTH.match(column.type)
        return literal(digest[: min(32, int(length.group(1)) if length else 32)])
    if column.base == "uuid":
        return literal(f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}")
    step = "1" if column.base in _NUMBERS or column.base == "date" else "interval '1 day'"
    if column.base in _NUMBERS or column.base in _TIMES or column.base == "date":
        return f"(SELECT max({ident(column.name)}) + {step} FROM {source})"
    return None
