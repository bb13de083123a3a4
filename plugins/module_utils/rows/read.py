# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the rows of a freshly loaded shadow, and tells what the source gave from what a default made."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..catalog.model import Catalog, Identity, Object
from ..catalog.quoting import ident, qualified
from ..catalog.read import pin_settings
from .clock import from_clock
from .given import Given, Ranges, normal_uuid
from .model import BulkTable, ColumnShape, Made, Reference, Row, SequenceState, Shape, TableRows, Unsure, Value
from .order import components
from .query import Query
from .sequences import read_sequences
from .shape import read_shapes
from .stream import held, look

# Rows of partitions belong to the partitioned table. They are read where they are: other partitions may be foreign.
_TABLES = """
    SELECT n.nspname, c.relname, ln.nspname, leaf.relname
      FROM pg_class leaf
      JOIN pg_namespace ln ON ln.oid = leaf.relnamespace
      JOIN pg_class c ON c.oid = coalesce(pg_partition_root(leaf.oid), leaf.oid)
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE leaf.relkind = 'r' AND leaf.relpersistence <> 't' AND n.nspname = ANY(%s) AND pg_relation_size(leaf.oid) > 0
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                          AND e.deptype = 'e')
     ORDER BY n.nspname, c.relname, leaf.oid"""

# The zones in which a source's session may have taken the local time.
_ZONES = "SELECT 'UTC' UNION SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'"

_RANDOM = re.compile(r"\b(?:gen_random_uuid|uuid_generate_v[14]\w*|uuidv[47])\(", re.IGNORECASE)
# Versions 1, 4 and 7, the variant of RFC 9562: what the functions above make, and people who count in UUIDs do not.
_GENERATED_UUID = re.compile(r"[0-9a-f]{12}[147][0-9a-f]{3}[89ab][0-9a-f]{15}\Z")
_INTEGERS = frozenset({"smallint", "integer", "bigint"})


def random_default(column: ColumnShape) -> bool:
    """Whether the column's default makes another value each time that nobody can foretell."""
    return column.default is not None and bool(_RANDOM.search(column.default))


def made_up(column: ColumnShape, value: Value) -> bool:
    """Whether a random default made the value, or may have made it."""
    return isinstance(value, Unsure) or (isinstance(value, Made) and random_default(column))


def read_reference(
    connection: Any,
    desired: Catalog,
    load_window: Tuple[str, str],
    given: Optional[Given] = None,
    in_bulk: bool = False,
) -> Reference:
    """The rows in the tables of the shadow.

    ``load_window`` holds clock_timestamp() as text from before and after the load: a time in between is one that the
    source did not write. ``given`` is what was heard during the load; without it a UUID may be anybody's, and whether a
    sequence gave out numbers is told from the state that it is left in. ``in_bulk``: tables of many rows may stay where
    they are, since nothing is renamed or enforced; ``connection`` has to be there as long as the result is used.
    """
    pin_settings(connection)
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, (list(desired.schemas),))
        leaves: Dict[Tuple[str, str], List[str]] = {}
        for schema, name, leaf_schema, leaf in cursor.fetchall():
            if desired.get(Identity("table", schema, name)) is not None:
                leaves.setdefault((schema, name), []).append(qualified(leaf_schema, leaf))
        cursor.execute(_ZONES)
        zones = [zone for (zone,) in cursor.fetchall()]
    sequences = read_sequences(connection, desired)
    shapes = read_shapes(connection, list(leaves))
    bulk: Dict[Identity, BulkTable] = {}
    for name, sources in leaves.items() if in_bulk else ():
        shape = shapes[name]
        conditions = _doubts(shape, sequences, given, load_window, zones)
        if conditions is not None and not _restricted(desired.get(shape.table)):
            large = look(connection, shape, _stored(shape), sources, conditions)
            if large is not None:
                bulk[shape.table] = large
    tables = {}
    for name, sources in leaves.items():
        if shapes[name].table in bulk:
            continue
        table = _read_table(connection, shapes[name], sources, load_window, zones)
        if table.rows:
            tables[table.table] = _with_made(table, sequences, given)
    return arranged(tables, bulk, sequences)


