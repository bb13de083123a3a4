# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what brings the rows of the source into the live database."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from ..catalog.model import Catalog, Hazard, Identity
from ..catalog.quoting import ident
from ..catalog.read import pin_settings
from .bulk import BulkMatch, copy_step, find, follows
from .bulk import numbers as bulk_numbers
from .compare import Deviation, deviations, extra_rows
from .enforce import read_enforce
from .keys import plain_text
from .model import BulkTable, Enforced, Lookup, Reference, Row, RowDiff, RowPlan, RowStep, TableRows
from .read import arranged
from .resolve import Group, Links, Resolved, resolve
from .sequence_plan import after_rows, before_rows
from .shape import Name, read_shapes
from .stream import held
from .unique import Parked, parked
from .view import View, view
from .write import Statement, Update, chunks, deletes, insert, row_text, updates

# Rows of a table that a diff spells out.
_SHOWN_ROWS = 100


def view_maker(
    connection: Any, reference: Reference, renamed: Mapping[Identity, Identity], live_keys: bool
) -> Callable[[Union[TableRows, BulkTable]], View]:
    """A function that lays the live table under a table of the source; all shapes are read at once."""
    names: Dict[Identity, Name] = {}
    for table in reference.all:
        present = renamed.get(table.table, table.table)
        names[table.table] = (present.schema, present.name)
    shapes = read_shapes(connection, list(names.values()))
    return lambda table: view(table.shape, shapes.get(names[table.table]), renamed, live_keys)


def plan_rows(
    reference: Reference,
    connection: Any,
    live: Catalog,
    desired: Catalog,
    enforce: Optional[Mapping[str, Any]] = None,
    prune: bool = False,
    renamed: Optional[Mapping[Identity, Identity]] = None,
) -> RowPlan:
    """The statements that are run once the structure of ``desired`` stands, in one transaction.

    ``connection`` is the live database as it is now. ``prune``: keys that only the live tables have will be gone.
    ``renamed`` gives, for each table, column and sequence that the plan renames, the present identity by the new one.
    """
    renamed = renamed or {}
    pin_settings(connection)
    enforced, warnings = read_enforce(enforce or {}, reference, desired)
    reference, groups, bulk = look_up(
        reference, connection, view_maker(connection, reference, renamed, not prune), enforced
    )
    work = _Work(connection, enforced, list(warnings))
    inserts: List[Tuple[int, RowStep]] = []
    for group in groups:
        work.insert(group)
        place = reference.places.get(group[0].table.table, 0)
        inserts += [(place, step) for step in work.inserts[len(inserts) :]]
        for resolved in group:
            work.enforce(resolved)
    tables = [resolved for group in groups for resolved in group]
    numbers: Dict[Identity, Tuple[Identity, List[int]]] = {}
    for found in bulk:
        place = reference.places[found.table.table]
        inserts += [(place, step) for step in work.insert_bulk(found)]
        tables.append(Resolved(found.missing, found.view, {}))
        numbers.update({sequence: (found.table.table, some) for sequence, some in bulk_numbers(found).items()})
    inserts.sort(key=lambda each: each[0])  # stable
    first = before_rows(connection, tables, live, desired, renamed)
    last = after_rows(connection, tables, reference, renamed, numbers)
    ordered = [step for _place, step in inserts]
    steps = first + work.parks + ordered + work.updates + list(reversed(work.deletes)) + last
    present = {resolved.table.table: len(resolved.found) for resolved in tables}
    present.update({found.table.table: found.present for found in bulk})
    return RowPlan(tuple(steps), tuple(work.diffs()), present, tuple(work.warnings))


