# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sealed answer of the managed host."""

from __future__ import annotations

import base64
import string

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.credentials.seal import new_key, seal, unseal
from ansible_collections.domainflow.database.plugins.module_utils.credentials.transfer import _field
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError

DATA = {"rows": {"admin@example.com": {"hash": "$2b$12$" + "x" * 53}}, "text": "ä"}


def test_round_trip() -> None:
    key = new_key()
    text = seal(DATA, key)
    assert unseal(text, key) == DATA
    assert "hash" not in text and b"2b$12" not in base64.b64decode(text)
    assert seal(DATA, key) != text


def test_another_key_or_a_changed_text_does_not_open_it() -> None:
    key = new_key()
    text = seal(DATA, key)
    damaged = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    for wrong in (damaged, "********", "", text[:-8], text + "AAAA"):
        with pytest.raises(EngineError, match="damaged"):
            unseal(wrong, key)
    with pytest.raises(EngineError, match="damaged"):
        unseal(text, new_key())


def test_words_that_ansible_would_blank_out_do_not_turn_up() -> None:
    key = new_key()
    for word in ("ab", "Z9", "q+"):
        text = seal(DATA, key, [word, ""])
        assert word not in text and unseal(text, key) == DATA
    with pytest.raises(EngineError, match="too short"):
        seal(DATA, key, string.ascii_letters)


def test_copy_fields() -> None:
    assert _field(None) == r"\N"
    assert _field("a\\b\tc\nd\re") == r"a\\b\tc\nd\re"
