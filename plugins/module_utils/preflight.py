# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be true of a database before anything is planned for it."""

from __future__ import annotations

import re
from typing import Any, Optional, Sequence, Tuple

from .errors import EngineError
from .ledger import Entry
from .policy import Policy
from .shadow.database import PREFIX


def check(connection: Any, policy: Policy, version: Optional[str], last: Optional[Entry]) -> bool:
    """Raise EngineError for a standby, a half-done migration, or a database that is ahead of the source.

    Gives whether a killed run has left disposable databases behind (asked here to save a round trip).
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"prefix": PREFIX})
        standby, migrations, orphans = cursor.fetchone()
        if standby:
            raise EngineError(
                "the server is a standby, where nothing can be changed", hint="Connect to the primary server."
            )
        if not policy.allow_dirty_migrations:
            _refuse_dirty_migrations(cursor, migrations)
    if last is not None and last.version and version and not policy.allow_older_version:
        if _rank(version) < _rank(last.version):
            raise EngineError(
                f"the database is at version {last.version}, and the schema file is version {version}: older",
                hint="Deploy the newer file, or set allow_older_version to go back on purpose.",
                details={"version": version, "deployed_version": last.version},
            )
    return bool(orphans)


_STATE = """
    SELECT pg_is_in_recovery(), ARRAY(
           SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = 'schema_migrations' AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT')
              AND (SELECT count(*) FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attname IN ('version', 'dirty') AND NOT a.attisdropped) = 2),
           EXISTS (SELECT FROM pg_database d JOIN pg_database s
                       ON starts_with(s.datname, %(prefix)s || d.oid::text || '_')
                    WHERE d.datname = current_database())"""


def _refuse_dirty_migrations(cursor: Any, tables: Sequence[str]) -> None:
    """golang-migrate marks its table dirty before each migration and clean after it."""
    for table in tables:
        cursor.execute(f"SELECT version FROM {table} WHERE dirty")  # quoted by the server above
        row = cursor.fetchone()
        if row is not None:
            raise EngineError(
                f"a migration tool left {table} marked dirty at version {row[0]}: that migration broke off halfway",
                hint="See what it left behind; then set allow_dirty_migrations, and the database is made to be the "
                "schema file whatever state it is in.",
            )


def _rank(version: str) -> Tuple[Tuple[int, int, str], ...]:
    """Comparable parts of a version label: numbers as numbers, all else as text before them."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[a-z]+", version.lower())
    )
