# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full in the middle of a plan: a clear message, nothing lost, and the next run ends at the file.

The database lies in a tablespace on a small memory file system, which takes root to mount.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine_support import assert_at, left_over, shadows

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = [pytest.mark.one_major, pytest.mark.timeout(300)]

SIZE = 48 * 1024 * 1024
LEFT = 2 * 1024 * 1024  # enough for rows of the catalogs, not for what the plan makes

BEFORE = """
CREATE TABLE public.big (id int CONSTRAINT big_pkey PRIMARY KEY, v text, n int);
INSERT INTO public.big SELECT i, repeat(md5(i::text), 10), i FROM generate_series(1, 20000) i;
CREATE TABLE public.small (id int);
"""
# What needs room, by strategy: a table that is rewritten, an index that is built.
AFTER = {
    "atomic": "CREATE TABLE public.big (id int CONSTRAINT big_pkey PRIMARY KEY, v text, n bigint);",
    "online": "CREATE TABLE public.big (id int CONSTRAINT big_pkey PRIMARY KEY, v text, n int);"
    "CREATE INDEX big_v ON public.big (v, n);",
}
MORE = "CREATE TABLE public.small (id int, more text);"


@dataclass(frozen=True)
class Disk:
    folder: Path

    def fill(self) -> None:
        free = shutil.disk_usage(self.folder).free - LEFT
        (self.folder / "ballast").write_bytes(b"\0" * free)

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk(server: servers.Server) -> Iterator[Disk]:
    """A small disk with the tablespace "small" on it."""
    if os.getuid() != 0:
        pytest.skip("not root: a small disk cannot be mounted")
    folder = Path(tempfile.mkdtemp(prefix="dfdisk-", dir="/tmp"))
    options = f"size={SIZE},mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"this root may not mount: {mounted.stderr.strip()}")
    name = f"small_{secrets.token_hex(4)}"
    try:
        space = folder / name
        space.mkdir(mode=0o700)
        owner = server.data_dir.stat()
        os.chown(space, owner.st_uid, owner.st_gid)
        server.start()
        server.execute(f"CREATE TABLESPACE {name} LOCATION '{space}'")
        yield Disk(folder)
        server.execute(f"DROP TABLESPACE {name}")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@pytest.mark.parametrize("strategy", ["atomic", "online"])
def test_disk_full_in_the_middle(server: servers.Server, database_factory: Any, disk: Disk, strategy: str) -> None:
    ((space,),) = server.execute("SELECT spcname FROM pg_tablespace WHERE spcname LIKE 'small%'")
    name = server.create_database(tablespace=space)
    database = type(database_factory())(server, name)
    try:
        database.psql(BEFORE)
        before = (database.dump("--schema-only"), database.execute("SELECT count(*), sum(n) FROM public.big"))
        source, policy = AFTER[strategy] + MORE, Policy(strategy=strategy)
        disk.fill()
        with pytest.raises(EngineError, match="No space left on device") as failed:
            engine.converge(database.connector, source, policy)
        assert "disk is full: make space" in str(failed.value.hint)
        # The server has not even been restarted, and what was there is there.
        assert database.execute("SELECT count(*), sum(n) FROM public.big") == before[1]
        # While nothing at all can be written, PostgreSQL drops no database either: the next run does.
        assert len(shadows(database)) <= 1
        if strategy == "atomic":
            assert database.dump("--schema-only") == before[0]
        disk.make_room()
        assert engine.converge(database.connector, source, policy).changed
        assert_at(database, source, policy)
        assert left_over(database) == []
        assert database.execute("SELECT count(*), sum(n) FROM public.big") == before[1]
    finally:
        server.drop_database(name)
