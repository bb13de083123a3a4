# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of which a database has few objects or none, all of them read by one query: each gives the columns kind,
schema, name, part, owner, acl, comment, initial, details."""

from __future__ import annotations

from typing import Any, Dict, Optional

from . import constraint_index, extension_dependency, extension_member, support_function
from .kind import Kind, ReadContext, no_ddl
from .model import Object

KINDS: Dict[str, Kind] = {
    kind.name: kind
    for kind in (constraint_index.KIND, extension_dependency.KIND, extension_member.KIND, support_function.KIND)
}


def _query(version: int) -> str:
    return " UNION ALL ".join(kind.query(version) for kind in KINDS.values()) + " ORDER BY 1, 2, 3, 4"


def _read(row: Any, context: ReadContext) -> Optional[Object]:
    return KINDS[row.kind].read(row, context)


READER = Kind(
    name="beside",
    rank=0,
    system_catalog="pg_depend",
    keyword="",
    query=_query,
    read=_read,
    create=no_ddl,
    alter=no_ddl,
    drop=no_ddl,
)
