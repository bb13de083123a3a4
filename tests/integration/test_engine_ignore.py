# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that patterns leave alone, whatever kind they are and whatever stands on them; SQL of one's own in a run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = [pytest.mark.one_major, pytest.mark.timeout(900)]

SOURCE = """
CREATE TABLE public.event (id int NOT NULL, at date NOT NULL, word text) PARTITION BY RANGE (at);
CREATE INDEX event_word ON public.event (word);
CREATE TABLE public.t (a int, b text);
"""
# What others have put there since: partitions made at run time, and objects of every kind.
THEIRS = """
CREATE TABLE public.event_p2026 PARTITION OF public.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO public.event VALUES (1, '2026-05-05', 'x');
CREATE TABLE public."Odd ""one""* [x]" (a int PRIMARY KEY, b text UNIQUE);
CREATE TABLE public.tool_a (a int, b text);
CREATE TYPE public.tool_mood AS ENUM ('good', 'bad');
CREATE DOMAIN public.tool_short AS text CHECK (length(VALUE) < 9);
CREATE SEQUENCE public.tool_seq;
CREATE FUNCTION public.tool_f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION public.tool_tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE VIEW public.tool_v AS SELECT b FROM public.t;
CREATE INDEX under_another_name ON public.tool_a (a);
CREATE STATISTICS public.statistics_of_it ON a, b FROM public.tool_a;
ALTER SEQUENCE public.tool_seq OWNED BY public.tool_a.a;
CREATE MATERIALIZED VIEW public.tool_m AS SELECT a FROM public.tool_a;
CREATE INDEX tool_i ON public.t (a);
CREATE STATISTICS public.tool_s ON a, b FROM public.t;
CREATE TRIGGER tool_tr BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.tool_tf();
CREATE POLICY tool_p ON public.t USING (true);
CREATE RULE tool_r AS ON DELETE TO public.tool_a DO ALSO NOTHING;
ALTER TABLE public.t ADD CONSTRAINT tool_c CHECK (a > 0);
"""
PATTERNS = ("public.event_p*", "public.tool_*", "public.t.tool_*", "table public.Odd*")
MINE = Policy(prune=True, allow_hazards=("data_loss",), ignore=PATTERNS)


def objects(database: Any) -> Any:
    return database.execute(
        """SELECT 'relation', oid::bigint, relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL SELECT 'routine', oid, proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT 'type', oid, typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
            UNION ALL SELECT 'constraint', oid, conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'trigger', oid, tgname FROM pg_trigger WHERE tgrelid = 'public.t'::regclass
            UNION ALL SELECT 'policy', oid, polname FROM pg_policy ORDER BY 1, 2"""
    )


def test_what_a_pattern_names_is_left_alone_whatever_kind_it_is(database: Any) -> None:
    engine.converge(database.connector, SOURCE)
    database.psql(THEIRS)
    before = objects(database)
    done = engine.converge(database.connector, SOURCE, MINE)
    assert not done.changed, [step.sql for step in done.plan]
    assert objects(database) == before and done.findings.extra == ()
    left = " ".join(done.findings.ignored)
    tools = "a mood short seq f v m i s tr p r c"
    for name in (
        *(f"tool_{each}" for each in tools.split()),
        "event_p2026",
        "Odd",
        "under_another_name",
        "statistics_of_it",
    ):
        assert name in left, (name, left)
    # A partition's part of the partitioned table's index is the partition's own affair.
    wider = SOURCE.replace("(word)", "(word, id)")
    assert engine.converge(database.connector, wider, MINE).changed
    assert database.execute("SELECT count(*) FROM public.event_p2026") == [(1,)]
    assert database.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'public.event_p2026'::regclass") == [(1,)]


def test_patterns_are_exact_in_case_and_kind(database: Any) -> None:
    engine.converge(database.connector, SOURCE)
    database.psql(
        'CREATE TABLE public."Upper" (a int); CREATE TABLE public.upper (a int); CREATE VIEW public.v AS SELECT 1'
    )
    policy = Policy(prune=True, allow_hazards=("data_loss",), ignore=("public.Upper", "table public.v"))
    dropped = {
        str(step.object) for step in engine.plan(database.connector, SOURCE, policy).plan if step.action == "drop"
    }
    assert dropped == {"table public.upper", "view public.v"}


def test_a_change_under_an_ignored_object_stops_and_changes_nothing(database: Any) -> None:
    """The view is not to be touched, and PostgreSQL does not let the column's type change under it."""
    engine.converge(database.connector, SOURCE)
    database.psql(THEIRS)
    before = objects(database)
    with pytest.raises(EngineError, match="tool_v|used by a view"):
        engine.converge(database.connector, SOURCE.replace("b text", "b varchar(99)"), MINE)
    assert objects(database) == before
    assert engine.converge(database.connector, SOURCE.replace("b text", "b text, c int"), MINE).changed


def test_own_sql_runs_first_and_last_in_the_one_transaction(database: Any) -> None:
    database.psql("CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1), (2)")
    source = "CREATE TABLE public.t (a bigint, b text NOT NULL, c text NOT NULL);"
    policy = Policy(
        before_sql="ALTER TABLE public.t ADD COLUMN b text; UPDATE public.t SET b = 'before ' || a",
        after_sql="UPDATE public.t SET c = 'after ' || a; -- a comment ends it",
    )
    told = engine.plan(database.connector, source, policy)
    assert [told.plan[0].action, told.plan[0].sql] == ["before_sql", policy.before_sql]
    assert "after_sql" in [step.action for step in told.plan]
    # What before_sql does was not known to the plan: the column would be made twice, and all of it is undone.
    with pytest.raises(EngineError, match="already exists"):
        engine.converge(database.connector, source, policy)
    assert database.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0"
    ) == [(1,)]
    filled = Policy(before_sql="INSERT INTO public.t VALUES (3)", after_sql="UPDATE public.t SET b = 'b', c = 'c' || a")
    assert engine.converge(database.connector, source, filled).changed
    assert database.execute("SELECT a, b, c FROM public.t ORDER BY a") == [(n, "b", f"c{n}") for n in (1, 2, 3)]
    assert not engine.converge(database.connector, source, filled).changed, "own SQL runs with changes only"


@pytest.mark.parametrize("own", [{"before_sql": "SELECT 1/0"}, {"after_sql": "SELECT 1/0"}])
def test_own_sql_that_fails_undoes_everything(database: Any, own: Any) -> None:
    database.psql("CREATE TABLE public.t (a int)")
    with pytest.raises(EngineError, match="division by zero"):
        engine.converge(database.connector, "CREATE TABLE public.t (a int, b int);", Policy(**own))
    assert database.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0"
    ) == [(1,)]
