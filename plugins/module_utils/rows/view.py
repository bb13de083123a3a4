# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of the live database, seen as it will be: under the names of the source, with columns yet to be added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Mapping, Optional, Tuple

from ..catalog.model import Identity
from ..catalog.quoting import ident, literal
from .model import ColumnShape, Key, KeyPart, Shape

# A default that is the same for every row: a constant, casts to types included.
_CONSTANT = re.compile(
    r"\(?(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|(true|false))\)?"
    r"(?:::[a-z][a-z0-9_ ]*(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])?)*\Z"
)

TEXT_EQUALS = "OPERATOR(pg_catalog.=)"


@dataclass(frozen=True)
class View:
    """``live`` is None where the table is not there yet; ``names`` gives a column's present name."""

    desired: Shape
    live: Optional[Shape]
    names: Mapping[str, str]
    keys: Tuple[Key, ...]
    # The live columns by their name in the source.
    columns: Mapping[str, ColumnShape]

    @property
    def relation(self) -> str:
        """What FROM names for the live rows."""
        return (self.live or self.desired).source

    @property
    def settled(self) -> bool:
        """Whether no comparison can fail for want of a type, a column or an operator."""
        return all(column.generated or self._settled(column) for column in self.desired.columns) and all(
            key.plain for key in self.keys
        )

    def _settled(self, column: ColumnShape) -> bool:
        present = self.columns.get(column.name)
        # A type that is not the server's own may be another one under the same name.
        return present is not None and present.type == column.type and (column.textual or "." not in column.base)

    def typed(self, column: str) -> bool:
        """Whether a column's values are compared as values, not by their texts."""
        wanted = next(each for each in self.desired.columns if each.name == column)
        present = self.columns.get(column)
        return present is not None and present.base == wanted.base and not wanted.textual and not present.textual

    def base(self, column: str) -> str:
        return next(each.base for each in self.desired.columns if each.name == column)

    def value(self, column: str, as_text: bool) -> str:
        """An expression for the value that a row of the live table has, or will have, in a column."""
        present = self.columns.get(column)
        if present is None:
            wanted = next(each for each in self.desired.columns if each.name == column)
            constant = _constant(wanted)
            return "NULL::text" if constant is None else f"{literal(constant)}::text"
        name = ident(present.name)
        if not as_text:
            return name
        wanted = next(each for each in self.desired.columns if each.name == column)
        if present.base == wanted.base and present.type != wanted.type and present.type != wanted.base:
            return f"{name}::{wanted.type}::text"
        return f"{name}::text"

    def source(self, columns: Iterable[str], as_text: bool) -> str:
        """The rows of the live table with the given columns under their names in the source."""
        outputs = [f"{self.value(column, as_text or not self.typed(column))} AS {ident(column)}" for column in columns]
        return f"(SELECT {', '.join(outputs)} FROM {self.relation})"


def _constant(column: ColumnShape) -> Optional[str]:
    found = _CONSTANT.match(column.default or "")
    if not found:
        return None
    text, number, boolean = found.groups()
    return text.replace("''", "'") if text is not None else (number or boolean)


def view(desired: Shape, live: Optional[Shape], renamed: Mapping[Identity, Identity], live_keys: bool) -> View:
    """Lay the live table under the desired one.

    ``renamed`` gives the present identity of what has another in the source. ``live_keys``: keys that only the live
    table has stay, and rows have to get past them.
    """
    table = desired.table
    names = {
        column.name: renamed[identity].part if identity in renamed else column.name
        for column in desired.columns
        for identity in [Identity("column", table.schema, table.name, column.name)]
    }
    if live is None:
        return View(desired, None, names, desired.keys, {})
    by_name = {column.name: column for column in live.columns}
    columns = {name: by_name[present] for name, present in names.items() if present in by_name}
    keys = list(desired.keys)
    if live_keys:
        keys += _remaining_keys(desired, live, {present: name for name, present in names.items()})
    return View(desired, live, names, tuple(keys), columns)


def _remaining_keys(desired: Shape, live: Shape, wanted_names: Mapping[str, str]) -> Iterable[Key]:
    """Keys of the live table that the source does not have and does not replace."""
    names = {key.name for key in desired.keys}
    terms = {(key.predicate, tuple((part.expression, part.operator) for part in key.parts)) for key in desired.keys}
    wanted = {column.name for column in desired.columns}
    renames = any(present != name for present, name in wanted_names.items())
    for key in live.keys:
        if key.name in names or (key.primary and desired.primary_key is not None) or (renames and not key.plain):
            continue
        parts = tuple(
            part
            if part.column is None
            else KeyPart(wanted_names.get(part.column, part.column), wanted_names.get(part.column), part.operator)
            for part in key.parts
        )
        if not all(part.column is None or part.column in wanted for part in parts):
            continue
        if key.plain and not all(part.column is not None for part in parts):
            continue
        if (key.predicate, tuple((part.expression, part.operator) for part in parts)) not in terms:
            yield Key(key.name, parts, key.predicate, False, key.nulls_distinct, key.unique)
