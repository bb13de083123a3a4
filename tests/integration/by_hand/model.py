# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change by hand is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ByHand:
    """``sql`` changes ``what``, a part of what the engine calls the object; PostgreSQL knows it from ``first`` on."""

    what: str
    sql: str
    first: int = 13


def of(what: str, *statements: str, first: int = 13) -> list[ByHand]:
    """Changes to one object."""
    return [ByHand(what, each, first) for each in statements]
