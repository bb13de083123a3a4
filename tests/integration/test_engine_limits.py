# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the engine on a small schema: what is left alone, what is dropped, what is refused, who may do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from engine_support import DUMP, statements
from small_schema import BASE, PRUNE, ROWS, converge, edited, live, role, rows, unchanged

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    EngineError,
    PermissionMissing,
    PlanRefused,
)
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

__all__ = ["live", "role"]  # fixtures

# --- what is left, what is dropped ----------------------------------------------------------------------


def _with_extras(live: Any) -> None:
    live.psql(
        "ALTER TABLE public.customer ADD extra text DEFAULT 'e'; CREATE TABLE public.diary (d date, words text);"
        "INSERT INTO public.diary VALUES (current_date, 'dear'); CREATE INDEX diary_d ON public.diary (d);"
        "CREATE VIEW public.reader AS SELECT words FROM public.diary;"
        "CREATE FUNCTION public.idle() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE EXTENSION citext;"
    )


def test_extras_are_left_and_told(live: Any) -> None:
    _with_extras(live)
    before = live.dump()
    done = engine.converge(live.connector, BASE)
    assert not done.changed and live.dump(*DUMP) == before
    assert set(done.extra) >= {
        "column public.customer.extra", "table public.diary", "view public.reader", "function public.idle()",
        "extension citext",
    }  # fmt: skip
    assert "column public.diary.d" not in done.extra  # goes without saying
    assert engine.converge(live.connector, BASE).extra == done.extra  # also when told from the ledger


def test_pruning_needs_leave_to_lose_data(live: Any) -> None:
    _with_extras(live)
    with unchanged(live), pytest.raises(PlanRefused) as refused:
        engine.converge(live.connector, BASE, PRUNE)
    listed = refused.value.details["refused"]
    assert {each["object"] for each in listed} == {"table public.diary", "column public.customer.extra"}
    assert all(each["hazard"] == "data_loss" and each["sql"] for each in listed)
    assert "table public.diary" in refused.value.message and "[data_loss]" in str(refused.value.hint)
    # plan() refuses as converge() does: what is shown is what would happen.
    with unchanged(live), pytest.raises(PlanRefused):
        engine.plan(live.connector, BASE, PRUNE)
    # By a pattern that covers one of the two only.
    with unchanged(live), pytest.raises(PlanRefused) as refused:
        engine.converge(live.connector, BASE, Policy(prune=True, allow_hazards=("data_loss:public.diary*",)))
    assert [each["object"] for each in refused.value.details["refused"]] == ["column public.customer.extra"]
    both = ("data_loss:public.diary", "data_loss:column public.customer.*")
    done = converge(live, BASE, Policy(prune=True, allow_hazards=both))
    assert done.changed and rows(live) == ROWS
    assert live.execute("SELECT to_regclass('public.diary'), to_regproc('public.idle')") == [(None, None)]
    # An extension that the file never had is somebody else's.
    assert live.execute("SELECT extname FROM pg_extension WHERE extname = 'citext'") == [("citext",)]
    assert done.extra == ("extension citext",)


def test_pruning_with_data_loss_allowed_by_name(live: Any) -> None:
    _with_extras(live)
    assert converge(live, BASE, Policy(prune=True, allow_hazards=("data_loss",))).changed
    assert live.execute("SELECT to_regclass('public.diary')") == [(None,)]


def test_other_hazards_are_refused_where_asked(live: Any) -> None:
    source = edited(("id integer", "id bigint"))
    policy = Policy(refuse_hazards=("data_loss", "table_rewrite"))
    with unchanged(live), pytest.raises(PlanRefused, match="table_rewrite"):
        engine.converge(live.connector, source, policy)
    done = converge(live, source)
    hazards = {hazard.kind for step in done.plan for hazard in step.hazards}
    assert "table_rewrite" in hazards and rows(live) == ROWS
    assert {step.lock for step in done.plan if " TYPE " in step.sql} == {"ACCESS EXCLUSIVE"}


def test_ignored_objects_are_left_alone(live: Any) -> None:
    live.psql("CREATE TABLE public.log_2026 (a int); CREATE TABLE public.plain (a int)")
    done = converge(live, BASE, Policy(prune=True, allow_hazards=("data_loss",), ignore=("public.log_*",)))
    assert live.execute("SELECT to_regclass('public.plain')") == [(None,)]
    assert live.execute("SELECT count(*) FROM public.log_2026") == [(0,)]
    assert any("log_2026" in text for text in done.findings.ignored)


