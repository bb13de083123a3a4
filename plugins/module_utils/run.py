# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the pipeline: lock, ledger, shadow, catalogs, difference, plan, gate, transaction, ledger."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Optional, Sequence, Tuple, TypeVar

import psycopg2
from psycopg2 import sql

from . import ledger, preflight, renames, rows
from .apply import check_gate, residue, run_probes
from .apply import run as run_steps
from .catalog import privileges
from .catalog.fingerprint import fingerprint
from .catalog.model import Catalog, Identity, Object
from .catalog.read import pin_settings, read, read_casts
from .diff import Change, Difference, compare, is_database_wide, is_left_over
from .errors import SourceError, VerificationFailed
from .outcome import Findings, ObjectDiff, Outcome
from .plan import Plan, Step, big_tables, make, online, set_not_null
from .plan.describe import describe
from .policy import Policy
from .script import Source
from .session import run_lock
from .shadow import Shadow, settle, shadow, sweep


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.stages: Dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = round(self.stages.get(name, 0.0) + time.monotonic() - start, 4)


@dataclass(frozen=True)
class Session:
    """The connection to the live database, holding its run lock.

    ``role`` is whom the plan's statements are run as, ``login_role`` who the session is otherwise; ``settings`` are those
    that a user's session starts with.
    """

    connection: Any
    role: str
    login_role: str
    settings: Tuple[Tuple[str, str], ...]


@dataclass(frozen=True)
class Desired:
    """What the source defines; ``renamed`` is the same with the new names undone, to be compared with the live one."""

    catalog: Catalog
    rows: rows.Reference
    renamed: Catalog
    renames: Tuple[renames.Rename, ...]


@contextmanager
def session(connect: Any, policy: Policy, clock: Clock) -> Iterator[Session]:
    """A locked session on the live database. Raises ConnectionFailed, Busy."""
    with clock.stage("connect"):
        connection = connect()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # A deployment takes as long as it takes; lock_timeout is what bounds the harm to others.
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT current_user, current_setting('search_path')")
            role, search_path = cursor.fetchone()
        with clock.stage("wait"):
            run_lock.take(connection, policy.wait_for_lock)
        pin_settings(connection)
        yield Session(connection, policy.owner or role, role, (("search_path", search_path),))
    finally:
        connection.close()


def run(connect: Any, source: Source, policy: Policy, execute: bool) -> Outcome:
    """One run; with ``execute`` false it ends before the first change."""
    clock = Clock()
    with clock.stage("source"):
        sha256 = source.sha256()
        version = policy.version or source.version()
        hints = [renames.parse(text) for text in policy.renames + tuple(source.renames())]
    with session(connect, policy, clock) as live:
        with clock.stage("preflight"):
            with live.connection.cursor() as cursor:
                last = ledger.last(cursor)
            preflight.check(live.connection, policy, version, last)
        inputs = policy.digest(sha256)
        with clock.stage("ledger"):
            if last is not None and _untouched(live.connection, last, inputs, version):
                return _from_ledger(last, version, clock)
        with clock.stage("sweep"):
            sweep(live.connection)
        with shadow(connect, live.connection, source, policy.owner, policy.shadow_database, live.settings) as loaded:
            with clock.stage("read"):
                found, desired = read_both(live, loaded, policy, hints, _once_managed(last, policy))
            with clock.stage("plan"):
                once = ledger.database_wide(last)
                difference = compare(found, desired.renamed, policy.prune, once)
                difference = settle(loaded.connection, difference, desired.renamed)
                plan, warnings, row_diff = _plan(live, found, desired, difference, policy)
            rename_again(loaded.connection, desired)
            diff = _object_diffs(plan, found, desired.renamed) + row_diff
            made = _Run(
                source.name, sha256, inputs, version, loaded, found, desired, difference, plan, diff, tuple(warnings), once
            )
            return _finish(live, policy, clock, execute, made)


@dataclass(frozen=True)
class _Run:
    """What is known once the plan is made."""

    source: str
    sha256: str
    inputs: str
    version: Optional[str]
    loaded: Shadow
    found: Catalog
    desired: Desired
    difference: Difference
    plan: Plan
    diff: Tuple[ObjectDiff, ...]
    warnings: Tuple[str, ...]
    once: FrozenSet[Identity]  # objects of the whole database that the last source defined


