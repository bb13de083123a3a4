# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bcrypt hashes as application tables hold them.

The comparison is done here and not in the database: pgcrypto's ``crypt()`` answers ``$2b$`` and ``$2y$`` with a
DES hash and so says "different" for a password that is right.
"""

from __future__ import annotations

import re

from ...module_utils.credentials.errors import AccountProblem
from ...module_utils.errors import EngineError

try:
    import bcrypt

    PRESENT = True
except ImportError:
    PRESENT = False

MAX_BYTES = 72
_FORMAT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


def require_library() -> None:
    if not PRESENT:
        raise EngineError(
            "The Python package bcrypt is not installed for the Python that runs ansible on the controller",
            "pip install bcrypt, into the same environment as ansible.",
        )


def is_hash(text: str) -> bool:
    return _FORMAT.fullmatch(text) is not None


def matches(password: str, stored: str) -> bool:
    """Whether ``stored`` is a hash of ``password``. The three prefixes name the same computation."""
    raw = password.encode("utf-8")
    if len(raw) > MAX_BYTES or b"\0" in raw:
        return False
    return bcrypt.checkpw(raw, ("$2b$" + stored[4:]).encode("ascii"))


def make(password: str, cost: int, like: str | None) -> str:
    """A new hash; with the prefix of the hash ``like``, which the application is known to read."""
    prefix = like[:4] if like else "$2b$"
    made = bcrypt.hashpw(password.encode("utf-8"), bcrypt.gensalt(rounds=cost, prefix=b"2b")).decode("ascii")
    return prefix + made[4:]


def check_password(name: str, password: str) -> None:
    """Refuse what bcrypt would silently cut off."""
    raw = password.encode("utf-8")
    if len(raw) > MAX_BYTES:
        raise AccountProblem(
            f"{name}: the new password has {len(raw)} bytes, and bcrypt uses the first {MAX_BYTES} only",
            "Choose a shorter one, or a smaller generate.length.",
        )
