# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which a module of this collection ends.

``run(module, work)`` calls ``work(params, check_mode)`` and hands its result to ansible; one with ``failed`` set has a
``msg`` too and ends the module as failed, and ``warnings`` are ansible's warnings. An ``EngineError`` becomes a failure
with its own message; anything else a failure that says only which class of exception came from where, because an
unforeseen exception's text may hold a secret.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, Mapping, Optional

from .errors import EngineError
from .session.options import secret_parameters

Work = Callable[[Mapping[str, Any], bool], Dict[str, Any]]

# Keys that fail_json and ansible give a meaning of their own.
_RESERVED = ("msg", "failed", "changed", "exception", "hint", "error", "invocation")


def run(module: Any, work: Work) -> None:
    """Run ``work`` and exit. ``module`` is an ``AnsibleModule``."""
    # Secrets that came by an option of free form, which no argument spec marks; ansible prints the options.
    module.no_log_values.update(secret_parameters(module.params.get("connect_params")))
    failure: Optional[Dict[str, Any]] = None
    result: Dict[str, Any] = {}
    try:
        result = work(module.params, module.check_mode)
    except EngineError as error:
        failure = describe(error)
    except Exception:  # every other exception is reported without its text
        failure = describe_unforeseen(*sys.exc_info()[1:])
    for text in result.pop("warnings", ()):
        module.warn(text)
    # Outside of the except blocks: fail_json would attach the text of an exception that is being handled.
    if failure is None and result.get("failed"):
        failure = {key: value for key, value in result.items() if key != "failed"}
    if failure is not None:
        module.fail_json(**failure)
    module.exit_json(**result)


def describe(error: EngineError) -> Dict[str, Any]:
    """The arguments of ``fail_json`` for an error of the engine."""
    values = {key: value for key, value in error.details.items() if key not in _RESERVED}
    values["msg"] = str(error)
    values["error"] = type(error).__name__
    if error.hint:
        values["hint"] = error.hint
    return values


def describe_unforeseen(error: Optional[BaseException], trace: Any) -> Dict[str, Any]:
    """The arguments of ``fail_json`` for an exception that nobody foresaw."""
    name = type(error).__name__
    sqlstate = getattr(error, "pgcode", None)
    if sqlstate:
        name = f"{name} (SQLSTATE {sqlstate})"
    return {
        "msg": f"Unforeseen {name} at {place(trace)}",
        "error": type(error).__name__,
        "hint": "This is a fault of the collection: please report the message, with the versions in use.",
    }


def place(trace: Any) -> str:
    """``file:line`` of the innermost frame of ``trace`` that belongs to this collection."""
    found = "an unknown place"
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        short = filename.replace(os.sep, "/").rpartition("/ansible_collections/domainflow/database/")[2]
        if found == "an unknown place" or short != filename.replace(os.sep, "/") or "module_utils" in filename:
            found = f"{short}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
