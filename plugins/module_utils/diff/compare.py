# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing the objects of two catalogs, and naming the fields in which a pair differs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple, Type, cast

from ..catalog import privileges
from ..catalog.constraint import NOT_VALID, Constraint
from ..catalog.identity_sequence import IdentitySequence, as_made
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Grant, Identity, Object
from ..catalog.sequence import is_succeeded
from .adopted import adopter

# Kinds that are an attribute of their parent rather than something of their own: one that the file does not have is a
# difference, not an extra.
_ATTRIBUTES = frozenset({"default"})

# Kinds whose name carries no meaning: the same thing under another name is renamed, not made anew.
_RENAMED_BY_CONTENT = frozenset({"constraint", "index", "sequence"})


# What an online run makes for the time being; one that was broken off leaves it, and the next one takes it away.
BUILDING = "__building_"
NOT_NULL_CHECK = "__not_null_"
DETACHING_CHECK = "__detaching_"


def is_left_over(obj: Optional[Object]) -> bool:
    """Whether an object is one of those."""
    if obj is None:
        return False
    if obj.id.kind == "index":
        return obj.id.name.startswith(BUILDING)
    return obj.id.kind == "constraint" and obj.id.part.startswith((NOT_NULL_CHECK, DETACHING_CHECK))


@dataclass(frozen=True)
class Change:
    """One object that is to be made (``old`` is None), dropped (``new`` is None), altered or renamed."""

    old: Optional[Object]
    new: Optional[Object]
    fields: FrozenSet[str] = frozenset()

    @property
    def id(self) -> Identity:
        """What the object is called once the change is made."""
        return cast(Object, self.new or self.old).id


@dataclass(frozen=True)
class ExtraGrant:
    """Privileges that somebody granted beyond the file."""

    id: Identity
    grants: FrozenSet[Grant]


@dataclass(frozen=True)
class Difference:
    """All changes, and what the database has beyond the file and keeps."""

    changes: Tuple[Change, ...]
    extra: Tuple[Object, ...]
    extra_grants: Tuple[ExtraGrant, ...]


_FIELDS: Dict[Type[Any], Tuple[str, ...]] = {}


def compared_fields(obj: Object) -> Tuple[str, ...]:
    """The names of the fields that make two objects of a kind different, the identity aside."""
    cls = type(obj)
    if cls not in _FIELDS:
        _FIELDS[cls] = tuple(f.name for f in dataclasses.fields(cls) if f.compare and f.name != "id")
    return _FIELDS[cls]


def default_grants(obj: Object, server_version: int) -> FrozenSet[Grant]:
    """What would be granted on the object had nobody granted or revoked anything."""
    initial: Optional[FrozenSet[Grant]] = getattr(obj, "initial", None)
    if initial is not None:
        return initial  # an extension's doing
    acl_class = BY_NAME[obj.id.kind].acl_class
    return privileges.default_grants(acl_class, server_version) if acl_class else frozenset()


def is_database_wide(identity: Identity) -> bool:
    """Whether an object stands in no schema: an extension, a publication, a cast."""
    return identity.schema == "" and identity.kind != "schema"


def _is_of_managed(obj: Object, desired: Catalog) -> bool:
    """Whether something in no schema is part of what the source defines: who logs in at its server, a privilege on
    what its extension brings."""
    whole = Identity("server", "", obj.id.name) if obj.id.kind == "user mapping" else obj.parent
    return obj.id.kind in ("user mapping", "extension member") and whole in desired.objects


