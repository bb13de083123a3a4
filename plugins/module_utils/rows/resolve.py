# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes through the tables, what is referenced first: which rows are there, and what each row's references mean here.

A row of the source can stand in the live database under another number or UUID (a database that other means made, a
default that makes another value each time). What references the row in the source then references that live row; and
what references a row yet to be inserted, whose number the database will give, looks it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple

from ..catalog.model import Identity
from .claims import without_claims
from .keys import RowKeys, has_made
from .match import Found, match
from .model import Enforced, Lookup, Made, Reference, Row, Special, TableRows, Value
from .order import components
from .read import random_default
from .view import View

# (table, referenced columns) -> what the source's values of these columns are in the live database.
Links = Dict[Tuple[Identity, Tuple[str, ...]], Dict[Row, Row]]

# Rows found by keys that hold references to rows of the same table are found level by level.
_MOST_PASSES = 100


@dataclass(frozen=True)
class Resolved:
    """A table whose rows have their live references.

    ``found`` gives live rows by the number of the row; all others are missing. Of tables that reference each other or
    themselves, ``levels`` says which missing row comes before which, and the rows of ``knot`` reference each other in a
    circle, so that only one statement can insert them.
    """

    table: TableRows
    view: View
    found: Mapping[int, Sequence[Found]]
    levels: Mapping[int, int] = field(default_factory=dict)
    knot: FrozenSet[int] = frozenset()

    @property
    def missing(self) -> List[int]:
        """The numbers of the rows to insert."""
        return [number for number in range(len(self.table.rows)) if number not in self.found]


Referenced = Mapping[Identity, Set[Tuple[str, ...]]]

# Tables that are filled together.
Group = Tuple[Resolved, ...]


def resolve(
    reference: Reference,
    connection: Any,
    view_of: Callable[[TableRows], View],
    enforced: Mapping[Identity, Enforced],
    links: Optional[Links] = None,
) -> List[Group]:
    """Look for all rows; the tables come back in the order in which they can be filled.

    ``links`` is filled with what stands elsewhere in the live database.
    """
    referenced = _referenced_columns(reference)
    links = {} if links is None else links
    result: List[Group] = []
    by_table = {table.table: table for table in reference.tables}
    done: Set[Identity] = set()
    for table in reference.tables:
        if table.table in done:
            continue
        cycle = next((each for each in reference.cycles if table.table in each), None)
        names = [each.table for each in reference.tables if each.table in cycle] if cycle else [table.table]
        done.update(names)
        members = [_Member(by_table[name], view_of(by_table[name]), enforced.get(name), referenced) for name in names]
        _find(connection, members, links, referenced, cyclic=cycle is not None)
        result.append(_place(members, links, referenced, cyclic=cycle is not None))
    return result


class _Member:
    """One table on its way."""

    def __init__(self, original: TableRows, view: View, enforced: Optional[Enforced], referenced: Referenced) -> None:
        self.original = original
        self.table = original
        self.view = view
        self.enforced = enforced
        self.wanted = _outputs(original, enforced, referenced)
        self.found: Dict[int, Sequence[Found]] = {}
        self.empty = True
        self.keys = RowKeys(view.keys, original)
        self.position = {column.name: position for position, column in enumerate(original.columns)}

    @property
    def name(self) -> Identity:
        return self.original.table

    def given(self, number: int, columns: Sequence[str]) -> Row:
        """The source's values."""
        return tuple(self.original.rows[number][self.position[name]] for name in columns)

    def has(self, columns: Sequence[str]) -> bool:
        return all(name in self.position for name in columns)


def _outputs(table: TableRows, enforced: Optional[Enforced], referenced: Referenced) -> Tuple[str, ...]:
    """The columns whose live values are needed: what others reference, and what is enforced with its row's key."""
    wanted = {name for columns in referenced.get(table.table, ()) for name in columns}
    if enforced is not None:
        wanted.update(column.name for column in table.columns)
    return tuple(sorted(wanted))


def _referenced_columns(reference: Reference) -> Referenced:
    result: Dict[Identity, Set[Tuple[str, ...]]] = {}
    for table in reference.all:
        for key in table.shape.foreign_keys:
            result.setdefault(key.referenced, set()).add(key.referenced_columns)
    return result


def _find(connection: Any, members: Sequence[_Member], links: Links, referenced: Referenced, cyclic: bool) -> None:
    for member in members:
        member.table = _linked(member, links)
    for _pass in range(_MOST_PASSES):
        for member in members:
            matches = match(connection, member.view, member.table, member.wanted)
            member.found, member.empty = dict(matches.rows), matches.empty
            if member.enforced is not None:
                member.found = without_claims(member.found, member.table, member.view, member.enforced)
            _link_found(member, links, referenced)
        if not cyclic:
            return
        before = [member.table.rows for member in members]
        for member in members:
            member.table = _linked(member, links)
        if before == [member.table.rows for member in members]:
            return


