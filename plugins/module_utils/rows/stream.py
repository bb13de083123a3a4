# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of large tables of the shadow, a batch at a time."""

from __future__ import annotations

import secrets
from typing import Any, Iterator, List, Optional, Sequence

from ..catalog.quoting import ident, idents
from .model import BulkTable, ColumnShape, Row, Shape, TableRows
from .query import Query

# A table whose files are larger than this is a candidate.
LARGE = 2 * 1024 * 1024  # bytes
BATCH = 5_000  # rows


def stream(connection: Any, query: str) -> Iterator[List[Row]]:
    """The rows of a query in batches, by a cursor of the server's."""
    name = f"rows_{secrets.token_hex(4)}"
    # Outside of a transaction block a cursor has to outlive its statement.
    with connection.cursor(name=name, withhold=bool(connection.autocommit)) as cursor:
        cursor.execute(query)
        while True:
            rows: List[Row] = cursor.fetchmany(BATCH)
            if not rows:
                return
            yield rows


def look(
    connection: Any, shape: Shape, columns: Sequence[ColumnShape], sources: Sequence[str], conditions: Sequence[str]
) -> Optional[BulkTable]:
    """The table as one of many rows; None where ``conditions`` hold for any row, or it is not large at all."""
    doubtful = " OR ".join(f"({condition})" for condition in conditions) or "false"
    size = count = 0
    with connection.cursor() as cursor:
        for source in sources:
            cursor.execute("SELECT pg_relation_size(%s::regclass)", (source,))
            size += cursor.fetchone()[0]
        if size <= LARGE:
            return None
        for source in sources:
            Query(f"SELECT count(*), coalesce(bool_or({doubtful}), false) FROM ONLY {source}").run(cursor)
            number, doubt = cursor.fetchone()
            count += number
            if doubt:
                return None
    return BulkTable(shape, tuple(columns), tuple(sources), count, connection)


def batches(table: BulkTable) -> Iterator[List[Row]]:
    """All rows, in the order of the primary key."""
    texts = ", ".join(f"{ident(column.name)}::text" for column in table.columns)
    order = idents(table.key_columns)
    for source in table.sources:
        yield from stream(table.connection, f"SELECT {texts} FROM ONLY {source} ORDER BY {order}")


def held(table: BulkTable) -> TableRows:
    """The table as any other, with all its rows."""
    return TableRows(table.shape, table.columns, tuple(row for rows in batches(table) for row in rows))
