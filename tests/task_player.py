# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one task of a module of this collection with ansible-playbook, and gives its result beside what was printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plays

_PLAY = """
- hosts: all
  gather_facts: false
  vars_files: [{variables}]
  tasks:
"""
_TASK = """
    - block:
        - name: Task {at}
          {module}: "{{{{ cases[{at}].options }}}}"
          register: outcome_{at}
          module_defaults:
            group/domainflow.database.database: "{{{{ cases[{at}].connection }}}}"
{rescue}      always:
        - name: Keep what came of it
          ansible.builtin.copy:
            content: "{{{{ outcome_{at} | to_json }}}}"
            dest: {result}-{at}.json
            mode: "0600"
          check_mode: false
          diff: false
          vars:
            ansible_become: false
"""
_GO_ON = """\
      rescue:
        - name: Go on
          ansible.builtin.meta: noop
"""


@dataclass(frozen=True)
class Played:
    """The task's result as ansible registered it, how ansible-playbook ended, and all that it printed."""

    result: dict[str, Any]
    status: int
    output: str

    @property
    def failed(self) -> bool:
        return self.status != 0

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


Task = tuple[Mapping[str, Any], Mapping[str, Any]]


class Player:
    """A folder with playbook, inventory and ``files/``; options and password go by file, as a user's vault would."""

    def __init__(self, folder: Path, connection: Mapping[str, Any]) -> None:
        self.folder = folder
        self.connection = dict(connection)
        self._runs = 0
        self.host({})

    def host(self, variables: Mapping[str, Any]) -> None:
        """Variables of the managed host, which is this machine."""
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables}
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"here": local}}}), encoding="utf-8")

    def write(self, name: str, text: str) -> str:
        """A file below ``files/``; gives the name that ``src`` takes."""
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def prepare(self, module: str, tasks: Sequence[Task], go_on: bool = False) -> tuple[list[str], list[Path]]:
        """The arguments of ansible-playbook for tasks (options, connection), and where their results will be."""
        self._runs += 1
        variables, result, playbook = (self.folder / f"{what}-{self._runs}" for what in ("variables", "result", "play"))
        held = [{"options": options, "connection": {**self.connection, **connection}} for options, connection in tasks]
        variables.write_text(json.dumps({"cases": held}), encoding="utf-8")
        text = _PLAY.format(variables=variables)
        for at in range(len(tasks)):
            rescue = _GO_ON if go_on else ""
            text += _TASK.format(module=f"domainflow.database.{module}", at=at, rescue=rescue, result=result)
        playbook.write_text(text, encoding="utf-8")
        results = [result.with_name(f"{result.name}-{at}.json") for at in range(len(tasks))]
        return ["-i", str(self.folder / "inventory.json"), str(playbook)], results

    def play(self, module: str, options: Mapping[str, Any], *flags: str, **connection: Any) -> Played:
        """Run one task; ``connection`` overrides single connection options."""
        arguments, (result,) = self.prepare(module, [(options, connection)])
        run = plays.playbook(*arguments, *flags)
        return Played(read(result), run.status, run.output)

    def series(self, module: str, *tasks: Task, flags: Sequence[str] = ()) -> list[Played]:
        """Run tasks (options, connection) one after the other in one play, whether or not they fail."""
        arguments, results = self.prepare(module, tasks, go_on=True)
        run = plays.playbook(*arguments, *flags)
        assert run.status == 0, run.output
        return [Played(found, int(found.get("failed", False)), run.output) for found in map(read, results)]

    def apply(self, options: Mapping[str, Any], *flags: str, **connection: Any) -> Played:
        return self.play("schema_apply", options, *flags, **connection)

    def verify(self, options: Mapping[str, Any], *flags: str, **connection: Any) -> Played:
        return self.play("schema_verify", options, *flags, **connection)


def read(result: Path) -> dict[str, Any]:
    """What the task registered."""
    return dict(json.loads(result.read_text(encoding="utf-8"))) if result.exists() else {}
