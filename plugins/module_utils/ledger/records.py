# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's table, one row for each run that changed the database or found it to be the file.

The table has a format, which is the default of its column of that name (1 where there is no such column). A run that
writes brings an older format up to date first, rows and all; one that meets a newer format stops.
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Tuple

from ..catalog.model import Catalog, Identity
from ..diff import is_database_wide
from ..driver import errorcodes, psycopg2
from ..errors import EngineError, PermissionMissing
from .stamp import stamp

SCHEMA = "schema_ledger"
FORMAT = 2

_TABLE = """
CREATE SCHEMA IF NOT EXISTS schema_ledger;
COMMENT ON SCHEMA schema_ledger IS 'What was deployed to this database, when and by whom. Append-only.';
CREATE TABLE IF NOT EXISTS schema_ledger.deployment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user,
    client_address inet DEFAULT inet_client_addr(),
    version text,
    source text NOT NULL,
    source_sha256 text NOT NULL,
    inputs_sha256 text NOT NULL,
    changed boolean NOT NULL,
    managed_schemas text[] NOT NULL,
    fingerprint_before text NOT NULL,
    fingerprint_after text NOT NULL,
    stamp text NOT NULL,
    reference_rows jsonb,
    database_wide jsonb NOT NULL,
    findings jsonb NOT NULL,
    plan jsonb NOT NULL,
    duration_ms integer NOT NULL,
    saved_plan text,
    format integer NOT NULL DEFAULT 2
);
COMMENT ON TABLE schema_ledger.deployment IS 'A row for each deployment; the newest one describes the database.';
CREATE OR REPLACE FUNCTION schema_ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog AS 'BEGIN RAISE EXCEPTION ''the deployment ledger is append-only''; END';
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger
                    WHERE tgrelid = 'schema_ledger.deployment'::regclass AND tgname = 'append_only')
    THEN
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON schema_ledger.deployment
            FOR EACH STATEMENT EXECUTE FUNCTION schema_ledger.refuse_change();
    END IF;
END
$$"""

# What brings a table of the format before to this one.
_UPGRADES = {
    2: """
ALTER TABLE schema_ledger.deployment ADD COLUMN saved_plan text, ADD COLUMN format integer NOT NULL DEFAULT 1;
ALTER TABLE schema_ledger.deployment ALTER COLUMN format SET DEFAULT 2""",
}

# Not by to_regclass(), which is refused where the role may not use the schema.
_FOUND = """
    SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
           coalesce((SELECT pg_get_expr(d.adbin, d.adrelid)::int
                       FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                      WHERE a.attrelid = c.oid AND a.attname = 'format'), 1)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'schema_ledger' AND c.relname = 'deployment'"""

_COLUMNS = (
    "version, source, source_sha256, inputs_sha256, changed, managed_schemas, fingerprint_before, fingerprint_after, "
    "stamp, reference_rows, database_wide, findings, plan, duration_ms"
)
_SINCE = {2: ", saved_plan"}


@dataclass(frozen=True)
class Entry:
    """One row.

    ``findings`` is what the run reported besides the plan (extra and unmanaged objects), ``database_wide`` the
    identities of the objects in no schema that the source defines, ``saved_plan`` the digest of the saved plan that
    was carried out, if it was one.
    """

    version: Optional[str]
    source: str
    source_sha256: str
    inputs_sha256: str
    changed: bool
    managed_schemas: Tuple[str, ...]
    fingerprint_before: str
    fingerprint_after: str
    stamp: str
    reference_rows: Any
    database_wide: List[List[str]]
    findings: Dict[str, Any]
    plan: List[Dict[str, Any]]
    duration_ms: int
    saved_plan: Optional[str] = None


@dataclass(frozen=True)
class Labels:
    """What a run was given: the source's name and SHA-256, the digest of source and options, the version."""

    source: str
    source_sha256: str
    inputs_sha256: str
    version: Optional[str]
    saved_plan: Optional[str] = None


