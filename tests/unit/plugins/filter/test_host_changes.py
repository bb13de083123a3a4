# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter host_changes: nothing to do where all is as declared, and each difference named once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.domainflow.database.plugins.filter.host_changes import FilterModule

host_changes = FilterModule().filters()["host_changes"]

NOTHING = {"roles": [], "memberships": [], "without_password": [], "databases": [], "connect": [], "encodings": []}
ROLES = [{"name": "owner"}, {"name": "app", "login": True, "member_of": ["owner"], "connection_limit": 5}]
DATABASES = [{"name": "shop", "owner": "owner", "encoding": "UTF-8", "connect": ["owner", "app"]}]


def role(name: str, **other: Any) -> dict[str, Any]:
    switched_off = dict.fromkeys(("login", "createdb", "createrole", "replication", "superuser"), False)
    defaults = {"inherit": True, "connection_limit": -1, "verifier": None, "member_of": []}
    return {"name": name, **switched_off, **defaults, **other}


def database(name: str, **other: Any) -> dict[str, Any]:
    defaults = {"owner": "owner", "encoding": "UTF8", "connection_limit": -1, "connect": ["owner", "app"]}
    return {"name": name, **defaults, **other}


APP = role("app", login=True, connection_limit=5, verifier="SCRAM-SHA-256$...", member_of=["owner", "others"])
THERE = {"roles": [role("owner"), APP, role("stranger")], "databases": [database("shop"), database("postgres")]}


def test_what_is_as_declared_asks_for_nothing() -> None:
    assert host_changes(THERE, ROLES, DATABASES) == NOTHING


def test_an_empty_server_needs_everything() -> None:
    assert host_changes({"roles": [], "databases": []}, ROLES, DATABASES) == {
        "roles": [
            {
                "name": "owner",
                "flags": "NOLOGIN,INHERIT,NOCREATEDB,NOCREATEROLE,NOREPLICATION,NOSUPERUSER",
                "connection_limit": -1,
            },
            {
                "name": "app",
                "flags": "LOGIN,INHERIT,NOCREATEDB,NOCREATEROLE,NOREPLICATION,NOSUPERUSER",
                "connection_limit": 5,
            },
        ],
        "memberships": [{"name": "app", "groups": ["owner"]}],
        "without_password": ["app"],
        "databases": [{**DATABASES[0], "exists": False}],
        "connect": [{"name": "shop", "grant": ["owner", "app"], "revoke": True}],
        "encodings": [],
    }


@pytest.mark.parametrize(
    ("drift", "named"),
    [
        ({"superuser": True}, "roles"),
        ({"createdb": True}, "roles"),
        ({"inherit": False}, "roles"),
        ({"login": False}, "roles"),
        ({"connection_limit": -1}, "roles"),
        ({"member_of": []}, "memberships"),
        ({"verifier": None}, "without_password"),
    ],
)
def test_each_drift_of_a_role_is_one_change(drift: dict[str, Any], named: str) -> None:
    found = host_changes({**THERE, "roles": [role("owner"), {**APP, **drift}]}, ROLES, DATABASES)
    assert [key for key, changes in found.items() if changes] == [named]
    assert len(found[named]) == 1


@pytest.mark.parametrize(
    ("drift", "named", "change"),
    [
        ({"owner": "stranger"}, "databases", {**DATABASES[0], "exists": True}),
        ({"connection_limit": 9}, "databases", {**DATABASES[0], "exists": True}),
        ({"connect": ["owner"]}, "connect", {"name": "shop", "grant": ["app"], "revoke": False}),
        ({"connect": ["owner", "app", "PUBLIC"]}, "connect", {"name": "shop", "grant": [], "revoke": True}),
        ({"encoding": "LATIN1"}, "encodings", {"name": "shop", "actual": "LATIN1", "wanted": "UTF-8"}),
    ],
)
def test_each_drift_of_a_database_is_one_change(drift: dict[str, Any], named: str, change: dict[str, Any]) -> None:
    found = host_changes({**THERE, "databases": [database("shop", **drift)]}, ROLES, DATABASES)
    assert found == {**NOTHING, named: [change]}


def test_who_may_connect_is_left_alone_where_it_is_not_declared() -> None:
    state = {**THERE, "databases": [database("shop", connect=["PUBLIC"])]}
    assert host_changes(state, ROLES, [{"name": "shop"}]) == NOTHING


def test_a_name_declared_twice_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="declared twice in pg_host_roles"):
        host_changes(THERE, [{"name": "x"}, {"name": "x"}])
