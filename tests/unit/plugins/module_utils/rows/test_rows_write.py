# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements for rows: their exact text, and what of it may be shown."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity
from ansible_collections.domainflow.database.plugins.module_utils.rows import uuids
from ansible_collections.domainflow.database.plugins.module_utils.rows.model import (
    ColumnShape,
    Lookup,
    Row,
    Shape,
    Special,
    TableRows,
)
from ansible_collections.domainflow.database.plugins.module_utils.rows.write import (
    CHUNK_ROWS,
    Update,
    chunks,
    deletes,
    insert,
    row_text,
    updates,
)

TABLE = Identity("table", "public", "t")


def _column(name: str, base: str = "text", identity: str = "", secret: bool = False) -> ColumnShape:
    return ColumnShape(name, base, base, False, False, identity, None, None, secret)


def _table(columns: list[ColumnShape], rows: list[Row]) -> TableRows:
    shape = Shape(TABLE, tuple(columns), (), (), False, False)
    return TableRows(shape, tuple(columns), tuple(rows))


def test_columns_without_a_single_value_are_left_out() -> None:
    table = _table(
        [_column("a"), _column("b"), _column("c")], [("x", Special.DEFAULT, None), ("y", Special.DEFAULT, "it's")]
    )
    statement = insert([(table, [0, 1], False)])
    assert statement.sql == "INSERT INTO public.t (a, c) VALUES\n    ('x', NULL),\n    ('y', 'it''s')"
    assert statement.shown is statement.sql


def test_rows_of_nothing_but_defaults() -> None:
    table = _table([_column("a"), _column("b")], [(Special.DEFAULT, Special.DEFAULT)] * 2)
    assert insert([(table, [0, 1], True)]).sql == (
        "INSERT INTO public.t (a) VALUES\n    (DEFAULT),\n    (DEFAULT)\nON CONFLICT DO NOTHING"
    )


def test_given_numbers_of_an_identity_column_are_forced() -> None:
    table = _table([_column("id", identity="a"), _column("v")], [("1", Special.NOW), (Special.DEFAULT, "x")])
    assert "(id, v) OVERRIDING SYSTEM VALUE VALUES\n    ('1', CURRENT_TIMESTAMP)" in insert([(table, [0], False)]).sql
    assert insert([(table, [1], False)]).sql == "INSERT INTO public.t (v) VALUES\n    ('x')"


def test_secrets_are_masked_in_the_shown_text_only() -> None:
    table = _table([_column("name"), _column("api_key", secret=True)], [("n", "s3"), ("m", None)])
    statement = insert([(table, [0, 1], False)])
    assert "'s3'" in statement.sql
    assert statement.shown == statement.sql.replace("s3", "********")
    lookup = Lookup(TABLE, "id", (("api_key", "s3"), ("name", "n")))
    statement = insert([(_table([_column("of")], [(lookup,)]), [0], False)])
    assert "(SELECT id FROM public.t WHERE api_key = 's3' AND name = 'n')" in statement.sql
    assert "s3" not in statement.shown and "name = 'n'" in statement.shown
    assert row_text([(_column("api_key", secret=True), "s3"), (_column("a"), None)]) == "api_key = '********', a = NULL"


def test_several_tables_in_one_statement() -> None:
    one = _table([_column("a")], [("1",)])
    two = replace(one, shape=replace(one.shape, table=Identity("table", "public", "u")))
    assert insert([(one, [0], True), (two, [0], False)]).sql == (
        "WITH step1 AS (\nINSERT INTO public.t (a) VALUES\n    ('1')\nON CONFLICT DO NOTHING\n)\n"
        "INSERT INTO public.u (a) VALUES\n    ('1')"
    )


def test_many_rows_and_large_rows_are_cut_into_statements() -> None:
    small = _table([_column("a")], [(str(number),) for number in range(CHUNK_ROWS * 2 + 1)])
    assert [len(piece) for piece in chunks(small, range(len(small.rows)))] == [CHUNK_ROWS, CHUNK_ROWS, 1]
    large = _table([_column("a")], [("x" * 600_000,)] * 3)
    assert [len(piece) for piece in chunks(large, range(3))] == [1, 1, 1]


def test_many_updates_share_a_statement() -> None:
    shape = _table([_column("id", "integer"), _column("v", "text")], []).shape
    changes = [Update((("id", str(number)),), (("v", "x"),)) for number in range(30)]
    found = list(updates(shape, changes + [Update((("id", "99"),), (("v", None), ("id", "7")))]))
    assert [count for _statement, count in found] == [30, 1]
    assert found[0][0].sql.startswith(
        "UPDATE ONLY public.t AS t SET v = CAST(v.n0 AS text)\n  FROM (VALUES\n    ('0', 'x'),"
    )
    assert found[0][0].sql.endswith("AS v(c0, n0)\n WHERE t.id = CAST(v.c0 AS integer)")
    assert found[1][0].sql == "UPDATE ONLY public.t SET v = NULL, id = '7' WHERE id = '99'"


def test_deletes_by_one_column_by_several_and_by_all() -> None:
    shape = _table([_column("a"), _column("b")], []).shape
    assert (
        next(deletes(shape, ["a"], [("1",), ("2",)], False))[0].sql == "DELETE FROM ONLY public.t WHERE a IN ('1', '2')"
    )
    several = next(deletes(shape, ["a", "b"], [("1", "2")], False))[0].sql
    assert several == "DELETE FROM ONLY public.t WHERE (a, b) IN (('1', '2'))"
    whole = next(deletes(shape, ["a", "b"], [("1", None)], True))[0].sql
    assert whole == (
        "DELETE FROM ONLY public.t WHERE (a::text IS NOT DISTINCT FROM '1' AND b::text IS NOT DISTINCT FROM NULL)"
    )


def test_uuids_of_a_text() -> None:
    text = "VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a12}', 'a0eebc99')"
    assert uuids(text) == {"a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a12"}
