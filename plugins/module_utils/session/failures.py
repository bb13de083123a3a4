# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libpq's connection messages sorted into causes a person can act on."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple

from ..errors import ConnectionFailed
from .options import ConnectionOptions


class _Cause(NamedTuple):
    key: str
    pattern: str
    message: str
    hint: str


# The order decides: with sslmode=prefer libpq reports two attempts in one text, and the more telling
# cause comes first here (a wrong password before the "no pg_hba.conf entry" of the retry without TLS).
_CAUSES: Tuple[_Cause, ...] = (
    _Cause(
        "wrong_password",
        r"password authentication failed|SCRAM.*(wrong|mismatch)|empty password returned",
        "the server refused the password",
        "Check login_user and login_password; the server's log says more.",
    ),
    _Cause(
        "no_password",
        r"no password supplied|password (is )?required",
        "the server asks for a password and none was given",
        "Set login_password (or use a password file or a service file on the managed host).",
    ),
    _Cause(
        "peer_authentication",
        r"(Peer|Ident) authentication failed",
        "the server wants the operating system user and the database user to match",
        "Run the task with become_user set to the database user's system account, or connect over TCP "
        "with login_host and login_password.",
    ),
    _Cause(
        "tls_unsupported",
        r"does not support SSL",
        "the server does not offer TLS, and ssl_mode demands it",
        "Set ssl = on and a certificate on the server (role pg_tls does); ssl_mode is not relaxed silently.",
    ),
    _Cause(
        "certificate_host_mismatch",
        r"(server certificate for|certificate name).*does not match host name|host name .* does not match",
        "the server's certificate was not issued for this host name",
        "Set login_host to a name in the certificate's subjectAltName, or issue a certificate that has it.",
    ),
    _Cause(
        "certificate_unverified",
        r"certificate verify failed|root certificate (file|store)|self.signed certificate|unable to get .*issuer"
        r"|certificate has expired|could not read root certificate",
        "the server's certificate could not be verified",
        "Point ca_cert to the CA that signed it (a path on the managed host) and check that it has not expired.",
    ),
    _Cause(
        "client_certificate",
        r"could not load private key|could not read certificate|private key file|certificate authentication failed"
        r"|valid client certificate|tlsv1[0-9]* alert|sslv3 alert",
        "the client certificate or its key was not accepted",
        "Check ssl_cert and ssl_key: a matching pair, signed by the CA that the server trusts, the key "
        "readable by its owner alone.",
    ),
    _Cause(
        "tls_failed",
        r"SSL error|received invalid response to SSL negotiation|SSL SYSCALL",
        "the TLS handshake failed",
        "Check that host and port are those of a PostgreSQL server and that both sides share a TLS version.",
    ),
    _Cause(
        "channel_binding",
        r"channel binding",
        "channel binding was demanded and is not available",
        "It needs TLS and a SCRAM password; an Ed25519 certificate breaks it.",
    ),
    _Cause(
        "hba_rejected",
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "no line of the server's pg_hba.conf lets this user in from here",
        "Add a hostssl line for this database, user and address (role pg_tls writes them), or, if the server "
        "only takes TLS, set ssl_mode to require or verify-full.",
    ),
    _Cause(
        "no_database",
        r'database "[^"]*" does not exist',
        "there is no such database",
        "Create it first (role pg_host does) or correct login_db.",
    ),
    _Cause(
        "database_not_connectable",
        r"is not currently accepting connections|permission denied for database",
        "the database does not let this user connect",
        "GRANT CONNECT ON DATABASE to the user, and check that the database allows connections.",
    ),
    _Cause(
        "no_role",
        r'role "[^"]*" does not exist',
        "there is no such user",
        "Create the login role first (role pg_host does) or correct login_user.",
    ),
    _Cause(
        "login_forbidden",
        r"is not permitted to log in",
        "this role may not log in",
        "Use a role with LOGIN; reach a NOLOGIN owner through session_role.",
    ),
    _Cause(
        "too_many_connections",
        r"too many (clients|connections)|remaining connection slots",
        "the server has no free connection slot",
        "Close idle sessions or raise max_connections (or the role's or database's connection limit); "
        "a run needs up to three.",
    ),
    _Cause(
        "starting_up",
        r"the database system is (starting up|shutting down|in recovery mode|not (yet )?accepting connections)",
        "the server is starting, stopping or recovering",
        "Wait until it accepts connections and run again.",
    ),
    _Cause(
        "unknown_host",
        r"could not translate host name|Name or service not known|nodename nor servname",
        "the host name cannot be resolved",
        "Check login_host; it is resolved on the managed host.",
    ),
    _Cause(
        "timeout",
        r"timeout expired|timed out",
        "no answer in time",
        "Check address, port and firewall between the managed host and the server, or raise connect_timeout.",
    ),
    _Cause(
        "server_down",
        r"Connection refused|No such file or directory|Is the server running|No route to host|Network is unreachable"
        r"|server closed the connection unexpectedly|Connection reset|could not connect",
        "no server answers there",
        "Check that PostgreSQL runs, that listen_addresses and port (or the socket folder) are as given, "
        "and that no firewall is between.",
    ),
    _Cause(
        "bad_parameter",
        r"invalid (dsn|connection option|\w+ value|integer value|URI)|unsupported frontend",
        "libpq does not accept a connection parameter",
        "Check connect_params and the ssl_* options against libpq's version on the managed host.",
    ),
)


def connection_failed(options: ConnectionOptions, dbname: Optional[str], text: str) -> ConnectionFailed:
    """The error for libpq's ``text``; what libpq said is added without any secret."""
    place = options.place(dbname)
    said = _first_lines(scrub(text, options.secrets()))
    for cause in _CAUSES:
        if re.search(cause.pattern, text, re.IGNORECASE):
            details = {"cause": cause.key}
            if cause.key != "bad_parameter":
                details["server_said"] = said
            return ConnectionFailed(f"Cannot connect to {place}: {cause.message}", cause.hint, details)
    return ConnectionFailed(f"Cannot connect to {place}: {said}", None, {"cause": "other", "server_said": said})


def scrub(text: str, secrets: Tuple[str, ...]) -> str:
    """``text`` without the values of ``secrets``."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def _first_lines(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())[:500]
