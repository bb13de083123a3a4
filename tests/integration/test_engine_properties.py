# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two random schemas, one turned into the other: the engine and pg_dump must agree that the file was reached, and the
rows must be there still. Or the rows stand in the way, and then nothing has happened.

The examples are the same at every run. ``PROPERTY_EXAMPLES`` in the environment says how many; with it, they are new
ones each time, and of all kinds: domains, composite and range types, partitions, policies, triggers, materialized
views, functions of rows and in SQL, default privileges.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dump_compare
import psycopg2
import pytest
from engine_support import DUMP, shadows, statements
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import HAZARDS
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

pytestmark = [
    pytest.mark.one_major,
    pytest.mark.slow,
    pytest.mark.timeout(0 if os.environ.get("PROPERTY_EXAMPLES") else 900),
]

ASKED = os.environ.get("PROPERTY_EXAMPLES")
EXAMPLES = int(ASKED or 12)
PHASES = (Phase.generate, Phase.shrink) if ASKED else (Phase.generate,)

# Plain, upper case, a key word, a quote of each kind, a blank, a dot, a per cent sign, other scripts, 63 bytes.
NAMES = ("plain", "Upper", "select", 'dou"ble', "sing'le", "a blank", "do.t", "per%scent", "Größe_表", "n" * 63)
COMMENTS = ("", "word", "it's", "line\nbreak", "100 %s", "\\ back $$ dollar")

# Type -> expressions that can stand as its default.
TYPES = {
    "integer": ("0", "-7", "(1 + 2) * 3"),
    "bigint": ("9007199254740993",),
    "numeric(10,2)": ("1.50", "round(2.345, 1)"),
    "text": ("''", "'it''s'", "upper('x')", "E'line\\nbreak'"),
    "character varying(20)": ("'a'", "'%s'"),
    "character varying(40)": ("'a'",),
    "boolean": ("true", "(NOT true)"),
    "date": ("CURRENT_DATE", "'2026-01-31'"),
    "timestamp with time zone": ("now()", "CURRENT_TIMESTAMP - interval '1 day'"),
    "jsonb": ("'{\"a\": [1]}'",),
    "integer[]": ("'{1,2}'", "ARRAY[1, 2]"),
    "uuid": ("gen_random_uuid()",),
    "bytea": ("'\\x00ff'",),
    "s.mood": ("'calm'",),
}
if ASKED:
    TYPES.update(
        {
            "s.mood[]": ("'{calm}'",),
            "s.count": ("5",),
            "s.pair": ("ROW(1, 'x')",),
            "s.span": ("'[1,3)'",),
        }
    )
# Expressions over a table's id, some by way of a function that the plan may have to make anew.
CONDITIONS: tuple[str, ...] = ("id > 0", "id IN (1, 2, 3)", "id <> 5 OR id IS NULL")
GENERATED: tuple[str, ...] = ("id + 1", "id * 2")
if ASKED:
    CONDITIONS += ("s.calc(id) > 0", "s.calc(id)::text LIKE '%1'")
    GENERATED += ("s.calc(id)::integer",)
CALC = tuple(
    f"CREATE FUNCTION s.calc({words}"
    for words in (
        "integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
        "integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint'",
        "n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN n; END'",
        "n integer, more integer DEFAULT 0) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n + more'",
        "integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN $1",
    )
)
READER = "property_reader"
LABELS = ("glad", "GLAD", "so so", "it's", "表")


