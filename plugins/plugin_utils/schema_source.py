# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the schema modules: brings the source, with all files it includes, to the managed host."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError, SourceError
from ansible_collections.domainflow.database.plugins.module_utils.module_main import describe, describe_unforeseen
from ansible_collections.domainflow.database.plugins.module_utils.script import Source


class SchemaAction(ActionBase):
    """Runs ``module`` of the managed host; ``src`` on the controller is copied there first."""

    TRANSFERS_FILES = True
    _supports_async = False
    _supports_check_mode = True
    module = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        try:
            arguments = self.prepared(self._with_source(self._task.args))
            result.update(self._execute_module(module_name=self.module, module_args=arguments, task_vars=task_vars))
            self.finished(arguments, result)
            invocation = result.get("invocation")
            if isinstance(invocation, Mapping) and "source_name" in arguments:
                # What the user wrote, not where the copy was.
                shown = {**invocation.get("module_args", {}), "src": self._task.args["src"]}
                shown.pop("source_name", None)
                shown.pop("plan_content", None)
                result["invocation"] = {"module_args": shown}
        except EngineError as error:
            result.update(describe(error), failed=True)
        except AnsibleError:
            # ansible's own errors (an unreachable host above all) are its to report.
            raise
        except Exception:  # any other exception's text could hold a secret
            result.update(describe_unforeseen(*sys.exc_info()[1:]), failed=True)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def prepared(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The module's arguments, with what else the controller has to add. Raises EngineError."""
        return arguments

    def finished(self, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        """What the controller does with the module's result. Raises EngineError."""

    def _with_source(self, task_args: Mapping[str, Any]) -> dict[str, Any]:
        """The module's arguments; a source of the controller is replaced by its copy on the managed host."""
        arguments = dict(task_args)
        if arguments.get("source_name") is not None:
            raise EngineError("The option source_name is not for use in playbooks")
        src = arguments.get("src")
        if src in (None, "") or _remote(arguments):
            return arguments
        source = self._find(str(src))
        arguments["src"] = self._transfer(source)
        arguments["source_name"] = source.name
        arguments["remote_src"] = True
        return arguments

    def _find(self, src: str) -> Source:
        path, looked = None, ""
        try:
            path = self._find_needle("files", os.path.expanduser(src))
        except AnsibleError as error:
            looked = " ".join(str(error.message).split())
        if path is None:
            raise SourceError(f"{src}: the schema file was not found on the controller", looked, {"file": src})
        return Source.from_path(path, name=src)

    def _transfer(self, source: Source) -> str:
        """Copy the source's files under one folder, laid out as they are; the path of the first one there."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        root = shell.join_path(shell.tmpdir, "source")
        base = str(source.base_dir)
        copies = {path: shell.join_path(root, *os.path.relpath(path, base).split(os.sep)) for path in _files(source)}
        folders = sorted({os.path.dirname(copy) for copy in copies.values()} | {root})
        # As the login user, who owns the temporary folder; become_user is given access below.
        command = "mkdir -p " + " ".join(shlex.quote(folder) for folder in folders)
        made = self._low_level_execute_command(command, sudoable=False)
        if made["rc"] != 0:
            raise EngineError(f"No temporary folder for the schema file could be made on the managed host: {root}")
        for path, copy in copies.items():
            self._transfer_file(path, copy)
        # Execute bits on folders and read bits on files, for a become_user that is neither root nor the login user.
        self._fixup_perms2([shell.tmpdir, root, *folders, *copies.values()])
        return str(next(iter(copies.values())))


def _remote(arguments: Mapping[str, Any]) -> bool:
    try:
        return bool(boolean(arguments.get("remote_src", False)))
    except TypeError:
        # The module says what is wrong with the value.
        return True


def _files(source: Source) -> list[str]:
    first, *included = source.files()
    return [os.path.abspath(first), *included]
