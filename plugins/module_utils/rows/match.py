# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the rows of the source in a live table: one query by keys, one by whole rows, each for all rows at once."""

from __future__ import annotations

from operator import itemgetter
from typing import AbstractSet, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..catalog.quoting import ident
from ..driver import psycopg2
from ..errors import PermissionMissing
from .keys import RowKeys, given, plain_text
from .model import Key, Made, Row, Special, TableRows, Unsure
from .query import Query
from .view import TEXT_EQUALS, View


class Found(NamedTuple):
    """A live row: how it was found (None: by all its values), and the texts of the columns asked for."""

    key: Optional[Key]
    values: Mapping[str, Optional[str]]


class Matches(NamedTuple):
    """``rows``: live rows by the number of the source's row, the best first; ``empty``: the live table has no rows."""

    rows: Mapping[int, Sequence[Found]]
    empty: bool


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
    keys = RowKeys(view.keys, table)
    by_key: Dict[Key, List[int]] = {}
    by_values: List[int] = []
    for number, row in enumerate(table.rows):
        usable = keys.usable(row)
        if keys.by_values(row, usable):
            by_values.append(number)
        for key in usable:
            if not keys.looks_up(key, row):
                by_key.setdefault(key, []).append(number)
    found: Dict[int, List[Found]] = {}
    empty = True
    if by_key:
        empty = _by_keys(connection, view, table, by_key, outputs, found)
    by_values = [number for number in by_values if number not in found]
    if by_values:
        _by_values(connection, view, table, by_values, outputs, found)
        empty = empty and not found
    return Matches(found, empty)


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
    rows.sort(key=itemgetter(0, 1))
    nothing = [Found(key, {}) for key in keys]
    for row in rows:
        number, bit = row[0], row[1]
        if bit < 0:
            empty = False
            continue
        hit = Found(keys[bit], dict(zip(outputs, row[2:]))) if outputs else nothing[bit]
        others = found.setdefault(number, [])
        if not others or all(other.values != hit.values for other in others):
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
        parameters.append([plain_text(value) for value in values])
        typed = not as_text and view.typed(column.name)
        term = f"CAST(c{place} AS {column.base})" if typed else f"c{place}"
        casts.append(f"{term} AS {ident(column.name)}")
    arrays = ", ".join(["\0::int[]", "\0::bigint[]"] + [Query.array()] * len(used))
    columns = ", ".join(["number", "bits"] + [f"c{place}" for place in range(len(used))])
    names_taken = {column.name for column in view.desired.columns}
    number_name, bits_name = _free("row_number", names_taken), _free("row_keys", names_taken)
    given = (
        f"WITH given AS (SELECT number AS {number_name}, bits AS {bits_name}"
        + "".join(", " + cast for cast in casts)
        + f" FROM unnest({arrays}) AS u({columns}))"
    )
    needed = sorted({column.name for _position, column in used} | set(outputs))
    blanks = "".join(", NULL::text" for _output in outputs)
    branches = [
        f"SELECT 0, -1{blanks} WHERE EXISTS (SELECT FROM {view.relation})",
    ]
    for bit, key in enumerate(keys):
        mine = f"SELECT {number_name} AS number, {_terms(key)} FROM given WHERE {bits_name} & {1 << bit} <> 0"
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
    every = tuple(range(len(table.columns)))
    for number in numbers:
        row = table.rows[number]
        # What a default made is not the source's.
        compared = (
            every if given(row) else tuple(at for at in every if not isinstance(row[at], (Special, Made, Unsure)))
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
    parameters += [[plain_text(values[place]) for values, _same in wanted] for place in range(len(compared))]
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
