# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small schema, with rows, that tests of runs deploy and edit; fixtures that they import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from engine_support import assert_verified, shadows, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

BASE = """-- schema-version: 1.0
CREATE TABLE public.customer (
    id integer PRIMARY KEY,
    name character varying(20) NOT NULL,
    city text DEFAULT 'Oslo',
    note text,
    CONSTRAINT customer_name_check CHECK (name <> ''),
    CONSTRAINT customer_city_check CHECK (city IN ('Oslo', 'Rome'))
);
CREATE INDEX customer_city_idx ON public.customer (city);
CREATE VIEW public.towns AS SELECT city, count(*) AS customers FROM public.customer GROUP BY city;
CREATE FUNCTION public.answer() RETURNS integer LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT 41 $$;
"""
ROWS = [(1, "Ada", "Oslo", None), (2, "Grace", "Rome", "x")]
PRUNE = Policy(prune=True)


@pytest.fixture
def live(database: Any) -> Any:
    """A database that is BASE, with rows."""
    database.psql(BASE)
    database.execute("INSERT INTO public.customer VALUES (1, 'Ada', 'Oslo', NULL), (2, 'Grace', 'Rome', 'x')")
    return database


@pytest.fixture
def role(server: Any) -> Iterator[Callable[..., str]]:
    """Roles by the words of CREATE ROLE; all are dropped, with what they own, after the test."""
    made: list[str] = []

    def make(name: str, words: str = "") -> str:
        server.execute(f"CREATE ROLE {name} {words}")
        made.append(name)
        return name

    yield make
    for name in made:
        for (dbname,) in server.execute("SELECT datname FROM pg_database WHERE datallowconn"):
            server.execute(f"DROP OWNED BY {name} CASCADE", None, dbname)
        for (dbname,) in server.execute(
            "SELECT datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = %s", (name,)
        ):
            server.drop_database(dbname)
        server.execute(f"DROP ROLE {name}")


def edited(*changes: tuple[str, str]) -> str:
    """BASE with texts replaced; each must be there."""
    text = BASE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def rows(database: Any) -> list[Any]:
    return list(database.execute("SELECT id, name, city, note FROM public.customer ORDER BY id"))


@contextmanager
def unchanged(database: Any) -> Iterator[None]:
    """Nothing in the database is another afterwards, the ledger included."""
    before = database.dump()
    yield
    assert database.dump() == before
    assert shadows(database) == []


def converge(database: Any, source: Any, policy: Policy = engine.DEFAULTS) -> Any:
    """converge(), with the plan told before and the result asked after it."""
    with unchanged(database):
        told = engine.plan(database.connector, source, policy)
    ran: list[str] = []
    done = engine.converge(watched(database, lambda text, _connection: ran.append(text)), source, policy)
    wanted = statements(told)
    assert statements(done) == wanted
    assert [text for text in ran if text in wanted] == wanted, "not the statements that were told"
    assert (done.changed, done.diff) == (told.changed, told.diff)
    assert_verified(database, source, policy)
    assert not engine.converge(database.connector, source, policy).changed
    return done
