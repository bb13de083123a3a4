# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module ends, and how its options become the engine's values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import pytest

from ansible_collections.domainflow.database.plugins.module_utils import argspec, module_main, schema_options
from ansible_collections.domainflow.database.plugins.module_utils.errors import PlanRefused, SourceError
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy

SECRET = "geheim-0815"


class Ended(SystemExit):
    """What AnsibleModule does at its end: no code after it runs."""


class Module:
    """As much of AnsibleModule as run() touches; it keeps what was handed to ansible."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {"name": "value"}
        self.check_mode = True
        self.failed: dict[str, Any] = {}
        self.result: dict[str, Any] = {}
        self.handling: Any = None
        self.warnings: list[str] = []
        self.no_log_values: set[str] = set()

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def fail_json(self, **values: Any) -> None:
        import sys

        self.handling = sys.exc_info()[1]
        self.failed = values
        raise Ended

    def exit_json(self, **values: Any) -> None:
        self.result = values
        raise Ended


def ended(work: module_main.Work) -> Module:
    module = Module()
    with pytest.raises(Ended):
        module_main.run(module, work)
    return module


def test_result_is_handed_on() -> None:
    module = ended(lambda params, check: {"changed": True, "seen": (params["name"], check), "warnings": ["odd"]})
    assert module.warnings == ["odd"]
    assert module.result == {"changed": True, "seen": ("value", True)}


def test_secrets_among_the_connection_parameters_are_masked() -> None:
    module = Module()
    module.params["connect_params"] = {"sslpassword": SECRET, "keepalives": "1"}
    with pytest.raises(Ended):
        module_main.run(module, lambda _params, _check: {})
    assert module.no_log_values == {SECRET}


def test_result_can_say_that_it_failed() -> None:
    module = ended(lambda _params, _check: {"failed": True, "msg": "drift", "missing": ["a"]})
    assert module.failed == {"msg": "drift", "missing": ["a"]}


def test_error_of_the_engine_keeps_its_words_and_details() -> None:
    def work(_params: Any, _check: bool) -> dict[str, Any]:
        raise PlanRefused("refused", "set it", {"refused": ["a"], "msg": "no", "exception": "no"})

    module = ended(work)
    assert module.failed == {"msg": "refused\nset it", "hint": "set it", "error": "PlanRefused", "refused": ["a"]}
    # ansible attaches the text of an exception that is being handled.
    assert module.handling is None


def test_any_other_exception_says_class_and_place_only() -> None:
    def work(_params: Any, _check: bool) -> dict[str, Any]:
        try:
            raise KeyError(SECRET)
        except KeyError:
            return argspec.connection_options({"login_port": int(f"x{SECRET}")})  # type: ignore[return-value]

    module = ended(work)
    assert module.failed["error"] == "ValueError"
    assert module.failed["msg"].startswith("Unforeseen ValueError at ")
    assert SECRET not in str(module.failed)
    assert module.handling is None


def test_place_is_the_innermost_one_in_the_collection() -> None:
    module = ended(lambda _params, _check: {"x": schema_options.policy_of(5)})  # type: ignore[arg-type]
    assert module.failed["msg"].startswith("Unforeseen AttributeError at plugins/module_utils/schema_options.py:")


def test_sqlstate_is_told() -> None:
    class Odd(psycopg2.Error):
        pgcode = "XX000"

    def work(_params: Any, _check: bool) -> dict[str, Any]:
        raise Odd(SECRET)

    assert ended(work).failed["msg"].startswith("Unforeseen Odd (SQLSTATE XX000) at ")


# --- options ------------------------------------------------------------------------------------------


def test_connection_options_take_the_spec_defaults() -> None:
    given = {name: spec.get("default") for name, spec in argspec.CONNECTION.items()}
    options = argspec.connection_options({**given, "login_db": "d", "src": "not one of them"})
    assert (options.login_db, options.login_port, options.ssl_mode, options.login_password) == (
        "d",
        5432,
        "prefer",
        None,
    )


def test_policy_is_what_is_set_and_else_the_default() -> None:
    spec = schema_options.argument_spec({"prune": {"type": "bool"}, "enforce": {"type": "dict"}})
    nothing = {name: option.get("default") for name, option in spec.items()}
    assert schema_options.policy_of(nothing) == Policy()
    assert schema_options.policy_of({**nothing, "schemas": [], "owner": ""}) == Policy()
    given = {**nothing, "schemas": ["a"], "prune": True, "enforce": {"a.t": ["x"]}, "renames": ["table a.b -> c"]}
    assert schema_options.policy_of(given) == Policy(
        schemas=("a",), prune=True, enforce={"a.t": ["x"]}, renames=("table a.b -> c",)
    )


def test_source_is_called_as_the_user_called_it(tmp_path: Path) -> None:
    path = tmp_path / "copy.sql"
    path.write_text("SELECT 1;", encoding="utf-8")
    none: dict[str, Any] = {"content": None, "src": None, "source_name": None}
    assert schema_options.source_of({**none, "src": str(path), "source_name": "sql/a.sql"}).name == "sql/a.sql"
    assert schema_options.source_of({**none, "src": str(path)}).name == str(path)
    assert schema_options.source_of({**none, "content": "SELECT 1"}).name == "<content>"
    with pytest.raises(SourceError, match=r"sql/b\.sql: the schema file does not exist"):
        schema_options.source_of({**none, "src": str(tmp_path / "b.sql"), "source_name": "sql/b.sql"})


# --- values -------------------------------------------------------------------------------------------


class Name(NamedTuple):
    kind: str

    def __str__(self) -> str:
        return f"the {self.kind}"


@dataclass(frozen=True)
class Value:
    name: Name
    parts: tuple[Any, ...]


def test_plain_values_of_the_engine() -> None:
    assert schema_options.plain(Value(Name("x"), (1, None, {"a": frozenset({True})}, Path("/p")))) == {
        "name": "the x",
        "parts": [1, None, {"a": [True]}, "/p"],
    }


def test_diff_begins_with_the_statements_in_order() -> None:
    hazards = [{"kind": "blocks_reads", "text": "t: all wait"}, {"kind": "table_rewrite", "text": "t: all\nof it"}]
    plan = [{"sql": "CREATE TABLE t ()"}, {"sql": "SELECT 1 -- x", "hazards": hazards}, {"sql": "SELECT 2;\n"}]
    objects = [{"header": "table t", "before": "", "after": "CREATE TABLE t ()"}]
    assert schema_options.diff_of(plan, objects) == [
        {"prepared": "CREATE TABLE t ();\n-- table_rewrite: t: all of it\nSELECT 1 -- x\n;\nSELECT 2;\n\n"},
        {"before_header": "table t", "after_header": "table t", "before": "", "after": "CREATE TABLE t ()\n"},
    ]
    assert schema_options.diff_of([], []) == []
