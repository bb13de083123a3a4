# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of object kinds. A kind that is not here is reported by the inventory, never skipped."""

from __future__ import annotations

from typing import Dict, Tuple

from . import column, constraint, default, extension, function, index, schema, sequence, table, trigger, view
from .kind import Kind

KINDS: Tuple[Kind, ...] = (
    schema.KIND,
    extension.KIND,
    sequence.KIND,
    function.FUNCTION,
    function.PROCEDURE,
    table.KIND,
    column.KIND,
    default.KIND,
    constraint.KIND,
    index.KIND,
    view.VIEW,
    view.MATERIALIZED_VIEW,
    trigger.KIND,
)

BY_NAME: Dict[str, Kind] = {kind.name: kind for kind in KINDS}
