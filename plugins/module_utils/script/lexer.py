# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql's lexical rules: where a statement begins and ends, and the words of a statement.

Both functions go through the text once, from left to right, and keep counters instead of stacks, so that
their time grows with the length of the text alone, however it is nested or broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator, List, NamedTuple, Optional, Pattern

from .lines import Lines

_BLANKS = " \t\n\r\f\v"
_SPACE = re.compile(f"[{_BLANKS}]*")
# Anything beyond ASCII counts as a letter, as in PostgreSQL.
_WORD = r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*"
_STOPS = re.compile(r"""['"$;()\\]|--|/\*""")
_STOPS_AND_WORDS = re.compile(r"""['"$;()\\]|--|/\*|""" + _WORD)
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?\$")
_ESCAPED = re.compile(r"\\[\s\S]|'")
_COMMENT = re.compile(r"/\*|\*/")

# What the splitter is inside of.
_SQL, _QUOTE, _ESCAPE, _NAME, _BODY, _REMARK = range(6)
_UNCLOSED = {
    _QUOTE: "a quoted string",
    _ESCAPE: "a quoted string",
    _NAME: "a quoted name",
    _BODY: "a dollar-quoted string",
    _REMARK: "a comment",
}


@dataclass(frozen=True)
class Piece:
    """A statement, or a backslash command; ``last`` tells whether nothing follows it on its last line."""

    command: bool
    text: str
    line: int
    last: bool = True


def split(lines: Lines, remark: Optional[Callable[[str, int], None]] = None) -> Iterator[Piece]:
    """The pieces of ``lines``. ``remark`` is called with each ``--`` comment and its line.

    While the generator is suspended after a statement the caller may take lines from ``lines`` itself:
    that is how the data of a COPY is read.
    """
    inside = _SQL
    opened = 0  # the line where the string, name or comment began
    tag = ""
    comments = 0  # depth of nested comments

    parts: List[str] = []
    first = 0  # the line of the statement's first token; 0 between statements
    parens = 0
    blocks = 0  # depth of BEGIN ATOMIC, and of CASE within
    head: List[str] = []
    previous = ""
    function = False
    stops: Pattern[str] = _STOPS_AND_WORDS

    while True:
        line = lines.next()
        if line is None:
            break
        start = pos = 0
        end = len(line)
        while pos < end:
            if inside == _SQL:
                if not first:
                    pos = _skip_space(line, pos)
                    if pos >= end:
                        break
                    if line[pos] == ";":
                        pos += 1
                        continue
                    if line[pos] == "\\":
                        yield Piece(True, line[pos:].rstrip(), lines.number)
                        break
                    if not line.startswith(("--", "/*"), pos):
                        start, first = pos, lines.number
                        parens = blocks = 0
                        head, previous, function, stops = [], "", False, _STOPS_AND_WORDS
                found = stops.search(line, pos)
                if found is None:
                    break
                pos = found.end()
                token = found.group()
                char = token[0]
                if char == "'":
                    inside = _ESCAPE if _prefixed(line, found.start()) else _QUOTE
                    opened = lines.number
                elif char == ";":
                    if parens == 0 and blocks == 0:
                        parts.append(line[start : found.start()])
                        after = _skip_space(line, pos)
                        last = after >= end or line.startswith("--", after)
                        yield Piece(False, "".join(parts).rstrip(_BLANKS), first, last)
                        parts.clear()
                        first = 0
                elif char == "(":
                    parens += 1
                elif char == ")":
                    parens = max(0, parens - 1)
                elif char == '"':
                    inside, opened = _NAME, lines.number
                elif char == "$":
                    quote = None if _in_word(line, found.start()) else _DOLLAR.match(line, found.start())
                    if quote:
                        inside, opened, tag, pos = _BODY, lines.number, quote.group(), quote.end()
                elif token == "--":
                    # A carriage return ends it too, for psql as for the server.
                    stop = line.find("\r", pos)
                    if remark:
                        remark((line[pos:] if stop < 0 else line[pos:stop]).strip(), lines.number)
                    if stop < 0:
                        break
                    pos = stop + 1
                elif token == "/*":
                    inside, opened, comments = _REMARK, lines.number, 1
                elif char == "\\":
                    name = _command_name(line, found.start())
                    raise lines.error(
                        f"psql command '{name}' inside a statement that began at line {first}",
                        hint="End the statement with a semicolon; only \\i and \\ir are supported, between statements.",
                    )
                else:
                    word = token.lower()
                    if not function:
                        head.append(word)
                        function = _creates_function(head)
                        if not function and (word not in ("create", "or", "replace") or len(head) > 4):
                            stops = _STOPS
                    elif parens == 0:
                        if word == "atomic" and previous == "begin" and blocks == 0:
                            blocks = 1
                        elif blocks and word in ("begin", "case"):
                            blocks += 1
                        elif blocks and word == "end":
                            blocks -= 1
                        previous = word
            elif inside == _REMARK:
                found = _COMMENT.search(line, pos)
                if found is None:
                    break
                pos = found.end()
                comments += 1 if found.group() == "/*" else -1
                if comments == 0:
                    inside = _SQL
            else:
                pos = _after_close(inside, line, pos, tag)
                if pos < 0:
                    break
                inside = _SQL
        if first:
            parts.append(line[start:])
    if inside != _SQL:
        raise lines.error(f"{_UNCLOSED[inside]} that begins here is not closed before the end of the file", opened)
    if first:
        yield Piece(False, "".join(parts).rstrip(_BLANKS), first)


