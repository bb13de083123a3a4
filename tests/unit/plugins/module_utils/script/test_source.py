# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources from files: includes, COPY data, encodings, line ends, digests and hints."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import psycopg2
import pytest

import servers
from ansible_collections.domainflow.database.plugins.module_utils.errors import SourceError
from ansible_collections.domainflow.database.plugins.module_utils.script import Source, sql_error, statements

SCHEMAS = Path(__file__).resolve().parents[5] / "files" / "sql"


def write(path: Path, content: str | bytes) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source.from_path(path)


def places(source: Source) -> list[tuple[str, str, int]]:
    return [(statement.text, statement.file, statement.line) for statement in statements(source)]


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        places(source)
    return caught.value


# --- files and includes -------------------------------------------------------------------------------


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"files/x\.sql: the schema file does not exist"):
        Source.from_path(tmp_path / "x.sql", name="files/x.sql")
    with pytest.raises(SourceError, match="is a folder, not a file"):
        Source.from_path(tmp_path)


def test_includes_are_followed_and_named_beside_the_source(tmp_path: Path) -> None:
    write(tmp_path / "parts/a.sql", "SELECT 'a';\n\\ir deeper/b.sql\n\\i parts/c.sql\n")
    write(tmp_path / "parts/deeper/b.sql", "\nSELECT 'b'")
    write(tmp_path / "parts/c.sql", "SELECT 'c';")
    write(tmp_path / "with space.sql", "SELECT 'd';")
    write(tmp_path / "main.sql", "\\ir parts/a.sql\nSELECT 'main';\n\\include 'with space.sql'\n")
    source = Source.from_path(tmp_path / "main.sql", name="sql/main.sql")
    assert places(source) == [
        ("SELECT 'a'", "sql/parts/a.sql", 1),
        ("SELECT 'b'", "sql/parts/deeper/b.sql", 2),
        ("SELECT 'c'", "sql/parts/c.sql", 1),
        ("SELECT 'main'", "sql/main.sql", 2),
        ("SELECT 'd'", "sql/with space.sql", 1),
    ]
    assert [Path(path).name for path in source.files()] == ["main.sql", "a.sql", "b.sql", "c.sql", "with space.sql"]


def test_include_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "outside.sql", "SELECT 1;")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.sql").symlink_to(tmp_path / "outside.sql")
    (tmp_path / "in/folder").symlink_to(tmp_path)
    for path in (
        "../outside.sql",
        str(tmp_path / "outside.sql"),
        "link.sql",
        "folder/outside.sql",
        "a/../../outside.sql",
    ):
        error = failure(write(tmp_path / "in/main.sql", f"SELECT 1;\n\\ir {path}\n"))
        assert error.message == f"{tmp_path}/in/main.sql:2: {path} lies outside of the source's folder"


def test_include_inside_by_a_detour_or_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "real/a.sql", "\\ir b.sql\n")
    write(tmp_path / "real/b.sql", "SELECT 1;")
    (tmp_path / "link").symlink_to("real")
    source = write(tmp_path / "main.sql", "\\ir none/../real/a.sql\n\\ir link/a.sql\n")
    assert [statement.file for statement in statements(source)] == [f"{tmp_path}/real/b.sql", f"{tmp_path}/link/b.sql"]
    # Copied elsewhere under these paths, the source reads the same.
    shown = [str(Path(path).relative_to(tmp_path)) for path in source.files()]
    assert shown == ["main.sql", "real/a.sql", "real/b.sql", "link/a.sql", "link/b.sql"]


def test_source_in_a_linked_folder_reads_its_includes(tmp_path: Path) -> None:
    write(tmp_path / "releases/7/main.sql", "\\ir part.sql\n")
    write(tmp_path / "releases/7/part.sql", "SELECT 1;")
    (tmp_path / "current").symlink_to("releases/7")
    assert len(places(Source.from_path(tmp_path / "current/main.sql"))) == 1


def test_include_loops_and_missing_includes_name_the_line(tmp_path: Path) -> None:
    write(tmp_path / "b.sql", "SELECT 1;\n\\ir main.sql\n")
    error = failure(write(tmp_path / "main.sql", "\\ir b.sql\n"))
    assert error.message == f"{tmp_path}/b.sql:2: {tmp_path}/main.sql includes itself, directly or by way of others"
    error = failure(write(tmp_path / "main.sql", "\n\\ir nothing.sql\n"))
    assert error.message == f"{tmp_path}/main.sql:2: the included file nothing.sql does not exist"


def test_includes_nested_too_deep_are_refused(tmp_path: Path) -> None:
    for at in range(40):
        write(tmp_path / f"{at}.sql", f"\\ir {at + 1}.sql\n")
    assert "nested more than 32 deep" in failure(Source.from_path(tmp_path / "0.sql")).message


