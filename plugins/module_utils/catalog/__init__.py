# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog: takes a connection, gives an immutable value of everything that the database defines.

A file per object kind holds the kind's query, its identity, and how it is made, altered and dropped; ``kinds.py``
lists them, ``read.py`` reads them all in a fixed number of queries, ``inventory.py`` proves that nothing was missed.
"""

from __future__ import annotations
