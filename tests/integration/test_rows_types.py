# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows of every type survive, exactly; sequences end where the source leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rows_bench import Bench

from ansible_collections.domainflow.database.plugins.module_utils import engine


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


TYPES = """
    CREATE EXTENSION citext; CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('sad', 'it''s, "ok"');
    CREATE TYPE pair AS (a int, b text);
    CREATE DOMAIN code AS varchar(5) CHECK (VALUE ~ '^[A-Z ]+$');
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE TYPE nest AS (p pair, q int[], m mood);
    CREATE DOMAIN codes AS text[] CHECK (cardinality(VALUE) < 5);
"""

VALUES = {
    "smallint": ["-32768"],
    "bigint": ["9223372036854775807"],
    "numeric": ["1.10", "NaN", "123456789012345678901234567890.000000000000001"],
    "numeric(10,3)": ["1.5"],
    "real": ["0.1", "1e38", "-Infinity"],
    "double precision": ["0.1", "1.7976931348623157e308", "NaN", "-0"],
    "money": ["-1234.56"],
    "boolean": ["t", "f"],
    "char(5)": ["ab", "  x"],
    "varchar(10)": ["trailing  "],
    '"char"': ["x"],
    "name": ["n"],
    "text": ["", " ", "it's", "back\\slash", "\\N", "NULL", "tab\tnew\nline\r", "\u00e9\U0001f600", "%s {}"],
    "citext": ["MiXed"],
    "bytea": ["\\x00ff5c27"],
    "bit(3)": ["101"],
    "bit varying": ["10101"],
    "date": ["2024-02-29", "infinity", "0044-03-15 BC"],
    "time": ["23:59:59.999999"],
    "timetz": ["23:59:59+05:30"],
    "timestamp": ["2024-01-01 00:00:00.000001", "-infinity"],
    "timestamptz": ["2024-06-01 12:00:00+02", "infinity", "-infinity", "4713-01-01 00:00:00+00 BC"],
    "timestamptz(2)": ["2024-06-01 12:00:00.126+02"],
    "interval": ["1 year -2 mons 3 days 04:05:06.7", "-1 day"],
    "uuid": ["00000000-0000-0000-0000-000000000001"],
    "inet": ["10.0.0.1/8", "::1"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "json": [r'{"b" : 1,  "a":[null, "x\u0041"], "a": 1}'],
    "jsonb": [r'{"b": 1.00, "a": "it"}', r'"q\"uo\te"', "null"],
    "jsonpath": ["$.a[*] ? (@ > 1)"],
    "xml": ["<a b='c'>&lt;&#228;</a>", "text <b/>"],
    "int[]": ["{1,NULL,3}", "{}", "[0:1]={1,2}"],
    "text[]": [r'{"a,b","c\d",NULL,"NULL",""}', "{{a,b},{c,d}}"],
    "mood": ['it\'s, "ok"'],
    "mood[]": ["{sad}"],
    "pair": ['(1,"a ""b"", c")', "(,)"],
    "pair[]": ['{"(1,x)",NULL}'],
    "nest": ['("(1,""a """"b"""""")","{1,NULL}","it\'s, ""ok""")'],
    "codes": ["{a,NULL}"],
    "bytea[]": [r'{"\\x00ff",NULL}'],
    "timestamptz[]": ['{infinity,"2024-01-01 00:00:00+00"}'],
    "code": ["AB"],
    "int4range": ["[1,5)", "empty", "(,3)"],
    "tstzrange": ['["2024-01-01 00:00:00+00",)'],
    "span": ["[0.1,0.2]"],
    "span[]": ['{"[0.1,0.2]",empty}'],
    "numrange": ["(1.10,2.200]"],
    "daterange": ["[2024-01-01,infinity)"],
    "hstore": [r'"a"=>"1", "b"=>NULL, "c d"=>"e\f"'],
    "point": ["(1.5,-2)"],
    "polygon": ["((0,0),(1,1),(1,0))"],
    "circle": ["<(0,0),0.1>"],
    "box": ["(1,1),(0,0.1)"],
    "line": ["{1,-1,0.1}"],
    "lseg": ["[(0,0),(1,0.1)]"],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1))"],
    "point[]": ['{"(0.1,2)"}'],
    "pg_snapshot": ["10:20:10,14"],
    "tsvector": ["'fat':2A 'it''s':1"],
    "tsquery": ["'fat' & !'rat':AB"],
    "pg_lsn": ["16/B374D848"],
    "regclass": ["pg_catalog.pg_class"],
    "oid": ["42"],
}