def _once_managed(last: Optional[ledger.Entry], policy: Policy) -> Tuple[str, ...]:
    """Schemas that an earlier source defined: with prune, one that the source no longer has is dropped."""
    if not policy.prune or last is None or policy.schemas is not None:
        return ()
    return tuple(name for name in last.managed_schemas if name != "public")


def _untouched(connection: Any, last: ledger.Entry, inputs: str, version: Optional[str]) -> bool:
    if last.inputs_sha256 != inputs or last.version != version:
        return False
    with connection.cursor() as cursor:
        if ledger.stamp(cursor, last.managed_schemas) != last.stamp:
            return False
        # Reading the reference rows is the only thing that could meet another session's lock.
        cursor.execute("SET lock_timeout = '1s'")
        try:
            return rows.present_by_digest(connection, last.reference_rows)
        except psycopg2.Error:
            return False
        finally:
            cursor.execute("RESET lock_timeout")


def _from_ledger(last: ledger.Entry, version: Optional[str], clock: Clock) -> Outcome:
    return Outcome(
        changed=False,
        plan=(),
        diff=(),
        findings=Findings.from_dict(last.findings),
        fingerprint_before=last.fingerprint_after,
        fingerprint=last.fingerprint_after,
        version=version,
        schemas=last.managed_schemas,
        timings=dict(clock.stages),
        from_ledger=True,
    )


def read_both(
    live: Session, loaded: Shadow, policy: Policy, hints: Sequence[renames.Hint], once_managed: Sequence[str] = ()
) -> Tuple[Catalog, Desired]:
    """The live catalog, and the desired one. Raises SourceError for what no kind models.

    ``once_managed``: schemas to read besides those of the source and of the hints.
    """
    catalog = _read_shadow(loaded, policy)
    reference = rows.read_reference(loaded.connection, catalog, loaded.load_window, loaded.given_uuids)
    others = [name for name in renames.old_schemas(hints) if name not in once_managed]
    schemas = catalog.schemas + tuple(name for name in (*once_managed, *others) if name not in catalog.schemas)
    found = read(live.connection, schemas, ignore=policy.ignore)
    applicable = renames.applicable(hints, found, catalog) if hints else []
    renamed = catalog
    if applicable:
        with loaded.connection.cursor() as cursor:
            for rename in applicable:
                for statement in rename.backward:
                    cursor.execute(statement)
        renamed = _read_shadow(loaded, policy)
    else:
        found = _without_schemas(found, others)
    return found, Desired(
        _public_as_found(catalog, found, loaded), reference,
        _public_as_found(renamed, found, loaded), tuple(applicable),
    )  # fmt: skip


def _read_shadow(loaded: Shadow, policy: Policy) -> Catalog:
    unspecified = None if policy.owner else loaded.role
    catalog = read(loaded.connection, None, unspecified, policy.ignore)
    if catalog.unread:
        raise SourceError(
            "the schema file defines objects that this version cannot manage: " + ", ".join(catalog.unread),
            hint="Take them out of the file, or deploy them in another way.",
            details={"unmanaged": list(catalog.unread)},
        )
    public_used = any(identity.schema == "public" for identity in catalog.objects)
    public_touched = catalog.get(Identity("schema", "", "public")) != _unspecified(loaded.public, unspecified)
    if not (public_used or public_touched):
        catalog = _without_schemas(catalog, ["public"])
    if policy.schemas is not None:
        catalog = _without_schemas(catalog, [name for name in catalog.schemas if name not in policy.schemas])
    return catalog


def _unspecified(obj: Optional[Object], owner: Optional[str]) -> Optional[Object]:
    return replace(obj, owner=None) if obj is not None and obj.owner == owner else obj


def _without_schemas(catalog: Catalog, names: Sequence[str]) -> Catalog:
    if not names:
        return catalog
    objects = {
        identity: obj
        for identity, obj in catalog.objects.items()
        if identity.schema not in names and not (identity.kind == "schema" and identity.name in names)
    }
    depends = {
        identity: frozenset(base for base in bases if base in objects)
        for identity, bases in catalog.depends.items()
        if identity in objects
    }
    schemas = tuple(name for name in catalog.schemas if name not in names)
    return replace(catalog, objects=objects, depends=depends, schemas=schemas, _parts={})


