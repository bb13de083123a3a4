# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the shapes of tables: columns, keys, references. A fixed number of queries however many tables there are."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..catalog.model import Identity
from ..driver import NamedTupleCursor
from .model import ColumnShape, ForeignKey, Key, KeyPart, Shape

Name = Tuple[str, str]

_WANTED = "unnest(%(schemas)s::text[], %(names)s::text[]) AS w(schema, name)"
_RELATION = """
          JOIN pg_namespace n ON n.nspname = w.schema
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')"""

# A domain's base type is what values are compared as: the domain's own checks may be about to change.
_COLUMNS = f"""
    WITH RECURSIVE base(oid, root) AS (
        SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
        UNION ALL SELECT d.oid, base.root FROM pg_type d JOIN base ON d.typbasetype = base.oid AND d.typtype = 'd')
    SELECT n.nspname AS schema, c.relname AS table_name, c.relkind = 'p' AS partitioned, c.relhasrules,
           a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, format_type(base.root, -1) AS base,
           a.attnotnull OR (SELECT t.typnotnull FROM pg_type t WHERE t.oid = a.atttypid) AS not_null,
           bt.typtype = 'e' OR et.typtype = 'e' AS textual, bt.typcategory::text AS category,
           a.attgenerated <> '' AS generated, a.attidentity::text AS identity,
           CASE WHEN a.attgenerated = '' THEN pg_get_expr(e.adbin, e.adrelid) END AS default,
           sn.nspname AS sequence_schema, s.relname AS sequence_name
      FROM {_WANTED} {_RELATION}
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN base ON base.oid = a.atttypid
      LEFT JOIN pg_type bt ON bt.oid = base.root
      LEFT JOIN pg_type et ON et.oid = bt.typelem AND bt.typcategory = 'A'
      LEFT JOIN pg_attrdef e ON e.adrelid = c.oid AND e.adnum = a.attnum
      LEFT JOIN LATERAL (
          SELECT sc.oid, sc.relname, sc.relnamespace
            FROM pg_depend d JOIN pg_class sc ON sc.relkind = 'S' AND sc.oid = d.objid
           WHERE a.attidentity <> '' AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
             AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
          UNION ALL
          SELECT sc.oid, sc.relname, sc.relnamespace
            FROM pg_depend d JOIN pg_class sc ON sc.relkind = 'S' AND sc.oid = d.refobjid
           WHERE a.attgenerated = '' AND d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
             AND d.refclassid = 'pg_class'::regclass
          LIMIT 1) s ON true
      LEFT JOIN pg_namespace sn ON sn.oid = s.relnamespace
     ORDER BY n.nspname, c.relname, a.attnum"""

# The operator under which two values of a key are the same: the operator class's "equal" (strategy 3 of a B-tree),
# or what an exclusion constraint says.
_KEYS = """
    SELECT n.nspname AS schema, c.relname AS table_name, i.relname AS name,
           x.indisprimary AS primary, x.indisunique AS unique,
           {nulls_distinct} AS nulls_distinct, pg_get_expr(x.indpred, x.indrelid, true) AS predicate,
           array_agg(a.attname::text ORDER BY k.position) AS columns,
           array_agg(CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.oid, k.position::int, false) END
                     ORDER BY k.position) AS expressions,
           array_agg('OPERATOR(' || quote_ident(opn.nspname) || '.' || op.oprname || ')'
                     ORDER BY k.position) AS operators
      FROM {wanted} {relation}
      JOIN pg_index x ON x.indrelid = c.oid AND (x.indisunique OR x.indisexclusion) AND x.indisvalid
      JOIN pg_class i ON i.oid = x.indexrelid
      LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.conrelid = c.oid AND con.contype IN ('p', 'u', 'x')
      CROSS JOIN LATERAL unnest(x.indkey::int2[], x.indclass::oid[], con.conexclop)
                 WITH ORDINALITY AS k(attnum, class, exclusion, position)
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum <> 0
      LEFT JOIN pg_opclass oc ON oc.oid = k.class
      LEFT JOIN pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                          AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
                          AND NOT x.indisexclusion
      LEFT JOIN pg_operator op ON op.oid = coalesce(k.exclusion, am.amopopr)
      LEFT JOIN pg_namespace opn ON opn.oid = op.oprnamespace
     WHERE k.position <= x.indnkeyatts
     GROUP BY n.nspname, c.relname, i.oid, i.relname,
              x.indisprimary, x.indisunique, x.indpred, x.indrelid, con.contype {group}
     ORDER BY n.nspname, c.relname, x.indisprimary DESC, con.contype IS NULL, i.relname"""

