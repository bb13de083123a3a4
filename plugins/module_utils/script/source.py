# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schema file as a value: where its text comes from and what its comments say."""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Iterator, List, Optional, Tuple

from ..errors import SourceError
from .lexer import split
from .lines import Encoding, Lines

_VERSION = re.compile(r"schema-version:\s*(\S.*?)\s*\Z", re.IGNORECASE)
_RENAME = re.compile(r"rename:\s*(\S.*?)\s*\Z", re.IGNORECASE)
# Whether a whole pass through the lexer could find anything; both are matched in undecoded text.
_MAYBE_RENAME = re.compile(rb"--\s*rename:", re.IGNORECASE)
_MAYBE_INCLUDE = re.compile(rb"\\i")


@dataclass(frozen=True)
class Source:
    """SQL text from a file (``path``) or given as such (``text``).

    ``name`` is what messages call it; files it includes are named relative to it. Only files below
    ``base_dir`` can be included; without one (a text) nothing can.
    """

    name: str
    path: Optional[str] = None
    text: Optional[str] = field(default=None, repr=False)
    base_dir: Optional[str] = None

    @classmethod
    def from_path(cls, path: Any, name: Optional[str] = None, base_dir: Optional[str] = None) -> "Source":
        """The file at ``path``, shown as ``name``; includes are limited to its folder or ``base_dir``."""
        path = os.fspath(path)
        shown = name or path
        if not os.path.isfile(path):
            what = "is a folder, not a file" if os.path.isdir(path) else "does not exist"
            raise SourceError(f"{shown}: the schema file {what}", "Check src.", {"file": shown})
        return cls(shown, path, None, base_dir or os.path.dirname(os.path.abspath(path)))

    @classmethod
    def from_text(cls, text: str, name: str = "<content>", base_dir: Optional[str] = None) -> "Source":
        """SQL given as text."""
        return cls(name, None, text, base_dir)

    def sha256(self) -> str:
        """A digest of all that is read, included files too, with line ends and byte order mark evened out."""
        return survey(self).sha256

    def version(self) -> Optional[str]:
        """The label of a ``-- schema-version: 3.0`` line before the source's first statement."""
        found: List[Tuple[int, str]] = []

        def remark(text: str, line: int) -> None:
            label = _VERSION.match(text)
            if label:
                found.append((line, label.group(1)))

        with opened(self) as handle:
            pieces = split(Lines(iter(handle), self.name, Encoding()), remark)
            first = next((piece.line for piece in pieces if not piece.command), None)
        labels = [label for line, label in found if first is None or line < first]
        return labels[0] if labels else None

    def renames(self) -> Tuple[str, ...]:
        """The hints of comments such as ``-- rename: table public.old -> new``, in the order of the source."""
        return survey(self).renames

    def files(self) -> Tuple[str, ...]:
        """The files that the source reads, itself first where it is one, each once."""
        return survey(self).files


@dataclass(frozen=True)
class Survey:
    """What one pass over a source tells."""

    sha256: str
    renames: Tuple[str, ...]
    files: Tuple[str, ...]


def opened(source: Source) -> BinaryIO:
    """The source's bytes."""
    if source.path is None:
        try:
            return io.BytesIO((source.text or "").encode("utf-8"))
        except UnicodeEncodeError:
            pass
        raise SourceError(f"{source.name}: the text holds characters that UTF-8 has no form for")
    return open_file(source.path, source.name)


def open_file(path: str, name: str) -> BinaryIO:
    """The file's bytes, or a ``SourceError`` under the name that the user knows."""
    try:
        return open(path, "rb")
    except OSError as failure:
        reason = failure.strerror or "it cannot be read"
    raise SourceError(f"{name}: the schema file cannot be read: {reason}", None, {"file": name})


def survey(source: Source) -> Survey:
    """Digest, rename hints and files of ``source``."""
    digest, worthwhile = _digest_of(source.path, source.name, source)
    if not worthwhile:
        return Survey(digest, (), (source.path,) if source.path else ())
    # Late, because statements imports this module: a source with includes or hints is walked as when it is loaded.
    from .statements import walk

    hints: List[str] = []
    files: List[Tuple[str, str]] = []

    def remark(text: str, line: int) -> None:
        found = _RENAME.match(text)
        if found:
            hints.append(found.group(1))

    for _statement in walk(source, remark, lambda path, name: files.append((path, name))):
        pass
    if files:
        parts = [digest] + [_digest_of(path, name, None)[0] for path, name in files]
        digest = hashlib.sha256("\n".join(parts).encode("ascii")).hexdigest()
    paths = [source.path] if source.path else []
    return Survey(digest, tuple(hints), tuple(dict.fromkeys(paths + [path for path, _name in files])))


def _digest_of(path: Optional[str], name: str, source: Optional[Source]) -> Tuple[str, bool]:
    """The digest of one file, and whether it may hold includes or rename hints."""
    digest = hashlib.sha256()
    worthwhile = False
    with opened(source) if source else open_file(str(path), name) as handle:
        for raw in _plain_lines(handle, name):
            digest.update(raw)
            worthwhile = worthwhile or bool(_MAYBE_INCLUDE.search(raw) or _MAYBE_RENAME.search(raw))
    return digest.hexdigest(), worthwhile


def _plain_lines(handle: BinaryIO, name: str) -> Iterator[bytes]:
    lines = Lines(iter(handle), name, Encoding())
    while True:
        raw = lines.next_bytes()
        if raw is None:
            return
        yield raw
