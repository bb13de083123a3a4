# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a database against the rows of the source: the verified commit, and a report of drift."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from ..catalog.model import Catalog, Identity
from ..catalog.read import pin_settings
from .bulk import differences as bulk_differences
from .compare import deviations, extra_rows
from .digest import make_digest
from .enforce import read_enforce
from .model import Enforced, Reference, RowCheck, RowDifference
from .plan import key_text, look_up, masked_row, view_maker
from .resolve import Resolved
from .write import row_text


def check_rows(
    reference: Reference,
    connection: Any,
    desired: Catalog,
    enforce: Optional[Mapping[str, Any]] = None,
    renamed: Optional[Mapping[Identity, Identity]] = None,
) -> RowCheck:
    """Which rows of the source are missing, and which differ where ``enforce`` says that they must not."""
    pin_settings(connection)
    enforced, _warnings = read_enforce(enforce or {}, reference, desired)
    reference, groups, bulk = look_up(
        reference, connection, view_maker(connection, reference, renamed or {}, True), enforced
    )
    tables = [resolved for group in groups for resolved in group]
    differences: List[RowDifference] = []
    for resolved in tables:
        differences += _differences(connection, resolved, enforced.get(resolved.table.table))
    for found in bulk:
        differences += bulk_differences(found) if found.whole or found.missing.rows else []
    many = [Resolved(found.missing, found.view, {}) for found in bulk]
    digest = None if differences or renamed else make_digest(connection, tables, enforced, many)
    return RowCheck(tuple(differences), digest)


def _differences(connection: Any, resolved: Resolved, enforced: Optional[Enforced]) -> List[RowDifference]:
    table = resolved.table
    result = [
        RowDifference(table.table, "missing", key_text(table, number), masked_row(table, number), "")
        for number in resolved.missing
    ]
    if enforced is None:
        return result
    for each in deviations(resolved, enforced)[0]:
        expected = row_text([(column, value) for column, _live, value in each.values])
        actual = row_text([(column, live) for column, live, _value in each.values])
        result.append(RowDifference(table.table, "different", key_text(table, each.number), expected, actual))
    if enforced.delete_extra:
        names, _whole, rows = extra_rows(connection, resolved)
        columns = {column.name: column for column in table.columns}
        for row in rows:
            text = row_text([(columns[name], value) for name, value in zip(names, row)])
            result.append(RowDifference(table.table, "extra", text, "", text))
    return result
