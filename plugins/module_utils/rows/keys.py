# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys can find a row of the source: those whose values the source gave, before those that a default made."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Tuple

from .model import Enforced, Key, Lookup, Made, Row, Special, TableRows, Value
from .read import made_up

_GIVEN = frozenset({str, type(None)})


def given(row: Row) -> bool:
    """Whether the source gave every value of a row, and each is known."""
    return _GIVEN.issuperset(map(type, row))


def plain_text(value: Value) -> Optional[str]:
    """A value as the driver takes it; None for one that is not known."""
    if value is None or (isinstance(value, str) and not isinstance(value, Made)):
        return value
    return str(value) if isinstance(value, str) else None


class RowKeys:
    """The keys of a table, ready to be asked of many rows."""

    def __init__(self, keys: Iterable[Key], table: TableRows) -> None:
        self.table = table
        places = {column.name: position for position, column in enumerate(table.columns)}
        # A key over a generated column has no values in the rows of the source.
        self._keys: List[Tuple[Key, Tuple[int, ...]]] = [
            (key, tuple(places[name] for name in key.columns))
            for key in keys
            if all(name in places for name in key.columns)
        ]
        self._positions: Dict[Key, Tuple[int, ...]] = dict(self._keys)

    def _split(self, row: Row) -> Tuple[List[Key], List[Key]]:
        natural: List[Key] = []
        made: List[Key] = []
        for key, positions in self._keys:
            is_made = False
            for position in positions:
                value = row[position]
                if isinstance(value, str) and not isinstance(value, Made):
                    continue
                if isinstance(value, Special) or (value is None and key.nulls_distinct):
                    break
                is_made = is_made or isinstance(value, Made)
            else:
                (made if is_made else natural).append(key)
        return natural, made

    def usable(self, row: Row) -> List[Key]:
        """The keys by which a row can be found.

        A number that a sequence made says nothing of the row where another key does.
        """
        natural, made = self._split(row)
        return natural or made

    def looks_up(self, key: Key, row: Row) -> bool:
        """Whether the key needs the value of a row that is not there yet, so that it cannot be there either."""
        return any(isinstance(row[position], Lookup) for position in self._positions[key])

    def by_values(self, row: Row, usable: Iterable[Key]) -> bool:
        """Whether nothing but all its values identifies a row, or keys that do not hold for every row."""
        simple = given(row)
        for key in usable:
            if key.plain and (simple or not self._random(key, row)):
                return False
        return simple or not any(isinstance(value, Lookup) for value in row)

    def _random(self, key: Key, row: Row) -> bool:
        return any(made_up(self.table.columns[position], row[position]) for position in self._positions[key])

    def known_by_made_key(self, row: Row) -> bool:
        """Whether nothing but a value that a default made tells the row from others."""
        natural, made = self._split(row)
        return bool(made) and not natural

    def natural(self, row: Row) -> Optional[Key]:
        """A list of columns whose values the source gives and that finds the row, wherever it is."""
        for key in self._split(row)[0]:
            if key.plain and all(row[position] is not None for position in self._positions[key]):
                return key
        return None


def has_made(table: TableRows) -> bool:
    """Whether a default made any value of the table's rows."""
    return any(Made in map(type, row) for row in table.rows)


def deviating_columns(table: TableRows, enforced: Enforced, key: Optional[Key]) -> Tuple[str, ...]:
    """The columns that are compared in rows found by ``key``."""
    if key is None:
        return ()
    if enforced.columns:
        return enforced.columns
    primary = table.shape.primary_key
    kept = set(key.columns) | set(primary.columns if primary is not None else ())
    return tuple(column.name for column in table.columns if column.name not in kept and column.identity != "a")
