# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server with a KV version 2 secrets engine, in development mode.

``bao`` or ``vault`` is taken from PATH, or from ``KV2_SERVER`` (the program's path).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store

PROGRAM = os.environ.get("KV2_SERVER") or shutil.which("bao") or shutil.which("vault")
NOT_RUN = "no OpenBao or Vault server: bao and vault are not on PATH and KV2_SERVER is not set"


@dataclass(frozen=True)
class Kv2Server:
    url: str
    token: str

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
    assert PROGRAM is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    process = subprocess.Popen(
        [PROGRAM, "server", "-dev", f"-dev-listen-address=127.0.0.1:{port}", f"-dev-root-token-id={token}"],
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
    )
    server = Kv2Server(f"http://127.0.0.1:{port}", token)
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
