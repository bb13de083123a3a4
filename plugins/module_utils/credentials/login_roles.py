# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are login roles: read their verifiers, replace them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ..driver import psycopg2
from ..errors import PermissionMissing
from .errors import AccountChanged, AccountProblem

# The SQLSTATEs that the block below raises: another verifier than was read; a role that has sessions and must not.
_CHANGED, _IN_USE = "DR001", "DR002"
# The server's own, where two transactions alter one role ("tuple concurrently updated").
_CONCURRENT = "XX000"

# The verifier has to be part of ALTER ROLE's text, so that text is put together inside the server. The handler
# keeps it out of the log when ALTER ROLE fails: the error is raised anew, without the statement as its context.
# The first ALTER ROLE, without any option, changes nothing: from there to the end of the transaction nobody else can
# change the role, so that what is compared then is what is replaced. A lock on pg_authid would need a superuser.
_ALTER = """DO $alter$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM pg_temp.credential_change WHERE kind = 'role' ORDER BY name LOOP
        BEGIN
            EXECUTE pg_catalog.format('ALTER ROLE %I', wanted.name);
        EXCEPTION WHEN OTHERS OR query_canceled THEN
            RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = pg_catalog.format('role %I: %s', wanted.name, SQLERRM);
        END;
        PERFORM 1 FROM pg_catalog.pg_authid
            WHERE rolname = wanted.name AND rolpassword IS NOT DISTINCT FROM wanted.old_hash;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = wanted.name;
        END IF;
        IF wanted.unused AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE usename = wanted.name) THEN
            RAISE EXCEPTION USING ERRCODE = 'DR002', MESSAGE = wanted.name;
        END IF;
        BEGIN
            EXECUTE pg_catalog.concat(
                pg_catalog.format('ALTER ROLE %I', wanted.name),
                CASE WHEN wanted.login THEN ' LOGIN' WHEN NOT wanted.login THEN ' NOLOGIN' END,
                ' VALID UNTIL ' || pg_catalog.quote_literal(wanted.valid_until),
                ' PASSWORD ' || pg_catalog.quote_literal(wanted.new_hash)
            );
        EXCEPTION WHEN OTHERS OR query_canceled THEN
            RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = pg_catalog.format('role %I: %s', wanted.name, SQLERRM);
        END;
    END LOOP;
END
$alter$"""


def read(
    cursor: Any, names: Sequence[str], ignore_missing: bool = False, any_state: bool = False
) -> Dict[str, Dict[str, Any]]:
    """Name to ``{hash, can_login, expired, valid_until}``; ``AccountProblem`` where a role is missing.

    A role that may not log in is a problem too, unless ``any_state`` is set.
    """
    failure = None
    try:
        cursor.execute(
            "SELECT r.rolname, a.rolpassword, r.rolcanlogin, "
            "coalesce(r.rolvaliduntil <= pg_catalog.now(), false), r.rolvaliduntil::text "
            "FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_authid a ON a.rolname = r.rolname "
            "WHERE r.rolname = ANY(%s)",
            (list(names),),
        )
    except psycopg2.errors.InsufficientPrivilege:
        failure = PermissionMissing(
            f"The login role may not read the verifiers of roles (pg_authid): {', '.join(names)}",
            "Nothing was changed. Rotate login roles as a superuser, by the local socket for instance; or as a role "
            "with CREATEROLE (since PostgreSQL 16 also with ADMIN OPTION on these roles) to which a superuser has "
            "granted, in this database: GRANT SELECT (rolname, rolpassword) ON pg_catalog.pg_authid TO that_role.",
        )
    if failure is not None:
        raise failure
    found = {
        name: {"hash": verifier, "can_login": can_login, "expired": expired, "valid_until": valid_until}
        for name, verifier, can_login, expired, valid_until in cursor.fetchall()
    }
    problems = [f"there is no role '{name}'" for name in names if name not in found and not ignore_missing]
    if not any_state:
        problems += _unusable(found)
    if problems:
        raise AccountProblem("; ".join(problems), "Nothing was changed. Correct the list of accounts.")
    return found


def _unusable(found: Mapping[str, Mapping[str, Any]]) -> List[str]:
    problems = [f"role '{name}' may not log in (NOLOGIN)" for name, role in found.items() if not role["can_login"]]
    problems += [
        f"role '{name}' may not log in since {role['valid_until']} (VALID UNTIL)"
        for name, role in found.items()
        if role["can_login"] and role["expired"]
    ]
    return problems


def replace(cursor: Any, changes: Sequence[Mapping[str, Any]]) -> None:
    """Put the new verifiers, already in the transfer table, in place of the old ones."""
    failure = None
    try:
        cursor.execute(_ALTER)
    except psycopg2.Error as error:
        said = (error.diag.message_primary or "").strip()
        if error.pgcode == _CHANGED:
            failure = AccountChanged(
                f"The verifier of role {said} is no longer the one that was read",
                "Nothing was changed. Run again.",
                {"accounts_concerned": [said]},
            )
        elif error.pgcode == _IN_USE:
            failure = AccountChanged(
                f"A session of role {said} began meanwhile",
                "Nothing was changed. Run again.",
                {"accounts_concerned": [said]},
            )
        elif error.pgcode == _CONCURRENT:
            failure = AccountChanged(f"Somebody else changed a role at the same moment: {said}", "Run again.")
        else:
            raise
    if failure is not None:
        raise failure
