# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename hints: takes "kind old -> new" texts, gives the statements that rename, and their reverse.

The reverse is run in the shadow before it is compared, so that PostgreSQL itself rewrites every view, constraint and
index that mentions the name; the plan then ends with the renames. A hint that does not apply is passed over.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from .catalog.enum_type import Enum, rename_label
from .catalog.kinds import BY_NAME
from .catalog.model import WITH_SIGNATURE, Catalog, Ddl, Identity, Object
from .catalog.range_type import Range, called
from .catalog.type_usage import TYPE_KINDS
from .diff.compare import compared_fields
from .errors import EngineError
from .plan import Step

# A label of an enum is no object of its own, but renamed like one. Its identity is that of a part of its type.
_VALUE = "value"
_PARTS = frozenset({"column", "constraint", "trigger", "policy", "rule", _VALUE})
_RELATIONS = frozenset({"table", "view", "materialized view", "foreign table"})
# What hints may name the parts, or contents, of.
_OUTER = _RELATIONS | TYPE_KINDS
_NAME = r'(?:"(?:[^"]|"")+"|[^\s."()]+)'
_HINT = re.compile(
    rf"\s*(?P<kind>[a-z ]+?)\s+(?P<old>{_NAME}(?:\.{_NAME})*)\s*(?:\((?P<arguments>.*)\))?\s*"
    rf"->\s*(?P<new>{_NAME})\s*\Z",
    re.DOTALL,
)
# Names of types as people write them -> as the server does (PostgreSQL documentation, "Data Types", table 8.1).
_ALIASES = {
    "int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint", "bool": "boolean",
    "float8": "double precision", "float4": "real", "decimal": "numeric", "varchar": "character varying",
    "char": "character", "varbit": "bit varying", "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone", "timetz": "time with time zone", "time": "time without time zone",
}  # fmt: skip


@dataclass(frozen=True)
class Hint:
    """What a hint says: the old identity (of the kind "type" where it does not say which) and the new name."""

    old: Identity
    new_name: str


@dataclass(frozen=True)
class Renames:
    """The renames that apply.

    ``pairs``: (identity in the live database, identity in the source). ``backward`` undoes the new names in the shadow,
    ``forward`` ends the plan. ``names``: what the plan calls an object of the source, where that is not its name.
    """

    pairs: Tuple[Tuple[Identity, Identity], ...] = ()
    backward: Tuple[str, ...] = ()
    forward: Tuple[Step, ...] = ()
    names: Mapping[Identity, Identity] = field(default_factory=dict)

    def final(self, identity: Identity) -> Identity:
        """What an object is called once the renames are made."""
        for wanted, planned in self.names.items():
            if planned == identity:
                return wanted
        return identity


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _arguments(text: Optional[str]) -> str:
    """A list of argument types in the server's words."""
    result = []
    for each in (text or "").split(","):
        word, brackets, _rest = " ".join(each.split()).partition("[")
        result.append(_ALIASES.get(word.lower(), word) + ("[]" if brackets else ""))
    return ", ".join(result)


def parse(text: str) -> Hint:
    """One hint, such as ``column public.t.old -> new``. Raises EngineError where it is not of that form."""
    match = _HINT.match(text)
    if match is not None:
        kind = match.group("kind")
        names = [_unquoted(name) for name in re.findall(_NAME, match.group("old"))]
        new = _unquoted(match.group("new"))
        if kind == "schema" and len(names) == 1:
            return Hint(Identity(kind, "", names[0]), new)
        if kind in _PARTS and len(names) == 3:
            return Hint(Identity(kind, *names), new)
        if kind in WITH_SIGNATURE and len(names) == 2:
            return Hint(Identity(kind, names[0], names[1], _arguments(match.group("arguments"))), new)
        known = kind == "type" or (kind in BY_NAME and BY_NAME[kind].rename is not None)
        if known and kind not in _PARTS and len(names) == 2:
            return Hint(Identity(kind, names[0], names[1]), new)
        if known and kind not in _PARTS and len(names) == 1:
            return Hint(Identity(kind, "", names[0]), new)
    raise EngineError(
        f'rename hint "{text.strip()}" is not understood',
        hint="Write it as: table public.old -> new, column public.t.old -> new, constraint public.t.old -> new, "
        "index public.old -> new, type public.old -> new, function public.old(integer) -> new, schema old -> new, "
        "value public.e.old -> new.",
    )


