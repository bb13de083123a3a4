# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The read-only half of the engine: how a database differs from its source, and the checks after a deployment."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from . import ledger, renames, rows
from .catalog.fingerprint import fingerprint
from .catalog.model import Catalog, Identity
from .desired import read_both, rename_again
from .diff import Difference, compare
from .driver import sql
from .errors import EngineError
from .live import Clock, session
from .outcome import Drift, Report
from .plan.describe import describe
from .policy import Policy
from .run import findings_of
from .script import Source
from .shadow import settle, shadow, sweep


def report(connect: Any, source: Source, policy: Policy, count_tables: Sequence[str]) -> Report:
    """Hold the database against ``source``; count the rows of ``count_tables`` ("schema.table")."""
    clock = Clock()
    with clock.stage("source"):
        version = policy.version or source.version()
        hints = [renames.parse(text) for text in policy.renames + tuple(source.renames())]
    with session(connect, policy, clock) as live:
        with live.connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            if cursor.fetchone()[0]:
                raise EngineError(
                    "the server is a standby: the disposable database for the file cannot be made there",
                    hint="Verify the primary server; a standby is the same byte for byte.",
                )
            last = ledger.last(cursor)
        sweep(live.connection)
        with shadow(connect, live.connection, source, policy.owner, policy.shadow_database, live.settings) as loaded:
            with clock.stage("read"):
                found, desired = read_both(live, loaded, policy, hints)
            # Renames were undone to see which apply; here only what the database is called now counts.
            rename_again(loaded.connection, desired)
            with clock.stage("compare"):
                difference = settle(loaded.connection, compare(found, desired.catalog, prune=False), desired.catalog)
            with clock.stage("rows"):
                checked = rows.check_rows(desired.rows, live.connection, desired.catalog, policy.enforce)
                differing_rows = checked.differences
        with clock.stage("count"):
            counts = {table: _count(live.connection, found, table) for table in count_tables}
        missing, different, unexpected = _drifts(difference, found, desired.catalog)
        return Report(
            in_sync=not (missing or different or differing_rows),
            missing=tuple(missing),
            different=tuple(different),
            unexpected=tuple(unexpected),
            rows=tuple(
                Drift(f"rows of {each.table.relation} {each.key}", each.expected, each.actual)
                for each in differing_rows
            ),
            findings=findings_of(difference, found),
            fingerprint=fingerprint(found),
            version=version,
            deployed_version=last.version if last else None,
            server_version=live.connection.server_version,
            schemas=desired.catalog.schemas,
            tables=_tables(found),
            counts=counts,
            timings=dict(clock.stages),
        )


def _drifts(difference: Difference, found: Catalog, desired: Catalog) -> Any:
    missing: List[Drift] = []
    different: List[Drift] = []
    for change in difference.changes:
        drift = Drift(str(change.id), describe(change.new, desired), describe(change.old, found))
        (missing if change.old is None else different).append(drift)
    unexpected = [Drift(str(obj.id), "", describe(obj, found)) for obj in difference.extra]
    return missing, different, unexpected


def _tables(found: Catalog) -> Dict[str, int]:
    result = dict.fromkeys(found.schemas, 0)
    for identity in found.objects:
        if identity.kind == "table":
            result[identity.schema] += 1
    return result


def _count(connection: Any, found: Catalog, table: str) -> int:
    schema, _dot, name = table.rpartition(".")
    schema = schema or "public"
    if found.get(Identity("table", schema, name)) is None:
        raise EngineError(f"the table {table}, whose rows were to be counted, does not exist in the managed schemas")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name)))
        return int(cursor.fetchone()[0])
