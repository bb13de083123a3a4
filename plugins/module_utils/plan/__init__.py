# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: takes a difference and the two catalogs, gives the ordered steps that carry it out.

``work.py`` turns changes into units of work and adds the dependents that must be rebuilt with them, ``needs.py`` says
which unit comes before which, ``order.py`` puts them into an order that PostgreSQL accepts, ``make.py`` writes the
statements and gives a ``Plan``. ``replace.py`` has the statements for what cannot be altered, ``online.py`` rewrites
the steps on big tables (``partition_keys.py`` the foreign keys of partitioned ones), ``waits.py`` says what each step
locks and who waits for it, ``security.py`` who gets in, ``locks.py`` how many locks the transaction needs.
"""

from __future__ import annotations

from .make import make
from .misplaced import misplaced
from .model import Plan, Probe, Step
from .online import big_tables, online
from .waits import annotate

__all__ = ["Plan", "Probe", "Step", "annotate", "big_tables", "make", "misplaced", "online"]
