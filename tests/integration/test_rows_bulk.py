# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of many rows: brought by COPY from the disposable database, told by a hash, never held as a whole.

What counts as many is set to nothing here, so that a few rows do; one test at the end has really many.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_support import assert_at, statements

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy
from ansible_collections.domainflow.database.plugins.module_utils.rows import stream

ODD = (
    "INSERT INTO public.big VALUES (0, NULL, ''),"
    " (-1, E'tab\\there', E'line\\nbreak\\rreturn'), (-2, E'back\\\\slash', "
    "E'\\\\N'), (-3, 'Größe ☃', '\\.'), (-4, '%s %', '\"quoted\" ''it''');\n"
)
TABLE = "CREATE TABLE public.big (id bigint PRIMARY KEY, a text, b text NOT NULL);\n"
ROWS = "INSERT INTO public.big SELECT i, 'a' || i, repeat('b', i % 20) FROM generate_series(1, 500) i;\n"
EVERYTHING = "SELECT id, a, b FROM public.big ORDER BY id"


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LARGE", 0)
    monkeypatch.setattr(stream, "BATCH", 64)


def copies(outcome: Any) -> list[str]:
    return [sql for sql in statements(outcome) if sql.startswith("COPY ")]


@pytest.mark.parametrize("before", ["", TABLE], ids=["new", "empty"])
def test_rows_are_copied_and_found_again(
    database: Any, database_factory: Callable[..., Any], before: str, tmp_path: Path
) -> None:
    fresh = database_factory()
    source = TABLE + ODD + ROWS
    fresh.psql(source)
    database.execute("CREATE TABLE public.other ()")
    if before:
        database.psql(before)
    outcome = engine.converge(database.connector, source)
    assert copies(outcome) == ["COPY public.big (id, a, b) FROM stdin"]
    assert [step.text for step in outcome.plan][-1].endswith(" -- 505 rows")
    assert database.execute(EVERYTHING) == fresh.execute(EVERYTHING)
    assert engine.converge(database.connector, source).from_ledger
    database.execute("COMMENT ON TABLE public.other IS 'so that the shadow is asked again'")
    assert_at(database, source)


def test_what_is_missing_is_inserted_and_nothing_else(database: Any) -> None:
    database.psql(
        TABLE + ROWS + "DELETE FROM public.big WHERE id % 100 = 7; UPDATE public.big SET b = 'mine' WHERE id = 8"
    )
    database.execute("INSERT INTO public.big VALUES (1000, 'somebody''s', 'x')")
    report = engine.verify(database.connector, TABLE + ROWS)
    assert len(report.rows) == 5 and report.rows[0].expected == "id = '107', a = 'a107', b = 'bbbbbbb'"
    outcome = engine.converge(database.connector, TABLE + ROWS)
    assert len(outcome.plan) == 1 and outcome.plan[0].sql.startswith("INSERT INTO public.big")
    assert database.execute("SELECT count(*), count(*) FILTER (WHERE b = 'mine') FROM public.big") == [(501, 1)]
    assert_at(database, TABLE + ROWS)


FAMILY = """
CREATE TABLE public.kind (id int PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO public.kind VALUES (1, 'one'), (2, 'two');
CREATE TABLE public.big (id bigserial PRIMARY KEY, kind_id int NOT NULL REFERENCES public.kind, up bigint REFERENCES
    public.big, a text);
INSERT INTO public.big SELECT i, 1 + i % 2, CASE WHEN i < 300 THEN i + 1 END, 'a' FROM generate_series(1, 300) i;
SELECT setval('public.big_id_seq', 300);
CREATE TABLE public.leaf (big_id bigint NOT NULL REFERENCES public.big, n int, PRIMARY KEY (big_id, n));
INSERT INTO public.leaf SELECT i, 1 FROM generate_series(1, 300) i;
"""


def test_references_in_both_directions(database: Any) -> None:
    """Rows that reference later ones of their table, others, and are referenced; the sequence goes on after them."""
    database.execute("CREATE TABLE public.other ()")
    outcome = engine.converge(database.connector, FAMILY)
    # In between there is nothing that a small table has: public.kind is one of many rows, too.
    assert [sql.split(" ")[1] for sql in copies(outcome)] == ["public.kind", "public.big", "public.leaf"]
    assert database.execute("INSERT INTO public.big (kind_id) VALUES (1) RETURNING id") == [(301,)]
    assert_at(database, FAMILY)