def test_every_type(bench: Bench) -> None:
    ddl = [TYPES]
    fill = []
    values = dict(VALUES)
    if bench.connection.server_version >= 140000:
        values["int4multirange"] = ["{[1,3),[5,8)}", "{}"]
        values["numeric(5,2)"] = ["1.5"]
        values["numeric(40,3)"] = ["NaN"]
        values["numeric[]"] = ["{Infinity,-Infinity,NaN,1.10}"]
    if bench.connection.server_version >= 170000:
        values["interval year to month"] = ["infinity", "-infinity"]
    for number, (kind, texts) in enumerate(values.items()):
        for key, suffix in ((f"id int PRIMARY KEY, v {kind}", "k"), (f"id int, v {kind}", "n")):
            ddl.append(f"CREATE TABLE t{number}{suffix} ({key});")
            rows = ", ".join(f"({place}, '" + text.replace("'", "''") + "')" for place, text in enumerate(texts, 1))
            fill.append(f"INSERT INTO t{number}{suffix} VALUES (0, NULL), {rows};")
    bench.source("".join(ddl + fill))
    bench.live.execute("".join(ddl))
    plan = bench.apply()
    assert len(plan.steps) == 2 * len(values)
    assert bench.live.dump("--data-only") == bench.shadow.dump("--data-only")
    bench.enforce = {f"public.t{number}k": [] for number in range(len(values))}
    assert bench.plan().steps == ()


def test_keys_of_every_comparable_type(bench: Bench) -> None:
    without_equality = {"json", "jsonpath", "xml", "point", "polygon", "circle", "box", "line", "lseg", "path"}
    without_equality |= {"point[]", "pg_snapshot"}
    kinds = [kind for kind in VALUES if kind not in without_equality]
    ddl = TYPES + "".join(f"CREATE TABLE t{number} (v {kind} UNIQUE);" for number, kind in enumerate(kinds))
    fill = ""
    for number, kind in enumerate(kinds):
        for text in VALUES[kind]:
            fill += f"INSERT INTO t{number} VALUES ('" + text.replace("'", "''") + "');"
    bench.source(ddl + fill)
    bench.live.execute(ddl)
    bench.apply()
    assert bench.present_by_digest(bench.check().digest)
    bench.live.execute("UPDATE t0 SET v = 5")
    assert [step.table.name for step in bench.plan().steps] == ["t0"]


def test_equal_values_with_other_texts_are_the_same_key(bench: Bench) -> None:
    ddl = """
        CREATE EXTENSION citext; CREATE TABLE c (v citext PRIMARY KEY, n int);
        CREATE TABLE n (v numeric PRIMARY KEY); CREATE TABLE b (v bpchar UNIQUE);
        CREATE TABLE e (v text, n int); CREATE UNIQUE INDEX ON e (lower(v)) WHERE n > 0;
    """
    bench.source(
        ddl
        + """INSERT INTO c VALUES ('Admin', 1); INSERT INTO n VALUES (1.0); INSERT INTO b VALUES ('x');
                 INSERT INTO e VALUES ('Root', 1), ('Zero', 0);"""
    )
    bench.live.execute(ddl)
    bench.live.execute("INSERT INTO c VALUES ('ADMIN', 2); INSERT INTO n VALUES (1.00); INSERT INTO b VALUES ('x  ')")
    bench.live.execute("INSERT INTO e VALUES ('rOOT', 2), ('zero', 0)")
    assert [(step.table.name, step.rows) for step in bench.apply().steps] == [("e", 1)]
    bench.enforce = {"public.c": [], "public.e": ["n"]}
    plan = bench.apply()
    assert [step.sql for step in plan.steps] == ["UPDATE ONLY public.c SET n = '1' WHERE v = 'ADMIN'"]
    assert len(plan.warnings) == 1


