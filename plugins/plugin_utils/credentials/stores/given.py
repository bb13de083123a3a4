# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No store: the caller passes each password, and nothing is kept."""

from __future__ import annotations

from typing import Mapping, Sequence

from ..records import Key, Record
from . import Change, Stored


class GivenStore:
    """The password that the caller passes counts as the recorded one."""

    place = "not kept (given by the caller)"

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = dict(passwords)
        self._written: dict[Key, Stored] = {}

    def read(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        return {key: self._written.get(key) or self._initial(key) for key in keys}

    def write(self, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
        for key, change in changes.items():
            self._written[key] = Stored(change.record, int(change.expected or 0) + 1)
        return {key: self._written[key] for key in changes}

    def _initial(self, key: Key) -> Stored:
        return Stored(Record(current=self._passwords.get(key.account)), None)
