# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the engine on a small schema: what a plan does, what it leaves alone, what it refuses, what it records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from engine_support import DUMP, PRODUCTION, assert_verified, shadows, statements, watched

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    EngineError,
    PermissionMissing,
    PlanRefused,
)
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


# --- no change ------------------------------------------------------------------------------------------


def test_database_made_by_psql_is_not_changed(database: Any) -> None:
    database.psql(PRODUCTION.read_text(encoding="utf-8"))
    # A user's own password, and a lock on what only a change would need.
    database.execute("UPDATE auth.users SET password_hash = 'theirs' WHERE email = 'admin@domainflow.local'")
    kept = database.execute("SELECT id, password_hash, updated_at FROM auth.users ORDER BY id")
    before = database.dump(*DUMP)
    first = engine.converge(database.connector, PRODUCTION)
    assert (first.changed, first.plan, first.diff, first.from_ledger) == (False, (), (), False)
    assert first.extra == first.unmanaged == ()
    again = engine.converge(database.connector, PRODUCTION)
    assert (again.changed, again.plan, again.from_ledger) == (False, (), True)
    assert again.fingerprint == first.fingerprint == first.fingerprint_before
    assert database.dump(*DUMP) == before
    assert database.execute("SELECT id, password_hash, updated_at FROM auth.users ORDER BY id") == kept
    with closing(database.connect()) as other:
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE auth.sessions, auth.auth_audit_log IN ACCESS EXCLUSIVE MODE")
            assert engine.converge(database.connector, PRODUCTION).from_ledger
    # A table that has reference rows cannot be read under such a lock, nor may a run wait for it without end.
    edited = PRODUCTION.read_text(encoding="utf-8").replace("'Accounts of DomainFlow'", "'Accounts'")
    outcome = engine.converge(database.connector, edited)
    assert statements(outcome) == ["COMMENT ON TABLE auth.users IS 'Accounts'"]
    assert database.execute("SELECT id, password_hash, updated_at FROM auth.users ORDER BY id") == kept


def test_no_table_lock_is_taken_by_a_run_without_change(database: Any) -> None:
    database.psql(BASE)
    assert not engine.converge(database.connector, BASE).changed
    with closing(database.connect()) as other:
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE public.customer IN ACCESS EXCLUSIVE MODE")
            assert engine.converge(database.connector, BASE, Policy(wait_for_lock=0)).from_ledger


def test_a_touched_definition_is_noticed_again(live: Any) -> None:
    assert not engine.converge(live.connector, BASE).changed
    assert engine.converge(live.connector, BASE).from_ledger
    live.execute("ALTER TABLE public.customer ALTER city SET DEFAULT 'Rome'")
    done = converge(live, BASE)
    (statement,) = statements(done)
    assert statement.endswith(" public.customer ALTER COLUMN city SET DEFAULT 'Oslo'::text")
    assert done.fingerprint != done.fingerprint_before


def test_texts_that_mean_the_same_are_no_drift(database: Any, database_factory: Any) -> None:
    source = "CREATE TABLE public.t (a varchar(9), CONSTRAINT c CHECK (a IN ('x', 'y')));" + (
        "CREATE VIEW public.v AS SELECT a FROM public.t WHERE a IN ('x', 'z');"
        "CREATE INDEX i ON public.t (a) WHERE a IN ('x', 'w');"
    )
    database.psql(source)
    restored = database_factory()
    dump = "\n".join(line for line in database.dump().splitlines() if "transaction_timeout" not in line)
    restored.psql(dump)
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'c'"
    assert database.execute(definition) != restored.execute(definition)  # else this test tells nothing
    assert not engine.plan(restored.connector, source).changed
    assert engine.verify(restored.connector, source).in_sync


# --- edits of the file ----------------------------------------------------------------------------------


