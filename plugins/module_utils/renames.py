# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename hints: takes "kind old -> new" texts, gives the statements that rename, and their reverse.

The reverse is run in the shadow before it is compared, so that PostgreSQL itself rewrites every view, constraint and
index that mentions the name; the plan then ends with the renames. A hint that does not apply is passed over.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from .catalog.enum_type import rename_label
from .catalog.kinds import BY_NAME
from .catalog.model import WITH_SIGNATURE, Catalog, Ddl, Identity, Object
from .errors import EngineError
from .plan import Step

_PARTS = frozenset({"column", "constraint", "trigger", "policy", "rule"})
_NAME = r'(?:"(?:[^"]|"")+"|[^\s."()]+)'
_HINT = re.compile(
    rf"\s*(?P<kind>[a-z ]+?)\s+(?P<old>{_NAME}(?:\.{_NAME})*)\s*(?:\((?P<arguments>.*)\))?\s*"
    rf"->\s*(?P<new>{_NAME})\s*\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Hint:
    """What a hint says: the old identity (an enum value is the part of its type) and the new name."""

    kind: str
    old: Identity
    new_name: str

    @property
    def new(self) -> Identity:
        """The identity after the rename."""
        if self.kind in _PARTS or self.kind == "value":
            return self.old._replace(part=self.new_name)
        return self.old._replace(name=self.new_name)


@dataclass(frozen=True)
class Rename:
    """A rename that applies: how the new name is undone in the shadow, and how the old one is given up in the end.

    ``old`` is the identity in the live database, ``new`` that in the source.
    """

    old: Identity
    new: Identity
    backward: Tuple[str, ...]
    forward: Tuple[Step, ...]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def parse(text: str) -> Hint:
    """One hint, such as ``column public.t.old -> new``. Raises EngineError where it is not of that form."""
    match = _HINT.match(text)
    if match is not None:
        kind = match.group("kind")
        names = [_unquoted(name) for name in re.findall(_NAME, match.group("old"))]
        new = _unquoted(match.group("new"))
        if kind in ("schema", "extension") and len(names) == 1:
            return Hint(kind, Identity(kind, "", names[0]), new)
        if (kind in _PARTS or kind == "value") and len(names) == 3:
            identity_kind = "enum" if kind == "value" else kind
            return Hint(kind, Identity(identity_kind, *names), new)
        if kind in WITH_SIGNATURE and len(names) == 2:
            return Hint(kind, Identity(kind, names[0], names[1], (match.group("arguments") or "").strip()), new)
        if kind in BY_NAME and kind not in _PARTS and len(names) == 2:
            return Hint(kind, Identity(kind, names[0], names[1]), new)
    raise EngineError(
        f'rename hint "{text.strip()}" is not understood',
        hint="Write it as: table public.old -> new, column public.t.old -> new, constraint public.t.old -> new, "
        "index public.old -> new, function public.old(integer) -> new, schema old -> new, value public.e.old -> new.",
    )


def old_schemas(hints: Sequence[Hint]) -> List[str]:
    """Schemas that the live database may still have under an old name."""
    return [hint.old.name for hint in hints if hint.kind == "schema"]


_ORDER = {"schema": 0, "table": 1, "view": 1}


def applicable(hints: Sequence[Hint], live: Catalog, desired: Catalog) -> List[Rename]:
    """The renames to be made, in the order in which they are undone in the shadow; see Rename."""
    # Outermost first: once schemas and tables have their old names, the hints for their parts can be followed.
    ordered = sorted(hints, key=lambda hint: _ORDER.get(hint.kind, 2))
    moved: List[Tuple[Hint, Identity]] = []  # table and schema renames that apply
    result: List[Rename] = []
    for number, hint in enumerate(ordered):
        rename = _value(hint, live, desired) if hint.kind == "value" else _object(hint, live, desired, moved, number)
        if rename is not None:
            result.append(rename)
    return result


def _placed(identity: Identity, moved: Sequence[Tuple[Hint, Identity]], old_names: bool) -> Identity:
    """An identity with its table and schema under their old, or new, names."""
    for hint, new in moved:
        before, after = (new, hint.old) if old_names else (hint.old, new)
        if hint.kind == "schema" and identity.schema == before.name:
            identity = identity._replace(schema=after.name)
        elif hint.kind in ("table", "view") and (identity.schema, identity.name) == (before.schema, before.name):
            identity = identity._replace(schema=after.schema, name=after.name)
    return identity


def _object(
    hint: Hint, live: Catalog, desired: Catalog, moved: List[Tuple[Hint, Identity]], number: int
) -> Optional[Rename]:
    # A hint may name the table of a column, or the schema of a table, as it was or as it will be.
    old = _placed(hint.old, moved, old_names=True)
    aimed = _placed(hint.new, moved, old_names=False)
    new_in_old_place = old._replace(**{"part" if old.kind in _PARTS else "name": hint.new_name})
    obj = desired.get(aimed)
    if obj is None or live.get(old) is None or live.get(new_in_old_place) is not None:
        return None
    rename = BY_NAME[old.kind].rename
    if rename is None:
        raise EngineError(f"a {old.kind} cannot be renamed")
    placed = _at(obj, new_in_old_place)
    backward: List[Ddl] = []
    forward = [(old, ddl) for ddl in rename(_at(obj, old), new_in_old_place)]
    clash = desired.get(_placed(old, moved, old_names=False))
    if clash is not None:
        # The file has something new under the old name: made under a name of its own, renamed last.
        aside = old._replace(**{"part" if old.kind in _PARTS else "name": f"__new_{number}"})
        backward += rename(_at(clash, old), aside)
        forward += [(old, ddl) for ddl in rename(_at(clash, aside), old)]
    backward += rename(placed, old)
    if hint.kind in ("table", "view", "schema"):
        moved.append((hint, hint.new))
    steps = tuple(Step(ddl.sql, identity, "rename", ddl.hazards, ddl.lock, ddl.table) for identity, ddl in forward)
    return Rename(old, aimed, tuple(ddl.sql for ddl in backward), steps)


def _at(obj: Object, identity: Identity) -> Object:
    """An object as it is called for the time being: all that renaming needs is its identity."""
    return dataclasses.replace(obj, id=identity)


def _value(hint: Hint, live: Catalog, desired: Catalog) -> Optional[Rename]:
    identity = hint.old._replace(part="")
    before: Any = live.get(identity)
    after: Any = desired.get(identity)
    old, new = hint.old.part, hint.new_name
    if before is None or after is None or old not in before.labels or new in before.labels:
        return None
    if new not in after.labels or old in after.labels:
        return None
    backward = rename_label(identity, new, old).sql
    forward = rename_label(identity, old, new).sql
    return Rename(identity, identity, (backward,), (Step(forward, identity, "rename"),))


def steps(renames: Sequence[Rename]) -> List[Step]:
    """The steps that end a plan: the innermost first, so that tables still have their old names for their parts."""
    return [step for rename in reversed(renames) for step in rename.forward]


def final(identity: Identity, renames: Sequence[Rename]) -> Identity:
    """What an object of the live database is called once the renames are made."""
    for rename in renames:
        if rename.old == identity:
            return rename.new
    for rename in renames:
        if rename.old.kind == "table" and (identity.schema, identity.name) == (rename.old.schema, rename.old.name):
            return identity._replace(schema=rename.new.schema, name=rename.new.name)
    return identity
