# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schema_verify as a user runs it: what counts as drift, and the checks after a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plays
import pytest
from task_player import Player

from ansible_collections.domainflow.database.plugins.module_utils import engine

pytestmark = pytest.mark.one_major

SCHEMA = """-- schema-version: 2.0
CREATE SCHEMA app;
CREATE TABLE app.account (id integer PRIMARY KEY, email text NOT NULL);
CREATE TABLE app.setting (name text PRIMARY KEY, value text);
INSERT INTO app.setting VALUES ('theme', 'dark'), ('language', 'en');
CREATE INDEX account_email_idx ON app.account (email);
"""


@pytest.fixture
def player(database: Any, tmp_path: Path) -> Player:
    connection = {"login_host": database.server.host, "login_port": database.server.port, "login_user": "postgres"}
    password = {"login_password": database.server.password, "login_db": database.name, "ssl_mode": "disable"}
    player = Player(tmp_path, {**connection, **password})
    player.write("app.sql", SCHEMA)
    return player


def names(entries: list[dict[str, str]]) -> list[str]:
    return sorted(entry["object"] for entry in entries)


def checks(result: dict[str, Any]) -> dict[str, bool]:
    return {entry["check"]: entry["ok"] for entry in result["checks"]}


def test_deployed_database_passes_every_check(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA)
    database.execute("INSERT INTO app.account VALUES (1, 'a@example.com')")
    before = database.dump()
    played = player.verify({"src": "app.sql", "user_table": "app.account"}, "-vvvv", "--diff")
    assert not played.failed, played.output
    result = played.result
    assert result["in_sync"] and not result["changed"]
    assert result["missing"] == result["different"] == result["rows"] == result["unexpected"] == []
    assert (result["version"], result["deployed_version"]) == ("2.0", "2.0")
    assert (result["tables"], result["counts"]) == ({"app": 2}, {"app.account": 1})
    assert set(checks(result)) == {"connection", "tables", "objects", "reference rows", "version", "users"}
    assert all(checks(result).values())
    assert str(player.connection["login_password"]) not in played.output
    assert database.dump() == before


def test_every_kind_of_drift_is_listed_with_both_texts(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA)
    for statement in (
        "DROP INDEX app.account_email_idx",
        "ALTER TABLE app.account ALTER COLUMN email DROP NOT NULL",
        "DELETE FROM app.setting WHERE name = 'theme'",
        "CREATE TABLE app.scratch (a integer)",
    ):
        database.execute(statement)
    options = {"src": "app.sql", "user_table": "app.account"}
    played, tolerated = player.series("schema_verify", (options, {}), ({**options, "fail_on_drift": False}, {}))
    assert played.failed and played.result["error"] == "Drift" and "Traceback" not in played.output
    result = played.result
    assert names(result["missing"]) == ["index app.account_email_idx"]
    assert "CREATE INDEX" in result["missing"][0]["expected"] and result["missing"][0]["actual"] == ""
    assert names(result["different"]) == ["column app.account.email"]
    assert "NOT NULL" in result["different"][0]["expected"] and "NOT NULL" not in result["different"][0]["actual"]
    assert "table app.scratch" in names(result["unexpected"])
    assert len(result["rows"]) == 1 and "theme" in str(result["rows"])
    assert checks(result) == {
        "connection": True, "tables": True, "objects": False, "reference rows": False, "version": True, "users": False
    }  # fmt: skip
    for text in ("app.sql", "account_email_idx", "email"):
        assert text in played.message

    assert not tolerated.failed and not tolerated.result["in_sync"]
    assert tolerated.result["missing"] == result["missing"]


def test_unexpected_objects_are_drift_where_they_are_to_be(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA)
    database.execute("CREATE TABLE app.scratch (a integer)")
    strict = {"src": "app.sql", "fail_on_unexpected": True}
    lenient, played, ignoring = player.series(
        "schema_verify", ({"src": "app.sql"}, {}), (strict, {}), ({**strict, "ignore": ["app.scratch*"]}, {})
    )
    assert not lenient.failed and lenient.result["in_sync"]
    assert played.failed and "app.scratch" in played.message
    assert not ignoring.failed and ignoring.result["in_sync"]


def test_empty_database_misses_everything_and_stays_empty(database: Any, player: Player) -> None:
    played = player.verify({"src": "app.sql"}, "--check")
    assert played.failed and "table app.account" in names(played.result["missing"])
    assert not checks(played.result)["tables"]
    assert database.execute("SELECT count(*) FROM pg_namespace WHERE nspname IN ('app', 'schema_ledger')") == [(0,)]
    assert database.server.execute("SELECT count(*) FROM pg_database WHERE datname LIKE '%shadow%'") == [(0,)]


def test_deployed_domainflow_verifies(database: Any, player: Player) -> None:
    folder = plays.ROOT / "files" / "sql"
    engine.converge(database.connector, folder / "production_schema_v3.sql")
    database.execute("UPDATE auth.users SET password_hash = 'changed by its owner' WHERE email = 'user@domainflow.com'")
    files = ("production_schema_v3.sql", "schema.sql")
    tasks: list[Any] = [({"src": str(folder / name), "user_table": "auth.users"}, {}) for name in files]
    for played in player.series("schema_verify", *tasks):
        assert not played.failed, played.output
        assert played.result["counts"] == {"auth.users": 3}


def test_bad_input_is_worded(database: Any, player: Player) -> None:
    bad: dict[str, dict[str, Any]] = {
        "none.sql: the schema file was not found on the controller": {"src": "none.sql"},
        "bad.sql:2: psql command '\\gexec'": {"src": player.write("bad.sql", "SELECT 1;\n\\gexec\n")},
        "the table app.nobody": {"src": "app.sql", "user_table": "app.nobody"},
    }
    failures = player.series("schema_verify", *[(options, {}) for options in bad.values()])
    for message, played in zip(bad, failures, strict=True):
        assert played.failed and played.message.startswith(message), played.message
        assert "Traceback" not in played.output and "Unforeseen" not in played.output
