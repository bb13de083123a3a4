# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of schema_apply: brings the schema file to the managed host, and keeps saved plans."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.plugin_utils.schema_source import SchemaAction


class ActionModule(SchemaAction):
    """Transfers ``src``, reads ``plan_file`` and writes ``save_plan`` on the controller, and runs the module."""

    module = "domainflow.database.schema_apply"

    def prepared(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("plan_content") is not None:
            raise EngineError("The option plan_content is not for use in playbooks")
        if arguments.get("plan_file"):
            arguments["plan_content"] = _read(self._on_controller(arguments["plan_file"]))
        return arguments

    def finished(self, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        text = result.pop("saved_plan", None)
        if text is None or result.get("failed"):
            return
        path = self._on_controller(arguments["save_plan"])
        # The database was only looked at: what can change is the file.
        result["changed"] = _written(path, str(text))
        result["plan_file"] = str(path)

    def _on_controller(self, path: Any) -> Path:
        """A path as the playbook means it: relative to the playbook's folder."""
        return Path(self._loader.path_dwim(os.path.expanduser(str(path))))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EngineError(f"The saved plan {path} cannot be read: {reason}") from None


def _written(path: Path, text: str) -> bool:
    """Whether the file had to be written; it is there whole or not at all."""
    if path.is_file() and _read(path) == text:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise EngineError(f"The plan cannot be saved as {path}: {error.strerror}") from None
    return True