def look_up(
    reference: Reference,
    connection: Any,
    view_of: Callable[[Union[TableRows, BulkTable]], View],
    enforced: Mapping[Identity, Enforced],
) -> Tuple[Reference, List[Group], List[BulkMatch]]:
    """Look for all rows. A table of many rows whose references stand elsewhere here is held like any other."""
    while True:
        links: Links = {}
        groups = resolve(reference, connection, view_of, enforced, links)
        moved = {each.table for each in reference.bulk if follows(each, links)}
        if not moved:
            bulk_found = [find(connection, each, view_of(each)) for each in reference.bulk]
            moved = {each.table.table for each in bulk_found if each.moved}
            if not moved:
                return reference, groups, bulk_found
        tables = {each.table: each for each in reference.tables}
        tables.update({each.table: held(each) for each in reference.bulk if each.table in moved})
        bulk = {each.table: each for each in reference.bulk if each.table not in moved}
        reference = arranged(tables, bulk, reference.sequences)


class _Work:
    """Collects steps and what a diff says of them."""

    def __init__(self, connection: Any, enforced: Mapping[Identity, Enforced], warnings: List[str]) -> None:
        self.connection = connection
        self.enforced = enforced
        self.warnings = warnings
        self.parks: List[RowStep] = []
        self.inserts: List[RowStep] = []
        self.updates: List[RowStep] = []
        self.deletes: List[RowStep] = []
        self.before: Dict[Identity, List[str]] = {}
        self.after: Dict[Identity, List[str]] = {}

    def insert(self, group: Group) -> None:
        for batch in _batches(group):
            statement = insert([(each.table, numbers, _skips(each)) for each, numbers in batch])
            count = sum(len(numbers) for _each, numbers in batch)
            self.inserts.append(_step(batch[0][0].table.table, statement, count, "insert"))
        for each in group:
            lines = self.after.setdefault(each.table.table, [])
            missing = each.missing
            lines += [_line(each.table, number) for number in missing[:_SHOWN_ROWS]]
            if len(missing) > _SHOWN_ROWS:
                lines.append(f"... and {len(missing) - _SHOWN_ROWS} more rows")

    def insert_bulk(self, found: BulkMatch) -> List[RowStep]:
        """The steps that bring what is missing of a table of many rows."""
        name = found.table.table
        if found.whole:
            self.after.setdefault(name, []).append(f"{found.table.count} rows")
            return [copy_step(found)]
        before = len(self.inserts)
        self.insert((Resolved(found.missing, found.view, {}),))
        return self.inserts[before:]

    def enforce(self, resolved: Resolved) -> None:
        table = resolved.table
        enforced = self.enforced.get(table.table)
        if enforced is None:
            return
        differing, nameless = deviations(resolved, enforced)
        parks = parked(self.connection, resolved, enforced, differing)
        for statement, count in parks.statements:
            self.parks.append(_step(table.table, statement, count, "update"))
        if nameless:
            self.warnings.append(
                f"enforce: {len(nameless)} rows of {table.table.relation} differ, but no list of columns identifies "
                "them; they are left alone"
            )
        changes = [
            Update(each.where, tuple((column.name, value) for column, _live, value in each.values))
            for each in differing
        ]
        for statement, count in updates(table.shape, changes):
            self.updates.append(_step(table.table, statement, count, "update"))
        self._note_updates(table, differing)
        if enforced.delete_extra:
            self._delete(resolved, parks)

    def _note_updates(self, table: TableRows, differing: Sequence[Deviation]) -> None:
        columns = {column.name: column for column in table.columns}
        before = self.before.setdefault(table.table, [])
        after = self.after.setdefault(table.table, [])
        for each in differing[:_SHOWN_ROWS]:
            where = row_text([(columns[name], value) for name, value in each.where])
            before.append(f"{where}: " + row_text([(column, live) for column, live, _value in each.values]))
            after.append(f"{where}: " + row_text([(column, value) for column, _live, value in each.values]))
        if len(differing) > _SHOWN_ROWS:
            for lines in (before, after):
                lines.append(f"... and {len(differing) - _SHOWN_ROWS} more rows")

    def _delete(self, resolved: Resolved, parks: Parked) -> None:
        table = resolved.table
        names, whole, rows = extra_rows(self.connection, resolved)
        # By then, some that all their values find have others.
        present = [_with_places(names, row, parks) for row in rows] if whole and parks.whole else rows
        columns = {column.name: column for column in table.columns}
        for statement, count in deletes(table.shape, names, present, whole):
            text = (
                f"{table.table.relation}: {count} rows that the source does not have are deleted, and what references "
                "them with ON DELETE CASCADE"
            )
            self.deletes.append(_step(table.table, statement, count, "delete", (Hazard("data_loss", text),)))
        lines = self.before.setdefault(table.table, [])
        lines += [row_text([(columns[name], value) for name, value in zip(names, row)]) for row in rows[:_SHOWN_ROWS]]
        if len(rows) > _SHOWN_ROWS:
            lines.append(f"... and {len(rows) - _SHOWN_ROWS} more rows")

    def diffs(self) -> Iterator[RowDiff]:
        for table in self.after:
            before = "".join(line + "\n" for line in self.before.get(table, ()))
            after = "".join(line + "\n" for line in self.after[table])
            if before or after:
                yield RowDiff(table, before, after)


