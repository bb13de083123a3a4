# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on big tables, rewritten so that nobody who reads or writes waits for them.

Three phases: what can be built beside the running database (indexes, concurrently), the one transaction, and what
follows it without a strong lock (validation of constraints that were added NOT VALID). Each step of the first and the
last phase is committed by itself; a run that is broken off there is picked up by the next one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

from ..catalog import not_null
from ..catalog.column import Column
from ..catalog.constraint import NOT_VALID, Constraint, split_deferral
from ..catalog.index import Index
from ..catalog.lineage import is_detaching
from ..catalog.model import Catalog, Hazard, Identity
from ..catalog.quoting import ident, literal
from ..catalog.table import Table
from ..diff.compare import BUILDING, DETACHING_CHECK, NOT_NULL_CHECK, is_left_over
from . import partition_keys
from .model import Step
from .replace import partition_of

_HEAVY = frozenset({"blocking_scan", "blocking_index_build"})
_KEY = re.compile(r"(?P<kind>PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? (?P<rest>\(.*)\Z", re.DOTALL)
_PLAIN_COLUMNS = re.compile(r" USING \w+ \((?:\w+|\"[^\"]+\")(?:, (?:\w+|\"[^\"]+\"))*\)\Z")
_NAME_BYTES = 63  # NAMEDATALEN - 1


def _temporary(prefix: str, name: str) -> str:
    return (prefix + name).encode()[:_NAME_BYTES].decode("utf-8", "ignore")


def big_tables(
    steps: Sequence[Step], live: Catalog, strategy: str, threshold: int
) -> Callable[[Optional[Identity]], bool]:
    """Whether a table is to be treated with care: it is there already, is not replaced by the plan, and has
    ``threshold`` rows (any number, with strategy online)."""
    replaced = {step.object for step in steps if step.object.kind == "table" and step.action in ("create", "drop")}

    def big(table: Optional[Identity]) -> bool:
        if table is None or strategy == "atomic" or table in replaced:
            return False
        if live.get(table) is None:
            return False
        facts = live.facts.get(table)
        return strategy == "online" or (facts is not None and facts.rows >= threshold)

    return big


def online(
    steps: Sequence[Step], live: Catalog, desired: Catalog, big: Callable[[Optional[Identity]], bool]
) -> List[Step]:
    """The steps in the order in which they are run, phase by phase."""
    return _Online(steps, live, desired, big).run()


def _table_of(obj: Union[Constraint, Index]) -> Identity:
    """The table of an index or a constraint."""
    return obj.table if isinstance(obj, Index) else obj.parent


