# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the pipeline: lock, ledger, shadow, catalogs, difference, plan, gate, transaction, ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, FrozenSet, List, Optional, Set, Tuple, cast

from . import fresh, head_room, ledger, preflight, renames, rows, saved_plan
from .apply import check_gate, residue, run_probes
from .apply import run as run_steps
from .catalog import privileges
from .catalog.column import Column, inherited_from
from .catalog.constraint import Constraint
from .catalog.fingerprint import fingerprint
from .catalog.model import Catalog, Identity, Object
from .catalog.not_null import retold
from .catalog.read import read, read_casts
from .catalog.sizes import measured
from .desired import Desired, once_managed, read_both, rename_again
from .diff import Change, Difference, compare, is_left_over
from .diff.adopted import adopter
from .driver import psycopg2, sql
from .errors import PermissionMissing, VerificationFailed
from .live import Clock, Session, in_transaction, session
from .outcome import Findings, ObjectDiff, Outcome
from .plan import Plan, Step, annotate, big_tables, make, misplaced, online
from .plan import locks as plan_locks
from .plan.describe import describe
from .policy import Policy
from .script import Source
from .shadow import Shadow, settle, shadow, sweep


def run(
    connect: Any, source: Source, policy: Policy, execute: bool, saved: Optional[saved_plan.SavedPlan] = None
) -> Outcome:
    """One run; with ``execute`` false it ends before the first change.

    With ``saved``, only what that plan says is done: PlanOutdated is raised where anything else would be.
    """
    clock = Clock()
    with clock.stage("source"):
        sha256 = source.sha256()
        version = policy.version or source.version()
        hints = [renames.parse(text) for text in policy.renames + tuple(source.renames())]
    with session(connect, policy, clock) as live:
        with clock.stage("preflight"):
            with live.connection.cursor() as cursor:
                last = ledger.last(cursor)
            orphans = preflight.check(live.connection, policy, version, last)
        digest = saved.digest if saved is not None else None
        labels = ledger.Labels(source.name, sha256, policy.digest(sha256), version, digest)
        if saved is not None:
            saved.check_inputs(labels)
        if orphans:
            with clock.stage("sweep"):
                sweep(live.connection)
        with clock.stage("ledger"):
            if last is not None and _untouched(live.connection, last, labels):
                return _from_ledger(last, labels, clock)
        first = fresh.deployment(live, source, policy, last)
        if first is not None:
            head_room.check(live.connection, first.locks(), "the schema file")
            if not execute:
                return _tell_first(connect, live, source, first, policy, clock, labels)
            if saved is not None:
                saved.check_database(fingerprint(fresh.NOTHING), first.steps())
            return fresh.run(live, source, first, policy, clock, labels)
        with shadow(connect, live.connection, source, policy.owner, policy.shadow_database, live.settings) as loaded:
            with clock.stage("read"):
                found, desired = read_both(live, loaded, policy, hints, once_managed(last, policy))
            with clock.stage("plan"):
                once = ledger.database_wide(last)
                difference = compare(found, desired.renamed, policy.prune, once)
                difference = settle(loaded.connection, difference, desired.renamed)
                found = measured(live.connection, found, _touched(difference))
                plan, warnings, row_diff = _plan(live, loaded, found, desired, difference, policy)
            rename_again(loaded.connection, desired)
            diff = _object_diffs(plan, found, desired.renamed) + row_diff
            if saved is not None and plan.steps:
                saved.check_database(fingerprint(found), plan.steps)
            told = loaded.warnings + tuple(warnings)
            made = _Run(labels, loaded, found, desired, difference, plan, diff, told, once)
            return _finish(live, policy, clock, execute, made)


def _tell_first(
    connect: Any,
    live: Session,
    source: Source,
    first: fresh.Deployment,
    policy: Policy,
    clock: Clock,
    labels: ledger.Labels,
) -> Outcome:
    """What a first deployment would do; tried in the shadow, where the role may make one."""
    try:
        with shadow(connect, live.connection, source, policy.owner, policy.shadow_database, live.settings) as loaded:
            with clock.stage("read"):
                found, desired = read_both(live, loaded, policy, ())
            told = fresh.outcome(desired.catalog, first.steps(), fingerprint(found), labels, clock)
            return replace(told, warnings=loaded.warnings)
    except PermissionMissing as missing:
        told = fresh.outcome(fresh.NOTHING, first.steps(), fingerprint(fresh.NOTHING), labels, clock)
        return replace(told, warnings=(f"The statements were not tried: {missing.message}.",))


@dataclass(frozen=True)
class _Run:
    """What is known once the plan is made."""

    labels: ledger.Labels
    loaded: Shadow
    found: Catalog
    desired: Desired
    difference: Difference
    plan: Plan
    diff: Tuple[ObjectDiff, ...]
    warnings: Tuple[str, ...]
    once: FrozenSet[Identity]  # objects of the whole database that the last source defined


def _untouched(connection: Any, last: ledger.Entry, labels: ledger.Labels) -> bool:
    if last.inputs_sha256 != labels.inputs_sha256 or last.version != labels.version:
        return False
    with connection.cursor() as cursor:
        if ledger.stamp(cursor, last.managed_schemas) != last.stamp:
            return False
    try:
        # Reading the reference rows is the only thing that could meet another session's lock.
        return rows.present_by_digest(connection, last.reference_rows, lock_timeout="1s")
    except psycopg2.Error:
        return False


