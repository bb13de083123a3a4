# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of a source's functions: checked when they are created or, where that is too early, at the end.

psql refuses a function in SQL whose body names a table that the file makes further down. Here it is made without the
check, and checked once the whole file is loaded.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple

from ..driver import errorcodes, extensions, psycopg2
from ..script import Statement, sql_error

_VERBS = ("CREATE FUNCTION", "CREATE PROCEDURE")
# What a body can be refused for that the rest of the file may mend.
_MISSING = frozenset(
    {
        errorcodes.UNDEFINED_TABLE,
        errorcodes.UNDEFINED_COLUMN,
        errorcodes.UNDEFINED_FUNCTION,
        errorcodes.UNDEFINED_OBJECT,
        errorcodes.INVALID_SCHEMA_NAME,
    }
)

# Of all functions, the one that was written last: frozen rows are the oldest.
_LATEST = "SELECT oid, current_setting('search_path') FROM pg_proc ORDER BY age(xmin), oid DESC LIMIT 1"

_VALIDATOR = """
    SELECT v.oid::regproc::text, p.proconfig, p.oid::regprocedure::text
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_proc v ON v.oid = l.lanvalidator
     WHERE p.oid = %s"""

_UNCHECKED = """
    SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
     WHERE p.oid >= 16384 AND l.lanname = 'sql' AND p.prokind IN ('f', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                          AND e.deptype IN ('e', 'i'))
     ORDER BY p.oid"""

_PATH_OF_ALL = """
    SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname <> 'public', nspname) FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"""


class _Unchecked(NamedTuple):
    statement: Statement
    oid: int
    search_path: str


class Bodies:
    """Runs the statements that make functions, and remembers those whose bodies are still to be checked."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._unchecked: List[_Unchecked] = []

    def creates(self, statement: Statement) -> bool:
        """Whether a statement is one for create()."""
        return statement.verb in _VERBS

    def create(self, statement: Statement) -> None:
        """Make a function. Raises what the driver does."""
        cursor = self._cursor
        inside = cursor.connection.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS
        if inside:
            cursor.execute("SAVEPOINT body")
        try:
            cursor.execute(statement.text)
        except psycopg2.Error as error:
            if error.pgcode not in _MISSING:
                raise
            if inside:
                cursor.execute("ROLLBACK TO SAVEPOINT body")
            self._create_unchecked(statement)
        if inside:
            cursor.execute("RELEASE SAVEPOINT body")

    def _create_unchecked(self, statement: Statement) -> None:
        cursor = self._cursor
        cursor.execute("SET check_function_bodies = off")
        cursor.execute(statement.text)  # a signature that cannot be is told by the server again
        cursor.execute("SET check_function_bodies = on")
        cursor.execute(_LATEST)
        self._unchecked.append(_Unchecked(statement, *cursor.fetchone()))

    def check(self) -> List[str]:
        """Check what create() could not, now that all is there.

        Raises SourceError, with the place of the statement, for a body that does not work. Where the source itself has
        switched the check off, as dumps do, such a body is let through as psql would, and told among the warnings that
        are returned.
        """
        cursor = self._cursor
        cursor.execute("SELECT current_setting('check_function_bodies'), current_setting('search_path')")
        checked, search_path = cursor.fetchone()
        cursor.execute("SET check_function_bodies = on")
        for each in self._unchecked:
            try:
                self._validate(each.oid, each.search_path)
            except psycopg2.Error as error:
                raise sql_error(each.statement, error) from None
        warnings = [] if checked == "on" else self._warnings()
        cursor.execute("SELECT set_config('search_path', %s, false)", (search_path,))
        cursor.execute("SELECT set_config('check_function_bodies', %s, false)", (checked,))
        return warnings

    def _validate(self, oid: int, search_path: str) -> None:
        """Raise what the driver does where the body of a function does not work."""
        cursor = self._cursor
        cursor.execute(_VALIDATOR, (oid,))
        found = cursor.fetchone()
        if found is None:
            return  # dropped again
        validator, settings, _name = found
        cursor.execute("SELECT set_config('search_path', %s, false)", (search_path,))
        for setting in settings or ():
            name, _equals, value = setting.partition("=")
            if name == "search_path":
                cursor.execute("SELECT set_config('search_path', %s, false)", (value,))
        cursor.execute(f"SELECT {validator}(%s)", (oid,))

    def _warnings(self) -> List[str]:
        """The functions in SQL that would not pass the check, under no path that the file's schemas could be on."""
        cursor = self._cursor
        cursor.execute(_PATH_OF_ALL)
        paths = ("", cursor.fetchone()[0] or "")
        cursor.execute(_UNCHECKED)
        warnings = []
        for (oid,) in cursor.fetchall():
            reasons = [self._reason(oid, path) for path in paths]
            if all(reasons):
                cursor.execute("SELECT set_config('search_path', '', false)")
                cursor.execute("SELECT %s::regprocedure::text", (oid,))
                warnings.append(f"function {cursor.fetchone()[0]}: its body does not work: {reasons[-1]}")
        return warnings

    def _reason(self, oid: int, search_path: str) -> str:
        """Why a body does not work; '' where it does."""
        cursor = self._cursor
        inside = cursor.connection.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS
        if inside:
            cursor.execute("SAVEPOINT body")
        try:
            self._validate(oid, search_path)
        except psycopg2.Error as error:
            if inside:
                cursor.execute("ROLLBACK TO SAVEPOINT body")
            return (error.diag.message_primary or type(error).__name__).strip()
        finally:
            if inside:
                cursor.execute("RELEASE SAVEPOINT body")
        return ""
