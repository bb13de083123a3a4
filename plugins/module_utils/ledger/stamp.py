# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hash that changes whenever a definition in the managed schemas does.

It is made of the row versions (xmin) in the system catalogs, so the server deparses nothing and locks no user table.
It says nothing about another database, and a dump and restore changes it: it only ever saves work.
"""

from __future__ import annotations

from typing import Any, Sequence

# Per catalog: which rows belong to the managed schemas, and what identifies a row.
_IN_SCHEMAS = (
    ("pg_namespace", "r.oid", "r.nspname = ANY(%(schemas)s)"),
    ("pg_class", "r.oid", "r.relnamespace IN (SELECT oid FROM managed)"),
    ("pg_attribute", "r.attrelid::text || '.' || r.attnum", "r.attrelid IN (SELECT oid FROM relations)"),
    ("pg_attrdef", "r.oid", "r.adrelid IN (SELECT oid FROM relations)"),
    ("pg_constraint", "r.oid", "r.connamespace IN (SELECT oid FROM managed)"),
    ("pg_index", "r.indexrelid", "r.indrelid IN (SELECT oid FROM relations)"),
    ("pg_sequence", "r.seqrelid", "r.seqrelid IN (SELECT oid FROM relations)"),
    ("pg_trigger", "r.oid", "r.tgrelid IN (SELECT oid FROM relations)"),
    ("pg_rewrite", "r.oid", "r.ev_class IN (SELECT oid FROM relations)"),
    ("pg_policy", "r.oid", "r.polrelid IN (SELECT oid FROM relations)"),
    ("pg_inherits", "r.inhrelid::text || '.' || r.inhparent", "r.inhrelid IN (SELECT oid FROM relations)"),
    ("pg_proc", "r.oid", "r.pronamespace IN (SELECT oid FROM managed)"),
    ("pg_type", "r.oid", "r.typnamespace IN (SELECT oid FROM managed)"),
    ("pg_statistic_ext", "r.oid", "r.stxnamespace IN (SELECT oid FROM managed)"),
    ("pg_operator", "r.oid", "r.oprnamespace IN (SELECT oid FROM managed)"),
    ("pg_opclass", "r.oid", "r.opcnamespace IN (SELECT oid FROM managed)"),
    ("pg_opfamily", "r.oid", "r.opfnamespace IN (SELECT oid FROM managed)"),
    ("pg_collation", "r.oid", "r.collnamespace IN (SELECT oid FROM managed)"),
    ("pg_conversion", "r.oid", "r.connamespace IN (SELECT oid FROM managed)"),
    ("pg_ts_config", "r.oid", "r.cfgnamespace IN (SELECT oid FROM managed)"),
    ("pg_ts_dict", "r.oid", "r.dictnamespace IN (SELECT oid FROM managed)"),
    ("pg_ts_parser", "r.oid", "r.prsnamespace IN (SELECT oid FROM managed)"),
    ("pg_ts_template", "r.oid", "r.tmplnamespace IN (SELECT oid FROM managed)"),
)

# Rows of the whole database, and those that have no column for a schema. 16384: FirstNormalObjectId.
_EVERYWHERE = (
    ("pg_enum", "r.oid", "true"),
    ("pg_range", "r.rngtypid", "r.rngtypid >= 16384"),
    ("pg_description", "r.objoid::text || '.' || r.classoid || '.' || r.objsubid",
     "r.objoid >= 16384 OR r.objoid = 2200"),
    ("pg_depend", "r.objid::text || '.' || r.refobjid || '.' || r.refobjsubid",
     "r.deptype IN ('e', 'x') OR r.deptype = 'a' AND r.classid = 1259 AND r.refclassid = 1259 AND r.refobjsubid > 0 "
     "AND r.objid >= 16384"),
    ("pg_extension", "r.oid", "true"),
    ("pg_cast", "r.oid", "r.oid >= 16384"),
    ("pg_event_trigger", "r.oid", "true"),
    ("pg_default_acl", "r.oid", "true"),
    ("pg_foreign_data_wrapper", "r.oid", "true"),
    ("pg_foreign_server", "r.oid", "true"),
    ("pg_foreign_table", "r.ftrelid", "true"),
    ("pg_publication", "r.oid", "true"),
    ("pg_publication_rel", "r.oid", "true"),
    ("pg_language", "r.oid", "true"),
    ("pg_transform", "r.oid", "true"),
    ("pg_amop", "r.oid", "r.oid >= 16384"),
    ("pg_amproc", "r.oid", "r.oid >= 16384"),
    ("pg_am", "r.oid", "r.oid >= 16384"),
    ("pg_seclabel", "r.objoid::text || '.' || r.classoid || '.' || r.objsubid || r.provider", "true"),
    ("pg_ts_config_map", "r.mapcfg::text || '.' || r.maptokentype || '.' || r.mapseqno", "r.mapcfg >= 16384"),
    # Of what extensions bring the privileges count, wherever it stands.
    ("pg_proc", "r.oid", "r.oid IN (SELECT objid FROM members)"),
    ("pg_class", "r.oid", "r.oid IN (SELECT objid FROM members)"),
    ("pg_attribute", "r.attrelid::text || '.' || r.attnum", "r.attrelid IN (SELECT objid FROM members)"),
    ("pg_type", "r.oid", "r.oid IN (SELECT objid FROM members)"),
)  # fmt: skip

_FROM_15 = (("pg_publication_namespace", "r.oid", "true"),)
# What only a superuser can read.
_HERE = "r.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
_OF_SUPERUSERS = (("pg_user_mapping", "r.oid", "true"), ("pg_subscription", "r.oid", _HERE))


def _query(version: int, superuser: bool) -> str:
    tables = _IN_SCHEMAS + _EVERYWHERE + (_FROM_15 if version >= 150000 else ())
    tables += _OF_SUPERUSERS if superuser else ()
    parts = [
        f"SELECT '{table}' || ':' || count(*) || ':' "
        f"|| coalesce(sum(hashtextextended({key} || ' ' || r.xmin, 0)::numeric), 0) AS part FROM {table} r WHERE {rows}"
        for table, key, rows in tables
    ]
    return (
        "WITH managed AS MATERIALIZED (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s)), "
        "relations AS MATERIALIZED (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM managed)), "
        "members AS MATERIALIZED (SELECT objid FROM pg_depend WHERE deptype = 'e') "
        "SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (" + " UNION ALL ".join(parts) + ") parts"
    )


def stamp(cursor: Any, schemas: Sequence[str]) -> str:
    """The stamp of ``schemas`` in the database of ``cursor``. Superusers see more, so theirs is another one."""
    connection = cursor.connection
    superuser = connection.info.parameter_status("is_superuser") == "on"
    cursor.execute(_query(connection.server_version, superuser), {"schemas": list(schemas)})
    return str(cursor.fetchone()[0])
