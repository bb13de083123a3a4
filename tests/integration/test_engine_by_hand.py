# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever PostgreSQL's ALTER commands change by hand is seen, and taken back: one attribute at a time, each in a
transaction that is rolled back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from integration.by_hand import CHANGES, SCHEMA, SUBSCRIPTION, ByHand

import servers
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Catalog
from ansible_collections.domainflow.database.plugins.module_utils.catalog.read import pin_settings, read, read_casts
from ansible_collections.domainflow.database.plugins.module_utils.diff import compare
from ansible_collections.domainflow.database.plugins.module_utils.plan import make

# What differs from version to version is which of the commands there are: the pairs run on all of them.
pytestmark = [pytest.mark.one_major, pytest.mark.slow, pytest.mark.timeout(900)]

ROLES = ("hand_owner", "hand_reader", "hand_other")


@pytest.fixture(scope="module")
def connection(server: servers.Server) -> Iterator[Any]:
    """A database of that schema."""
    server.start()
    for role in ROLES:
        server.execute(f"CREATE ROLE {role}")
    server.execute("CREATE ROLE hand_super SUPERUSER")
    servers.create_tablespace(server, "hand_space")
    name = server.create_database()
    servers.psql(server, name, SCHEMA + SUBSCRIPTION)
    with closing(server.connect(name)) as opened:
        opened.autocommit = False
        yield opened
        opened.rollback()
        with opened.cursor() as cursor:
            cursor.execute("DROP SUBSCRIPTION heard")
        opened.commit()
    server.drop_database(name)
    server.execute("DROP TABLESPACE hand_space")
    for role in (*ROLES, "hand_super"):
        server.execute(f"DROP ROLE {role}")


def _read(connection: Any) -> Catalog:
    pin_settings(connection)
    return read(connection)


def _taken_back(connection: Any, change: ByHand, wanted: Catalog) -> str:
    """What is wrong with how a change is dealt with; '' where nothing is."""
    once = frozenset(wanted.objects)
    with connection.cursor() as cursor:
        cursor.execute(change.sql)
        found = _read(connection)
        difference = compare(found, wanted, prune=True, once=once)
        seen = {str(obj.id) for each in difference.changes for obj in (each.old, each.new) if obj is not None}
        if not any(change.what in each for each in seen):
            return f"not seen (but {sorted(seen)})" if seen else "not seen"
        cursor.execute("SET LOCAL check_function_bodies = off")
        plan = make(found, wanted, difference, read_casts(connection), "postgres", prune=True)
        for step in plan.steps:
            cursor.execute(step.sql)
        left = compare(_read(connection), wanted, prune=True, once=once)
    return "; ".join(f"{each.id} still differs: {sorted(each.fields)}" for each in left.changes)


def test_every_change_by_hand_is_seen_and_taken_back(server: servers.Server, connection: Any) -> None:
    wanted = _read(connection)
    assert not wanted.unread
    wrong = []
    for change in CHANGES:
        if change.first <= server.major:
            try:
                told = _taken_back(connection, change, wanted)
            except Exception as error:  # every change is tried, and all failures are told
                told = f"{type(error).__name__}: {error}"
            wrong += [f"{change.sql}\n    {told}"] if told else []
            connection.rollback()
    assert not wrong, "\n".join(wrong)