def test_exclusion_constraints_are_keys(bench: Bench) -> None:
    ddl = "CREATE TABLE t (v int4range, n text, EXCLUDE USING gist (v WITH &&));"
    bench.source(ddl + "INSERT INTO t VALUES ('[1,5)', 'a'), ('[10,20)', 'b');")
    bench.live.execute(ddl + "INSERT INTO t VALUES ('[3,7)', 'theirs');")
    assert bench.apply().steps[0].rows == 1


def test_sequences_of_a_new_database_are_where_the_source_leaves_them(bench: Bench) -> None:
    ddl = """
        CREATE SEQUENCE loose; CREATE SEQUENCE set_only START 7; CREATE SEQUENCE down INCREMENT -1;
        CREATE SEQUENCE untouched;
        CREATE TABLE t (id serial PRIMARY KEY, n int UNIQUE);
        CREATE TABLE i (id int GENERATED ALWAYS AS IDENTITY, n int);
        CREATE TABLE d (id int DEFAULT nextval('down') PRIMARY KEY);
    """
    source = (
        ddl
        + """
        SELECT setval('loose', 41); SELECT setval('set_only', 30, false); INSERT INTO t (n) VALUES (1), (2), (3);
        INSERT INTO i (n) VALUES (1); SELECT setval('t_id_seq', 100); INSERT INTO d VALUES (DEFAULT), (DEFAULT);
    """
    )
    bench.source(source)
    plan = bench.apply(structure=ddl)
    assert [step.action for step in plan.steps].count("setval") == 5
    nexts = "nextval('loose'), nextval('set_only'), nextval('t_id_seq'), nextval('down'), nextval('untouched')"
    assert bench.live.execute(f"SELECT {nexts}") == [(42, 30, 101, -3, 1)]
    assert bench.live.execute("INSERT INTO i (n) VALUES (9) RETURNING id") == [(2,)]


def test_sequences_never_go_back(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id serial PRIMARY KEY, n int); CREATE SEQUENCE s;"
    bench.source(ddl + "INSERT INTO t VALUES (5, 5), (9, 9); SELECT setval('t_id_seq', 9); SELECT setval('s', 5);")
    bench.live.execute(ddl)
    bench.live.execute("SELECT setval('t_id_seq', 50)")
    plan = bench.plan()
    assert [step.action for step in plan.steps] == ["insert"]
    # A sequence that moves on between plan and run is not put back either.
    bench.live.execute("SELECT setval('t_id_seq', 1)")
    plan = bench.plan()
    assert [step.action for step in plan.steps] == ["insert", "setval"]
    bench.live.execute("SELECT setval('t_id_seq', 60)")
    bench.run(plan)
    assert bench.live.execute("SELECT nextval('t_id_seq')") == [(61,)]


def test_a_new_sequence_starts_behind_the_numbers_that_are_there(bench: Bench) -> None:
    ddl = "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n text UNIQUE);"
    bench.source(ddl + "INSERT INTO t (n) VALUES ('a');")
    bench.live.execute("CREATE TABLE t (id int PRIMARY KEY, n text UNIQUE); INSERT INTO t VALUES (40, 'x');")
    plan = bench.apply(structure="ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY")
    assert [step.action for step in plan.steps] == ["setval", "insert", "setval"]
    assert bench.table("t") == [(40, "x"), (41, "a")]


CLOCKS = {
    "timestamptz": "now() + interval '30 days'",
    "timestamptz(0)": "date_trunc('minute', now()) - interval '1 month'",
    "timestamp": "now() AT TIME ZONE 'Asia/Kolkata'",
    "timestamp(3)": "LOCALTIMESTAMP + interval '1 hour'",
    "date": "CURRENT_DATE + 14",
    "bigint": "extract(epoch FROM now())::bigint * 1000",
    "numeric": "extract(epoch FROM clock_timestamp())",
    "text": "now()::text",
    "varchar(40)": "'on ' || CURRENT_TIMESTAMP(6)",
}


