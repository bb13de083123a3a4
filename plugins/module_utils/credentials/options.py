# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument spec of ``credential_rotate``, shared by the action plugin (which does the work) and the module."""

from __future__ import annotations

from typing import Any, Dict

from ..argspec import CONNECTION

POLICIES = ("default_only", "max_age", "always", "ensure")
STORES = ("vault_file", "kv2", "given")
SESSION_ACTIONS = ("keep", "deactivate", "delete")
RETIREMENTS = ("nologin", "password", "expire", "keep")

_ACCOUNT: Dict[str, Dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "default": "row", "choices": ["row", "role", "pair"]},
    "members": {"type": "list", "elements": "str"},
    "owner": {"type": "str"},
    "default_passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "password": {"type": "str", "no_log": True},
}

_SESSIONS: Dict[str, Dict[str, Any]] = {
    "table": {"type": "str", "required": True},
    "user_column": {"type": "str", "required": True},
    "action": {"type": "str", "default": "delete", "choices": list(SESSION_ACTIONS)},
    "active_column": {"type": "str"},
}

_AUDIT: Dict[str, Dict[str, Any]] = {
    "table": {"type": "str", "required": True},
    "user_column": {"type": "str"},
    "details_column": {"type": "str"},
    "values": {"type": "dict", "default": {}},
}

_TABLE: Dict[str, Dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "key_column": {"type": "str", "required": True, "no_log": False},
    "hash_column": {"type": "str", "required": True},
    "id_column": {"type": "str"},
    "changed_at_column": {"type": "str"},
    "must_change_column": {"type": "str"},
    "must_change": {"type": "bool", "default": False},
    "sessions": {"type": "dict", "options": _SESSIONS},
    "audit": {"type": "dict", "options": _AUDIT},
}

_STORE: Dict[str, Dict[str, Any]] = {
    "type": {"type": "str", "default": "vault_file", "choices": list(STORES)},
    "path": {"type": "str"},
    "vault_id": {"type": "str"},
    "vault_password_file": {"type": "str", "no_log": False},
    "lock_timeout": {"type": "int", "default": 60},
    "url": {"type": "str"},
    "token": {"type": "str", "no_log": True},
    "auth": {"type": "dict", "no_log": True},
    "mount": {"type": "str", "default": "secret"},
    "namespace": {"type": "str"},
    "ca_cert": {"type": "str"},
    "timeout": {"type": "int", "default": 30},
}

_GENERATE: Dict[str, Dict[str, Any]] = {
    "length": {"type": "int", "default": 32},
    "alphabet": {"type": "str"},
    "avoid_lookalikes": {"type": "bool", "default": False},
}

_LOGIN: Dict[str, Dict[str, Any]] = {
    "enabled": {"type": "bool", "default": True},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "tls": {"type": "bool", "default": True},
}

_PAIRS: Dict[str, Dict[str, Any]] = {
    "retire": {"type": "str", "default": "nologin", "choices": list(RETIREMENTS)},
    "retire_after": {"type": "int", "default": 3600},
    "wait": {"type": "int", "default": 0},
}

SPEC: Dict[str, Dict[str, Any]] = {
    **CONNECTION,
    "accounts": {"type": "list", "elements": "dict", "options": _ACCOUNT},
    "table": {"type": "dict", "options": _TABLE},
    "policy": {"type": "str", "default": "default_only", "choices": list(POLICIES)},
    "max_age": {"type": "int", "default": 90},
    "missing": {"type": "str", "default": "fail", "choices": ["fail", "ignore"]},
    "adopt": {"type": "bool", "default": False},
    "history": {"type": "int", "default": 5},
    "store": {"type": "dict", "options": _STORE},
    "generate": {"type": "dict", "options": _GENERATE},
    "bcrypt_cost": {"type": "int", "default": 12},
    "scram_iterations": {"type": "int", "default": 4096},
    "verify_login": {"type": "dict", "options": _LOGIN},
    "pairs": {"type": "dict", "options": _PAIRS},
    "exchange": {"type": "str", "no_log": True},
}
