#!/usr/bin/env python3
# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements of the engine. Times depend on the machine: what counts are the ratios, taken in one run.

tests/bench/run.py [domainflow] [large]     (both, where nothing is named)
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections"), str(ROOT / "tests" / "bench")]

import large  # noqa: E402  # the path is set above

import servers  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils import engine  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils.catalog import read as catalog  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.diff import compare  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.plan import make  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.script import Source  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.shadow.load import load  # noqa: E402

PRODUCTION = ROOT / "files" / "sql" / "production_schema_v3.sql"
ROUNDS = 5


def seconds(work: Callable[[], Any]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(name: str, value: str) -> None:
    """One line of the result."""
    print(f"{name:<58} {value}", flush=True)


class Bench:
    """A server, and fresh databases on it."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.number = 0

    def database(self) -> str:
        """A fresh, empty database."""
        self.number += 1
        name = f"bench_{self.number}"
        self.server.create_database(name)
        return name

    def connector(self, name: str) -> Callable[..., Any]:
        """What the engine connects by."""
        return lambda other=None: self.server.connect(other or name)

    def psql(self, name: str, *arguments: str) -> None:
        """psql, on a file."""
        servers.psql(self.server, name, "", "-q", "-v", "ON_ERROR_STOP=1", *arguments)


class Counter:
    """Wraps a connection factory and counts the statements."""

    def __init__(self, connect: Callable[..., Any]) -> None:
        self.connect = connect
        self.statements = 0

    def __call__(self, name: str | None = None) -> Any:
        import psycopg2.extensions

        counter = self

        class Cursor(psycopg2.extensions.cursor):
            def execute(self, query: Any, arguments: Any = None) -> None:
                counter.statements += 1
                super().execute(query, arguments)

        connection = self.connect(name)
        connection.cursor_factory = Cursor
        return connection


def domainflow(bench: Bench) -> None:
    """The file that ships: fresh, and again."""
    print("DomainFlow, production file (26 tables)")
    by_psql, by_engine, again = [], [], []
    for _round in range(ROUNDS):
        name = bench.database()
        by_psql.append(seconds(lambda name=name: bench.psql(name, "-1", "-f", str(PRODUCTION))))
        name = bench.database()
        by_engine.append(seconds(lambda name=name: engine.converge(bench.connector(name), PRODUCTION)))
        again.append(seconds(lambda name=name: engine.converge(bench.connector(name), PRODUCTION)))
    psql, first, second = (statistics.median(times) for times in (by_psql, by_engine, again))
    report("psql -1 -f", f"{psql * 1000:.0f} ms")
    report("converge(), fresh", f"{first * 1000:.0f} ms, {first / psql:.2f} x psql")
    report("converge(), nothing to do", f"{second * 1000:.0f} ms, {second / psql:.2f} x psql")


@contextmanager
def _open(bench: Bench, name: str) -> Iterator[Any]:
    connection = bench.server.connect(name)
    try:
        catalog.pin_settings(connection)
        yield connection
    finally:
        connection.close()


def big(bench: Bench) -> None:
    """The generated schema: loading, reading, planning, and nothing to do."""
    print(f"generated schema: {large.TABLES} tables, {large.PARTITIONED * large.PARTITIONS} partitions")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "large.sql")
        file.write_text(large.text(), encoding="utf-8")
        file.chmod(0o644)
        live = bench.database()
        psql = seconds(lambda: bench.psql(live, "-f", str(file)))
        shadow = bench.database()

        def load_shadow() -> None:
            connection = bench.server.connect(shadow)
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")
            load(connection, Source.from_path(str(file)), own_transactions=True)
            connection.close()

        loaded = seconds(load_shadow)
        report("psql -q -f", f"{psql:.1f} s")
        report("loading the shadow", f"{loaded:.1f} s, {loaded / psql:.2f} x psql")
        _read_and_plan(bench, live)
        counter = Counter(bench.connector(live))
        adopted = seconds(lambda: engine.converge(counter, file))
        report("converge() of a database made by psql", f"{adopted:.1f} s, {adopted / psql:.2f} x psql")
        counter.statements = 0
        again = seconds(lambda: engine.converge(counter, file))
        report("converge(), nothing to do", f"{again:.2f} s, {counter.statements} statements")
    report("memory of this process at its highest", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _read_and_plan(bench: Bench, live: str) -> None:
    other = bench.database()
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
        file.write(large.text(1))
        file.flush()
        Path(file.name).chmod(0o644)
        bench.psql(other, "-f", file.name)
    counter = Counter(bench.connector(live))
    connection = counter()
    catalog.pin_settings(connection)
    counter.statements = 0
    start = time.perf_counter()
    found = catalog.read(connection, ["app", "public"])
    reading = time.perf_counter() - start
    report("reading the catalog", f"{reading:.2f} s, {counter.statements} statements, {len(found.objects)} objects")
    casts = catalog.read_casts(connection)
    connection.close()
    with _open(bench, other) as second:
        desired = catalog.read(second, ["app", "public"])
    start = time.perf_counter()
    difference = compare(found, desired, prune=True)
    plan = make(found, desired, difference, casts, "postgres", prune=True)
    planning = time.perf_counter() - start
    report("planning", f"{planning:.2f} s for {len(difference.changes)} changes, {len(plan.steps)} steps")


PARTS = {"domainflow": domainflow, "large": big}


def main() -> int:
    """Run the parts that are named, or all."""
    wanted = sys.argv[1:] or list(PARTS)
    if not set(wanted) <= set(PARTS):
        print(__doc__, file=sys.stderr)
        return 2
    server = servers.start_server(18, settings={"max_locks_per_transaction": "512"})
    try:
        report("server", f"PostgreSQL {server.major}")
        bench = Bench(server)
        for name in wanted:
            PARTS[name](bench)
    finally:
        server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
