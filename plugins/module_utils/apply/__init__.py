# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out: takes a plan, gives a changed database, or the unchanged one and an error.

``gate.py`` holds the plan against the policy, ``run.py`` runs it in one transaction with retries, ``verify.py`` reads
the result back before the commit.
"""

from __future__ import annotations

from .gate import check_gate, run_probes
from .run import run
from .verify import residue

__all__ = ["check_gate", "residue", "run", "run_probes"]
