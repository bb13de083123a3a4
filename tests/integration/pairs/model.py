# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pair of schemas is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """Two schema files, each to be turned into the other.

    ``first`` and ``last`` are the majors of PostgreSQL that know what the pair is about. ``common`` comes before both
    sides. ``seed`` puts rows into the database made from ``before`` and ``kept`` is a query whose answer must be the
    same after the way there and after the way back. ``alone``: not to be put into one database with other pairs,
    since it names schemas, or objects that stand in none.
    """

    name: str
    before: str
    after: str
    common: str = ""
    first: int = 13
    last: int = 99
    seed: str = ""
    kept: str = ""
    alone: bool = False
