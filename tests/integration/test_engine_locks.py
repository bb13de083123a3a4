# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of locks, held against pg_locks: every statement of every pair of schemas, there and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from integration.pairs import GROUPS
from integration.test_pairs import POLICY, _known, _path, _placed, roles

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.plan.waits import STOP_WRITES

__all__ = ["roles"]

pytestmark = pytest.mark.timeout(900)

# In the order of their strength; what is weaker stops nobody who reads or writes rows.
STRENGTH = ("", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE")
NOTED = re.compile(r"SELECT set_config\(")
ALONE = re.compile(r".* CONCURRENTLY |(?:CREATE|DROP) SUBSCRIPTION ", re.DOTALL)
RELATIONS = """
    SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""
HELD = """
    SELECT relation, mode FROM pg_locks
     WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def _worded(mode: str) -> str:
    """AccessExclusiveLock -> ACCESS EXCLUSIVE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", mode.removesuffix("Lock")).upper()


def _held(cursor: Any) -> dict[int, str]:
    """The strongest lock that this session has on each relation."""
    found: dict[int, str] = {}
    cursor.execute(HELD)
    for oid, mode in cursor.fetchall():
        lock = _worded(mode) if _worded(mode) in STRENGTH else ""
        found[oid] = max(found.get(oid, ""), lock, key=STRENGTH.index)
    return found


def _relations(cursor: Any) -> dict[int, str]:
    cursor.execute(RELATIONS)
    return dict(cursor.fetchall())


def _wrong(live: Any, source: str) -> list[str]:
    """Run the plan statement by statement, each in a transaction of its own; what was told wrong of their locks."""
    wrong = []
    told = engine.plan(live.connector, source, POLICY)
    with closing(live.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = ''; SET check_function_bodies = off")
        before = set(_relations(cursor))
        for step in told.plan:
            names = _relations(cursor)
            if ALONE.match(step.sql):
                cursor.execute(step.sql)
                continue
            if NOTED.match(step.sql):  # for a later step of the one transaction that there is in a run
                cursor.execute(step.sql.replace(", true) FROM ", ", false) FROM "))
                continue
            cursor.execute("BEGIN")
            cursor.execute(step.sql)
            held = {names[oid]: lock for oid, lock in _held(cursor).items() if oid in names and oid in before}
            cursor.execute("COMMIT")
            held = {name.replace("__old_", ""): lock for name, lock in held.items()}
            claimed = {table.relation: lock for table, lock in step.also}
            stopped = {name for name, lock in held.items() if lock in STOP_WRITES}
            if step.table is not None and step.table.relation in held:
                claimed[step.table.relation] = step.lock
                if held[step.table.relation] != step.lock:
                    wrong.append(f"{step.sql}\n  {step.table.relation}: {step.lock} {held}")
            for name in sorted(stopped):
                # Of partitions it depends on the version and on their columns; never less is told than is held.
                if STRENGTH.index(claimed.get(name, "")) < STRENGTH.index(held[name]):
                    wrong.append(f"{step.sql}\n  {name}: {claimed.get(name, '')!r} told, {held[name]!r} held")
            waiting = {hazard.text.partition(":")[0] for hazard in step.hazards if hazard.kind.startswith("blocks_")}
            if not stopped <= waiting:
                wrong.append(f"{step.sql}\n  no hazard for {stopped - waiting}")
    return wrong


@pytest.mark.parametrize("group", [group for group in GROUPS if group not in ("text search", "replication")])
def test_locks_are_those_that_the_server_takes(
    server: servers.Server, roles: None, database_factory: Callable[..., Any], group: str
) -> None:
    pairs = _known(server, GROUPS[group], alone=False)
    if not pairs:
        pytest.skip("all pairs of this group run alone")
    live = database_factory()
    live.psql(_placed(pairs, lambda pair: pair.before))
    for number, pair in enumerate(pairs):
        if pair.seed:
            live.psql(_path(number, pairs) + pair.seed)
    wrong = _wrong(live, _placed(pairs, lambda pair: pair.after))
    wrong += _wrong(live, _placed(pairs, lambda pair: pair.before))
    assert not wrong, "\n".join(wrong)
