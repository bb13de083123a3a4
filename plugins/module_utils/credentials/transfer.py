# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of hashes into the server.

psycopg2 writes parameters into the statement's text, and that text is what ``log_statement``,
``log_min_duration_statement``, ``pg_stat_activity`` and ``pg_stat_statements`` show. The data of a ``COPY``
is in none of them, so hashes travel by ``COPY`` into a temporary table, and constant statements use them
from there. A temporary table is not written to the WAL either.
"""

from __future__ import annotations

import io
from typing import Any, Mapping, Sequence

from ..errors import PermissionMissing

TABLE = "pg_temp.credential_change"


def send(cursor: Any, changes: Sequence[Mapping[str, Any]]) -> None:
    """Put ``changes`` into the temporary table of this transaction.

    A change has ``kind``, ``name``, ``old`` and ``new`` hash; that of a login role may say ``login`` (whether it may
    log in, from now on), ``valid_until``, ``unused`` (it must have no session). ``new`` and what is not there stay.
    """
    cursor.execute(
        "CREATE TEMPORARY TABLE credential_change "
        "(kind text NOT NULL, name text NOT NULL, old_hash text, new_hash text, login boolean, valid_until text, "
        "unused boolean, id text, changed_rows bigint NOT NULL DEFAULT 0) ON COMMIT DROP"
    )
    columns = ("kind", "name", "old", "new", "login", "valid_until", "unused")
    lines = ("\t".join(_field(change.get(column)) for column in columns) + "\n" for change in changes)
    cursor.copy_expert(
        f"COPY {TABLE} (kind, name, old_hash, new_hash, login, valid_until, unused) FROM STDIN",
        io.StringIO("".join(lines)),
    )


def quiet(cursor: Any, roles: bool) -> None:
    """Keep even what could quote a hash (an error's DETAIL, nested statements) out of the logs, as far as we may.

    A superuser may. For others an error's DETAIL is kept back by the statements' own handlers; what is left is that
    pg_stat_statements records nested statements where it is told to, and so the ALTER ROLE with its verifier:
    ``PermissionMissing`` where that cannot be switched off and ``roles`` are to be changed.
    """
    cursor.execute("SELECT pg_catalog.current_setting('is_superuser') = 'on'")
    if cursor.fetchone()[0]:
        cursor.execute(
            "SELECT pg_catalog.set_config(name, value, true) FROM (VALUES ('log_error_verbosity', 'terse'), "
            "('pg_stat_statements.track', 'none'), ('auto_explain.log_min_duration', '-1')) AS wanted(name, value) "
            "WHERE pg_catalog.current_setting(name, true) IS NOT NULL"
        )
        return
    cursor.execute("SELECT pg_catalog.current_setting('pg_stat_statements.track', true)")
    if not roles or cursor.fetchone()[0] != "all":
        return
    if cursor.connection.server_version >= 150000:
        cursor.execute("SELECT pg_catalog.has_parameter_privilege('pg_stat_statements.track', 'SET')")
        if cursor.fetchone()[0]:
            cursor.execute("SELECT pg_catalog.set_config('pg_stat_statements.track', 'none', true)")
            return
    raise PermissionMissing(
        "pg_stat_statements.track is 'all': the server would record the new verifiers of login roles",
        "Nothing was changed. As a superuser: set it to 'top', or (since PostgreSQL 15) GRANT SET ON PARAMETER "
        "pg_stat_statements.track to the role that rotates.",
    )


def _field(value: Any) -> str:
    """A field in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = str(value)
    for character, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, escaped)
    return text
