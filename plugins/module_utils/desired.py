# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source defines, read from the shadow, beside what the live database has of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional, Sequence, Tuple

from . import ledger, renames, rows
from .catalog.model import Catalog, Identity, Object
from .catalog.read import read
from .errors import SourceError
from .live import Session
from .policy import Policy
from .shadow import Shadow


@dataclass(frozen=True)
class Desired:
    """What the source defines; ``renamed`` is the same with the new names undone, to be compared with the live one."""

    catalog: Catalog
    rows: rows.Reference
    renamed: Catalog
    renames: renames.Renames


def once_managed(last: Optional[ledger.Entry], policy: Policy) -> Tuple[str, ...]:
    """Schemas that an earlier source defined: with prune, one that the source no longer has is dropped."""
    if not policy.prune or last is None or policy.schemas is not None:
        return ()
    return tuple(name for name in last.managed_schemas if name != "public")


def read_both(
    live: Session, loaded: Shadow, policy: Policy, hints: Sequence[renames.Hint], once_managed: Sequence[str] = ()
) -> Tuple[Catalog, Desired]:
    """The live catalog, and the desired one. Raises SourceError for what no kind models.

    ``once_managed``: schemas to read besides those of the source and of the hints.
    """
    catalog = read_shadow(loaded, policy)
    # Rows that stay in the shadow are found there by their present names, and are not compared value by value.
    in_bulk = not hints and not policy.enforce
    reference = rows.read_reference(loaded.connection, catalog, loaded.load_window, loaded.given, in_bulk)
    others = [name for name in renames.old_schemas(hints) if name not in (*catalog.schemas, *once_managed)]
    schemas = catalog.schemas + tuple(name for name in (*once_managed, *others) if name not in catalog.schemas)
    found = read(live.connection, schemas, ignore=policy.ignore)
    applicable = renames.applicable(hints, found, catalog) if hints else renames.Renames()
    renamed = catalog
    if applicable.pairs:
        with loaded.connection.cursor() as cursor:
            for statement in applicable.backward:
                cursor.execute(statement)
        renamed = read_shadow(loaded, policy)
    else:
        found = _without_schemas(found, others)
    return found, Desired(
        _public_as_found(catalog, found, loaded), reference,
        _public_as_found(renamed, found, loaded), applicable,
    )  # fmt: skip


def read_shadow(loaded: Shadow, policy: Policy) -> Catalog:
    unspecified = None if policy.owner else loaded.role
    catalog = read(loaded.connection, None, unspecified, policy.ignore)
    if catalog.unread:
        raise SourceError(
            "the schema file defines objects that this version cannot manage: " + ", ".join(catalog.unread),
            hint="Take them out of the file, or deploy them in another way.",
            details={"unmanaged": list(catalog.unread)},
        )
    public_used = any(identity.schema == "public" for identity in catalog.objects)
    public_touched = catalog.get(Identity("schema", "", "public")) != _unspecified(loaded.public, unspecified)
    if not (public_used or public_touched):
        catalog = _without_schemas(catalog, ["public"])
    if policy.schemas is not None:
        catalog = _without_schemas(catalog, [name for name in catalog.schemas if name not in policy.schemas])
    return catalog


def _unspecified(obj: Optional[Object], owner: Optional[str]) -> Optional[Object]:
    return replace(obj, owner=None) if obj is not None and obj.owner == owner else obj


def _without_schemas(catalog: Catalog, names: Sequence[str]) -> Catalog:
    if not names:
        return catalog
    objects = {
        identity: obj
        for identity, obj in catalog.objects.items()
        if identity.schema not in names and not (identity.kind == "schema" and identity.name in names)
    }
    depends = {
        identity: frozenset(base for base in bases if base in objects)
        for identity, bases in catalog.depends.items()
        if identity in objects
    }
    schemas = tuple(name for name in catalog.schemas if name not in names)
    return replace(catalog, objects=objects, depends=depends, schemas=schemas, _parts={})


def _public_as_found(catalog: Catalog, found: Catalog, loaded: Shadow) -> Catalog:
    """Every database has a schema public; where the source says nothing of its owner and privileges, they stay."""
    identity = Identity("schema", "", "public")
    obj, live = catalog.get(identity), found.get(identity)
    if obj is None or live is None or loaded.public is None:
        return catalog
    if obj != _unspecified(loaded.public, obj.owner) and replace(obj, owner=loaded.public.owner) != loaded.public:
        return catalog
    return replace(catalog, objects={**catalog.objects, identity: live}, _parts={})


def rename_again(connection: Any, desired: Desired) -> None:
    """Give the shadow its new names back: it is asked once more when the result is verified."""
    with connection.cursor() as cursor:
        for step in desired.renames.forward:
            cursor.execute(step.sql)
