# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stamp, by which a run without change is recognised, and the ledger's newest row."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils import engine, ledger

MADE = """
CREATE TYPE public.mood AS ENUM ('a');
CREATE TABLE public.t (id int PRIMARY KEY, a text DEFAULT 'x', m public.mood);
CREATE INDEX i ON public.t (a);
CREATE VIEW public.v AS SELECT a FROM public.t;
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER r BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.g();
CREATE SEQUENCE public.s;
CREATE TABLE public.p (id int) PARTITION BY LIST (id);
CREATE SCHEMA other;
"""
TOUCHES = (
    "ALTER TABLE public.t ADD c int", "ALTER TABLE public.t ALTER a DROP DEFAULT", "ALTER INDEX public.i RENAME TO j",
    "ALTER TABLE public.t ADD CHECK (id > 0)", "CREATE OR REPLACE VIEW public.v AS SELECT a || 'y' AS a FROM public.t",
    "CREATE OR REPLACE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "ALTER TYPE public.mood ADD VALUE 'b'", "COMMENT ON COLUMN public.t.a IS 'c'",
    "ALTER TABLE public.t DISABLE TRIGGER r", "ALTER SEQUENCE public.s INCREMENT 2",
    "GRANT SELECT ON public.t TO PUBLIC", "GRANT SELECT (a) ON public.t TO PUBLIC", "CREATE DOMAIN public.d AS int",
    "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY", "CREATE POLICY y ON public.t USING (true)",
    "CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES IN (1)", "ALTER TABLE public.p DETACH PARTITION public.p1",
    "CREATE STATISTICS public.x ON id, a FROM public.t", "ALTER FUNCTION public.f() STABLE",
    "ALTER TABLE public.t ALTER a SET STATISTICS 7", "CREATE RULE n AS ON DELETE TO public.t DO INSTEAD NOTHING",
    "GRANT CREATE ON SCHEMA public TO pg_monitor", "ALTER SEQUENCE public.s OWNED BY public.t.id",
    "CREATE EXTENSION citext SCHEMA other", "CREATE PUBLICATION q FOR TABLE public.t",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
    "CREATE TEXT SEARCH TEMPLATE public.tt (LEXIZE = dsimple_lexize)",
    "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler",
    "CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER z FOREIGN DATA WRAPPER w",
    "CREATE USER MAPPING FOR PUBLIC SERVER z", "ALTER USER MAPPING FOR PUBLIC SERVER z OPTIONS (ADD a 'b')",
)  # fmt: skip
TOUCHES_FROM_15 = ("ALTER PUBLICATION q ADD TABLES IN SCHEMA other",)
NO_TOUCHES = (
    "INSERT INTO public.t VALUES (1)", "SELECT nextval('public.s')", "VACUUM ANALYZE public.t",
    "CREATE TABLE other.t (a int)", "TRUNCATE other.t",
)  # fmt: skip


def test_every_change_of_a_definition_changes_the_stamp(database: Any) -> None:
    database.execute(MADE)
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        stamps = [ledger.stamp(cursor, ["public"])]
        for statement in TOUCHES + (TOUCHES_FROM_15 if connection.server_version >= 150000 else ()):
            database.execute(statement)
            now = ledger.stamp(cursor, ["public"])
            assert now not in stamps, statement
            stamps.append(now)


def test_rows_statistics_and_other_schemas_do_not(database: Any) -> None:
    database.execute(MADE)
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        before = ledger.stamp(cursor, ["public"])
        for statement in NO_TOUCHES:
            database.execute(statement)
            assert ledger.stamp(cursor, ["public"]) == before, statement
        assert ledger.stamp(cursor, ["public", "other"]) != before


@pytest.mark.one_major
def test_no_ledger_and_one_that_may_not_be_read(database: Any) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        assert ledger.last(cursor) is None
        engine.converge(database.connector, MADE)
        entry = ledger.last(cursor)
        assert entry is not None and entry.changed and set(entry.managed_schemas) == {"public", "other"}
        cursor.execute("SET ROLE pg_monitor")
        assert ledger.last(cursor) is None
