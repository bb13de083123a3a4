# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's table, one row for each run that changed the database or found it to be the file."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

from ..catalog.model import Identity
from ..driver import errorcodes, psycopg2
from ..errors import PermissionMissing
from .stamp import stamp

SCHEMA = "schema_ledger"

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
    duration_ms integer NOT NULL
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

_COLUMNS = (
    "version, source, source_sha256, inputs_sha256, changed, managed_schemas, fingerprint_before, fingerprint_after, "
    "stamp, reference_rows, database_wide, findings, plan, duration_ms"
)


@dataclass(frozen=True)
class Entry:
    """One row.

    ``findings`` is what the run reported besides the plan (extra and unmanaged objects), ``database_wide`` the
    identities of the objects in no schema that the source defines.
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


def last(cursor: Any) -> Optional[Entry]:
    """The newest row without its plan, which may be large; None where there is no ledger that the role may read."""
    # Not by to_regclass(), which is refused where the role may not use the schema.
    cursor.execute(
        """SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'schema_ledger' AND c.relname = 'deployment'"""
    )
    readable = cursor.fetchone()
    if not readable or not readable[0]:
        return None
    columns = _COLUMNS.replace(" plan,", " '[]'::jsonb AS plan,")
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
    """Make the ledger where it is missing. Raises PermissionMissing where that is not allowed."""
    try:
        cursor.execute("SELECT to_regclass('schema_ledger.deployment') IS NULL")
        if cursor.fetchone()[0]:
            cursor.execute(_TABLE)
    except psycopg2.Error as error:
        raise _refused(error) from None


def append(cursor: Any, entry: Entry) -> None:
    """Add a row. Raises PermissionMissing where that is not allowed."""
    values = list(astuple(entry))
    for position in (9, 10, 11, 12):
        values[position] = json.dumps(values[position])
    values[5] = list(entry.managed_schemas)
    try:
        cursor.execute(f"INSERT INTO schema_ledger.deployment ({_COLUMNS}) VALUES ({', '.join(['%s'] * 14)})", values)
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
        hint="Grant CREATE on the database (for the first run) and INSERT on schema_ledger.deployment, "
        "or set record to false.",
    )
