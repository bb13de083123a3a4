# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New passwords."""

from __future__ import annotations

import math
import secrets
import string
from dataclasses import dataclass

from ...module_utils.errors import EngineError

# These need no quoting in shells, URLs, YAML and configuration files.
DEFAULT_ALPHABET = string.ascii_letters + string.digits + "-_.~"
LOOKALIKES = frozenset("0Oo1lI|5S2Z8B`'\"")
MINIMUM_BITS = 64


@dataclass(frozen=True)
class Recipe:
    """How to make a password."""

    length: int = 32
    alphabet: str = DEFAULT_ALPHABET
    avoid_lookalikes: bool = False

    @property
    def characters(self) -> str:
        unique = dict.fromkeys(self.alphabet)
        return "".join(char for char in unique if not (self.avoid_lookalikes and char in LOOKALIKES))


def check(recipe: Recipe) -> None:
    """Refuse a recipe whose passwords could be guessed, or would not survive their way through files and shells."""
    if any(not 0x21 <= ord(char) <= 0x7E for char in recipe.alphabet):
        raise EngineError("generate.alphabet holds something else than printable ASCII characters")
    bits = recipe.length * math.log2(len(recipe.characters)) if len(recipe.characters) > 1 else 0
    if bits < MINIMUM_BITS:
        raise EngineError(
            f"generate: {recipe.length} of {len(recipe.characters)} characters make {int(bits)} bits, less than "
            f"the {MINIMUM_BITS} that a password needs",
            "Raise generate.length, or give generate.alphabet more characters.",
        )


def password(recipe: Recipe) -> str:
    """A password; it begins with a letter or digit where it can, so that nothing takes it for an option."""
    characters = recipe.characters
    first = [char for char in characters if char.isalnum()] or list(characters)
    return secrets.choice(first) + "".join(secrets.choice(characters) for _position in range(recipe.length - 1))