def test_column_added_default_changed_varchar_widened(live: Any) -> None:
    source = edited(
        ("varying(20)", "varying(50)"),
        ("'Oslo',\n    note", "'Rome',\n    phone text DEFAULT 'none' NOT NULL,\n    note"),
    )
    done = converge(live, source)
    assert done.changed and rows(live) == ROWS
    assert live.execute("SELECT DISTINCT phone FROM public.customer") == [("none",)]
    live.execute("INSERT INTO public.customer (id, name) VALUES (3, repeat('n', 50))")
    assert live.execute("SELECT city, phone FROM public.customer WHERE id = 3") == [("Rome", "none")]
    by_header = {each.header: each for each in done.diff}
    assert "character varying(20)" in by_header["column public.customer.name"].before
    assert "character varying(50)" in by_header["column public.customer.name"].after
    assert by_header["column public.customer.phone"].before == ""


def test_constraint_added_and_dropped(live: Any) -> None:
    source = edited(("customer_name_check CHECK (name <> '')", "customer_id_check CHECK (id > 0)"))
    done = converge(live, source)
    assert done.extra == ("constraint public.customer.customer_name_check",)
    with pytest.raises(psycopg2.errors.CheckViolation):
        live.execute("INSERT INTO public.customer VALUES (0, 'x')")
    done = converge(live, source, PRUNE)
    (statement,) = statements(done)
    assert statement.endswith(" public.customer DROP CONSTRAINT customer_name_check")
    assert rows(live) == ROWS
    live.execute("INSERT INTO public.customer VALUES (3, '')")
    # What the rows do not fulfil is refused by the server, and nothing stays of it.
    with unchanged(live), pytest.raises(EngineError, match="customer_name_check.*violated by some row"):
        engine.converge(live.connector, BASE)


def test_function_body_changed(live: Any) -> None:
    converge(live, edited(("SELECT 41", "SELECT 42")))
    assert live.execute("SELECT public.answer()") == [(42,)]


RENAMED = edited(
    ("city text", "town text"),
    ("(city IN", "(town IN"),
    ("(city)", "(town)"),
    ("SELECT city,", "SELECT town AS city,"),
    ("BY city", "BY town"),
)


@pytest.mark.parametrize("where", ["source", "options"])
def test_column_renamed_under_its_view_and_index(live: Any, where: str) -> None:
    hint = "column public.customer.city -> town"
    source = f"-- rename: {hint}\n{RENAMED}" if where == "source" else RENAMED
    done = converge(live, source, Policy(renames=(hint,) if where == "options" else ()))
    (statement,) = statements(done)
    assert statement.endswith(" public.customer RENAME COLUMN city TO town")
    assert live.execute("SELECT id, name, town, note FROM public.customer ORDER BY id") == ROWS
    assert live.execute("SELECT city FROM public.towns ORDER BY 1") == [("Oslo",), ("Rome",)]
    # The hint has had its time, and does no harm.
    assert not engine.converge(live.connector, source + "-- again\n", Policy(renames=(hint,))).changed


def test_table_renamed_and_another_made_under_its_old_name(database: Any) -> None:
    database.psql("CREATE TABLE public.a (x int PRIMARY KEY, v text); INSERT INTO public.a VALUES (1, 'old')")
    source = (
        "-- rename: table public.a -> b\n"
        "CREATE TABLE public.b (x int CONSTRAINT b_pkey PRIMARY KEY, v text);"
        "CREATE TABLE public.a (y date CONSTRAINT a_pkey PRIMARY KEY);"
    )
    converge(database, source)
    assert database.execute("SELECT x, v FROM public.b") == [(1, "old")]
    assert database.execute("SELECT count(*) FROM public.a") == [(0,)]


def test_column_renamed_and_another_made_under_its_old_name(database: Any) -> None:
    database.psql("CREATE TABLE public.t (id int PRIMARY KEY, a text); INSERT INTO public.t VALUES (1, 'old')")
    source = "-- rename: column public.t.a -> b\nCREATE TABLE public.t (id int PRIMARY KEY, a int DEFAULT 7, b text);"
    converge(database, source)
    assert database.execute("SELECT id, a, b FROM public.t") == [(1, 7, "old")]


