# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event triggers. They come last, so that they do not fire for what the plan makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, literal


@dataclass(frozen=True)
class EventTrigger(Object):
    """CREATE EVENT TRIGGER."""

    event: str
    tags: Tuple[str, ...]
    function: str
    enabled: str  # O(rigin), D(isabled), R(eplica), A(lways)


_ENABLE = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def _query(_version: int) -> str:
    return """
        SELECT e.oid, e.evtname AS name, pg_get_userbyid(e.evtowner) AS owner, e.evtevent AS event,
               e.evttags AS tags, e.evtfoid::regproc::text AS function, e.evtenabled::text AS enabled,
               d.description AS comment
          FROM pg_event_trigger e
          LEFT JOIN pg_description d ON d.objoid = e.oid AND d.classoid = 'pg_event_trigger'::regclass
                                    AND d.objsubid = 0
         ORDER BY e.evtname"""


def _read(row: Any, context: ReadContext) -> EventTrigger:
    return EventTrigger(
        id=Identity("event trigger", "", row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        event=row.event,
        tags=tuple(sorted(row.tags or ())),
        function=row.function,
        enabled=row.enabled,
    )


def _switch(trigger: EventTrigger) -> Ddl:
    return Ddl(f"ALTER EVENT TRIGGER {ident(trigger.id.name)} {_ENABLE[trigger.enabled]}")


def _create(trigger: EventTrigger, _context: Context) -> List[Ddl]:
    when = f" WHEN TAG IN ({', '.join(literal(tag) for tag in trigger.tags)})" if trigger.tags else ""
    sql = f"CREATE EVENT TRIGGER {ident(trigger.id.name)} ON {trigger.event}{when}"
    result = [Ddl(f"{sql} EXECUTE FUNCTION {trigger.function}()")]
    return result if trigger.enabled == "O" else result + [_switch(trigger)]


def _alter(_old: EventTrigger, new: EventTrigger, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    return [_switch(new)] if fields == {"enabled"} else None


def _drop(trigger: EventTrigger, _context: Context) -> List[Ddl]:
    hazard = Hazard("security_relaxation", f"event trigger {ident(trigger.id.name)} guards no more")
    return [Ddl(f"DROP EVENT TRIGGER {ident(trigger.id.name)}", (hazard,))]


def _rename(trigger: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER EVENT TRIGGER {ident(trigger.id.name)} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="event trigger",
    rank=200,
    system_catalog="pg_event_trigger",
    keyword="EVENT TRIGGER",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_event_trigger"], row.oid, 0)],
)