def _command_name(line: str, at: int) -> str:
    found = re.compile(r"\\[^\s\\']*").match(line, at)
    return re.sub(r"[^\x20-\x7e]", "?", found.group()[:40]) if found else ""


def _skip_space(line: str, pos: int) -> int:
    found = _SPACE.match(line, pos)
    return found.end() if found else pos


def _after_close(inside: int, line: str, pos: int, tag: str) -> int:
    """Where the string or name that ``pos`` is inside of ends on this line, -1 where it goes on.

    A doubled quote in a plain string or name is one that closes and opens again, which comes to the same.
    """
    if inside == _ESCAPE:
        while True:
            found = _ESCAPED.search(line, pos)
            if found is None:
                return -1
            pos = found.end()
            if found.group() == "'":
                if not line.startswith("'", pos):
                    return pos
                pos += 1
    close = tag if inside == _BODY else '"' if inside == _NAME else "'"
    at = line.find(close, pos)
    return -1 if at < 0 else at + len(close)


def _creates_function(head: List[str]) -> bool:
    """Whether a statement that begins with ``head`` may have a BEGIN ATOMIC body, where semicolons are inner ones."""
    rest = head[3:] if head[1:3] == ["or", "replace"] else head[1:]
    return head[0] == "create" and rest[:1] in (["function"], ["procedure"])


def _is_word_char(char: str) -> bool:
    return char.isalnum() or char in "_$" or char > "\x7f"


def _in_word(line: str, at: int) -> bool:
    """Whether the dollar sign at ``at`` belongs to a name, as in ``a$b``."""
    return at > 0 and _is_word_char(line[at - 1])


def _prefixed(line: str, at: int) -> bool:
    """Whether the quote at ``at`` follows an E of its own: backslashes then escape."""
    return at > 0 and line[at - 1] in "eE" and not (at > 1 and _is_word_char(line[at - 2]))


class Token(NamedTuple):
    """``kind`` is word, name (quoted), string, number or sign; a word's ``text`` is upper-case."""

    kind: str
    text: str


_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
      | (?P<comment>/\*)
      | (?P<escape>[eE]')
      | (?P<string>(?:[bBxXnN]|[uU]&)?'[^']*')
      | (?P<name>(?:[uU]&)?"(?:[^"]|"")*")
      | (?P<word>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*)
      | (?P<body>\$(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?\$)
      | (?P<number>[0-9][0-9A-Za-z_.]*)
      | (?P<sign>[\s\S])""",
    re.VERBOSE,
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of one statement, without comments. ``text`` is a piece of ``split``: its quotes are balanced."""
    pos, end = 0, len(text)
    while pos < end:
        found = _TOKEN.match(text, pos)
        if found is None:
            return
        kind, value = str(found.lastgroup), found.group()
        pos = found.end()
        if kind == "space":
            continue
        if kind == "comment":
            depth = 1
            while depth:
                found = _COMMENT.search(text, pos)
                if found is None:
                    return
                pos = found.end()
                depth += 1 if found.group() == "/*" else -1
            continue
        if kind == "escape":
            begin = pos
            while True:
                found = _ESCAPED.search(text, pos)
                if found is None:
                    return
                pos = found.end()
                if found.group() == "'":
                    break
            yield Token("string", text[begin - 2 : pos])
        elif kind == "body":
            at = text.find(value, pos)
            if at < 0:
                return
            yield Token("string", text[pos:at])
            pos = at + len(value)
        elif kind == "word":
            yield Token("word", value.upper())
        else:
            yield Token(kind, value)
