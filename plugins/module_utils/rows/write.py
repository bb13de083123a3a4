# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the statements: complete SQL, once as it runs and once as it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..catalog.quoting import ident, idents, literal
from .model import ColumnShape, Lookup, Made, Row, Shape, Special, TableRows, Value
from .shape import secret_name

# Rows per statement, and characters: bulk is quick, and no statement is too large to read or to send.
CHUNK_ROWS = 500
CHUNK_SIZE = 1_000_000

MASK = "********"


@dataclass(frozen=True)
class Statement:
    """SQL, and the same text with secret values masked."""

    sql: str
    shown: str


def value_text(value: Value, column: Optional[ColumnShape], masked: bool) -> str:
    """A value as it stands in a statement; ``masked``: as it may be shown."""
    if isinstance(value, str) and not isinstance(value, Made) and not masked:
        return literal(value)
    if value is None:
        return "NULL"
    if isinstance(value, Special):
        return value.value
    if isinstance(value, Lookup):
        terms = []
        for name, each in value.key:
            text = literal(MASK) if masked and secret_name(name) else value_text(each, None, masked)
            if each is None:
                terms.append(f"{ident(name)} IS NULL")
            elif value.whole and isinstance(each, str):
                terms.append(f"{ident(name)}::text = {text}")
            else:
                terms.append(f"{ident(name)} = {text}")
        where = " AND ".join(terms)
        return f"(SELECT {ident(value.column)} FROM {value.table.relation} WHERE {where})"
    return literal(MASK if masked and column is not None and column.secret else str(value))


def _both(columns: Sequence[ColumnShape], write: str, shown: str) -> Statement:
    return Statement(write, shown if any(column.secret for column in columns) else write)


def chunks(table: TableRows, numbers: Sequence[int]) -> Iterator[List[int]]:
    """Pieces of a list of rows, each small enough for one statement."""
    piece: List[int] = []
    size = 0
    for number in numbers:
        width = sum(len(value) for value in table.rows[number] if isinstance(value, str))
        if piece and (len(piece) >= CHUNK_ROWS or size + width > CHUNK_SIZE):
            yield piece
            piece, size = [], 0
        piece.append(number)
        size += width
    if piece:
        yield piece


def insert(parts: Sequence[Tuple[TableRows, Sequence[int], bool]]) -> Statement:
    """INSERT of rows into one table, or into several in one statement whose references are checked at its end.

    Each part is a table, the numbers of its rows, and whether a row that is there already is passed over.
    """
    written = [_insert(*part) for part in parts]
    if len(written) == 1:
        return written[0]
    texts = []
    for each in ([one.sql for one in written], [one.shown for one in written]):
        named = ",\n".join(f"step{place} AS (\n{text}\n)" for place, text in enumerate(each[:-1], 1))
        texts.append(f"WITH {named}\n{each[-1]}")
    return Statement(texts[0], texts[1])


def _insert(table: TableRows, numbers: Sequence[int], skip_present: bool) -> Statement:
    rows = [table.rows[number] for number in numbers]
    if not table.columns:
        many = f"INSERT INTO {table.table.relation} SELECT FROM pg_catalog.generate_series(1, {len(rows)})"
        return Statement(many, many)
    used = [
        (position, column)
        for position, column in enumerate(table.columns)
        if any(row[position] is not Special.DEFAULT for row in rows)
    ]
    columns = [column for _position, column in used]
    if not used:
        # Not one value is given: DEFAULT VALUES would insert a single row.
        used, columns = [(0, table.columns[0])], [table.columns[0]]
    conflict = "\nON CONFLICT DO NOTHING" if skip_present else ""
    overriding = " OVERRIDING SYSTEM VALUE" if any(column.identity == "a" for column in columns) else ""
    head = f"INSERT INTO {table.table.relation} ({idents(column.name for column in columns)}){overriding} VALUES\n"

    def text(masked: bool) -> str:
        lines = []
        for row in rows:
            texts = [value_text(row[position], column, masked) for position, column in used]
            lines.append(f"    ({', '.join(texts)})")
        return head + ",\n".join(lines) + conflict

    sql = text(False)
    secret = any(column.secret for column in columns) or any(isinstance(value, Lookup) for row in rows for value in row)
    return Statement(sql, text(True) if secret else sql)


@dataclass(frozen=True)
class Update:
    """New values of one live row, which ``where`` finds; ``whole``: by the texts of all its values."""

    where: Tuple[Tuple[str, Optional[str]], ...]
    values: Tuple[Tuple[str, Value], ...]
    whole: bool = False


# Few rows read better as a statement each.
_ONE_BY_ONE = 20


