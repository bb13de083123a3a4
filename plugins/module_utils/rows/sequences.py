# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where sequences stand, and the statements that move them on: never backwards."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Set

from ..catalog.model import Catalog, Identity
from ..catalog.quoting import literal
from .model import SequenceState
from .query import Query

# A statement locks each sequence that it reads; this many fit easily into any lock table.
_AT_ONCE = 500


def sequence_names(desired: Catalog) -> List[Identity]:
    """All sequences of a catalog, those of identity columns included."""
    found: Set[Identity] = set()
    for identity, obj in desired.objects.items():
        if identity.kind == "sequence":
            found.add(identity)
        elif identity.kind == "column":
            name = getattr(obj, "identity_sequence", None)
            if name is not None:
                found.add(Identity("sequence", *name))
    return sorted(found)


_STARTS = """
    SELECT n.nspname, c.relname, s.seqstart, s.seqincrement, c.oid
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN unnest(%s::text[], %s::text[]) AS w(schema, name) ON w.schema = n.nspname AND w.name = c.relname"""


def read_sequences(connection: Any, desired: Catalog) -> Dict[Identity, SequenceState]:
    """The state of every sequence that the catalog has."""
    return sequence_states(connection, sequence_names(desired))


def sequence_states(connection: Any, names: Sequence[Identity]) -> Dict[Identity, SequenceState]:
    """The state of those of the named sequences that the database has."""
    if not names:
        return {}
    result = {}
    with connection.cursor() as cursor:
        cursor.execute(_STARTS, ([name.schema for name in names], [name.name for name in names]))
        options = {Identity("sequence", row[0], row[1]): row[2:] for row in cursor.fetchall()}
        present = [name for name in names if name in options]
        for first in range(0, len(present), _AT_ONCE):
            some = present[first : first + _AT_ONCE]
            Query(
                " UNION ALL ".join(
                    f"SELECT {number}, last_value, is_called, log_cnt FROM {name.relation}"
                    for number, name in enumerate(some)
                )
            ).run(cursor)
            for number, last_value, called, log_count in cursor.fetchall():
                start, increment, oid = options[some[number]]
                # The write-ahead log is some numbers ahead of a sequence that counts, not of one that was just set.
                result[some[number]] = SequenceState(
                    some[number], start, increment, last_value, called, called and log_count > 0, oid
                )
    return result


def beyond(state: SequenceState, position: int) -> bool:
    """Whether ``position`` lies ahead of what the sequence has given out."""
    if not state.called:
        return position >= state.last_value if state.increment > 0 else position <= state.last_value
    return position > state.last_value if state.increment > 0 else position < state.last_value


def move_on(sequence: Identity, position: int, called: bool, increment: int) -> str:
    """A statement that moves the sequence to ``position``, unless it is there already or ahead."""
    ahead, level = ("<", "<=") if increment > 0 else (">", ">=")
    return (
        f"SELECT pg_catalog.setval({literal(sequence.relation)}, {position}, {'true' if called else 'false'})"
        f" FROM {sequence.relation}"
        f" WHERE CASE WHEN is_called THEN last_value {ahead} {position} ELSE last_value {level} {position} END"
    )


def move_past_column(sequence: Identity, table: Identity, column: str, increment: int) -> str:
    """A statement that moves a new sequence past the numbers that a column already has."""
    ahead, level = ("<", "<=") if increment > 0 else (">", ">=")
    numbers = f"SELECT {extreme(increment)}({column})::bigint AS position FROM {table.relation}"
    return (
        f"SELECT pg_catalog.setval({literal(sequence.relation)}, t.position) FROM {sequence.relation}, ({numbers}) t"
        f" WHERE CASE WHEN is_called THEN last_value {ahead} t.position ELSE last_value {level} t.position END"
    )


def extreme(increment: int) -> str:
    """The aggregate that gives the number furthest along."""
    return "max" if increment > 0 else "min"


def furthest(numbers: Sequence[int], increment: int) -> Optional[int]:
    """The number that a sequence has to be moved past."""
    if not numbers:
        return None
    return max(numbers) if increment > 0 else min(numbers)
