# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two dumps of pg_dump, compared by what they say: the order of statements and of a table's columns is free.

``statements(dump)`` gives the statements of a dump, each normalised, sorted; ``difference(a, b)`` what only one of
two dumps has.
"""

from __future__ import annotations

import re
from collections import Counter

from ansible_collections.domainflow.database.plugins.module_utils import script

# What pg_dump sets for its own session, and what no two dumps share.
_SESSION = re.compile(r"(SET |SELECT pg_catalog\.set_config\()", re.IGNORECASE)
_TABLE = re.compile(r"(\[.*?\] )*CREATE (UNLOGGED |FOREIGN )?TABLE [^(]*\(")


def statements(dump: str) -> list[str]:
    """The normalised statements of a dump, in an order of their own."""
    result = []
    settings = {"tablespace": "", "table_access_method": ""}
    for statement in script.statements(script.Source.from_text(dump)):
        text = statement.text.strip()
        # The only ones of these that say something of the next objects.
        setting = re.match(r"SET default_(tablespace|table_access_method) = (.*?);?\Z", text)
        if setting:
            settings[setting.group(1)] = setting.group(2)
        if _SESSION.match(text):
            continue
        if _MADE.match(text):
            places = [settings["tablespace"]] if _STORED.match(text) else list(settings.values())
            text = "".join(f"[{place}] " for place in places if place not in ("", "''", "heap")) + text
        result.append(_normalised(text))
    return sorted(result)


# What the two settings apply to; _STORED: what has a tablespace and no access method of a table.
_MADE = re.compile(
    r"CREATE (UNLOGGED )?TABLE|CREATE MATERIALIZED VIEW|CREATE (UNIQUE )?INDEX"
    r"|ALTER TABLE .*\sADD CONSTRAINT \S+ (PRIMARY KEY|UNIQUE|EXCLUDE)",
    re.DOTALL,
)
_STORED = re.compile(r"CREATE (UNIQUE )?INDEX|ALTER TABLE")
_WITH = re.compile(r"(\bWITH \()([^()]*)(\))")


def _normalised(text: str) -> str:
    text = text.rstrip(";").strip()
    if text.startswith("CREATE ") and " FUNCTION " not in text:
        # The order of storage parameters is that in which they were set.
        text = _WITH.sub(lambda match: match[1] + ", ".join(sorted(match[2].split(", "))) + match[3], text)
    match = _TABLE.match(text)
    if match is None or " PARTITION OF " in match[0]:
        return text
    end = _closing(text, match.end())
    columns = ",\n    ".join(sorted(items(text[match.end() : end])))
    return f"{match[0]}\n    {columns}\n{text[end:]}"


def _closing(text: str, start: int) -> int:
    """Where the parenthesis ends that opened before ``start``."""
    depth, quote = 1, ""
    for position in range(start, len(text)):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return position
    return len(text)


def items(body: str) -> list[str]:
    """The comma-separated parts of a parenthesised list; commas in nested parentheses and in quotes do not count."""
    parts = []
    depth = 0
    quote = ""
    current = ""
    for character in body:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()] if current.strip() else parts


def difference(found: str, wanted: str) -> list[str]:
    """Lines "+ statement" for what only ``found`` has and "- statement" for what it lacks; empty where they agree."""
    have, want = Counter(statements(found)), Counter(statements(wanted))
    result = [f"- {text}" for text in (want - have).elements()]
    return result + [f"+ {text}" for text in (have - want).elements()]
