# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials on the managed host: takes a connection and a request of the controller, gives hashes or changes them.

Nothing in here ever sees a password. ``exchange.serve(connect, request)`` is the one entry: the phase
``read`` answers with the stored hash of every account that is asked for, the phase ``apply`` replaces
hashes in one transaction, each only where the old one is still there. ``seal`` wraps the answer so that
no log of the transport holds a hash, ``options`` is the argument spec that module and action share.
"""

from __future__ import annotations
