# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sessions on real servers: what works, and that every failure says what to do and holds no secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fetched import run_command

import servers
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    ConnectionFailed,
    EngineError,
    PermissionMissing,
)
from ansible_collections.domainflow.database.plugins.module_utils.session import (
    ConnectionOptions,
    connector,
    server_version,
)
from ansible_collections.domainflow.database.plugins.module_utils.session.failures import connection_failed, scrub

pytestmark = pytest.mark.one_major

SECRET = "geheim-0815"


@pytest.fixture
def options(server: servers.Server) -> ConnectionOptions:
    return ConnectionOptions(
        login_host=server.host, login_port=server.port, login_password=server.password, connect_timeout=5
    )


@pytest.fixture
def tls_options(tls_server: servers.Server) -> ConnectionOptions:
    return ConnectionOptions(
        login_host="127.0.0.1",
        login_port=tls_server.port,
        login_password=tls_server.password,
        ssl_mode="verify-full",
        ca_cert=str(tls_server.ca_file),
        connect_timeout=5,
    )


def failure(options: ConnectionOptions, dbname: str | None = None) -> EngineError:
    with pytest.raises(EngineError) as caught:
        connector(options)(dbname)
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    for secret in options.secrets():
        assert secret not in f"{error!s} {error.hint} {error.details!r} {options!r}"
    return error


def cause(options: ConnectionOptions, dbname: str | None = None) -> str:
    error = failure(options, dbname)
    assert isinstance(error, ConnectionFailed)
    place = f"{options.host or 'local socket'}:{options.login_port}/{dbname or options.login_db}"
    assert f'{place} as user "{options.login_user}"' in error.message
    assert error.hint
    return str(error.details["cause"])


# --- what works ---------------------------------------------------------------------------------------


def test_connection_is_as_psycopg2_makes_it(server: servers.Server, options: ConnectionOptions) -> None:
    connection = connector(options)()
    assert not connection.autocommit
    assert connection.encoding == "UTF8"
    assert server_version(connection) == server.major
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_setting('application_name')")
        assert cursor.fetchone() == ("postgres", "domainflow.database")
    connection.close()


def test_another_database_of_the_same_server(server: servers.Server, options: ConnectionOptions) -> None:
    name = server.create_database()
    try:
        connection = connector(options)(name)
        assert connection.info.dbname == name
        connection.close()
    finally:
        server.drop_database(name)


def test_socket_stands_in_for_a_missing_host(server: servers.Server, options: ConnectionOptions) -> None:
    for host in (None, "", "localhost"):
        by_socket = replace(options, login_host=host, login_unix_socket=str(server.socket_dir))
        connection = connector(by_socket)()
        assert connection.info.host == str(server.socket_dir)
        connection.close()
    assert replace(options, login_host="db", login_unix_socket="/x").host == "db"


def test_verified_tls(tls_options: ConnectionOptions) -> None:
    for host in ("127.0.0.1", "localhost"):
        connection = connector(replace(tls_options, login_host=host))()
        assert connection.info.ssl_in_use
        connection.close()


def test_session_role_stays_after_a_rollback(server: servers.Server, options: ConnectionOptions) -> None:
    connection = connector(replace(options, session_role="pg_monitor"))()
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("pg_monitor", "postgres")
    connection.close()


def test_further_parameters_reach_libpq(options: ConnectionOptions) -> None:
    parameters = {"options": "-c work_mem=123kB", "application_name": "mine"}
    connection = connector(replace(options, connect_params=parameters))()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('work_mem'), current_setting('application_name')")
        assert cursor.fetchone() == ("123kB", "mine")
    connection.close()


# --- what does not ------------------------------------------------------------------------------------


def test_wrong_and_missing_password(options: ConnectionOptions) -> None:
    assert cause(replace(options, login_password=SECRET)) == "wrong_password"
    assert cause(replace(options, login_password=None)) == "no_password"


def test_unknown_user_database_and_host(server: servers.Server, options: ConnectionOptions) -> None:
    assert cause(replace(options, login_db="no_such_database")) == "no_database"
    assert cause(options, "no_such_either") == "no_database"
    assert cause(replace(options, login_host="no-such-host.invalid")) == "unknown_host"
    # The server does not tell an unknown user from a wrong password.
    assert cause(replace(options, login_user="no_such_user")) == "wrong_password"


