# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a statement is: its verb, whether it controls transactions, whether a schema file may hold it."""

from __future__ import annotations

import re
from itertools import islice
from typing import List, NamedTuple, Optional, Sequence

from .lexer import Token, tokens

# Words between CREATE and the kind of object that say how, not what.
_MODIFIERS = frozenset(
    "OR REPLACE TEMP TEMPORARY GLOBAL LOCAL UNLOGGED UNIQUE RECURSIVE TRUSTED PROCEDURAL CONSTRAINT DEFAULT".split()
)
# The first words of kinds that are named by more than one, with the number of words.
_LONG_KINDS = {
    ("MATERIALIZED", "VIEW"): 2,
    ("FOREIGN", "TABLE"): 2,
    ("FOREIGN", "DATA"): 3,
    ("EVENT", "TRIGGER"): 2,
    ("USER", "MAPPING"): 2,
    ("ACCESS", "METHOD"): 2,
    ("OPERATOR", "CLASS"): 2,
    ("OPERATOR", "FAMILY"): 2,
    ("TEXT", "SEARCH"): 3,
    ("LARGE", "OBJECT"): 2,
}
_TRANSACTION = frozenset("BEGIN START COMMIT END SAVEPOINT RELEASE".split())
_ROLES = ("ROLE", "USER", "GROUP")
_SHARED = _ROLES + ("DATABASE", "TABLESPACE")
_PG_HOST = "Schema files describe one database; the pg_host role makes login roles, databases and server settings."
_CREATE_OPTION = "Dump without --create: the database is the one that login_db names, and the pg_host role makes it."

# pg_dump switches these off for the session that restores; servers older than the dump do not know the newest.
_TIMEOUTS = frozenset(
    ["STATEMENT_TIMEOUT", "LOCK_TIMEOUT", "TRANSACTION_TIMEOUT"]
    + ["IDLE_IN_TRANSACTION_SESSION_TIMEOUT", "IDLE_SESSION_TIMEOUT"]
)

# A DO block that makes roles when they are missing is a common idiom; run anywhere it changes the cluster.
_SHARED_IN_BODY = re.compile(
    r"\b(?:(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER(?!\s+MAPPING\b)|GROUP|DATABASE|TABLESPACE)|ALTER\s+SYSTEM)\b",
    re.IGNORECASE,
)


class Refusal(NamedTuple):
    """Why a schema file may not hold a statement."""

    message: str
    hint: str


class CopyTarget(NamedTuple):
    """A COPY statement's direction: ``stdin``, ``stdout`` or ``server`` (a file or program there)."""

    end: str
    binary: bool


def verb_of(text: str) -> str:
    """``CREATE TABLE`` for ``create unlogged table if not exists …``: the command and the kind of object."""
    words = _leading_words(text, 12)
    if not words:
        return ""
    first = words[0]
    if first in ("CREATE", "ALTER", "DROP"):
        rest = words[1:]
        if rest[:2] == ["DEFAULT", "PRIVILEGES"]:
            return f"{first} DEFAULT PRIVILEGES"
        if first == "CREATE":
            while len(rest) > 1 and rest[0] in _MODIFIERS:
                rest = rest[1:]
        size = _kind_size(rest)
        return " ".join([first] + rest[:size])
    if first in ("START", "PREPARE") and words[1:2] == ["TRANSACTION"]:
        return f"{first} TRANSACTION"
    if first == "COMMENT" and words[1:2] == ["ON"]:
        return " ".join(words[: 2 + _kind_size(words[2:])])
    if first in ("REASSIGN", "REFRESH", "SECURITY", "IMPORT"):
        return " ".join(words[: 3 if first in ("REFRESH", "IMPORT") else 2])
    return first


def controls_transaction(text: str) -> bool:
    """Whether the statement begins, ends or marks a transaction."""
    words = _leading_words(text, 2)
    if not words or words[0] not in _TRANSACTION:
        return False
    return words[0] != "START" or words[1:] == ["TRANSACTION"]


def refusal(text: str, verb: str) -> Optional[Refusal]:
    """Why this statement has no place in a schema file, None where it has."""
    words = verb.split(" ")
    first = words[0]
    if first in ("ROLLBACK", "ABORT"):
        return Refusal(f"{first} would undo a part of the file", "Remove it together with what it undoes.")
    if verb == "PREPARE TRANSACTION" or _leading_words(text, 2) == ["COMMIT", "PREPARED"]:
        return Refusal("two-phase commit has no place in a schema file", "Use BEGIN and COMMIT, or neither.")
    if first in ("CREATE", "ALTER", "DROP"):
        kind = " ".join(words[1:])
        if kind == "DATABASE":
            return _shared(verb)._replace(hint=_CREATE_OPTION)
        if kind in _SHARED or (first == "ALTER" and kind == "SYSTEM"):
            return _shared(verb)
        if first == "DROP" and kind == "OWNED":
            return _shared("DROP OWNED")
        if verb == "ALTER SUBSCRIPTION" and _starts_subscription(text):
            return Refusal(
                "ALTER SUBSCRIPTION … ENABLE or REFRESH would reach for the publisher while the file is being read",
                "Enable the subscription once it is deployed; schema_apply leaves that as it is.",
            )
        if verb == "CREATE SUBSCRIPTION" and not _connects_later(text):
            return Refusal(
                "CREATE SUBSCRIPTION would connect to the publisher while the file is being read",
                "Write WITH (connect = false), as pg_dump does.",
            )
    elif first in ("GRANT", "REVOKE"):
        return _shared_privilege(text, first)
    elif verb == "REASSIGN OWNED":
        return _shared(verb)
    elif first == "COMMENT" and words[2:3] and words[2] in ("ROLE", "DATABASE", "TABLESPACE"):
        return _shared(verb)._replace(hint=_CREATE_OPTION) if words[2] == "DATABASE" else _shared(verb)
    elif verb == "SECURITY LABEL":
        return _shared_label(text)
    elif first == "DO":
        return _shared_in_body(text)
    elif first == "SET":
        return _old_strings(text)
    return None