def old_schemas(hints: Sequence[Hint]) -> List[str]:
    """Schemas that the live database may still have under an old name."""
    return [hint.old.name for hint in hints if hint.old.kind == "schema"]


# --- which hints apply ----------------------------------------------------------------------------------


class _Pair(NamedTuple):
    """The same thing in both databases."""

    live: Identity
    wanted: Identity


def _level(kind: str) -> int:
    """Outermost first: the hints for parts are followed once it is known what has become of the whole."""
    if kind == "schema":
        return 0
    return 1 if kind == "type" or kind in _OUTER else 2


def _own_name(identity: Identity, name: str) -> Identity:
    return identity._replace(part=name) if identity.kind in _PARTS else identity._replace(name=name)


class _Places:
    """What has become of schemas, relations and types so far, in both directions."""

    def __init__(self) -> None:
        self._schemas: Tuple[Dict[str, str], Dict[str, str]] = ({}, {})
        self._outer: Tuple[Dict[Tuple[str, str], Identity], Dict[Tuple[str, str], Identity]] = ({}, {})

    def add(self, pair: _Pair) -> None:
        """A rename of a schema, a relation or a type."""
        for way, (before, after) in enumerate((pair, pair[::-1])):
            if before.kind == "schema":
                self._schemas[way][before.name] = after.name
            else:
                self._outer[way][(before.schema, before.name)] = after

    def follow(self, identity: Identity, to_live: bool) -> Identity:
        """An identity with all that it stands in as the live database (or the source) calls that."""
        way = 1 if to_live else 0
        for before, after in self._outer[way].items():
            if identity.kind in _PARTS and before == (identity.schema, identity.name):
                return identity._replace(schema=after.schema, name=after.name)
            identity = _with_type(identity, Identity("", *before), after)
        for old, new in self._schemas[way].items():
            identity = _with_type(identity, Identity("schema", "", old), Identity("schema", "", new))
        return identity._replace(schema=self._schemas[way].get(identity.schema, identity.schema))


def _with_type(identity: Identity, old: Identity, new: Identity) -> Identity:
    """A routine with a type, or a schema of types, under another name among its arguments."""
    if identity.kind not in WITH_SIGNATURE:
        return identity
    types = []
    for each in identity.part.split(", "):
        if old.kind == "schema" and each.startswith(f"{old.relation}."):
            each = new.relation + each[len(old.relation) :]
        elif each in (old.relation, f"{old.relation}[]"):
            each = new.relation + each[len(old.relation) :]
        types.append(each)
    return identity._replace(part=", ".join(types))


def applicable(hints: Sequence[Hint], live: Catalog, desired: Catalog) -> Renames:
    """The renames to be made. Raises EngineError where one is asked for that PostgreSQL does not know."""
    places = _Places()
    names = _Names(desired)
    pairs: List[_Pair] = []
    for level in range(3):
        found: Dict[Identity, _Pair] = {}
        for hint in hints:
            if _level(hint.old.kind) == level:
                pair = _candidate(hint, live, desired, places)
                if pair is not None:
                    found.setdefault(pair.wanted, pair)
        followed = _to_be_followed(list(found.values()), live, desired)
        for pair in followed:
            if level < 2:
                places.add(pair)
        names.undo(followed)
        pairs += followed
    backward = tuple(ddl.sql for _identity, ddl in names.backward)
    forward = tuple(
        Step(ddl.sql, identity, "rename", ddl.hazards, ddl.lock, ddl.table) for identity, ddl in names.forward
    )
    wanted = {origin: now for origin, now in names.now.items() if origin != now}
    return Renames(tuple(pairs), backward, forward, wanted)


