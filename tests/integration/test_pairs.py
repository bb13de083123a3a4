# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pair of schemas is turned into one another and back, and two oracles must agree that the file was reached:
the engine, which reads the catalog again, and pg_dump, which is asked for the result and for a fresh database.

Pairs share a database, each in a schema of its own, to save time. ``PAIRS="enum: label"`` in the environment runs the
pairs with that text in their names, each alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import dump_compare
import pytest
from integration.pairs import ALL, GROUPS, Pair

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import HAZARDS
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

POLICY = Policy(prune=True, allow_hazards=tuple(HAZARDS), record=False)
# What stands in no schema is dropped only where an earlier run has recorded that the file defined it.
RECORDED = replace(POLICY, record=True)
DUMP = ("--schema-only", "--exclude-schema=schema_ledger")
ROLES = ("pair_owner", "pair_other", "pair_reader", "pair_writer")
TOGETHER = 20
WANTED = os.environ.get("PAIRS", "")

Factory = Callable[..., Any]


@pytest.fixture(scope="module")
def roles(server: servers.Server) -> Iterator[None]:
    """The roles and the tablespace that pairs name."""
    server.start()
    for role in ROLES:
        server.execute(f"CREATE ROLE {role}")
    servers.create_tablespace(server, "pair_space")
    yield
    server.start()
    server.execute("DROP TABLESPACE pair_space")
    for role in ROLES:
        server.execute(f"DROP ROLE {role}")


def _path(number: int, pairs: Sequence[Pair]) -> str:
    return f"SET search_path = pair_{number};\n" if len(pairs) > 1 else ""


def _placed(pairs: Sequence[Pair], side: Callable[[Pair], str]) -> str:
    """One schema file of the same side of several pairs."""
    if len(pairs) == 1:
        # Something that both sides have, so that the schema is managed on both.
        return "CREATE SEQUENCE anchor;\n" + pairs[0].common + side(pairs[0])
    parts = [
        f"CREATE SCHEMA pair_{number};\n{_path(number, pairs)}{pair.common}\n{side(pair)}\n"
        for number, pair in enumerate(pairs)
    ]
    return "".join(parts)


def _made(factory: Factory, text: str) -> Any:
    database = factory()
    if text.strip():
        database.psql(text)
    return database


def _rows(database: Any, pairs: Sequence[Pair]) -> list[Any]:
    """What the pairs' queries answer."""
    result = []
    for number, pair in enumerate(pairs):
        if not pair.kept:
            continue
        result.append((pair.name, database.execute(_path(number, pairs) + pair.kept)))
    return result


def _reach(database: Any, source: str, wanted: str, way: str, policy: Policy) -> None:
    outcome = engine.converge(database.connector, source, policy)
    assert outcome.changed, f"{way}: nothing was done"
    assert not outcome.unmanaged, f"{way}: unread {outcome.unmanaged}"
    left = dump_compare.difference(database.dump(*DUMP), wanted)
    assert not left, f"{way}: pg_dump tells\n" + "\n".join(left) + "\nafter\n" + _statements(outcome)
    again = engine.plan(database.connector, source, policy)
    assert not again.changed, f"{way}: a second run would\n" + _statements(again)


def _statements(outcome: Any) -> str:
    return "\n".join(step.sql for step in outcome.plan)


def _check(factory: Factory, pairs: Sequence[Pair]) -> None:
    made: list[Any] = []

    def remembered(**options: str) -> Any:
        made.append(factory(**options))
        return made[-1]

    try:
        _check_in(remembered, pairs)
    finally:
        for database in made:
            _drop_subscriptions(database)


def _drop_subscriptions(database: Any) -> None:
    """A database that has any cannot be dropped."""
    for (name,) in database.execute(
        "SELECT quote_ident(subname) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
        " WHERE d.datname = current_database()"
    ):
        database.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
        database.execute(f"DROP SUBSCRIPTION {name}")


def _check_in(factory: Factory, pairs: Sequence[Pair]) -> None:
    before, after = _placed(pairs, lambda pair: pair.before), _placed(pairs, lambda pair: pair.after)
    live = _made(factory, before)
    dump_before = live.dump(*DUMP)
    dump_after = _made(factory, after).dump(*DUMP)
    assert dump_compare.difference(dump_before, dump_after), "both sides are the same"
    for number, pair in enumerate(pairs):
        if pair.seed:
            live.psql(_path(number, pairs) + pair.seed)
    kept = _rows(live, pairs)
    policy = RECORDED if len(pairs) == 1 else POLICY
    if policy.record:
        assert not engine.converge(live.connector, before, policy).changed, "made by the file, and it is not the file"
    _reach(live, after, dump_after, "there", policy)
    assert _rows(live, pairs) == kept, "rows were lost on the way there"
    _reach(live, before, dump_before, "back", policy)
    assert _rows(live, pairs) == kept, "rows were lost on the way back"


def _named(text: str, pairs: Sequence[Pair]) -> str:
    """The text, and what the pairs are called that it names by their schemas."""
    numbers = sorted({int(number) for number in re.findall(r"pair_(\d+)\b", text)})
    return "".join(f"pair_{number}: {pairs[number].name}\n" for number in numbers) + text


def _known(server: servers.Server, pairs: Sequence[Pair], alone: bool) -> list[Pair]:
    return [pair for pair in pairs if pair.first <= server.major <= pair.last and pair.alone == alone]


@pytest.mark.skipif(bool(WANTED), reason="PAIRS names pairs to be run by themselves")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("group", "number"),
    [
        pytest.param(group, number, id=f"{group}-{number}")
        for group, pairs in GROUPS.items()
        for number in range(-(-len([pair for pair in pairs if not pair.alone]) // TOGETHER))
    ],
)
def test_together(server: servers.Server, roles: None, database_factory: Factory, group: str, number: int) -> None:
    pairs = _known(server, GROUPS[group], alone=False)[number * TOGETHER : (number + 1) * TOGETHER]
    if not pairs:
        pytest.skip("no such pair on this version of PostgreSQL")
    try:
        _check(database_factory, pairs)
    except Exception as error:
        raise AssertionError(_named(str(error), pairs)) from error


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(pair, id=f"{group}-{pair.name}")
        for group, pair in ALL
        if (WANTED in pair.name if WANTED else pair.alone)
    ],
)
def test_alone(server: servers.Server, roles: None, database_factory: Factory, pair: Pair) -> None:
    if not pair.first <= server.major <= pair.last:
        pytest.skip(f"about PostgreSQL {pair.first} to {pair.last}")
    _check(database_factory, [pair])


def test_names_of_pairs_are_unique() -> None:
    names = [(group, pair.name) for group, pair in ALL]
    assert len(names) == len(set(names))
