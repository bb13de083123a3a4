# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are rows of an application table: read their hashes, replace them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..driver import sql
from ..errors import EngineError
from .errors import AccountChanged, AccountProblem

# An error of the UPDATE (a constraint, a trigger) would be logged with the failing row, and so with its hash. The
# handler raises it anew, without DETAIL and CONTEXT; what it caught is not logged.
_CHANGE = sql.SQL(
    "DO $domainflow_change$ BEGIN "
    "WITH changed AS (UPDATE {table} AS t SET {settings} FROM pg_temp.credential_change AS w "
    "WHERE w.kind = 'row' AND t.{key} = w.name::{key_type} AND t.{hash}::text IS NOT DISTINCT FROM w.old_hash "
    "RETURNING w.name, t.{id}::text AS id), "
    "counted AS (SELECT name, min(id) AS id, count(*) AS changed_rows FROM changed GROUP BY name) "
    "UPDATE pg_temp.credential_change AS w SET id = c.id, changed_rows = c.changed_rows "
    "FROM counted AS c WHERE w.kind = 'row' AND w.name = c.name; "
    "EXCEPTION WHEN OTHERS OR query_canceled THEN RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; "
    "END $domainflow_change$"
)


@dataclass(frozen=True)
class Table:
    """The application's table of accounts, and what else a change touches."""

    name: str
    key: str
    hash: str
    id: str
    changed_at: Optional[str]
    must_change: Optional[str]
    must_change_value: bool
    sessions: Optional[Mapping[str, Any]]
    audit: Optional[Mapping[str, Any]]

    @property
    def identifier(self) -> sql.Identifier:
        return _relation(self.name)

    @property
    def columns(self) -> List[str]:
        wanted = [self.key, self.hash, self.id, self.changed_at, self.must_change]
        return [name for name in wanted if name]


def table_from(settings: Mapping[str, Any]) -> Table:
    """A ``Table`` from the module's ``table`` option."""
    return Table(
        name=settings["name"],
        key=settings["key_column"],
        hash=settings["hash_column"],
        id=settings.get("id_column") or settings["key_column"],
        changed_at=settings.get("changed_at_column"),
        must_change=settings.get("must_change_column"),
        must_change_value=bool(settings.get("must_change")),
        sessions=settings.get("sessions"),
        audit=settings.get("audit"),
    )


def exists(cursor: Any, table: Table) -> bool:
    schema, relation = _parts(table.name)
    return bool(_columns_of(cursor, schema, relation))


def read(cursor: Any, table: Table, names: Sequence[str], ignore_missing: bool = False) -> Dict[str, Dict[str, Any]]:
    """Name to ``{hash, changed_at}``; exactly one row for each name, or ``AccountProblem``."""
    key_type = _check_tables(cursor, table)
    changed_at = sql.Identifier(table.changed_at) if table.changed_at else None
    query = sql.SQL(
        "SELECT w.name, t.{hash}::text, {changed_at} FROM unnest(%s::text[]) AS w(name) "
        "JOIN {table} AS t ON t.{key} = w.name::{key_type}"
    ).format(
        hash=sql.Identifier(table.hash),
        changed_at=sql.SQL("t.{}::text").format(changed_at) if changed_at else sql.SQL("NULL"),
        table=table.identifier,
        key=sql.Identifier(table.key),
        key_type=sql.SQL(key_type),
    )
    cursor.execute(query, (list(names),))
    found: Dict[str, List[Dict[str, Any]]] = {name: [] for name in names}
    for name, stored, changed in cursor.fetchall():
        found[name].append({"hash": stored, "changed_at": changed})
    problems = []
    for name, rows in found.items():
        if not rows and not ignore_missing:
            problems.append(f"{table.name} has no row with {table.key} = '{name}'")
        elif len(rows) > 1:
            problems.append(f"{table.name} has {len(rows)} rows with {table.key} = '{name}'")
    if problems:
        raise AccountProblem("; ".join(problems), "Nothing was changed. Correct the list of accounts.")
    return {name: rows[0] for name, rows in found.items() if rows}


def replace(cursor: Any, table: Table, changes: Sequence[Mapping[str, Any]]) -> Dict[str, int]:
    """Put the new hashes in place of the old ones; name to number of sessions ended.

    The hashes are already in the transfer table. Every row must still hold the hash that was read.
    """
    key_type = _check_tables(cursor, table)
    settings = [sql.SQL("{} = w.new_hash").format(sql.Identifier(table.hash))]
    if table.changed_at:
        settings.append(sql.SQL("{} = CURRENT_TIMESTAMP").format(sql.Identifier(table.changed_at)))
    if table.must_change:
        value = sql.Literal(table.must_change_value)
        settings.append(sql.SQL("{} = {}").format(sql.Identifier(table.must_change), value))
    statement = _CHANGE.format(
        table=table.identifier,
        settings=sql.SQL(", ").join(settings),
        key=sql.Identifier(table.key),
        key_type=sql.SQL(key_type),
        hash=sql.Identifier(table.hash),
        id=sql.Identifier(table.id),
    )
    cursor.execute(statement)
    cursor.execute(
        "SELECT name, id FROM pg_temp.credential_change WHERE kind = 'row' AND changed_rows = 1 ORDER BY name"
    )
    ids = cursor.fetchall()
    _require_all(table, changes, [name for name, _id in ids])
    identity = dict(ids)
    ended = {name: _end_sessions(cursor, table, identity[name]) for name in identity}
    for change in changes:
        details = {"account": change["name"], "kind": "row", "reason": change.get("reason")}
        if table.sessions:
            details["sessions_ended"] = ended[change["name"]]
        write_audit(cursor, table.audit, identity[change["name"]], details)
    return ended