class _Online:
    def __init__(
        self, steps: Sequence[Step], live: Catalog, desired: Catalog, big: Callable[[Optional[Identity]], bool]
    ) -> None:
        self.steps = steps
        self.live = live
        self.desired = desired
        self.big = big
        self.changed: Set[Identity] = {step.object for step in steps if step.action != "alter" or " TYPE " in step.sql}
        self.dropped: Set[Identity] = {step.object for step in steps if step.action == "drop"}
        self.created: Set[Identity] = {step.object for step in steps if step.action == "create"}
        self.before: List[Step] = []
        self.main: List[Step] = []
        self.after: List[Step] = []
        # Objects that are there only in the last phase: whatever needs them has to wait as well.
        self.postponed: Set[Identity] = set()
        # Indexes that stay until the one that takes their place is built, after the transaction.
        self.kept: Set[Identity] = set()
        # Of a partitioned table's index or key: those of the partitions that it will adopt.
        self.adopted: Dict[Identity, List[Identity]] = {}
        for identity in self.created:
            adopter = getattr(desired.get(identity), "attached", None)
            if adopter is not None:
                self.adopted.setdefault(adopter, []).append(identity)
        self.partitions: Dict[Identity, List[Identity]] = {}
        for identity, obj in live.objects.items():
            parent = partition_of(obj)
            if parent is not None:
                self.partitions.setdefault(parent, []).append(identity)

    def run(self) -> List[Step]:
        for step in self.steps:
            if step.breaks_transaction:
                self.before.append(replace(step, phase="before"))
            elif self._waits(step):
                self.postponed.add(step.object)
                self.after += self._postponed(step)
            else:
                self._place(step)
        return self.before + self.main + self.after

    def _waits(self, step: Step) -> bool:
        if step.object in self.postponed:
            return True
        if step.action == "drop":
            return False
        # A partitioned table's index has nothing to build once the partitions have theirs.
        obj = self.desired.get(step.object)
        if isinstance(obj, Constraint) and obj.type == "f" and obj.attached in self.postponed:
            return True  # it is given its name once it is there
        stands_on = self.desired.depends.get(step.object, frozenset()).union(self.adopted.get(step.object, ()))
        return bool((stands_on - {self._adopter(step.object)}) & self.postponed)

    def _postponed(self, step: Step) -> List[Step]:
        """What has to wait for the last phase, without a scan under a lock where there is a way."""
        obj = self.desired.get(step.object)
        late = replace(step, phase="after")
        if isinstance(obj, (Constraint, Index)) and step.object in self.adopted and self._covers_all(_table_of(obj)):
            return [self._light(step, step.sql, "after", step.lock)]
        if not isinstance(obj, Constraint) or not self.big(obj.parent) or not self._waits_for_validation(step, obj):
            return [late]
        if self._has_to_be_split(obj):
            parts = partition_keys.split(step, obj, self.live, self.desired, self.dropped)
            return [replace(each, phase="after") for each in parts[0] + parts[1]] if parts is not None else [late]
        return [self._light(step, step.sql + NOT_VALID, "after", step.lock), self._validation(step, obj)]

    def _adopter(self, identity: Identity) -> Optional[Identity]:
        return getattr(self.desired.get(identity), "attached", None)

    def _ready(self, identity: Identity) -> bool:
        """Whether an object can be built before anything else is done: all that it stands on is there as it will be."""
        stands_on = self.desired.depends.get(identity, frozenset()) - {self._adopter(identity)}
        return not stands_on & self.changed

    def _is_partitioned(self, table: Optional[Identity]) -> bool:
        return table is not None and getattr(self.live.get(table), "partition_key", None) is not None

    def _covers_all(self, table: Identity) -> bool:
        """Whether the source knows all partitions, so that each has an index of its own making to be adopted."""
        return all(each in self.desired.objects and self._covers_all(each) for each in self.partitions.get(table, ()))

    def _place(self, step: Step) -> None:
        obj = self.desired.get(step.object) if step.action != "drop" else self.live.get(step.object)
        if isinstance(obj, Index) and self.big(obj.table):
            self._index(step, obj)
        elif isinstance(obj, Constraint) and self.big(obj.parent):
            self._constraint(step, obj)
        elif isinstance(obj, Column) and self.big(obj.parent) and not_null.makes_not_null(step.sql):
            self._not_null(step, obj)
        elif isinstance(obj, Column) and self.big(obj.parent) and " VALIDATE CONSTRAINT " in step.sql:
            # By then it has its new name.
            validate = f"ALTER TABLE {obj.parent.relation} VALIDATE CONSTRAINT {ident(obj.not_null_name)}"
            self.after.append(replace(step, sql=validate, phase="after"))
        elif isinstance(obj, Table) and " DETACH PARTITION " in step.sql and self._leaves_big(step.object):
            self._detach(step, step.object)
        else:
            self.main.append(step)

    def _light(self, step: Step, sql: str, phase: str, lock: str = "SHARE UPDATE EXCLUSIVE") -> Step:
        hazards = tuple(hazard for hazard in step.hazards if hazard.kind not in _HEAVY)
        return replace(step, sql=sql, phase=phase, hazards=hazards, lock=lock)

    def _index(self, step: Step, index: Index) -> None:
        if step.action == "drop":
            gone_with_its_column = self.live.depends.get(step.object, frozenset()) & self.dropped
            concurrently = step.sql.replace("DROP INDEX ", "DROP INDEX CONCURRENTLY ", 1)
            if is_left_over(index):
                # First of all: this plan may build another one under the same name.
                self.before.append(self._light(step, concurrently, "before"))
            elif step.object in self.created and self._stays_until_built(index):
                self.kept.add(step.object)
            elif step.object in self.created or gone_with_its_column or self._is_partitioned(index.table):
                self.main.append(step)
            else:
                self.after.append(self._light(step, concurrently, "after"))
        elif step.action != "create" or not step.sql.startswith(("CREATE INDEX ", "CREATE UNIQUE INDEX ")):
            self.main.append(step)
        elif self._is_partitioned(index.table):
            # The partitions' own steps have built theirs.
            self.main.append(self._light(step, step.sql, "main", step.lock) if self._covers_all(index.table) else step)
        elif index.id in self.kept:
            build, swap = self._under_another_name(step, index, "after")
            drop = f"DROP INDEX CONCURRENTLY {index.id.relation}"
            self.postponed.add(index.id)
            self.after += [build, self._light(replace(step, action="drop"), drop, "after"), swap]
        elif not self._ready(index.id):
            self.postponed.add(index.id)
            self.after.append(self._light(step, step.sql.replace(" INDEX ", " INDEX CONCURRENTLY ", 1), "after"))
        elif (index.id in self.dropped or index.id in self.live.objects) and " IF NOT EXISTS " not in step.sql:
            build, swap = self._under_another_name(step, index, "before")
            self.before.append(build)
            self.main.append(replace(swap, phase="main"))
        else:
            self.before.append(self._light(step, step.sql.replace(" INDEX ", " INDEX CONCURRENTLY ", 1), "before"))

    def _under_another_name(self, step: Step, index: Index, phase: str) -> Tuple[Step, Step]:
        """An index built while the one whose name it will have is still there, and what gives it that name."""
        name = _temporary(BUILDING, index.id.name)
        head = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX "
        rest = step.sql[len(head) + len(ident(index.id.name)) :]
        build = self._light(step, f"{head}CONCURRENTLY {ident(name)}{rest}", phase)
        built = index.id._replace(name=name).relation
        return build, self._light(step, f"ALTER INDEX {built} RENAME TO {ident(index.id.name)}", phase)

    def _stays_until_built(self, index: Index) -> bool:
        """Whether an index whose successor has to wait for the transaction can stay meanwhile.

        One over plain columns goes along with a change of their types.
        """
        return (
            index.attached is None
            and not self._is_partitioned(index.table)
            and not self._ready(index.id)
            and _PLAIN_COLUMNS.search(index.body) is not None
            and not self.live.depends.get(index.id, frozenset()) & self.dropped
        )

    def _leaves_big(self, table: Identity) -> bool:
        return self.big(table) or self.big(partition_of(self.live.get(table)))

    def _detach(self, step: Step, table: Identity) -> None:
        """DETACH … CONCURRENTLY is there from 14 on, and not where there is a default partition. A partition that is
        to be attached elsewhere is not left without a place meanwhile."""
        parent = partition_of(self.live.get(table))
        siblings = self.partitions.get(parent, ()) if parent is not None else ()
        default = [each for each in siblings if getattr(self.live.get(each), "partition_bound", None) == "DEFAULT"]
        if is_detaching(self.live.get(table)):
            self.before.append(replace(step, phase="before"))
        elif default:
            why = f"{table.relation} is not detached concurrently: PostgreSQL does not where there is a default "
            why += f"partition ({default[0].relation})"
            self.main.append(replace(step, hazards=(*step.hazards, Hazard("blocks_reads", why))))
        elif self.live.server_version < 140000 or partition_of(self.desired.get(table)) is not None:
            self.main.append(step)
        else:
            self._detach_concurrently(step, table)

    def _detach_concurrently(self, step: Step, table: Identity) -> None:
        """In place of the partition's bound PostgreSQL would leave a check under a name of its choice; it does not
        where one is there already, so that gets a name that is known and goes again."""
        name = _temporary(DETACHING_CHECK, table.name)
        on = f"ALTER TABLE {table.relation}"
        relation = literal(table.relation)
        add = f"""DO $detach$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {relation}::regclass AND conname = {literal(name)}) THEN
        EXECUTE format('{on.replace("'", "''").replace("%", "%%")} ADD CONSTRAINT %I CHECK (%s) NOT VALID',
                       {literal(name)}, pg_get_partition_constraintdef({relation}::regclass));
    END IF;
END $detach$"""
        own = replace(step, table=table)
        self.before.append(self._light(own, add, "before", "ACCESS EXCLUSIVE"))
        self.before.append(self._light(own, f"{on} VALIDATE CONSTRAINT {ident(name)}", "before"))
        self.before.append(self._light(step, f"{step.sql} CONCURRENTLY", "before"))
        drop = f"{on} DROP CONSTRAINT IF EXISTS {ident(name)}"
        self.main.append(self._light(own, drop, "main", "ACCESS EXCLUSIVE"))

    def _constraint(self, step: Step, constraint: Constraint) -> None:
        if " VALIDATE CONSTRAINT " in step.sql:
            self.after.append(replace(step, phase="after"))
        elif step.action != "create" or " ADD CONSTRAINT " not in step.sql:
            self.main.append(step)
        elif self._waits_for_validation(step, constraint):
            if self._has_to_be_split(constraint):
                self._split(step, constraint)
                return
            self.main.append(self._light(step, step.sql + NOT_VALID, "main", step.lock))
            self.after.append(self._validation(step, constraint))
        elif constraint.type in "cf":
            self.main.append(step)
        elif self._is_partitioned(constraint.parent):
            self.main.append(
                self._light(step, step.sql, "main", step.lock) if self._covers_all(constraint.parent) else step
            )
        else:
            built = self._key_index(step, constraint)
            if built is None:
                self.main.append(step)
                return
            self.before.append(built[0])
            if constraint.type == "p" and not self._all_not_null(constraint):
                # Only a proven NOT NULL saves the primary key from reading the table; from 18 on it is refused without.
                self.postponed.add(constraint.id)
                self.after.append(replace(built[1], phase="after"))
            else:
                self.main.append(built[1])

    @staticmethod
    def _waits_for_validation(step: Step, constraint: Constraint) -> bool:
        """Whether a step adds a check or a foreign key that can do so in two halves."""
        adds = step.action == "create" and " ADD CONSTRAINT " in step.sql and constraint.type in "cf"
        return adds and not step.sql.endswith(NOT_VALID) and " NOT ENFORCED" not in step.sql

    def _validation(self, step: Step, constraint: Constraint) -> Step:
        sql = f"ALTER TABLE {constraint.parent.relation} VALIDATE CONSTRAINT {ident(constraint.id.part)}"
        return self._light(step, sql, "after")

    def _has_to_be_split(self, constraint: Constraint) -> bool:
        """Whether PostgreSQL refuses NOT VALID for it."""
        return constraint.type == "f" and self._is_partitioned(constraint.parent) and self.live.server_version < 180000

    def _split(self, step: Step, constraint: Constraint) -> None:
        parts = partition_keys.split(step, constraint, self.live, self.desired, self.dropped)
        if parts is None:
            self.main.append(step)
            return
        self.postponed.add(constraint.id)
        self.main += parts[0]
        self.after += parts[1]

    def _key_index(self, step: Step, constraint: Constraint) -> Optional[Tuple[Step, Step]]:
        """The index of a primary or unique key, built concurrently, and the step that makes the constraint of it."""
        definition, deferral = split_deferral(constraint.own_definition)
        match = _KEY.match(definition)
        if match is None or "WITHOUT OVERLAPS" in definition or not self._ready(constraint.id):
            return None
        name = ident(_temporary(BUILDING, constraint.id.part))
        table = constraint.parent.relation
        rest = step.sql[step.sql.index(match.group("kind")) + len(match.group("kind")) :]
        rest = (
            rest[: len(rest) - len(deferral)]
            .replace(" NULLS NOT DISTINCT", "", 1)
            .replace(" USING INDEX TABLESPACE", " TABLESPACE")
        )
        columns, _paren, others = rest.strip().partition(")")
        words = self._index_words(others, match)
        index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} USING btree {columns}){words}"
        key = f"{match.group('kind')} USING INDEX {name}{deferral}"
        add = f"ALTER TABLE {table} ADD CONSTRAINT {ident(constraint.id.part)} {key}"
        return self._light(step, index, "before"), self._light(step, add, "main", "ACCESS EXCLUSIVE")

    @staticmethod
    def _index_words(others: str, match: "re.Match[str]") -> str:
        """INCLUDE (…), NULLS NOT DISTINCT, WITH (…), TABLESPACE: in CREATE INDEX they come in this order."""
        nulls = match.group("nulls") or ""
        include = re.match(r" INCLUDE \([^)]*\)", others)
        if include is None:
            return nulls + others
        return include.group(0) + nulls + others[include.end() :]

    def _all_not_null(self, constraint: Constraint) -> bool:
        """Whether the columns are NOT NULL before the plan is run."""
        bases = self.desired.depends.get(constraint.id, frozenset())
        columns = [self.live.get(base) for base in bases if base.kind == "column"]
        return bool(columns) and all(isinstance(column, Column) and column.not_null for column in columns)

    def _not_null(self, step: Step, column: Column) -> None:
        table, name = column.parent.relation, ident(column.id.part)
        constraint = column.not_null_constraint
        if constraint is not None and column.not_null_name:
            # From 18 on it can itself wait for validation.
            named = ident(column.not_null_name)
            heirs = " NO INHERIT" if constraint.no_inherit else ""
            add = f"ALTER TABLE {table} ADD CONSTRAINT {named} NOT NULL {name}{heirs}{NOT_VALID}"
            self.main.append(self._light(step, add, "main", "ACCESS EXCLUSIVE"))
            self.after.append(self._light(step, f"ALTER TABLE {table} VALIDATE CONSTRAINT {named}", "after"))
            return
        check = ident(_temporary(NOT_NULL_CHECK, column.id.part))
        on = f"ALTER TABLE {table}"
        add = f"{on} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL){NOT_VALID}"
        self.main.append(self._light(step, add, "main", "ACCESS EXCLUSIVE"))
        self.after.append(self._light(step, f"{on} VALIDATE CONSTRAINT {check}", "after"))
        # With the valid check at hand, PostgreSQL (12 and later) does not read the table again.
        self.after.append(self._light(step, step.sql, "after", "ACCESS EXCLUSIVE"))
        self.after.append(self._light(step, f"{on} DROP CONSTRAINT {check}", "after", "ACCESS EXCLUSIVE"))
