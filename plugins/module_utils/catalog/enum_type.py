# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enumerated types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, rename_ddl
from .model import Ddl, Identity, Object
from .quoting import literal


@dataclass(frozen=True)
class Enum(Object):
    """CREATE TYPE … AS ENUM."""

    labels: Tuple[str, ...]


def _query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
               t.typacl::text[] AS acl, d.description AS comment, labels.list AS labels
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN (SELECT e.enumtypid, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS list
                       FROM pg_enum e GROUP BY e.enumtypid) labels ON labels.enumtypid = t.oid
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND t.typtype = 'e'
         ORDER BY n.nspname, t.typname"""


def _read(row: Any, context: ReadContext) -> Enum:
    return Enum(
        id=Identity("enum", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "type", row.owner),
        comment=row.comment,
        labels=tuple(row.labels or ()),
    )


def _create(enum: Enum, _context: Context) -> List[Ddl]:
    labels = ", ".join(literal(label) for label in enum.labels)
    return [Ddl(f"CREATE TYPE {enum.id.relation} AS ENUM ({labels})")]


def _alter(old: Enum, new: Enum, _fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    kept = set(old.labels)
    if tuple(label for label in new.labels if label in kept) != old.labels:
        return None  # a label is gone or has moved: only a new type helps
    result = []
    for position, label in enumerate(new.labels):
        if label in kept:
            continue
        place = ""
        if position == 0 and old.labels:
            place = f" BEFORE {literal(old.labels[0])}"
        elif any(later in kept for later in new.labels[position + 1 :]):
            place = f" AFTER {literal(new.labels[position - 1])}"
        sql = f"ALTER TYPE {new.id.relation} ADD VALUE {literal(label)}{place}"
        result.append(Ddl(sql, breaks_transaction=True))
    return result


def rename_label(enum: Identity, old: str, new: str) -> Ddl:
    """A label under another name: values keep their place, nothing is written anew."""
    return Ddl(f"ALTER TYPE {enum.relation} RENAME VALUE {literal(old)} TO {literal(new)}")


def _drop(enum: Enum, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP TYPE {enum.id.relation}")]


def rename(obj: Object, new: Identity) -> List[Ddl]:
    """ALTER TYPE … RENAME, for every kind of type but domains."""
    return rename_ddl("TYPE", obj, new)


KIND = Kind(
    name="enum",
    rank=30,
    system_catalog="pg_type",
    keyword="TYPE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_type"], row.oid, 0)],
    acl_class="type",
    grant_keyword="TYPE",
)
