# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a rotation; the controller knows them by their class names."""

from __future__ import annotations

from ..errors import EngineError


class AccountProblem(EngineError):
    """An account that is missing, ambiguous or of a format that is not understood; nothing was changed."""


class AccountChanged(EngineError):
    """The hash is no longer the one that was read: somebody changed it between. Nothing was changed."""


class StandbyRefused(EngineError):
    """The server is a standby: a password can be changed on its primary only."""


class StoreError(EngineError):
    """The store of passwords cannot be read or written, or holds something else than was written."""


class StoreConflict(StoreError):
    """A record in the store is no longer the one that was read: another run wrote between."""


class Unverified(EngineError):
    """The database was changed but the new password could not be proven; the next run goes on from there."""
