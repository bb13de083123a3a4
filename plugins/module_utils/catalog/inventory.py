# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that nothing went unread: every object of the managed schemas, whatever its kind, less those read."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, NamedTuple, Sequence

from .model import Address, Identity

# Per system catalog: the rows that are objects of their own. What belongs to another object (row and array types,
# TOAST tables, indexes of constraints, what a partition inherits, triggers of foreign keys) is not.
_IN_SCHEMAS = """
    WITH managed AS (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s))
    SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid FROM pg_class c
     WHERE c.relnamespace IN (SELECT oid FROM managed) AND c.relkind NOT IN ('t', 'i', 'I', 'c')
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid FROM pg_class c
     WHERE c.relnamespace IN (SELECT oid FROM managed) AND c.relkind IN ('i', 'I')
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid FROM pg_type t LEFT JOIN pg_class r ON r.oid = t.typrelid
     WHERE t.typnamespace IN (SELECT oid FROM managed) AND (t.typrelid = 0 OR r.relkind = 'c')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                          AND d.deptype = 'i' AND t.typrelid = 0)
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM managed)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                          AND d.deptype = 'i')
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k
     WHERE k.connamespace IN (SELECT oid FROM managed) AND (k.conislocal OR k.coninhcount = 0) AND k.conparentid = 0
       AND k.contype <> 'n'
    UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace IN (SELECT oid FROM managed) AND NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
     WHERE c.relnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
     WHERE c.relnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_opclass'::regclass, oid FROM pg_opclass WHERE opcnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily WHERE opfnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_conversion'::regclass, oid FROM pg_conversion WHERE connamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_collation'::regclass, oid FROM pg_collation WHERE collnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config WHERE cfgnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict WHERE dictnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser WHERE prsnamespace IN (SELECT oid FROM managed)
    UNION ALL
    SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template WHERE tmplnamespace IN (SELECT oid FROM managed)
"""

# Objects of the whole database: they matter where the source defines them.
_DATABASE_WIDE = """
    SELECT 'pg_cast'::regclass::oid AS classid, c.oid AS objid FROM pg_cast c WHERE c.oid >= 16384
       AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid
                          AND i.deptype = 'i')
    UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language WHERE oid >= 16384
    UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
    UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am WHERE oid >= 16384
    UNION ALL SELECT 'pg_default_acl'::regclass, oid FROM pg_default_acl
"""

_DESCRIBE = """
    SELECT a.classid, a.objid, pg_describe_object(a.classid, a.objid, 0)
      FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) AS a(classid, objid)"""


_LABELS = "SELECT classoid, objoid, objsubid, provider FROM pg_seclabel ORDER BY provider, 1, 2, 3"

# The system catalogs whose every row of interest is listed: where one has none, no kind need be read from it.
LISTED = frozenset(re.findall(r"SELECT '(pg_\w+)'::regclass", _IN_SCHEMAS + _DATABASE_WIDE)) - {"pg_class"}


class Entry(NamedTuple):
    """An object that is there; ``wide``: in no schema."""

    classid: int
    objid: int
    wide: bool


def inventory(cursor: Any, schemas: Sequence[str]) -> List[Entry]:
    """Every object of ``schemas``, and of the whole database."""
    cursor.execute(
        f"SELECT classid, objid, false FROM ({_IN_SCHEMAS}) inside UNION ALL "
        f"SELECT classid, objid, true FROM ({_DATABASE_WIDE}) wide",
        {"schemas": list(schemas)},
    )
    return [Entry(*row) for row in cursor.fetchall()]


def describe(cursor: Any, entries: Sequence[Entry]) -> List[str]:
    """The server's words for objects that no kind has read, in order."""
    if not entries:
        return []
    classes, objects = [each.classid for each in entries], [each.objid for each in entries]
    cursor.execute(_DESCRIBE, {"classes": classes, "objects": objects})
    return sorted(description for _classid, _objid, description in cursor.fetchall())


def labels(cursor: Any, addresses: Mapping[Address, Identity], schemas: Sequence[str]) -> List[str]:
    """The security labels on what was read of ``schemas``: they belong to a module of the server, and no kind reads
    them. ``addresses`` are those of all objects that were read."""
    cursor.execute(_LABELS)
    result = []
    for classid, objid, column, provider in cursor.fetchall():
        identity = addresses.get((classid, objid, column)) or addresses.get((classid, objid, 0))
        if identity is not None and (identity.name if identity.kind == "schema" else identity.schema) in schemas:
            result.append(f"security label of {identity} by {provider}")
    return result
