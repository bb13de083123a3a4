# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the tables of a plan are: takes their identities, gives estimated rows, and bytes with all indexes.

The statistics of the catalog are as old as the last ANALYZE. For the few tables that a plan touches, the files are
looked at as the planner does: their size times the density of rows, known or guessed from the columns' widths.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable

from ..driver import errorcodes, psycopg2
from .model import Catalog, Facts, Identity

_PATIENCE = "1s"  # asking for a size waits for whoever holds the table in ACCESS EXCLUSIVE

# A guess for the width of values of no fixed length, and what each row has beside them (as in plancat.c)
_MEASURE = """
    WITH wanted AS (
        SELECT w.kind, w.schema, w.name, c.oid
          FROM unnest(%(kinds)s::text[], %(schemas)s::text[], %(names)s::text[]) AS w(kind, schema, name)
          JOIN pg_namespace n ON n.nspname = w.schema
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'm')
    ), leaves AS (
        SELECT w.oid AS top, coalesce(t.relid, w.oid) AS leaf
          FROM wanted w LEFT JOIN LATERAL pg_partition_tree(w.oid) t ON t.isleaf
    ), sizes AS (
        SELECT l.top, c.reltuples, c.relpages, pg_relation_size(c.oid) AS main, pg_total_relation_size(c.oid) AS total,
               (SELECT 28 + sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END) FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS width
          FROM leaves l JOIN pg_class c ON c.oid = l.leaf
    )
    SELECT w.kind, w.schema, w.name, coalesce(sum(s.total), 0)::bigint,
           coalesce(sum(CASE WHEN s.relpages > 0 AND s.reltuples >= 0
                             THEN s.reltuples / s.relpages * (s.main / current_setting('block_size')::int)
                             ELSE s.main / coalesce(s.width, 28) END), 0)::bigint
      FROM wanted w LEFT JOIN sizes s ON s.top = w.oid
     GROUP BY w.kind, w.schema, w.name"""


def measured(connection: Any, catalog: Catalog, relations: Iterable[Identity]) -> Catalog:
    """The catalog with the facts of these relations as they are now; ``connection`` is in autocommit mode.

    Where somebody holds one of the tables so that its size cannot be asked for, the old facts are kept.
    """
    wanted = sorted(each for each in set(relations) if each in catalog.objects)
    if not wanted:
        return catalog
    facts = dict(catalog.facts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (_PATIENCE,))
        try:
            names = [list(each) for each in zip(*(each[:3] for each in wanted))]
            cursor.execute(_MEASURE, dict(zip(("kinds", "schemas", "names"), names)))
            for kind, schema, name, size, rows in cursor.fetchall():
                facts[Identity(kind, schema, name)] = Facts(rows=rows, size=size)
        except psycopg2.Error as error:
            if error.pgcode not in (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.UNDEFINED_TABLE):
                raise
        finally:
            if not connection.closed:
                cursor.execute("RESET lock_timeout")
    return replace(catalog, facts=facts)