def compare(
    live: Catalog, desired: Catalog, prune: bool = False, once: AbstractSet[Identity] = frozenset()
) -> Difference:
    """What it takes to make ``live`` be ``desired``.

    Without ``prune``, objects and privileges that only ``live`` has are extra: named, not changed. What stands in no
    schema belongs to whoever made it, and is touched only where it is among ``once``: what an earlier source defined.
    """
    missing = [obj for identity, obj in desired.objects.items() if identity not in live.objects]
    surplus = [obj for identity, obj in live.objects.items() if identity not in desired.objects]
    renamed = _pair_renames([obj for obj in surplus if not is_left_over(obj)], missing)
    changes: List[Change] = []
    extra_grants: List[ExtraGrant] = []
    for identity, new in desired.objects.items():
        old = live.objects.get(identity) or renamed.get(identity)
        if old is None:
            changes.append(Change(None, new))
        elif old != new:
            fields, left = _differing_fields(old, new, live.server_version, prune)
            if left:
                extra_grants.append(ExtraGrant(identity, left))
            if fields or old.id != new.id:
                changes.append(Change(old, new, fields))
    taken = {old.id for old in renamed.values()}
    extra: List[Object] = []
    keys = [obj for obj in missing if isinstance(obj, Constraint) and obj.type == "f" and obj.attached is None]
    for old in surplus:
        if old.id in taken:
            continue
        if keys and adopter(old, keys, live, desired) is not None:
            if cast(Constraint, old).own_definition.endswith(NOT_VALID):
                changes.append(Change(old, None))  # of a run that was broken off; it is made again
            continue
        of_kept = old.parent is not None and old.parent in desired.objects
        if isinstance(old, IdentitySequence) and of_kept and not prune:
            # The file has the sequence as well, as PostgreSQL makes it.
            new = as_made(old, live.server_version)
            fields, left = _differing_fields(old, new, live.server_version, prune)
            if left:
                extra_grants.append(ExtraGrant(old.id, left))
            if fields:
                changes.append(Change(old, new, fields))
        elif is_database_wide(old.id) and old.id not in once and not _is_of_managed(old, desired):
            if getattr(old, "schema", None) in live.schemas:
                extra.append(old)  # an extension whose objects stand among the managed ones
        elif prune or (old.id.kind in _ATTRIBUTES and of_kept) or is_left_over(old) or is_succeeded(old, live, desired):
            changes.append(Change(old, None))
        else:
            extra.append(old)
    return Difference(tuple(changes), tuple(extra), tuple(extra_grants))


def _differing_fields(
    old: Object, new: Object, server_version: int, prune: bool
) -> Tuple[FrozenSet[str], FrozenSet[Grant]]:
    fields = {name for name in compared_fields(new) if getattr(old, name) != getattr(new, name)}
    left: FrozenSet[Grant] = frozenset()
    if new.owner is None:
        fields.discard("owner")
    if getattr(old, "populated", False):
        fields.discard("populated")  # a file without data (pg_dump --schema-only) does not ask for an empty view
    if "acl" in fields and old.acl is not None and new.acl is not None:
        default = default_grants(new, server_version)
        grant, revoke, left = privileges.difference(*privileges.comparable(old, new), default, prune)
        if not grant and not revoke:
            fields.discard("acl")
    return frozenset(fields), left


def _content(obj: Object) -> Tuple[Any, ...]:
    """What an object is but for its name and the fields that all kinds have."""
    common = ("owner", "acl", "comment")
    return (obj.id.kind, obj.parent) + tuple(getattr(obj, name) for name in compared_fields(obj) if name not in common)


def _is_renamed(obj: Object) -> bool:
    # A partition's part of an index or key is named once it is known where it came from.
    return obj.id.kind in _RENAMED_BY_CONTENT and obj.parent is not None and getattr(obj, "attached", None) is None


def _pair_renames(surplus: Sequence[Object], missing: Sequence[Object]) -> Mapping[Identity, Object]:
    """New identity -> the live object that is the same thing under another name."""
    by_content: Dict[Tuple[Any, ...], List[Object]] = {}
    for old in surplus:
        if _is_renamed(old):
            by_content.setdefault(_content(old), []).append(old)
    result: Dict[Identity, Object] = {}
    if not by_content:
        return result
    for new in missing:
        if _is_renamed(new):
            candidates = by_content.get(_content(new))
            if candidates and candidates[0].id.schema == new.id.schema:
                result[new.id] = candidates.pop(0)
    return result
