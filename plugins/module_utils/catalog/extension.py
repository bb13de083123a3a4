# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions. Their members are theirs: no other kind reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, literal


@dataclass(frozen=True)
class Extension(Object):
    """CREATE EXTENSION. ``version`` is None where it is the server's default one: then the file did not pin it."""

    schema: str
    version: Optional[str]
    relocatable: bool = field(compare=False)
    default_version: Optional[str] = field(compare=False)
    default_comment: Optional[str] = field(compare=False)
    # Of one whose version is pinned: the versions that there are scripts from, and to.
    updated_from: Tuple[str, ...] = field(compare=False, default=())
    updated_to: Tuple[str, ...] = field(compare=False, default=())


def _query(_version: int) -> str:
    # The default version is taken to mean "whatever the server offers", so that a minor upgrade is no drift; and the
    # comment that the extension brings is not the file's. An empty one: taken away.
    return """
        SELECT e.oid, e.extname AS name, n.nspname AS schema, e.extversion AS version, e.extrelocatable AS relocatable,
               a.default_version, nullif(coalesce(d.description, ''), coalesce(a.comment, '')) AS comment,
               a.comment AS default_comment, paths.sources, paths.targets
          FROM pg_extension e
          JOIN pg_namespace n ON n.oid = e.extnamespace
          LEFT JOIN pg_available_extensions a ON a.name = e.extname
          LEFT JOIN LATERAL (
              SELECT array_agg(u.source) FILTER (WHERE u.target = e.extversion) AS sources,
                     array_agg(u.target) FILTER (WHERE u.source = e.extversion) AS targets
                FROM pg_extension_update_paths(e.extname) u
               WHERE u.path IS NOT NULL) paths ON e.extversion <> a.default_version
          LEFT JOIN pg_description d ON d.objoid = e.oid AND d.classoid = 'pg_extension'::regclass AND d.objsubid = 0
         WHERE e.extname <> 'plpgsql'
         ORDER BY e.extname"""


def _read(row: Any, context: ReadContext) -> Extension:
    pinned = row.version if row.version != row.default_version else None
    return Extension(
        id=Identity("extension", "", row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        schema=row.schema,
        version=pinned,
        relocatable=row.relocatable,
        default_version=row.default_version,
        default_comment=row.default_comment,
        updated_from=tuple(row.sources or ()),
        updated_to=tuple(row.targets or ()),
    )


def _create(extension: Extension, _context: Context) -> List[Ddl]:
    version = f" VERSION {literal(extension.version)}" if extension.version else ""
    return [Ddl(f"CREATE EXTENSION {ident(extension.id.name)} WITH SCHEMA {ident(extension.schema)}{version}")]


def _alter(old: Extension, new: Extension, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    name = ident(new.id.name)
    result = []
    if "schema" in fields:
        if not old.relocatable:
            return None
        result.append(Ddl(f"ALTER EXTENSION {name} SET SCHEMA {ident(new.schema)}"))
    if "version" in fields:
        if not _can_be_updated(old, new):
            return None
        to = f" TO {literal(new.version)}" if new.version else ""
        result.append(Ddl(f"ALTER EXTENSION {name} UPDATE{to}"))
    return result


def _can_be_updated(old: Extension, new: Extension) -> bool:
    """Whether the extension brings scripts that lead from one version to the other; seldom back to an older one."""
    if new.version is not None:
        return (old.version or old.default_version) in new.updated_from
    return new.default_version in old.updated_to


def _drop(extension: Extension, _context: Context) -> List[Ddl]:
    hazard = Hazard("data_loss", "columns of the extension's types would go with it")
    return [Ddl(f"DROP EXTENSION {ident(extension.id.name)}", (hazard,))]


KIND = Kind(
    name="extension",
    rank=20,
    system_catalog="pg_extension",
    keyword="EXTENSION",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    without_comment=lambda extension: extension.default_comment,
    addresses=lambda row: [(CATALOG_OIDS["pg_extension"], row.oid, 0)],
)
