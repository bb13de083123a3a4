# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the controller asks of a managed host.

``read``  {rows: {table, names}, roles: names, pairs} -> what the database holds
``drain`` {roles: names, wait: seconds} -> the sessions of login roles, when there are none or the time is over
``apply`` {rows: {table, changes}, roles: {changes, audit}, logins} -> the changes made, in one transaction,
          read back, and the log-ins tried.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, Iterable, List, Mapping

from ..argspec import connection_options
from ..driver import psycopg2
from ..errors import ConnectionFailed, EngineError, PermissionMissing
from ..session import Connect, ConnectionOptions, connector
from . import login_roles, pairs, rows, transfer
from .errors import StandbyRefused, Unverified
from .scram_login import try_login
from .seal import seal

_LOCK_TIMEOUT = "10s"


def answer(params: Mapping[str, Any], check_mode: bool, no_log_values: Iterable[str]) -> Dict[str, Any]:
    """The module's result for the request in ``params['exchange']``."""
    if not params.get("exchange"):
        raise EngineError(
            "credential_rotate works through its action plugin, which did not run",
            "Call it as a task of a playbook, as domainflow.database.credential_rotate.",
        )
    request = json.loads(base64.b64decode(params["exchange"]).decode("utf-8"))
    if check_mode and request["phase"] != "read":
        raise EngineError("In check mode nothing is changed")
    options = connection_options(params)
    result = serve(connector(options), options, request)
    return {"changed": False, "sealed": seal(result, request["key"], no_log_values)}


def serve(connect: Connect, options: ConnectionOptions, request: Mapping[str, Any]) -> Dict[str, Any]:
    """The answer to ``request`` over one connection."""
    connection = connect()
    try:
        result = _in_transaction(connection, request)
    finally:
        connection.close()
    if request.get("logins"):
        result["logins"] = {login["name"]: try_login(options, login) for login in request["logins"]}
    return result


def _in_transaction(connection: Any, request: Mapping[str, Any]) -> Dict[str, Any]:
    failure = None
    try:
        with connection.cursor() as cursor:
            if request["phase"] == "read":
                result = _read(cursor, request)
                connection.rollback()
                return result
            if request["phase"] == "drain":
                return {"sessions": pairs.wait_for_end(connection, cursor, request["roles"], request["wait"])}
            return _apply(connection, cursor, request)
    except psycopg2.Error as error:
        failure = _worded(error, request)
    # Raised outside of the except block, so that no exception that may quote a hash hangs on to it.
    raise failure


def _read(cursor: Any, request: Mapping[str, Any]) -> Dict[str, Any]:
    cursor.execute(
        "SELECT system_identifier::text, pg_catalog.current_database(), pg_catalog.pg_is_in_recovery() "
        "FROM pg_catalog.pg_control_system()"
    )
    system, database, standby = cursor.fetchone()
    if standby:
        raise StandbyRefused(
            f"The server of database {database} is a standby",
            "Rotate on its primary; the standby receives the new passwords by replication.",
        )
    ignore_missing = bool(request.get("ignore_missing"))
    result: Dict[str, Any] = {"system": system, "database": database, "rows": {}, "roles": {}, "pairs": {}}
    if request.get("rows"):
        table = rows.table_from(request["rows"]["table"])
        if not request.get("ignore_missing_table") or rows.exists(cursor, table):
            result["rows"] = rows.read(cursor, table, request["rows"]["names"], ignore_missing)
    if request.get("roles"):
        result["roles"] = login_roles.read(cursor, request["roles"], ignore_missing)
    if request.get("pairs"):
        result["pairs"] = pairs.read(cursor, request["pairs"], ignore_missing)
    return result


def _apply(connection: Any, cursor: Any, request: Mapping[str, Any]) -> Dict[str, Any]:
    row_changes: List[Mapping[str, Any]] = (request.get("rows") or {}).get("changes") or []
    role_changes: List[Mapping[str, Any]] = (request.get("roles") or {}).get("changes") or []
    sessions: Dict[str, int] = {}
    if not row_changes and not role_changes:
        return {"sessions": sessions}
    cursor.execute("SET TRANSACTION READ WRITE")
    # A crash of the server must not take back a hash that the store is about to call current.
    cursor.execute(
        "SELECT pg_catalog.set_config('lock_timeout', %s, true), "
        "pg_catalog.set_config('synchronous_commit', 'on', true)",
        (_LOCK_TIMEOUT,),
    )
    transfer.quiet(cursor, bool(role_changes))
    transfer.send(
        cursor,
        [dict(change, kind="row") for change in row_changes] + [dict(change, kind="role") for change in role_changes],
    )
    if row_changes:
        sessions = rows.replace(cursor, rows.table_from(request["rows"]["table"]), row_changes)
    if role_changes:
        login_roles.replace(cursor, role_changes)
        for change in role_changes:
            details = {"account": change["name"], "kind": "role", "reason": change.get("reason")}
            if change.get("pair"):
                details.update(account=change["pair"], kind="pair", role=change["name"])
            rows.write_audit(cursor, request["roles"].get("audit"), None, details)
    connection.commit()
    _read_back(cursor, request, row_changes, role_changes)
    connection.rollback()
    return {"sessions": sessions}


def _read_back(
    cursor: Any, request: Mapping[str, Any], row_changes: List[Mapping[str, Any]], role_changes: List[Mapping[str, Any]]
) -> None:
    wrong = []
    if row_changes:
        table = rows.table_from(request["rows"]["table"])
        found = rows.read(cursor, table, [change["name"] for change in row_changes])
        wrong += [change["name"] for change in row_changes if found[change["name"]]["hash"] != change["new"]]
    if role_changes:
        found = login_roles.read(cursor, [change["name"] for change in role_changes], any_state=True)
        wrong += [change["name"] for change in role_changes if not _has(found[change["name"]], change)]
    if wrong:
        raise Unverified(
            f"After the change the database holds another hash for {', '.join(wrong)}",
            "A trigger, or somebody else at the same moment. Run again.",
            {"accounts_concerned": wrong},
        )


def _has(found: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    """Whether a login role is as ``change`` wanted it."""
    wanted = change["old"] if change["new"] is None else change["new"]
    return found["hash"] == wanted and change.get("login") in (None, found["can_login"])


def _worded(error: Any, request: Mapping[str, Any]) -> EngineError:
    """``error`` without DETAIL and CONTEXT, which may quote a row with its hash."""
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)) and not error.pgcode:
        return ConnectionFailed(
            "The connection to the server was lost",
            "Run again: the next run finds out what the database holds and goes on from there.",
        )
    said = (error.diag.message_primary or type(error).__name__).strip()
    if any(secret in said for secret in _secrets(request)):
        said = type(error).__name__
    state = error.pgcode or ""
    if state == "42501":
        return PermissionMissing(
            f"The server says: {said}", "Nothing was changed. Grant the privilege, or use another role."
        )
    if state.startswith("57P"):
        return ConnectionFailed(f"The server ended the session: {said}", "Run again when the server is up.")
    return EngineError(f"The server says: {said} (SQLSTATE {state})", "Nothing was changed.")


def _secrets(request: Mapping[str, Any]) -> List[str]:
    changes: List[Mapping[str, Any]] = []
    for part in ("rows", "roles"):
        value = request.get(part)
        if isinstance(value, Mapping):
            changes += value.get("changes") or []
    return [change[side] for change in changes for side in ("old", "new") if change.get(side)]
