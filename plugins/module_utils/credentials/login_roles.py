# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are login roles: read their verifiers, replace them."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ..driver import psycopg2
from ..errors import PermissionMissing
from .errors import AccountChanged, AccountProblem

# The SQLSTATE that the block below raises where a verifier is another one than was read.
_CHANGED = "DR001"

# The verifier has to be part of ALTER ROLE's text, so that text is put together inside the server. The handler
# keeps it out of the log when ALTER ROLE fails: the error is raised anew, without the statement as its context.
_ALTER = """DO $alter$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT name, old_hash, new_hash FROM pg_temp.credential_change WHERE kind = 'role' ORDER BY name LOOP
        PERFORM 1 FROM pg_catalog.pg_authid
            WHERE rolname = wanted.name AND rolpassword IS NOT DISTINCT FROM wanted.old_hash;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = wanted.name;
        END IF;
        BEGIN
            EXECUTE pg_catalog.format('ALTER ROLE %I PASSWORD %L', wanted.name, wanted.new_hash);
        EXCEPTION WHEN OTHERS OR query_canceled THEN
            RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = pg_catalog.format('role %I: %s', wanted.name, SQLERRM);
        END;
    END LOOP;
END
$alter$"""


def read(cursor: Any, names: Sequence[str], ignore_missing: bool = False) -> Dict[str, Dict[str, Any]]:
    """Name to ``{hash, can_login, valid_until}``; ``AccountProblem`` where a role is missing."""
    failure = None
    try:
        cursor.execute(
            "SELECT rolname, rolpassword, rolcanlogin, rolvaliduntil::text FROM pg_catalog.pg_authid "
            "WHERE rolname = ANY(%s)",
            (list(names),),
        )
    except psycopg2.errors.InsufficientPrivilege:
        failure = PermissionMissing(
            "The login role may not read the verifiers of roles (pg_authid)",
            "Rotate login roles as a superuser, by the local socket for instance.",
        )
    if failure is not None:
        raise failure
    found = {
        name: {"hash": verifier, "can_login": can_login, "valid_until": valid_until}
        for name, verifier, can_login, valid_until in cursor.fetchall()
    }
    problems = [f"there is no role '{name}'" for name in names if name not in found and not ignore_missing]
    problems += [f"role '{name}' may not log in (NOLOGIN)" for name in found if not found[name]["can_login"]]
    if problems:
        raise AccountProblem("; ".join(problems), "Nothing was changed. Correct the list of accounts.")
    return found


def replace(cursor: Any, changes: Sequence[Mapping[str, Any]]) -> None:
    """Put the new verifiers, already in the transfer table, in place of the old ones."""
    # Nobody else changes a role between the comparison and ALTER ROLE; log-ins are not held up.
    cursor.execute("LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE")
    failure = None
    try:
        cursor.execute(_ALTER)
    except psycopg2.Error as error:
        if error.pgcode != _CHANGED:
            raise
        name = (error.diag.message_primary or "").strip()
        failure = AccountChanged(
            f"The verifier of role {name} is no longer the one that was read",
            "Nothing was changed. Run again.",
            {"accounts_concerned": [name]},
        )
    if failure is not None:
        raise failure
