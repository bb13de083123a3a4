# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are pairs of login roles under an owner without log-in: what they are, and who uses them."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Sequence

from . import login_roles
from .errors import AccountProblem

_POLL = 0.5

_SESSIONS = (
    "SELECT usename, pid, datname, application_name, pg_catalog.host(client_addr), "
    "pg_catalog.to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), state "
    "FROM pg_catalog.pg_stat_activity WHERE usename = ANY(%s) ORDER BY backend_start, pid"
)


def read(cursor: Any, pairs: Sequence[Mapping[str, Any]], ignore_missing: bool = False) -> Dict[str, Any]:
    """Pair to ``{members: {role: {hash, can_login, expired, sessions}}}``; ``AccountProblem`` where one is not a pair.

    A pair with a missing role is left out where ``ignore_missing`` is set.
    """
    names = [member for pair in pairs for member in pair["members"]]
    roles = login_roles.read(cursor, names, ignore_missing=True, any_state=True)
    if ignore_missing:
        pairs = [pair for pair in pairs if all(member in roles for member in pair["members"])]
    problems = [problem for pair in pairs for problem in _problems(cursor, pair, roles)]
    if problems:
        raise AccountProblem("; ".join(problems), "Nothing was changed. Correct the roles, or the list of accounts.")
    using = sessions(cursor, names)
    return {
        pair["name"]: {"members": {member: {**roles[member], "sessions": using[member]} for member in pair["members"]}}
        for pair in pairs
    }


def _problems(cursor: Any, pair: Mapping[str, Any], roles: Mapping[str, Any]) -> List[str]:
    missing = [f"pair {pair['name']}: there is no role '{name}'" for name in pair["members"] if name not in roles]
    if missing:
        return missing
    owner = pair["owner"]
    cursor.execute("SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = %s", (owner,))
    found = cursor.fetchone()
    if found is None:
        return [f"pair {pair['name']}: there is no role '{owner}' that owns what its members use"]
    problems = []
    if found[0]:
        problems.append(f"pair {pair['name']}: its owner '{owner}' may log in (it has to be NOLOGIN)")
    cursor.execute(
        "SELECT name FROM unnest(%s::name[]) AS name WHERE NOT pg_catalog.pg_has_role(name, %s, 'MEMBER')",
        (list(pair["members"]), owner),
    )
    problems += [f"pair {pair['name']}: role '{name}' is not a member of '{owner}'" for (name,) in cursor.fetchall()]
    return problems


def sessions(cursor: Any, names: Sequence[str]) -> Dict[str, List[Dict[str, Any]]]:
    """Role to its sessions in all databases: who, from where, since when."""
    cursor.execute(_SESSIONS, (list(names),))
    found: Dict[str, List[Dict[str, Any]]] = {name: [] for name in names}
    for name, pid, database, application, address, since, state in cursor.fetchall():
        found[name].append(
            {
                "pid": pid,
                "database": database,
                "application_name": application,
                "client_addr": address,
                "since": since,
                "state": state,
            }
        )
    return found


def wait_for_end(connection: Any, cursor: Any, names: Sequence[str], seconds: float) -> Dict[str, List[Dict[str, Any]]]:
    """The sessions that are left of these roles, once there are none or ``seconds`` are over."""
    deadline = time.monotonic() + seconds
    while True:
        left = sessions(cursor, names)
        # The view stands still within a transaction.
        connection.rollback()
        if not any(left.values()) or time.monotonic() >= deadline:
            return left
        time.sleep(_POLL)
