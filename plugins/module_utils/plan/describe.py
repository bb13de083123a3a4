# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as text for the eye: what --diff and the drift report show."""

from __future__ import annotations

from typing import Optional

from ..catalog import privileges
from ..catalog.column import Column, default_of, definition
from ..catalog.default import Default
from ..catalog.kind import Context
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Object
from ..diff.compare import default_grants


def describe(obj: Optional[Object], catalog: Catalog) -> str:
    """The DDL of one object, with owner, privileges and comment where they say something; '' for none."""
    if obj is None:
        return ""
    kind = BY_NAME[obj.id.kind]
    folded = frozenset(default_of(column) for column in catalog.parts(obj.id, "column"))
    context = Context(catalog.server_version, catalog, catalog, folded=folded)
    if isinstance(obj, Column):
        lines = [f"{obj.parent.relation}: {definition(obj, context)}"]
    elif isinstance(obj, Default):
        lines = [f"{obj.id.relation}: {obj.id.part} DEFAULT {obj.expression}"]
    else:
        lines = [ddl.text for ddl in kind.create(obj, context)]
    if obj.owner is not None:
        lines.append(f"owner: {obj.owner}")
    if obj.acl is not None and obj.acl != default_grants(obj, catalog.server_version):
        lines.append(f"privileges: {privileges.text(obj.acl)}")
    if obj.comment is not None:
        lines.append(f"comment: {obj.comment}")
    return "\n".join(lines) + "\n"
