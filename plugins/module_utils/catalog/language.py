# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Procedural languages, transforms and access methods: what stands on functions written in C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild
from .model import Ddl, Identity, Object
from .quoting import ident


@dataclass(frozen=True)
class Language(Object):
    """CREATE LANGUAGE."""

    trusted: bool
    handler: Optional[str]
    inline: Optional[str]
    validator: Optional[str]


def _query(_version: int) -> str:
    return """
        SELECT l.oid, l.lanname AS name, pg_get_userbyid(l.lanowner) AS owner, l.lanacl::text[] AS acl,
               l.lanpltrusted AS trusted, nullif(l.lanplcallfoid::regproc::text, '-') AS handler,
               nullif(l.laninline::regproc::text, '-') AS inline,
               nullif(l.lanvalidator::regproc::text, '-') AS validator, d.description AS comment
          FROM pg_language l
          LEFT JOIN pg_description d ON d.objoid = l.oid AND d.classoid = 'pg_language'::regclass AND d.objsubid = 0
         WHERE l.oid >= 16384
         ORDER BY l.lanname"""


def _read(row: Any, context: ReadContext) -> Language:
    return Language(
        id=Identity("language", "", row.name),
        owner=context.owner(row.owner),
        # Nobody but superusers has privileges on an untrusted language.
        acl=context.grants(row.acl, "language", row.owner) if row.trusted else None,
        comment=row.comment,
        trusted=row.trusted,
        handler=row.handler,
        inline=row.inline,
        validator=row.validator,
    )


def _write(language: Language, replace: str) -> List[Ddl]:
    trusted = "TRUSTED " if language.trusted else ""
    words = "".join(
        f" {word} {function}"
        for word, function in (
            ("HANDLER", language.handler),
            ("INLINE", language.inline),
            ("VALIDATOR", language.validator),
        )
        if function
    )
    return [Ddl(f"CREATE {replace}{trusted}LANGUAGE {ident(language.id.name)}{words}")]


def _create(language: Language, _context: Context) -> List[Ddl]:
    return _write(language, "")


def _alter(_old: Language, new: Language, _fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    return _write(new, "OR REPLACE ")


def _drop(language: Language, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP LANGUAGE {ident(language.id.name)}")]


def _rename(language: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER LANGUAGE {ident(language.id.name)} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="language",
    rank=44,
    system_catalog="pg_language",
    keyword="LANGUAGE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_language"], row.oid, 0)],
    acl_class="language",
    grant_keyword="LANGUAGE",
)


# --- transforms --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transform(Object):
    """CREATE TRANSFORM. The identity's name is "type LANGUAGE language", as statements name a transform."""

    from_sql: Optional[str]
    to_sql: Optional[str]


def _transform_query(_version: int) -> str:
    return """
        SELECT t.oid, format_type(t.trftype, NULL) AS data_type, quote_ident(l.lanname) AS language,
               nullif(t.trffromsql::regprocedure::text, '-') AS from_sql,
               nullif(t.trftosql::regprocedure::text, '-') AS to_sql, d.description AS comment
          FROM pg_transform t
          JOIN pg_language l ON l.oid = t.trflang
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_transform'::regclass AND d.objsubid = 0
         ORDER BY 2, 3"""


def _read_transform(row: Any, _context: ReadContext) -> Transform:
    return Transform(
        id=Identity("transform", "", f"{row.data_type} LANGUAGE {row.language}"),
        owner=None,
        acl=None,
        comment=row.comment,
        from_sql=row.from_sql,
        to_sql=row.to_sql,
    )


def _write_transform(transform: Transform, replace: str) -> List[Ddl]:
    words = [f"FROM SQL WITH FUNCTION {transform.from_sql}"] if transform.from_sql else []
    words += [f"TO SQL WITH FUNCTION {transform.to_sql}"] if transform.to_sql else []
    return [Ddl(f"CREATE {replace}TRANSFORM FOR {transform.id.name} ({', '.join(words)})")]


def _create_transform(transform: Transform, _context: Context) -> List[Ddl]:
    return _write_transform(transform, "")


def _alter_transform(
    _old: Transform, new: Transform, _fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    return _write_transform(new, "OR REPLACE ")


def _drop_transform(transform: Transform, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP TRANSFORM FOR {transform.id.name}")]


TRANSFORM = Kind(
    name="transform",
    rank=47,
    system_catalog="pg_transform",
    keyword="TRANSFORM",
    query=_transform_query,
    read=_read_transform,
    create=_create_transform,
    alter=_alter_transform,
    drop=_drop_transform,
    target=lambda transform: f"FOR {transform.id.name}",
    addresses=lambda row: [(CATALOG_OIDS["pg_transform"], row.oid, 0)],
)


# --- access methods ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccessMethod(Object):
    """CREATE ACCESS METHOD."""

    type: str  # i(ndex), t(able)
    handler: str


def _method_query(_version: int) -> str:
    return """
        SELECT a.oid, a.amname AS name, a.amtype::text AS type, a.amhandler::text AS handler, d.description AS comment
          FROM pg_am a
          LEFT JOIN pg_description d ON d.objoid = a.oid AND d.classoid = 'pg_am'::regclass AND d.objsubid = 0
         WHERE a.oid >= 16384
         ORDER BY a.amname"""


def _read_method(row: Any, _context: ReadContext) -> AccessMethod:
    return AccessMethod(
        id=Identity("access method", "", row.name),
        owner=None,
        acl=None,
        comment=row.comment,
        type=row.type,
        handler=row.handler,
    )


def _create_method(method: AccessMethod, _context: Context) -> List[Ddl]:
    what = {"i": "INDEX", "t": "TABLE"}[method.type]
    return [Ddl(f"CREATE ACCESS METHOD {ident(method.id.name)} TYPE {what} HANDLER {method.handler}")]


def _drop_method(method: AccessMethod, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP ACCESS METHOD {ident(method.id.name)}")]


ACCESS_METHOD = Kind(
    name="access method",
    rank=47,
    system_catalog="pg_am",
    keyword="ACCESS METHOD",
    query=_method_query,
    read=_read_method,
    create=_create_method,
    alter=always_rebuild,
    drop=_drop_method,
    addresses=lambda row: [(CATALOG_OIDS["pg_am"], row.oid, 0)],
)
