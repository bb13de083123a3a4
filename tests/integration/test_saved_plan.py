# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that was reviewed is carried out statement for statement, or not at all; ledgers of older formats go along."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from engine_support import assert_at, left_over

from ansible_collections.domainflow.database.plugins.module_utils import engine, ledger, saved_plan
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError, PlanOutdated
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = [pytest.mark.one_major, pytest.mark.timeout(900)]

BEFORE = """
CREATE TABLE public.t (id int PRIMARY KEY, n int, word varchar(10));
INSERT INTO public.t SELECT i, i, 'w' || i FROM generate_series(1, 20) i;
"""
AFTER = """
CREATE TABLE public.t (id int PRIMARY KEY, n int NOT NULL CHECK (n > 0), word varchar(20), more text);
CREATE INDEX t_word ON public.t (word);
CREATE TABLE public.kind (id int PRIMARY KEY, word text);
INSERT INTO public.kind VALUES (1, 'one');
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (user 'somebody', password 'not-for-the-file');
"""
ONLINE = Policy(strategy="online")


def saved_as(outcome: Any) -> saved_plan.SavedPlan:
    """By way of the text that a file would hold."""
    return saved_plan.parse(saved_plan.text_of(saved_plan.document(outcome)))


def structure(database: Any) -> Any:
    return database.execute("SELECT oid, relname FROM pg_class WHERE oid >= 16384 ORDER BY oid")


def test_what_was_saved_is_what_runs(database: Any) -> None:
    database.psql(BEFORE)
    told = engine.plan(database.connector, AFTER, ONLINE)
    text = saved_plan.text_of(saved_plan.document(told))
    assert "not-for-the-file" not in text and "********" in text
    assert text == saved_plan.text_of(saved_plan.document(engine.plan(database.connector, AFTER, ONLINE)))
    saved = saved_plan.parse(text)
    database.server.execute(f"ALTER DATABASE {database.name} SET log_statement = 'mod'")
    logged = database.server.log_file.stat().st_size
    done = engine.converge(database.connector, AFTER, ONLINE, saved)
    assert done.changed and [step.as_dict()["sql"] for step in done.plan] == [step["sql"] for step in saved.steps]
    with open(database.server.log_file, encoding="utf-8") as handle:
        handle.seek(logged)
        entries = re.findall(r"statement: (.*?)(?=\n\S|\Z)", handle.read(), re.DOTALL)
    ran = [entry.replace("\n\t", "\n") for entry in entries]
    # What a run does besides: it looks for leftovers under the name of an index that it builds, and keeps the ledger.
    ledger_writes = ("CREATE SCHEMA IF NOT EXISTS schema_ledger", "INSERT INTO schema_ledger.")
    besides = (
        *ledger_writes,
        "DROP INDEX CONCURRENTLY IF EXISTS ",
        "CREATE DATABASE ",
        "DROP DATABASE ",
        "ALTER DATABASE ",
    )
    ours = [entry for entry in ran if not entry.strip().startswith(besides)]
    assert ours == [step.sql for step in done.plan]
    (entry,) = database.execute("SELECT saved_plan, jsonb_array_length(plan) FROM schema_ledger.deployment")
    assert entry == (saved.digest, len(saved.steps))
    # The same play once more: there is nothing to do.
    assert not engine.converge(database.connector, AFTER, ONLINE, saved).changed
    assert_at(database, AFTER, ONLINE)


def test_whatever_has_changed_since_is_refused(database: Any) -> None:
    database.psql(BEFORE)
    saved = saved_as(engine.plan(database.connector, AFTER, ONLINE))
    before = structure(database)

    def refused(reason: str, source: str = AFTER, policy: Policy = ONLINE, plan: Any = saved) -> None:
        for call in (engine.plan, engine.converge):
            with pytest.raises(PlanOutdated, match=reason) as caught:
                call(database.connector, source, policy, plan)
            assert "again" in str(caught.value.hint)

    refused("the file has changed", AFTER + "-- a word\n")
    refused("other options", policy=replace(ONLINE, prune=True))
    refused("other options", policy=replace(ONLINE, before_sql="DROP TABLE public.t"))
    # Nobody adds to the file, or takes from it.
    step = {**saved.steps[0], "sql": "DROP TABLE public.t"}
    refused("Step 1 was for .*DROP TABLE public.t", plan=replace(saved, steps=(step, *saved.steps[1:])))
    refused(f"{len(saved.steps) + 1} steps", plan=replace(saved, steps=(*saved.steps, step)))
    refused(f"It has {len(saved.steps) - 1} steps", plan=replace(saved, steps=saved.steps[:-1]))
    refused("the steps that are due", policy=replace(ONLINE, strategy="atomic"))
    assert structure(database) == before
    database.execute("ALTER TABLE public.t ADD COLUMN handmade int")
    refused("its structure has changed")
    database.execute("ALTER TABLE public.t DROP COLUMN handmade")
    assert engine.converge(database.connector, AFTER, ONLINE, saved).changed


