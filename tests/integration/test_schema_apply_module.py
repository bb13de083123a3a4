# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schema_apply as a user runs it: what it returns and shows, and how each bad input ends."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plays
import pytest
from task_player import Player, read

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine

pytestmark = pytest.mark.one_major

SCHEMA = """-- schema-version: 1.0
CREATE TABLE public.customer (
    id integer PRIMARY KEY,
    name character varying(20) NOT NULL,
    city text DEFAULT 'Oslo',
    CONSTRAINT customer_name_check CHECK (name <> '')
);
INSERT INTO public.customer VALUES (1, 'Ada', 'London');
CREATE FUNCTION public.answer() RETURNS integer LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT 41 $$;
"""
EDITED = """-- schema-version: 1.1
-- rename: column public.customer.city -> town
CREATE TABLE public.customer (
    id integer PRIMARY KEY,
    name character varying(50) NOT NULL,
    town text DEFAULT 'Bergen',
    phone text,
    CONSTRAINT customer_id_check CHECK (id > 0)
);
INSERT INTO public.customer VALUES (1, 'Ada', 'London');
CREATE FUNCTION public.answer() RETURNS integer LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT 42 $$;
CREATE INDEX customer_town_idx ON public.customer (town);
"""


@pytest.fixture
def player(database: Any, tmp_path: Path) -> Player:
    connection = {"login_host": database.server.host, "login_port": database.server.port, "login_user": "postgres"}
    password = {"login_password": database.server.password, "login_db": database.name, "ssl_mode": "disable"}
    return Player(tmp_path, {**connection, **password})


def objects(database: Any) -> list[Any]:
    """What there is in the database beside PostgreSQL's own."""
    return list(
        database.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"
        )
    )


@contextlib.contextmanager
def harmless(database: Any, player: Player) -> Iterator[None]:
    """Whatever happens inside changes nothing and leaves no database behind."""
    before = (objects(database), _databases(database))
    yield
    assert (objects(database), _databases(database)) == before


def _databases(database: Any) -> list[Any]:
    return list(database.server.execute("SELECT datname FROM pg_database WHERE datname LIKE '%shadow%' ORDER BY 1"))


def assert_clean_failure(player: Player, played: Any) -> None:
    assert played.failed and played.result["failed"] and not played.result["changed"]
    assert "Traceback" not in played.output and "Unforeseen" not in played.output
    assert played.result.get("exception", "(traceback unavailable)") == "(traceback unavailable)"
    assert str(player.connection["login_password"]) not in played.output


# --- what works ---------------------------------------------------------------------------------------


def test_check_mode_tells_the_plan_that_then_runs(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA)
    database.execute("INSERT INTO public.customer VALUES (2, 'Grace', 'Arlington')")

    player.write("sql/app.sql", EDITED)
    with harmless(database, player):
        foretold = player.apply({"src": "sql/app.sql"}, "--check", "--diff")
    assert not foretold.failed and foretold.result["changed"], foretold.output
    statements = [step["sql"] for step in foretold.result["plan"]]
    prepared = foretold.result["diff"][0]["prepared"]
    lines = [line for line in prepared.split("\n") if not line.startswith("-- ")]
    assert lines == [*"\n".join(statement.rstrip(";\n") + ";" for statement in statements).split("\n"), "", ""]
    for line in prepared.splitlines():
        assert line in foretold.output
    assert {"before_header", "after_header", "before", "after"} == set(foretold.result["diff"][1])

    database.server.execute(f"ALTER DATABASE {database.name} SET log_statement = 'ddl'")
    logged = database.server.log_file.stat().st_size
    done = player.apply({"src": "sql/app.sql"}, "--diff")
    assert not done.failed and [step["sql"] for step in done.result["plan"]] == statements
    assert done.result["diff"] == foretold.result["diff"]
    assert done.result["version"] == "1.1" and done.result["fingerprint"] != done.result["fingerprint_before"]
    with open(database.server.log_file, encoding="utf-8") as handle:
        handle.seek(logged)
        log = handle.read().replace("\n\t", "\n")
    at = 0
    for statement in statements:
        at = log.index(f"statement: {statement}", at)
    assert database.execute("SELECT id, name, town FROM public.customer ORDER BY id") == [
        (1, "Ada", "London"),
        (2, "Grace", "Arlington"),
    ]
    assert database.execute("SELECT public.answer()") == [(42,)]
    again = player.apply({"src": "sql/app.sql"})
    assert not again.failed and not again.result["changed"] and again.result["plan"] == again.result["diff"] == []


