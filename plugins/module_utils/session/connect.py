# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens connections with psycopg2 and words what goes wrong."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

from ..errors import ConnectionFailed, PermissionMissing
from .failures import connection_failed
from .options import ConnectionOptions

try:
    import psycopg2
    from psycopg2 import sql

    DRIVER_PRESENT = True
except ImportError:
    DRIVER_PRESENT = False

Connect = Callable[..., Any]
"""``connect()`` opens the database of the options, ``connect("name")`` another one of the same server."""


def connector(options: ConnectionOptions) -> Connect:
    """A callable that opens sessions with ``options``; nothing is opened yet."""

    def connect(dbname: Optional[str] = None) -> Any:
        return _open(options, dbname)

    return connect


def require_driver() -> None:
    """Raise ConnectionFailed where psycopg2 is missing."""
    if not DRIVER_PRESENT:
        raise ConnectionFailed(
            "psycopg2 is not installed for the Python that runs this module",
            "Install python3-psycopg2 on the managed host (or psycopg2-binary for the interpreter that "
            "ansible_python_interpreter names).",
        )


def server_version(connection: Any) -> int:
    """The server's major version, 15 for 15.4."""
    return int(connection.server_version) // 10000


def _open(options: ConnectionOptions, dbname: Optional[str]) -> Any:
    require_driver()
    arguments = options.libpq(dbname)
    _check_files(options)
    failure = None
    try:
        connection = psycopg2.connect(**arguments)
    except psycopg2.Error as error:
        failure = connection_failed(options, dbname, str(error))
    except (TypeError, ValueError, UnicodeError):
        # A parameter of a wrong type: psycopg2's text would repeat the value.
        failure = ConnectionFailed(
            f"Cannot connect to {options.place(dbname)}: a connection parameter has an impossible value",
            "Check login_* and connect_params: text without NUL characters, and a numeric login_port.",
        )
    if failure is not None:
        # Raised outside of the except block, so that no exception with libpq's text hangs on to it.
        raise failure
    try:
        _require_tls(connection, options, dbname)
        _take_role(connection, options)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_files(options: ConnectionOptions) -> None:
    """libpq's own words for a missing file differ by version; a missing CA may even pass unnoticed."""
    if options.ssl_mode == "disable":
        return
    for name, value in (("ca_cert", options.ca_cert), ("ssl_cert", options.ssl_cert), ("ssl_key", options.ssl_key)):
        if not value or (name == "ca_cert" and value == "system"):
            continue
        if not os.path.isfile(os.path.expanduser(value)):
            raise ConnectionFailed(
                f"{name}: there is no file {value} on the host that connects",
                "The path is looked up on the managed host, not on the controller.",
            )


def _require_tls(connection: Any, options: ConnectionOptions, dbname: Optional[str]) -> None:
    """libpq ignores sslmode on a Unix socket; a promise of TLS that is not kept is refused here."""
    if options.strict_ssl and not connection.info.ssl_in_use:
        raise ConnectionFailed(
            f"The session with {options.place(dbname)} is not encrypted although ssl_mode is {options.ssl_mode}",
            "A Unix socket has no TLS: set login_host, or set ssl_mode to prefer for a connection by socket.",
        )


def _take_role(connection: Any, options: ConnectionOptions) -> None:
    if not options.session_role:
        return
    failure = None
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(options.session_role)))
        # Without the commit the first rollback would take the role back.
        connection.commit()
    except psycopg2.Error as error:
        primary = (error.diag.message_primary or "").strip()
        failure = PermissionMissing(
            f'session_role: cannot become "{options.session_role}" on {options.place()}: {primary}',
            f'Create the role, or GRANT "{options.session_role}" TO "{options.login_user or ""}".',
        )
    if failure is not None:
        raise failure
