# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where statements end: each of psql's lexical rules, both where it holds a semicolon back and where it does not."""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dump_source
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servers
from ansible_collections.domainflow.database.plugins.module_utils.errors import SourceError
from ansible_collections.domainflow.database.plugins.module_utils.script import Source, statements
from ansible_collections.domainflow.database.plugins.module_utils.script.lexer import Token, split, tokens
from ansible_collections.domainflow.database.plugins.module_utils.script.lines import Encoding, Lines


def texts(text: str) -> list[str]:
    return [statement.text for statement in statements(Source.from_text(text))]


ONE_STATEMENT = {
    "a carriage return ends a comment": "SELECT 1 -- it's\r, ';'",
    "plain string": "SELECT ';'",
    "doubled quote": "SELECT 'it''s; fine'",
    "backslash is plain in a plain string": r"SELECT 'a\', ';'",
    "escape string": r"SELECT E'a\';b'",
    "escape string, lower case": r"SELECT e'a\';b'",
    "escape string with doubled quote": r"SELECT E'a'';\';b'",
    "escaped backslash ends the string": r"SELECT E'a\\', ';'",
    "escape string over lines": "SELECT E'a\\\n\\';b'",
    "unicode string": r"SELECT U&'\0061;' UESCAPE '!'",
    "bit string": "SELECT B'10', ';'",
    "national string": "SELECT N';'",
    "quoted name": 'SELECT 1 AS ";"',
    "quoted name with doubled quote": 'SELECT 1 AS "a"";"',
    "quoted name with apostrophe": """SELECT 1 AS "it's;" """.strip(),
    "unicode name": r'SELECT 1 AS U&"d\0061;"',
    "dollar quotes": "SELECT $$;$$",
    "dollar quotes with tag": "SELECT $a$ ; $b$ ; $$ ; $a$",
    "dollar quotes with non-ASCII tag": "SELECT $ä$;$ä$",
    "dollar quotes after a failed tag": "SELECT $a$;$$a$",
    "dollar quotes over lines": "DO $x$\nBEGIN\n  NULL;\nEND;\n$x$",
    "quote inside dollar quotes": "SELECT $$ ' ; $$",
    "line comment": "SELECT 1 -- ; '\n + 2",
    "line comment behind an operator": "SELECT 1 +-- ;\n 2",
    "block comment": "SELECT 1 /* ; ' */ + 2",
    "nested block comments": "SELECT 1 /* a /* ; */ ; */ + 2",
    "block comment with stars": "SELECT 1 /***;***/ + 2",
    "block comment over lines": "SELECT 1 /*\n;\n*/ + 2",
    "comment signs in a string": "SELECT '/*', ';', '--'",
    "string signs in a comment": "SELECT 1 /* 'it */ + 2",
    "rule with several actions": "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT (2); SELECT 3)",
    "atomic body": "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "atomic body, replace": "create or replace procedure f() begin atomic select 1; end",
    "atomic body with case": "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT; END",
    "atomic body with nested case": (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n"
        "SELECT CASE WHEN a THEN CASE b WHEN 1 THEN 2 END ELSE 3 END;\nSELECT 2;\nEND"
    ),
    "atomic body with case in parentheses": (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (CASE WHEN a THEN 1 END); SELECT 2; END"
    ),
    "atomic body, comment in between": "CREATE FUNCTION f() RETURNS int BEGIN /* x */ -- y\n ATOMIC SELECT 1; END",
    "quoted end in an atomic body": 'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS "end"; SELECT 2; END',
    "unbalanced closing parenthesis": "SELECT 1)",
    "colon and brackets": "SELECT a[1:2]::int, :name",
    "parameter": "SELECT $1",
    "no-break space is a letter": "SELECT 1 AS \u00a0",
}


@pytest.mark.parametrize("text", ONE_STATEMENT.values(), ids=ONE_STATEMENT.keys())
def test_semicolon_inside_does_not_end_the_statement(text: str) -> None:
    assert texts(text + ";\nSELECT 'next';") == [text, "SELECT 'next'"]


TWO_STATEMENTS = {
    "dollar sign in a name": ("SELECT a$b$", "SELECT c$b$"),
    "name that ends in e before a string": (r"SELECT type'a\'", "SELECT 'b'"),
    "string after an escape string on the same line": ("SELECT E'a', 'b\\'", "SELECT ''"),
    "plain string on the next line of a plain one": ("SELECT 'a'\n'b\\'", "SELECT ''"),
    "escape string goes on as a plain one, as psql has it": ("SELECT E'a'\n'b\\'", "SELECT ''"),
    "division and multiplication": ("SELECT 4 / 2 * 3", "SELECT */2"),
    "case outside of a function": ("SELECT CASE WHEN a THEN 1 END", "SELECT 2"),
    "begin as a transaction": ("BEGIN", "SELECT CASE WHEN a THEN 1 END"),
    "function named begin": ("CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS $$SELECT 1$$", "SELECT 2"),
    "function with a begin parameter": ("CREATE FUNCTION f(begin int) RETURNS int RETURN begin", "SELECT 2"),
    "atomic as a name": ("CREATE FUNCTION atomic() RETURNS int RETURN 1", "SELECT 2"),
    "table with a column named atomic": ("CREATE TABLE t (begin int, atomic int)", "SELECT 2"),
    "minus signs apart": ("SELECT 1 - - 1", "SELECT 2"),
    "carriage returns": ("SELECT\r 1", "SELECT 2"),
    "form feed and vertical tab": ("SELECT\f1\v+ 1", "SELECT 2"),
}


