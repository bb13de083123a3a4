# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a plan warn of: a rewrite exactly where the table's file changes, and what lets more people in."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

ANYTHING = Policy(prune=True, refuse_hazards=(), record=False)

# (type before, type after): one column each; whether PostgreSQL writes the table anew is asked of the server.
TYPES = (
    ("varchar(10)", "varchar(20)"),
    ("varchar(20)", "varchar(10)"),
    ("varchar(10)", "varchar"),
    ("varchar(10)", "text"),
    ("varchar", "text"),
    ("text", "varchar"),
    ("text", "varchar(10)"),
    ("char(4)", "char(8)"),
    ("char(4)", "text"),
    ("char(4)", "varchar(8)"),
    ("numeric(8, 2)", "numeric(10, 2)"),
    ("numeric(8, 2)", "numeric"),
    ("numeric(8, 2)", "numeric(10, 3)"),
    ("numeric(8, 2)", "numeric(7, 2)"),
    ("numeric", "numeric(10, 2)"),
    ("smallint", "integer"),
    ("integer", "bigint"),
    ("integer", "numeric"),
    ("real", "double precision"),
    ("bit varying(4)", "bit varying(8)"),
    ("bit varying(4)", "bit varying"),
    ("bit varying(8)", "bit varying(4)"),
    ("bit(4)", "bit(8)"),
    ("timestamp(3)", "timestamp(6)"),
    ("timestamp(3)", "timestamp"),
    ("timestamp", "timestamp(3)"),
    ("timestamptz(0)", "timestamptz(3)"),
    ("timestamptz", "timestamp"),
    ("timestamp", "timestamptz"),
    ("time(0)", "time(3)"),
    ("interval(0)", "interval(3)"),
    ("interval", "interval(3)"),
    ("interval day to second", "interval"),
    ("interval", "interval day to second"),
    ("date", "timestamp"),
    ("cidr", "inet"),
    ("inet", "cidr"),
    ("xml", "text"),
    ("json", "jsonb"),
    ("oid", "integer"),
    ('text COLLATE "C"', "text"),
    ("varchar(5)[]", "varchar(9)[]"),
    ("varchar(5)[]", "text[]"),
    ("numeric(5, 1)[]", "numeric(9, 1)[]"),
    ("public.short", "varchar(20)"),
    ("varchar(10)", "public.short"),
    ("varchar(10)", "public.checked"),
)


FILE = "SELECT pg_relation_filenode('public.t')"


def _source(number: int) -> str:
    columns = ", ".join(f"c{each} {pair[each < number]}" for each, pair in enumerate(TYPES))
    domains = (
        "CREATE DOMAIN public.short AS varchar(10); CREATE DOMAIN public.checked AS varchar(10) CHECK (VALUE > '');"
    )
    return f"{domains} CREATE TABLE public.t (id int, {columns});"


def test_a_rewrite_is_told_exactly_where_the_file_changes(database: Any) -> None:
    database.psql(_source(0) + "INSERT INTO public.t (id) SELECT generate_series(1, 10);")
    told = {step.object.part: step for step in engine.plan(database.connector, _source(len(TYPES)), ANYTHING).plan}
    wrong = []
    for number, (before, after) in enumerate(TYPES):
        step = told[f"c{number}"]
        old = database.execute(FILE)
        database.psql(f"SET TimeZone = 'UTC'; {step.sql};")
        warned = "table_rewrite" in [hazard.kind for hazard in step.hazards]
        if warned != (database.execute(FILE) != old):
            wrong.append(f"{before} to {after}: {'not ' if warned else ''}written anew, against what is told")
    assert not wrong, "\n".join(wrong)


