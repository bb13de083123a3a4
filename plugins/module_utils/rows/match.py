# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the rows of the source in a live table: one query by keys, one by whole rows, each for all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import psycopg2

from ..catalog.quoting import ident
from ..errors import PermissionMissing
from .model import Key, Lookup, Made, Row, Special, TableRows
from .query import Query
from .read import made_up
from .view import TEXT_EQUALS, View


@dataclass(frozen=True)
class Found:
    """A live row: how it was found (None: by all its values), and the texts of the columns asked for."""

    key: Optional[Key]
    values: Mapping[str, Optional[str]]


class Matches(NamedTuple):
    """``rows``: live rows by the number of the source's row, the best first; ``empty``: the live table has no rows."""

    rows: Mapping[int, Sequence[Found]]
    empty: bool


def _keys_of(keys: Iterable[Key], table: TableRows, row: Row) -> Tuple[List[Key], List[Key]]:
    """The keys that can find the row: those whose values the source gave, those with a value that a default made."""
    at = {column.name: row[position] for position, column in enumerate(table.columns)}
    natural: List[Key] = []
    made: List[Key] = []
    for key in keys:
        values = [at.get(name) for name in key.columns]
        if any(isinstance(value, Special) or (value is None and key.nulls_distinct) for value in values):
            continue
        (made if any(isinstance(value, Made) for value in values) else natural).append(key)
    return natural, made


def usable_keys(keys: Iterable[Key], table: TableRows, row: Row) -> List[Key]:
    """The keys by which a row can be found.

    A number that a sequence made says nothing of the row where another key does.
    """
    natural, made = _keys_of(keys, table, row)
    return natural or made


def known_by_made_key(keys: Iterable[Key], table: TableRows, row: Row) -> bool:
    """Whether nothing but a value that a default made tells the row from others."""
    natural, made = _keys_of(keys, table, row)
    return bool(made) and not natural


def natural_key(keys: Iterable[Key], table: TableRows, row: Row) -> Optional[Key]:
    """A list of columns whose values the source gives and that finds the row, wherever it is."""
    at = {column.name: row[position] for position, column in enumerate(table.columns)}
    natural, _made = _keys_of(keys, table, row)
    return next((key for key in natural if key.plain and None not in [at.get(name) for name in key.columns]), None)


def match(connection: Any, view: View, table: TableRows, outputs: Sequence[str]) -> Matches:
    """Look for the rows of ``table``; ``outputs`` are the columns whose live texts are wanted."""
    if view.live is None:
        return Matches({}, True)
    try:
        return _match(connection, view, table, outputs)
    except psycopg2.errors.InsufficientPrivilege:
        relation = view.live.table.relation
    raise PermissionMissing(
        f"the rows of {relation} cannot be read",
        hint=f"The source has rows for the table: GRANT SELECT ON {relation}, or connect as its owner.",
    )


def _match(connection: Any, view: View, table: TableRows, outputs: Sequence[str]) -> Matches:
    by_key: Dict[Key, List[int]] = {}
    for number, row in enumerate(table.rows):
        if any(isinstance(value, Lookup) for value in row):
            usable = [key for key in usable_keys(view.keys, table, row) if not _looks_up(key, table, row)]
        else:
            usable = usable_keys(view.keys, table, row)
        for key in usable:
            by_key.setdefault(key, []).append(number)
    found: Dict[int, List[Found]] = {}
    empty = True
    if by_key:
        empty = _by_keys(connection, view, table, by_key, outputs, found)
    by_values = [
        number for number, row in enumerate(table.rows) if number not in found and _found_by_values(view, table, row)
    ]
    if by_values:
        _by_values(connection, view, table, by_values, outputs, found)
        empty = empty and not found
    return Matches(found, empty)


def _looks_up(key: Key, table: TableRows, row: Row) -> bool:
    return any(isinstance(value, Lookup) for column, value in zip(table.columns, row) if column.name in key.columns)


def _found_by_values(view: View, table: TableRows, row: Row) -> bool:
    """Whether nothing but all its values identifies a row, or keys that do not hold for every row."""
    if any(isinstance(value, Lookup) for value in row):
        return False
    at = {column.name: row[position] for position, column in enumerate(table.columns)}
    random = {column.name for column in table.columns if made_up(column, at[column.name])}
    return all(not key.plain or random.intersection(key.columns) for key in usable_keys(view.keys, table, row))


