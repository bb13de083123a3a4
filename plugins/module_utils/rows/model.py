# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of this package pass along: shapes of tables, values of rows, steps of the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Dict, FrozenSet, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

from ..catalog.model import Hazard, Identity


class Special(Enum):
    """A value that the source did not give; the member's value is how a statement writes it."""

    DEFAULT = "DEFAULT"
    NOW = "CURRENT_TIMESTAMP"


class Made(str):
    """A value that the column's default made (a sequence's number, a random UUID), not the source."""

    __slots__ = ()


class Unsure(str):
    """A UUID that a random default may have made: nothing tells whether the source gave it."""

    __slots__ = ()


@dataclass(frozen=True)
class Lookup:
    """A value that is known once another row is there: ``column`` of the row of ``table`` that ``key`` finds.

    ``whole``: the key is every value that the source gave, compared by its text.
    """

    table: Identity
    column: str
    key: Tuple[Tuple[str, Value], ...]
    whole: bool = False


# None is NULL, a str the value's text under the pinned settings.
Value = Union[None, str, Special, Lookup]
Row = Tuple[Value, ...]


@dataclass(frozen=True)
class ColumnShape:
    """A column, as far as rows need it."""

    name: str
    type: str  # as CREATE TABLE writes it
    base: str  # domains resolved, without modifier: a cast to it never cuts a value short
    textual: bool  # compared by its text: a label may not be there yet
    generated: bool
    identity: str  # '' none, 'a' always, 'd' by default
    default: Optional[str]
    sequence: Optional[Identity]  # that the default or the identity takes numbers from
    secret: bool  # its values are not shown
    not_null: bool = False


class KeyPart(NamedTuple):
    """One term of a key. ``column`` is None where the term is an expression over the columns."""

    expression: str
    column: Optional[str]
    operator: str


@dataclass(frozen=True)
class Key:
    """What makes a row the same row: a primary key, a unique constraint or index, an exclusion constraint."""

    name: str
    parts: Tuple[KeyPart, ...]
    predicate: Optional[str]
    primary: bool
    nulls_distinct: bool
    unique: bool  # False: an exclusion constraint

    @property
    def plain(self) -> bool:
        """Whether the key is a list of columns and nothing else."""
        return self.predicate is None and all(part.column is not None for part in self.parts)

    @property
    def columns(self) -> Tuple[str, ...]:
        """The columns that are terms of the key by themselves."""
        return tuple(part.column for part in self.parts if part.column is not None)


@dataclass(frozen=True)
class ForeignKey:
    """A reference from one table to another (or the same)."""

    columns: Tuple[str, ...]
    referenced: Identity
    referenced_columns: Tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """A table, as far as rows need it."""

    table: Identity
    columns: Tuple[ColumnShape, ...]
    keys: Tuple[Key, ...]
    foreign_keys: Tuple[ForeignKey, ...]
    partitioned: bool
    has_rules: bool

    @property
    def source(self) -> str:
        """What FROM names: rows of inheriting tables are their own."""
        return self.table.relation if self.partitioned else f"ONLY {self.table.relation}"

    @property
    def references_itself(self) -> bool:
        return any(key.referenced == self.table for key in self.foreign_keys)

    @property
    def primary_key(self) -> Optional[Key]:
        return next((key for key in self.keys if key.primary), None)


@dataclass(frozen=True)
class TableRows:
    """The rows of one table. Each row has a value per column of ``columns`` (generated columns are left out)."""

    shape: Shape
    columns: Tuple[ColumnShape, ...]
    rows: Tuple[Row, ...]

    @property
    def table(self) -> Identity:
        return self.shape.table


@dataclass(frozen=True)
class BulkTable:
    """A table of many rows that stay where they are: ``connection`` is the shadow's, ``sources`` the tables there."""

    shape: Shape
    columns: Tuple[ColumnShape, ...]
    sources: Tuple[str, ...]
    count: int
    connection: Any = field(compare=False, repr=False)

    @property
    def table(self) -> Identity:
        return self.shape.table

    @property
    def key_columns(self) -> Tuple[str, ...]:
        """The columns of the primary key, which every such table has."""
        key = self.shape.primary_key
        return key.columns if key is not None else ()


@dataclass(frozen=True)
class SequenceState:
    """Where a sequence stands."""

    identity: Identity
    start: int
    increment: int
    last_value: int
    called: bool
    counting: bool  # numbers were taken since it was last set; missed where they end at the edge of what was logged
    oid: int = 0

    @property
    def touched(self) -> bool:
        """Whether the source moved it."""
        return self.called or self.last_value != self.start


@dataclass(frozen=True)
class Reference:
    """The rows that the source inserts, tables in an order in which what is referenced comes first."""

    tables: Tuple[TableRows, ...] = ()
    # Sets of tables that reference each other, or themselves.
    cycles: Tuple[FrozenSet[Identity], ...] = ()
    sequences: Mapping[Identity, SequenceState] = field(default_factory=dict)
    # Tables of many rows, and the place of every table among all: what is referenced comes first.
    bulk: Tuple[BulkTable, ...] = ()
    places: Mapping[Identity, int] = field(default_factory=dict)

    @property
    def all(self) -> Iterator[Union[TableRows, BulkTable]]:
        """All tables, those of many rows last."""
        yield from self.tables
        yield from self.bulk

    @property
    def count(self) -> int:
        """The number of rows in all tables."""
        return sum(len(each.rows) for each in self.tables) + sum(each.count for each in self.bulk)


@dataclass(frozen=True)
class Enforced:
    """What an entry of ``enforce`` says of a table; no columns means all that are not part of its key."""

    columns: Tuple[str, ...] = ()
    delete_extra: bool = False


@dataclass(frozen=True)
class RowStep:
    """One statement. ``shown_sql`` is the same text with values of secret columns masked.

    ``feed`` makes the file that a COPY … FROM stdin reads.
    """

    table: Identity
    sql: str
    shown_sql: str
    hazards: Tuple[Hazard, ...]
    rows: int
    action: str  # insert, update, delete, setval
    feed: Optional[Callable[[], Any]] = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class RowDiff:
    """The rows of a table that change, readable, before and after; secret values are masked."""

    table: Identity
    before: str
    after: str


@dataclass(frozen=True)
class RowPlan:
    """The statements that bring the rows of the source into the database, in order."""

    steps: Tuple[RowStep, ...] = ()
    diff: Tuple[RowDiff, ...] = ()
    present: Mapping[Identity, int] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()


@dataclass(frozen=True)
class RowDifference:
    """A row that is not as the source wants it; secret values are masked."""

    table: Identity
    kind: str  # missing, different, extra
    key: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"row ({self.key}) of {self.table.relation} is {self.kind}"


@dataclass(frozen=True)
class RowCheck:
    """What ``check_rows`` found. ``digest`` is None where a later run has to look the slow way."""

    differences: Tuple[RowDifference, ...]
    digest: Optional[Dict[str, object]]
