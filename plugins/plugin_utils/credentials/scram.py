# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCRAM-SHA-256 verifiers of login roles, made and recognized as libpq and the server do it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import stringprep
import unicodedata
from dataclasses import dataclass

_FORMAT = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
_MD5 = re.compile(r"md5[0-9a-f]{32}")
_SALT_BYTES = 16


@dataclass(frozen=True)
class Keys:
    """What a log-in needs: derived from the password for one salt, useless with any other."""

    client: bytes
    server: bytes

    @property
    def stored(self) -> bytes:
        return hashlib.sha256(self.client).digest()


def is_md5(verifier: str) -> bool:
    return _MD5.fullmatch(verifier) is not None


def is_verifier(verifier: str) -> bool:
    return _FORMAT.fullmatch(verifier) is not None or is_md5(verifier)


def make(password: str, iterations: int) -> str:
    salt = os.urandom(_SALT_BYTES)
    keys = derive(password, salt, iterations)
    salt_text, stored, server = (base64.b64encode(part).decode("ascii") for part in (salt, keys.stored, keys.server))
    return f"SCRAM-SHA-256${iterations}:{salt_text}${stored}:{server}"


def matches(password: str, verifier: str, role: str) -> bool:
    """Whether ``verifier`` belongs to ``password``: derived again with the stored salt, no log-in is tried."""
    if is_md5(verifier):
        made = hashlib.md5((password + role).encode("utf-8"), usedforsecurity=False).hexdigest()
        return hmac.compare_digest("md5" + made, verifier)
    found = _FORMAT.fullmatch(verifier)
    if found is None:
        return False
    iterations, salt, stored, server = found.groups()
    keys = derive(password, base64.b64decode(salt), int(iterations))
    return hmac.compare_digest(keys.stored, base64.b64decode(stored)) and hmac.compare_digest(
        keys.server, base64.b64decode(server)
    )


def keys_for(password: str, verifier: str) -> Keys | None:
    """The keys for a log-in against ``verifier``; none for an md5 one."""
    found = _FORMAT.fullmatch(verifier)
    if found is None:
        return None
    iterations, salt, _stored, _server = found.groups()
    return derive(password, base64.b64decode(salt), int(iterations))


def derive(password: str, salt: bytes, iterations: int) -> Keys:
    salted = hashlib.pbkdf2_hmac("sha256", prepare(password), salt, iterations)
    return Keys(
        client=hmac.new(salted, b"Client Key", hashlib.sha256).digest(),
        server=hmac.new(salted, b"Server Key", hashlib.sha256).digest(),
    )


def prepare(password: str) -> bytes:
    """SASLprep as libpq does it: a password that the profile forbids is used as it is."""
    if password.isascii():
        return password.encode("ascii")
    # U+200B is in both tables; libpq takes it for a space.
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else "" if stringprep.in_table_b1(char) else char for char in password
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if not mapped or any(_forbidden(char) for char in mapped) or not _bidi_sound(mapped):
        return password.encode("utf-8")
    return prepared.encode("utf-8")


def _forbidden(char: str) -> bool:
    tables = (
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
        stringprep.in_table_a1,
    )
    return any(table(char) for table in tables)


def _bidi_sound(text: str) -> bool:
    if not any(stringprep.in_table_d1(char) for char in text):
        return True
    if any(stringprep.in_table_d2(char) for char in text):
        return False
    return stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
