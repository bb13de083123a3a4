# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private clusters for tests of roles: a folder, the plays that are run against it, connections to what they made."""

from __future__ import annotations

import ctypes
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plays
import psycopg2

# linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
"""
TASK = """\
    - ansible.builtin.import_role:
        name: domainflow.database.{role}
        tasks_from: {entry}
"""


@dataclass(frozen=True)
class Host:
    """A machine to the roles, a folder to the tests."""

    folder: Path

    @property
    def variables(self) -> dict[str, Any]:
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "pg_host_flavour": "local",
            "pg_host_local_dir": str(self.folder / "cluster"),
            "pg_host_password_dir": str(self.folder / "secrets"),
            "pg_host_settings": {"fsync": False, "log_statement": "all"},
            "pg_tls_secret_dir": str(self.folder / "secrets" / "tls"),
        }

    def run(self, *roles: str, arguments: tuple[str, ...] = (), **variables: Any) -> plays.Run:
        """Run roles, ``"pg_host"`` or with an entry point ``"pg_host/stop"``, as one play."""
        play = self.folder / "play.yml"
        steps = (role.partition("/") for role in roles)
        tasks = "".join(TASK.format(role=role, entry=entry or "main") for role, _slash, entry in steps)
        play.write_text(PLAY + tasks, encoding="utf-8")
        given = json.dumps({**self.variables, **variables})
        return plays.playbook("-i", "localhost,", str(play), "-e", given, *arguments)

    def must(self, *roles: str, **variables: Any) -> plays.Run:
        """As ``run``, for a run that has to succeed."""
        done = self.run(*roles, **variables)
        assert done.status == 0, done.output
        return done

    @property
    def data(self) -> Path:
        return self.folder / "cluster" / "data"

    @property
    def port(self) -> int:
        return int((self.folder / "cluster" / "port").read_text(encoding="utf-8"))

    @property
    def ca(self) -> Path:
        return self.folder / "secrets" / "tls" / "ca.crt"

    def password(self, role: str) -> str:
        return (self.folder / "secrets" / role).read_text(encoding="utf-8").strip()

    def log_in(self, role: str, **override: Any) -> Any:
        """A connection over TCP with the password that was kept."""
        settings = {
            "host": "localhost",
            "port": self.port,
            "user": role,
            "dbname": "domainflow",
            "connect_timeout": 10,
            "sslmode": "prefer",
            "gssencmode": "disable",
            **override,
        }
        if "password" not in settings:
            settings["password"] = self.password(role)
        connection = psycopg2.connect(**settings)
        connection.autocommit = True
        return connection

    def query(self, statement: str, dbname: str = "postgres") -> list[tuple[Any, ...]]:
        """Rows of one statement of the superuser, through the socket as the roles come in."""
        connection = psycopg2.connect(
            host=str(self.folder / "cluster" / "run"), port=self.port, user="postgres", dbname=dbname
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """The processes that work in the data folder: the server and all that it started."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if place.resolve(strict=True) == self.data.resolve():
                    found.append(int(place.parent.name))
            except OSError:
                continue
        return found


def flat(run: plays.Run) -> str:
    """What a run printed, without the line breaks and indents of its layout."""
    return " ".join(run.output.split())


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def orphans_adopted() -> Iterator[None]:
    """Be the parent of every process below whose own parent ends, as the machine's first process otherwise is."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def make() -> Host:
    """Not below pytest's own folders: they are closed to the user that root's cluster runs as."""
    folder = Path(tempfile.mkdtemp(prefix="pg-role-", dir="/tmp"))
    folder.chmod(0o755)
    return Host(folder)


def remove(host: Host) -> None:
    if host.processes():
        host.must("pg_host/stop")
    shutil.rmtree(host.folder)
