# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a column's type means: does it need USING, can it fail, can it lose something, is the table
written anew. Only changes that are known to be harmless are taken to be so."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Optional, Tuple

from .model import Hazard

_STRINGS = frozenset({"text", "character varying", "character", "bpchar"})
_INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
_FLOATS = {"real": 4, "double precision": 8}
# Pairs whose values are stored alike (pg_cast.castmethod is b), beyond those that harmless() looks into.
_STORED_ALIKE = frozenset(
    {("cidr", "inet"), ("xml", "text"), ("xml", "character varying"), ("oid", "integer"), ("integer", "oid")}
)
_TIMESTAMPS = frozenset({"timestamp without time zone", "timestamp with time zone"})
_NUMBER = re.compile(r"\(\s*(-?\d+)\s*(?:,\s*(-?\d+)\s*)?\)")


def _modifiers(data_type: str) -> Tuple[Optional[int], Optional[int]]:
    match = _NUMBER.search(data_type)
    if match is None:
        return None, None
    return int(match.group(1)), int(match.group(2)) if match.group(2) is not None else None


def using_clause(old: Any, new: Any, column: str, known: Mapping[Tuple[str, str], str]) -> str:
    """USING, where PostgreSQL has no assignment cast for the change.

    Not elsewhere: an explicit cast to varchar(n) cuts values silently that an assignment refuses.
    """
    source, target = old.base_type, new.base_type
    if source == target or known.get((source, target)) in ("i", "a") or target in _STRINGS:
        return ""
    if known.get((source, target)) == "e" or source in _STRINGS:
        return f" USING {column}::{new.data_type}"
    return f" USING {column}::text::{new.data_type}"


def _length_grows(old: Optional[int], new: Optional[int]) -> bool:
    return new is None or (old is not None and new >= old)


def harmless(old: Any, new: Any) -> bool:
    """True where the stored values stay as they are, so that no row is written, read or lost."""
    source, target = old.base_type, new.base_type
    old_n, old_scale = _modifiers(old.data_type)
    new_n, new_scale = _modifiers(new.data_type)
    if source in ("text", "character varying") and target in ("text", "character varying"):
        return target == "text" or _length_grows(old_n, new_n)
    if {source, target} == _TIMESTAMPS:
        return _length_grows(old_n, new_n)  # the engine's sessions are at UTC
    if source != target:
        return (source, target) in _STORED_ALIKE and new_n is None
    if source == "numeric":
        if new_n is None:
            return True
        return old_n is not None and new_n >= old_n and (old_scale or 0) == (new_scale or 0)
    if source in ("bit varying", "varbit") or source.startswith(("timestamp", "time", "interval")):
        return _length_grows(old_n, new_n)
    return False


def _may_lose(old: Any, new: Any) -> Optional[str]:
    """What a change drops from values without an error, if anything."""
    source, target = old.base_type, new.base_type
    old_n, old_scale = _modifiers(old.data_type)
    new_n, new_scale = _modifiers(new.data_type)
    if source == "numeric" and target == "numeric":
        if new_n is not None and (old_n is None or (new_scale or 0) < (old_scale or 0)):
            return "digits after the point are rounded"
        return None
    if source in _FLOATS or source == "numeric":
        if target in _INTEGERS or (target == "numeric" and new_n is not None):
            return "digits after the point are rounded"
        if target in _FLOATS and _FLOATS.get(source, 9) > _FLOATS[target]:
            return "digits are rounded"
    if source == "bigint" and target in _FLOATS or (source == "integer" and target == "real"):
        return "digits are rounded"
    if source.startswith("timestamp"):
        if target == "date":
            return "the time of day is cut"
        if target.startswith("time "):
            return "the date is cut"
    if source == target and source.startswith(("timestamp", "time", "interval")) and not _length_grows(old_n, new_n):
        return "fractions of seconds are rounded"
    if source.startswith("time with") and target.startswith("time without"):
        return "the time zone is dropped"
    if source == "json" and target == "jsonb":
        return "white space, order and double keys are dropped"
    if source == "inet" and target == "cidr":
        return "host bits are cut"
    if target in ("character", "bit") or (source in ("character", "bpchar") and target in _STRINGS):
        return None  # an assignment refuses what is too long; trailing blanks carry no meaning there
    return None


def hazards(old: Any, new: Any, known: Mapping[Tuple[str, str], str], table: str, rows: int) -> List[Hazard]:
    """The hazards of ALTER COLUMN … TYPE, USING as using_clause() writes it."""
    change = f"{old.data_type} to {new.data_type}"
    if harmless(old, new):
        strings = old.base_type in _STRINGS and new.base_type in _STRINGS
        if old.collation == new.collation and (old.base_type == new.base_type or strings or new.base_type == "inet"):
            return []
        # Another order of values: indexes of the column are built again, the table is not.
        return [Hazard("blocking_index_build", f"{table}: the column's indexes, if any, are built again ({change})")]
    result = [Hazard("table_rewrite", f"{table}: about {rows} rows are written anew ({change})")]
    lost = _may_lose(old, new)
    if lost:
        result.append(Hazard("data_loss", f"{change}: {lost}"))
    grows = old.base_type in _INTEGERS and (
        _INTEGERS.get(new.base_type, 0) >= _INTEGERS[old.base_type] or new.base_type in ("numeric", *_FLOATS)
    )
    if not grows and new.base_type != "text" and not (old.base_type == new.base_type and lost):
        result.append(Hazard("cast_can_fail", f"{change}: a value that does not fit stops the run"))
    return result
