# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing the objects of two catalogs that were read from real databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.apply import residue
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import (
    OWNER,
    Catalog,
    Grant,
    Identity,
    Object,
)
from ansible_collections.domainflow.database.plugins.module_utils.catalog.privileges import comparable, difference
from ansible_collections.domainflow.database.plugins.module_utils.catalog.read import pin_settings, read
from ansible_collections.domainflow.database.plugins.module_utils.diff import compare

pytestmark = pytest.mark.one_major

TABLE = "CREATE TABLE public.t (id int, a text DEFAULT 'x');"


def catalog(factory: Callable[..., Any], text: str) -> Catalog:
    database = factory()
    database.execute(text)
    with closing(database.connect()) as connection:
        pin_settings(connection)
        return read(connection, ["public"])


def changes(factory: Callable[..., Any], live: str, desired: str, prune: bool = False) -> Any:
    found = compare(catalog(factory, live), catalog(factory, desired), prune)
    sides = {(str(each.old.id) if each.old else "", str(each.new.id) if each.new else "") for each in found.changes}
    return sides, {str(each.id) for each in found.extra}


def test_equal_catalogs_have_no_difference(database_factory: Callable[..., Any]) -> None:
    assert changes(database_factory, TABLE, TABLE, prune=True) == (set(), set())


def test_what_only_differs_in_its_name_is_a_rename(database_factory: Callable[..., Any]) -> None:
    live = TABLE + "CREATE INDEX one ON public.t (a); CREATE INDEX two ON public.t (id);"
    desired = TABLE + "CREATE INDEX three ON public.t (a); CREATE INDEX two ON public.t (a, id);"
    renamed = ("index public.one", "index public.three")
    assert changes(database_factory, live, desired)[0] == {renamed, ("index public.two", "index public.two")}


def test_what_is_no_rename(database_factory: Callable[..., Any]) -> None:
    live = TABLE + "CREATE INDEX one ON public.t (a);"
    desired = TABLE + "CREATE UNIQUE INDEX three ON public.t (a);"
    assert changes(database_factory, live, desired) == ({("", "index public.three")}, {"index public.one"})
    # Columns carry values: only a hint can say that one is another under a new name.
    more = TABLE.replace(" a text", " b text")
    sides, extra = changes(database_factory, TABLE, more)
    assert ("", "column public.t.b") in sides and extra == {"column public.t.a", "default public.t.a"}


def test_a_default_that_the_file_lacks_is_a_difference(database_factory: Callable[..., Any]) -> None:
    without = TABLE.replace(" DEFAULT 'x'", "")
    assert changes(database_factory, TABLE, without) == ({("default public.t.a", "")}, set())


def test_extras_are_changes_only_with_prune(database_factory: Callable[..., Any]) -> None:
    live = TABLE + "CREATE VIEW public.v AS SELECT id FROM public.t;"
    assert changes(database_factory, live, TABLE) == (set(), {"view public.v"})
    assert changes(database_factory, live, TABLE, prune=True) == ({("view public.v", "")}, set())


def test_what_a_broken_off_run_left_is_never_an_extra(database_factory: Callable[..., Any]) -> None:
    live = TABLE + (
        "CREATE INDEX __building_i ON public.t (a);"
        "ALTER TABLE public.t ADD CONSTRAINT __not_null_id CHECK (id IS NOT NULL) NOT VALID;"
    )
    sides, extra = changes(database_factory, live, TABLE)
    assert extra == set()
    assert sides == {("index public.__building_i", ""), ("constraint public.t.__not_null_id", "")}
    # Nor is it what the file's index of the same content is called so far.
    desired = TABLE + "CREATE INDEX i ON public.t (a);"
    assert ("", "index public.i") in changes(database_factory, live, desired)[0]


def test_residue_says_what_is_wanted_and_what_was_found(database_factory: Callable[..., Any]) -> None:
    live = catalog(database_factory, TABLE + "CREATE INDEX i ON public.t (a);")
    desired = catalog(database_factory, TABLE.replace("'x'", "'y'") + "CREATE VIEW public.v AS SELECT 1 AS one;")
    texts = residue(compare(live, desired, prune=True), live, desired)
    assert "view public.v is missing" in texts and "index public.i is still there" in texts
    (differs,) = [each for each in texts if each.startswith("default public.t.a differs")]
    assert "'y'" in differs.partition("found:")[0] and "'x'" in differs.partition("found:")[2]
    assert Identity("view", "public", "v") in desired.objects


BY_ANOTHER = Grant("app", "SELECT", False, "lender")
A, B = Grant("app", "SELECT", False), Grant("app", "SELECT", True)
DEFAULT = Grant("", "EXECUTE", False)


@pytest.mark.parametrize(
    ("old", "new", "prune", "expected"),
    [
        # (to grant, to revoke, left)
        ({A}, set(), False, (set(), set(), {A})),
        ({A}, set(), True, (set(), {A}, set())),
        (set(), {A}, False, ({A}, set(), set())),
        ({B}, {A}, False, (set(), set(), {B})),
        ({B}, {A}, True, ({A}, {B}, set())),
        ({A}, {B}, False, ({B}, set(), set())),
        ({BY_ANOTHER}, {A}, False, ({A}, set(), {BY_ANOTHER})),
        ({BY_ANOTHER}, {A}, True, ({A}, {BY_ANOTHER}, set())),
        ({DEFAULT}, set(), False, (set(), {DEFAULT}, set())),  # the file revoked what everybody has
        ({Grant(OWNER, "SELECT", False)}, {Grant(OWNER, "SELECT", False)}, True, (set(), set(), set())),
    ],
)
def test_privileges(old: Any, new: Any, prune: bool, expected: Any) -> None:
    found = difference(frozenset(old), frozenset(new), frozenset({DEFAULT}), prune)
    assert tuple(set(each) for each in found) == expected


def test_privileges_of_who_owns_the_object_are_the_owners() -> None:
    table = Identity("table", "public", "t")
    held = frozenset({A, Grant("other", "SELECT", False, "app")})
    live, desired = Object(table, "app", frozenset(), None), Object(table, None, held, None)
    owners = {Grant(OWNER, "SELECT", False), Grant("other", "SELECT", False)}
    assert comparable(live, desired) == (frozenset(), owners)  # the file leaves open whose the table is
    assert comparable(desired, live) == (owners, frozenset())
    assert comparable(Object(table, "third", held, None), desired)[0] == held
