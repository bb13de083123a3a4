# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says about a statement, worded with the statement's place in its file."""

from __future__ import annotations

import re
from typing import Any, Dict, Optional

from ..errors import SourceError
from ..head_room import HINT as LOCK_TABLE_FULL
from .lines import located
from .statements import Statement

_SHOWN_LINES = 12
_SHOWN_CHARS = 2000
_SAID_CHARS = 500  # the server repeats a word that it cannot make out, however long that is

# Errors whose DETAIL repeats a whole row.
_ROW_IN_DETAIL = ("23502", "23514")

_HOLDS_PASSWORD = re.compile(r"password|secret", re.IGNORECASE)
_WITH_OPTIONS = ("USER MAPPING", "SUBSCRIPTION", "SERVER")


def sql_error(statement: Statement, error: Any) -> SourceError:
    """``file:line: message`` for psycopg2's ``error``, which came of executing ``statement``.

    The line is that of the place the server points at, where it points at one.
    """
    diag = getattr(error, "diag", None)
    state = getattr(error, "pgcode", None) or ""
    primary = (getattr(diag, "message_primary", None) or "").strip()
    if not primary:
        primary = "the connection to the server was lost" if not state else f"the server says no more than {state}"
    line = _line(statement, diag)
    message = f"{statement.file}:{line}: {_cut(primary)}"
    detail = _cut((getattr(diag, "message_detail", None) or "").strip())
    if detail and state not in _ROW_IN_DETAIL:
        message += f" ({detail})"
    details: Dict[str, Any] = {
        "file": statement.file,
        "line": line,
        "statement_line": statement.line,
        "statement": shown(statement),
        "sqlstate": state,
    }
    server_hint = (getattr(diag, "message_hint", None) or "").strip()
    hint = _hint(statement, state, primary, server_hint) or server_hint or None
    return SourceError(message, hint, details)


def _cut(text: str) -> str:
    return text if len(text) <= _SAID_CHARS else text[:_SAID_CHARS] + " …"


def located_at(statement: Statement, message: str, hint: Optional[str] = None) -> SourceError:
    """A ``SourceError`` about a statement, at its line."""
    return located(statement.file, statement.line, message, hint)


def shown(statement: Statement) -> str:
    """The beginning of the statement, for a message; one that may hold a password is named only."""
    if statement.verb.endswith(_WITH_OPTIONS) and _HOLDS_PASSWORD.search(statement.text):
        return f"{statement.verb} … (not shown: it holds a password)"
    lines = statement.text.splitlines()
    text = "\n".join(lines[:_SHOWN_LINES])
    if len(text) > _SHOWN_CHARS:
        return text[:_SHOWN_CHARS] + " …"
    return text + "\n…" if len(lines) > _SHOWN_LINES else text


def _line(statement: Statement, diag: Any) -> int:
    position = getattr(diag, "statement_position", None)
    if position and str(position).isdigit():
        return statement.line + statement.text.count("\n", 0, int(position) - 1)
    if statement.copy_data is not None:
        found = re.search(r"\bCOPY .*?, line (\d+)", getattr(diag, "context", None) or "")
        if found:
            return statement.copy_data.line + int(found.group(1)) - 1
    return statement.line


# The server went away, was stopped, or ended this session.
_LOST = ("57P01", "57P02", "57P03", "08006", "08003")
_DISK_FULL = "53100"


def _hint(statement: Statement, state: str, primary: str, server_hint: str) -> Optional[str]:
    if state in _LOST or not state:
        return "The connection to the server was lost. What had not been committed was rolled back; run it again."
    if state == _DISK_FULL:
        return "The server's disk is full: make space there, and run it again. Nothing was changed."
    role = re.search(r'role "([^"]*)" does not exist', primary)
    if role:
        return (
            f'The role "{role.group(1)}" is not there; roles belong to the server: '
            "create it with the pg_host role before the schema is applied."
        )
    if statement.verb == "CREATE EXTENSION":
        if state in ("58P01", "0A000", "22023"):
            return (
                "The extension's files are not on the database server: install the package that brings it "
                "(Debian: postgresql-contrib or postgresql-NN-NAME)."
            )
        if state == "42501":
            return "Only a superuser may create this extension: let the pg_host role do it beforehand."
    if state == "42601" and 'at or near ":' in primary:
        return "psql's variables (:name, :'name') are not interpolated: write the value itself."
    if state == "53200" and "max_locks_per_transaction" in server_hint:
        return LOCK_TABLE_FULL
    if state == "42501":
        return "The login role (or session_role) lacks this privilege; connect as the database's owner."
    return None
