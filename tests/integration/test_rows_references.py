# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference rows that reference each other: order, circles, and rows that stand elsewhere in the live database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rows_bench import Bench


@pytest.fixture
def bench(database: Any, database_factory: Any) -> Iterator[Bench]:
    with Bench(database, database_factory) as made:
        yield made


ACCESS = """
    CREATE TABLE zoles (id int PRIMARY KEY, name text UNIQUE);
    CREATE TABLE rights (id int PRIMARY KEY, name text UNIQUE);
    CREATE TABLE a_links (role_id int REFERENCES zoles, right_id int REFERENCES rights, note text,
        PRIMARY KEY (role_id, right_id));
"""
ACCESS_ROWS = """
    INSERT INTO zoles VALUES (1, 'admin'), (2, 'user');
    INSERT INTO rights VALUES (1, 'read'), (2, 'write');
    INSERT INTO a_links VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c');
"""


def test_what_is_referenced_comes_first(bench: Bench) -> None:
    bench.source(ACCESS + ACCESS_ROWS)
    bench.live.execute(ACCESS)
    assert [step.table.name for step in bench.apply().steps] == ["rights", "zoles", "a_links"]


def test_rows_under_other_ids_are_followed(bench: Bench) -> None:
    bench.source(ACCESS + ACCESS_ROWS)
    bench.live.execute(ACCESS)
    # 2 is taken by something else, and "admin" stands under 17.
    bench.live.execute("INSERT INTO zoles VALUES (17, 'admin'), (2, 'guest'); INSERT INTO rights VALUES (5, 'read')")
    bench.live.execute("INSERT INTO a_links VALUES (17, 5, 'kept')")
    bench.apply()
    assert bench.live.execute("SELECT * FROM a_links ORDER BY 1, 2") == [(2, 5, "c"), (17, 2, "b"), (17, 5, "kept")]
    assert bench.present_by_digest(bench.check().digest)
    bench.enforce = {"public.a_links": ["note"]}
    plan = bench.apply()
    assert [step.sql for step in plan.steps] == [
        "UPDATE ONLY public.a_links SET note = 'a' WHERE role_id = '17' AND right_id = '5'"
    ]


def test_self_references_in_any_order(bench: Bench) -> None:
    ddl = "CREATE TABLE tree (id int PRIMARY KEY, parent int NOT NULL REFERENCES tree, name text);"
    # The root references itself; the last rows come first.
    fill = "INSERT INTO tree SELECT i, greatest(i / 2, 1), 'n' || i FROM generate_series(1200, 1, -1) i;"
    bench.source(ddl + fill)
    bench.live.execute(ddl)
    plan = bench.apply()
    assert [(step.action, step.rows) for step in plan.steps] == [("insert", 1200)]


MUTUAL = """
    CREATE TABLE dept (id int PRIMARY KEY, boss int NOT NULL);
    CREATE TABLE emp (id int PRIMARY KEY, dept int NOT NULL REFERENCES dept, mentor int REFERENCES emp);
    ALTER TABLE dept ADD CONSTRAINT dept_boss FOREIGN KEY (boss) REFERENCES emp {deferrable};
"""


@pytest.mark.parametrize("deferrable", ["", "DEFERRABLE INITIALLY DEFERRED"])
def test_mutual_references(bench: Bench, deferrable: str) -> None:
    fill = """
        WITH d AS (INSERT INTO dept VALUES (1, 11), (2, 12))
        INSERT INTO emp VALUES (11, 1, NULL), (12, 2, 11), (13, 2, 12), (14, 1, 13);
    """
    bench.source(MUTUAL.format(deferrable=deferrable) + fill)
    bench.live.execute(MUTUAL.format(deferrable=deferrable))
    plan = bench.apply()
    assert sum(step.rows for step in plan.steps) == 6
    assert len(bench.table("dept")) == 2 and len(bench.table("emp")) == 4
    bench.live.execute("DELETE FROM emp WHERE id > 12")
    assert [step.rows for step in bench.apply().steps] == [1, 1]


SERIAL = """
    CREATE TABLE state (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE move (from_id int REFERENCES state, to_id int REFERENCES state, label text,
        PRIMARY KEY (from_id, to_id));
"""


def test_a_row_added_in_the_middle_of_numbered_rows(bench: Bench) -> None:
    moves = """INSERT INTO move SELECT a.id, b.id, a.name || b.name FROM state a, state b WHERE a.id + 1 = b.id;"""
    bench.source(SERIAL + "INSERT INTO state (name) VALUES ('new'), ('done');" + moves)
    bench.live.execute(SERIAL)
    assert [step.action for step in bench.apply().steps] == ["insert", "insert", "setval"]
    assert bench.table("state") == [(1, "new"), (2, "done")]
    # Now "open" has the number 2 in the source, and "done" 3.
    bench.source(SERIAL + "INSERT INTO state (name) VALUES ('new'), ('open'), ('done'), ('shut');" + moves)
    plan = bench.apply()
    assert "(name) VALUES\n    ('open'),\n    ('shut')\nON CONFLICT DO NOTHING" in plan.steps[0].sql
    assert "(SELECT id FROM public.state WHERE name = 'open')" in plan.steps[1].sql
    assert bench.table("state") == [(1, "new"), (2, "done"), (3, "open"), (4, "shut")]
    assert set(bench.table("move")) == {(1, 2, "newdone"), (1, 3, "newopen"), (3, 2, "opendone"), (2, 4, "doneshut")}
    assert bench.present_by_digest(bench.check().digest)


