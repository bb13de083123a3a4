# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a type: PostgreSQL refuses some changes of a type while a table stores values of it."""

from __future__ import annotations

from typing import List, Set

from .model import Catalog, Identity


def columns_of_type(catalog: Catalog, used: Identity, through: bool = True) -> List[Identity]:
    """Columns that store values of a type, in order; with ``through``, also inside of other types."""
    types: Set[Identity] = {used}
    found: Set[Identity] = set()
    grown = True
    while grown:
        grown = False
        for identity, bases in catalog.depends.items():
            if not bases & types:
                continue
            if identity.kind == "column":
                found.add(identity)
            elif through and identity.kind in TYPE_KINDS and identity not in types:
                types.add(identity)
                grown = True
    return sorted(found)


TYPE_KINDS = frozenset({"enum", "composite type", "domain", "range", "base type"})


def stored_inside(catalog: Catalog, used: Identity) -> bool:
    """Whether a column stores the type inside of another one: an array, a row, a range."""
    direct = set()
    for identity in columns_of_type(catalog, used, through=False):
        column = catalog.get(identity)
        if getattr(column, "base_type", "") != used.relation:
            return True
        direct.add(identity)
    return bool(set(columns_of_type(catalog, used)) - direct)
