# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What schema_apply and schema_verify share: the options of the source, and the engine's values as plain data."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Dict, List, Mapping

from .argspec import CONNECTION
from .errors import EngineError
from .policy import Policy
from .script import Source
from .session import require_driver

SOURCE: Dict[str, Dict[str, Any]] = {
    "src": {"type": "path"},
    "remote_src": {"type": "bool", "default": False},
    "content": {"type": "str"},
    "source_name": {"type": "str"},
    "schemas": {"type": "list", "elements": "str"},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "owner": {"type": "str"},
    "renames": {"type": "list", "elements": "str", "default": []},
    "wait_for_lock": {"type": "int", "default": 60},
    "shadow_database": {"type": "str"},
}

RULES: Dict[str, Any] = {
    "mutually_exclusive": [("src", "content")],
    "required_one_of": [("src", "content")],
}


def argument_spec(own: Mapping[str, Dict[str, Any]]) -> Dict[str, Dict[str, Any]]:
    """The options of a module: those of every module of the schema, and its own."""
    return {**CONNECTION, **SOURCE, **own}


def require_engine(engine: Any) -> None:
    """Raise where the engine could not be imported (None), which it cannot without psycopg2."""
    require_driver()
    if engine is None:
        raise EngineError("The engine could not be loaded", "This installation of the collection is not complete.")


def source_of(params: Mapping[str, Any]) -> Source:
    """The source that the options name, under the name that the user gave it."""
    if params["content"] is not None:
        return Source.from_text(params["content"])
    return Source.from_path(params["src"], name=params["source_name"])


def policy_of(params: Mapping[str, Any]) -> Policy:
    """The policy that the options describe; an option that is not set keeps the policy's own default."""
    values: Dict[str, Any] = {}
    for field in fields(Policy):
        value = params.get(field.name)
        if value is not None and value != "":
            values[field.name] = tuple(value) if isinstance(value, list) else value
    if not values.get("schemas"):
        values.pop("schemas", None)
    return Policy(**values)


def plain(value: Any) -> Any:
    """The engine's values as ansible can return them."""
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_asdict"):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def diff_of(plan: List[Dict[str, Any]], objects: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """What ``--diff`` shows: first the statements in their order, with the hazards of each, then each object before
    and after."""
    if not plan and not objects:
        return []
    # The empty line sets the statements off from the first object, which ansible prints right behind them.
    statements = "\n".join(_warned(step) + _terminated(step["sql"]) for step in plan) + "\n\n"
    shown: List[Dict[str, Any]] = [{"prepared": statements}] if plan else []
    for entry in objects:
        header = entry.get("header", "")
        shown.append(
            {
                "before_header": header,
                "after_header": header,
                "before": _ended(entry.get("before") or ""),
                "after": _ended(entry.get("after") or ""),
            }
        )
    return shown


def _warned(step: Mapping[str, Any]) -> str:
    """The hazards of a step as comments. That a statement needs a lock for a moment is said of almost all of them:
    the plan has it, here it would hide the rest."""
    told = [each for each in step.get("hazards", ()) if each["kind"] not in ("blocks_reads", "blocks_writes")]
    return "".join(f"-- {each['kind']}: {' '.join(each['text'].split())}\n" for each in told)


def _terminated(statement: str) -> str:
    statement = statement.rstrip()
    if statement.endswith(";"):
        return statement
    # A semicolon behind a comment at the end would be a part of it.
    return statement + ("\n;" if "--" in statement.rpartition("\n")[2] else ";")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