def test_rename_hints_are_understood_or_refused(live: Any) -> None:
    with unchanged(live), pytest.raises(EngineError, match="not understood"):
        engine.plan(live.connector, BASE, Policy(renames=("column city to town",)))
    kept = converge(live, BASE, Policy(renames=("column public.nowhere.a -> b", "table public.customer -> client")))
    assert not kept.changed


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


# --- reports --------------------------------------------------------------------------------------------


def test_verify_lists_what_differs(live: Any) -> None:
    source = BASE + (
        "CREATE TABLE public.code (id int PRIMARY KEY, word text);"
        "INSERT INTO public.code VALUES (1, 'one'), (2, 'two');"
    )
    policy = Policy(enforce={"public.code": ["word"]})
    engine.converge(live.connector, source, policy)
    live.psql(
        "DROP VIEW public.towns; ALTER TABLE public.customer ALTER city SET DEFAULT 'Rome';"
        "CREATE TABLE public.surplus (a int); UPDATE public.code SET word = 'zwei' WHERE id = 2;"
        "DELETE FROM public.code WHERE id = 1;"
    )
    with unchanged(live):
        report = engine.verify(live.connector, source, policy, ["public.customer"])
    assert not report.in_sync and report.counts == {"public.customer": 2}
    assert [each.object for each in report.missing] == ["view public.towns"]
    assert "GROUP BY" in report.missing[0].expected and report.missing[0].actual == ""
    (changed,) = report.different
    assert "customer.city" in changed.object
    assert ("Oslo" in changed.expected, "Rome" in changed.actual) == (True, True)
    assert "table public.surplus" in [each.object for each in report.unexpected]
    assert len(report.rows) == 2 and all("public.code" in each.object for each in report.rows)
    assert ("two" in str(report.rows), "zwei" in str(report.rows)) == (True, True)
    assert report.tables == {"public": 3} and report.deployed_version == report.version == "1.0"
    with pytest.raises(EngineError, match=r"public\.absent"):
        engine.verify(live.connector, source, policy, ["public.absent"])
    engine.converge(live.connector, source, policy)
    assert engine.verify(live.connector, source, policy).in_sync


def test_ledger_is_append_only_and_true(live: Any) -> None:
    first = engine.converge(live.connector, BASE)
    second = engine.converge(live.connector, edited(("SELECT 41", "SELECT 42"), ("version: 1.0", "version: 1.1")))
    assert second.fingerprint_before == first.fingerprint
    entries = live.execute(
        "SELECT version, changed, fingerprint_before, fingerprint_after, plan, applied_by, source_sha256, duration_ms "
        "FROM schema_ledger.deployment ORDER BY id"
    )
    assert [entry[:4] for entry in entries] == [
        ("1.0", False, first.fingerprint, first.fingerprint),
        ("1.1", True, first.fingerprint, second.fingerprint),
    ]
    assert entries[0][4] == [] and [step["sql"] for step in entries[1][4]] == statements(second)
    assert entries[0][5] == live.params["user"] and entries[0][6] != entries[1][6] and entries[1][7] > 0
    for statement in (
        "UPDATE schema_ledger.deployment SET version = 'x'", "DELETE FROM schema_ledger.deployment",
        "TRUNCATE schema_ledger.deployment",
    ):  # fmt: skip
        with pytest.raises(psycopg2.errors.RaiseException, match="append-only"):
            live.execute(statement)
    engine.converge(live.connector, BASE, Policy(record=False, allow_older_version=True))
    assert live.execute("SELECT count(*) FROM schema_ledger.deployment") == [(2,)]


def test_an_error_of_the_source_changes_nothing(live: Any) -> None:
    with unchanged(live), pytest.raises(EngineError, match=r':14: relation "public.nothing" does not exist'):
        engine.converge(live.connector, BASE + "\nCREATE VIEW public.w AS SELECT * FROM public.nothing;\n")
