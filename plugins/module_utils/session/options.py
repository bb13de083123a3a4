# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is needed to open a session, as a value, and how libpq wants to hear it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple

from ..errors import ConnectionFailed

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

# These modes promise encryption: a session without it is refused, never used.
STRICT_SSL_MODES = ("require", "verify-ca", "verify-full")

# libpq parameters that have an option of their own; a second source of the same value would make it
# unclear which one counts, above all for sslmode.
_NAMED = {
    "host": "login_host or login_unix_socket",
    "hostaddr": "login_host",
    "port": "login_port",
    "user": "login_user",
    "password": "login_password",
    "dbname": "login_db",
    "database": "login_db",
    "sslmode": "ssl_mode",
    "requiressl": "ssl_mode",
    "sslrootcert": "ca_cert",
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
    "connect_timeout": "connect_timeout",
}

# Keys whose values must not travel through ordinary (logged) module parameters.
_SECRET = ("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")

# Arguments of psycopg2.connect that are no libpq parameters.
_DRIVER = ("dsn", "connection_factory", "cursor_factory", "async", "async_", "replication")


def secret_parameters(connect_params: Optional[Mapping[str, Any]]) -> Tuple[str, ...]:
    """The values of ``connect_params`` that must not be printed; their keys are refused, but ansible shows options."""
    values = [value for key, value in (connect_params or {}).items() if key in _SECRET or key == "password"]
    return tuple(str(value) for value in values if value)


@dataclass(frozen=True)
class ConnectionOptions:
    """Where to connect, as whom, and how strictly. Names are those of the modules' options."""

    login_host: Optional[str] = None
    login_port: int = 5432
    login_unix_socket: Optional[str] = None
    login_user: Optional[str] = "postgres"
    login_password: Optional[str] = field(default=None, repr=False)
    login_db: Optional[str] = "postgres"
    session_role: Optional[str] = None
    ssl_mode: str = "prefer"
    ca_cert: Optional[str] = None
    ssl_cert: Optional[str] = None
    ssl_key: Optional[str] = None
    connect_params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    connect_timeout: int = 10
    application_name: str = "domainflow.database"

    @property
    def host(self) -> Optional[str]:
        """The host or socket folder given to libpq; a socket stands in for an empty or local host name."""
        if self.login_unix_socket and self.login_host in (None, "", "localhost"):
            return self.login_unix_socket
        return self.login_host or None

    @property
    def strict_ssl(self) -> bool:
        """Whether a session without TLS must be refused."""
        return self.ssl_mode in STRICT_SSL_MODES

    def place(self, dbname: Optional[str] = None) -> str:
        """``host:port/database as user``, for messages."""
        host = self.host or "local socket"
        return f'{host}:{self.login_port}/{dbname or self.login_db or ""} as user "{self.login_user or ""}"'

    def secrets(self) -> Tuple[str, ...]:
        """Every value that must not appear in a message."""
        own = (self.login_password,) if self.login_password else ()
        return own + secret_parameters(self.connect_params)

    def libpq(self, dbname: Optional[str] = None) -> Dict[str, Any]:
        """Keyword arguments for ``psycopg2.connect``."""
        self._check()
        arguments: Dict[str, Any] = {
            "application_name": self.application_name,
            # File names, messages and catalogs are handled as text: one encoding, whatever the server's is.
            "client_encoding": "UTF8",
        }
        if self.strict_ssl:
            # GSSAPI encryption would be tried first and would stand in for the TLS that was asked for.
            arguments["gssencmode"] = "disable"
        arguments.update(self.connect_params)
        arguments.update(
            {
                "host": self.host,
                "port": self.login_port,
                "user": self.login_user,
                "password": self.login_password,
                "dbname": dbname or self.login_db,
                "sslmode": self.ssl_mode,
                "sslrootcert": self.ca_cert,
                "sslcert": self.ssl_cert,
                "sslkey": self.ssl_key,
                "connect_timeout": self.connect_timeout,
            }
        )
        return {name: value for name, value in arguments.items() if value not in (None, "")}

    def _check(self) -> None:
        if self.ssl_mode not in SSL_MODES:
            raise ConnectionFailed(
                f"ssl_mode is {self.ssl_mode!r}, which libpq does not know", "Use one of " + ", ".join(SSL_MODES) + "."
            )
        for key in self.connect_params:
            if key in _NAMED:
                raise ConnectionFailed(
                    f"connect_params must not hold {key!r}", f"Use the option {_NAMED[key]} instead."
                )
            if key in _SECRET:
                raise ConnectionFailed(
                    f"connect_params must not hold the secret {key!r}",
                    "Put it into a connection service file on the host and name that with connect_params: service.",
                )
            if key in _DRIVER:
                raise ConnectionFailed(f"connect_params must not hold {key!r}", "It takes libpq parameters only.")