def test_rows_that_came_in_between_are_refused(database: Any) -> None:
    source = AFTER.replace("'one'", "'one'), (2, 'two'")
    engine.converge(database.connector, source.replace(", (2, 'two')", ""))
    saved = saved_as(engine.plan(database.connector, source))
    assert [step["action"] for step in saved.steps] == ["insert"]
    database.execute("INSERT INTO public.kind VALUES (2, 'by hand')")
    assert not engine.converge(database.connector, source, saved=saved).changed  # what was to be done is done
    database.execute("DELETE FROM public.kind")
    with pytest.raises(PlanOutdated, match="rows, the sizes"):
        engine.converge(database.connector, source, saved=saved)


def test_a_first_deployment_is_saved_too(database: Any) -> None:
    saved = saved_as(engine.plan(database.connector, BEFORE))
    assert engine.converge(database.connector, BEFORE, saved=saved).changed
    assert_at(database, BEFORE)


def test_a_broken_off_online_run_needs_a_new_plan(database: Any) -> None:
    database.psql(BEFORE + "UPDATE public.t SET n = 0 WHERE id = 3;")
    saved = saved_as(engine.plan(database.connector, AFTER, ONLINE))
    with pytest.raises(EngineError, match="violated by some row"):
        engine.converge(database.connector, AFTER, ONLINE, saved)
    database.execute("UPDATE public.t SET n = 3 WHERE id = 3")
    with pytest.raises(PlanOutdated, match="its structure has changed"):
        engine.converge(database.connector, AFTER, ONLINE, saved)
    again = saved_as(engine.plan(database.connector, AFTER, ONLINE))
    assert engine.converge(database.connector, AFTER, ONLINE, again).changed and left_over(database) == []


def _document(step: str) -> str:
    rest = '"source": "x", "source_sha256": "", "inputs_sha256": "", "version": null, "fingerprint": ""'
    return f'{{"format": 1, {rest}, "steps": [{step}]}}'


NO_PLANS = ["", "[]", "{}", '{"format": 99}', '{"format": 1, "source": "x"}', "nonsense", "null", "[" * 100_000]
NO_PLANS += [
    _document(step)
    for step in ("1", "{}", '{"sql": 5, "object": "", "action": "", "phase": "", "hazards": []}')
    + ('{"sql": "", "object": "", "action": "", "phase": "", "hazards": ["x"]}',)
]


@pytest.mark.parametrize("text", NO_PLANS, ids=range(len(NO_PLANS)))
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(EngineError, match="plans/x.json"):
        saved_plan.parse(text, "plans/x.json")


# --- the ledger's format ---------------------------------------------------------------------------------


def test_a_ledger_of_the_first_format_is_brought_up_to_date(database: Any) -> None:
    engine.converge(database.connector, BEFORE)
    database.execute("ALTER TABLE schema_ledger.deployment DROP COLUMN format, DROP COLUMN saved_plan")
    rows = "SELECT id, applied_at, source_sha256, fingerprint_after FROM schema_ledger.deployment ORDER BY id"
    first = database.execute(rows)
    # What only reads leaves it as it is: the fast path, check mode, verify.
    assert engine.converge(database.connector, BEFORE).from_ledger
    assert engine.plan(database.connector, AFTER).changed and engine.verify(database.connector, BEFORE).in_sync
    with database.connect() as connection, connection.cursor() as cursor:
        last = ledger.last(cursor)
    assert last is not None and last.saved_plan is None and len(first) == 1
    done = engine.converge(database.connector, AFTER)
    assert done.changed and database.execute(rows)[:1] == first
    assert database.execute("SELECT format FROM schema_ledger.deployment ORDER BY id") == [(1,), (ledger.FORMAT,)]
    assert engine.converge(database.connector, AFTER).from_ledger
    fresh = database.server.create_database()
    try:
        engine.converge(replace(database, name=fresh).connector, BEFORE)
        columns = (
            "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_schema = 'schema_ledger' ORDER BY column_name"
        )
        assert database.execute(columns) == replace(database, name=fresh).execute(columns)
    finally:
        database.server.drop_database(fresh)


def test_a_ledger_of_a_newer_format_stops_the_run(database: Any) -> None:
    engine.converge(database.connector, BEFORE)
    database.execute(f"ALTER TABLE schema_ledger.deployment ALTER COLUMN format SET DEFAULT {ledger.FORMAT + 1}")
    before = structure(database)
    with pytest.raises(EngineError, match=f"format {ledger.FORMAT + 1}.*newer version"):
        engine.converge(database.connector, AFTER)
    assert structure(database) == before


def test_the_document_is_plain_json(database: Any) -> None:
    values = json.loads(saved_plan.text_of(saved_plan.document(engine.plan(database.connector, BEFORE))))
    assert set(values) == {"format", "source", "source_sha256", "inputs_sha256", "version", "fingerprint", "steps"}