def _linker(member: _Member, links: Links) -> Callable[[Row], Row]:
    """A function that replaces each reference of a row by what it is in the live database."""
    known = [
        (tuple(member.position[name] for name in key.columns), links[(key.referenced, key.referenced_columns)])
        for key in member.original.shape.foreign_keys
        if member.has(key.columns) and links.get((key.referenced, key.referenced_columns))
    ]

    def link(row: Row) -> Row:
        values: Optional[List[Value]] = None
        for positions, live_by_given in known:
            live = live_by_given.get(tuple(row[position] for position in positions))
            if live is not None:
                values = values if values is not None else list(row)
                for position, value in zip(positions, live):
                    values[position] = value
        return row if values is None else tuple(values)

    return link


def _linked(member: _Member, links: Links) -> TableRows:
    link = _linker(member, links)
    return replace(member.original, rows=tuple(link(row) for row in member.original.rows))


def _link_found(member: _Member, links: Links, referenced: Referenced) -> None:
    for columns in referenced.get(member.name, ()):
        if not member.has(columns):
            continue
        known = links.setdefault((member.name, columns), {})
        for number, found in member.found.items():
            live = tuple(found[0].values.get(name) for name in columns)
            given = member.given(number, columns)
            if live != given and None not in live:
                known[given] = live


def _place(members: Sequence[_Member], links: Links, referenced: Referenced, cyclic: bool) -> Group:
    """Decide what each missing row is inserted with, what is referenced first."""
    made = any(has_made(member.table) for member in members)
    if len(members) == 1 and not made:
        # One statement inserts all that references itself; the order within does not matter.
        return (Resolved(members[0].table, members[0].view, members[0].found),)
    nodes = [(at, number) for at, member in enumerate(members) for number in range(len(member.table.rows))]
    nodes = [(at, number) for at, number in nodes if number not in members[at].found]
    edges = _row_edges(members) if cyclic else {}
    levels: Dict[_Node, int] = {}
    knots: Set[_Node] = set()
    rows = [list(member.table.rows) for member in members]
    for component in components(nodes, edges) if cyclic else [(node,) for node in nodes]:
        before = [levels[node] for each in component for node in edges.get(each, ()) if node in levels]
        level = 1 + max(before, default=-1)
        if len(component) > 1 or component[0] in edges.get(component[0], ()):
            knots.update(component)
        for node in component:
            levels[node] = level
            at, number = node
            member = members[at]
            if made and cyclic:
                # Rows before this one may have brought look-ups.
                rows[at][number] = _linker(member, links)(member.original.rows[number])
            if made:
                rows[at][number] = _with_defaults(member, number, rows[at][number], node in knots, links, referenced)
    return tuple(
        Resolved(
            table=replace(member.table, rows=tuple(rows[at])),
            view=member.view,
            found=member.found,
            levels={number: level for (of, number), level in levels.items() if of == at} if cyclic else {},
            knot=frozenset(number for of, number in knots if of == at),
        )
        for at, member in enumerate(members)
    )


def _with_defaults(member: _Member, number: int, row: Row, knotted: bool, links: Links, referenced: Referenced) -> Row:
    """The row with DEFAULT where the live database gives the value; what references it then looks the value up."""
    if Made not in map(type, row):
        return row
    made = [position for position, value in enumerate(row) if isinstance(value, Made)]
    columns = member.table.columns
    in_reference = {name for names in referenced.get(member.name, ()) for name in names}
    plain = member.keys.natural(row)
    by_made_key = knotted or member.keys.known_by_made_key(row)
    later = set()
    for position in made:
        random = random_default(columns[position])
        if random and columns[position].name not in in_reference:
            later.add(position)
        elif not by_made_key and (random or not member.empty):
            # A table without rows gets the source's numbers.
            later.add(position)
    names = {columns[position].name for position in later}
    for wanted in referenced.get(member.name, ()):
        if names.intersection(wanted):
            given = [name for name in member.position if not isinstance(row[member.position[name]], (Special, Made))]
            where = tuple((name, row[member.position[name]]) for name in (plain.columns if plain else given))
            links.setdefault((member.name, wanted), {})[member.given(number, wanted)] = tuple(
                Lookup(member.name, name, where, whole=plain is None) if name in names else row[member.position[name]]
                for name in wanted
            )
    return tuple(Special.DEFAULT if position in later else value for position, value in enumerate(row))


_Node = Tuple[int, int]  # table, row


def _row_edges(members: Sequence[_Member]) -> Dict[_Node, Set[_Node]]:
    """Which missing row references which."""
    places = {member.name: at for at, member in enumerate(members)}
    edges: Dict[_Node, Set[_Node]] = {}
    for at, member in enumerate(members):
        for key in member.original.shape.foreign_keys:
            of = places.get(key.referenced)
            if of is None or not member.has(key.columns) or not members[of].has(key.referenced_columns):
                continue
            target = members[of]
            index = {
                target.given(number, key.referenced_columns): (of, number)
                for number in range(len(target.original.rows))
                if number not in target.found
            }
            for number in range(len(member.original.rows)):
                node = index.get(member.given(number, key.columns))
                if node is not None and number not in member.found:
                    edges.setdefault((at, number), set()).add(node)
    return edges