def test_what_defaults_compute_from_the_clock_is_not_the_sources(bench: Bench) -> None:
    columns = ", ".join(f"c{number} {kind} DEFAULT ({taken})" for number, (kind, taken) in enumerate(CLOCKS.items()))
    ddl = f"CREATE TABLE k (id int PRIMARY KEY, {columns}); CREATE TABLE n (v text, {columns});"
    given = ", ".join(f"c{number}" for number in range(5))
    fill = (
        "INSERT INTO k (id) VALUES (1); INSERT INTO n (v) VALUES ('x');"
        # What the source says itself is its own, even in such columns; now() is another thing than the default.
        f"INSERT INTO k (id, {given}) VALUES (2, '2031-05-06 00:00+00', '2031-05-06', '2031-05-06', '2031-05-06', "
        "'2031-05-06'); INSERT INTO k (id, c0) VALUES (3, now());"
    )
    bench.enforce = {"public.k": []}
    for _load in range(2):
        bench.source(ddl + "SELECT pg_sleep(1.1);" + fill)
        if _load == 0:
            plan = bench.apply(structure=ddl)
            assert [step.rows for step in plan.steps] == [3, 1]
            assert plan.steps[0].sql.count("CURRENT_TIMESTAMP") == 1 and plan.steps[0].sql.count("2031-05-06") == 5
        else:
            assert bench.plan().steps == ()
    days = bench.live.execute("SELECT id, c0::date - CURRENT_DATE FROM k WHERE id <> 2 ORDER BY 1")
    assert days == [(1, 30), (3, 0)]


def test_coarse_times_and_functions_of_ones_own_are_left(bench: Bench) -> None:
    """A year that the source gives is a year; what a function of the source does is not tried out."""
    ddl = """
        CREATE FUNCTION public.later() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''run''; END';
        CREATE TABLE t (id int PRIMARY KEY, year text DEFAULT to_char(now(), 'YYYY'),
                        at timestamptz DEFAULT greatest(now(), public.later()));
    """
    bench.source(ddl + "INSERT INTO t VALUES (1, to_char(now(), 'YYYY'), '2031-01-01')")
    (step,) = bench.apply(structure=ddl).steps
    assert "DEFAULT" not in step.sql


@pytest.mark.parametrize("count", [32, 33, 66])
@pytest.mark.one_major
def test_numbers_of_a_sequence_are_known_however_many_there_are(database: Any, count: int) -> None:
    """A sequence is logged 32 numbers ahead; one that is just used up looks like one that was set."""
    ddl = "CREATE TABLE public.t (id serial PRIMARY KEY, n text UNIQUE);\n"
    fill = f"INSERT INTO public.t (n) SELECT 'n' || i FROM generate_series(1, {count}) i;\n"
    database.execute(ddl + "INSERT INTO public.t (n) VALUES ('own');")
    assert engine.converge(database.connector, ddl + fill).changed
    assert database.execute("SELECT count(*), max(id) FROM public.t") == [(count + 1, count + 1)]
    assert engine.plan(database.connector, ddl + fill).changed is False


@pytest.mark.one_major
def test_numbers_that_a_source_gives_are_told_from_those_of_its_sequence(database: Any) -> None:
    """Given numbers are kept; numbers that the sequence gave out between two setval() are the database's to give."""
    ddl = "CREATE TABLE public.t (id serial, n text UNIQUE); CREATE SEQUENCE public.down INCREMENT -1;\n"
    fill = (
        "INSERT INTO public.t (n) VALUES ('made 1'), ('please restart');\n"
        "SELECT setval('public.t_id_seq', 10);\n"
        "INSERT INTO public.t VALUES (5, 'given 5'), (10, 'given 10');\n"
        "INSERT INTO public.t (n) VALUES ('made 11');\n"
        "ALTER SEQUENCE public.t_id_seq RESTART WITH 20; SELECT setval('public.down', -3, false);\n"
        "INSERT INTO public.t (n) VALUES ('made 20'); SELECT nextval('public.down');\n"
        "SELECT setval('public.t_id_seq', 30);\n"
    )
    database.execute(ddl + "INSERT INTO public.t VALUES (100, 'own'); SELECT setval('public.t_id_seq', 100)")
    engine.converge(database.connector, ddl + fill)
    rows = dict(database.execute("SELECT n, id FROM public.t"))
    assert (rows["given 5"], rows["given 10"]) == (5, 10)
    assert sorted(rows[name] for name in rows if name not in ("own", "given 5", "given 10")) == [101, 102, 103, 104]
    assert engine.plan(database.connector, ddl + fill).changed is False
