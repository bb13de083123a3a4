# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``host_changes``: what the declared roles and databases ask for beyond what a server has."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: host_changes
short_description: Compare declared roles and databases with what a server has
version_added: 1.0.0
author: domainflow.database contributors
description:
  - Takes the state of a server, as the role P(domainflow.database.pg_host#role) reads it in one query, and gives what
    has to be done, so that a run which has nothing to do costs that one query.
positional: _input
options:
  _input:
    description: The state, with the lists C(roles) and C(databases).
    type: dict
    required: true
  roles:
    description: As P(domainflow.database.pg_host#role)'s C(pg_host_roles).
    type: list
    elements: dict
    required: true
  databases:
    description: As P(domainflow.database.pg_host#role)'s C(pg_host_databases).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what is to be done
  ansible.builtin.debug:
    msg: "{{ state | domainflow.database.host_changes(pg_host_roles, pg_host_databases) }}"
"""

RETURN = r"""
_value:
  description:
    - C(roles) to create or alter, each with C(name), C(flags) and C(connection_limit);
      C(memberships) to grant, each with C(name) and C(groups);
      C(without_password), the names of the roles that log in and have none;
      C(databases) to create or alter, as declared, each with C(exists);
      C(connect) for databases whose right to connect is not as declared, each with C(name), C(grant) and C(revoke);
      C(encodings), the databases that exist with another encoding, each with C(name), C(actual) and C(wanted).
  type: dict
"""

# Attribute of a declared role -> (PostgreSQL's flag, default). What is not declared is switched off.
FLAGS = {
    "login": ("LOGIN", False),
    "inherit": ("INHERIT", True),
    "createdb": ("CREATEDB", False),
    "createrole": ("CREATEROLE", False),
    "replication": ("REPLICATION", False),
    "superuser": ("SUPERUSER", False),
}


def _by_name(rows: Sequence[Mapping[str, Any]], what: str) -> dict[str, Mapping[str, Any]]:
    named = {row["name"]: row for row in rows}
    if len(named) != len(rows):
        raise AnsibleFilterError(f"host_changes: a name is declared twice in {what}")
    return named


def _roles(wanted: Sequence[Mapping[str, Any]], actual: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    changes = []
    for role in wanted:
        there = actual.get(role["name"])
        attributes = {key: bool(role.get(key, default)) for key, (_flag, default) in FLAGS.items()}
        limit = role.get("connection_limit", -1)
        if there is None or limit != there["connection_limit"] or any(there[key] != attributes[key] for key in FLAGS):
            flags = ",".join(("" if on else "NO") + FLAGS[key][0] for key, on in attributes.items())
            changes.append({"name": role["name"], "flags": flags, "connection_limit": limit})
    return changes


def _memberships(wanted: Sequence[Mapping[str, Any]], actual: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    missing = []
    for role in wanted:
        held = actual[role["name"]]["member_of"] if role["name"] in actual else []
        groups = [group for group in role.get("member_of") or [] if group not in held]
        if groups:
            missing.append({"name": role["name"], "groups": groups})
    return missing


def _databases(wanted: Sequence[Mapping[str, Any]], actual: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    changes = []
    for database in wanted:
        there = actual.get(database["name"])
        if (
            there is None
            or database.get("owner", there["owner"]) != there["owner"]
            or database.get("connection_limit", -1) != there["connection_limit"]
        ):
            changes.append({**database, "exists": there is not None})
    return changes


def _connect(wanted: Sequence[Mapping[str, Any]], actual: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Only where the declaration names who may connect; the owner always may."""
    changes = []
    for database in wanted:
        if not database.get("connect"):
            continue
        there = actual.get(database["name"])
        held = set(there["connect"]) if there else {"PUBLIC"}
        grant = [role for role in database["connect"] if role not in held]
        if grant or "PUBLIC" in held:
            changes.append({"name": database["name"], "grant": grant, "revoke": "PUBLIC" in held})
    return changes


def _encodings(wanted: Sequence[Mapping[str, Any]], actual: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    def plain(name: str) -> str:
        return name.upper().replace("-", "").replace("_", "")

    return [
        {"name": database["name"], "actual": actual[database["name"]]["encoding"], "wanted": database["encoding"]}
        for database in wanted
        if database["name"] in actual
        and database.get("encoding")
        and plain(database["encoding"]) != plain(actual[database["name"]]["encoding"])
    ]


def host_changes(
    state: Mapping[str, Any], roles: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]] = ()
) -> dict[str, list[Any]]:
    """What has to be done, in the order in which to do it."""
    _by_name(roles, "pg_host_roles")
    _by_name(databases, "pg_host_databases")
    role_state = _by_name(state.get("roles") or [], "the state")
    database_state = _by_name(state.get("databases") or [], "the state")
    return {
        "roles": _roles(roles, role_state),
        "memberships": _memberships(roles, role_state),
        "without_password": [
            role["name"] for role in roles if role.get("login") and not role_state.get(role["name"], {}).get("verifier")
        ],
        "databases": _databases(databases, database_state),
        "connect": _connect(databases, database_state),
        "encodings": _encodings(databases, database_state),
    }


class FilterModule:
    """What ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_changes": host_changes}
