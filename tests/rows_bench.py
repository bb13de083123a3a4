# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shadow and a live database, side by side, for tests of reference rows."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.domainflow.database.plugins.module_utils import rows
from ansible_collections.domainflow.database.plugins.module_utils.catalog import read as catalog
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity


class Bench:
    """``source`` fills the shadow; ``plan``, ``apply`` and ``check`` work on ``live``, the test's database."""

    def __init__(self, database: Any, database_factory: Callable[..., Any]) -> None:
        self.live = database
        self._factory = database_factory
        self._connections: List[Any] = []
        self.connection = self._open(database)
        self.shadow: Any = None
        self.reference = rows.Reference()
        self.desired: Any = None
        self.enforce: Dict[str, Any] = {}
        self.prune = False
        self.renamed: Mapping[Identity, Identity] = {}
        self.server_zone = ""

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in self._connections:
            connection.close()

    def _open(self, database: Any) -> Any:
        connection = database.connector()
        self._connections.append(connection)
        return connection

    def source(self, text: str, know_uuids: bool = True) -> None:
        """Load a fresh shadow and read it."""
        self.shadow = self._factory()
        if self.server_zone:
            self.shadow.execute(f"ALTER DATABASE \"{self.shadow.name}\" SET timezone = '{self.server_zone}'")
        connection = self._open(self.shadow)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()::text")
            before = cursor.fetchone()[0]
            cursor.execute(text)
            cursor.execute("SELECT clock_timestamp()::text")
            after = cursor.fetchone()[0]
        catalog.pin_settings(connection)
        self.desired = catalog.read(connection, ["public"] + self._schemas(connection))
        given = rows.Given(rows.uuids(text)) if know_uuids else None
        self.reference = rows.read_reference(connection, self.desired, (before, after), given)

    def _schemas(self, connection: Any) -> List[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'")
            return [name for (name,) in cursor.fetchall()]

    def plan(self) -> rows.RowPlan:
        """What would be run; nothing is changed."""
        self.connection.rollback()
        catalog.pin_settings(self.connection)
        live = catalog.read(self.connection, self.desired.schemas)
        plan = rows.plan_rows(
            self.reference, self.connection, live, self.desired, self.enforce, self.prune, self.renamed
        )
        self.connection.rollback()
        return plan

    def run(self, plan: rows.RowPlan) -> None:
        """Run a plan's statements in one transaction."""
        with self.connection.cursor() as cursor:
            for step in plan.steps:
                if step.feed is not None:
                    cursor.copy_expert(step.sql, step.feed())
                else:
                    cursor.execute(step.sql)
        self.connection.commit()

    def apply(self, structure: str = "") -> rows.RowPlan:
        """Plan, change the structure, run, and see that nothing is left to do."""
        plan = self.plan()
        if structure:
            self.live.execute(structure)
        self.run(plan)
        self.renamed = {}
        check = self.check()
        assert check.differences == (), [str(each) for each in check.differences]
        left = self.plan()
        assert left.steps == (), left.steps
        return plan

    def check(self) -> rows.RowCheck:
        check = rows.check_rows(self.reference, self.connection, self.desired, self.enforce)
        self.connection.rollback()
        return check

    def present_by_digest(self, digest: Optional[Dict[str, Any]]) -> bool:
        """As the ledger gives it back: by way of JSON."""
        present = rows.present_by_digest(self.connection, json.loads(json.dumps(digest)))
        self.connection.rollback()
        return present

    def table(self, name: str) -> List[Tuple[Any, ...]]:
        return list(self.live.execute(f"SELECT * FROM {name} ORDER BY 1"))
