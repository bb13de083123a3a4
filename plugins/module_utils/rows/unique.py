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
from typing import AbstractSet, Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..catalog.quoting import ident, literal
from ..errors import EngineError
from .compare import Deviation, extra_rows
from .keys import plain_text
from .match import Found
from .model import ColumnShape, Enforced, Key, Made, Row
from .query import Query
from .resolve import Resolved
from .write import Statement, Update, updates

_LENGTH = re.compile(r"character(?: varying)?\((\d+)\)\Z")
_TEXTS = frozenset(["text", "character varying", "character", "citext", "name"])
# Types that count: what is added to get another value, and where those begin that nothing can be added to.
_STEPS: Mapping[str, Tuple[str, str]] = {
    "smallint": ("1", ""),
    "integer": ("1", ""),
    "bigint": ("1", ""),
    "numeric": ("1", "NaN"),
    "real": ("1", "Infinity"),
    "double precision": ("1", "Infinity"),
    "date": ("1", "infinity"),
    "timestamp without time zone": ("interval '1 day'", "infinity"),
    "timestamp with time zone": ("interval '1 day'", "infinity"),
}


Where = Tuple[Tuple[str, Optional[str]], ...]


def _texts(match: Found, names: Sequence[str]) -> Row:
    return tuple(match.values.get(name) for name in names)


class Parked(NamedTuple):
    """Statements that free values, each with the number of rows that it changes; and by what finds a row in a table
    without a primary key, which is all its values, those that it has in between."""

    statements: Sequence[Tuple[Statement, int]]
    whole: Mapping[Where, Mapping[str, Optional[str]]]


def parked(connection: Any, resolved: Resolved, enforced: Enforced, differing: Sequence[Deviation]) -> Parked:
    """What frees the values that other rows are about to take."""
    parks: Dict[Where, Dict[str, Optional[str]]] = {}
    by_all: Set[Where] = set()
    for key in resolved.view.keys:
        if key.primary or not key.unique or not key.plain or not _known(key, resolved):
            continue
        wanted = _wanted(resolved, key, differing)
        if not wanted:
            continue
        by_column: Dict[str, List[Where]] = {}
        for where, names, whole in _holders(connection, resolved, enforced, key, differing, wanted):
            by_all.update([where] if whole else [])
            by_column.setdefault(_column_to_park(resolved, key, names), []).append(where)
        for name, wheres in by_column.items():
            for where, place in zip(wheres, _places(connection, resolved, key, name, wheres)):
                parks.setdefault(where, {})[name] = place
    changes = [Update(where, tuple(places.items()), where in by_all) for where, places in parks.items()]
    statements = tuple(updates(resolved.table.shape, changes))
    return Parked(statements, {where: parks[where] for where in by_all})


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
) -> Iterator[Tuple[Where, Sequence[str], bool]]:
    """Live rows that hold a wanted value and give it up: how to find each, the columns that may be parked, and whether
    only all its values find it."""
    for each in differing:
        given_up = [column.name for column, _live, _value in each.values if column.name in key.columns]
        live = _texts(resolved.found[each.number][0], key.columns)
        if given_up and wanted.get(live, set()) - {each.number}:
            yield each.where, given_up, False
    if enforced.delete_extra:
        names, whole, rows = extra_rows(connection, resolved, key.columns)
        free = [name for name in key.columns if whole or name not in names]
        for row in rows if free else ():
            if tuple(row[len(names) :]) in wanted:
                yield tuple((name, plain_text(value)) for name, value in zip(names, row)), free, whole


def _column_to_park(resolved: Resolved, key: Key, names: Sequence[str]) -> str:
    """One of the key's columns that can hold a value which no row has."""
    columns = {column.name: column for column in resolved.table.shape.columns}
    for name in names:
        if _nullable(columns[name], key) or _kind(columns[name]):
            return name
    raise EngineError(
        f"enforce: rows of {resolved.table.table.relation} hand values of the unique key {key.name} on to each other, "
        "and there is no value of that type to put in between",
        hint="Change these rows in two deployments, or in before_sql.",
    )


def _nullable(column: ColumnShape, key: Key) -> bool:
    return key.nulls_distinct and not column.not_null


def _kind(column: ColumnShape) -> str:
    if column.base in _TEXTS or column.base.endswith(".citext"):
        return "text"
    return "uuid" if column.base == "uuid" else "number" if column.base in _STEPS else ""


def _places(
    connection: Any, resolved: Resolved, key: Key, name: str, wheres: Sequence[Where]
) -> Sequence[Optional[str]]:
    """Values that no row has, one for each; the same each time: the plan that is shown is the one that is run."""
    shape = resolved.table.shape
    column = next(each for each in shape.columns if each.name == name)
    if _nullable(column, key):
        return [None] * len(wheres)
    if _kind(column) == "number":
        return _beyond_all(connection, resolved, column, len(wheres))
    digests = [
        hashlib.sha256(repr((shape.source, key.name, where)).encode("utf-8", "surrogateescape")).hexdigest()
        for where in wheres
    ]
    if column.base == "uuid":
        return [f"{each[:8]}-{each[8:12]}-4{each[13:16]}-8{each[17:20]}-{each[20:32]}" for each in digests]
    length = _LENGTH.match(column.type)
    return [each[: min(32, int(length.group(1)) if length else 32)] for each in digests]


def _beyond_all(connection: Any, resolved: Resolved, column: ColumnShape, count: int) -> Sequence[Optional[str]]:
    """Values behind the last one of a column that counts."""
    step, end = _STEPS[column.base]
    name = ident(resolved.view.columns[column.name].name)
    below = f" WHERE {name} < {literal(end)}" if end else ""
    with connection.cursor() as cursor:
        Query(
            f"SELECT (last + number * {step})::text FROM (SELECT max({name}) AS last FROM {resolved.view.relation}"
            f"{below}) t, generate_series(1, \0::int) AS number ORDER BY number",
            [count],
        ).run(cursor)
        return [text for (text,) in cursor.fetchall()]
