# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instruments of the benchmark: processor time of client and server, statements by the server's log, a slow network.

Wall time says what a person waits; on a machine that does other things, processor time is what can be compared.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Took:
    """Seconds: on the clock, of this process (and of children that it waited for), of the server."""

    wall: float
    client: float
    server: float

    @property
    def cpu(self) -> float:
        return self.client + self.server

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (processor: {self.client:.2f} s client, {self.server:.2f} s server)"


def _times(pid: int | str) -> list[float]:
    """utime, stime and those of children that have ended, in seconds; /proc/PID/stat, fields 14 to 17."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return [0.0] * 4
    return [int(field) / _TICKS for field in fields[11:15]]


def server_cpu(server: Any) -> float:
    """Processor time of a server and all its processes, living and gone."""
    pid = server.process.pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        children = []
    return sum(_times(pid)) + sum(sum(_times(child)[:2]) for child in children)


def client_cpu() -> float:
    """Processor time of this process and of the children that it waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measure(server: Any, work: Callable[[], Any]) -> tuple[Took, Any]:
    """How long a call takes, and what it gives."""
    before = time.perf_counter(), client_cpu(), server_cpu(server)
    result = work()
    time.sleep(0.1)  # a backend's exit is accounted for a moment later
    wall = time.perf_counter() - before[0] - 0.1
    return Took(wall, client_cpu() - before[1], server_cpu(server) - before[2]), result


LOGGED = "-c log_statement=all -c log_min_duration_statement=-1"


def logged_statements(server: Any, pids: list[int]) -> int:
    """How many statements sessions sent that were opened with LOGGED, by the server's log."""
    text = server.log_file.read_text(encoding="utf-8", errors="replace")
    return sum(len(re.findall(rf"\[{pid}\] LOG:  statement: ", text)) for pid in pids)


@contextmanager
def slow_network(port: int, round_trip: float) -> Iterator[int]:
    """A relay on the loopback that holds everything back for half of ``round_trip`` seconds; its port is given."""
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    started = threading.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        task = asyncio.ensure_future(deliver())
        while True:
            data = await reader.read(1 << 16)
            queue.put_nowait((loop.time() + round_trip / 2, data))
            if not data:
                await task
                return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(asyncio.CancelledError):  # the end of the relay
            await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer), return_exceptions=True)

    async def start() -> None:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        ready.append(listening.sockets[0].getsockname()[1])
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


_CHILD = """
import json, sys
given = json.loads(sys.stdin.read())
sys.path[:0] = given["path"]
import psycopg2
from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy
pids = []

def connect(name=None):
    connection = psycopg2.connect(**{**given["parameters"], "dbname": name or given["database"]})
    pids.append(connection.info.backend_pid)
    return connection

policy = {name: tuple(value) if isinstance(value, list) else value for name, value in given["policy"].items()}
outcome = engine.converge(connect, given["source"], Policy(**policy))
with open("/proc/self/status", encoding="ascii") as status:
    highest = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
print(json.dumps({"changed": outcome.changed, "steps": len(outcome.plan), "timings": outcome.timings,
                  "from_ledger": outcome.from_ledger, "memory": highest, "pids": pids}))
"""


def converge_in_child(server: Any, database: str, source: Path, options: str = "", **policy: Any) -> dict[str, Any]:
    """One run of the engine in a process of its own: what it tells, with ``memory`` in MB at its highest."""
    given = {
        "path": sys.path,
        "parameters": {**server.params, **({"options": options} if options else {})},
        "database": database,
        "source": str(source),
        "policy": policy,
    }
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    result: dict[str, Any] = json.loads(done.stdout)
    return result
