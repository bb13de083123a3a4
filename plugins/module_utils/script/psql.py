# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql's backslash commands: the few that are followed, and why others are not."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Union

_COMMAND = re.compile(r"\\(?P<name>[^\s\\']*)(?P<arguments>.*)\Z", re.DOTALL)
_QUOTED = re.compile(r"'(?P<text>(?:[^'\\]|'')*)'\Z")
_BARE = re.compile(r"[^\s'\"`\\:|]+\Z")

_HINTS = {
    "c": "One source describes one database: name it with login_db.",
    "connect": "One source describes one database: name it with login_db.",
    "copy": "Write COPY … FROM stdin; with the rows behind it, as pg_dump does.",
    "encoding": "Write SET client_encoding = '…'; or save the file as UTF-8.",
    ".": "It ends the data of a COPY … FROM stdin; none is open here.",
    "set": "Variables are not interpolated; leave the command out.",
    "unset": "Variables are not interpolated; leave the command out.",
}
_OTHERWISE = "Supported are \\i and \\ir (files below the source's folder), and \\restrict and \\unrestrict of pg_dump."


class Command(NamedTuple):
    """A followed command: ``include`` with a path (``relative`` to the including file), or ``(un)restrict``."""

    name: str
    argument: str
    relative: bool = False


class Unsupported(NamedTuple):
    """A command that stops the run."""

    message: str
    hint: Optional[str]


def parse(text: str) -> Union[Command, Unsupported]:
    """What the backslash command ``text`` (with its backslash) asks for."""
    found = _COMMAND.match(text)
    name = found.group("name") if found else ""
    arguments = found.group("arguments").strip() if found else ""
    if name in ("restrict", "unrestrict"):
        return Command(name, arguments)
    if name in ("i", "include", "ir", "include_relative"):
        path = _path(arguments)
        if path is None:
            return Unsupported(
                f"\\{name} needs one file name, plain or in single quotes",
                "Variables, backquotes, escapes and a second command on the line are not supported.",
            )
        return Command("include", path, name in ("ir", "include_relative"))
    shown = "\\" + re.sub(r"[^\x20-\x7e]", "?", name)[:40]
    return Unsupported(f"psql command '{shown}' is not supported", _HINTS.get(name, _OTHERWISE))


def _path(arguments: str) -> Optional[str]:
    quoted = _QUOTED.match(arguments)
    if quoted:
        return quoted.group("text").replace("''", "'") or None
    # psql takes a semicolon behind the name as a part of it; people write it all the same.
    arguments = arguments.rstrip("; \t")
    return arguments if _BARE.match(arguments) else None
