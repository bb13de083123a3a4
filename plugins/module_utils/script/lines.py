# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a source line by line: byte order mark, line ends, NUL bytes and encoding are dealt with here."""

from __future__ import annotations

import codecs
from typing import Dict, Iterator, Optional

from ..errors import SourceError

# Server names of encodings that a file may announce with SET client_encoding, and Python's names for them.
_CODECS: Dict[str, str] = {
    "utf8": "utf-8",
    "unicode": "utf-8",
    "sqlascii": "utf-8",
    "latin1": "iso8859-1",
    "latin2": "iso8859-2",
    "latin3": "iso8859-3",
    "latin4": "iso8859-4",
    "latin5": "iso8859-9",
    "latin6": "iso8859-10",
    "latin7": "iso8859-13",
    "latin8": "iso8859-14",
    "latin9": "iso8859-15",
    "latin10": "iso8859-16",
    "iso88595": "iso8859-5",
    "iso88596": "iso8859-6",
    "iso88597": "iso8859-7",
    "iso88598": "iso8859-8",
    "koi8": "koi8-r",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "alt": "cp866",
    "win866": "cp866",
    "win": "cp1251",
    "win874": "cp874",
    "win1250": "cp1250",
    "win1251": "cp1251",
    "win1252": "cp1252",
    "win1253": "cp1253",
    "win1254": "cp1254",
    "win1255": "cp1255",
    "win1256": "cp1256",
    "win1257": "cp1257",
    "win1258": "cp1258",
    "eucjp": "euc_jp",
    "eucjis2004": "euc_jis_2004",
    "euckr": "euc_kr",
    "euccn": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "sjis": "shift_jis",
    "shiftjis": "shift_jis",
    "shiftjis2004": "shift_jis_2004",
    "big5": "big5",
    "uhc": "cp949",
    "johab": "johab",
}


def codec_for(encoding: str) -> Optional[str]:
    """Python's codec for PostgreSQL's ``encoding``, None where there is none."""
    return _CODECS.get("".join(char for char in encoding.lower() if char.isalnum()))


class Encoding:
    """The encoding in force, shared by a file and the files it includes, as psql does."""

    def __init__(self) -> None:
        self.codec = "utf-8"


class Lines:
    """The lines of one file or text, each with its line end, counted from 1.

    In a file whose first line ends in CR LF all line ends are taken as LF. In any other file a carriage
    return is kept: dumps hold function bodies that were written with one.
    """

    def __init__(self, raw: Iterator[bytes], name: str, encoding: Encoding) -> None:
        self.name = name
        self.number = 0
        self.encoding = encoding
        self._raw = raw
        self._windows = False

    def error(self, message: str, line: Optional[int] = None, hint: Optional[str] = None) -> SourceError:
        """A ``SourceError`` at ``line`` of this file, by default the line that was read last."""
        return located(self.name, self.number if line is None else line, message, hint)

    def next_bytes(self) -> Optional[bytes]:
        """The next line undecoded, None at the end."""
        raw = next(self._raw, None)
        if raw is None:
            return None
        self.number += 1
        if self.number == 1:
            if raw.startswith(codecs.BOM_UTF8):
                raw = raw[3:]
            elif raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise self.error("the file is UTF-16", hint="Save it as UTF-8.")
            self._windows = raw.endswith(b"\r\n")
        if self._windows and raw.endswith(b"\r\n"):
            raw = raw[:-2] + b"\n"
        if b"\0" in raw:
            raise self.error(
                "the line holds a NUL byte", hint="SQL text cannot; is this a compressed or a custom-format dump?"
            )
        return raw

    def next(self) -> Optional[str]:
        """The next line as text, None at the end."""
        raw = self.next_bytes()
        return None if raw is None else self.decode(raw)

    def decode(self, raw: bytes) -> str:
        """``raw`` in the encoding in force."""
        try:
            return raw.decode(self.encoding.codec)
        except UnicodeDecodeError as failure:
            byte = raw[failure.start]
        raise self.error(
            f"the line is not valid {self.encoding.codec} (byte 0x{byte:02x})",
            hint="Save the file as UTF-8, or announce its encoding first: SET client_encoding = 'LATIN1';",
        )


def located(name: str, line: int, message: str, hint: Optional[str] = None) -> SourceError:
    """A ``SourceError`` whose message begins with its place."""
    return SourceError(f"{name}:{line}: {message}", hint, {"file": name, "line": line})
