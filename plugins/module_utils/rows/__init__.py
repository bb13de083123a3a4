# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows: what the source inserts. Takes a loaded shadow and a live database, gives statements and differences.

``read_reference(shadow, desired, window)`` reads the rows; ``plan_rows(reference, connection, live, desired)`` gives$
the statements that bring in those that are missing and make enforced columns be what the source says;
``check_rows(reference, connection, desired)`` tells afterwards, or for a report, what is not as it should be, with a
digest from which ``present_by_digest(connection, digest)`` sees in one query that all rows are still there.

A row is there where any of its keys (primary key, unique constraint or index) finds a live row. References follow:
where a row stands under another number or UUID in the live database, the rows that reference it follow it there.
"""

from __future__ import annotations

from .check import check_rows
from .digest import present_by_digest
from .given import Given, Listener, uuids
from .model import Reference, RowCheck, RowDiff, RowDifference, RowPlan, RowStep
from .plan import plan_rows
from .read import read_reference

__all__ = [
    "Given",
    "Listener",
    "Reference",
    "RowCheck",
    "RowDiff",
    "RowDifference",
    "RowPlan",
    "RowStep",
    "check_rows",
    "plan_rows",
    "present_by_digest",
    "read_reference",
    "uuids",
]