def _candidate(hint: Hint, live: Catalog, desired: Catalog, places: _Places) -> Optional[_Pair]:
    """What a hint is about, where the live database has the old name and the source the new one.

    A hint may name what the thing stands in as it was or as it will be.
    """
    kinds = sorted(TYPE_KINDS) if hint.old.kind == "type" else [hint.old.kind]
    for kind in kinds:
        old = hint.old._replace(kind=kind)
        new = _own_name(old, hint.new_name)
        for pair in (_Pair(places.follow(old, True), new), _Pair(old, places.follow(new, False))):
            if _is_there(pair.live, live) and _is_there(pair.wanted, desired):
                return pair
    return None


def _is_there(identity: Identity, catalog: Catalog) -> bool:
    if identity.kind != _VALUE:
        return identity in catalog.objects
    return identity.part in _labels(identity, catalog)


def _labels(value: Identity, catalog: Catalog) -> Tuple[str, ...]:
    enum = catalog.get(Identity("enum", value.schema, value.name))
    return enum.labels if isinstance(enum, Enum) else ()


def _to_be_followed(pairs: List[_Pair], live: Catalog, desired: Catalog) -> List[_Pair]:
    """Without those whose time has been: the new name is there, and nothing is going to leave it."""
    while True:
        leaving = {pair.live: pair for pair in pairs}
        kept = [pair for pair in pairs if not _is_there(_target(pair), live) or _target(pair) in leaving]
        if len(kept) == len(pairs):
            break
        pairs = kept
    for circle in _circles(leaving):
        # All names are there before and after: only what they stand for tells whether they are to be exchanged.
        as_named = [_Pair(_target(pair), pair.wanted) for pair in circle]
        if _unlike(circle, live, desired) >= _unlike(as_named, live, desired):
            pairs = [pair for pair in pairs if pair not in circle]
    return pairs


def _target(pair: _Pair) -> Identity:
    """The new name in the live database, before anything around it is renamed."""
    name = pair.wanted.part if pair.wanted.kind in _PARTS else pair.wanted.name
    return _own_name(pair.live, name)


def _circles(leaving: Mapping[Identity, _Pair]) -> Iterable[List[_Pair]]:
    seen = set()
    for start in leaving:
        circle: List[_Pair] = []
        identity = start
        while identity in leaving and identity not in seen:
            seen.add(identity)
            circle.append(leaving[identity])
            identity = _target(leaving[identity])
        if circle and identity == start:
            yield circle


def _unlike(pairs: Sequence[_Pair], live: Catalog, desired: Catalog) -> int:
    """In how many features the things differ that are taken to be the same."""
    return sum(len(_features(pair.live, live) ^ _features(pair.wanted, desired)) for pair in pairs)


def _features(identity: Identity, catalog: Catalog) -> Any:
    if identity.kind == _VALUE:
        return {_labels(identity, catalog).index(identity.part)}
    if identity.kind == "schema":
        return {(each.kind, each.name, each.part) for each in catalog.objects if each.schema == identity.name}
    obj = catalog.objects[identity]
    result: Set[Any] = {(name, _without_name(getattr(obj, name), identity)) for name in compared_fields(obj)}
    for column in catalog.parts(identity, "column"):
        result.add((column.id.part, column.data_type, column.not_null, column.generation_expression))
    return result


def _without_name(value: Any, identity: Identity) -> Any:
    return value.replace(identity.relation, "") if isinstance(value, str) else value


# --- how they are undone, and made ----------------------------------------------------------------------


