# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, NamedTuple, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Identity, Object
from .quoting import ident, idents, literal, qualified


class PublishedTable(NamedTuple):
    """A table in a publication; ``columns`` '' is all of them."""

    table: str
    columns: str
    where: str

    def __str__(self) -> str:
        columns = f" ({self.columns})" if self.columns else ""
        where = f" WHERE ({self.where})" if self.where else ""
        return f"{self.table}{columns}{where}"


@dataclass(frozen=True)
class Publication(Object):
    """CREATE PUBLICATION."""

    all_tables: bool
    settings: Tuple[Tuple[str, str], ...]
    tables: Tuple[PublishedTable, ...]
    schemas: Tuple[str, ...]


def _query(version: int) -> str:
    columns = where = "''"
    schemas = "NULL::text[]"
    schema_oids = "NULL::bigint[]"
    if version >= 150000:
        columns = """coalesce((SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                                 FROM pg_attribute a
                                WHERE a.attrelid = r.prrelid AND a.attnum = ANY(r.prattrs)), '')"""
        where = "coalesce(pg_get_expr(r.prqual, r.prrelid), '')"
        of = "FROM pg_publication_namespace s JOIN pg_namespace sn ON sn.oid = s.pnnspid WHERE s.pnpubid = p.oid"
        schemas = f"(SELECT array_agg(sn.nspname::text ORDER BY sn.nspname) {of})"
        schema_oids = f"(SELECT array_agg(s.oid::bigint) {of})"
    generated = "p.pubgencols::text" if version >= 180000 else "'n'"
    return f"""
        SELECT p.oid, p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables, p.pubinsert, p.pubupdate,
               p.pubdelete, p.pubtruncate, p.pubviaroot, {generated} AS generated, tables.list AS tables,
               tables.oids AS table_oids, {schemas} AS schemas, {schema_oids} AS schema_oids, d.description AS comment
          FROM pg_publication p
          CROSS JOIN LATERAL (
              SELECT array_agg(ARRAY[n.nspname::text, c.relname::text, {columns}, {where}]
                               ORDER BY n.nspname, c.relname) AS list, array_agg(r.oid::bigint) AS oids
                FROM pg_publication_rel r
                JOIN pg_class c ON c.oid = r.prrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE r.prpubid = p.oid) tables
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_publication'::regclass AND d.objsubid = 0
         ORDER BY p.pubname"""


_GENERATED = {"n": "none", "s": "stored"}


def _read(row: Any, context: ReadContext) -> Publication:
    kinds = ("insert", "update", "delete", "truncate")
    publish = ", ".join(kind for kind in kinds if getattr(row, f"pub{kind}"))
    settings = [("publish", publish), ("publish_via_partition_root", "true" if row.pubviaroot else "false")]
    if context.server_version >= 180000:
        settings.append(("publish_generated_columns", _GENERATED[row.generated]))
    return Publication(
        id=Identity("publication", "", row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        all_tables=row.puballtables,
        settings=tuple(settings),
        tables=tuple(
            PublishedTable(qualified(schema, name), columns, where) for schema, name, columns, where in row.tables or ()
        ),
        schemas=tuple(row.schemas or ()),
    )


def _settings(settings: Tuple[Tuple[str, str], ...]) -> str:
    return f"({', '.join(f'{name} = {literal(value)}' for name, value in settings)})"


def _contents(publication: Publication) -> str:
    words = []
    if publication.tables:
        words.append("TABLE ONLY " + ", ONLY ".join(str(table) for table in publication.tables))
    if publication.schemas:
        words.append(f"TABLES IN SCHEMA {idents(publication.schemas)}")
    return ", ".join(words)


def _create(publication: Publication, _context: Context) -> List[Ddl]:
    contents = "ALL TABLES" if publication.all_tables else _contents(publication)
    content_words = f" FOR {contents}" if contents else ""
    sql = f"CREATE PUBLICATION {ident(publication.id.name)}{content_words} WITH {_settings(publication.settings)}"
    return [Ddl(sql)]


def _alter(old: Publication, new: Publication, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    if "all_tables" in fields:
        return None
    on = f"ALTER PUBLICATION {ident(new.id.name)}"
    result = []
    if "settings" in fields:
        changed = tuple(setting for setting in new.settings if setting not in old.settings)
        result.append(Ddl(f"{on} SET {_settings(changed)}"))
    if fields & {"tables", "schemas"}:
        contents = _contents(new)
        if contents:
            result.append(Ddl(f"{on} SET {contents}"))
        else:
            if old.tables:
                result.append(Ddl(f"{on} DROP TABLE ONLY {', ONLY '.join(table.table for table in old.tables)}"))
            if old.schemas:
                result.append(Ddl(f"{on} DROP TABLES IN SCHEMA {idents(old.schemas)}"))
    return result


def _drop(publication: Publication, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP PUBLICATION {ident(publication.id.name)}")]


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_publication"], row.oid, 0)]
    result += [(CATALOG_OIDS["pg_publication_rel"], oid, 0) for oid in row.table_oids or ()]
    return result + [(CATALOG_OIDS["pg_publication_namespace"], oid, 0) for oid in row.schema_oids or ()]


KIND = Kind(
    name="publication",
    rank=90,
    system_catalog="pg_publication",
    keyword="PUBLICATION",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=lambda obj, new: [Ddl(f"ALTER PUBLICATION {ident(obj.id.name)} RENAME TO {ident(new.name)}")],
    addresses=_addresses,
    # A column in a row filter or a column list keeps its type while it is published.
    rigid=True,
    expressions=frozenset({"tables"}),
)