def entry(
    labels: Labels,
    catalog: Catalog,
    steps: Sequence[Any],
    findings: Dict[str, Any],
    fingerprints: Tuple[str, str],
    reference_rows: Any,
    seconds: float,
) -> Entry:
    """The row of a run: ``catalog`` is what the source defines, ``fingerprints`` those before and after it."""
    return Entry(
        version=labels.version,
        source=labels.source,
        source_sha256=labels.source_sha256,
        inputs_sha256=labels.inputs_sha256,
        changed=bool(steps),
        managed_schemas=catalog.schemas,
        fingerprint_before=fingerprints[0],
        fingerprint_after=fingerprints[1],
        stamp="",
        reference_rows=reference_rows,
        database_wide=[list(each) for each in catalog.objects if is_database_wide(each)],
        findings=findings,
        plan=[step.as_dict() for step in steps],
        duration_ms=int(1000 * seconds),
        saved_plan=labels.saved_plan,
    )


def _format(cursor: Any) -> Tuple[Optional[int], bool]:
    """(format of the table, None where there is none; whether this role may read it). Raises EngineError."""
    cursor.execute(_FOUND)
    row = cursor.fetchone()
    if row is None:
        return None, False
    if row[1] > FORMAT:
        raise EngineError(
            f"the deployment ledger of this database has format {row[1]}, and this version knows {FORMAT} at most: "
            "a newer version of the collection was here",
            hint="Use that version, or a newer one.",
        )
    return row[1], row[0]


def last(cursor: Any) -> Optional[Entry]:
    """The newest row without its plan, which may be large; None where there is no ledger that the role may read.

    Raises EngineError for a ledger of a newer format.
    """
    found, readable = _format(cursor)
    if found is None or not readable:
        return None
    columns = _COLUMNS.replace(" plan,", " '[]'::jsonb AS plan,")
    columns += "".join(names for since, names in _SINCE.items() if since <= found)
    cursor.execute(f"SELECT {columns} FROM schema_ledger.deployment ORDER BY id DESC LIMIT 1")
    row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    values[5] = tuple(values[5])
    return Entry(*values)


def database_wide(entry: Optional[Entry]) -> FrozenSet[Identity]:
    """The objects in no schema that the source of the last run defined."""
    return frozenset(Identity(*each) for each in entry.database_wide) if entry is not None else frozenset()


def prepare(cursor: Any) -> None:
    """Make the ledger where it is missing, bring it up to date where it is older. Raises PermissionMissing."""
    try:
        found, _readable = _format(cursor)
        if found is None:
            cursor.execute(_TABLE)
            return
        for each in range(found + 1, FORMAT + 1):
            cursor.execute(_UPGRADES[each])
    except psycopg2.Error as error:
        raise _refused(error) from None


def append(cursor: Any, entry: Entry) -> None:
    """Add a row. Raises PermissionMissing where that is not allowed."""
    values = list(astuple(entry))
    for position in (9, 10, 11, 12):
        values[position] = json.dumps(values[position])
    values[5] = list(entry.managed_schemas)
    columns = _COLUMNS + "".join(_SINCE.values())
    places = ", ".join(["%s"] * len(values))
    try:
        cursor.execute(f"INSERT INTO schema_ledger.deployment ({columns}) VALUES ({places})", values)
    except psycopg2.Error as error:
        raise _refused(error) from None


def record(cursor: Any, entry: Entry) -> None:
    """Make the ledger where it is missing, and add a row with the stamp of this moment."""
    prepare(cursor)  # before the stamp is taken: the ledger is part of the database
    append(cursor, replace(entry, stamp=stamp(cursor, entry.managed_schemas)))


def _refused(error: psycopg2.Error) -> Exception:
    if error.pgcode != errorcodes.INSUFFICIENT_PRIVILEGE:
        return error
    return PermissionMissing(
        f"the deployment ledger (schema {SCHEMA}) may not be written by this role: {error.diag.message_primary}",
        hint="Grant CREATE on the database (for the first run) and INSERT on schema_ledger.deployment; a ledger of an "
        "older version is brought up to date by its owner's next run. Or set record to false.",
    )