def _with_places(names: Sequence[str], row: Row, parks: Parked) -> Row:
    places = parks.whole.get(tuple((name, plain_text(value)) for name, value in zip(names, row)), {})
    return tuple(places.get(name, value) for name, value in zip(names, row))


def _step(table: Identity, statement: Statement, rows: int, action: str, hazards: Tuple[Hazard, ...] = ()) -> RowStep:
    return RowStep(table, statement.sql, statement.shown, hazards, rows, action)


def _line(table: TableRows, number: int) -> str:
    row: Row = table.rows[number]
    return row_text(list(zip(table.columns, row)))


def _skips(resolved: Resolved) -> bool:
    """Whether an INSERT passes over rows that somebody else inserts first; rules and ON CONFLICT exclude each other."""
    live = resolved.view.live
    return bool(resolved.view.keys) and not resolved.table.shape.has_rules and not (live is not None and live.has_rules)


Batch = List[Tuple[Resolved, List[int]]]


def _batches(group: Group) -> Iterator[Batch]:
    """The rows that each statement inserts."""
    alone = group[0]
    if len(group) == 1 and not alone.table.shape.references_itself:
        for numbers in chunks(alone.table, alone.missing):
            yield [(alone, numbers)]
        return
    if len(group) == 1 and not _looks_up_itself(alone):
        # References are checked at the end of the statement: the order within does not matter.
        if alone.missing:
            yield [(alone, alone.missing)]
        return
    for level in sorted({level for each in group for level in each.levels.values()}):
        rows = [(each, [number for number in each.missing if each.levels[number] == level]) for each in group]
        for each, numbers in rows:
            for piece in chunks(each.table, [number for number in numbers if number not in each.knot]):
                yield [(each, piece)]
        knots = [(each, [number for number in numbers if number in each.knot]) for each, numbers in rows]
        knots = [(each, numbers) for each, numbers in knots if numbers]
        if knots:
            yield knots


def _looks_up_itself(resolved: Resolved) -> bool:
    name = resolved.table.table
    for number in resolved.missing:
        row = resolved.table.rows[number]
        if Lookup in map(type, row) and any(isinstance(value, Lookup) and value.table == name for value in row):
            return True
    return False


def masked_row(table: TableRows, number: int) -> str:
    """A row of the source for the eye."""
    return _line(table, number)


def key_text(table: TableRows, number: int) -> str:
    """What identifies a row of the source, for the eye."""
    row = table.rows[number]
    key = next((each for each in table.shape.keys if each.plain), None)
    names = key.columns if key is not None else tuple(column.name for column in table.columns)
    return ", ".join(
        row_text([(column, value)]) for column, value in zip(table.columns, row) if column.name in names
    ) or ident(table.table.name)