def test_nobody_listens(options: ConnectionOptions, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert cause(replace(options, login_port=held.getsockname()[1])) == "server_down"
    assert cause(replace(options, login_host=str(tmp_path))) == "server_down"


def test_no_answer_in_time(options: ConnectionOptions) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(1)
        assert cause(replace(options, login_port=mute.getsockname()[1], connect_timeout=2)) == "timeout"


def test_stopped_server(server: servers.Server, options: ConnectionOptions) -> None:
    server.stop()
    try:
        assert cause(options) == "server_down"
    finally:
        server.start()


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_server_without_tls_is_refused(options: ConnectionOptions, tls_server: servers.Server, mode: str) -> None:
    ca_cert = None if mode == "require" else str(tls_server.ca_file)
    assert cause(replace(options, ssl_mode=mode, ca_cert=ca_cert)) == "tls_unsupported"


def test_socket_cannot_keep_the_promise_of_tls(server: servers.Server, options: ConnectionOptions) -> None:
    error = failure(replace(options, login_host=str(server.socket_dir), ssl_mode="require"))
    assert "is not encrypted although ssl_mode is require" in error.message


def test_certificate_of_another_host_or_authority(tls_options: ConnectionOptions, tmp_path: Path) -> None:
    # "0" is this machine too, and is not in the certificate.
    assert cause(replace(tls_options, login_host="0")) == "certificate_host_mismatch"
    other = tmp_path / "other.pem"
    run_command(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", "/CN=other", "-keyout", str(tmp_path / "key"), "-out", str(other)]
    )
    for mode in ("verify-ca", "verify-full"):
        wrong = replace(tls_options, ssl_mode=mode, ca_cert=str(other))
        assert cause(wrong) == "certificate_unverified"


def test_certificate_files_that_are_not_there(tls_options: ConnectionOptions) -> None:
    error = failure(replace(tls_options, ca_cert="/no/such/ca.pem"))
    assert error.message == "ca_cert: there is no file /no/such/ca.pem on the host that connects"
    assert failure(replace(tls_options, ssl_key="/no/key")).message.startswith("ssl_key: ")


@pytest.fixture
def login(server: servers.Server) -> Iterator[str]:
    server.execute("CREATE ROLE front_login LOGIN PASSWORD %s", (SECRET,))
    yield "front_login"
    server.execute("DROP ROLE front_login")


def test_roles_that_may_not_come_in(server: servers.Server, options: ConnectionOptions, login: str) -> None:
    mine = replace(options, login_user=login, login_password=SECRET)
    connector(mine)().close()
    server.execute("ALTER ROLE front_login CONNECTION LIMIT 0")
    assert cause(mine) == "too_many_connections"
    server.execute("ALTER ROLE front_login CONNECTION LIMIT -1 NOLOGIN")
    assert cause(mine) == "login_forbidden"
    server.execute("ALTER ROLE front_login LOGIN")
    name = server.create_database()
    try:
        server.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        assert cause(mine, name) == "database_not_connectable"
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        assert cause(options, name) == "database_not_connectable"
    finally:
        server.drop_database(name)


def test_session_role_that_cannot_be_taken(options: ConnectionOptions, login: str) -> None:
    error = failure(replace(options, session_role="no_such_role"))
    assert isinstance(error, PermissionMissing)
    assert 'cannot become "no_such_role"' in error.message and "does not exist" in error.message
    error = failure(replace(options, login_user=login, login_password=SECRET, session_role="postgres"))
    assert "permission denied" in error.message


def test_no_line_in_pg_hba() -> None:
    server = servers.start_server(
        servers.requested_majors()[-1],
        hba=["local all all scram-sha-256", "host all postgres 127.0.0.1/32 scram-sha-256"],
    )
    try:
        assert (
            cause(ConnectionOptions(login_host=server.host, login_port=server.port, login_user="x")) == "hba_rejected"
        )
    finally:
        server.remove()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sslmode": "disable"}, "connect_params must not hold 'sslmode'"),
        ({"password": SECRET}, "connect_params must not hold 'password'"),
        ({"sslpassword": SECRET}, "connect_params must not hold the secret 'sslpassword'"),
        ({"dsn": "host=x"}, "connect_params must not hold 'dsn'"),
        ({"no_such_option": SECRET}, "libpq does not accept a connection parameter"),
        ({"keepalives": "many"}, "libpq does not accept a connection parameter"),
    ],
)
def test_parameters_that_are_not_taken(options: ConnectionOptions, parameters: dict[str, str], message: str) -> None:
    error = failure(replace(options, connect_params=parameters))
    assert message in error.message
    assert SECRET not in f"{error!s} {error.details!r}"


def test_impossible_values(options: ConnectionOptions) -> None:
    assert "ssl_mode is 'maybe'" in failure(replace(options, ssl_mode="maybe")).message
    assert "an impossible value" in failure(replace(options, login_password=SECRET + "\0")).message


def test_secrets_are_taken_out_of_what_libpq_says() -> None:
    options = ConnectionOptions(login_password=SECRET, connect_params={"password": "another"})
    error = connection_failed(options, None, f"something odd about {SECRET} and another thing\n")
    assert error.details == {"cause": "other", "server_said": "something odd about ******** and ******** thing"}
    assert scrub("ab abc", ("ab", "abc")) == "******** ********"
