# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disposable database: made from template0 like the live one, dropped at the end, swept when left behind."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from .. import head_room
from ..catalog.kind import ReadContext
from ..catalog.model import Object
from ..catalog.read import pin_settings
from ..catalog.schema import KIND as SCHEMA
from ..driver import NamedTupleCursor, errorcodes, psycopg2, sql
from ..errors import EngineError, PermissionMissing
from ..plan.locks import estimate_texts
from ..rows import Given
from ..script import Source, statements
from .load import load

PREFIX = "_schema_shadow_"


@dataclass(frozen=True)
class Shadow:
    """A loaded shadow.

    ``public`` is the schema public as it was before the source ran; ``load_window`` the server's time before and after;
    ``given`` tells what the source writes from what defaults make, ``warnings`` what does not work in it.
    """

    connection: Any
    role: str
    public: Optional[Object]
    load_window: Tuple[str, str]
    given: Given
    warnings: Tuple[str, ...] = ()


def sweep(connection: Any) -> List[str]:
    """Drop the shadows of this database that killed runs left behind; the caller holds the database's run lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.datname FROM pg_database d JOIN pg_database s
                   ON starts_with(s.datname, %s || d.oid::text || '_') WHERE d.datname = current_database()""",
            (PREFIX,),
        )
        names = [row[0] for row in cursor.fetchall()]
        for name in names:
            _drop(cursor, name)
    return names


def _drop(cursor: Any, name: str) -> None:
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


# pg_database's columns for locales by version: PostgreSQL documentation, "pg_database".
def _locale_query(version: int) -> str:
    provider = "datlocprovider::text" if version >= 150000 else "'c'"
    locale = "datlocale" if version >= 170000 else ("daticulocale" if version >= 150000 else "NULL::text")
    rules = "daticurules" if version >= 160000 else "NULL::text"
    return f"""
        SELECT oid, pg_encoding_to_char(encoding), datcollate, datctype, {provider}, {locale}, {rules}
          FROM pg_database WHERE datname = current_database()"""


_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


def _create(connection: Any, owner: Optional[str]) -> str:
    """Make an empty database with the encoding and locale of the one that ``connection`` is in."""
    version = connection.server_version
    with connection.cursor() as cursor:
        cursor.execute(_locale_query(version))
        oid, encoding, collate, ctype, provider, locale, rules = cursor.fetchone()
        name = f"{PREFIX}{oid}_{secrets.token_hex(6)}"
        words: List[Any] = [
            sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)),
            sql.SQL("ENCODING {}").format(sql.Literal(encoding)),
            sql.SQL("LC_COLLATE {}").format(sql.Literal(collate)),
            sql.SQL("LC_CTYPE {}").format(sql.Literal(ctype)),
        ]
        if version >= 150000:
            words.append(sql.SQL("LOCALE_PROVIDER {}").format(sql.Literal(_PROVIDERS[provider])))
            if provider == "i":
                words.append(sql.SQL("ICU_LOCALE {}").format(sql.Literal(locale)))
            if provider == "b":
                words.append(sql.SQL("BUILTIN_LOCALE {}").format(sql.Literal(locale)))
            if rules:
                words.append(sql.SQL("ICU_RULES {}").format(sql.Literal(rules)))
        if owner:
            words.append(sql.SQL("OWNER {}").format(sql.Identifier(owner)))
        try:
            cursor.execute(sql.SQL(" ").join(words))
        except psycopg2.Error as error:
            if error.pgcode == errorcodes.INSUFFICIENT_PRIVILEGE:
                raise PermissionMissing(
                    f'role "{connection.info.user}" may not create databases, and the schema file has to be loaded '
                    "into a disposable one",
                    hint=f'Run ALTER ROLE "{connection.info.user}" CREATEDB, or name an empty scratch database that '
                    "this role owns in the option shadow_database.",
                ) from None
            raise EngineError(f"the disposable database could not be made: {_first_line(error)}") from None
    return name


def _first_line(error: psycopg2.Error) -> str:
    return (error.diag.message_primary or type(error).__name__).strip()


_PUBLIC = {"schemas": ["public"]}


