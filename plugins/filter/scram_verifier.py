# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``scram_verifier``: a password in, what the server may know of it out."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import scram

DOCUMENTATION = r"""
name: scram_verifier
short_description: Make the SCRAM-SHA-256 verifier of a password
version_added: 1.0.0
author: domainflow.database contributors
description:
  - Gives the text that PostgreSQL stores for a password (V(SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey)),
    so that the password itself is never sent to the server.
  - A verifier that the server already holds is given back unchanged when it belongs to the password, so that a task
    which sets it has nothing to change.
positional: _input
options:
  _input:
    description: The password. It must not be empty.
    type: str
    required: true
  current:
    description: The verifier that the server holds now, if any.
    type: str
  iterations:
    description:
      - How often the hash is repeated.
      - A O(current) verifier that matches is kept whatever its count is.
    type: int
    default: 4096
notes:
  - Use C(no_log=true) on tasks that handle verifiers.
"""

EXAMPLES = r"""
- name: Set a password without telling the server
  community.postgresql.postgresql_user:
    name: reports
    password: "{{ reports_password | domainflow.database.scram_verifier(current=stored_verifier) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The verifier.
  type: str
"""


ITERATIONS = 4096


def _fits(password: str, verifier: str) -> bool:
    try:
        return scram.matches(password, verifier, "")
    except ValueError:  # not base64: nothing that a server would store
        return False


def scram_verifier(password: Any, current: Any = None, iterations: Any = ITERATIONS) -> str:
    """The verifier that is already there if it fits the password, else a new one."""
    if not isinstance(password, str) or not password:
        raise AnsibleFilterError("scram_verifier: the password must be a text and not empty")
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 1 <= iterations < 10**9:
        raise AnsibleFilterError("scram_verifier: iterations must be a whole number above 0")
    # An md5 hash is never kept, also where it is of this very password.
    if isinstance(current, str) and current.startswith("SCRAM-SHA-256$") and _fits(str(password), str(current)):
        return str(current)
    return scram.make(str(password), int(iterations))


class FilterModule:
    """What ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scram_verifier": scram_verifier}