def _public_as_found(catalog: Catalog, found: Catalog, loaded: Shadow) -> Catalog:
    """Every database has a schema public; where the source says nothing of its owner and privileges, they stay."""
    identity = Identity("schema", "", "public")
    obj, live = catalog.get(identity), found.get(identity)
    if obj is None or live is None or loaded.public is None:
        return catalog
    if obj != _unspecified(loaded.public, obj.owner) and replace(obj, owner=loaded.public.owner) != loaded.public:
        return catalog
    return replace(catalog, objects={**catalog.objects, identity: live}, _parts={})


def rename_again(connection: Any, desired: Desired) -> None:
    """Give the shadow its new names back: it is asked once more when the result is verified."""
    with connection.cursor() as cursor:
        for step in renames.steps(desired.renames):
            cursor.execute(step.sql)


def _plan(
    live: Session, found: Catalog, desired: Desired, difference: Difference, policy: Policy
) -> Tuple[Plan, List[str], Tuple[ObjectDiff, ...]]:
    plan = make(
        found,
        desired.renamed,
        difference,
        read_casts(live.connection) if difference.changes else {},
        live.role,
        prune=policy.prune,
        fill_in_later=bool(policy.after_sql),
    )
    row_plan = _in_transaction(
        live.connection,
        lambda connection: rows.plan_rows(
            desired.rows, connection, found, desired.catalog, policy.enforce, policy.prune, _renamed(difference, desired)
        ),
    )
    row_steps = [
        Step(step.sql, step.table._replace(kind="rows"), step.action, step.hazards, shown=step.shown_sql)
        for step in row_plan.steps
    ]
    steps = [step for step in plan.steps if not step.late] + renames.steps(desired.renames) + row_steps
    late = [
        replace(step, sql=set_not_null(renames.final(step.object, desired.renames)))
        for step in plan.steps
        if step.late
    ]
    if steps or late:
        big = big_tables(steps + late, found, policy.strategy, policy.big_table_rows)
        steps = online(steps, found, desired.renamed, big)
        late = online(late, found, desired.catalog, big)
        before = [step for step in steps + late if step.phase == "before"]
        after = [step for step in steps + late if step.phase == "after"]
        steps = [step for step in steps if step.phase == "main"]
        late = [step for step in late if step.phase == "main"]
        steps = before + _own(policy.before_sql, "before_sql") + steps + _own(policy.after_sql, "after_sql") + late + after
    row_diff = tuple(ObjectDiff(f"rows of {each.table.relation}", each.before, each.after) for each in row_plan.diff)
    return plan.with_steps(steps), list(row_plan.warnings), row_diff


def _renamed(difference: Difference, desired: Desired) -> Dict[Identity, Identity]:
    """New identity -> present identity, of all that the plan renames."""
    result = {
        change.new.id: change.old.id
        for change in difference.changes
        if change.old is not None and change.new is not None and change.old.id != change.new.id
    }
    result.update({rename.new: rename.old for rename in desired.renames})
    return result


Result = TypeVar("Result")


def _in_transaction(connection: Any, read_only: Callable[[Any], Result]) -> Result:
    """Several queries that see one state of the database."""
    connection.autocommit = False
    try:
        return read_only(connection)
    finally:
        connection.rollback()
        connection.autocommit = True


def _own(sql: Optional[str], action: str) -> List[Step]:
    return [Step(sql, Identity(action, "", action), action)] if sql and sql.strip() else []


def _object_diffs(plan: Plan, found: Catalog, desired: Catalog) -> Tuple[ObjectDiff, ...]:
    created = {new.id for old, new in plan.objects if old is None and new is not None}
    dropped = {old.id for old, new in plan.objects if new is None and old is not None}
    result = []
    for old, new in plan.objects:
        obj = new or old
        assert obj is not None
        if obj.id.kind in ("column", "default") and _table_of(obj) in (created if new else dropped):
            continue  # the table shows it
        result.append(ObjectDiff(str(obj.id), describe(old, found), describe(new, desired)))
    return tuple(result)


def _table_of(obj: Object) -> Identity:
    return Identity("table", obj.id.schema, obj.id.name)


def findings_of(difference: Difference, found: Catalog) -> Findings:
    """What the live database has beyond the source."""
    extra = {obj.id for obj in difference.extra}
    return Findings(
        # A part of something that is extra itself goes without saying.
        extra=tuple(str(obj.id) for obj in difference.extra if obj.parent not in extra),
        extra_grants=tuple(f"{each.id}: {privileges.text(each.grants)}" for each in difference.extra_grants),
        unmanaged=found.unread,
        ignored=tuple(str(identity) for identity in found.ignored),
    )