def test_a_plan_is_saved_reviewed_and_applied(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA)
    player.write("app.sql", EDITED)
    saving: dict[str, Any] = {"src": "app.sql", "save_plan": "plans/app.json"}
    with harmless(database, player):
        saved, again = player.series("schema_apply", (saving, {}), (saving, {}))
        checked = player.apply({**saving, "save_plan": "plans/checked.json"}, "--check")
    path = player.folder / "plans" / "app.json"
    assert saved.result["changed"] and saved.result["plan_file"] == str(path) and "saved_plan" not in saved.result
    assert not again.failed and not again.result["changed"], "the same plan gives the same file"
    assert (player.folder / "plans" / "checked.json").read_text() == path.read_text() and not checked.failed
    assert path.stat().st_mode & 0o600 == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == ["app.json", "checked.json"]
    applying = {"src": "app.sql", "plan_file": "plans/app.json"}
    (player.folder / "bad.json").write_text("{}")
    done, second, both, missing, bad = player.series(
        "schema_apply",
        (applying, {}),
        (applying, {}),
        ({**applying, **saving}, {}),
        ({"src": "app.sql", "plan_file": "plans/nothing.json"}, {}),
        ({"src": "app.sql", "plan_file": "bad.json"}, {}),
    )
    steps = [step["sql"] for step in json.loads(path.read_text())["steps"]]
    assert done.result["changed"] and [step["sql"] for step in done.result["plan"]] == steps
    assert not second.failed and not second.result["changed"]
    assert both.failed and "mutually exclusive" in both.message
    assert missing.failed and "plans/nothing.json cannot be read: No such file" in missing.message
    assert bad.failed and "is not a plan that save_plan has written" in bad.message
    database.execute("ALTER TABLE public.customer ADD COLUMN handmade int, DROP COLUMN phone")
    refused = player.apply(applying)
    assert_clean_failure(player, refused)
    assert refused.result["error"] == "PlanOutdated" and "structure has changed" in refused.message


def test_first_run_in_check_mode_makes_nothing(database: Any, player: Player) -> None:
    with harmless(database, player):
        played = player.apply({"content": SCHEMA}, "--check")
    assert not played.failed and played.result["changed"]
    assert any("CREATE TABLE" in step["sql"] for step in played.result["plan"])


def test_database_made_by_psql_needs_no_change(database: Any, player: Player) -> None:
    source = plays.ROOT / "files" / "sql" / "production_schema_v3.sql"
    database.psql(source.read_text(encoding="utf-8"))
    played = player.apply({"src": str(source)}, "--diff")
    assert not played.failed, played.output
    assert played.result["plan"] == [] and not played.result["changed"]
    assert played.result["unmanaged"] == []


def test_included_files_come_along(database: Any, player: Player) -> None:
    player.write("sql/main.sql", "\\ir tables/all.sql\nCREATE VIEW public.v AS SELECT a FROM public.t;\n")
    player.write("sql/tables/all.sql", "\\ir one.sql\n\\i 'tables/with space.sql'\n")
    player.write("sql/tables/one.sql", "CREATE TABLE public.t (a integer);\n")
    player.write("sql/tables/with space.sql", "CREATE TABLE public.u (a integer);\n")
    played = player.apply({"src": "sql/main.sql"})
    assert not played.failed, played.output
    assert {name for (name,) in objects(database)} >= {"t", "u", "v"}
    with harmless(database, player):
        player.write("sql/tables/one.sql", "CREATE TABLE public.t (a integer);\nSELECT nothing;\n")
        broken = player.apply({"src": "sql/main.sql"}, "--check")
    assert broken.message.startswith("sql/tables/one.sql:2: ")


def test_file_of_the_managed_host(database: Any, player: Player, tmp_path: Path) -> None:
    player.write("sql/app.sql", SCHEMA)
    paths = (str(tmp_path / "files/sql/app.sql"), "/no/such/file.sql")
    tasks: list[Any] = [({"src": path, "remote_src": True}, {}) for path in paths]
    with harmless(database, player):
        found, missing = player.series("schema_apply", *tasks, flags=["--check"])
    assert not found.failed and found.result["changed"]
    assert_clean_failure(player, missing)
    assert missing.message.startswith("/no/such/file.sql: the schema file does not exist")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user here without a password")
