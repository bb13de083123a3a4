# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that every module of the collection takes, and their way into the engine."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from .session.options import SSL_MODES, ConnectionOptions

CONNECTION: Dict[str, Dict[str, Any]] = {
    "login_db": {"type": "str", "required": True},
    "login_host": {"type": "str"},
    "login_port": {"type": "int", "default": 5432},
    "login_user": {"type": "str", "default": "postgres"},
    "login_password": {"type": "str", "no_log": True},
    "login_unix_socket": {"type": "path"},
    "session_role": {"type": "str"},
    "ssl_mode": {"type": "str", "default": "prefer", "choices": list(SSL_MODES)},
    "ca_cert": {"type": "path"},
    "ssl_cert": {"type": "path"},
    "ssl_key": {"type": "path", "no_log": False},
    "connect_params": {"type": "dict", "default": {}},
    "connect_timeout": {"type": "int", "default": 10},
}


def connection_options(params: Mapping[str, Any]) -> ConnectionOptions:
    """``ConnectionOptions`` from a module's parameters."""
    values = {name: params[name] for name in CONNECTION if name in params and params[name] is not None}
    return ConnectionOptions(**values)