def test_other_schemas_are_not_touched(live: Any) -> None:
    live.psql("CREATE SCHEMA other; CREATE TABLE other.t (a int)")
    assert not engine.converge(live.connector, BASE, PRUNE).changed
    source = BASE + "CREATE SCHEMA more; CREATE TABLE more.t (a int);"
    done = converge(live, source, Policy(schemas=("public",)))
    assert not done.changed and done.schemas == ("public",)
    assert live.execute("SELECT to_regnamespace('more')") == [(None,)]
    done = converge(live, source, Policy(schemas=("more",)))
    assert done.changed and done.schemas == ("more",)


def test_comments_and_grants(live: Any, role: Callable[..., str]) -> None:
    reader, writer = role("runs_reader"), role("runs_writer")
    source = BASE + (
        f"COMMENT ON COLUMN public.customer.note IS 'it''s'; GRANT SELECT ON public.customer TO {reader};"
        f"GRANT UPDATE (note) ON public.customer TO {reader}; REVOKE EXECUTE ON FUNCTION public.answer() FROM PUBLIC;"
    )
    live.psql(f"GRANT INSERT ON public.customer TO {writer}; COMMENT ON TABLE public.customer IS 'gone'")
    done = converge(live, source)
    assert "REVOKE EXECUTE ON FUNCTION public.answer() FROM PUBLIC" in statements(done)
    assert done.findings.extra_grants == (f"table public.customer: INSERT to {writer}",)
    table = "SELECT has_table_privilege(%s, 'public.customer', %s)"
    assert live.execute(table, (reader, "SELECT")) == live.execute(table, (writer, "INSERT")) == [(True,)]
    assert live.execute("SELECT has_column_privilege(%s, 'public.customer', 'note', 'UPDATE')", (reader,)) == [(True,)]
    assert live.execute("SELECT has_function_privilege(%s, 'public.answer()', 'EXECUTE')", (reader,)) == [(False,)]
    assert live.execute("SELECT obj_description('public.customer'::regclass)") == [(None,)]
    assert live.execute("SELECT col_description('public.customer'::regclass, 4)") == [("it's",)]
    done = converge(live, source, PRUNE)
    assert statements(done) == [f"REVOKE INSERT ON TABLE public.customer FROM {writer}"]


def test_sequences_of_identity_columns_keep_what_was_granted(live: Any, role: Callable[..., str]) -> None:
    reader = role("runs_counter")
    source = BASE + "CREATE TABLE public.visit (id int GENERATED ALWAYS AS IDENTITY);"
    converge(live, source)
    live.psql(f"GRANT USAGE ON SEQUENCE public.visit_id_seq TO {reader}; COMMENT ON SEQUENCE visit_id_seq IS 'x'")
    done = converge(live, source)
    assert statements(done) == ["COMMENT ON SEQUENCE public.visit_id_seq IS NULL"]
    assert done.findings.extra_grants == (f"identity sequence public.visit.id: USAGE to {reader}",)
    found = engine.verify(live.connector, source, Policy())
    assert found.in_sync and not found.unexpected
    done = converge(live, source, PRUNE)
    assert statements(done) == [f"REVOKE USAGE ON SEQUENCE public.visit_id_seq FROM {reader}"]


# --- rows that stand in the way -------------------------------------------------------------------------


def test_not_null_on_rows_needs_a_value(live: Any) -> None:
    new = edited(("note text,", "note text,\n    phone text NOT NULL,"))
    with unchanged(live), pytest.raises(PlanRefused, match="phone is new, NOT NULL") as refused:
        engine.converge(live.connector, new)
    assert "after_sql" in str(refused.value.hint)
    with unchanged(live), pytest.raises(PlanRefused, match="note of public.customer becomes NOT NULL"):
        engine.converge(live.connector, edited(("note text", "note text NOT NULL")))
    with unchanged(live), pytest.raises(EngineError):
        engine.converge(live.connector, new, Policy(after_sql="UPDATE public.customer SET phone = '1' WHERE id = 1"))
    converge(live, new, Policy(after_sql="UPDATE public.customer SET phone = 'p' || id"))
    assert live.execute("SELECT phone FROM public.customer ORDER BY id") == [("p1",), ("p2",)]
    assert rows(live) == ROWS


def test_before_sql_runs_first_and_only_with_a_change(live: Any) -> None:
    source = edited(("note text", "note text NOT NULL"))
    policy = Policy(before_sql="UPDATE customer SET note = '-' WHERE note IS NULL")
    done = converge(live, source, policy)
    assert done.plan[0].action == "before_sql"
    assert [row[3] for row in rows(live)] == ["-", "x"]
    broken = Policy(before_sql="UPDATE customer SET note = 1 / 0")
    assert not engine.converge(live.connector, source + "-- other\n", broken).changed
    with unchanged(live), pytest.raises(EngineError, match="before_sql: division by zero"):
        engine.converge(live.connector, edited(("SELECT 41", "SELECT 43")), broken)


# --- whose objects, which version, whose migrations -----------------------------------------------------


