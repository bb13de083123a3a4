# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection's playbooks as a user would, in processes of their own, and reads what they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The virtual environment is shared: what is tested is the checkout, not the installation of its requirements.
SHARED = (".venv",)


@dataclass(frozen=True)
class Run:
    """What a command printed, and how it ended."""

    status: int
    output: str

    def recap(self) -> dict[str, dict[str, int]]:
        """Host to the counters of ansible's last lines."""
        found = {}
        for host, counters in re.findall(r"^(\S+)\s+: (ok=\d+ .*)$", self.output, re.MULTILINE):
            found[host] = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", counters)}
        return found

    def changed(self) -> int:
        """Number of changes on all hosts; a run without a recap is no run."""
        recap = self.recap()
        assert recap, self.output
        return sum(counters["changed"] for counters in recap.values())


def environment(checkout: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """As in a fresh terminal: nothing of the test run's own settings of ansible, python and PostgreSQL."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "PG", "PYTEST"))
    }
    return {**kept, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), **variables}


def run(command: Sequence[str], checkout: Path = ROOT, timeout: int = 240, **variables: str) -> Run:
    """Run a command in a checkout, give its whole output (errors too) in the order in which it came."""
    done = subprocess.run(
        command,
        cwd=checkout,
        env=environment(checkout, variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    return Run(done.returncode, done.stdout.decode("utf-8", "replace"))


def playbook(*arguments: str, checkout: Path = ROOT, **variables: str) -> Run:
    """``ansible-playbook`` of the virtual environment."""
    return run([str(checkout / ".venv" / "bin" / "ansible-playbook"), *arguments], checkout, 240, **variables)


def copy_checkout(target: Path) -> Path:
    """The working tree without what git ignores, so that a run leaves nothing behind in the real one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():  # a file that was removed and not committed yet is still listed
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, destination)
    for name in SHARED:
        (target / name).symlink_to(ROOT / name)
    return target
