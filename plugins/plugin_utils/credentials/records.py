# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store keeps for an account."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Mapping

from ...module_utils.credentials.errors import StoreError

STABLE, PENDING, UNVERIFIED = "stable", "pending", "unverified"


@dataclass(frozen=True)
class Key:
    """Where an account's record is: ``path`` leads to it, from the server to the account."""

    path: tuple[str, ...]

    @property
    def account(self) -> str:
        return self.path[-1]

    @property
    def server(self) -> str:
        return self.path[0]

    def __str__(self) -> str:
        return "/".join(self.path)


def row_key(system: str, database: str, table: str, name: str) -> Key:
    return Key((system, "databases", database, table, name))


def role_key(system: str, name: str) -> Key:
    """Login roles belong to the server, not to one of its databases."""
    return Key((system, "roles", name))


def pair_key(system: str, name: str) -> Key:
    return Key((system, "pairs", name))


@dataclass(frozen=True)
class Record:
    """The passwords of an account. ``hash_digest`` is of the stored hash that ``current`` was last seen with.

    ``history`` has digests of the passwords before ``previous``, the latest first.

    Of a pair of login roles, ``current`` is the password of the ``active`` one, ``previous`` that of the other, and
    ``former`` the one that the active role had when it was last active. ``draining`` names the other role until it is
    retired. So who wants to log in reads all that is needed, role and password, in one record.
    """

    current: str | None = field(default=None, repr=False)
    pending: str | None = field(default=None, repr=False)
    previous: str | None = field(default=None, repr=False)
    phase: str = STABLE
    rotated_at: str | None = None
    hash_digest: str | None = field(default=None, repr=False)
    history: tuple[str, ...] = field(default=(), repr=False)
    active: str | None = None
    draining: str | None = None
    former: str | None = field(default=None, repr=False)

    def with_pending(self, password: str) -> Record:
        return replace(self, pending=password, phase=PENDING)

    def promoted(self, stored_hash: str, keep: int, now: datetime) -> Record:
        """The pending password is current now."""
        return Record(
            current=self.pending,
            pending=None,
            previous=self.current,
            phase=STABLE,
            rotated_at=as_text(now),
            hash_digest=digest(stored_hash),
            history=self.remembered(keep),
        )

    def remembered(self, keep: int) -> tuple[str, ...]:
        """The history once ``previous`` gives way to another one; of ``keep`` passwords, that other one is the first.

        ``previous`` is kept as it is, so it needs a digest only now, which takes some 15 ms.
        """
        if self.previous is None or keep < 2:
            return self.history[: max(keep - 1, 0)]
        return (_digest(self.previous, os.urandom(16)), *self.history)[: keep - 1]

    def was_used(self, password: str) -> bool:
        """Whether ``password`` is a former one."""
        former = (self.previous, self.former)
        return password in former or any(_is_digest_of(entry, password) for entry in self.history)

    def age_in_days(self, now: datetime) -> float | None:
        if self.rotated_at is None:
            return None
        return (now - from_text(self.rotated_at)).total_seconds() / 86400


def as_dict(record: Record) -> dict[str, Any]:
    """The record as the store writes it."""
    pair = {"active": record.active, "draining": record.draining, "former": record.former}
    return {
        "current": record.current,
        "pending": record.pending,
        "previous": record.previous,
        "phase": record.phase,
        "rotated_at": record.rotated_at,
        "hash_digest": record.hash_digest,
        "history": list(record.history),
        **(pair if record.active is not None else {}),
    }


def from_dict(key: Key, data: Any) -> Record:
    """The record that a store read for ``key``; anything else than a record is refused."""
    texts = ("current", "pending", "previous", "rotated_at", "hash_digest", "active", "draining", "former")
    sound = (
        isinstance(data, Mapping)
        and all(data.get(name) is None or isinstance(data[name], str) for name in texts)
        and data.get("phase") in (STABLE, PENDING, UNVERIFIED)
        and isinstance(data.get("history") or [], list)
        and all(isinstance(entry, str) for entry in data.get("history") or [])
    )
    if not sound:
        raise StoreError(
            f"The store's record of account {key.account} (server {key.server}) is not one of credential_rotate",
            "Nothing was changed. Look at it with ansible-vault view (or vault kv get), and correct or remove it.",
        )
    record = Record(
        phase=data["phase"], history=tuple(data.get("history") or []), **{name: data.get(name) for name in texts}
    )
    if record.rotated_at is not None:
        try:
            from_text(record.rotated_at)
        except ValueError:
            raise StoreError(
                f"The store's record of account {key.account} (server {key.server}) has an impossible rotated_at",
                "It is an ISO 8601 time with its zone, such as 2026-01-31T12:00:00+00:00.",
            ) from None
    return record


def digest(stored_hash: str) -> str:
    """Of a hash in the database: recognizes it without computing bcrypt or PBKDF2 again."""
    return hashlib.sha256(stored_hash.encode("utf-8")).hexdigest()


def as_text(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).replace(microsecond=0).isoformat()


def from_text(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _digest(password: str, salt: bytes) -> str:
    value = hashlib.scrypt(password.encode("utf-8"), salt=salt, n=2**12, r=8, p=1)
    return f"{salt.hex()}${value.hex()}"


def _is_digest_of(entry: str, password: str) -> bool:
    salt, separator, _value = entry.partition("$")
    try:
        return bool(separator) and hmac.compare_digest(_digest(password, bytes.fromhex(salt)), entry)
    except ValueError:
        return False
