# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps as sources, written by each major's own pg_dump: they make an equal database out of an empty one, and change
nothing in the database that they were taken of."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dump_compare
import dump_programs
import dump_source
import pytest
from engine_support import statements

import servers
from ansible_collections.domainflow.database.plugins.module_utils import engine
from ansible_collections.domainflow.database.plugins.module_utils.errors import SourceError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

QUIET = Policy(record=False)  # the ledger would be in the next dump

# On every major: how data is written and what else stands in the file differs most between these.
ON_EVERY_MAJOR = {
    "plain": (),
    "schema only": ("--schema-only",),
    "inserts": ("--clean", "--inserts", "--quote-all-identifiers", "--disable-dollar-quoting"),
}
ON_ONE_MAJOR = {
    "column inserts": ("--column-inserts", "--on-conflict-do-nothing", "--use-set-session-authorization"),
    "rows per insert": ("--rows-per-insert=2", "--clean", "--if-exists"),
    "clean": ("--clean", "--encoding=LATIN1", "--load-via-partition-root"),
    "disable triggers": ("--disable-triggers", "--enable-row-security", "--strict-names"),
    "statistics": ("--statistics",),
}


@pytest.fixture(scope="module")
def origin(server: servers.Server) -> Iterator[str]:
    """The database that is dumped."""
    server.start()
    name = server.create_database()
    servers.psql(server, name, dump_source.source(server.major))
    yield name
    server.start()
    server.drop_database(name)


Dumped = Callable[..., Path]


@pytest.fixture
def dumped(server: servers.Server, origin: str, tmp_path: Path) -> Dumped:
    """A file with what pg_dump writes of the origin."""

    def write(*arguments: str, name: str = "dump.sql") -> Path:
        path = tmp_path / name
        path.write_bytes(dump_programs.dump(server, origin, *arguments))
        return path

    return write


def connector(server: servers.Server, name: str) -> Callable[..., Any]:
    def connect(dbname: str | None = None) -> Any:
        connection = server.connect(dbname or name)
        connection.autocommit = False
        return connection

    return connect


def unlike(server: servers.Server, found: str, wanted: str, data: bool, flags: tuple[str, ...]) -> list[str]:
    """How the dumps of two databases differ."""
    structure = [dump_programs.dump(server, name, "--schema-only", *flags).decode("utf-8") for name in (found, wanted)]
    result = dump_compare.difference(*structure)
    if data:
        have, want = (Counter(data_lines(server, name)) for name in (found, wanted))
        result += [f"- {line}" for line in (want - have).elements()]
        result += [f"+ {line}" for line in (have - want).elements()]
    return result


def data_lines(server: servers.Server, name: str) -> list[str]:
    lines = dump_programs.dump(server, name, "--data-only").decode("utf-8").splitlines()
    return [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]


def check(
    server: servers.Server, origin: str, path: Path, data: bool = True, flags: tuple[str, ...] = (), steps: Any = ()
) -> None:
    """``steps``: what the origin itself lacks of what the dump says."""
    assert statements(engine.plan(connector(server, origin), path, QUIET)) == list(steps)
    empty = server.create_database()
    try:
        assert engine.converge(connector(server, empty), path, QUIET).changed
        assert unlike(server, empty, origin, data, flags) == []
        assert statements(engine.plan(connector(server, empty), path, QUIET)) == []
    finally:
        server.drop_database(empty)


@pytest.mark.parametrize("flags", ON_EVERY_MAJOR.values(), ids=ON_EVERY_MAJOR.keys())
def test_dump_of_every_major(server: servers.Server, origin: str, dumped: Dumped, flags: tuple[str, ...]) -> None:
    check(server, origin, dumped(*flags), data="--schema-only" not in flags)


@pytest.mark.one_major
@pytest.mark.parametrize("flags", ON_ONE_MAJOR.values(), ids=ON_ONE_MAJOR.keys())
def test_other_forms_of_dumps(server: servers.Server, origin: str, dumped: Dumped, flags: tuple[str, ...]) -> None:
    if "--statistics" in flags and server.major < 18:
        pytest.skip("pg_dump has --statistics from 18 on")
    check(server, origin, dumped(*flags))


@pytest.mark.one_major
def test_without_owners_and_privileges(server: servers.Server, origin: str, dumped: Dumped) -> None:
    """Such a file says that functions have PostgreSQL's own default privileges, and the origin took these away."""
    flags = ("--no-owner", "--no-privileges")
    check(server, origin, dumped(*flags), flags=flags, steps=["GRANT EXECUTE ON FUNCTION app.up(text) TO PUBLIC"])