def test_source_reaches_another_user_and_a_missing_driver_is_worded(player: Player) -> None:
    """The copied source is readable for become_user; Python without site-packages stands for a bare host."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "python3"
        bare.write_text('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n', encoding="utf-8")
        for path in (bare.parent, bare):
            path.chmod(0o755)
        player.host(
            {
                "ansible_become": True,
                "ansible_become_user": "nobody",
                "ansible_become_method": "ansible.builtin.su",
                "ansible_become_flags": "-s /bin/sh",
                "ansible_python_interpreter": str(bare),
            }
        )
        played = player.apply({"src": player.write("app.sql", SCHEMA)})
    assert_clean_failure(player, played)
    assert played.message.startswith("psycopg2 is not installed for the Python that runs this module")


def test_loss_of_data_is_refused_with_what_to_set(database: Any, player: Player) -> None:
    engine.converge(database.connector, "CREATE TABLE public.t (a integer, b integer);")
    database.execute("INSERT INTO public.t VALUES (1, 2)")
    source = {"content": "CREATE TABLE public.t (a integer);"}
    with harmless(database, player):
        kept, refused = player.series("schema_apply", (source, {}), ({**source, "prune": True}, {}))
    assert not kept.failed and not kept.result["changed"] and kept.result["extra"] == ["column public.t.b"]
    assert_clean_failure(player, refused)
    assert refused.result["error"] == "PlanRefused" and "allow_hazards" in refused.result["hint"]
    assert [step["hazard"] for step in refused.result["refused"]] == ["data_loss"]
    assert database.execute("SELECT a, b FROM public.t") == [(1, 2)]
    allowed = player.apply({**source, "prune": True, "allow_hazards": ["data_loss:public.t*"]})
    assert not allowed.failed and allowed.result["changed"]
    assert database.execute("SELECT * FROM public.t") == [(1,)]


def test_nothing_secret_at_the_highest_verbosity(database: Any, player: Player) -> None:
    played = player.apply({"content": SCHEMA}, "-vvvv", "--diff")
    assert not played.failed and str(player.connection["login_password"]) not in played.output
    with harmless(database, player):
        connections = ({"login_password": "wr0ng-geheim"}, {"connect_params": {"sslpassword": "wr0ng-geheim"}})
        bad = [({"content": SCHEMA}, each) for each in connections]
        for failed in player.series("schema_apply", *bad, flags=["-vvvv"]):
            assert_clean_failure(player, failed)
            assert "wr0ng-geheim" not in failed.output


# --- bad input ----------------------------------------------------------------------------------------


BAD_SOURCES = [
    ("SELECT 1;\nCREATE TABLE t (\n  a nosuchtype\n);\n", '3: type "nosuchtype" does not exist', ""),
    ("CREATE TABLE t ();\n\\connect other\n", "2: psql command '\\connect' is not supported", "login_db"),
    ("CREATE TABLE t ();\n\nALTER TABLE t OWNER TO no_one;\n", '3: role "no_one" does not exist', "pg_host"),
    ("CREATE ROLE r;\n", "1: CREATE ROLE is about the whole cluster", "pg_host"),
    ("SELECT 1;\nSELECT 'open;\n", "2: a quoted string that begins here is not closed", ""),
    ("CREATE EXTENSION nothing_like_it;\n", "1: ", "install the package"),
]


def test_sources_that_do_not_load(database: Any, player: Player) -> None:
    tasks: list[Any] = [({"src": player.write(f"{at}.sql", text)}, {}) for at, (text, *_rest) in enumerate(BAD_SOURCES)]
    with harmless(database, player):
        *failures, missing = player.series("schema_apply", *tasks, ({"src": "sql/nothing.sql"}, {}))
    assert_clean_failure(player, missing)
    assert missing.message.startswith("sql/nothing.sql: the schema file was not found on the controller")
    assert str(player.folder / "files/sql/nothing.sql") in missing.message
    for at, (played, (_text, message, hint)) in enumerate(zip(failures, BAD_SOURCES, strict=True)):
        assert_clean_failure(player, played)
        assert played.message.startswith(f"{at}.sql:{message}")
        assert (played.result["file"], played.result["error"]) == (f"{at}.sql", "SourceError")
        assert hint in played.result.get("hint", "")
    assert failures[0].result["statement"] == "CREATE TABLE t (\n  a nosuchtype\n)"


def test_login_role_without_createdb(database: Any, player: Player) -> None:
    database.server.execute("CREATE ROLE front_plain LOGIN PASSWORD 'front-plain-secret'")
    database.execute("CREATE TABLE there (id int)")  # a first deployment to an empty database needs no other one
    try:
        with harmless(database, player):
            played = player.apply({"content": SCHEMA}, login_user="front_plain", login_password="front-plain-secret")
        assert_clean_failure(player, played)
        assert played.result["error"] == "PermissionMissing"
        assert "CREATEDB" in played.message and "shadow_database" in played.message
        assert "front-plain-secret" not in played.output
    finally:
        database.execute("DROP ROLE front_plain")


def test_connection_failures(database: Any, player: Player) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        causes = {
            "wrong_password": {"login_password": "not-the-password"},
            "server_down": {"login_port": held.getsockname()[1]},
            "tls_unsupported": {"ssl_mode": "require"},
            "no_database": {"login_db": "no_such_database"},
        }
        with harmless(database, player):
            failures = player.series("schema_apply", *[({"content": SCHEMA}, each) for each in causes.values()])
    for cause, played in zip(causes, failures, strict=True):
        assert_clean_failure(player, played)
        assert (played.result["error"], played.result["cause"]) == ("ConnectionFailed", cause)
        assert played.message.startswith(f"Cannot connect to {database.server.host}:")
        assert "not-the-password" not in played.output


def test_older_version_than_the_deployed_one(database: Any, player: Player) -> None:
    engine.converge(database.connector, SCHEMA.replace("1.0", "1.10"))
    older = {"content": SCHEMA.replace("1.0", "1.9")}
    with harmless(database, player):
        refused, allowed = player.series("schema_apply", (older, {}), ({**older, "allow_older_version": True}, {}))
    assert_clean_failure(player, refused)
    assert all(text in refused.message for text in ("1.10", "1.9", "allow_older_version"))
    assert not allowed.failed and allowed.result["version"] == "1.9"


def test_options_that_are_not_for_playbooks_or_do_not_go_together(database: Any, player: Player) -> None:
    both = {"content": SCHEMA, "src": player.write("a.sql", SCHEMA)}
    with harmless(database, player):
        tasks: list[Any] = [({"content": SCHEMA, "source_name": "x"}, {}), (both, {}), ({}, {})]
        failures = player.series("schema_apply", *tasks)
    for played, names in zip(failures, (["source_name"], ["src", "content"], ["src", "content"]), strict=True):
        assert_clean_failure(player, played)
        assert all(name in played.message for name in names)


def test_two_runs_at_once(database: Any, player: Player) -> None:
    """The second waits for the first and finds nothing to do; one that may not wait says who is at work."""
    gate = database.connect()
    gate.cursor().execute("SELECT pg_advisory_lock(42)")
    held = {"content": SCHEMA, "before_sql": "SELECT pg_advisory_lock(42)", "lock_timeout": 300}
    first, result = begin(player, held)
    others = []
    try:
        wait_until(lambda: database.execute("SELECT count(*) FROM pg_locks WHERE objid = 42 AND NOT granted")[0][0])
        impatient = player.apply({"content": SCHEMA, "wait_for_lock": 0})
        others.append(begin(player, {"content": SCHEMA, "wait_for_lock": 120}))
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'domainflow.database' AND datname = %s"
        # The first has one session here, the second comes to it.
        wait_until(lambda: database.execute(query, (database.name,))[0][0] >= 2)
    finally:
        gate.close()
        ended = [run.communicate(timeout=120)[0] for run, _result in ((first, result), *others)]
    assert_clean_failure(player, impatient)
    assert impatient.result["error"] == "Busy" and "another run is at work" in impatient.message
    assert first.returncode == 0 and read(result)["changed"], ended[0]
    second, result = others[0]
    assert second.returncode == 0 and not read(result)["changed"], ended[1]
    assert _databases(database) == []


def begin(player: Player, options: dict[str, Any]) -> tuple[subprocess.Popen[str], Path]:
    """Start one task in the background; gives the process and where its result will be."""
    arguments, (result,) = player.prepare("schema_apply", [(options, {})])
    run = subprocess.Popen(
        [str(plays.ROOT / ".venv/bin/ansible-playbook"), *arguments],
        cwd=plays.ROOT,
        env=plays.environment(plays.ROOT, {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run, result


def wait_until(happened: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < deadline, "what was waited for never came"
        time.sleep(0.1)


def test_session_that_is_ended_in_the_middle(database: Any, player: Player) -> None:
    """A backend that is ended while the plan runs takes nothing with it."""
    run, result = begin(player, {"content": SCHEMA, "before_sql": "SELECT pg_sleep(100)"})
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(100)%'"
    wait_until(lambda: database.server.execute(ending))
    output = run.communicate(timeout=120)[0]
    assert run.returncode != 0 and "Traceback" not in output and "Unforeseen" not in output
    failed = read(result)
    assert failed["failed"] and "msg" in failed
    assert objects(database) == [] and _databases(database) == []
    assert engine.converge(database.connector, SCHEMA).changed


def test_tls_is_used_where_it_is_demanded(tls_server: servers.Server, tmp_path: Path) -> None:
    name = tls_server.create_database()
    try:
        connection = {"login_host": "127.0.0.1", "login_port": tls_server.port, "login_db": name}
        trust = {"login_password": tls_server.password, "ssl_mode": "verify-full", "ca_cert": str(tls_server.ca_file)}
        played = Player(tmp_path, {**connection, **trust}).apply({"content": SCHEMA})
        assert not played.failed and played.result["changed"], played.output
    finally:
        tls_server.drop_database(name)
