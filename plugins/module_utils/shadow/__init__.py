# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shadow: takes a source, gives an open connection to a disposable database that holds just what it defines.

``shadow(connect, live, source, …)`` is a context manager: the database is gone when it ends, and those that a killed
run left behind are removed before. ``load.py`` runs the statements, ``database.py`` makes and drops the database,
``equivalence.py`` asks the server in there which texts mean the same.
"""

from __future__ import annotations

from .database import Shadow, shadow, sweep
from .equivalence import settle

__all__ = ["Shadow", "settle", "shadow", "sweep"]