def _from_ledger(last: ledger.Entry, labels: ledger.Labels, clock: Clock) -> Outcome:
    return Outcome(
        changed=False,
        plan=(),
        diff=(),
        findings=Findings.from_dict(last.findings),
        fingerprint_before=last.fingerprint_after,
        fingerprint=last.fingerprint_after,
        version=labels.version,
        labels=labels,
        schemas=last.managed_schemas,
        timings=dict(clock.stages),
        from_ledger=True,
    )


def _plan(
    live: Session, loaded: Shadow, found: Catalog, desired: Desired, difference: Difference, policy: Policy
) -> Tuple[Plan, List[str], Tuple[ObjectDiff, ...]]:
    plan = make(
        found,
        desired.renamed,
        difference,
        read_casts(live.connection) if difference.changes else {},
        live.role,
        prune=policy.prune,
        fill_in_later=bool(policy.after_sql),
        displaced=in_transaction(
            live.connection, lambda connection: misplaced(connection, loaded.connection, found, desired.renamed)
        ),
    )
    row_plan = in_transaction(
        live.connection,
        lambda connection: rows.plan_rows(
            desired.rows,
            connection,
            found,
            desired.catalog,
            policy.enforce,
            policy.prune,
            _renamed(difference, desired),
        ),
    )
    row_steps = [
        Step(
            each.sql,
            each.table._replace(kind="rows"),
            each.action,
            each.hazards,
            shown=each.shown_sql,
            feed=each.feed,
        )
        for each in row_plan.steps
    ]
    steps = [step for step in plan.steps if not step.late] + list(desired.renames.forward) + row_steps
    late = [replace(step, sql=retold(desired.renames.final(step.object), step.sql)) for step in plan.steps if step.late]
    if steps or late:
        big = big_tables(steps + late, found, policy.strategy, policy.big_table_rows)
        steps = online(steps, found, desired.renamed, big)
        late = online(late, found, desired.catalog, big)
        before = [step for step in steps + late if step.phase == "before"]
        after = [step for step in steps + late if step.phase == "after"]
        steps = [step for step in steps if step.phase == "main"]
        late = [step for step in late if step.phase == "main"]
        steps = (
            before + _own(policy.before_sql, "before_sql") + steps + _own(policy.after_sql, "after_sql") + late + after
        )
    row_diff = tuple(ObjectDiff(f"rows of {each.table.relation}", each.before, each.after) for each in row_plan.diff)
    return plan.with_steps(annotate(steps, found, desired.renamed)), list(row_plan.warnings), row_diff


def _touched(difference: Difference) -> Set[Identity]:
    """The tables and materialized views that the changes are about."""
    objects = [obj for change in difference.changes for obj in (change.old, change.new) if obj is not None]
    return {
        Identity(kind, obj.id.schema, name)
        for obj in objects
        for kind in ("table", "materialized view")
        for name in (obj.id.name, obj.parent.name if obj.parent is not None else obj.id.name)
    }


def _renamed(difference: Difference, desired: Desired) -> Dict[Identity, Identity]:
    """New identity -> present identity, of all that the plan renames."""
    result = {
        change.new.id: change.old.id
        for change in difference.changes
        if change.old is not None and change.new is not None and change.old.id != change.new.id
    }
    result.update({wanted: live for live, wanted in desired.renames.pairs})
    return result


def _own(sql: Optional[str], action: str) -> List[Step]:
    return [Step(sql, Identity(action, "", action), action)] if sql and sql.strip() else []


def _object_diffs(plan: Plan, found: Catalog, desired: Catalog) -> Tuple[ObjectDiff, ...]:
    created = {new.id for old, new in plan.objects if old is None and new is not None}
    dropped = {old.id for old, new in plan.objects if new is None and old is not None}
    result = []
    for old, new in plan.objects:
        obj = cast(Object, new or old)
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
            locks = plan_locks.estimate(made.plan, made.found, made.desired.renamed)
            head_room.check(live.connection, locks, "the plan")
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
        version=made.labels.version,
        labels=made.labels,
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
                changes = (change for change in left.changes if not self._follows(change, result))
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

    def _follows(self, change: Change, result: Catalog) -> bool:
        if change.old is not None and change.new is None:
            desired = self.made.desired.catalog
            keys = [obj for obj in map(desired.get, self.pending) if isinstance(obj, Constraint)]
            if adopter(change.old, keys, result, desired) is not None:
                return True  # its validation follows, and the key that adopts it
        return self._is_pending(change.id) or is_left_over(change.old)

    def _is_pending(self, identity: Identity) -> bool:
        column = self.made.desired.catalog.get(identity)
        if identity in self.pending or getattr(column, "attached", None) in self.pending:
            return True
        # What a partition's column inherits comes with the partitioned table's.
        parents = inherited_from(column, self.made.desired.catalog) if isinstance(column, Column) else []
        return any(self._is_pending(parent.id) for parent in parents)


def _record(cursor: Any, clock: Clock, made: _Run, findings: Findings, before: str, after: str, digest: Any) -> None:
    seconds = sum(clock.stages.values())
    ledger.record(
        cursor,
        ledger.entry(
            made.labels, made.desired.catalog, made.plan.steps, findings.as_dict(), (before, after), digest, seconds
        ),
    )