BEFORE = """
CREATE TABLE public.off (a int); ALTER TABLE public.off ENABLE ROW LEVEL SECURITY;
CREATE TABLE public.unforced (a int); ALTER TABLE public.unforced FORCE ROW LEVEL SECURITY;
CREATE TABLE public.t (a int, b int); ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY gone ON public.t AS RESTRICTIVE USING (a > 0);
CREATE POLICY wider ON public.t AS RESTRICTIVE USING (a > 0);
CREATE POLICY permissive ON public.t AS RESTRICTIVE USING (a > 0);
CREATE POLICY stays ON public.t USING (a > 1);
CREATE TABLE public.u (a int, b int);
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.d() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION public.e() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION public.d() FROM PUBLIC;
CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER gone BEFORE INSERT ON public.u FOR EACH ROW EXECUTE FUNCTION public.tf();
CREATE TRIGGER off BEFORE INSERT ON public.u FOR EACH ROW EXECUTE FUNCTION public.tf();
CREATE TRIGGER always BEFORE INSERT ON public.u FOR EACH ROW EXECUTE FUNCTION public.tf();
CREATE RULE gone AS ON DELETE TO public.u DO ALSO NOTHING;
CREATE RULE off AS ON DELETE TO public.u DO ALSO NOTHING;
CREATE VIEW public.v WITH (security_barrier = true) AS SELECT a FROM public.t;
CREATE VIEW public.w WITH (security_barrier = true) AS SELECT a FROM public.t;
CREATE SEQUENCE public.s;
"""
AFTER = """
CREATE TABLE public.off (a int);
CREATE TABLE public.unforced (a int);
CREATE TABLE public.t (a int, b int); ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY wider ON public.t AS RESTRICTIVE USING (a > -5);
CREATE POLICY permissive ON public.t USING (a > 0);
CREATE POLICY stays ON public.t USING (a > 1);
CREATE POLICY more ON public.t USING (b > 1);
CREATE POLICY less ON public.t AS RESTRICTIVE USING (b < 9);
CREATE TABLE public.u (a int, b int);
GRANT SELECT (b) ON public.u TO PUBLIC; GRANT SELECT ON public.u TO PUBLIC; GRANT INSERT ON public.u TO pg_monitor;
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION public.g() RETURNS int LANGUAGE sql AS 'SELECT 2'; GRANT EXECUTE ON FUNCTION public.g() TO pg_monitor;
CREATE FUNCTION public.d() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION public.e() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 3';
CREATE FUNCTION public.n() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT 2';
CREATE FUNCTION public.no() RETURNS text LANGUAGE sql AS 'SELECT ''
 SECURITY DEFINER
''';
REVOKE EXECUTE ON FUNCTION public.d() FROM PUBLIC; GRANT EXECUTE ON FUNCTION public.d() TO pg_monitor;
CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER off BEFORE INSERT ON public.u FOR EACH ROW EXECUTE FUNCTION public.tf();
CREATE TRIGGER always BEFORE INSERT ON public.u FOR EACH ROW EXECUTE FUNCTION public.tf();
ALTER TABLE public.u DISABLE TRIGGER off; ALTER TABLE public.u ENABLE ALWAYS TRIGGER always;
CREATE RULE off AS ON DELETE TO public.u DO ALSO NOTHING; ALTER TABLE public.u DISABLE RULE off;
CREATE VIEW public.v AS SELECT a FROM public.t;
CREATE VIEW public.w WITH (security_barrier = true) AS SELECT a, b FROM public.t;
CREATE SEQUENCE public.s; GRANT USAGE ON SEQUENCE public.s TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;
"""
RELAXED = {
    "table public.off", "table public.unforced", "policy public.t.gone", "policy public.t.wider",
    "policy public.t.permissive", "policy public.t.more", "column public.u.b", "table public.u",
    "function public.f()", "function public.n()", "function public.d()", "trigger public.u.gone",
    "trigger public.u.off", "rule public.u.gone", "rule public.u.off", "view public.v", "sequence public.s",
}  # fmt: skip


@pytest.mark.one_major
def test_what_lets_more_people_in_is_told(database: Any) -> None:
    database.psql(BEFORE)
    told = engine.plan(database.connector, AFTER, ANYTHING).plan
    found = {str(step.object) for step in told for hazard in step.hazards if hazard.kind == "security_relaxation"}
    assert {name for name in found if not name.startswith("default privileges")} == RELAXED
    assert found - RELAXED, "everybody gets in by default"


@pytest.mark.one_major
def test_every_hazard_has_a_case(database: Any) -> None:
    """One plan with all of them, each with the table's size."""
    database.psql(
        "CREATE TABLE public.t (a text, b int, c int, d int, e int); CREATE VIEW public.v AS SELECT a FROM public.t;"
        "INSERT INTO public.t SELECT i, i, i, i, i FROM generate_series(1, 2000) i; ANALYZE public.t"
    )
    source = (
        "CREATE TABLE public.t (a bigint, b int NOT NULL, c int CHECK (c > 0), d int);"
        "CREATE INDEX i ON public.t (b); CREATE VIEW public.v AS SELECT a FROM public.t;"
        "GRANT SELECT ON public.v TO PUBLIC;"
    )
    told = engine.plan(database.connector, source, ANYTHING).plan
    assert {hazard.kind for step in told for hazard in step.hazards} == {
        "data_loss", "table_rewrite", "blocking_scan", "blocking_index_build", "cast_can_fail", "dependent_rebuild",
        "security_relaxation", "blocks_reads", "blocks_writes",
    }  # fmt: skip
    size = database.execute("SELECT pg_total_relation_size('public.t')")[0][0]
    steps = [step for step in told if step.table is not None and step.table.name == "t"]
    assert steps and all((step.rows, step.size) == (2000, size) for step in steps)
    shown = steps[0].as_dict()
    assert (shown["rows"], shown["bytes"], shown["table"]) == (2000, size, "public.t")
