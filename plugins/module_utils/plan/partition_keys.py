# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign keys of big partitioned tables, before PostgreSQL 18.

There, such a key cannot be added NOT VALID. But each partition can have one that is, and validate it without a strong
lock; the key of the partitioned table then adopts those of the partitions without reading a row (tried from 13 to 18).
"""

from __future__ import annotations

from dataclasses import replace
from typing import AbstractSet, Dict, List, Optional, Tuple

from ..catalog.constraint import NOT_VALID, Constraint
from ..catalog.model import Catalog, Identity
from ..catalog.quoting import ident
from ..catalog.table import Table
from ..diff.adopted import name_on, same_key
from .model import Step
from .replace import partition_of


def split(
    step: Step, key: Constraint, live: Catalog, desired: Catalog, dropped: AbstractSet[Identity]
) -> Optional[Tuple[List[Step], List[Step]]]:
    """The steps of the transaction and those after it, in place of ``step``, which adds ``key``.

    None where a name is taken, so that PostgreSQL has to choose the names.
    """
    head = f"ALTER TABLE {key.parent.relation} ADD CONSTRAINT {ident(key.id.part)} "
    if not step.sql.startswith(head):
        return None
    words = step.sql[len(head) :]
    hazards = tuple(hazard for hazard in step.hazards if hazard.kind != "blocking_scan")
    light = replace(step, hazards=hazards)
    added: List[Step] = []
    validated: List[Step] = []
    for table in _leaves(key.parent, live, desired, dropped):
        name = name_on(table, key, desired)
        there = [each for each in live.parts(table, "constraint") if each.id not in dropped]
        if any(same_key(each, key) and not each.own_definition.endswith(NOT_VALID) for each in there):
            continue  # it will be adopted as it is
        if any(each.id.part == name for each in there):
            return None
        on = f"ALTER TABLE {table.relation}"
        add = f"{on} ADD CONSTRAINT {ident(name)} {words}{NOT_VALID}"
        validate = f"{on} VALIDATE CONSTRAINT {ident(name)}"
        added.append(replace(light, sql=add, table=table))
        validated.append(replace(light, sql=validate, table=table, phase="after", lock="SHARE UPDATE EXCLUSIVE"))
    return added, [*validated, replace(light, phase="after")]


def _leaves(top: Identity, live: Catalog, desired: Catalog, dropped: AbstractSet[Identity]) -> List[Identity]:
    """The partitions with rows, at any depth, that are there already and will belong to the table."""
    children: Dict[Identity, List[Identity]] = {}
    for identity, obj in live.objects.items():
        if isinstance(obj, Table) and identity not in dropped:
            # One that the source does not know stays where it is.
            parent = partition_of(desired.get(identity) or obj)
            if parent is not None:
                children.setdefault(parent, []).append(identity)
    result: List[Identity] = []
    queue = [top]
    while queue:
        table = queue.pop(0)
        one = desired.get(table) or live.get(table)
        if isinstance(one, Table) and one.partition_key is None:
            result.append(table)
        queue.extend(children.get(table, ()))
    return result
