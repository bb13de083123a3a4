# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference: takes two catalogs, gives the changes that lead from one to the other. No SQL, no connection.

``compare(live, desired, prune)`` pairs the objects by identity; what only differs in its name (constraints, indexes,
sequences of the same table) is paired as a rename.
"""

from __future__ import annotations

from .compare import Change, Difference, ExtraGrant, compare, is_database_wide, is_left_over

__all__ = ["Change", "Difference", "ExtraGrant", "compare", "is_database_wide", "is_left_over"]