def arranged(
    tables: Dict[Identity, TableRows], bulk: Dict[Identity, BulkTable], sequences: Mapping[Identity, SequenceState]
) -> Reference:
    """The tables in order. Those of ``bulk`` that need rows of others at hand are held after all."""
    tables, bulk = dict(tables), dict(bulk)
    while True:
        shapes = {identity: each.shape for identity, each in tables.items()}
        shapes.update({identity: each.shape for identity, each in bulk.items()})
        edges = {
            identity: [key.referenced for key in shape.foreign_keys if key.referenced in shapes]
            for identity, shape in shapes.items()
        }
        groups = components(sorted(shapes), edges)
        entangled = {identity for group in groups if len(group) > 1 for identity in group}
        for shape in shapes.values():
            for key in shape.foreign_keys:
                target = bulk.get(key.referenced)
                if target is not None and not set(key.referenced_columns) <= set(target.key_columns):
                    entangled.add(target.table)
        again = entangled & set(bulk)
        for identity in again:
            tables[identity] = held(bulk.pop(identity))
        if not again:
            break
    ordered = [tables[identity] for group in groups for identity in group if identity in tables]
    cycles = [
        frozenset(group) for group in groups if group[0] in tables and (len(group) > 1 or group[0] in edges[group[0]])
    ]
    places = {identity: place for place, group in enumerate(groups) for identity in group}
    return Reference(tuple(ordered), tuple(cycles), sequences, tuple(bulk.values()), places)


def _stored(shape: Shape) -> Tuple[ColumnShape, ...]:
    return tuple(column for column in shape.columns if not column.generated)


def _restricted(table: Optional[Object]) -> bool:
    """Whether row security may stand in the way of COPY."""
    return bool(getattr(table, "row_security", True))


def _doubts(
    shape: Shape,
    sequences: Mapping[Identity, SequenceState],
    given: Optional[Given],
    window: Tuple[str, str],
    zones: Sequence[str],
) -> Optional[List[str]]:
    """Conditions under which a row holds what the load made; None where the table holds it, or has no primary key."""
    key = shape.primary_key
    if key is None or not key.plain or shape.has_rules:
        return None
    conditions: List[str] = []
    for column in _stored(shape):
        state = sequences.get(column.sequence) if column.sequence is not None else None
        ranges = _given_out(state, given) if state is not None and column.base in _INTEGERS else ()
        if random_default(column):
            return None
        conditions += [f"{ident(column.name)} BETWEEN {low} AND {high}" for low, high in ranges]
        conditions += [condition for _word, condition in from_clock(column, window, zones)]
    return conditions


def _read_table(
    connection: Any, shape: Shape, sources: Sequence[str], window: Tuple[str, str], zones: Sequence[str]
) -> TableRows:
    columns = _stored(shape)
    clocks = [
        (position, word, condition)
        for position, column in enumerate(columns)
        for word, condition in from_clock(column, window, zones)
    ]
    outputs = [f"{ident(column.name)}::text" for column in columns] + [condition for _p, _w, condition in clocks]
    rows: List[Row] = []
    with connection.cursor() as cursor:
        for source in sources:
            Query(f"SELECT {', '.join(outputs)} FROM ONLY {source} ORDER BY {_order(shape)}").run(cursor)
            rows += cursor.fetchall()
    if clocks:
        width = len(columns)
        for index, row in enumerate(rows):
            flags = row[width:]
            values: List[Value] = list(row[:width])
            for (position, word, _condition), inside in zip(clocks, flags):
                if inside:
                    values[position] = word
            rows[index] = tuple(values)
    return TableRows(shape, columns, tuple(rows))


def _order(shape: Shape) -> str:
    """The same order at each load, whatever the order in which a query of the source came upon the rows."""
    random = {column.name for column in shape.columns if random_default(column)}
    for key in shape.keys:
        if key.unique and key.plain and not random.intersection(key.columns):
            return ", ".join([ident(name) for name in key.columns] + ["ctid"])
    return "ctid"


def _with_made(table: TableRows, sequences: Dict[Identity, SequenceState], given: Optional[Given]) -> TableRows:
    """Mark the values that a sequence or a random default made."""
    counted: Dict[int, Ranges] = {}
    random = []
    for position, column in enumerate(table.columns):
        state = sequences.get(column.sequence) if column.sequence is not None else None
        ranges = _given_out(state, given) if state is not None and column.base in _INTEGERS else ()
        if ranges:
            counted[position] = ranges
        elif random_default(column):
            random.append(position)
    if not counted and not random:
        return table
    rows = []
    for row in table.rows:
        values = list(row)
        for position, ranges in counted.items():
            value = values[position]
            if isinstance(value, str) and any(low <= int(value) <= high for low, high in ranges):
                values[position] = Made(value)
        for position in random:
            value = values[position]
            if not isinstance(value, str):
                continue
            if given is not None:
                values[position] = value if normal_uuid(value) in given.uuids else Made(value)
            elif _GENERATED_UUID.match(normal_uuid(value)):
                values[position] = Unsure(value)
        rows.append(tuple(values))
    return TableRows(table.shape, table.columns, tuple(rows))


def _given_out(state: SequenceState, given: Optional[Given]) -> Ranges:
    """The numbers that a sequence gave out while the source was loaded."""
    if given is not None and given.counted is not None:
        return given.counted.get(state.oid, ())
    if not state.called or not state.counting:
        return ()
    return ((min(state.start, state.last_value), max(state.start, state.last_value)),)