def _guarded(connection: Any, safe: bool, cursor: Any, query: Query) -> bool:
    """Run a query that may fail for want of a value's type; False where it did."""
    if safe:
        query.run(cursor)
        return True
    inside = not connection.autocommit
    if inside:
        cursor.execute("SAVEPOINT row_values")
    try:
        query.run(cursor)
    except (psycopg2.DataError, psycopg2.ProgrammingError) as error:
        if isinstance(error, psycopg2.errors.InsufficientPrivilege):
            raise
        if inside:
            cursor.execute("ROLLBACK TO SAVEPOINT row_values")
        return False
    return True


def _by_keys(
    connection: Any,
    view: View,
    table: TableRows,
    by_key: Mapping[Key, Sequence[int]],
    outputs: Sequence[str],
    found: Dict[int, List[Found]],
) -> bool:
    """Fill ``found``; whether the live table has no row at all is returned."""
    # In the order of the keys, the primary one first.
    keys = [key for key in view.keys if key in by_key]
    with connection.cursor() as cursor:
        if not _guarded(connection, view.settled, cursor, _keys_query(view, table, keys, by_key, outputs, False)):
            keys = [key for key in keys if key.plain and all(part.operator.endswith(".=)") for part in key.parts)]
            _keys_query(view, table, keys, by_key, outputs, True).run(cursor)
        rows = cursor.fetchall()
    empty = True
    for row in sorted(rows, key=lambda each: (each[0], each[1])):
        if row[1] < 0:
            empty = False
            continue
        hit = Found(keys[row[1]], dict(zip(outputs, row[2:])))
        others = found.setdefault(row[0], [])
        if all(other.values != hit.values for other in others) or not others:
            others.append(hit)
    return empty


def _keys_query(
    view: View,
    table: TableRows,
    keys: Sequence[Key],
    by_key: Mapping[Key, Sequence[int]],
    outputs: Sequence[str],
    as_text: bool,
) -> Query:
    plain = all(key.plain for key in keys)
    names = {name for key in keys for name in key.columns}
    used = [(position, column) for position, column in enumerate(table.columns) if not plain or column.name in names]
    numbers = sorted({number for key in keys for number in by_key[key]})
    bits = dict.fromkeys(numbers, 0)
    for bit, key in enumerate(keys):
        for number in by_key[key]:
            bits[number] |= 1 << bit
    parameters: List[Any] = [numbers, [bits[number] for number in numbers]]
    casts = []
    for place, (position, column) in enumerate(used):
        values = [table.rows[number][position] for number in numbers]
        parameters.append([str(value) if isinstance(value, str) else None for value in values])
        typed = not as_text and view.typed(column.name)
        value = f"CAST(c{place} AS {column.base})" if typed else f"c{place}"
        casts.append(f"{value} AS {ident(column.name)}")
    arrays = ", ".join(["\0::int[]", "\0::bigint[]"] + [Query.array()] * len(used))
    columns = ", ".join(["number", "bits"] + [f"c{place}" for place in range(len(used))])
    names_taken = {column.name for column in view.desired.columns}
    number, bits_name = _free("row_number", names_taken), _free("row_keys", names_taken)
    given = (
        f"WITH given AS (SELECT number AS {number}, bits AS {bits_name}"
        + "".join(", " + cast for cast in casts)
        + f" FROM unnest({arrays}) AS u({columns}))"
    )
    needed = sorted({column.name for _position, column in used} | set(outputs))
    blanks = "".join(", NULL::text" for _output in outputs)
    branches = [
        f"SELECT 0, -1{blanks} WHERE EXISTS (SELECT FROM {view.relation})",
    ]
    for bit, key in enumerate(keys):
        mine = f"SELECT {number} AS number, {_terms(key)} FROM given WHERE {bits_name} & {1 << bit} <> 0"
        branches.append(_branch(view, key, bit, mine, needed, outputs, as_text))
    return Query(f"{given} " + " UNION ALL ".join(branches), parameters)


def _free(name: str, taken: AbstractSet[str]) -> str:
    """A name that no column has."""
    while name in taken:
        name += "_"
    return name


def _terms(key: Key) -> str:
    terms = [ident(part.column) if part.column is not None else part.expression for part in key.parts]
    return ", ".join(f"{term} AS k{place}" for place, term in enumerate(terms))


