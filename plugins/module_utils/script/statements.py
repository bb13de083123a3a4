# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of a source, in order, with includes followed and COPY data passed on as it is read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Callable, Iterator, List, Optional, Tuple

from . import psql
from .classify import client_encoding, controls_transaction, copy_target, refusal, sets_timeout, verb_of
from .lexer import Piece, split
from .lines import Encoding, Lines, codec_for
from .source import Source, open_file, opened

# Deep enough for any layout of files, and well under Python's own limit for nested generators.
_INCLUDE_DEPTH = 32

Remark = Callable[[str, int], None]
Included = Callable[[str, str], None]


class CopyData:
    """The rows behind a ``COPY … FROM stdin``: a file for psycopg2's ``copy_expert``, read once.

    Bytes in UTF-8 whatever the source's encoding. What the reader leaves is skipped when the next
    statement is asked for.
    """

    def __init__(self, lines: Lines) -> None:
        self.line = lines.number + 1
        self.cut_off = False  # the file ended before the data did
        self._lines = lines
        self._buffer = b""
        self._done = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line = self.readline()
            if not line:
                return
            yield line

    def readline(self, _size: int = -1) -> bytes:
        """The next row with its line end, empty at the end; always a whole one."""
        if self._buffer:
            row, _end, self._buffer = self._buffer.partition(b"\n")
            return row + b"\n"
        return self._next()

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, empty at the end."""
        chunks = [self._buffer]
        held = len(self._buffer)
        while not self._done and (size < 0 or held < size):
            chunks.append(self._next())
            held += len(chunks[-1])
        joined = b"".join(chunks)
        if size < 0:
            self._buffer = b""
            return joined
        self._buffer = joined[size:]
        return joined[:size]

    def skip(self) -> None:
        """Pass over what has not been read."""
        self._buffer = b""
        while not self._done:
            self._next()

    def _next(self) -> bytes:
        raw = None if self._done else self._lines.next_bytes()
        if raw is None or raw.rstrip(b"\r\n") == b"\\.":
            self.cut_off = self.cut_off or (raw is None and not self._done)
            self._done = True
            return b""
        if self._lines.encoding.codec != "utf-8":
            raw = self._lines.decode(raw).encode("utf-8")
        # The last line of a file may lack its end; a reader that goes by lines expects one.
        return raw if raw.endswith(b"\n") else raw + b"\n"


@dataclass(frozen=True)
class Statement:
    """One SQL statement.

    ``text`` is without its semicolon, ``line`` where its first word stands (counted from 1), ``verb`` the
    command and kind of object in upper case (``CREATE TABLE``, ``INSERT``). ``copy_data`` is there for a
    ``COPY … FROM stdin`` and has to be read before the next statement is taken.
    """

    text: str
    file: str
    line: int
    verb: str
    transaction_control: bool = False
    copy_data: Optional[CopyData] = field(default=None, compare=False, repr=False)


def statements(source: Source) -> Iterator[Statement]:
    """The statements of ``source``, without those that set a timeout of the session.

    Raises ``SourceError`` at the first thing that cannot be taken.
    """
    return walk(source)


def walk(source: Source, remark: Optional[Remark] = None, included: Optional[Included] = None) -> Iterator[Statement]:
    """As ``statements``; ``remark`` hears each ``--`` comment, ``included`` path and name of each included file."""
    return _Walk(source, remark, included).run()


class _Walk:
    def __init__(self, source: Source, remark: Optional[Remark], included: Optional[Included]) -> None:
        self._source = source
        self._remark = remark
        self._included = included
        self._encoding = Encoding()
        self._restricted: Optional[str] = None

    def run(self) -> Iterator[Statement]:
        path = self._source.path
        with opened(self._source) as handle:
            lines = Lines(iter(handle), self._source.name, self._encoding)
            yield from self._file(lines, path, [os.path.realpath(path)] if path else [])
            if self._restricted is not None:
                raise lines.error(
                    "\\restrict is not followed by \\unrestrict, with which pg_dump ends its file",
                    lines.number,
                    "Is the rest of the file missing?",
                )

    def _file(self, lines: Lines, path: Optional[str], stack: List[str]) -> Iterator[Statement]:
        for piece in split(lines, self._remark):
            if piece.command:
                yield from self._command(piece, lines, path, stack)
                continue
            statement = self._statement(piece, lines)
            if statement.verb == "SET" and sets_timeout(statement.text):
                continue
            yield statement
            if statement.copy_data is not None:
                statement.copy_data.skip()
                if statement.copy_data.cut_off:
                    raise lines.error(
                        "the data of COPY … FROM stdin is not ended by \\. before the end of the file",
                        statement.copy_data.line,
                        "Is the rest of the file missing?",
                    )

    def _statement(self, piece: Piece, lines: Lines) -> Statement:
        verb = verb_of(piece.text)
        refused = refusal(piece.text, verb)
        if refused:
            raise lines.error(refused.message, piece.line, refused.hint)
        text = piece.text
        data = None
        if verb == "SET":
            text = self._encode(text, piece, lines)
        elif verb == "COPY":
            data = self._copy(piece, lines)
        return Statement(text, lines.name, piece.line, verb, controls_transaction(text), data)

    def _encode(self, text: str, piece: Piece, lines: Lines) -> str:
        """The file is decoded here, so that the session always speaks UTF-8 whatever the file announces."""
        encoding = client_encoding(text)
        if encoding is None:
            return text
        codec = codec_for(encoding)
        if codec is None:
            raise lines.error(f"client_encoding {encoding} is not supported", piece.line, "Save the file as UTF-8.")
        self._encoding.codec = codec
        return "SET client_encoding = 'UTF8'"

    @staticmethod
    def _copy(piece: Piece, lines: Lines) -> CopyData:
        target = copy_target(piece.text)
        if target.end == "server":
            raise lines.error(
                "COPY of a file or program on the database server has no place in a schema file",
                piece.line,
                "Write COPY … FROM stdin; with the rows behind it, as pg_dump does.",
            )
        if target.end == "stdout":
            raise lines.error("COPY TO stdout has no place in a schema file", piece.line)
        if target.binary:
            raise lines.error("binary COPY data cannot stand in a text file", piece.line, "Use the text or CSV format.")
        if not piece.last:
            raise lines.error("the data of COPY … FROM stdin must begin on the line after it", piece.line)
        return CopyData(lines)

    def _command(self, piece: Piece, lines: Lines, path: Optional[str], stack: List[str]) -> Iterator[Statement]:
        command = psql.parse(piece.text)
        if isinstance(command, psql.Unsupported):
            raise lines.error(command.message, piece.line, command.hint)
        if command.name == "include":
            if self._restricted is not None:
                raise lines.error("\\i and \\ir are not allowed between \\restrict and \\unrestrict", piece.line)
            yield from self._include(command, piece, lines, path, stack)
        elif command.name == "restrict":
            self._restricted = command.argument
        elif self._restricted is None or command.argument != self._restricted:
            raise lines.error(
                "\\unrestrict does not match the \\restrict before it",
                piece.line,
                "pg_dump writes both with the same word: take the file as it was dumped, or leave both lines out.",
            )
        else:
            self._restricted = None

    def _include(
        self, command: psql.Command, piece: Piece, lines: Lines, path: Optional[str], stack: List[str]
    ) -> Iterator[Statement]:
        inner_path, name = self._resolve(command, piece, lines, path)
        real = os.path.realpath(inner_path)
        if real in stack:
            raise lines.error(f"{name} includes itself, directly or by way of others", piece.line)
        if len(stack) >= _INCLUDE_DEPTH:
            raise lines.error(f"includes are nested more than {_INCLUDE_DEPTH} deep", piece.line)
        if self._included:
            self._included(inner_path, name)
        with open_file(inner_path, name) as handle:
            inner = Lines(iter(handle), name, self._encoding)
            yield from self._file(inner, inner_path, stack + [real])

    def _resolve(self, command: psql.Command, piece: Piece, lines: Lines, path: Optional[str]) -> Tuple[str, str]:
        """The included file's path, and its name beside the source's own for messages.

        As in psql, ``..`` takes the last name off the path, whether or not that is a link.
        """
        base = self._source.base_dir
        if base is None:
            raise lines.error(
                "\\i and \\ir need a source that is a file", piece.line, "Give the schema by src instead of content."
            )
        base = os.path.abspath(base)
        here = os.path.dirname(os.path.abspath(path)) if command.relative and path else base
        inner = os.path.normpath(os.path.join(here, command.argument))
        if os.path.isabs(command.argument) or not (_below(base, inner) and _below(base, inner, os.path.realpath)):
            raise lines.error(
                f"{command.argument} lies outside of the source's folder",
                piece.line,
                "Only files below it can be included, by a relative path.",
            )
        if not os.path.isfile(inner):
            raise lines.error(f"the included file {command.argument} does not exist", piece.line)
        return inner, os.path.join(os.path.dirname(self._source.name), os.path.relpath(inner, base))


def _below(base: str, path: str, resolve: Callable[[str], str] = os.path.normpath) -> bool:
    base = resolve(base)
    return os.path.commonpath([base, resolve(path)]) == base