class _Names:
    """The names in the shadow while the source's renames are undone there one by one.

    ``now``: what an object of the source is called. ``backward`` and ``forward``: the statements so far, and those that
    take them back, each with what it renames.
    """

    def __init__(self, desired: Catalog) -> None:
        self.desired = desired
        self.now: Dict[Identity, Identity] = {identity: identity for identity in desired.objects}
        for obj in desired.objects.values():
            if isinstance(obj, Enum):
                value = obj.id._replace(kind=_VALUE)
                self.now.update({value._replace(part=label): value._replace(part=label) for label in obj.labels})
        self.backward: List[Tuple[Identity, Ddl]] = []
        self.forward: List[Tuple[Identity, Ddl]] = []
        self._numbers = itertools.count()
        self._taken: Dict[Tuple[str, ...], Identity] = {}
        self._take(self.now)

    def undo(self, pairs: Sequence[_Pair]) -> None:
        """Give the old names to what has the new ones in the source."""
        waiting = list(pairs)
        while waiting:
            pair = next((each for each in waiting if not self._holders(each)), None)
            if pair is not None:
                self._move(pair.wanted, pair.live)
                waiting.remove(pair)
                continue
            # Something else has the name, for a moment (names exchanged) or for good (a new thing under it).
            for holder in self._holders(waiting[0]):
                self._move(holder, _own_name(self.now[holder], f"__new_{next(self._numbers)}"))

    def _holders(self, pair: _Pair) -> List[Identity]:
        """What has the old name of a pair, or one of the names that come with it."""
        keys = _keys(self.desired.get(pair.wanted), pair.live)
        holders = dict.fromkeys(self._taken[key] for key in keys if key in self._taken)
        return [holder for holder in holders if holder != pair.wanted]

    def _move(self, origin: Identity, target: Identity) -> None:
        start = self.now[origin]
        rename = _renamer(origin, self.desired.get(origin))
        self.backward += [(start, ddl) for ddl in rename(start, target)]
        self.forward[:0] = [(target, ddl) for ddl in rename(target, start)]
        moved = {each: after for each, after in self._follows(origin, start, target) if after != self.now[each]}
        for each in moved:
            for key in _keys(self.desired.get(each), self.now[each]):
                self._taken.pop(key, None)
        self.now.update(moved)
        self._take(moved)

    def _follows(self, origin: Identity, old: Identity, new: Identity) -> Iterable[Tuple[Identity, Identity]]:
        yield origin, new
        outer = old.kind in _OUTER
        if not outer and old.kind not in ("schema", "column"):
            return
        for each, now in self.now.items():
            if each == origin:
                continue
            if outer and (now.kind in _PARTS or now.kind == "default") and now[1:3] == old[1:3]:
                now = now._replace(name=new.name)
            elif old.kind == "column" and now.kind == "default" and now[1:] == old[1:]:
                now = now._replace(part=new.part)
            elif old.kind == "schema" and now.schema == old.name:
                now = now._replace(schema=new.name)
            yield each, _with_type(now, old, new)

    def _take(self, origins: Iterable[Identity]) -> None:
        for origin in origins:
            for key in _keys(self.desired.get(origin), self.now[origin]):
                self._taken[key] = origin


def _renamer(origin: Identity, obj: Optional[Object]) -> Callable[[Identity, Identity], List[Ddl]]:
    if obj is None:  # a label
        return lambda old, new: [rename_label(old, old.part, new.part)]
    rename = BY_NAME[origin.kind].rename
    if rename is None:
        raise EngineError(f"a {origin.kind} cannot be renamed, and {origin} has a name that a rename hint needs")
    known = rename
    if isinstance(obj, Range):
        range_type = obj
        return lambda old, new: known(called(range_type, old), new)
    # An object as it is called for the time being: all that renaming needs is its identity.
    return lambda old, new: known(dataclasses.replace(obj, id=old), new)


def _keys(obj: Optional[Object], now: Identity) -> List[Tuple[str, ...]]:
    """The names that something takes up: its own, and those that several kinds share."""
    result: List[Tuple[str, ...]] = [tuple(now)]
    kind = BY_NAME.get(now.kind)
    if kind is not None and kind.relation_name is not None and obj is not None:
        name = kind.relation_name(obj)
        if name:
            result.append(("relation", now.schema, now.part if now.kind == "constraint" else now.name))
    if now.kind in _OUTER or now.kind == "shell type":
        result.append(("type", now.schema, now.name))
    if now.kind in ("function", "procedure", "aggregate"):
        result.append(("routine", now.schema, now.name, now.part))
    return result
