# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of many rows: these stay in the shadow, and pass through this process a batch at a time.

Whether the live table has them is told by a hash that both servers compute; only where that differs are rows looked up,
batch by batch, and only those that are missing are held. An empty table gets all of them by one COPY, which reads from
the shadow while it writes. That takes rows that mean the same in any database: a primary key, and no value that a
default, a sequence or the clock made during the load. All other tables are held, however many rows they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..catalog.quoting import ident, idents
from .match import match
from .model import BulkTable, Row, RowDifference, RowStep, TableRows
from .query import Query
from .stream import batches
from .view import View
from .write import row_text

_SHOWN = 20  # rows that a report names


@dataclass(frozen=True)
class BulkMatch:
    """What the live database has of a table.

    ``whole``: nothing, so all rows are copied; ``missing`` is empty then. ``moved``: rows stand there under another
    primary key, so that what references them has to follow.
    """

    table: BulkTable
    view: View
    whole: bool
    missing: TableRows
    present: int = 0
    moved: bool = False


def find(connection: Any, table: BulkTable, view: View) -> BulkMatch:
    """Which of the rows the live database has."""
    nothing = TableRows(table.shape, table.columns, ())
    if view.live is None or _empty(connection, view):
        return BulkMatch(table, view, True, nothing)
    if _same(connection, table, view):
        return BulkMatch(table, view, False, nothing, table.count)
    missing: List[Row] = []
    keys = table.key_columns
    places = [position for name in keys for position, column in enumerate(table.columns) if column.name == name]
    for rows in batches(table):
        batch = TableRows(table.shape, table.columns, tuple(rows))
        found = match(connection, view, batch, keys).rows
        for number, hits in found.items():
            if any(hits[0].values.get(name) != batch.rows[number][place] for name, place in zip(keys, places)):
                return BulkMatch(table, view, False, nothing, moved=True)
        missing += [row for number, row in enumerate(batch.rows) if number not in found]
    rest = TableRows(table.shape, table.columns, tuple(missing))
    return BulkMatch(table, view, False, rest, table.count - len(missing))


def _empty(connection: Any, view: View) -> bool:
    with connection.cursor() as cursor:
        Query(f"SELECT NOT EXISTS (SELECT FROM {view.relation})").run(cursor)
        return bool(cursor.fetchone()[0])


def _same(connection: Any, table: BulkTable, view: View) -> bool:
    """Whether both sides have the same keys: as many, with the same sum of hashes."""
    if not all(view.typed(name) for name in table.key_columns):
        return False
    wanted = [_keys(table.connection, f"ONLY {source}", table.key_columns) for source in table.sources]
    names = [view.columns[name].name for name in table.key_columns]
    return _keys(connection, view.relation, names) == tuple(map(sum, zip(*wanted)))


def _keys(connection: Any, relation: str, names: Sequence[str]) -> Tuple[int, int]:
    row = "ROW(" + ", ".join(f"{ident(name)}::text" for name in names) + ")::text"
    with connection.cursor() as cursor:
        Query(f"SELECT count(*), coalesce(sum(hashtextextended({row}, 0)::numeric), 0) FROM {relation}").run(cursor)
        count, total = cursor.fetchone()
    return int(count), int(total)


def copy_step(found: BulkMatch) -> RowStep:
    """The one statement that brings all rows of a table."""
    table = found.table
    sql = f"COPY {table.table.relation} ({idents(column.name for column in table.columns)}) FROM stdin"
    return RowStep(
        table.table, sql, f"{sql} -- {table.count} rows", (), table.count, "insert", feed=lambda: _Feed(table)
    )


def numbers(found: BulkMatch) -> Dict[Any, List[int]]:
    """The first and the last number of each column that a sequence counts, among rows that are copied."""
    result: Dict[Any, List[int]] = {}
    if not found.whole:
        return result
    counted = [column for column in found.table.columns if column.sequence is not None]
    with found.table.connection.cursor() as cursor:
        for column in counted:
            for source in found.table.sources:
                name = ident(column.name)
                cursor.execute(f"SELECT min({name})::bigint, max({name})::bigint FROM ONLY {source}")
                result.setdefault(column.sequence, []).extend(each for each in cursor.fetchone() if each is not None)
    return result


def differences(found: BulkMatch) -> List[RowDifference]:
    """What is missing, a few of many rows by name."""
    table = found.table
    if found.whole:
        return [RowDifference(table.table, "missing", f"all {table.count}", f"{table.count} rows", "")]
    columns = {column.name: position for position, column in enumerate(table.columns)}
    result = []
    for row in found.missing.rows[:_SHOWN]:
        key = row_text([(table.columns[columns[name]], row[columns[name]]) for name in table.key_columns])
        result.append(RowDifference(table.table, "missing", key, row_text(list(zip(table.columns, row))), ""))
    more = len(found.missing.rows) - _SHOWN
    if more > 0:
        result.append(RowDifference(table.table, "missing", f"and {more} more", f"{more} more rows", ""))
    return result


class _Feed:
    """Rows on their way from the shadow into COPY: a file that the driver reads."""

    def __init__(self, table: BulkTable) -> None:
        self._batches = batches(table)
        self._text = ""
        self._at = 0

    def read(self, size: int = -1) -> str:
        """Some of the text, '' at the end."""
        if self._at >= len(self._text):
            rows = next(self._batches, None)
            if rows is None:
                return ""
            self._text, self._at = "".join(map(_line, rows)), 0
        end = len(self._text) if size < 0 else self._at + size
        part = self._text[self._at : end]
        self._at += len(part)
        return part


# What COPY's text format takes for something else (PostgreSQL documentation, "COPY").
_ESCAPES = {ord("\\"): "\\\\", ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}


def _line(row: Row) -> str:
    return "\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in row) + "\n"


Links = Mapping[Any, Mapping[Row, Row]]


def follows(table: BulkTable, links: Links) -> bool:
    """Whether what the table references stands elsewhere in the live database: its rows would have to follow."""
    return any(links.get((key.referenced, key.referenced_columns)) for key in table.shape.foreign_keys)
