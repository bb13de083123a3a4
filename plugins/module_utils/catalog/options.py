# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of foreign-data objects: OPTIONS (name 'value', …). What looks like a secret is never shown."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .model import Ddl, Secret
from .quoting import ident, literal

MASK = "'********'"
_SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|credential|(access|private|api)_?key|pwd", re.IGNORECASE)


class Option(NamedTuple):
    """One option; a value that looks like a secret is a ``Secret``."""

    name: str
    value: str


def read_options(items: Optional[Sequence[str]]) -> Tuple[Option, ...]:
    """Options from a catalog's array of "name=value" texts, sorted by name: their order means nothing."""
    result = []
    for item in items or ():
        name, _equals, value = item.partition("=")
        result.append(Option(name, Secret(value) if _SECRET.search(name) else value))
    return tuple(sorted(result))


def _written(option: Option, masked: bool) -> str:
    value = MASK if masked and isinstance(option.value, Secret) else literal(option.value)
    return f"{ident(option.name)} {value}"


def _listed(options: Sequence[Option], masked: bool) -> str:
    return f" OPTIONS ({', '.join(_written(option, masked) for option in options)})" if options else ""


def _changed(old: Sequence[Option], new: Sequence[Option], masked: bool) -> str:
    before: Dict[str, str] = {option.name: option.value for option in old}
    wanted = {option.name for option in new}
    words: List[str] = [f"DROP {ident(name)}" for name in before if name not in wanted]
    for option in new:
        if option.name not in before:
            words.append(f"ADD {_written(option, masked)}")
        elif before[option.name] != option.value:
            words.append(f"SET {_written(option, masked)}")
    return f" OPTIONS ({', '.join(words)})" if words else ""


def _statement(head: str, plain: str, masked: str, **facts: Any) -> Ddl:
    return Ddl(head + plain, shown=head + masked if masked != plain else None, **facts)


def with_options(head: str, options: Sequence[Option], **facts: Any) -> Ddl:
    """A CREATE statement that ends in its options."""
    return _statement(head, _listed(options, False), _listed(options, True), **facts)


def change_options(head: str, old: Sequence[Option], new: Sequence[Option], **facts: Any) -> Ddl:
    """An ALTER statement that ends in the change of options."""
    return _statement(head, _changed(old, new, False), _changed(old, new, True), **facts)