def public_schema(connection: Any) -> Optional[Object]:
    """The schema public as it is now; None where it was dropped."""
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(SCHEMA.query(connection.server_version), _PUBLIC)
        row = cursor.fetchone()
        return SCHEMA.read(row, ReadContext(connection.server_version)) if row else None


def now(connection: Any) -> str:
    """The server's time, as text with its zone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()::text")
        return str(cursor.fetchone()[0])


@contextmanager
def shadow(
    connect: Any,
    live: Any,
    source: Source,
    owner: Optional[str] = None,
    scratch: Optional[str] = None,
    settings: Sequence[Tuple[str, str]] = (),
) -> Iterator[Shadow]:
    """A database that holds what ``source`` defines, open and ready to be read; gone when the block ends.

    ``live`` is the connection to the live database, in autocommit mode and holding its run lock. ``owner``: load as
    this role. ``scratch``: the name of an empty database to use instead of making one; it is left empty. ``settings``
    are set before the source runs. Raises SourceError, PermissionMissing, ConnectionFailed.
    """
    name = scratch or _create(live, owner)
    try:
        connection = connect(name)
        try:
            yield _loaded(connection, source, owner, scratch, settings)
        finally:
            _drop_subscriptions(connection)
            connection.close()
    finally:
        if not scratch:
            _forget(connect, live, name)


def _drop_subscriptions(connection: Any) -> None:
    """A database that has any cannot be dropped. None of them ever ran, so no publisher has to be told."""
    try:
        if connection.closed or not connection.autocommit:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT quote_ident(s.subname) FROM pg_subscription s
                     JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()"""
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")  # quoted by the server above
                cursor.execute(f"DROP SUBSCRIPTION {name}")
    except psycopg2.Error:
        return  # the drop of the database says what is wrong


def _loaded(
    connection: Any, source: Source, owner: Optional[str], scratch: Optional[str], settings: Sequence[Tuple[str, str]]
) -> Shadow:
    connection.autocommit = scratch is None
    with connection.cursor() as cursor:
        if scratch:
            _claim_scratch(cursor, scratch)
            # Everything in one transaction, since it is rolled back in the end.
            needed = estimate_texts(statement.text for statement in statements(source))
            head_room.check(connection, needed, "loading the schema file into the scratch database")
        else:
            cursor.execute("SET synchronous_commit = off")  # nothing in there has to survive
        before: Dict[str, str] = dict(settings)
        for setting, value in before.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (setting, value))
        if owner:
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
        cursor.execute("SELECT current_user")
        role = str(cursor.fetchone()[0])
    public = public_schema(connection)
    start = now(connection)
    loaded = load(connection, source, own_transactions=scratch is None)
    with connection.cursor() as cursor:
        # The source may have left the session in another state (pg_dump empties search_path, for one).
        cursor.execute("RESET SESSION AUTHORIZATION")
        if scratch is None:
            cursor.execute("RESET ALL")
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    pin_settings(connection)
    return Shadow(connection, role, public, (start, now(connection)), loaded.given, loaded.warnings)


def _claim_scratch(cursor: Any, name: str) -> None:
    """Take the scratch database for this run alone, and make sure that nothing in it is anybody's."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('schema scratch database'))")
    if not cursor.fetchone()[0]:
        raise EngineError(
            f'the scratch database "{name}" is in use by another run', hint="Wait for it, or name another one."
        )
    cursor.execute(
        """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""
    )
    if cursor.fetchone()[0]:
        raise EngineError(
            f'the database "{name}" given as shadow_database is not empty',
            hint="Name a database that is there for this purpose only. Nothing was changed in it.",
        )


def _forget(connect: Any, live: Any, name: str) -> None:
    """Drop a shadow; by another connection where the first one broke. What cannot be dropped, the next run sweeps."""
    try:
        with live.cursor() as cursor:
            _drop(cursor, name)
        return
    except psycopg2.Error:
        pass
    try:
        other = connect()
        try:
            other.autocommit = True
            with other.cursor() as cursor:
                _drop(cursor, name)
        finally:
            other.close()
    except (psycopg2.Error, EngineError):
        return
