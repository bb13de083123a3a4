# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sessions: takes ``ConnectionOptions``, gives ``connect``, a callable that opens psycopg2 connections.

``connector(options)`` returns ``connect``; ``connect()`` opens the database of the options and
``connect("other")`` another database of the same server with the same credentials. Every connection
is in psycopg2's default state (no autocommit, a transaction begins with the first statement).

What goes wrong is raised as ``ConnectionFailed`` (or ``PermissionMissing`` for the session role), worded
here: it names host, port, database and user, says what to do, and never holds a password.
"""

from __future__ import annotations

from .connect import Connect, connector, require_driver, server_version
from .options import SSL_MODES, ConnectionOptions

__all__ = ["SSL_MODES", "Connect", "ConnectionOptions", "connector", "require_driver", "server_version"]