@pytest.mark.one_major
def test_sections_in_files_of_their_own(server: servers.Server, origin: str, dumped: Dumped, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for section in ("pre-data", "data", "post-data"):
        dumped(f"--section={section}", name=f"parts/{section}.sql")
    path = tmp_path / "all.sql"
    path.write_text("-- all of it\n\\ir parts/pre-data.sql\n\\i 'parts/data.sql'\n\\ir parts/post-data.sql\n")
    check(server, origin, path)


@pytest.mark.one_major
def test_dump_written_on_windows(server: servers.Server, origin: str, dumped: Dumped) -> None:
    path = dumped()
    content = path.read_bytes()
    assert b"\r" not in content
    path.write_bytes(codecs.BOM_UTF8 + content.replace(b"\n", b"\r\n"))
    check(server, origin, path)


def test_dump_of_the_oldest_server_on_the_newest(clusters: servers.Clusters, tmp_path: Path) -> None:
    """An upgrade by dump: the engine makes of it what psql makes of it."""
    majors = servers.requested_majors()
    old, new = clusters.get(majors[0]), clusters.get(majors[-1])
    origin, by_psql, empty = old.create_database(), new.create_database(), new.create_database()
    try:
        servers.psql(old, origin, dump_source.source(old.major))
        path = tmp_path / "dump.sql"
        path.write_bytes(dump_programs.dump(old, origin))
        servers.psql(new, by_psql, path.read_text(encoding="utf-8"))
        assert statements(engine.plan(connector(new, by_psql), path, QUIET)) == []
        assert engine.converge(connector(new, empty), path, QUIET).changed
        assert unlike(new, empty, by_psql, data=True, flags=()) == []
    finally:
        old.drop_database(origin)
        for name in (by_psql, empty):
            new.drop_database(name)


@pytest.mark.one_major
@pytest.mark.parametrize("flags", [("--create",), ("--create", "--clean")], ids=" ".join)
def test_create_is_refused_with_what_to_do(
    server: servers.Server, origin: str, dumped: Dumped, flags: tuple[str, ...]
) -> None:
    path = dumped(*flags)
    with pytest.raises(SourceError, match=r"dump\.sql:\d+: (CREATE|DROP) DATABASE is about the whole") as failed:
        engine.plan(connector(server, origin), path, QUIET)
    line = path.read_text(encoding="utf-8").splitlines()[failed.value.details["line"] - 1]
    assert line.startswith(("CREATE DATABASE", "DROP DATABASE"))
    assert "without --create" in str(failed.value.hint)


@pytest.mark.one_major
def test_large_objects_are_refused_at_their_line(server: servers.Server, database: Any, tmp_path: Path) -> None:
    database.psql("CREATE TABLE public.t (id int PRIMARY KEY); SELECT lo_from_bytea(0, '\\x00ff')")
    path = tmp_path / "dump.sql"
    path.write_bytes(dump_programs.dump(server, database.name))
    empty = server.create_database()
    try:
        # With rows to copy or without: by way of the disposable database, and as a first deployment.
        for text in (path.read_text(encoding="utf-8"), "CREATE TABLE t ();\nSELECT lo_create(4711);"):
            path.write_text(text, encoding="utf-8")
            with pytest.raises(SourceError, match=r"dump\.sql:\d+: the source makes a large object") as failed:
                engine.converge(connector(server, empty), path)
            assert "lo_create" in text.splitlines()[failed.value.details["line"] - 1]
            assert "--no-large-objects" in str(failed.value.hint)
        assert server.execute("SELECT count(*) FROM pg_largeobject_metadata", None, empty) == [(0,)]
    finally:
        server.drop_database(empty)
    path.write_bytes(dump_programs.dump(server, database.name, "--no-blobs"))
    assert not engine.plan(database.connector, path, QUIET).changed


HEAD = """
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
DROP TABLE public.gone;
"""


@pytest.mark.one_major
def test_only_the_head_of_a_file_may_remove_what_is_not_there(database: Any) -> None:
    with pytest.raises(SourceError, match=r'<content>:4: table "gone" does not exist'):
        engine.converge(database.connector, HEAD, QUIET)
    with pytest.raises(SourceError, match=r"<content>:1: .*syntax error"):
        engine.converge(database.connector, "DROP TABLE public.a b;\nCREATE TABLE public.a ();", QUIET)
    own = "BEGIN;\nDROP TABLE public.a;\nDROP FUNCTION app.f(app.t);\nCREATE TABLE public.a (id int);\nCOMMIT;"
    assert engine.converge(database.connector, own, QUIET).changed
    assert statements(engine.plan(database.connector, own, QUIET)) == []
    # Nothing of the head touches the database itself.
    database.execute("INSERT INTO public.a VALUES (1)")
    engine.converge(database.connector, own + "CREATE TABLE public.b ();", QUIET)
    assert database.execute("SELECT id FROM public.a") == [(1,)]
