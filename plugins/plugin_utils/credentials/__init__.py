# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation on the controller: takes the task's options, a server and a store, gives a report.

``rotation.rotate(server, store, job)`` is the one entry. ``decide`` is the table of states, without any
input or output; ``records`` what the store keeps for an account; ``bcrypt_hash`` and ``scram`` make and
check what the database stores; ``generate`` makes passwords; ``stores`` keep them.
"""

from __future__ import annotations
