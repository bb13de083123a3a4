# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores of passwords: take keys, give records; and write records where nobody else wrote between.

A store is a class with ``read`` and ``write``. ``read(keys)`` gives for each key what is stored and its version;
``write(changes)`` replaces each record only if it still has the version that was read, else it raises
``StoreConflict`` and, as far as the store can, has written nothing. Another store is another file here and
a line in ``plugins/action/credential_rotate.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Protocol, Sequence

from ..records import Key, Record


@dataclass(frozen=True)
class Stored:
    """A record as it was read. ``version`` is the store's own; ``None`` means that there is no record yet."""

    record: Record
    version: str | int | None


@dataclass(frozen=True)
class Change:
    """``record`` is to take the place of what was read as ``expected``."""

    record: Record
    expected: str | int | None


class Store(Protocol):
    """What a rotation needs of a store."""

    @property
    def place(self) -> str:
        """Where the passwords are, for people."""

    def read(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """What is stored for each key; an empty record without a version where nothing is."""

    def write(self, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
        """Write all changes; raises ``StoreConflict`` where a record is not the expected one any more."""