def copy_target(text: str) -> CopyTarget:
    """Where a COPY statement reads from or writes to."""
    depth = 0
    before = Token("", "")
    end = ""
    binary = False
    for token in tokens(text):
        if token.text == "(" and token.kind == "sign":
            depth += 1
        elif token.text == ")" and token.kind == "sign":
            depth -= 1
        elif depth == 0 and not end and before.kind == "word" and before.text in ("FROM", "TO"):
            if token.kind == "word" and token.text in ("STDIN", "STDOUT"):
                # PostgreSQL takes either word on either side; the preposition decides.
                end = "stdin" if before.text == "FROM" else "stdout"
            else:
                end = "server"
        elif token.text == "BINARY" or (before.text == "FORMAT" and token.text.strip("\"'").upper() == "BINARY"):
            binary = True
        before = token
    return CopyTarget(end or "server", binary)


def client_encoding(text: str) -> Optional[str]:
    """The encoding that ``SET client_encoding`` or ``SET NAMES`` announces, None for another statement."""
    found = list(islice(tokens(text), 6))
    words = [token.text for token in found]
    if words[1:2] and words[1] in ("SESSION", "LOCAL"):
        del words[1]
    if words[1:2] == ["NAMES"] and len(words) > 2:
        return words[2].strip("'\"")
    if words[1:2] == ["CLIENT_ENCODING"] and words[2:3] and words[2] in ("=", "TO") and len(words) > 3:
        return words[3].strip("'\"")
    return None


def _kind_size(words: List[str]) -> int:
    return _LONG_KINDS.get((words[0], words[1]), 1) if len(words) > 1 else 1


def sets_timeout(text: str) -> bool:
    """Whether the statement sets a timeout of the session, which is the business of whoever opened it."""
    words = [word for word in _leading_words(text, 3)[1:] if word not in ("SESSION", "LOCAL")]
    return bool(words) and words[0] in _TIMEOUTS


def _leading_words(text: str, count: int) -> List[str]:
    words = []
    for token in islice(tokens(text), count):
        if token.kind != "word":
            break
        words.append(token.text)
    return words


def _shared(what: str) -> Refusal:
    return Refusal(f"{what} is about the whole cluster, not about this database", _PG_HOST)


def _shared_privilege(text: str, first: str) -> Optional[Refusal]:
    """GRANT and REVOKE of a role's membership, or on something that all databases share."""
    depth = 0
    words: List[str] = []
    for token in tokens(text):
        if token.kind == "sign":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif depth == 0 and token.kind == "word":
            if words[-1:] == ["ON"]:
                shared = token.text in ("DATABASE", "TABLESPACE", "PARAMETER")
                return _shared(f"{first} ON {token.text}") if shared else None
            if token.text in ("TO", "FROM"):
                return _shared(f"{first} of a role to a role")
            words.append(token.text)
        elif words[-1:] == ["ON"]:
            return None
    return None


def _shared_label(text: str) -> Optional[Refusal]:
    before = ""
    for token in tokens(text):
        if before == "ON" and token.kind == "word":
            return _shared(f"SECURITY LABEL ON {token.text}") if token.text in _SHARED else None
        before = token.text
    return None


def _shared_in_body(text: str) -> Optional[Refusal]:
    for token in tokens(text):
        found = _SHARED_IN_BODY.search(token.text) if token.kind == "string" else None
        if found:
            return _shared(f"{' '.join(found.group().upper().split())} in a DO block")
    return None


def _starts_subscription(text: str) -> bool:
    # ALTER SUBSCRIPTION name ENABLE; the name may be such a word itself.
    return any(token.text in ("ENABLE", "REFRESH") for token in islice(tokens(text), 3, 4))


def _connects_later(text: str) -> bool:
    found: Sequence[Token] = list(tokens(text))
    for at, token in enumerate(found):
        if token.text == "CONNECT" and token.kind == "word":
            values = [other.text.strip("'\"").upper() for other in found[at + 1 : at + 3]]
            return values[-1:] != [] and values[-1] in ("FALSE", "OFF", "NO", "0") and values[0] == "="
    return False


def _old_strings(text: str) -> Optional[Refusal]:
    values = [token.text.strip("'\"").upper() for token in islice(tokens(text), 6)]
    if "STANDARD_CONFORMING_STRINGS" in values and values[-1] in ("OFF", "FALSE", "NO", "0"):
        return Refusal(
            "backslashes in plain strings (standard_conforming_strings = off) are not supported",
            "Write such strings as E'…'.",
        )
    return None
