# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are no schema: megabytes of garbage end in an error that names the line, soon."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import SourceError

pytestmark = [pytest.mark.one_major, pytest.mark.timeout(300)]

MEGABYTE = 1024 * 1024
_PRINTABLE = bytes(range(32, 127)) + b"\n\t"


def _random(alphabet: bytes) -> Callable[[int], bytes]:
    return lambda size: bytes(random.Random(size).choices(alphabet, k=size))


def _filled(unit: bytes, head: bytes = b"", tail: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


# What the file is, and what is said of it. The text after the line says which side noticed: the splitter or the server.
GARBAGE: dict[str, tuple[Callable[[int], bytes], str]] = {
    "random bytes": (_random(bytes(range(1, 256))), "not valid utf-8"),
    "random bytes with NUL": (_random(bytes(range(256))), "NUL byte|not valid utf-8"),
    "random text": (_random(_PRINTABLE), "."),
    "one line": (_filled(b"a b, "), "syntax error"),
    "one word": (_filled(b"x"), "syntax error"),
    "parentheses": (_filled(b"(", b"SELECT "), "syntax error|memory exhausted|stack depth"),
    "closed parentheses": (lambda n: b"SELECT " + b"(" * (n // 2) + b"1" + b")" * (n // 2), "memory exhausted|stack"),
    "brackets": (_filled(b"[", b"SELECT "), "syntax error"),
    "comments": (_filled(b"/* ", b"\n\n"), r"^\S+:3: a comment"),
    "dollar quotes": (_filled(b"$a$ $b$ \n", b"SELECT $c$"), r"^\S+:1: a dollar-quoted string"),
    "blocks": (_filled(b"BEGIN ATOMIC\n", b"CREATE FUNCTION f() RETURNS int "), "syntax error"),
    "cases": (_filled(b"CASE WHEN ", b"SELECT "), "syntax error|memory exhausted|stack depth"),
    "a quote at the end": (_filled(b"-- nothing\n", tail=b"SELECT 'open\n"), "a quoted string that begins here"),
    "a name at the end": (_filled(b"-- nothing\n", tail=b'SELECT "open\n'), "a quoted name that begins here"),
    "a comment at the end": (_filled(b"-- nothing\n", tail=b"/* open\n"), "a comment that begins here"),
    "a NUL byte at the end": (_filled(b"-- nothing\n", tail=b"SELECT 1;\0\n"), "NUL byte"),
    "bytes of another encoding at the end": (_filled(b"-- nothing\n", tail=b"SELECT '\xe9';\n"), r"byte 0xe9"),
    "backslashes": (_filled(b"\\"), "psql command"),
    "quotes": (_filled(b"'' \"\" ", b"SELECT "), "zero-length|syntax error"),
    "data without an end": (_filled(b"1\tx\n", b"CREATE TABLE t (a int);\nCOPY t FROM stdin;\n"), "extra data"),
    "an error in the last line": (_filled(b"-- nothing\n", tail=b"SELEC 1;\n"), "syntax error"),
}


@pytest.mark.parametrize(("make", "said"), GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage(database: Any, tmp_path: Path, make: Callable[[int], bytes], said: str) -> None:
    """Four times the text may take four times as long, and no message is as long as the file."""
    path = tmp_path / "garbage.sql"
    taken = {}
    for size in (MEGABYTE // 4, MEGABYTE):
        path.write_bytes(make(size))
        begun = time.monotonic()
        with pytest.raises(SourceError, match=said) as failed:
            engine.plan(database.connector, path)
        taken[size] = time.monotonic() - begun
        assert failed.value.message.startswith(f"{path}:") and len(str(failed.value)) < 5000
        if not failed.value.message.startswith(f"{path}: "):
            assert failed.value.details["line"] >= 1
    print(f"\n1/4 MB {taken[MEGABYTE // 4]:5.2f} s, 1 MB {taken[MEGABYTE]:5.2f} s")
    # The clock of a busy machine: what is quadratic would take sixteen times as long, and minutes.
    assert taken[MEGABYTE] < 10 * taken[MEGABYTE // 4] + 10


@pytest.mark.parametrize("ending", [b"/* open\n", b"SELECT 'open\n", b"SELEC 1;\n", b"SELECT '\xe9';\n"])
def test_the_line_is_the_right_one_however_far_down(database: Any, tmp_path: Path, ending: bytes) -> None:
    path = tmp_path / "garbage.sql"
    head = b"-- nothing\n" * 100_000
    path.write_bytes(head + b"\r\n" + ending)
    with pytest.raises(SourceError) as failed:
        engine.plan(database.connector, path)
    assert failed.value.details["line"] == 100_002


@pytest.mark.parametrize("content", [b"", b"-- nothing\n", b";" * MEGABYTE, b"/* */ " * 100_000, b"\n" * MEGABYTE])
def test_a_file_without_a_statement_changes_nothing(database: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.sql"
    path.write_bytes(content)
    database.execute("CREATE TABLE public.t (a int)")
    assert not engine.plan(database.connector, path).changed


TABLE = "CREATE TABLE public.t (a int);\n"


@pytest.mark.parametrize("deployed", [False, True], ids=["first", "again"])
@pytest.mark.parametrize(
    ("source", "said", "to_do"),
    [
        (TABLE + "CREATE TABLE public.u (a int DEFAULT :n);\n", ":2: syntax error", "variables .* not interpolated"),
        ("BEGIN;\n" + TABLE, "a transaction is still open at the end of the file", "COMMIT"),
    ],
    ids=["a variable", "an open transaction"],
)
def test_what_psql_takes_otherwise(database: Any, deployed: bool, source: str, said: str, to_do: str) -> None:
    if deployed:
        engine.converge(database.connector, "CREATE TABLE public.old (a int);")
    with pytest.raises(SourceError, match=said) as failed:
        engine.converge(database.connector, source)
    assert re.search(to_do, str(failed.value.hint))
    assert database.execute("SELECT to_regclass('public.t')") == [(None,)]