def test_text_includes_nothing(tmp_path: Path) -> None:
    assert "need a source that is a file" in failure(Source.from_text("\\ir a.sql")).message
    write(tmp_path / "a.sql", "SELECT 1;")
    assert places(Source.from_text("\\ir a.sql", "name", str(tmp_path)))[0][0] == "SELECT 1"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("\\connect other", "psql command '\\connect' is not supported"),
        ("\\c", "psql command '\\c' is not supported"),
        ("\\set x 1", "psql command '\\set' is not supported"),
        ("\\echo hello", "psql command '\\echo' is not supported"),
        ("\\copy t from x", "psql command '\\copy' is not supported"),
        ("\\.", "psql command '\\.' is not supported"),
        ("\\!rm", "psql command '\\!rm' is not supported"),
        ("\\", "psql command '\\' is not supported"),
        ("\\\u00e9", "psql command '\\?' is not supported"),
        ("\\ir", "\\ir needs one file name"),
        ("\\ir a b", "\\ir needs one file name"),
        ("\\i :name", "\\i needs one file name"),
        ("\\i `ls`", "\\i needs one file name"),
        ("\\i 'a' 'b'", "\\i needs one file name"),
        ("\\unrestrict x", "\\unrestrict does not match"),
        ("\\restrict x\n\\unrestrict y", "\\unrestrict does not match"),
        ("\\restrict x\n\\ir a.sql", "\\i and \\ir are not allowed between"),
    ],
)
def test_unsupported_psql_commands_name_the_line(tmp_path: Path, command: str, message: str) -> None:
    error = failure(write(tmp_path / "main.sql", f"SELECT 1;\n\n{command}\n"))
    line = 3 + command.count("\n")
    assert error.message.startswith(f"{tmp_path}/main.sql:{line}: {message}")


def test_timeouts_of_the_session_are_left_out() -> None:
    text = "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nset local lock_timeout to 1;\nSET row_security=on"
    assert places(Source.from_text(text)) == [("SET row_security=on", "<content>", 4)]


def test_restrict_is_ignored() -> None:
    assert places(Source.from_text("\\restrict abc\nSELECT 1;\n\\unrestrict abc\n"))[0][2] == 2


# --- bytes --------------------------------------------------------------------------------------------


def test_byte_order_mark_and_windows_line_ends_make_no_difference(tmp_path: Path) -> None:
    unix = "-- schema-version: 7\nCREATE TABLE t (\n  a int\n);\nCOPY t FROM stdin;\n1\n\\.\nSELECT 'a\nb';\n"
    plain = write(tmp_path / "plain.sql", unix)
    windows = write(tmp_path / "windows.sql", b"\xef\xbb\xbf" + unix.replace("\n", "\r\n").encode())
    assert [s.text for s in statements(windows)] == [s.text for s in statements(plain)]
    assert [s.line for s in statements(windows)] == [s.line for s in statements(plain)]
    assert windows.sha256() == plain.sha256()
    assert windows.version() == plain.version() == "7"
    assert [s.copy_data.read() for s in statements(windows) if s.copy_data] == [b"1\n"]


def test_carriage_returns_inside_a_unix_file_stay(tmp_path: Path) -> None:
    source = write(tmp_path / "a.sql", b"SELECT 1;\nDO $$\r\nBEGIN END\r\n$$;\n")
    assert [s.text for s in statements(source)][1] == "DO $$\r\nBEGIN END\r\n$$"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"SELECT 1;\nSELECT '\x00';\n", "2: the line holds a NUL byte"),
        (b"COPY t FROM stdin;\n1\n\x00\n\\.\n", "3: the line holds a NUL byte"),
        (b"SELECT 1;\nSELECT '\xe9';\n", "2: the line is not valid utf-8 (byte 0xe9)"),
        ("SELECT 1;".encode("utf-16"), "1: the file is UTF-16"),
        (b"PGDMP\x01\x0e\x00\x00", "1: the line holds a NUL byte"),
    ],
)
def test_bytes_that_are_no_text_name_the_line(tmp_path: Path, content: bytes, message: str) -> None:
    assert failure(write(tmp_path / "a.sql", content)).message.startswith(f"{tmp_path}/a.sql:{message}")


def test_announced_encoding_is_followed_and_replaced(tmp_path: Path) -> None:
    text = "SET client_encoding = 'LATIN1';\nSELECT '\u00e9';\nCOPY t FROM stdin;\n\u00e9\n\\.\n"
    source = write(tmp_path / "a.sql", text.encode("latin-1"))
    seen = [(s.text, s.copy_data.read() if s.copy_data else None) for s in statements(source)]
    assert seen == [
        ("SET client_encoding = 'UTF8'", None),
        ("SELECT '\u00e9'", None),
        ("COPY t FROM stdin", "\u00e9\n".encode()),
    ]


