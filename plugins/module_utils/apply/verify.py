# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question that decides between commit and rollback: is the database what the source says?"""

from __future__ import annotations

from typing import List

from ..catalog.model import Catalog
from ..diff import Difference
from ..plan.describe import describe


def residue(difference: Difference, live: Catalog, desired: Catalog) -> List[str]:
    """What still differs, in words; empty where the database is the desired one."""
    result = []
    for change in difference.changes:
        if change.old is None:
            result.append(f"{change.id} is missing")
        elif change.new is None:
            result.append(f"{change.id} is still there")
        else:
            what = ", ".join(sorted(change.fields)) or f"name ({change.old.id})"
            result.append(
                f"{change.id} differs in {what}:\n"
                f"wanted: {describe(change.new, desired).strip()}\nfound:  {describe(change.old, live).strip()}"
            )
    return result
