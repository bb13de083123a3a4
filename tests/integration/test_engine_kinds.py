# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pairs of schemas cannot show: bodies that do not work, what no kind reads, values that would be lost."""

from __future__ import annotations

from typing import Any

import pytest
from engine_support import DUMP, shadows

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import PlanRefused, SourceError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

ANCHOR = "CREATE SEQUENCE public.anchor;\n"
EARLY = (
    "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t';\n"
    "CREATE PROCEDURE public.p() LANGUAGE sql AS 'DELETE FROM public.t';\n"
    "SET search_path = public;\n"
    "CREATE OR REPLACE FUNCTION g(integer) RETURNS integer LANGUAGE sql AS 'SELECT h($1) + a FROM t';\n"
    "RESET search_path;\n"
    "CREATE FUNCTION public.i() RETURNS bigint LANGUAGE sql SET search_path = public AS 'SELECT count(*) FROM t';\n"
    "CREATE TABLE public.t (a integer);\n"
    "CREATE FUNCTION public.h(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';\n"
)
# The database is empty, or it is not: the file is run as it stands, or by way of a disposable database.
EMPTY_OR_NOT = pytest.mark.parametrize("found", ["", ANCHOR], ids=["empty", "not-empty"])


def _state(database: Any) -> Any:
    return database.dump(*DUMP), shadows(database)


@EMPTY_OR_NOT
@pytest.mark.parametrize("frame", ["{}", "BEGIN;\n{}COMMIT;\n"], ids=["alone", "in-a-transaction"])
def test_a_body_may_name_what_the_file_makes_later(database: Any, found: str, frame: str) -> None:
    database.psql(found)
    source = frame.format(ANCHOR + EARLY)
    assert engine.converge(database.connector, source).changed
    database.execute("INSERT INTO public.t VALUES (5)")
    assert database.execute("SELECT public.f(), public.g(1), public.i()") == [(1, 6, 1)]
    assert not engine.converge(database.connector, source + "-- again\n").changed


@EMPTY_OR_NOT
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.nowhere'",
         'relation "public.nowhere" does not exist'),
        ("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT nothing(1)'", "function nothing(integer)"),
        ("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT b FROM public.t'", 'column "b" does not'),
        ("CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETRUN 1; END'", "syntax error"),
        ("CREATE FUNCTION public.f(public.nowhere) RETURNS int LANGUAGE sql AS 'SELECT 1'", "public.nowhere"),
    ],
    ids=["table", "function", "column", "syntax", "type"],
)  # fmt: skip
def test_a_body_that_never_works_is_an_error_of_the_source(
    database: Any, found: str, function: str, reason: str
) -> None:
    database.psql(found)
    before = _state(database)
    source = f"{ANCHOR}{function};\nCREATE TABLE public.t (a integer);\n"
    with pytest.raises(SourceError) as caught:
        engine.converge(database.connector, source)
    assert caught.value.details["line"] == 2 and reason in caught.value.message
    assert _state(database) == before


@EMPTY_OR_NOT
def test_a_file_that_wants_no_check_is_told_what_does_not_work(database: Any, found: str) -> None:
    database.psql(found)
    source = (
        "SET check_function_bodies = false;\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        f"{ANCHOR}CREATE FUNCTION public.stale() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM nowhere';\n"
        "CREATE FUNCTION public.by_path() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';\n"
        "CREATE TABLE public.t (a integer);\n"
    )
    done = engine.converge(database.connector, source)
    assert done.changed
    assert done.warnings == (
        'function public.stale(): its body does not work: relation "nowhere" does not exist',
    )  # fmt: skip


def test_security_labels_are_told(database: Any) -> None:
    """No provider of labels comes with the servers: the rows are written by hand."""
    source = "CREATE TABLE public.t (a integer);\n"
    engine.converge(database.connector, source)
    assert engine.converge(database.connector, source).from_ledger
    for column in (0, 1):
        database.execute(
            "SET allow_system_table_mods = on; INSERT INTO pg_seclabel "
            f"VALUES ('public.t'::regclass, 'pg_class'::regclass, {column}, 'guard', 'secret')"
        )
    done = engine.converge(database.connector, source)
    assert not done.from_ledger and not done.changed
    assert done.findings.unmanaged == (
        "security label of table public.t by guard",
        "security label of column public.t.a by guard",
    )
    assert engine.converge(database.connector, source).findings.unmanaged == done.findings.unmanaged
    with pytest.raises(SourceError, match="security label"):
        engine.converge(database.connector, source + "SECURITY LABEL FOR guard ON TABLE public.t IS 'x';\n")


def test_a_base_type_made_anew_would_lose_values(database: Any) -> None:
    source = (
        "CREATE TYPE public.wd;\n"
        "CREATE FUNCTION public.wd_in(cstring) RETURNS public.wd LANGUAGE internal IMMUTABLE STRICT AS 'textin';\n"
        "CREATE FUNCTION public.wd_out(public.wd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';\n"
        "CREATE TYPE public.wd (INPUT = public.wd_in, OUTPUT = public.wd_out);\n"
        "CREATE TABLE public.t (w public.wd);\n"
    )
    database.psql(source)
    database.execute("INSERT INTO public.t VALUES ('kept')")
    before = _state(database)
    changed = source.replace("public.wd_out)", "public.wd_out, CATEGORY = 'S')")
    with pytest.raises(PlanRefused) as caught:
        engine.converge(database.connector, changed, Policy(prune=True))
    assert {"data_loss"} == {each["hazard"] for each in caught.value.details["refused"]}
    assert _state(database) == before
    assert database.execute("SELECT w::text FROM public.t") == [("kept",)]


def test_a_serial_column_becomes_an_identity_and_back_without_prune(database: Any) -> None:
    serial = "CREATE TABLE public.t (a serial, b int);"
    identity = "CREATE TABLE public.t (a int GENERATED BY DEFAULT AS IDENTITY, b int);"
    database.psql(serial + "INSERT INTO public.t (b) VALUES (1), (2), (3); DELETE FROM public.t WHERE b > 1;")
    for source, following in ((identity, 4), (serial, 5), (identity, 6)):
        # No hazard is allowed: the sequence goes, where it stands does not.
        assert engine.converge(database.connector, source).changed
        assert not engine.plan(database.connector, source).changed
        assert database.execute("INSERT INTO public.t (b) VALUES (9) RETURNING a") == [(following,)]


def test_a_partition_beside_the_default_one_is_not_dropped_unawares(database: Any) -> None:
    source = (
        "CREATE TABLE public.p (a int) PARTITION BY LIST (a);CREATE TABLE public.rest PARTITION OF public.p DEFAULT;"
    )
    database.psql(source + "CREATE TABLE public.one PARTITION OF public.p FOR VALUES IN (1); INSERT INTO p VALUES (1);")
    with pytest.raises(PlanRefused, match="the default partition public.rest could hold them"):
        engine.converge(database.connector, source, Policy(prune=True))
    assert database.execute("SELECT count(*) FROM public.one") == [(1,)]