# --- COPY ---------------------------------------------------------------------------------------------


def test_copy_data_is_a_file_and_an_iterable() -> None:
    text = "COPY t FROM stdin;\n1\ta;b\n2\t'\n\\.\nSELECT 1;\n"
    (copy, after) = [(s, s.copy_data.read(3) if s.copy_data else b"") for s in statements(Source.from_text(text))]
    assert copy[1] == b"1\ta"
    assert (after[0].text, after[0].line) == ("SELECT 1", 5)
    for statement in statements(Source.from_text(text)):
        if statement.copy_data:
            assert statement.copy_data.line == 2
            assert statement.copy_data.read(2) == b"1\t"
            assert statement.copy_data.readline() == b"a;b\n"
            assert list(statement.copy_data) == [b"2\t'\n"]
            assert statement.copy_data.read() == b"" == statement.copy_data.read(10)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("SELECT 1;\nCOPY t FROM stdin;\n1\n2", 3, "the data of COPY"),
        ("COPY t FROM stdin;", 2, "the data of COPY"),
        ("\\restrict abc\nSELECT 1;\nSELECT 2;\n", 3, "\\restrict is not followed by \\unrestrict"),
    ],
)
def test_a_file_that_is_cut_off_is_not_taken_for_the_whole(text: str, line: int, said: str) -> None:
    data = []
    with pytest.raises(SourceError, match="Is the rest of the file missing") as failed:
        for statement in statements(Source.from_text(text)):
            data += [statement.copy_data.read()] if statement.copy_data else []
    assert failed.value.message.startswith(f"<content>:{line}: {said}")
    assert data in ([], [b""], [b"1\n2\n"])


@pytest.mark.parametrize("target", ["FROM '/etc/passwd'", "FROM PROGRAM 'id'", "(a) TO '/tmp/x'", "TO PROGRAM 'cat'"])
def test_files_and_programs_of_the_server_are_out_of_reach(target: str) -> None:
    with pytest.raises(SourceError, match="<content>:2: COPY of a file or program on the database server"):
        list(statements(Source.from_text(f"SELECT 1;\nCOPY t {target};")))


def test_copy_data_may_look_like_anything_else() -> None:
    text = "COPY t FROM stdin; \n\\ir a\n'\n/*\n-- rename: table a -> b\n\\\\.\n\\.\n-- rename: table c -> d\nSELECT 1"
    source = Source.from_text(text)
    assert [s.verb for s in statements(source)] == ["COPY", "SELECT"]
    assert source.renames() == ("table c -> d",)


def test_large_copy_section_is_not_held(tmp_path: Path) -> None:
    row = b"1234567\tsome text that fills a row of ordinary length\n"
    source = write(tmp_path / "a.sql", b"COPY t FROM stdin;\n" + row * 200_000 + b"\\.\nSELECT 1;\n")
    tracemalloc.start()
    total = 0
    for statement in statements(source):
        while statement.copy_data:
            chunk = statement.copy_data.read(8192)
            if not chunk:
                break
            total += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == len(row) * 200_000
    assert peak < 1_000_000


# --- digest, version, hints ---------------------------------------------------------------------------


def test_digest_covers_included_files(tmp_path: Path) -> None:
    write(tmp_path / "part.sql", "SELECT 1;\n")
    source = write(tmp_path / "main.sql", "\\ir part.sql\nSELECT 2;\n")
    before = source.sha256()
    assert before == source.sha256() and len(before) == 64
    write(tmp_path / "part.sql", "SELECT 3;\n")
    changed = source.sha256()
    assert changed != before
    write(tmp_path / "main.sql", "\\ir part.sql\nSELECT 2; \n")
    assert source.sha256() not in (before, changed)


def test_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    text = "SELECT '\u00e4';\n"
    assert write(tmp_path / "a.sql", text).sha256() == Source.from_text(text, "other").sha256()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("-- schema-version: 3.0\nSELECT 1;", "3.0"),
        ("/* licence */\n\n--  Schema-Version:  v3 beta \nSELECT 1;", "v3 beta"),
        ("\\restrict x\n-- schema-version: 4\n", "4"),
        ("SELECT 1;\n-- schema-version: 3.0\n", None),
        ("SELECT -- schema-version: 3.0\n 1;", None),
        ("-- the schema-version: 3.0\nSELECT 1;", None),
        ("", None),
    ],
)
def test_version(text: str, version: str | None) -> None:
    assert Source.from_text(text).version() == version


def test_rename_hints_are_comments_only() -> None:
    text = (
        "-- rename: table public.old -> new\nSELECT '\n-- rename: table a -> b\n';\n"
        "DO $$\n-- rename: table c -> d\n$$;\nCREATE TABLE t (\n  a int -- Rename: column public.t.z -> a \n);\n"
    )
    assert Source.from_text(text).renames() == ("table public.old -> new", "column public.t.z -> a")


