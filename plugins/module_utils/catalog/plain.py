# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds share whose objects stand in a schema under a name of their own and have no privileges: collations,
conversions, all of text search."""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild, rename_ddl
from .model import Ddl, Identity, Object


def query(system_catalog: str, prefix: str, columns: str, joins: str = "", owned: bool = True) -> str:
    """SQL that reads a system catalog as ``o``.

    ``prefix`` is that of its columns, ``columns`` and ``joins`` are what the kind needs beyond what all have.
    """
    owner = f"pg_get_userbyid(o.{prefix}owner)" if owned else "NULL::text"
    return f"""
        SELECT o.oid, n.nspname AS schema, o.{prefix}name AS name, {owner} AS owner, d.description AS comment, {columns}
          FROM {system_catalog} o
          JOIN pg_namespace n ON n.oid = o.{prefix}namespace
          {joins}
          LEFT JOIN pg_description d ON d.objoid = o.oid AND d.classoid = '{system_catalog}'::regclass
                                    AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, o.{prefix}name"""


def common(name: str, row: Any, context: ReadContext) -> Dict[str, Any]:
    """The fields that every object has, of a row of query(); ``name`` is the kind's."""
    return {
        "id": Identity(name, row.schema, row.name),
        "owner": context.owner(row.owner),
        "acl": None,
        "comment": row.comment,
    }


def kind(
    name: str,
    rank: int,
    system_catalog: str,
    query: Callable[[int], str],
    read: Callable[[Any, ReadContext], Optional[Object]],
    create: Callable[[Any, Context], List[Ddl]],
    alter: Callable[[Any, Any, FrozenSet[str], Context], Optional[List[Ddl]]] = always_rebuild,
) -> Kind:
    """A kind whose name is the word that ALTER and DROP use."""
    keyword = name.upper()
    return Kind(
        name=name,
        rank=rank,
        system_catalog=system_catalog,
        keyword=keyword,
        query=query,
        read=read,
        create=create,
        alter=alter,
        drop=lambda obj, _context: [Ddl(f"DROP {keyword} {obj.id.relation}")],
        rename=lambda obj, new: rename_ddl(keyword, obj, new),
        addresses=lambda row: [(CATALOG_OIDS[system_catalog], row.oid, 0)],
    )
