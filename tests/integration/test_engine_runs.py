# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the engine on a small schema: runs without a change, edits of the file, what is reported and recorded."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from engine_support import DUMP, PRODUCTION, statements
from small_schema import BASE, PRUNE, ROWS, converge, edited, live, rows, unchanged

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import (
    EngineError,
)
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

__all__ = ["live"]  # fixtures

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