# References of and to partitions count for the whole table.
_FOREIGN_KEYS = f"""
    SELECT DISTINCT n.nspname AS schema, c.relname AS table_name, rn.nspname AS referenced_schema,
           r.relname AS referenced_name, k.conname,
           (SELECT array_agg(a.attname::text ORDER BY u.position)
              FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, position)
              JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS columns,
           (SELECT array_agg(a.attname::text ORDER BY u.position)
              FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, position)
              JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) AS referenced_columns
      FROM {_WANTED} {_RELATION}
      JOIN pg_constraint k ON k.contype = 'f' AND coalesce(pg_partition_root(k.conrelid), k.conrelid) = c.oid
                          AND k.conparentid = 0
      JOIN pg_class r ON r.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
      JOIN pg_namespace rn ON rn.oid = r.relnamespace
     ORDER BY n.nspname, c.relname, k.conname"""

_SECRET_NAME = re.compile(r"password|secret|token|hash|key", re.IGNORECASE)


def secret_name(name: str) -> bool:
    """Whether a column of that name may hold what nobody should read."""
    return bool(_SECRET_NAME.search(name))


def read_shapes(connection: Any, names: Sequence[Name]) -> Dict[Name, Shape]:
    """The shapes of those of the named tables that the database has."""
    if not names:
        return {}
    parameters = {"schemas": [schema for schema, _name in names], "names": [name for _schema, name in names]}
    distinct = "NOT x.indnullsnotdistinct" if connection.server_version >= 150000 else "true"
    keys_query = _KEYS.format(
        wanted=_WANTED,
        relation=_RELATION,
        nulls_distinct=distinct,
        group=", x.indnullsnotdistinct" if connection.server_version >= 150000 else "",
    )
    with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute(_COLUMNS, parameters)
        columns = cursor.fetchall()
        cursor.execute(keys_query, parameters)
        keys = _group(cursor.fetchall())
        cursor.execute(_FOREIGN_KEYS, parameters)
        foreign_keys = _group(cursor.fetchall())
    result = {}
    for name, rows in _group(columns).items():
        result[name] = Shape(
            table=Identity("table", *name),
            columns=tuple(_column(row) for row in rows if row.name is not None),
            keys=tuple(key for key in map(_key, keys.get(name, ())) if key is not None),
            foreign_keys=tuple(
                ForeignKey(
                    tuple(row.columns),
                    Identity("table", row.referenced_schema, row.referenced_name),
                    tuple(row.referenced_columns),
                )
                for row in foreign_keys.get(name, ())
            ),
            partitioned=rows[0].partitioned,
            has_rules=rows[0].relhasrules,
        )
    return result


def _group(rows: Sequence[Any]) -> Mapping[Name, List[Any]]:
    result: Dict[Name, List[Any]] = {}
    for row in rows:
        result.setdefault((row.schema, row.table_name), []).append(row)
    return result


def _column(row: Any) -> ColumnShape:
    sequence = Identity("sequence", row.sequence_schema, row.sequence_name) if row.sequence_name else None
    return ColumnShape(
        name=row.name,
        type=row.type,
        base=row.base,
        textual=row.textual,
        generated=row.generated,
        identity=row.identity,
        default=row.default,
        sequence=sequence,
        # Flags, dates and durations about a secret are not the secret.
        secret=secret_name(row.name) and row.category not in ("B", "D", "T"),
        not_null=bool(row.not_null),
    )


def _key(row: Any) -> Optional[Key]:
    if any(operator is None for operator in row.operators):
        return None
    parts = tuple(
        KeyPart(f"({expression})", None, operator) if column is None else KeyPart(column, column, operator)
        for column, expression, operator in zip(row.columns, row.expressions, row.operators)
    )
    return Key(row.name, parts, row.predicate, row.primary, row.nulls_distinct, row.unique)