@pytest.mark.parametrize("pair", TWO_STATEMENTS.values(), ids=TWO_STATEMENTS.keys())
def test_semicolon_ends_the_statement(pair: tuple[str, str]) -> None:
    assert texts(";".join(pair)) == list(pair)


def test_empty_statements_and_comments_are_no_statements() -> None:
    assert texts("") == []
    assert texts(" ;;\n; -- nothing\n/* /* ; */ */ ; ") == []


def test_last_statement_needs_no_semicolon() -> None:
    assert texts("SELECT 1;\nSELECT 2\n  ") == ["SELECT 1", "SELECT 2"]


def test_line_is_that_of_the_first_word() -> None:
    text = "-- head\n/* more\n */ SELECT 1;\n\n\n  SELECT\n2; SELECT 3;\n"
    assert [(s.text, s.line) for s in statements(Source.from_text(text))] == [
        ("SELECT 1", 3),
        ("SELECT\n2", 6),
        ("SELECT 3", 7),
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("SELECT 1;\nSELECT 'a;\nb", 2, "a quoted string"),
        ("SELECT E'a\\'", 1, "a quoted string"),
        ('SELECT\n 1 AS "a;\n\n', 2, "a quoted name"),
        ("SELECT 1;\n\nDO $x$ BEGIN $y$ $$", 3, "a dollar-quoted string"),
        ("SELECT 1;\n/* a /* b */\n", 2, "a comment"),
        ("SELECT 1 /* a", 1, "a comment"),
    ],
)
def test_unbalanced_end_names_the_line_where_it_began(text: str, line: int, what: str) -> None:
    with pytest.raises(SourceError) as caught:
        texts(text)
    assert caught.value.message.startswith(f"<content>:{line}: {what} that begins here")
    assert caught.value.details == {"file": "<content>", "line": line}


def test_backslash_inside_a_statement_is_refused() -> None:
    with pytest.raises(
        SourceError, match=r"<content>:3: psql command '\\gset' inside a statement that began at line 2"
    ):
        texts("SELECT 1;\nSELECT\n 2 \\gset\n")


def test_tokens_leave_comments_out_and_keep_strings_apart() -> None:
    text = """copy /* a /* b */ c */ "T" ('it''s', E'\\'', $x$;$x$) -- end\n From 1.5"""
    assert list(tokens(text)) == [
        Token("word", "COPY"),
        Token("name", '"T"'),
        Token("sign", "("),
        Token("string", "'it'"),
        Token("string", "'s'"),
        Token("sign", ","),
        Token("string", "E'\\''"),
        Token("sign", ","),
        Token("string", ";"),
        Token("sign", ")"),
        Token("word", "FROM"),
        Token("number", "1.5"),
    ]


# --- properties ---------------------------------------------------------------------------------------

_fragments = st.sampled_from(
    ["SELECT", "a", "1", " ", "\n", "(", ")", ",", "'x'", "';'", "'it''s'", "E'\\';'", "E'a'\n'b\\'", '";"', '"a""b"']
    + ["$$;$$", "$t$ ; $$ ; $t$", "/* ; */", "/* /* ; */ ; */", "-- ; '\n", "a$b$", "e", "E", "U&';'", "::", "$1", "*/"]
    + ["CREATE FUNCTION", "BEGIN ATOMIC", "CASE", "END", "BEGIN", "+", "/", "*", "-", "ä", "\r", "<>", ";"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_fragments, max_size=40))
def test_statements_joined_split_the_same_again(fragments: list[str]) -> None:
    """What comes out stands in the text as it is, in order, and can be fed in again."""
    text = "".join(fragments).replace("\r\n", "\n")  # Windows line ends are read as others
    try:
        once = texts(text)
    except SourceError:
        return
    at = 0
    for part in once:
        at = text.index(part, at) + len(part)
    closed = [part for part in once if not _open_ended(part)]
    assert closed == once or closed == once[:-1]
    assert texts("".join(part + "\n;\n" for part in closed)) == closed


def _open_ended(text: str) -> bool:
    """The last statement of a file may end inside a parenthesis or block, where a semicolon does not end it."""
    return texts(text + "\n;\nSELECT 0")[-1] != "SELECT 0"


def pieces(text: str) -> list[str]:
    """As ``texts``, also of what a schema file may not hold. psql sends the last statement even where it is open."""
    try:
        return [piece.text for piece in split(Lines(iter(io.BytesIO(text.encode())), "x", Encoding()))]
    except SourceError:
        return [text]