def updates(shape: Shape, changes: Sequence[Update]) -> Iterator[Tuple[Statement, int]]:
    """UPDATE statements, each with the number of rows that it changes."""
    together: Dict[Any, List[Update]] = {}
    for change in changes:
        simple = not change.whole and all(value is not None for _name, value in change.where)
        simple = simple and not any(isinstance(value, (Lookup, Special)) for _name, value in change.values)
        form = (tuple(name for name, _v in change.where), tuple(name for name, _v in change.values), simple)
        together.setdefault(form, []).append(change)
    for (_where, _values, simple), alike in together.items():
        if not simple or len(alike) <= _ONE_BY_ONE:
            for change in alike:
                yield _update(shape, change), 1
            continue
        for first in range(0, len(alike), CHUNK_ROWS):
            some = alike[first : first + CHUNK_ROWS]
            yield _update_many(shape, some), len(some)


def _update(shape: Shape, change: Update) -> Statement:
    columns = {column.name: column for column in shape.columns}

    def text(masked: bool) -> str:
        def pair(name: str, value: Value) -> str:
            return f"{ident(name)} = {value_text(value, columns[name], masked)}"

        values = ", ".join(pair(name, value) for name, value in change.values)
        if change.whole:
            where = _by_texts(change.where, columns, masked)
        else:
            where = " AND ".join(
                f"{ident(name)} IS NULL" if value is None else pair(name, value) for name, value in change.where
            )
        return f"UPDATE {shape.source} SET {values} WHERE {where}"

    return _both(shape.columns, text(False), text(True))


def _by_texts(values: Iterable[Tuple[str, Value]], columns: Mapping[str, ColumnShape], masked: bool) -> str:
    """The condition that a row has these values, of types with an equality or without."""
    return " AND ".join(
        f"{ident(name)}::text IS NOT DISTINCT FROM {value_text(value, columns[name], masked)}" for name, value in values
    )


def _update_many(shape: Shape, changes: Sequence[Update]) -> Statement:
    columns = {column.name: column for column in shape.columns}
    where = [name for name, _value in changes[0].where]
    names = [name for name, _value in changes[0].values]
    aliases = {name: f"c{place}" for place, name in enumerate(where + names)}
    # A column may be enforced and tell the row too: the old value comes first, the new one under another alias.
    new = {name: f"n{place}" for place, name in enumerate(names)}

    def text(masked: bool) -> str:
        lines = []
        for change in changes:
            pairs: List[Tuple[str, Value]] = list(change.where) + list(change.values)
            lines.append("    (" + ", ".join(value_text(value, columns[name], masked) for name, value in pairs) + ")")
        sets = ", ".join(f"{ident(name)} = CAST(v.{new[name]} AS {columns[name].base})" for name in names)
        match = " AND ".join(f"t.{ident(name)} = CAST(v.{aliases[name]} AS {columns[name].base})" for name in where)
        header = ", ".join([aliases[name] for name in where] + [new[name] for name in names])
        values = ",\n".join(lines)
        return f"UPDATE {shape.source} AS t SET {sets}\n  FROM (VALUES\n{values}\n  ) AS v({header})\n WHERE {match}"

    return _both(shape.columns, text(False), text(True))


def deletes(shape: Shape, names: Sequence[str], rows: Sequence[Row], whole: bool) -> Iterator[Tuple[Statement, int]]:
    """DELETE statements for rows that the columns ``names`` find; ``whole``: by the texts of all their values."""
    columns = {column.name: column for column in shape.columns}
    step = max(len(rows), 1) if shape.references_itself else CHUNK_ROWS
    for first in range(0, len(rows), step):
        some = rows[first : first + step]

        def text(masked: bool, some: Sequence[Row] = some) -> str:
            if whole:
                lines = [f"({_by_texts(zip(names, row), columns, masked)})" for row in some]
                return f"DELETE FROM {shape.source} WHERE " + "\n    OR ".join(lines)
            if len(names) == 1:
                texts = [value_text(row[0], columns[names[0]], masked) for row in some]
                return f"DELETE FROM {shape.source} WHERE {ident(names[0])} IN ({', '.join(texts)})"
            texts = [
                "(" + ", ".join(value_text(value, columns[name], masked) for name, value in zip(names, row)) + ")"
                for row in some
            ]
            return f"DELETE FROM {shape.source} WHERE ({idents(names)}) IN (" + ",\n    ".join(texts) + ")"

        yield _both(shape.columns, text(False), text(True)), len(some)


def row_text(pairs: Sequence[Tuple[ColumnShape, Value]]) -> str:
    """A row for the eye: column = value, secret values masked."""
    return ", ".join(f"{ident(column.name)} = {value_text(value, column, True)}" for column, value in pairs)
