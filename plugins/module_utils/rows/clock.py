# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that were taken from the clock while the source was loaded: the next load makes others."""

from __future__ import annotations

import re
from typing import Iterator, List, Sequence, Tuple

from ..catalog.quoting import ident, literal
from .model import ColumnShape, Special

_MOMENT = (
    r"(?:(?:pg_catalog\.)?(?:now|transaction_timestamp|statement_timestamp|clock_timestamp)\(\)"
    r"|CURRENT_TIMESTAMP(?:\(\d\))?)"
)
_LOCAL = r"(?:LOCALTIMESTAMP(?:\(\d\))?|CURRENT_DATE|LOCALTIME(?:\(\d\))?|CURRENT_TIME(?:\(\d\))?)"
_CLOCK = re.compile(rf"(?<![\w'\"])(?:{_MOMENT}|{_LOCAL})(?!\w)", re.IGNORECASE)
_PRECISION = re.compile(r"\((\d)\)")

# A default that nothing but the server's own functions compute may be computed again; "app.f(" is not one of them.
_FOREIGN = re.compile(
    r"[\w\"]\s*\.\s*[\w\"]+\s*\(|\b(?:nextval|random|gen_random_uuid|uuidv\w+|timeofday|set_config)\s*\("
)
_COMPUTED = frozenset(
    "date,time without time zone,time with time zone,timestamp without time zone,timestamp with time zone,"
    "bigint,integer,numeric,double precision,real,text,character varying".split(",")
)
_TIMES = frozenset(kind for kind in _COMPUTED if kind.startswith("timestamp"))


def clock_default(column: ColumnShape) -> bool:
    """Whether the column's default takes the time."""
    return column.default is not None and bool(_CLOCK.search(column.default))


def from_clock(column: ColumnShape, window: Tuple[str, str], zones: Sequence[str]) -> Iterator[Tuple[Special, str]]:
    """Conditions that hold where the column's value was taken from the clock during the load, and what stands for it.

    ``window``: the time before and after the load. ``zones``: those in which the source's session may have taken the
    local time. Where several hold, the last one counts.
    """
    direct = _direct(column, window, zones)
    bare = _CLOCK.fullmatch(column.default or "") is not None or not _computable(column)
    if direct:
        yield (Special.DEFAULT if bare and clock_default(column) else Special.NOW), direct
    if not bare:
        conditions = " OR ".join(_computed(column, window, zone) for zone in zones)
        yield Special.DEFAULT, f"coalesce({conditions}, false)"


def _direct(column: ColumnShape, window: Tuple[str, str], zones: Sequence[str]) -> str:
    """The time itself."""
    low, high = window
    name = ident(column.name)
    precision = _PRECISION.search(column.type)
    # A time that is kept in whole seconds may have been rounded past the edge.
    pad = f"interval '{0.5 * 10 ** -int(precision.group(1)):.7f} s'" if precision else "interval '0'"
    bounds = (f"{literal(low)}::timestamptz - {pad}", f"{literal(high)}::timestamptz + {pad}")
    if column.base == "timestamp with time zone":
        return f"{name} BETWEEN {bounds[0]} AND {bounds[1]}"
    if column.base == "timestamp without time zone":
        cast = ""
    elif column.base == "date" and clock_default(column):
        cast = "::date"
    else:
        return ""
    local = [[f"timezone({literal(zone)}, {bound}){cast}" for bound in bounds] for zone in zones]
    return "(" + " OR ".join(f"{name} BETWEEN {first} AND {last}" for first, last in local) + ")"


def _computable(column: ColumnShape) -> bool:
    """Whether the default computes something from the time that can be computed again."""
    return clock_default(column) and column.base in _COMPUTED and not _FOREIGN.search(column.default or "")


def _computed(column: ColumnShape, window: Tuple[str, str], zone: str) -> str:
    """What a default such as ``now() + '30 days'`` computes."""
    low, high = (f"CAST({_at(column.default or '', moment, zone)} AS {column.type})" for moment in window)
    condition = f"{ident(column.name)} BETWEEN SYMMETRIC {low} AND {high}"
    if column.base in (*_TIMES, "date"):
        return condition
    # A year or a month says nothing of the moment: only what differs between two moments does.
    return f"({low} <> {high} AND {condition})"


def _at(default: str, moment: str, zone: str) -> str:
    """The default as it was at that moment."""
    at = f"{literal(moment)}::timestamptz"
    local = f"timezone({literal(zone)}, {at})"

    def taken(found: "re.Match[str]") -> str:
        word = found.group().upper()
        digits = _PRECISION.search(word)
        suffix = f"({digits.group(1)})" if digits else ""
        kinds: List[Tuple[str, str]] = [
            ("CURRENT_DATE", f"({local})::date"),
            ("LOCALTIMESTAMP", f"({local})::timestamp{suffix}"),
            ("LOCALTIME", f"({local})::time{suffix}"),
            ("CURRENT_TIMESTAMP", f"({at})::timestamptz{suffix}"),
            ("CURRENT_TIME", f"({at})::timetz{suffix}"),
        ]
        # Longer words come before those that they begin with.
        return next((f"({text})" for start, text in kinds if word.startswith(start)), f"({at})")

    return _CLOCK.sub(taken, default)
