# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of states of a pair, without any server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import AccountProblem
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import pairs, scram
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.decide import Rule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    as_dict,
    as_text,
    digest,
    from_dict,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.steps import (
    Account,
    Choice,
    Job,
    Member,
    PairRule,
)

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
SWITCHED = as_text(NOW - timedelta(days=1))
OF = {word: scram.make(word, 4096) for word in ("current", "pending", "previous", "former", "default", "by hand")}
SESSION = {"pid": 1}

RECORD = Record(
    current="current",
    previous="previous",
    former="former",
    rotated_at=SWITCHED,
    active="blue",
    hash_digest=digest(OF["current"]),
)
DRAINING = replace(RECORD, draining="green")
INTERRUPTED = replace(RECORD, pending="pending", phase="pending")


def member(name: str, word: str | None, login: bool = True, sessions: int = 0) -> Member:
    return Member(name, OF[word] if word else None, login, False, (SESSION,) * sessions)


def choose(blue: Member, green: Member, record: Record, policy: str = "ensure", **options: Any) -> Choice:
    wanted = options.pop("wanted", None)
    account = Account("app", "pair", ("default",), wanted, ("blue", "green"), "app")
    rule = Rule(policy, options.pop("max_age", 90), options.pop("adopt", False))
    return pairs.choose(account, (blue, green), record, Job((account,), None, rule, pairs=PairRule(**options)), NOW)


def chosen(*arguments: Any, **options: Any) -> tuple[str, str, str]:
    choice = choose(*arguments, **options)
    return choice.found.state, choice.action, choice.target.name


BLUE = member("blue", "current")
RETIRED = member("green", "previous", login=False)
OLD = member("green", "previous")
USED = member("green", "previous", sessions=2)


def test_nothing_is_due() -> None:
    assert chosen(BLUE, RETIRED, RECORD) == ("current", "none", "blue")
    assert chosen(BLUE, RETIRED, RECORD, "default_only") == ("current", "none", "blue")
    assert chosen(BLUE, RETIRED, RECORD, "max_age", max_age=2) == ("current", "none", "blue")


def test_due_by_policy() -> None:
    assert chosen(BLUE, RETIRED, RECORD, "max_age", max_age=1) == ("current", "rotated", "green")
    assert chosen(BLUE, RETIRED, RECORD, "always") == ("current", "rotated", "green")
    assert chosen(BLUE, RETIRED, RECORD, "ensure", wanted="another") == ("current", "rotated", "green")
    assert chosen(BLUE, RETIRED, RECORD, "ensure", wanted="current") == ("current", "none", "blue")


def test_the_former_role_is_retired_when_nobody_needs_it() -> None:
    assert chosen(BLUE, OLD, DRAINING) == ("current", "retired", "green")
    assert chosen(BLUE, USED, DRAINING) == ("current", "draining", "blue")
    assert chosen(BLUE, OLD, DRAINING, retire_after=86401) == ("current", "draining", "blue")
    assert chosen(BLUE, OLD, DRAINING, retire="keep") == ("current", "none", "blue")
    # A run that was killed between the server and the store.
    assert chosen(BLUE, RETIRED, DRAINING) == ("current", "retired", "green")


@pytest.mark.parametrize("record", [RECORD, DRAINING])
def test_a_role_in_use_is_never_given_another_password(record: Record) -> None:
    assert chosen(BLUE, USED, record, "always") == ("current", "draining", "blue")
    assert chosen(BLUE, USED, replace(record, pending="pending"), "always") == ("current", "draining", "blue")


def test_an_interrupted_run_goes_on() -> None:
    assert chosen(BLUE, RETIRED, INTERRUPTED) == ("current", "resumed", "green")
    assert chosen(BLUE, member("green", "pending"), INTERRUPTED) == ("pending", "promoted", "green")
    assert chosen(BLUE, RETIRED, INTERRUPTED, wanted="another") == ("current", "rotated", "green")
    # The password is there, the right to log in is not yet: both come in one statement, so somebody else took it.
    assert chosen(BLUE, member("green", "pending", login=False), INTERRUPTED) == ("current", "resumed", "green")


def test_somebody_else_changed_the_active_role() -> None:
    changed = member("blue", "by hand")
    assert chosen(changed, RETIRED, RECORD, "default_only") == ("unknown", "none", "blue")
    assert chosen(changed, RETIRED, RECORD) == ("unknown", "refused", "blue")
    assert chosen(changed, RETIRED, RECORD, adopt=True) == ("unknown", "rotated", "green")
    assert chosen(member("blue", "default"), RETIRED, RECORD) == ("default", "rotated", "green")


def test_a_restored_server() -> None:
    restored = choose(member("blue", "former"), OLD, RECORD)
    assert (restored.found.state, restored.action, restored.target.name) == ("previous", "restored", "blue")
    assert chosen(member("blue", None), RETIRED, RECORD) == ("unset", "restored", "blue")
    assert chosen(member("blue", None), RETIRED, RECORD, "default_only") == ("unset", "none", "blue")


def test_the_active_role_must_be_able_to_log_in() -> None:
    with pytest.raises(AccountProblem, match="may not log in"):
        choose(member("blue", "current", login=False), RETIRED, RECORD)


def test_the_first_time() -> None:
    unset = member("blue", None), member("green", None)
    assert chosen(*unset, Record()) == ("unset", "rotated", "blue")
    assert chosen(*unset, Record(), "default_only") == ("unset", "none", "blue")
    assert chosen(member("blue", "by hand", sessions=1), member("green", None), Record()) == (
        "unset",
        "rotated",
        "green",
    )
    # Without a session nobody can tell whether it is used: the role that cannot be comes first.
    assert chosen(member("blue", "by hand"), member("green", None), Record()) == ("unset", "rotated", "green")
    assert chosen(member("blue", "by hand"), member("green", "by hand"), Record()) == ("unknown", "refused", "blue")
    assert chosen(member("blue", "by hand"), member("green", "default"), Record()) == ("default", "rotated", "green")
    assert chosen(member("blue", "default"), member("green", None), Record(), "default_only")[1] == "rotated"
    assert chosen(member("blue", "pending"), member("green", None), Record(pending="pending"))[1:] == (
        "promoted",
        "blue",
    )
    assert chosen(member("blue", None), member("green", None), Record(pending="pending"))[1:] == ("resumed", "blue")
    with pytest.raises(AccountProblem, match="in use"):
        choose(member("blue", "by hand", sessions=1), member("green", "by hand", sessions=1), Record(), adopt=True)


def test_record_of_a_pair_keeps_who_is_active() -> None:
    key = Key(("1", "pairs", "app"))
    assert from_dict(key, as_dict(DRAINING)) == DRAINING
    assert "active" not in as_dict(Record(current="x"))
    choice = choose(BLUE, RETIRED, RECORD, "always")
    before = RECORD.with_pending("new")
    after = pairs.final(choice, "rotated", before, before.promoted("hash", 5, NOW), PairRule())
    assert (after.active, after.current, after.previous, after.former) == ("green", "new", "current", "previous")
    assert after.draining == "blue" and pairs.retired(after).draining is None
