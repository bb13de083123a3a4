# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first deployment to a database that has nothing in it: the source itself is the plan.

It runs in one transaction in the database, and what it made is read back before the commit; a disposable database has
nothing to add to that. Sources that cannot share a transaction, or are too large to be listed as a plan, and runs whose
policy leaves part of a source out, take the usual way.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Any, List, Optional, Sequence, Tuple

from . import ledger, rows
from .catalog import inventory
from .catalog.fingerprint import fingerprint
from .catalog.model import Catalog, Identity
from .catalog.read import pin_settings
from .desired import read_shadow
from .driver import sql
from .live import Clock, Session
from .outcome import Findings, ObjectDiff, Outcome
from .plan import Step
from .plan.describe import describe
from .plan.locks import estimate_texts
from .policy import Policy
from .script import Source, Statement, statements
from .shadow import Shadow
from .shadow.database import now, public_schema
from .shadow.head import Head
from .shadow.load import load

_LARGEST = 4 * 1024 * 1024  # bytes of source text

# What PostgreSQL refuses in a transaction block, or makes unusable until its end.
_ALONE = re.compile(
    r"\A\s*(?:VACUUM|CLUSTER\s*\Z|REINDEX|(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY|CREATE\s+SUBSCRIPTION"
    r"|ALTER\s+TYPE\s.*\sADD\s+VALUE\s|ALTER\s+TABLE\s.*\sCONCURRENTLY|REFRESH\s.*\sCONCURRENTLY)",
    re.IGNORECASE | re.DOTALL,
)
# Where the values of a statement begin: they may be secrets, and are not printed.
_VALUES = re.compile(r"\b(?:VALUES|SELECT|FROM\s+stdin)\b", re.IGNORECASE)

NOTHING = Catalog(0, (), {}, {}, {})


@dataclass(frozen=True)
class Deployment:
    """The statements of a source that is to be run as it stands."""

    statements: Tuple[Statement, ...]

    def locks(self) -> int:
        """About how many locks the transaction holds in the end."""
        return estimate_texts(statement.text for statement in self.statements)

    def steps(self) -> List[Step]:
        """The statements as steps of a plan."""
        result = []
        for statement in self.statements:
            place = Identity("statement", "", f"{os.path.basename(statement.file)}:{statement.line}")
            verb = statement.verb.split(" ")[0]
            action = {"INSERT": "insert", "COPY": "insert", "UPDATE": "update"}.get(verb, "create")
            result.append(Step(statement.text, place, action, shown=_shown(statement)))
        return result


def _shown(statement: Statement) -> Optional[str]:
    if not statement.verb.startswith(("INSERT", "COPY", "UPDATE", "SELECT", "WITH", "DO")):
        return None
    head = statement.text
    match = _VALUES.search(head)
    if statement.verb.startswith("INSERT") and match is not None:
        return f"{head[: match.end()]} …"
    return f"{head.splitlines()[0][:100]} …" if statement.verb.startswith(("UPDATE", "WITH")) else None


def deployment(live: Session, source: Source, policy: Policy, last: Optional[ledger.Entry]) -> Optional[Deployment]:
    """The source as a plan; None where the usual way has to be taken."""
    partial = policy.schemas is not None or policy.ignore or policy.before_sql or policy.after_sql or policy.enforce
    if last is not None or partial or not _is_empty(live.connection):
        return None
    size = sum(os.path.getsize(path) for path in source.files()) if source.path else len(source.text or "")
    if size > _LARGEST:
        return None
    listed = []
    transaction = False  # one that the source does not close is an error, which the usual way tells
    head = Head()
    for statement in statements(source):
        if _ALONE.match(statement.text) or statement.copy_data is not None or head.removes(statement):
            return None
        if statement.transaction_control:
            transaction = {"BEGIN": True, "START TRANSACTION": True, "COMMIT": False, "END": False}.get(
                statement.verb, transaction
            )
        else:
            listed.append(statement)
    return None if transaction else Deployment(tuple(listed))


def _is_empty(connection: Any) -> bool:
    """Whether a database has nothing in it that anybody made, not even an extension."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM pg_extension WHERE extname <> 'plpgsql')
                   OR EXISTS (SELECT FROM pg_largeobject_metadata)
                   OR EXISTS (SELECT FROM pg_namespace WHERE nspname !~ '^pg_'
                                 AND nspname NOT IN ('information_schema', 'public'))"""
        )
        return not cursor.fetchone()[0] and not inventory.inventory(cursor, ["public"])


def deploy(live: Session, source: Source, found: Deployment, policy: Policy, clock: Clock) -> Tuple[Shadow, Catalog]:
    """Run the source in the caller's transaction, and read what it made. Raises SourceError."""
    connection = live.connection
    public = public_schema(connection)
    with connection.cursor() as cursor:
        cursor.execute("RESET ALL")  # the source runs as psql would run it
        cursor.execute("SET statement_timeout = 0")
        if policy.owner:
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(policy.owner)))
    start = now(connection)
    with clock.stage("apply"):
        loaded = load(connection, source, own_transactions=False, listed=found.statements)
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute("RESET ALL")
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(live.login_role)))
    pin_settings(connection)
    made = Shadow(connection, live.role, public, (start, now(connection)), loaded.given, loaded.warnings)
    with clock.stage("verify"):
        return made, read_shadow(made, policy)


def diff_of(catalog: Catalog) -> Tuple[ObjectDiff, ...]:
    """Every object as new; columns and defaults are shown by their tables."""
    return tuple(
        ObjectDiff(str(obj.id), "", describe(obj, catalog))
        for obj in catalog.objects.values()
        if obj.id.kind not in ("column", "default") and obj.id != Identity("schema", "", "public")
    )


def run(
    live: Session, source: Source, found: Deployment, policy: Policy, clock: Clock, labels: ledger.Labels
) -> Outcome:
    """Deploy, prove, record, commit."""
    connection = live.connection
    connection.autocommit = False
    try:
        loaded, catalog = deploy(live, source, found, policy, clock)
        with clock.stage("verify"):
            reference = rows.read_reference(connection, catalog, loaded.load_window, loaded.given)
            digest = rows.check_rows(reference, connection, catalog, policy.enforce).digest
            after = fingerprint(catalog)
        steps = found.steps()
        if policy.record:
            with clock.stage("record"), connection.cursor() as cursor:
                prints = (fingerprint(NOTHING), after)
                seconds = sum(clock.stages.values())
                found_besides = Findings().as_dict()
                ledger.record(cursor, ledger.entry(labels, catalog, steps, found_besides, prints, digest, seconds))
        connection.commit()
    finally:
        if not connection.closed:
            connection.rollback()
            connection.autocommit = True
    return replace(outcome(catalog, steps, after, labels, clock), warnings=loaded.warnings)


def outcome(catalog: Catalog, steps: Sequence[Step], after: str, labels: ledger.Labels, clock: Clock) -> Outcome:
    """What a first deployment gives back, done or planned."""
    return Outcome(
        changed=bool(steps),
        plan=tuple(steps),
        diff=diff_of(catalog),
        findings=Findings(),
        fingerprint_before=fingerprint(NOTHING),
        fingerprint=after,
        version=labels.version,
        labels=labels,
        schemas=catalog.schemas,
        timings=dict(clock.stages),
    )