def q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string constant; standard_conforming_strings is on."""
    return "'" + value.replace("'", "''") + "'"


@st.composite
def columns(draw: Any) -> list[tuple[str, str, str]]:
    """(name, type, all that follows)."""
    result = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        kind = draw(st.sampled_from(list(TYPES)))
        more = ""
        if draw(st.booleans()):
            more += f" DEFAULT {draw(st.sampled_from(TYPES[kind]))}"
        elif kind == "integer" and draw(st.booleans()):
            more += f" GENERATED ALWAYS AS ({draw(st.sampled_from(GENERATED))}) STORED"
        elif ASKED and kind == "integer" and draw(st.booleans()):
            more += " DEFAULT s.calc(7)"
        if draw(st.booleans()):
            more += " NOT NULL"
        result.append((name, kind, more))
    return result


# What follows the columns, and the bounds of partitions.
PARTITIONS = (
    (),
    (),
    (" PARTITION BY RANGE (id)", "FOR VALUES FROM (1) TO (10)", "DEFAULT"),
    (" PARTITION BY RANGE (id)", "FOR VALUES FROM (1) TO (20)", "FOR VALUES FROM (20) TO (30)", "DEFAULT"),
    (" PARTITION BY HASH (id)", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 2, REMAINDER 1)"),
    (" PARTITION BY LIST (id)", "FOR VALUES IN (1, 2, 3)", "DEFAULT"),
)


@st.composite
def programs(draw: Any, name: str, number: int, stored: Sequence[str], plain: bool) -> list[str]:
    """What stands on a table and is no part of its definition."""
    on = f"s.{q(name)}"
    condition = st.sampled_from(CONDITIONS)
    result = []
    if draw(st.booleans()):
        result.append(f"CREATE POLICY {q(f'policy {number}')} ON {on} USING ({draw(condition)})")
        if draw(st.booleans()):
            result.append(f"ALTER TABLE {on} ENABLE ROW LEVEL SECURITY")
    if draw(st.booleans()):
        when = draw(st.sampled_from(("", "WHEN (s.calc(NEW.id) > 0) ", "WHEN (NEW.id > 3) ")))
        event = draw(st.sampled_from(("INSERT", "UPDATE", f"INSERT OR UPDATE OF {q(stored[-1])}")))
        timing = draw(st.sampled_from(("BEFORE", "AFTER")))
        result.append(
            f"CREATE TRIGGER {q(f'trigger {number}')} {timing} {event} ON {on} FOR EACH ROW {when}"
            "EXECUTE FUNCTION s.noted()"
        )
    if draw(st.booleans()):
        grants = draw(st.lists(st.sampled_from(("SELECT", "INSERT", "UPDATE (id)", "SELECT (id)", "ALL")), min_size=1))
        result.append(f"GRANT {', '.join(dict.fromkeys(grants)) if 'ALL' not in grants else 'ALL'} ON {on} TO {READER}")
    if draw(st.booleans()):
        result.append(f"CREATE STATISTICS s.{q(f'statistics {number}')} ON id, (s.calc(id)) FROM {on}")
    if draw(st.booleans()):
        columns = ", ".join(q(each) for each in dict.fromkeys(("id", draw(st.sampled_from(list(stored))))))
        result.append(
            f"CREATE MATERIALIZED VIEW s.{q(f'kept {number}')} AS SELECT {columns}, s.calc(id) AS c FROM {on}"
        )
        result.append(f"CREATE INDEX {q(f'of kept {number}')} ON s.{q(f'kept {number}')} (id)")
    if draw(st.booleans()):
        # A function of the rows, what calls it, and perhaps the table itself.
        given = draw(st.sampled_from(("integer", "text", "bigint")))
        result.append(
            f"CREATE FUNCTION s.{q(f'of row {number}')}({on}) RETURNS {given} LANGUAGE sql IMMUTABLE AS "
            f"$$SELECT 1::{given}$$"
        )
        call = f"s.{q(f'of row {number}')}({q(name)}.*)"
        result.append(f"CREATE VIEW s.{q(f'rows {number}')} AS SELECT id, {call} AS f FROM {on}")
        if plain and draw(st.booleans()):
            result.append(f"ALTER TABLE {on} ADD CONSTRAINT {q(f'row {number}')} CHECK ({call}::text <> '')")
    if draw(st.booleans()):
        result.append(f"CREATE RULE {q(f'rule {number}')} AS ON DELETE TO {on} WHERE OLD.id = 9 DO INSTEAD NOTHING")
    if draw(st.booleans()):
        body = draw(st.sampled_from((f"SELECT count(*) FROM {on}", f"SELECT max(id)::bigint FROM {on} WHERE id > 1")))
        result.append(
            f"CREATE FUNCTION s.{q(f'counted {number}')}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC {body}; END"
        )
    return result


@st.composite
def tables(draw: Any, name: str, others: Sequence[str]) -> list[str]:
    """The statements that make a table in schema s, and what hangs on it."""
    identity = draw(st.sampled_from(("", " GENERATED ALWAYS AS IDENTITY", " GENERATED BY DEFAULT AS IDENTITY")))
    made = draw(columns())
    names = ["id", *(each for each, _kind, _more in made)]
    comparable = ["id", *(each for each, kind, _more in made if kind not in ("jsonb",))]
    stored = ["id", *(each for each, _kind, more in made if "GENERATED" not in more)]
    number = NAMES.index(name)  # so that names of indexes and constraints do not meet
    items = [f"id integer{identity} NOT NULL", *(f"{q(each)} {kind}{more}" for each, kind, more in made)]
    items.append(f"CONSTRAINT {q(f'key {number}')} PRIMARY KEY (id)")
    if draw(st.booleans()):
        listed = ", ".join(q(each) for each in draw(st.lists(st.sampled_from(comparable), min_size=1, unique=True)))
        deferred = draw(st.sampled_from(("", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED")))
        items.append(f"CONSTRAINT {q(f'unique {number}')} UNIQUE ({listed}){deferred}")
    for check in draw(st.lists(st.sampled_from(CONDITIONS), max_size=2)):
        items.append(f"CHECK ({check})")
    partitions = draw(st.sampled_from(PARTITIONS)) if ASKED and len(items) == len(names) + 1 else ()
    result = [f"CREATE TABLE s.{q(name)} ({', '.join(items)}){partitions[0] if partitions else ''}"]
    result += [f"CREATE TABLE s.{q(f'part {number} {at}')} PARTITION OF s.{q(name)} {bound}" for at, bound in
               enumerate(partitions[1:])]  # fmt: skip
    if draw(st.booleans()):
        listed = ", ".join(
            f"{q(each)}{draw(st.sampled_from(('', ' DESC')))}"
            for each in draw(st.lists(st.sampled_from(comparable), min_size=1, max_size=2, unique=True))
        )
        partial = draw(st.sampled_from(("", " WHERE id > 10", " WHERE id IS NOT NULL")))
        unique = "" if partitions else draw(st.sampled_from(("", "UNIQUE ")))
        result.append(f"CREATE {unique}INDEX {q(f'index {number}')} ON s.{q(name)} ({listed}){partial}")
    if draw(st.booleans()):
        listed = ", ".join(q(each) for each in draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
        result.append(f"CREATE VIEW s.{q(f'view {number}')} AS SELECT {listed} FROM s.{q(name)} WHERE id > 0")
        if draw(st.booleans()):
            result.append(f"CREATE VIEW s.{q(f'over {number}')} AS SELECT count(*) AS n FROM s.{q(f'view {number}')}")
    if ASKED:
        result += draw(programs(name, number, stored, plain=not partitions))
    comment = draw(st.sampled_from(COMMENTS))
    if comment:
        result.append(f"COMMENT ON TABLE s.{q(name)} IS {text(comment)}")
        result.append(f"COMMENT ON COLUMN s.{q(name)}.{q(names[-1])} IS {text(comment)}")
    if others and draw(st.booleans()):
        target = draw(st.sampled_from(list(others)))
        action = draw(st.sampled_from(("", " ON DELETE CASCADE", " ON UPDATE SET NULL")))
        result.append(
            f"ALTER TABLE s.{q(name)} ADD CONSTRAINT {q(f'refers {number}')} FOREIGN KEY (id) "
            f"REFERENCES s.{q(target)} (id){action}"
        )
    return result


@st.composite
def types_and_functions(draw: Any) -> list[str]:
    """What columns and expressions of the other strategies name."""
    result: list[str] = []
    check = draw(st.sampled_from(("", " CHECK (VALUE <> 77)", " CHECK (VALUE > -5) CHECK (VALUE <> 77)")))
    result.append(f"CREATE DOMAIN s.count AS {draw(st.sampled_from(('integer', 'bigint')))}{check}")
    result.append(f"CREATE TYPE s.pair AS (x {draw(st.sampled_from(('integer', 'bigint')))}, y text)")
    result.append(f"CREATE TYPE s.span AS RANGE (SUBTYPE = {draw(st.sampled_from(('integer', 'bigint')))})")
    result.append(draw(st.sampled_from(CALC)))
    result.append("CREATE FUNCTION s.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    if draw(st.booleans()):
        result.append(f"ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO {READER}")
    return result


@st.composite
def schemas(draw: Any) -> str:
    labels = ["calm", *draw(st.lists(st.sampled_from(LABELS), max_size=3, unique=True))]
    parts = ["CREATE SCHEMA s", f"CREATE TYPE s.mood AS ENUM ({', '.join(text(each) for each in labels)})"]
    if ASKED:
        parts += draw(types_and_functions())
    for name in draw(st.lists(st.sampled_from(NAMES[:4]), max_size=2, unique=True)):
        options = draw(st.sampled_from(("", " INCREMENT 5", " MINVALUE -3 MAXVALUE 90 CYCLE", " AS smallint CACHE 4")))
        parts.append(f"CREATE SEQUENCE s.{q('seq ' + name)}{options}")
    if draw(st.booleans()):
        body = draw(st.sampled_from(("SELECT 1", "SELECT 2", "SELECT (m = 'calm')::int")))
        words = draw(st.sampled_from(("", " IMMUTABLE", " STRICT", " SECURITY DEFINER SET search_path = pg_catalog")))
        arguments = draw(st.sampled_from(("m s.mood", "m s.mood DEFAULT 'calm'", "m text, n integer")))
        parts.append(f"CREATE FUNCTION s.{q('f(x)')}({arguments}) RETURNS int LANGUAGE sql{words} AS $${body}$$")
    made: list[str] = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)):
        parts += draw(tables(name, made))
        made.append(name)
    return ";\n".join(parts) + ";\n"


@pytest.fixture(scope="module")
def reader(server: Any) -> Iterator[None]:
    """The role that is granted something."""
    server.start()
    server.execute(f"CREATE ROLE {READER}")
    yield
    server.start()
    server.execute(f"DROP ROLE {READER}")


def _fill(database: Any) -> None:
    """Rows, as far as the tables take them."""
    for (table,) in database.execute(TABLES):
        for number in (1, 2, 12):
            with contextlib.suppress(psycopg2.Error):
                database.execute(f"INSERT INTO {table} (id) OVERRIDING SYSTEM VALUE VALUES ({number})")


def _ids(database: Any) -> dict[str, list[Any]]:
    return {table: database.execute(f"SELECT id FROM {table} ORDER BY id") for (table,) in database.execute(TABLES)}


TABLES = """
    SELECT oid::regclass::text FROM pg_class
     WHERE relnamespace = 's'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"""


EXAMPLE_SETTINGS = settings(
    max_examples=EXAMPLES,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A failure is told as it is: making it smaller takes minutes, and is for whoever asks for examples.
    phases=PHASES,
)
POLICY = Policy(prune=True, allow_hazards=tuple(HAZARDS), record=False)


@contextlib.contextmanager
def _databases(factory: Callable[..., Any], before: str, after: str) -> Iterator[tuple[Any, Any]]:
    """A database made from each of the two, gone at the end: there are many examples."""
    live, fresh = factory(), factory()
    try:
        live.execute(before)
        fresh.execute(after)
        yield live, fresh
    finally:
        live.server.drop_database(live.name)
        live.server.drop_database(fresh.name)


def _assert_reached(live: Any, fresh: Any, source: str, done: Any) -> None:
    """Both oracles find that ``done`` has made ``live`` what ``fresh`` is, and nothing is left to do."""
    note("\n".join(statements(done)))
    left = dump_compare.difference(*(each.dump("--schema-only", *DUMP) for each in (live, fresh)))
    assert not left, "pg_dump tells\n" + "\n".join(left)
    report = engine.verify(live.connector, source, POLICY)
    assert report.in_sync and not report.unexpected and not report.findings.extra_grants
    assert report.fingerprint == done.fingerprint
    again = engine.converge(live.connector, source, POLICY)
    assert not again.changed, statements(again)
    assert shadows(live) == []


@given(before=schemas(), after=schemas())
@EXAMPLE_SETTINGS
def test_any_schema_becomes_any_other(
    reader: None, database_factory: Callable[..., Any], before: str, after: str
) -> None:
    with _databases(database_factory, before, after) as (live, fresh):
        assert not engine.plan(live.connector, before, POLICY).changed, "made by the file, and it is not the file"
        _assert_reached(live, fresh, after, engine.converge(live.connector, after, POLICY))


@pytest.mark.skipif(not ASKED, reason="schemas of all kinds are for whoever asks for examples")
@given(before=schemas(), after=schemas(), filled=st.booleans())
@EXAMPLE_SETTINGS
def test_any_schema_becomes_any_other_with_its_rows(
    reader: None, database_factory: Callable[..., Any], before: str, after: str, filled: bool
) -> None:
    with _databases(database_factory, before, after) as (live, fresh):
        if filled:
            _fill(live)
        rows = _ids(live)
        assert not engine.plan(live.connector, before, POLICY).changed, "made by the file, and it is not the file"
        dump = live.dump(*DUMP)
        try:
            done = engine.converge(live.connector, after, POLICY)
        except EngineError as error:
            # Rows may be in the way of what the file asks for; then nothing has happened.
            assert any(rows.values()) and _is_about_rows(error), error
            assert live.dump(*DUMP) == dump
            return
        kept = _ids(live)
        assert kept == {table: rows.get(table, []) for table in kept}, "rows were lost"
        _assert_reached(live, fresh, after, done)


def _is_about_rows(error: EngineError) -> bool:
    """Whether a plan was stopped by values: SQLSTATE classes 22 (data) and 23 (constraints), or a probe for them."""
    state = (error.details or {}).get("sqlstate") or ""
    return state[:2] in ("22", "23") or "cannot be carried out on the rows" in str(error)