def psql_texts(server: servers.Server, text: str, folder: Path, bare: Callable[[str], list[str]] = texts) -> list[str]:
    """The statements that psql itself sends, from the log that it writes of them."""
    script, log = folder / "script.sql", folder / "log"
    script.write_text(text, encoding="utf-8", newline="")
    log.unlink(missing_ok=True)
    command = [str(servers.client_bin() / "psql"), "-X", "-q", "-o", "/dev/null", "-L", str(log), "-f", str(script)]
    parameters = {f"PG{key.upper()}": str(value) for key, value in server.params.items()}
    environment = {**os.environ, **parameters, "PGDATABASE": "postgres", "PGCLIENTENCODING": "UTF8"}
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    logged = log.read_bytes().decode("utf-8") if log.exists() else ""
    sent = re.findall(r"/\*{8} QUERY \*{9}/\n(.*?)\n/\*{24}/\n", logged, re.DOTALL)
    # psql keeps comments before the first word, even alone, and the semicolon; neither is a part of a Statement.
    return [each for part in sent for each in bare(part + "\n")]


@pytest.mark.one_major
def test_psql_splits_every_example_the_same(server: servers.Server, tmp_path: Path) -> None:
    text = "".join(part + ";\n" for part in ONE_STATEMENT.values() if ":name" not in part)
    text += "".join(";\n".join(pair) + ";\n" for name, pair in TWO_STATEMENTS.items() if "begin" not in name)
    assert psql_texts(server, text, tmp_path) == texts(text)


@pytest.mark.one_major
def test_psql_splits_random_text_the_same(server: servers.Server, tmp_path: Path) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.lists(_fragments.filter(lambda fragment: fragment != "BEGIN"), max_size=30))
    def compare(fragments: list[str]) -> None:
        text = "".join(fragments)
        try:
            expected = texts(text)
        except SourceError:
            return
        assert psql_texts(server, text, tmp_path) == expected

    compare()


# What decides how a text is split; a mutation puts one of these somewhere, or takes or doubles what is there.
_MARKS = ["'", "''", '"', "$$", "$a$", "--", "/*", "*/", ";", "\n", "(", ")", "\\", "E'", "U&'", "$", "a", " ", "\r"]


def mutated(text: str, chance: random.Random) -> str:
    for _each in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        to = min(len(text), at + chance.choice([0, 0, 1, 2, 5, 40]))
        text = text[:at] + chance.choice([*_MARKS, "", text[at:to] * 2]) + text[to:]
    return text


@pytest.mark.one_major
def test_psql_splits_mutated_dumps_the_same(server: servers.Server, tmp_path: Path) -> None:
    """Pieces of a dump with quotes, comments and semicolons out of place. Where psql would obey a backslash command
    or go on past the end of the file, the splitter stops: up to there both see the same statements."""
    chance = random.Random(5)
    server.start()
    name = server.create_database()
    try:
        servers.psql(server, name, dump_source.source(server.major))
        # Rows as INSERT: of a COPY that fails, psql takes the data for statements. BEGIN: see above.
        dumped = servers.pg_dump(server, name, "--inserts").replace("BEGIN", "BEGAN")
    finally:
        server.drop_database(name)
    lines = [line for line in dumped.splitlines(keepends=True) if not line.startswith("\\")]
    compared = 0
    for _each in range(1200):
        begin = chance.randrange(len(lines))
        text = mutated("".join(lines[begin : begin + chance.randint(2, 25)]), chance)
        own: list[str] = []
        whole = True
        try:
            for piece in split(Lines(iter(io.BytesIO(text.encode())), "x", Encoding())):
                whole = whole and not piece.command
                if whole:
                    own.append(piece.text)
        except SourceError:
            whole = False
        if _BACKSLASH.search(text) and not whole:
            continue  # psql obeys what it finds there, and goes on
        # psql leaves empty lines out.
        sent, own = (
            [re.sub(r"\n+", "\n", each) for each in found]
            for found in (psql_texts(server, text, tmp_path, pieces), own)
        )
        assert sent[: len(own)] == own, text
        assert not whole or sent == own, text
        compared += 1
    assert compared > 20


_BACKSLASH = re.compile(r"\\")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_split_or_refused_with_a_place(text: str) -> None:
    try:
        for statement in statements(Source.from_text(text)):
            assert statement.text and statement.line >= 1
    except SourceError as error:
        assert error.message.startswith("<content>")


@pytest.mark.parametrize(
    "garbage",
    ["a;", "(", "/*", "$$", "$a", "'", '"', "E''", "E''\n", "--\n", ";", "\\", "$a$ ", "create function begin atomic "]
    + ["case ", "do '", "grant a,", "x\n", "copy a;", "\u00e9"],
)
@pytest.mark.parametrize("head", ["", "SELECT "])
def test_garbage_takes_linear_time(head: str, garbage: str) -> None:
    """Four times the text may take about four times as long: a quadratic lexer would need sixteen times."""

    def seconds(size: int) -> float:
        text = head + garbage * (size // len(garbage))
        best = 1e9
        for _time in range(2):
            begun = time.process_time()
            try:
                for _statement in statements(Source.from_text(text)):
                    pass
            except SourceError:
                pass
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(1 << 17) < 10 * max(seconds(1 << 15), 0.01)
