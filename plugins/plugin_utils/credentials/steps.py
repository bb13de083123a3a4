# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation is asked for, and an account on its way through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import decide, generate
from .records import Key
from .stores import Stored


@dataclass(frozen=True)
class Account:
    """An account that the task names."""

    name: str
    kind: str = "row"
    defaults: tuple[str, ...] = field(default=(), repr=False)
    wanted: str | None = field(default=None, repr=False)
    members: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True)
class PairRule:
    """What becomes of the login role of a pair that is not active any more, once it has no session left.

    ``retire_after`` is the least number of seconds since the other one became active, ``wait`` how many seconds a run
    waits for the last session.
    """

    retire: str = "nologin"
    retire_after: int = 3600
    wait: int = 0


@dataclass(frozen=True)
class Job:
    """What the task asks for."""

    accounts: tuple[Account, ...]
    table: Mapping[str, Any] | None
    rule: decide.Rule
    recipe: generate.Recipe = generate.Recipe()
    history: int = 5
    bcrypt_cost: int = 12
    scram_iterations: int = 4096
    login: Mapping[str, Any] | None = None
    ignore_missing: bool = False
    pairs: PairRule = PairRule()
    check: bool = False


@dataclass(frozen=True)
class Member:
    """A login role of a pair, as the server has it. ``sessions`` are those of all databases."""

    name: str
    hash: str | None = field(repr=False)
    can_login: bool
    expired: bool
    sessions: tuple[Mapping[str, Any], ...] = ()

    @property
    def live(self) -> bool:
        """Whether somebody who knows its password can log in."""
        return self.can_login and not self.expired and self.hash is not None


@dataclass(frozen=True)
class Choice:
    """What is done about a pair: ``target`` is the role that the action changes, ``other`` the other one."""

    action: str
    found: decide.Found
    target: Member
    other: Member
    # The roles that have a published default password now.
    with_default: tuple[str, ...] = ()
    # Whether a new password is due, which has to wait until nobody depends on the former role any more.
    overdue: bool = False


@dataclass(frozen=True)
class Step:
    """An account on its way through a run."""

    account: Account
    key: Key
    stored: Stored
    found: decide.Found
    hash: str | None = field(repr=False)
    action: str
    target: str | None = field(default=None, repr=False)
    new_hash: str | None = field(default=None, repr=False)
    sessions_ended: int = 0
    problem: str | None = None
    pair: Choice | None = None

    @property
    def role(self) -> str | None:
        """The login role that the step is about."""
        if self.pair is not None:
            return self.pair.target.name
        return self.account.name if self.account.kind == "role" else None

    @property
    def identity(self) -> tuple[str, str]:
        return self.account.kind, self.account.name
