# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rename hint says. That it is followed is shown by the integration tests."""

from __future__ import annotations

import pytest

from ansible_collections.domainflow.database.plugins.module_utils import renames
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("table public.a -> b", Identity("table", "public", "a"), "b"),
        ("  column public.T.Old->NEW ", Identity("column", "public", "t", "old"), "new"),
        ('column public."T t"."O.ld" -> "N""ew"', Identity("column", "public", "T t", "O.ld"), 'N"ew'),
        ("constraint s.t.k -> l", Identity("constraint", "s", "t", "k"), "l"),
        ("index s.i -> j", Identity("index", "s", "i"), "j"),
        ("type s.e -> f", Identity("type", "s", "e"), "f"),
        ("materialized view s.v -> w", Identity("materialized view", "s", "v"), "w"),
        ("value s.e.a -> \"B c\"", Identity("value", "s", "e", "a"), "B c"),
        ("schema a -> b", Identity("schema", "", "a"), "b"),
        ("server a -> b", Identity("server", "", "a"), "b"),
        ("function s.f() -> g", Identity("function", "s", "f", ""), "g"),
        (
            "function s.f(int,  varchar[], timestamptz, s.e) -> g",
            Identity("function", "s", "f", "integer, character varying[], timestamp with time zone, s.e"),
            "g",
        ),
    ],
)  # fmt: skip
def test_hints(text: str, old: Identity, new: str) -> None:
    hint = renames.parse(text)
    assert (hint.old, hint.new_name) == (old, new)


@pytest.mark.parametrize(
    "text",
    [
        "column a -> b",
        "table public.a",
        "column public.t.a to b",
        "cast s.a -> b",
        "extension a -> b",
        "nothing s.a -> b",
    ],
)
def test_what_is_no_hint_is_refused(text: str) -> None:
    with pytest.raises(EngineError, match="not understood"):
        renames.parse(text)
