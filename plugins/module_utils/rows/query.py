# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A query with hostile names and with values: the driver's placeholders must not meet a "%" of a name."""

from __future__ import annotations

from typing import Any, List, Sequence


class Query:
    """Text with placeholders; ``parameter`` gives the place of a value."""

    _MARK = "\0"  # no name holds it

    def __init__(self, text: str = "", parameters: Sequence[Any] = ()) -> None:
        self.text = text
        self.parameters: List[Any] = list(parameters)

    def run(self, cursor: Any) -> None:
        """Execute; the marks are filled in the order in which they stand."""
        if not self.parameters:
            cursor.execute(self.text)
            return
        cursor.execute(self.text.replace("%", "%%").replace(self._MARK, "%s"), self.parameters)

    @classmethod
    def array(cls) -> str:
        """A place for a list of texts."""
        return f"{cls._MARK}::text[]"
