# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token for the KV store, by any of the ways to log in that community.hashi_vault knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader

from ....module_utils.credentials.errors import StoreError

_LOOKUP = "community.hashi_vault.vault_login"


def log_in(auth: Mapping[str, Any], server: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """The token that ``auth`` (options of the lookup) gives at the ``server`` (url, ca_cert, namespace, timeout)."""
    options = {name: value for name, value in {**server, **auth}.items() if value is not None}
    method = str(auth.get("auth_method", "token"))
    plugin = lookup_loader.get(_LOOKUP)
    if plugin is None:
        raise StoreError(
            f"store.auth: the lookup {_LOOKUP} is not installed on the controller",
            "Install the collection community.hashi_vault and the Python library hvac, or set store.token.",
        )
    try:
        (answer,) = plugin.run([], variables=dict(variables), **options)
        return str(answer["auth"]["client_token"])
    except Exception as error:  # of hvac, requests or the lookup; the text may quote what was sent
        reason = _harmless(error, auth) if isinstance(error, AnsibleError) else type(error).__name__
    raise StoreError(
        f"store.auth: the log-in to {server.get('url')} by {method} failed ({reason})",
        "Check store.url and store.auth; community.hashi_vault needs the Python library hvac.",
    )


def _harmless(error: AnsibleError, auth: Mapping[str, Any]) -> str:
    """The first line of what the lookup says, unless one of the options' values stands in it."""
    text = (str(error).strip().splitlines() or [""])[0]
    if not text or any(str(value) in text for name, value in auth.items() if name != "auth_method" and value):
        return type(error).__name__
    return text