def test_owner_of_what_the_file_gives_to_nobody(live: Any, role: Callable[..., str]) -> None:
    owner = role("runs_owner")
    live.execute(f"GRANT CREATE ON SCHEMA public TO {owner}")
    with unchanged(live), pytest.raises(PermissionMissing, match="must be owner of") as refused:
        engine.converge(live.connector, edited(("SELECT 41", "SELECT 42")), Policy(owner=owner, record=False))
    assert "set owner to the role that owns it" in str(refused.value.hint)
    for statement in ("ALTER TABLE public.customer", "ALTER VIEW public.towns", "ALTER FUNCTION public.answer()"):
        live.execute(f"{statement} OWNER TO {owner}")
    source = edited(("SELECT 41", "SELECT 42")) + "CREATE TABLE public.more (a int);"
    assert converge(live, source, Policy(owner=owner)).changed
    assert live.execute(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('customer', 'more', 'towns')"
    ) == [(owner,)]
    live.execute("ALTER TABLE public.more OWNER TO CURRENT_USER")
    assert "owner" in str(engine.verify(live.connector, source, Policy(owner=owner)).different)
    # Without owner the file says nothing of it, and it stays.
    assert not converge(live, source).changed


def test_older_version_is_refused(live: Any) -> None:
    newer = edited(("schema-version: 1.0", "schema-version: 1.10"))
    assert engine.converge(live.connector, newer).version == "1.10"
    older = edited(("schema-version: 1.0", "schema-version: 1.9"))
    with unchanged(live), pytest.raises(EngineError, match=r"at version 1\.10.*version 1\.9: older"):
        engine.converge(live.connector, older)
    assert engine.converge(live.connector, older, Policy(allow_older_version=True)).version == "1.9"
    assert engine.converge(live.connector, BASE, Policy(version="2.0")).version == "2.0"


def test_dirty_migration_is_refused(live: Any) -> None:
    live.psql("CREATE TABLE public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
    live.execute("INSERT INTO public.schema_migrations VALUES (7, true)")
    with unchanged(live), pytest.raises(EngineError, match="schema_migrations marked dirty at version 7"):
        engine.converge(live.connector, BASE)
    assert not engine.converge(live.connector, BASE, Policy(allow_dirty_migrations=True)).changed
    live.execute("UPDATE public.schema_migrations SET dirty = false")
    assert not engine.converge(live.connector, BASE + "--\n").changed


def test_a_first_deployment_needs_no_createdb(server: Any, role: Callable[..., str]) -> None:
    role("runs_first", "LOGIN PASSWORD 'runs'")
    name = server.create_database(owner="runs_first")
    server.execute("GRANT ALL ON SCHEMA public TO runs_first", None, name)

    def connect(dbname: Any = None) -> Any:
        connection = server.connect(dbname or name, user="runs_first", password="runs")
        connection.autocommit = False
        return connection

    told = engine.plan(connect, BASE)
    assert told.changed and "not tried" in told.warnings[0]
    count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert server.execute(count, None, name) == [(0,)]
    done = engine.converge(connect, BASE)
    assert [step.sql for step in done.plan] == [step.sql for step in told.plan]
    assert not done.warnings
    assert engine.converge(connect, BASE).from_ledger


def test_scratch_database_for_a_role_without_createdb(server: Any, role: Callable[..., str]) -> None:
    role("runs_deployer", "LOGIN PASSWORD 'runs'")
    name, scratch = (server.create_database(owner="runs_deployer") for _each in range(2))

    def connect(dbname: Any = None) -> Any:
        connection = server.connect(dbname or name, user="runs_deployer", password="runs")
        connection.autocommit = False
        return connection

    for dbname in (name, scratch):
        server.execute("GRANT ALL ON SCHEMA public TO runs_deployer", None, dbname)
    server.execute("CREATE TABLE public.more (a int)", None, name)  # an empty database needs no other beside it
    with pytest.raises(PermissionMissing, match="may not create databases") as missing:
        engine.converge(connect, BASE)
    assert "CREATEDB" in str(missing.value.hint) and "shadow_database" in str(missing.value.hint)
    assert engine.converge(connect, BASE, Policy(shadow_database=scratch)).changed
    second = edited(("SELECT 41", "SELECT 42"))
    assert engine.converge(connect, second, Policy(shadow_database=scratch)).changed
    assert server.execute("SELECT public.answer()", None, name) == [(42,)]
    # Nothing stays in it; and what somebody keeps there is not touched.
    count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert server.execute(count, None, scratch) == [(0,)]
    server.execute("CREATE TABLE public.kept (a int)", None, scratch)
    with pytest.raises(EngineError, match="is not empty"):
        engine.converge(connect, BASE, Policy(shadow_database=scratch))
    assert server.execute(count, None, scratch) == [(1,)]