def _finish(live: Session, policy: Policy, clock: Clock, execute: bool, made: _Run) -> Outcome:
    findings = findings_of(made.difference, made.found)
    before = fingerprint(made.found)
    after, retries = before, 0
    steps = list(made.plan.steps)
    if steps:
        with clock.stage("gate"):
            check_gate(made.plan, policy)
            if not (policy.before_sql or policy.after_sql):
                run_probes(live.connection, made.plan.probes)
    if execute and steps:
        with clock.stage("apply"):
            proof = _Proof(live, policy, clock, made, findings, before)
            retries = run_steps(live.connection, steps, policy, live.settings, proof)
            after = proof.fingerprint
    elif execute and policy.record:
        with clock.stage("record"):
            live.connection.autocommit = False
            try:
                digest = rows.check_rows(
                    made.desired.rows, live.connection, made.desired.catalog, policy.enforce
                ).digest
                with live.connection.cursor() as cursor:
                    _record(cursor, clock, made, findings, before, before, digest)
                live.connection.commit()
            finally:
                live.connection.rollback()
                live.connection.autocommit = True
    return Outcome(
        changed=bool(steps),
        plan=tuple(steps),
        diff=made.diff,
        findings=findings,
        fingerprint_before=before,
        fingerprint=after,
        version=made.version,
        schemas=made.desired.catalog.schemas,
        warnings=made.warnings,
        timings=dict(clock.stages),
        retries=retries,
    )


class _Proof:
    """The end of the transaction: the database read again, held against the source, and entered in the ledger."""

    def __init__(
        self, live: Session, policy: Policy, clock: Clock, made: _Run, findings: Findings, before: str
    ) -> None:
        self.live = live
        self.policy = policy
        self.clock = clock
        self.made = made
        self.findings = findings
        self.before = before
        self.fingerprint = ""

        self.pending = frozenset(step.object for step in made.plan.steps if step.phase == "after")

    def __call__(self, connection: Any, last: bool) -> None:
        """``last`` is false where steps follow that the transaction cannot hold: what they change is passed over."""
        desired = self.made.desired
        with self.clock.stage("verify"):
            result = read(connection, desired.catalog.schemas, ignore=self.policy.ignore)
            left = compare(result, desired.catalog, self.policy.prune, self.made.once)
            if not last:
                changes = (change for change in left.changes if not self._follows(change))
                left = replace(left, changes=tuple(changes))
            differs = residue(settle(self.made.loaded.connection, left, desired.catalog), result, desired.catalog)
            checked = rows.check_rows(desired.rows, connection, desired.catalog, self.policy.enforce)
            differs += [str(each) for each in checked.differences]
        if differs:
            raise VerificationFailed(
                "the plan ran, but the database is not what the schema file says; everything was rolled back:\n  "
                + "\n  ".join(differs),
                hint="Please report this with the schema file and the plan: it is a fault of the engine, unless an "
                "event trigger or before_sql or after_sql changed what the plan made.",
                details={"residue": differs},
            )
        if not last:
            return
        self.fingerprint = fingerprint(result)
        if self.policy.record:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self.live.login_role)))
                _record(cursor, self.clock, self.made, self.findings, self.before, self.fingerprint, checked.digest)


    def _follows(self, change: Change) -> bool:
        return change.id in self.pending or is_left_over(change.old)


def _record(
    cursor: Any, clock: Clock, made: _Run, findings: Findings, before: str, after: str, digest: Any
) -> None:
    ledger.prepare(cursor)  # before the stamp is taken: it is part of the database
    ledger.append(
        cursor,
        ledger.Entry(
            version=made.version,
            source=made.source,
            source_sha256=made.sha256,
            inputs_sha256=made.inputs,
            changed=bool(made.plan.steps),
            managed_schemas=made.desired.catalog.schemas,
            fingerprint_before=before,
            fingerprint_after=after,
            stamp=ledger.stamp(cursor, made.desired.catalog.schemas),
            reference_rows=digest,
            database_wide=[list(each) for each in made.desired.catalog.objects if is_database_wide(each)],
            findings=findings.as_dict(),
            plan=[step.as_dict() for step in made.plan.steps],
            duration_ms=int(1000 * sum(clock.stages.values())),
        ),
    )
