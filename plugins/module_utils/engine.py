# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's entry: takes a connection factory, a source and a policy, and gives an outcome with the plan.

``converge`` makes a database be what a schema file says, ``plan`` tells what converge would do, ``verify`` reports how
the two differ. None of them knows of ansible; all that goes wrong is raised as an EngineError.

    outcome = converge(connect, "schema.sql", Policy(prune=True))

``connect`` is a callable: ``connect()`` opens the database, ``connect("name")`` another one of the same server.
``source`` is a path, SQL text, or a ``script.Source``.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Sequence, Union

from . import drift, head_room, run
from .driver import psycopg2
from .errors import EngineError
from .outcome import Outcome, Report
from .policy import Policy
from .saved_plan import SavedPlan
from .script import Source

AnySource = Union[Source, str, "os.PathLike[str]"]

DEFAULTS = Policy()

_AGAIN = "What had not been committed was rolled back; run it again."


def converge(connect: Any, source: AnySource, policy: Policy = DEFAULTS, saved: Optional[SavedPlan] = None) -> Outcome:
    """Make the database be what ``source`` says, in one transaction that is committed only if that was achieved.

    With ``saved`` (see saved_plan), exactly that plan is carried out, or none: PlanOutdated tells why.
    """
    with _worded():
        return run.run(connect, _as_source(source), policy, execute=True, saved=saved)


def plan(connect: Any, source: AnySource, policy: Policy = DEFAULTS, saved: Optional[SavedPlan] = None) -> Outcome:
    """What converge() would do, statement for statement. Changes nothing in the database."""
    with _worded():
        return run.run(connect, _as_source(source), policy, execute=False, saved=saved)


def verify(connect: Any, source: AnySource, policy: Policy = DEFAULTS, count_tables: Sequence[str] = ()) -> Report:
    """How the database differs from ``source``, and the rows that the tables ``count_tables`` hold. Changes nothing."""
    with _worded():
        return drift.report(connect, _as_source(source), policy, count_tables)


def _as_source(source: AnySource) -> Source:
    if isinstance(source, Source):
        return source
    if isinstance(source, str) and not (source.endswith(".sql") and "\n" not in source):
        return Source.from_text(source)
    return Source.from_path(os.fspath(source))


@contextmanager
def _worded() -> Iterator[None]:
    """What the driver raises where nothing more precise is known: a lost connection, mostly."""
    try:
        yield
    except psycopg2.Error as error:
        reason = (error.diag.message_primary or "the connection to the server was lost").strip()
        hint = head_room.full(error)
        raise EngineError(
            f"PostgreSQL: {reason}",
            hint=f"{hint} Nothing was committed." if hint else _AGAIN,
        ) from None
