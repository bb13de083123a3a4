# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source gives, told from what defaults make: heard while the source is loaded, statement by statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from ..catalog.quoting import qualified
from .query import Query

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)

# What puts a sequence somewhere, rather than taking numbers from it.
_SETS = re.compile(r"\b(?:setval|restart)\b", re.IGNORECASE)
# Statements whose body does so at a time of its own.
_WITH_BODY = ("DO", "CREATE FUNCTION", "CREATE PROCEDURE")
_SETTERS = ("SELECT", "WITH", "VALUES", "ALTER SEQUENCE", "ALTER TABLE", "TRUNCATE", *_WITH_BODY)
# Looks at all sequences; a source that sets one after the other between its rows gets the cheaper, weaker evidence.
_MOST_LOOKS = 40
# A statement locks each sequence that it reads; this many fit easily into any lock table.
_AT_ONCE = 500

Ranges = Tuple[Tuple[int, int], ...]


def uuids(text: str) -> Set[str]:
    """The UUIDs that a text holds, normalised: what tells a UUID that the source gives from one that a default made."""
    return {normal_uuid(found) for found in _UUID.findall(text)}


def normal_uuid(uuid: str) -> str:
    return uuid.replace("-", "").lower()


@dataclass(frozen=True)
class Given:
    """``uuids``: those in the source's text. ``counted``: by the OID of a sequence, the ranges of numbers that it gave
    out; None where that is not known."""

    uuids: AbstractSet[str]
    counted: Optional[Mapping[int, Ranges]] = None


class _State(NamedTuple):
    last: int
    called: bool
    increment: int


_SEQUENCES = """
    SELECT c.oid, n.nspname, c.relname, s.seqstart, s.seqincrement
      FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relpersistence <> 't' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
       AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"""


class Listener:
    """Hears each statement of a source before it is run; ``heard()`` is what came of it."""

    def __init__(self, cursor: Any) -> None:
        self.uuids: Set[str] = set()
        self._cursor = cursor
        self._sure = True
        self._looks = 0
        self._placed: Dict[int, _State] = {}  # where sequences were put last
        self._ranges: Dict[int, List[Tuple[int, int]]] = {}
        self._ran = False  # statements that may take numbers, since the last look
        self._setting = False  # the last statement put a sequence somewhere

    def hear(self, text: str, verb: str) -> None:
        """``text`` is about to be run."""
        self.uuids |= uuids(text)
        if not self._sure:
            return
        if verb not in _SETTERS or not _SETS.search(text):
            if self._setting:
                self._placed, self._setting = self._look(), False
            self._ran = True
        elif verb in _WITH_BODY or self._looks >= _MOST_LOOKS:
            self._sure = False
        else:
            self._note()
            self._setting = True

    def heard(self) -> Given:
        """All of the source has been run."""
        if self._sure:
            self._note()
        ranges = {oid: tuple(found) for oid, found in self._ranges.items()}
        return Given(self.uuids, ranges if self._sure else None)

    def _note(self) -> None:
        if not self._ran:
            return
        for oid, state in self._look().items():
            before = self._placed[oid]
            if state.called and (state.last, state.called) != (before.last, before.called):
                self._ranges.setdefault(oid, []).append(_between(before, state))
            self._placed[oid] = state
        self._ran = False

    def _look(self) -> Dict[int, _State]:
        self._looks += 1
        self._cursor.execute(_SEQUENCES)
        rows = self._cursor.fetchall()
        result: Dict[int, _State] = {}
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            Query(
                " UNION ALL ".join(
                    f"SELECT {oid}, last_value, is_called, {start}, {increment} FROM {qualified(schema, name)}"
                    for oid, schema, name, start, increment in some
                )
            ).run(self._cursor)
            for oid, last, called, start, increment in self._cursor.fetchall():
                result[oid] = _State(last, called, increment)
                if oid not in self._placed:
                    self._placed[oid] = _State(start, False, increment)
        return result


def _between(before: _State, after: _State) -> Tuple[int, int]:
    """The numbers given out from one state to another."""
    first = before.last + before.increment if before.called else before.last
    low, high = (first, after.last) if after.increment > 0 else (after.last, first)
    # One that went round has given out any.
    return (low, high) if low <= high else (-(2**63), 2**63 - 1)
