# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case of renaming is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Renamed:
    """``before`` becomes ``after`` by ``hints``. ``seed`` makes rows; ``kept`` is what a query of the result answers.

    ``never``: no statement of the plan has this text in it. ``first``: the first major that knows what it is about.
    ``alone``: not to be put into one database with other cases, since it is about schemas.
    """

    name: str
    before: str
    hints: tuple[str, ...]
    after: str
    seed: str = ""
    kept: tuple[str, list[Any]] = ("SELECT 1", [(1,)])
    never: str = "DROP "
    first: int = 13
    alone: bool = False
