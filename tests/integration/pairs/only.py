# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for indexes and keys that were made for a partitioned table ONLY, and are no whole ones as yet."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Pair

_TREE = (
    "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); "
    "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
)
_THIRD = "CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3);"


def _of(what: str, whole: str, only: str, part: str) -> Iterator[Pair]:
    """``part`` is the statement for partition 1 and what attaches its part."""

    def pair(name: str, before: str, after: str) -> Pair:
        return Pair(f"{what} on the parent only: {name}", before, after, _TREE)

    other = part.replace("1", "2")
    yield pair("from nothing", "", only)
    yield pair("and a whole one", whole, only)
    yield pair("part attached", only, only + part)
    yield pair("another part attached", only + part, only + other)
    yield pair("from nothing, with a part", "", only + part)
    yield pair("whole, and one with a part", whole, only + part)
    yield pair("all parts", only + part, only + part + other)
    yield pair("new partition", only + part, only + part + _THIRD)


PAIRS = (
    *_of(
        "index",
        "CREATE INDEX i ON p (b);",
        "CREATE INDEX i ON ONLY p (b);",
        "CREATE INDEX i1 ON p1 (b); ALTER INDEX i ATTACH PARTITION i1;",
    ),
    *_of(
        "key",
        "ALTER TABLE p ADD CONSTRAINT k UNIQUE (a);",
        "ALTER TABLE ONLY p ADD CONSTRAINT k UNIQUE (a);",
        "ALTER TABLE p1 ADD CONSTRAINT k1 UNIQUE (a); ALTER INDEX k ATTACH PARTITION k1;",
    ),
)