@pytest.mark.parametrize("large", [0, 8192], ids=["both large", "one large"])
def test_a_table_follows_what_it_references(database: Any, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    """Where a referenced row has another number in the database, even many rows are read and changed."""
    monkeypatch.setattr(stream, "LARGE", large)
    database.psql(
        "CREATE TABLE public.kind (id int PRIMARY KEY, name text NOT NULL UNIQUE);"
        "INSERT INTO public.kind VALUES (7, 'one');"
    )
    outcome = engine.converge(database.connector, FAMILY)
    assert "COPY public.big" not in " ".join(copies(outcome))
    assert database.execute("SELECT kind_id, count(*) FROM public.big GROUP BY 1 ORDER BY 1") == [(2, 150), (7, 150)]
    assert_at(database, FAMILY)


@pytest.mark.parametrize(
    "column, policy",
    [
        ("at timestamptz NOT NULL DEFAULT now()", Policy()),
        ("token uuid NOT NULL DEFAULT gen_random_uuid()", Policy()),
        ("number serial", Policy()),
        ("plain int", Policy(enforce={"public.big": []})),
        ("plain int", Policy(renames=("table public.old -> big",))),
    ],
    ids=["clock", "random", "sequence", "enforced", "hint"],
)
def test_tables_that_have_to_be_held(database: Any, column: str, policy: Policy) -> None:
    source = f"CREATE TABLE public.big (id int PRIMARY KEY, {column});\n"
    source += "INSERT INTO public.big (id) SELECT i FROM generate_series(1, 300) i;\n"
    database.execute("CREATE TABLE public.other ()")
    outcome = engine.converge(database.connector, source, policy)
    assert copies(outcome) == []
    assert database.execute("SELECT count(*) FROM public.big") == [(300,)]
    assert_at(database, source, policy)


def test_partitioned_generated_and_identity(database: Any) -> None:
    source = """
        CREATE TABLE public.big (id int GENERATED ALWAYS AS IDENTITY, day date, double int GENERATED ALWAYS AS (id * 2)
            STORED, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE public.big_1 PARTITION OF public.big FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE public.big_2 PARTITION OF public.big FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        INSERT INTO public.big (id, day) OVERRIDING SYSTEM VALUE
            SELECT i, date '2024-06-01' + i FROM generate_series(1, 400) i;
        SELECT setval('public.big_id_seq', 400);
        """
    database.execute("CREATE TABLE public.other ()")
    assert copies(engine.converge(database.connector, source)) == ["COPY public.big (id, day) FROM stdin"]
    assert database.execute("SELECT count(*), sum(double) FROM public.big_1") == [(213, 213 * 214)]
    assert_at(database, source)


CHILD = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import psycopg2
from ansible_collections.domainflow.database.plugins.module_utils import engine
parameters = json.loads(sys.stdin.read())

def connect(name=None):
    return psycopg2.connect(**{**parameters, "dbname": name or parameters["dbname"]})

def highest():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

outcomes, marks = [], [highest()]
for _run in range(2):
    outcomes.append(engine.converge(connect, sys.argv[2]).changed)
    marks.append(highest())
print(json.dumps([outcomes, marks]))
"""


@pytest.mark.one_major  # it is this process that is measured, not the server
@pytest.mark.parametrize("how", ["copy", "insert"])
def test_a_large_data_section_is_not_held(database: Any, tmp_path: Path, how: str) -> None:
    """COPY, and one INSERT for every hundred rows: the process grows by much less than the file's size."""
    source = tmp_path / "large.sql"
    with source.open("w", encoding="utf-8") as file:
        file.write(TABLE)
        if how == "copy":
            file.write("COPY public.big (id, a, b) FROM stdin;\n")
            file.writelines(
                f"{i}\tname of number {i}\t{'some text to fill the row with ' * 3}\n" for i in range(200_000)
            )
            file.write("\\.\n")
        else:
            for first in range(0, 200_000, 100):
                values = (
                    f"({i}, 'name {i}', '{'some text to fill the row with ' * 3}')" for i in range(first, first + 100)
                )
                file.write(f"INSERT INTO public.big VALUES {', '.join(values)};\n")
    source.chmod(0o644)
    size = source.stat().st_size
    assert size > 20_000_000
    result = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(sys.path), str(source)],
        input=json.dumps(database.params),
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes, marks = json.loads(result.stdout)
    assert outcomes == [True, False]
    assert database.execute("SELECT count(*) FROM public.big") == [(200_000,)]
    assert marks[-1] - marks[0] < size * 0.8, [f"{mark // 2**20} MB" for mark in marks]
