# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans how sequences move: past what the rows bring, past what a column already has, to where the source set them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

from ..catalog.model import Catalog, Identity
from ..catalog.quoting import ident
from .model import Reference, RowStep, SequenceState, Special
from .query import Query
from .resolve import Resolved
from .sequences import beyond, extreme, furthest, move_on, move_past_column, sequence_names, sequence_states


def _step(table: Identity, sql: str) -> RowStep:
    return RowStep(table, sql, sql, (), 0, "setval")


def before_rows(
    connection: Any,
    tables: Sequence[Resolved],
    live: Catalog,
    desired: Catalog,
    renamed: Mapping[Identity, Identity],
) -> List[RowStep]:
    """Statements before the first INSERT.

    A sequence that the plan makes for a column that has numbers already would give these out again; so would one that
    lags behind its column, where rows are inserted with DEFAULT.
    """
    steps = []
    done: Set[Identity] = set()
    fresh = {sequence for sequence in sequence_names(desired) if not _present(live, renamed.get(sequence, sequence))}
    for sequence, column in _counted_columns(desired):
        if sequence in fresh and live.get(renamed.get(column, column)) is not None:
            table = Identity("table", column.schema, column.name)
            sql = move_past_column(sequence, table, ident(column.part), _increment(desired, sequence))
            steps.append(_step(table, sql))
            done.add(sequence)
    return steps + _lagging(connection, tables, desired, renamed, done)


def _present(catalog: Catalog, sequence: Identity) -> bool:
    return sequence in catalog.objects or sequence in _identity_sequences(catalog)


def _identity_sequences(catalog: Catalog) -> Mapping[Identity, Any]:
    result = {}
    for identity, obj in catalog.objects.items():
        name = getattr(obj, "identity_sequence", None) if identity.kind == "column" else None
        if name is not None:
            result[Identity("sequence", *name)] = obj
    return result


def _counted_columns(desired: Catalog) -> List[Tuple[Identity, Identity]]:
    """(sequence, column) for identity columns and for sequences that a column owns."""
    result = []
    for identity, obj in desired.objects.items():
        if identity.kind == "sequence":
            owned_by = getattr(obj, "owned_by", None)
            if owned_by is not None:
                result.append((identity, owned_by))
        elif identity.kind == "column":
            name = getattr(obj, "identity_sequence", None)
            if name is not None:
                result.append((Identity("sequence", *name), identity))
    return sorted(result)


def _increment(catalog: Catalog, sequence: Identity) -> int:
    obj = catalog.get(sequence)
    options = getattr(obj, "options", None) if obj is not None else None
    if options is None:
        options = getattr(_identity_sequences(catalog).get(sequence), "identity_options", None)
    return options.increment if options is not None else 1


def _lagging(
    connection: Any,
    tables: Sequence[Resolved],
    desired: Catalog,
    renamed: Mapping[Identity, Identity],
    done: Set[Identity],
) -> List[RowStep]:
    wanted: Dict[Identity, Tuple[Resolved, str]] = {}
    for each in tables:
        if each.view.live is None:
            continue
        missing = each.missing
        for position, column in enumerate(each.table.columns):
            if column.sequence is None or column.sequence in done or column.name not in each.view.columns:
                continue
            if any(each.table.rows[number][position] is Special.DEFAULT for number in missing):
                wanted[column.sequence] = (each, column.name)
    if not wanted:
        return []
    states = _states(connection, list(wanted), renamed)
    known = [(sequence, each, name) for sequence, (each, name) in sorted(wanted.items()) if sequence in states]
    query = " UNION ALL ".join(
        f"SELECT {number}, {extreme(states[sequence].increment)}({ident(each.view.columns[name].name)})::bigint"
        f" FROM {renamed.get(each.table.table, each.table.table).relation}"
        for number, (sequence, each, name) in enumerate(known)
    )
    steps = []
    with connection.cursor() as cursor:
        if known:
            Query(query).run(cursor)
            for number, position in sorted(cursor.fetchall()):
                sequence, each, name = known[number]
                if position is not None and beyond(states[sequence], position):
                    sql = move_past_column(sequence, each.table.table, ident(name), states[sequence].increment)
                    steps.append(_step(each.table.table, sql))
    return steps


def _states(
    connection: Any, sequences: Sequence[Identity], renamed: Mapping[Identity, Identity]
) -> Dict[Identity, SequenceState]:
    present = {sequence: renamed.get(sequence, sequence) for sequence in sequences}
    states = sequence_states(connection, sorted(set(present.values())))
    return {sequence: states[now] for sequence, now in present.items() if now in states}


def after_rows(
    connection: Any,
    tables: Sequence[Resolved],
    reference: Reference,
    renamed: Mapping[Identity, Identity],
    copied: Mapping[Identity, Tuple[Identity, List[int]]],
) -> List[RowStep]:
    """Statements after the last INSERT: past inserted keys, and for new sequences to where the source set them.

    ``copied``: by sequence, a table of many rows and the ends of the numbers that it gets.
    """
    inserted = {sequence: (table, list(some)) for sequence, (table, some) in copied.items()}
    for each in tables:
        missing = each.missing
        for position, column in enumerate(each.table.columns):
            if column.sequence is None or not missing:
                continue
            values = [each.table.rows[number][position] for number in missing]
            numbers = [int(value) for value in values if isinstance(value, str) and _integer(value)]
            if numbers:
                inserted.setdefault(column.sequence, (each.table.table, []))[1].extend(numbers)
    touched = [state.identity for state in reference.sequences.values() if state.touched]
    candidates = sorted(set(inserted) | set(touched))
    states = _states(connection, candidates, renamed)
    steps = []
    for sequence in candidates:
        state = reference.sequences.get(sequence)
        if state is None:
            continue
        table, numbers = inserted.get(sequence, (sequence, []))
        last = furthest(numbers, state.increment)
        now = states.get(sequence)
        if now is not None:
            if last is not None and beyond(now, last):
                steps.append(_step(table, move_on(sequence, last, True, now.increment)))
            continue
        if last is not None and beyond(state, last):
            steps.append(_step(table, move_on(sequence, last, True, state.increment)))
        elif state.touched:
            steps.append(_step(table, move_on(sequence, state.last_value, state.called, state.increment)))
    return steps


def _integer(value: str) -> bool:
    return value.lstrip("-").isdigit()