# --- against real servers -----------------------------------------------------------------------------


def load(connection: psycopg2.extensions.connection, source: Source) -> None:
    with connection.cursor() as cursor:
        for statement in statements(source):
            try:
                if statement.copy_data:
                    cursor.copy_expert(statement.text, statement.copy_data)
                else:
                    cursor.execute(statement.text)
            except psycopg2.Error as error:
                raise sql_error(statement, error) from None


def test_dump_of_every_major_loads_into_an_equal_database(server: servers.Server, tmp_path: Path) -> None:
    """What pg_dump writes gives the same database statement by statement through psycopg2 as through psql."""
    first, second, third = (server.create_database() for _time in range(3))
    try:
        servers.psql(server, first, (SCHEMAS / "production_schema_v3.sql").read_text(encoding="utf-8"))
        servers.psql(
            server, first, "CREATE TABLE public.odd (a text, b text); COPY odd FROM stdin;\na\\\\.\t;\n\\N\t'\n\\.\n"
        )
        servers.psql(
            server, first, "INSERT INTO odd SELECT E'\\r\\n\\\\', repeat('x', 10000) FROM generate_series(1, 50)"
        )
        if server.major >= 14:
            body = "BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 END; SELECT 2; END"
            servers.psql(server, first, f"CREATE FUNCTION odd(a int) RETURNS int LANGUAGE sql {body}")
        dumped = servers.pg_dump(server, first)
        servers.psql(server, second, "".join(line for line in dumped.splitlines(True) if not line.startswith("SET tr")))
        source = write(tmp_path / "dump.sql", dumped)
        connection = server.connect(third)
        load(connection, source)
        connection.close()
        assert _comparable(servers.pg_dump(server, third)) == _comparable(servers.pg_dump(server, second))
    finally:
        for name in (first, second, third):
            server.drop_database(name)


def _comparable(dump: str) -> list[str]:
    return [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@pytest.mark.one_major
@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("SELECT 1;\nSELECT\n  nonsense\n  FROM pg_class;", 3, 'column "nonsense" does not exist', None),
        ("SELECT 1;\n\nCREATE TABLE t (a int,\n  b nosuchtype);", 4, 'type "nosuchtype" does not exist', None),
        ("SELECT (1;\nSELECT 2;", 1, 'syntax error at or near ";"', None),
        (
            "CREATE TABLE t ();\nALTER TABLE t OWNER TO no_one;",
            2,
            'role "no_one" does not exist',
            "pg_host",
        ),
        ("CREATE TABLE t ();\nGRANT SELECT ON t TO no_one;", 2, 'role "no_one" does not exist', "pg_host"),
        ("CREATE EXTENSION nothing_like_it;", 1, "nothing_like_it", "install the package"),
        ("CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\n2\nx\n\\.\n", 5, "invalid input syntax", None),
        (
            "CREATE TABLE t (a int PRIMARY KEY);\nCOPY t FROM stdin;\n1\n1\n\\.\n",
            4,
            "(Key (a)=(1) already",
            None,
        ),
        ("CREATE TABLE t (a int NOT NULL, b text);\nINSERT INTO t VALUES (NULL, 'private');", 2, "not-null", None),
    ],
)
def test_sql_errors_name_file_line_and_statement(
    database: object, tmp_path: Path, text: str, line: int, message: str, hint: str | None
) -> None:
    connection = database.connect()  # type: ignore[attr-defined]  # the fixture's class lives in conftest
    try:
        with pytest.raises(SourceError) as caught:
            load(connection, write(tmp_path / "a.sql", text))
    finally:
        connection.close()
    error = caught.value
    assert error.message.startswith(f"{tmp_path}/a.sql:{line}: ")
    assert message in error.message
    assert "private" not in error.message
    assert error.details["line"] == line
    assert error.details["statement"] in text
    assert hint is None or (error.hint and hint in error.hint)


@pytest.mark.one_major
def test_long_statements_are_shortened_and_passwords_left_out(database: object) -> None:
    connection = database.connect()  # type: ignore[attr-defined]  # the fixture's class lives in conftest
    try:
        with pytest.raises(SourceError) as caught:
            load(connection, Source.from_text("SELECT\n" + "1,\n" * 30 + "x"))
        assert caught.value.message.startswith("<content>:32: ")
        assert len(caught.value.details["statement"].splitlines()) == 13
        with pytest.raises(SourceError) as caught:
            load(connection, Source.from_text("CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'geheim')"))
        assert "geheim" not in str(caught.value) + repr(caught.value.details)
    finally:
        connection.close()
