# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects on the controller what credential_rotate registered on every host of the run."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.module_main import describe
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import summary

SPEC: dict[str, dict[str, Any]] = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "failed_hosts": {"type": "list", "elements": "str", "default": []},
    "outcome": {"type": "str", "required": True},
    "reached": {"type": "str"},
    "problem": {"type": "str"},
    "stopped": {"type": "str"},
    "declared": {"type": "str"},
    "check": {"type": "bool"},
    "path": {"type": "str"},
}

_EARLIER = "It failed before its passwords were looked at, see above"


class ActionModule(ActionBase):
    """Reads variables of hosts; needs no connection to any of them."""

    _supports_async = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        _spec, options = self.validate_argument_spec(SPEC)
        check = self._task.check_mode if options["check"] is None else options["check"]
        hosts = [_summary(host, options, (task_vars or {})["hostvars"][host]) for host in options["hosts"]]
        data = summary.as_data(hosts, check)
        if options["path"]:
            try:
                _write(self._loader.path_dwim(os.path.expanduser(options["path"])), data)
            except EngineError as error:
                return {**result, **describe(error), "failed": True}
        return {**result, **data, "lines": summary.as_lines(hosts), "changed": False}


def _summary(host: str, options: Mapping[str, Any], known: Mapping[str, Any]) -> summary.HostSummary:
    def value(option: str) -> Any:
        return known.get(options[option]) if options[option] else None

    declared = value("declared") or {}
    return summary.summarize_host(
        host=host,
        declared=declared.get("accounts") or (),
        database=declared.get("database"),
        outcome=value("outcome"),
        problem=value("problem") or (_EARLIER if host in options["failed_hosts"] else None),
        reached=value("reached"),
        stopped=bool(value("stopped")),
    )


def _write(path: str, data: Mapping[str, Any]) -> None:
    """Whole or not at all: whoever watches the file never reads half of it."""
    failure = None
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream, indent=2)
            stream.write("\n")
        os.replace(temporary, path)
    except OSError as error:
        failure = EngineError(
            f"The summary cannot be written to {path}: {error.strerror}",
            "The rotation itself is done. Its folder must exist, and be writable by the user who runs ansible.",
        )
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
    if failure is not None:
        raise failure
