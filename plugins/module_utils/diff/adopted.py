# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign keys of partitions that the partitioned table's will adopt once it is made.

An online run makes them first.
"""

from __future__ import annotations

from typing import Any, Iterable, Optional

from ..catalog.constraint import NOT_VALID, Constraint
from ..catalog.model import Catalog, Identity, Object


def same_key(one: Any, key: Constraint) -> bool:
    """Whether a constraint is the foreign key ``key`` on another table, be it not valid as yet."""
    if not isinstance(one, Constraint) or one.type != "f" or one.attached is not None:
        return False
    return _words(one) == _words(key)


def _words(key: Constraint) -> str:
    words = key.own_definition
    return words[: -len(NOT_VALID)] if words.endswith(NOT_VALID) else words


def name_on(table: Identity, key: Constraint, desired: Catalog) -> str:
    """What the partitioned table's foreign key is to be called on a partition: as there, if nothing else is said."""
    for each in desired.parts(table, "constraint"):
        if each.type == "f" and each.attached == key.id:
            return str(each.id.part)
    return key.id.part


def adopter(one: Object, keys: Iterable[Constraint], live: Catalog, desired: Catalog) -> Optional[Constraint]:
    """The foreign key among ``keys``, which are to be made, that will adopt a partition's ``one``, if there is such."""
    if not isinstance(one, Constraint) or one.type != "f":
        return None
    candidates = [key for key in keys if key.parent != one.parent and same_key(one, key)]
    table: Any = live.get(one.parent) if candidates else None
    while table is not None and getattr(table, "partition_of", None) is not None:
        above = table.partition_of
        for key in candidates:
            if key.parent == above and name_on(one.parent, key, desired) == one.id.part:
                return key
        table = live.get(above)
    return None
