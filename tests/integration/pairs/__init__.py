# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of schema files, a module per group of object kinds: takes nothing, gives ``GROUPS`` and ``ALL``."""

from __future__ import annotations

from . import (
    attached,
    base_types,
    beside,
    circles,
    columns,
    constraints,
    details,
    names,
    not_null,
    only,
    operators,
    partition_trees,
    partitions,
    privileges,
    programs,
    rebuilt_types,
    relations,
    tables,
    text_search,
    triggers,
    types,
    views,
    whole_database,
)
from .model import Pair

GROUPS: dict[str, tuple[Pair, ...]] = {
    "tables": tables.TABLES,
    "columns": columns.COLUMNS,
    "constraints": constraints.CONSTRAINTS,
    "indexes": constraints.INDEXES,
    "sequences": tables.SEQUENCES,
    "views": views.VIEWS,
    "types": types.PAIRS,
    "rebuilt types": rebuilt_types.PAIRS,
    "programs": programs.PAIRS,
    "triggers": triggers.PAIRS,
    "operators": operators.PAIRS,
    "text search": text_search.PAIRS,
    "partitions": partitions.PARTITIONS,
    "inheritance": partitions.INHERITANCE,
    "not null": not_null.PAIRS,
    "attached": attached.PAIRS,
    "only": only.PAIRS,
    "partition trees": partition_trees.PAIRS,
    "relations": relations.PAIRS,
    "policies": whole_database.POLICIES,
    "default privileges": privileges.DEFAULTS,
    "privileges": privileges.GRANTORS + privileges.MEMBERS,
    "foreign": whole_database.FOREIGN,
    "replication": whole_database.REPLICATION,
    "extensions": whole_database.EXTENSIONS,
    "circles": circles.PAIRS,
    "base types": base_types.PAIRS,
    "beside": beside.PAIRS,
    "names": names.NAMES,
    "texts": names.TEXTS,
    "details of programs": details.PROGRAMS,
    "details of the database": details.WHOLE,
}

ALL: tuple[tuple[str, Pair], ...] = tuple((group, pair) for group, pairs in GROUPS.items() for pair in pairs)

__all__ = ["ALL", "GROUPS", "Pair"]