def test_given_numbers_are_not_taken_for_a_sequences(bench: Bench) -> None:
    rows = "INSERT INTO state VALUES (1, 'new'), (2, 'done'); SELECT setval('state_id_seq', 2);"
    bench.source(SERIAL + rows)
    bench.live.execute(SERIAL)
    bench.live.execute("INSERT INTO state (name) VALUES ('renamed by an operator')")
    plan = bench.apply()
    assert bench.table("state") == [(1, "renamed by an operator"), (2, "done")]
    assert [step.action for step in plan.steps] == ["insert", "setval"]
    assert bench.live.execute("INSERT INTO state (name) VALUES ('next') RETURNING id") == [(3,)]


def test_a_sequence_that_lags_behind_is_moved_before_rows_take_numbers_from_it(bench: Bench) -> None:
    bench.source(SERIAL + "INSERT INTO state (name) VALUES ('new'), ('done');")
    bench.live.execute(SERIAL)
    bench.live.execute("INSERT INTO state VALUES (1, 'mine'), (5, 'new')")
    assert [step.action for step in bench.apply().steps] == ["setval", "insert"]
    assert bench.table("state") == [(1, "mine"), (5, "new"), (6, "done")]


UUIDS = """
    CREATE TABLE grp (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), parent uuid REFERENCES grp, name text UNIQUE);
    CREATE TABLE member (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), grp uuid NOT NULL REFERENCES grp, who text);
"""
UUID_ROWS = """
    INSERT INTO grp (name) VALUES ('root');
    INSERT INTO grp (name, parent) SELECT 'child', id FROM grp WHERE name = 'root';
    INSERT INTO grp (name, parent) SELECT 'grandchild', id FROM grp WHERE name = 'child';
    INSERT INTO grp VALUES ('00000000-0000-0000-0000-000000000009', NULL, 'given');
    INSERT INTO member (grp, who) SELECT id, name || '!' FROM grp;
"""


def test_random_uuids(bench: Bench) -> None:
    bench.source(UUIDS + UUID_ROWS)
    bench.live.execute(UUIDS)
    first = bench.plan()
    bench.source(UUIDS + UUID_ROWS)
    assert bench.plan().steps == first.steps
    bench.apply()
    assert bench.live.execute("""
        SELECT g.name, p.name, m.who
          FROM grp g LEFT JOIN grp p ON p.id = g.parent JOIN member m ON m.grp = g.id ORDER BY 1
    """) == [
        ("child", "root", "child!"),
        ("given", None, "given!"),
        ("grandchild", "child", "grandchild!"),
        ("root", None, "root!"),
    ]
    assert bench.live.execute("SELECT id::text FROM grp WHERE name = 'given'") == [
        ("00000000-0000-0000-0000-000000000009",)
    ]
    # Another load makes other UUIDs: nothing is inserted again.
    bench.source(UUIDS + UUID_ROWS)
    assert bench.plan().steps == ()
    assert bench.check().differences == ()


def test_random_uuids_when_the_given_ones_are_not_known(bench: Bench) -> None:
    bench.source(UUIDS + UUID_ROWS, know_uuids=False)
    bench.live.execute(UUIDS)
    bench.apply()
    bench.source(UUIDS + UUID_ROWS, know_uuids=False)
    assert bench.plan().steps == ()


NESTED = """
    CREATE TABLE folder (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES folder, name text NOT NULL);
    CREATE UNIQUE INDEX ON folder (parent, name);
    CREATE UNIQUE INDEX ON folder (name) WHERE parent IS NULL;
"""


def test_keys_that_hold_references_to_the_same_table(bench: Bench) -> None:
    fill = """
        INSERT INTO folder (name) VALUES ('a'), ('b');
        INSERT INTO folder (name, parent) SELECT 'x', id FROM folder;
        INSERT INTO folder (name, parent) SELECT 'y', id FROM folder WHERE name = 'x';
    """
    bench.source(NESTED + fill)
    bench.live.execute(NESTED)
    bench.live.execute("INSERT INTO folder (name) VALUES ('z'), ('q'), ('b')")
    bench.live.execute("INSERT INTO folder (name, parent) VALUES ('x', 3)")
    bench.apply()
    paths = """
        WITH RECURSIVE p AS (SELECT id, name FROM folder WHERE parent IS NULL
            UNION ALL SELECT f.id, p.name || '/' || f.name FROM folder f JOIN p ON f.parent = p.id)
        SELECT name FROM p ORDER BY name"""
    assert [path for (path,) in bench.live.execute(paths)] == ["a", "a/x", "a/x/y", "b", "b/x", "b/x/y", "q", "z"]


def test_composite_references_and_references_to_partitions(bench: Bench) -> None:
    ddl = """
        CREATE TABLE region (land text, code text, PRIMARY KEY (land, code)) PARTITION BY LIST (land);
        CREATE TABLE region_de PARTITION OF region FOR VALUES IN ('de');
        CREATE TABLE city (name text PRIMARY KEY, land text, code text, FOREIGN KEY (land, code) REFERENCES region);
        CREATE TABLE area (name text PRIMARY KEY, land text, code text, FOREIGN KEY (land, code) REFERENCES region_de);
    """
    fill = """
        INSERT INTO region VALUES ('de', 'be');
        INSERT INTO city VALUES ('Berlin', 'de', 'be'), ('Atlantis', NULL, 'be');
        INSERT INTO area VALUES ('A', 'de', 'be');
    """
    bench.source(ddl + fill)
    bench.live.execute(ddl)
    assert [step.table.name for step in bench.apply().steps] == ["region", "area", "city"]
