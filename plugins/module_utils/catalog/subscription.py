# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions, as far as they can be had without a connection to the publisher.

A subscription is made disabled and without a slot: whether it runs is left to operators, as pg_dump does. What it
connects to can only be read by a superuser, and is never shown, since it may hold a password.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, List, Optional, Tuple

from ..errors import PermissionMissing
from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Hazard, Identity, Object, Secret
from .options import MASK
from .quoting import ident, idents, literal


@dataclass(frozen=True)
class Subscription(Object):
    """CREATE SUBSCRIPTION. ``connection`` is None where the session may not read it."""

    connection: Optional[Secret]
    publications: Tuple[str, ...]
    settings: Tuple[Tuple[str, str], ...]
    enabled: bool = field(compare=False)


# Setting -> (column, first version); booleans but for the first two.
_TEXTS = (("synchronous_commit", "subsynccommit", 0), ("origin", "suborigin", 160000))
_BOOLEANS = (
    ("binary", "subbinary", 140000),
    ("disable_on_error", "subdisableonerr", 150000),
    ("password_required", "subpasswordrequired", 160000),
    ("run_as_owner", "subrunasowner", 160000),
    ("failover", "subfailover", 170000),
)


def _query_with(connection: str, oid: str, version: int, columns: List[str]) -> str:
    listed = "".join(f", s.{column} AS {column}" for column in columns)
    return f"""
        SELECT {oid} AS oid, s.subname AS name, pg_get_userbyid(s.subowner) AS owner, s.subenabled, s.subslotname,
               s.subpublications, {connection} AS connection{listed}, d.description AS comment
          FROM pg_subscription s
          LEFT JOIN pg_description d ON d.objoid = {oid} AND d.classoid = 'pg_subscription'::regclass
                                    AND d.objsubid = 0
         WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         ORDER BY s.subname"""


def _columns(version: int) -> List[str]:
    columns = [column for _word, column, first in (*_TEXTS, *_BOOLEANS) if version >= first]
    if version >= 140000:
        columns.append("substream")
    if version >= 150000:
        columns.append("subtwophasestate")
    return columns


def _query(version: int) -> str:
    if version >= 140000:
        return _query_with("NULL::text", "s.oid", version, _columns(version))
    # 13 lets others than superusers read next to nothing.
    return _query_with("NULL::text", "NULL::oid", version, [])


def _superuser_query(version: int) -> str:
    return _query_with("s.subconninfo", "s.oid", version, _columns(version))


_STREAMING = {"f": "off", "t": "on", "p": "parallel"}


def _read(row: Any, context: ReadContext) -> Subscription:
    settings = [("slot_name", row.subslotname or "")]
    for word, column, _first in _TEXTS:
        if hasattr(row, column):
            settings.append((word, getattr(row, column)))
    for word, column, _first in _BOOLEANS:
        if hasattr(row, column):
            settings.append((word, "true" if getattr(row, column) else "false"))
    if hasattr(row, "substream"):
        streaming = row.substream
        if isinstance(streaming, bool):
            streaming = "t" if streaming else "f"
        settings.append(("streaming", _STREAMING[streaming]))
    if hasattr(row, "subtwophasestate"):
        settings.append(("two_phase", "false" if row.subtwophasestate == "d" else "true"))
    return Subscription(
        id=Identity("subscription", "", row.name),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        connection=Secret(row.connection) if row.connection is not None else None,
        publications=tuple(sorted(row.subpublications)),
        settings=tuple(settings),
        enabled=row.subenabled,
    )


def _words(settings: Any) -> List[str]:
    # No name: no slot.
    return [
        "slot_name = NONE" if name == "slot_name" and not value else f"{name} = {literal(value)}"
        for name, value in settings
    ]


def _connection(subscription: Subscription) -> Secret:
    if subscription.connection is None:
        raise PermissionMissing(
            f"What subscription {ident(subscription.id.name)} connects to can only be read by a superuser.",
            "Log in as a superuser, or leave subscriptions to another file.",
        )
    return subscription.connection


def _create(subscription: Subscription, _context: Context) -> List[Ddl]:
    head = f"CREATE SUBSCRIPTION {ident(subscription.id.name)} CONNECTION "
    words = ["connect = false", *_words(subscription.settings)]
    tail = f" PUBLICATION {idents(subscription.publications)} WITH ({', '.join(words)})"
    return [Ddl(head + literal(_connection(subscription)) + tail, shown=head + MASK + tail)]


def _alter(old: Subscription, new: Subscription, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    changed = [setting for setting in new.settings if setting not in old.settings]
    if any(name == "two_phase" for name, _value in changed):
        return None
    on = f"ALTER SUBSCRIPTION {ident(new.id.name)} "
    result = []
    if "connection" in fields:
        result.append(Ddl(f"{on}CONNECTION {literal(_connection(new))}", shown=f"{on}CONNECTION {MASK}"))
    if "publications" in fields:
        result.append(Ddl(f"{on}SET PUBLICATION {idents(new.publications)} WITH (refresh = false)"))
    if changed:
        result.append(Ddl(f"{on}SET ({', '.join(_words(changed))})"))
    return result


def _drop(subscription: Subscription, _context: Context) -> List[Ddl]:
    on = f"ALTER SUBSCRIPTION {ident(subscription.id.name)}"
    hazard = Hazard("data_loss", "the position of replication is forgotten; its slot stays at the publisher")
    result = [Ddl(f"{on} DISABLE")] if subscription.enabled else []
    if dict(subscription.settings)["slot_name"]:
        result.append(Ddl(f"{on} SET (slot_name = NONE)"))
    return result + [Ddl(f"DROP SUBSCRIPTION {ident(subscription.id.name)}", (hazard,))]


KIND = Kind(
    name="subscription",
    rank=91,
    system_catalog="pg_subscription",
    keyword="SUBSCRIPTION",
    query=_query,
    superuser_query=_superuser_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=lambda obj, new: [Ddl(f"ALTER SUBSCRIPTION {ident(obj.id.name)} RENAME TO {ident(new.name)}")],
    addresses=lambda row: [(CATALOG_OIDS["pg_subscription"], row.oid, 0)] if row.oid is not None else [],
)
