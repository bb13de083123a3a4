# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of renaming, by subject. A new one goes into the file that it fits."""

from __future__ import annotations

from integration.renames.model import Renamed
from integration.renames.others import CASES as OTHERS
from integration.renames.relations import CASES as RELATIONS

__all__ = ["CASES", "Renamed"]

CASES = RELATIONS + OTHERS