def write_audit(
    cursor: Any, audit: Optional[Mapping[str, Any]], user: Optional[str], details: Mapping[str, Any]
) -> None:
    """A row in the audit table, where there is one."""
    if not audit:
        return
    values: Dict[str, Any] = dict(audit.get("values") or {})
    if audit.get("user_column"):
        values[audit["user_column"]] = user
    if audit.get("details_column"):
        values[audit["details_column"]] = json.dumps(details)
    if not values:
        raise EngineError("table.audit names no column to write", "Set values, user_column or details_column.")
    # Literals of unknown type: PostgreSQL converts them to the column's type, whatever that is.
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        _relation(audit["table"]),
        sql.SQL(", ").join(sql.Identifier(name) for name in values),
        sql.SQL(", ").join(sql.Literal(_plain(value)) for value in values.values()),
    )
    cursor.execute(statement)


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _end_sessions(cursor: Any, table: Table, user: Optional[str]) -> int:
    sessions = table.sessions
    if not sessions or sessions.get("action") == "keep":
        return 0
    names = {
        "table": _relation(sessions["table"]),
        "user_column": sql.Identifier(sessions["user_column"]),
        "user": sql.Literal(user),
    }
    if sessions.get("action") == "deactivate":
        active = sessions.get("active_column")
        if not active:
            raise EngineError("table.sessions.action is deactivate but active_column is not set")
        statement = sql.SQL("UPDATE {table} SET {active} = false WHERE {user_column} = {user} AND {active}").format(
            active=sql.Identifier(active), **names
        )
    else:
        statement = sql.SQL("DELETE FROM {table} WHERE {user_column} = {user}").format(**names)
    cursor.execute(statement)
    return int(cursor.rowcount)


def _require_all(table: Table, changes: Sequence[Mapping[str, Any]], changed: Sequence[str]) -> None:
    missed = sorted({change["name"] for change in changes} - set(changed))
    if not missed:
        return
    raise AccountChanged(
        f"{table.name}: the hash of {', '.join(missed)} is no longer the one that was read, or cannot be updated",
        "Nothing was changed. Run again; if it persists look for a trigger or a row security policy on the table.",
        {"accounts_concerned": missed},
    )


def _check_tables(cursor: Any, table: Table) -> str:
    """The key column's type, once all tables and columns that are named are known to exist."""
    types = _column_types(cursor, table.name, "table.name")
    _require_columns(table.name, types, table.columns)
    if table.sessions:
        sessions = table.sessions
        columns = [sessions["user_column"]] + ([sessions["active_column"]] if sessions.get("active_column") else [])
        name = sessions["table"]
        _require_columns(name, _column_types(cursor, name, "table.sessions.table"), columns)
    if table.audit:
        audit = table.audit
        columns = list(audit.get("values") or {})
        columns += [audit[option] for option in ("user_column", "details_column") if audit.get(option)]
        _require_columns(audit["table"], _column_types(cursor, audit["table"], "table.audit.table"), columns)
    return types[table.key]


def _column_types(cursor: Any, name: str, option: str) -> Dict[str, str]:
    """Column name to type, as SQL; the text comes from format_type and is safe to use as such."""
    schema, relation = _parts(name)
    types = _columns_of(cursor, schema, relation)
    if not types:
        raise AccountProblem(f"{option}: there is no table {schema}.{relation} in this database")
    return types


def _columns_of(cursor: Any, schema: str, relation: str) -> Dict[str, str]:
    cursor.execute(
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, NULL) FROM pg_catalog.pg_attribute a "
        "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'f') "
        "AND a.attnum > 0 AND NOT a.attisdropped",
        (schema, relation),
    )
    return dict(cursor.fetchall())


def _require_columns(name: str, types: Mapping[str, str], columns: Sequence[str]) -> None:
    missing = sorted(set(columns) - set(types))
    if missing:
        raise AccountProblem(f"{name} has no column {', '.join(missing)}", "Its columns: " + ", ".join(types) + ".")


def _parts(name: str) -> Tuple[str, str]:
    schema, dot, relation = name.partition(".")
    if not dot or not schema or not relation:
        raise AccountProblem(f"'{name}' is not a table's name with its schema, such as auth.users")
    return schema, relation


def _relation(name: str) -> sql.Identifier:
    return sql.Identifier(*_parts(name))