def _branch(
    view: View, key: Key, bit: int, given: str, needed: Sequence[str], outputs: Sequence[str], as_text: bool
) -> str:
    """Pairs of the rows of the source (``given``) and the live rows that agree in one key."""
    texts = "".join(f", {ident(name)}::text AS o{place}" for place, name in enumerate(outputs))
    mine = f"({given} AND ({key.predicate}))" if key.predicate else f"({given})"
    where = f" WHERE {key.predicate}" if key.predicate else ""
    theirs = f"(SELECT {_terms(key)}{texts} FROM {view.source(needed, as_text)} AS present{where})"
    pairs = []
    for place, part in enumerate(key.parts):
        typed = part.column is None or (not as_text and view.typed(part.column))
        pair = f"theirs.k{place} {part.operator if typed else TEXT_EQUALS} mine.k{place}"
        if not key.nulls_distinct:
            pair = f"({pair} OR (theirs.k{place} IS NULL AND mine.k{place} IS NULL))"
        pairs.append(pair)
    result = "".join(f", theirs.o{place}" for place in range(len(outputs)))
    return f"SELECT mine.number, {bit}{result} FROM {mine} mine JOIN {theirs} theirs ON {' AND '.join(pairs)}"


def _by_values(
    connection: Any,
    view: View,
    table: TableRows,
    numbers: Sequence[int],
    outputs: Sequence[str],
    found: Dict[int, List[Found]],
) -> None:
    """Compare whole rows, as texts; of rows that are the same in the source, each needs one of its own."""
    equal: Dict[Tuple[Tuple[int, ...], Row], List[int]] = {}
    for number in numbers:
        row = table.rows[number]
        compared = tuple(
            position
            for position, column in enumerate(table.columns)
            if not isinstance(row[position], (Special, Made)) and not made_up(column, row[position])
        )
        equal.setdefault((compared, tuple(row[position] for position in compared)), []).append(number)
    patterns: Dict[Tuple[int, ...], List[Tuple[Row, List[int]]]] = {}
    for (compared, values), same in equal.items():
        patterns.setdefault(compared, []).append((values, same))
    for compared, wanted in patterns.items():
        with connection.cursor() as cursor:
            query = _values_query(view, table, compared, wanted, outputs, True)
            if not _guarded(connection, view.settled, cursor, query):
                _values_query(view, table, compared, wanted, outputs, False).run(cursor)
            for row in cursor.fetchall():
                place, count = row[0], row[1]
                hit = Found(None, dict(zip(outputs, row[2:])))
                for number in wanted[place][1][:count]:
                    found[number] = [hit]


def _values_query(
    view: View,
    table: TableRows,
    compared: Sequence[int],
    wanted: Sequence[Tuple[Row, List[int]]],
    outputs: Sequence[str],
    cast: bool,
) -> Query:
    names = [table.columns[position].name for position in compared]
    parameters: List[Any] = [list(range(len(wanted)))]
    parameters += [[values[place] for values, _same in wanted] for place in range(len(compared))]
    arrays = ", ".join(["\0::int[]"] + [Query.array()] * len(compared))
    columns = ", ".join(["number"] + [f"c{place}" for place in range(len(compared))])
    mine = f"SELECT number, ROW({', '.join(f'c{place}' for place in range(len(compared)))})::text AS whole"
    # A text of the whole row can be hashed, and tells NULL from an empty text.
    whole = "ROW(" + ", ".join(_text(view, name, cast) for name in names) + ")::text"
    texts = "".join(f", {_text(view, name, False)} AS o{place}" for place, name in enumerate(outputs))
    firsts = "".join(f", (array_agg(theirs.o{place}))[1]" for place in range(len(outputs)))
    return Query(
        f"SELECT mine.number, count(*){firsts} FROM ({mine} FROM unnest({arrays}) AS u({columns})) mine"
        f" JOIN (SELECT {whole} AS whole{texts} FROM {view.relation}) theirs ON theirs.whole = mine.whole"
        " GROUP BY mine.number",
        parameters,
    )


def _text(view: View, name: str, cast: bool) -> str:
    if cast or name not in view.columns:
        return view.value(name, as_text=True)
    return f"{ident(view.columns[name].name)}::text"
