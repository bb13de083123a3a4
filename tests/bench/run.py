#!/usr/bin/env python3
# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements of the engine. Times depend on the machine: what counts are the ratios, taken in one run.

tests/bench/run.py [domainflow] [large]          (both, where nothing is named)
tests/bench/run.py compare [CASE]...            (beside other tools, see compare.py)
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections"), str(ROOT / "tests" / "bench")]

import large  # noqa: E402  # the path is set above
from measure import LOGGED, converge_in_child, logged_statements, measure, slow_network  # noqa: E402

import servers  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils import engine  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils.catalog import read as catalog  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.diff import compare  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.plan import annotate, make  # noqa: E402
from ansible_collections.domainflow.database.plugins.module_utils.plan.locks import estimate  # noqa: E402
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
    """The generated schema: loading, reading, planning, a year of releases in one run, and nothing to do."""
    server = bench.server
    for version, name in ((large.OLD, "old"), (large.NEW, "new")):
        triggers = sum(version.triggers) + version.converted
        what = f"{version.tables} tables, {version.partitions} partitions, {triggers} triggers"
        report(f"generated schema, {name} version", f"{what}, {version.indexes} indexes besides primary keys")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103  # psql and the engine run as this user; the server reads nothing
        files = []
        for version, name in ((large.OLD, "old"), (large.NEW, "new")):
            files.append(Path(folder, f"{name}.sql"))
            files[-1].write_text(large.text(version), encoding="utf-8")
        old, new = (_load(bench, file) for file in files)
        server.execute(";\n".join(large.seed()) + "; ANALYZE", None, old)
        _read(bench, new)
        _plan(bench, old, new)
        _converge(bench, old, files[1])


def _load(bench: Bench, file: Path) -> str:
    """The same file by psql and into a shadow; the database that psql made."""
    live, shadow = bench.database(), bench.database()

    def load_shadow() -> None:
        connection = bench.server.connect(shadow)
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        load(connection, Source.from_path(str(file)), own_transactions=True)
        connection.close()

    psql, _nothing = measure(bench.server, lambda: bench.psql(live, "-f", str(file)))
    loaded, _nothing = measure(bench.server, load_shadow)
    report(f"psql -q -f {file.name}", str(psql))
    report(f"loading the shadow from {file.name}", str(loaded))
    report("  ratio", f"{loaded.wall / psql.wall:.2f} x by the clock, {loaded.cpu / psql.cpu:.2f} x by the processor")
    bench.server.drop_database(shadow)
    return live


def _read(bench: Bench, name: str) -> None:
    server = bench.server
    rounds = []
    for _round in range(3):
        with _open(bench, name) as connection:
            rounds.append(measure(server, lambda connection=connection: catalog.read(connection, large.SCHEMAS)))
    took, found = sorted(rounds, key=lambda each: each[0].wall)[1]
    report("reading the catalog", f"{took}, {len(found.objects)} objects")
    with servers_connection(server, name, options=LOGGED) as connection:
        before = logged_statements(server, [connection.info.backend_pid])
        catalog.read(connection, large.SCHEMAS)
        after = logged_statements(server, [connection.info.backend_pid])
    report("  queries, by the server's log", str(after - before))
    slow_ones, fast_ones = [], []
    for _round in range(3):
        with slow_network(server.port, 0.05) as port, servers_connection(server, name, port=port) as connection:
            catalog.pin_settings(connection)
            slow = measure(server, lambda connection=connection: catalog.read(connection, large.SCHEMAS))[0]
        with servers_connection(server, name) as connection:
            catalog.pin_settings(connection)
            fast = measure(server, lambda connection=connection: catalog.read(connection, large.SCHEMAS))[0]
        slow_ones.append(slow.wall)
        fast_ones.append(fast.wall)
    # The least of each: what other work on the machine adds is noise.
    report("  with 50 ms of network", f"{min(slow_ones):.2f} s, without {min(fast_ones):.2f} s")


@contextmanager
def servers_connection(server: Any, name: str, **more: Any) -> Iterator[Any]:
    connection = server.connect(name, **more)
    try:
        yield connection
    finally:
        connection.close()


def _plan(bench: Bench, old: str, new: str) -> None:
    with _open(bench, old) as connection:
        found = catalog.read(connection, large.SCHEMAS)
        casts = catalog.read_casts(connection)
    with _open(bench, new) as connection:
        desired = catalog.read(connection, large.SCHEMAS)

    def work() -> Any:
        difference = compare(found, desired, prune=True)
        return difference, make(found, desired, difference, casts, "postgres", prune=True)

    took, (difference, plan) = sorted((measure(bench.server, work) for _round in range(3)), key=lambda t: t[0].wall)[1]
    changes = len(difference.changes)
    report("planning", f"{took.wall:.2f} s by the clock, {took.client:.2f} s of processor")
    report("  changes and steps", f"{changes} and {len(plan.steps)}; {took.client * 10000 / changes:.2f} s for 10,000")
    annotated = plan.with_steps(annotate(plan.steps, found, desired))
    report("  locks, as estimated", str(estimate(annotated, found, desired)))


# Locks of several modes on one object take one place in the table.
_LOCKS = """
    SELECT count(DISTINCT (locktype, database, relation, classid, objid, objsubid)) FROM pg_locks WHERE NOT fastpath"""


def _converge(bench: Bench, name: str, file: Path) -> None:
    server = bench.server
    policy = {"prune": True, "allow_hazards": ["data_loss"]}
    rows = _rows(server, name)
    locks = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            locks[0] = max(locks[0], server.execute(_LOCKS)[0][0])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        took, outcome = measure(server, lambda: converge_in_child(server, name, file, **policy))
    finally:
        done.set()
        watcher.join()
    report("old version to new version, committed after the proof", f"{took}, {outcome['steps']} steps")
    report("  stages", ", ".join(f"{stage} {value:.1f}" for stage, value in outcome["timings"].items() if value >= 0.1))
    report("  memory of the process at its highest", f"{outcome['memory']} MB")
    report("  locks held at once", str(locks[0]))
    report("  rows kept", "all" if _rows(server, name) == rows else "NOT ALL")
    times = []
    for _round in range(3):
        times.append(measure(server, lambda: converge_in_child(server, name, file, LOGGED, **policy)))
    took, outcome = sorted(times, key=lambda each: each[0].wall)[1]
    inside = sum(outcome["timings"].values())
    report("again, with nothing to do", f"{took}, start of Python included; {inside:.2f} s of it in the run")
    report("  statements, by the server's log", str(logged_statements(server, outcome["pids"])))
    report("  memory of the process at its highest", f"{outcome['memory']} MB")


def _rows(server: Any, name: str) -> list[int]:
    tables = ("t0", "t19", "events_0", "events_4", "r5", "h0")
    return [server.execute(f"SELECT count(*) FROM app.{table}", None, name)[0][0] for table in tables]


PARTS = {"domainflow": domainflow, "large": big}


def main() -> int:
    """Run the parts that are named, or all."""
    if sys.argv[1:2] == ["compare"]:
        import compare as others

        return others.main(sys.argv[2:])
    wanted = sys.argv[1:] or list(PARTS)
    if not set(wanted) <= set(PARTS):
        print(__doc__, file=sys.stderr)
        return 2
    settings = {"max_locks_per_transaction": "1024", "shared_buffers": "256MB"}
    server = servers.start_server(18, settings=settings)
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
