# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: takes a difference and the two catalogs, gives the ordered steps that carry it out.

``work.py`` turns changes into units of work and adds the dependents that must be rebuilt with them, ``order.py``
puts the units into an order that PostgreSQL accepts, ``make.py`` wires the two and gives a ``Plan``.
"""

from __future__ import annotations

from .make import make, set_not_null
from .model import Plan, Probe, Step

__all__ = ["Plan", "Probe", "Step", "make", "set_not_null"]
