# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test servers themselves: what every other test stands on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from fetched import ServerError

import servers


def test_a_database_is_empty_and_of_the_major_asked_for(database: Any) -> None:
    assert database.execute("SHOW server_version_num")[0][0].startswith(str(database.server.major))
    assert database.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]
    assert database.execute("SHOW server_encoding") == [("UTF8",)]


def test_the_extensions_of_the_schema_are_there(database: Any) -> None:
    database.psql('CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION citext;')
    assert database.execute("SELECT length(gen_random_bytes(8)), uuid_generate_v4() IS NOT NULL") == [(8, True)]


def test_dump_and_psql_carry_a_database_over(database_factory: Any) -> None:
    first, second = database_factory(), database_factory()
    first.psql("CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t VALUES (1, 'ü');")
    dump = first.dump()
    assert dump == first.dump()
    # A newer pg_dump sets what an older server does not know.
    second.psql(dump.replace("SET transaction_timeout = 0;\n", ""))
    assert second.execute("SELECT id, note FROM t") == [(1, "ü")]
    assert second.dump() == dump


def test_psql_stops_at_the_first_error(database: Any) -> None:
    with pytest.raises(ServerError, match="nonsense"):
        database.psql("CREATE TABLE a (); SELECT nonsense; CREATE TABLE b ();")
    assert database.execute("SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NULL") == [(True, True)]


def test_the_connector_opens_this_and_other_databases(database: Any) -> None:
    for asked, got in ((None, database.name), ("postgres", "postgres")):
        connection = database.connector(asked)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone() == (got,)
        connection.close()


def test_a_wrong_password_is_refused(server: servers.Server) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        server.connect(password="wrong")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        server.connect(host=str(server.socket_dir), password="wrong")


@pytest.mark.one_major
def test_a_server_without_tls_says_so(server: servers.Server) -> None:
    with pytest.raises(psycopg2.OperationalError, match="does not support SSL"):
        server.connect(sslmode="require")


def test_a_server_with_tls_is_verified(tls_server: servers.Server) -> None:
    connection = tls_server.connect(host="localhost", sslmode="verify-full", sslrootcert=str(tls_server.ca_file))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ssl, version = cursor.fetchone()
    connection.close()
    assert ssl and version >= "TLSv1.2"


@pytest.mark.one_major
def test_a_database_survives_a_restart_and_a_crash(database: Any) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS id")
    database.server.restart()
    assert database.execute("SELECT id FROM t") == [(1,)]
    database.server.stop(immediate=True)
    with pytest.raises(psycopg2.OperationalError):
        database.connect()
    database.server.start()
    assert database.execute("SELECT id FROM t") == [(1,)]


def _alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.one_major
def test_a_killed_test_process_leaves_nothing(server: servers.Server) -> None:
    program = (
        "import servers, time\n"
        f"held = servers.start_server({server.major})\n"
        "print(held.process.pid, held.data_dir.parent, flush=True)\n"
        "time.sleep(600)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(servers.__file__).parent)},
    )
    assert child.stdout is not None
    pid, folder = child.stdout.readline().split()
    assert _alive(int(pid)) and Path(folder).exists()
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    deadline = time.monotonic() + 20
    while _alive(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(int(pid))
    servers.sweep()
    assert not Path(folder).exists()


def test_majors_are_read_from_text() -> None:
    assert servers.requested_majors("18, 13") == [13, 18]
    assert servers.requested_majors("") == [15, 18]
    assert servers.requested_majors("all")[-1] == 18
    with pytest.raises(ServerError, match="9"):
        servers.requested_majors("9")
