# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: takes the outcome of a run, keeps a row of it in the database that was run on.

``records.py`` holds the table (append-only, in a schema of its own), ``stamp.py`` the cheap question whether anything
in the managed schemas was touched since a row was written.
"""

from __future__ import annotations

from .records import FORMAT, SCHEMA, Entry, Labels, append, database_wide, entry, last, record
from .stamp import stamp

__all__ = ["FORMAT", "SCHEMA", "Entry", "Labels", "append", "database_wide", "entry", "last", "record", "stamp"]
