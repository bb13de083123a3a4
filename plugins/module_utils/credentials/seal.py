# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wraps an answer with a key that is used once, so that logs of the transport never show a hash.

Ansible prints a module's raw output with ``-vvv`` over ssh and with ``ANSIBLE_DEBUG``. The controller sends
a fresh random key with each request (in a ``no_log`` option); the answer is encrypted with a SHAKE-256 key
stream and authenticated with HMAC-SHA-256, which the standard library of every managed host has.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import Any, Dict, Iterable

from ..errors import EngineError

_NONCE = 16
_TAG = 32
_ATTEMPTS = 1000


def new_key() -> str:
    """A key for one request, as text."""
    return base64.b64encode(os.urandom(32)).decode("ascii")


def seal(data: Dict[str, Any], key: str, avoid: Iterable[str] = ()) -> str:
    """``data`` as text that only ``key`` opens and that contains none of the words to ``avoid``.

    Ansible replaces the value of every ``no_log`` option wherever it turns up in a module's output, so a
    short login password could turn up in the sealed text by chance and spoil it: another nonce is taken then.
    """
    words = [word for word in avoid if word]
    secret = base64.b64decode(key)
    plain = json.dumps(data).encode("utf-8")
    for _attempt in range(_ATTEMPTS):
        nonce = os.urandom(_NONCE)
        cipher = _mix(plain, secret, nonce)
        text = base64.b64encode(nonce + _tag(secret, nonce, cipher) + cipher).decode("ascii")
        if not any(word in text for word in words):
            return text
    raise EngineError(
        "login_password is too short: Ansible would blank it out of the module's answer and spoil that",
        "Give the login role a password of four characters or more.",
    )


def unseal(text: str, key: str) -> Dict[str, Any]:
    """The data that was sealed into ``text``; raises ``EngineError`` where it is not intact."""
    secret = base64.b64decode(key)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    nonce, tag, cipher = raw[:_NONCE], raw[_NONCE : _NONCE + _TAG], raw[_NONCE + _TAG :]
    if not hmac.compare_digest(tag, _tag(secret, nonce, cipher)):
        raise EngineError(
            "The managed host's answer arrived damaged",
            "Something between changes the module's output: a callback, a filter, or a very short login_password.",
        )
    data = json.loads(_mix(cipher, secret, nonce).decode("utf-8"))
    if not isinstance(data, dict):
        raise EngineError("The managed host's answer has an unknown form")
    return data


def _mix(data: bytes, secret: bytes, nonce: bytes) -> bytes:
    stream = hashlib.shake_256(b"stream" + secret + nonce).digest(len(data))
    return bytes(left ^ right for left, right in zip(data, stream))


def _tag(secret: bytes, nonce: bytes, cipher: bytes) -> bytes:
    return hmac.new(secret, b"tag" + nonce + cipher, hashlib.sha256).digest()
