#!/usr/bin/env python3
# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures site.yml on three fresh hosts and again, beside the same job done as loops of community.postgresql's tasks.

    tests/bench/hosts.py [site] [server] [loops]    as root, or with sudo; all three, where none is named

site is all of site.yml, server its part that loops does too: PostgreSQL, roles, one database, TLS, pg_hba.conf.
The hosts are the database hosts of the scenario `fleet`.

For each run: wall time, wall time per host, the playbook's tasks, what the hosts did of them, and the processor time of
the controller and of the hosts, which unlike the wall time hardly depends on what else the machine does.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = "fleet"
HOSTS = 3
SITE = ROOT / "playbooks" / "site.yml"
LOOPS = ROOT / "tests" / "bench" / "loops.yml"
JOBS = {
    "site": ("site.yml", [str(SITE)]),
    "server": ("site.yml --tags host,tls", [str(SITE), "--tags", "host,tls"]),
    "loops": ("loops.yml", [str(LOOPS)]),
}


@dataclass(frozen=True)
class Measured:
    """One run of a playbook; times in seconds."""

    wall: float
    controller: float
    hosts: float
    tasks: int
    done: int
    changed: int

    def row(self, name: str) -> str:
        return (
            f"{name:34} {self.wall:8.1f} {self.wall / HOSTS:8.1f} {self.tasks:6d} {self.done:6d} {self.changed:8d} "
            f"{self.controller:11.1f} {self.hosts:8.1f}"
        )


def processor_of_hosts() -> float:
    """Seconds that the hosts' processors have worked, of the cgroup that all containers of this run are below."""
    stated = Path("/sys/fs/cgroup", os.environ["DOMAINFLOW_RUN"], "cpu.stat").read_text(encoding="utf-8")
    return int(re.search(r"usage_usec (\d+)", stated)[1]) / 1e6  # type: ignore[index]  # every kernel has the line


def measure(folder: Path, arguments: list[str]) -> Measured:
    hosts, children, started = processor_of_hosts(), resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        ["ansible-playbook", "--inventory", str(folder / "inventory"), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    recap = re.findall(r"^db\d .*ok=(\d+) +changed=(\d+)", done.stdout, re.MULTILINE)
    if len(recap) != HOSTS:
        sys.exit(f"{len(recap)} hosts took part, {HOSTS} should have:\n{done.stdout[-2000:]}")
    return Measured(
        wall=wall,
        controller=after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime,
        hosts=processor_of_hosts() - hosts,
        tasks=len(re.findall(r"^(?:TASK|RUNNING HANDLER) ", done.stdout, re.MULTILINE)),
        done=sum(int(ok) for ok, _changed in recap),
        changed=sum(int(changed) for _ok, changed in recap),
    )


def molecule(command: str, folder: Path) -> None:
    done = subprocess.run(
        ["molecule", command, "--scenario-name", SCENARIO],
        cwd=ROOT,
        env={**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"molecule {command} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def inside(wanted: list[str]) -> None:
    """Among the hosts: fresh ones for each job."""
    heads = ("wall s", 8), ("per host", 8), ("tasks", 6), ("done", 6), ("changed", 8), ("controller", 11), ("hosts", 8)
    print(" " * 34, *(f"{head:>{width}}" for head, width in heads))
    for name, arguments in [JOBS[word] for word in wanted]:
        with tempfile.TemporaryDirectory() as folder:
            molecule("create", Path(folder))
            try:
                for which in ("first run", "second run"):
                    measured = measure(Path(folder), arguments)
                    print(measured.row(f"{name}, {which}"), flush=True)
            finally:
                molecule("destroy", Path(folder))


def main() -> None:
    wanted = sys.argv[1:] or list(JOBS)
    if unknown := set(wanted) - set(JOBS):
        sys.exit(f"{', '.join(unknown)}? There are: {', '.join(JOBS)}")
    if "DOMAINFLOW_RUN" in os.environ:
        inside(wanted)
        return
    script, python = str(ROOT / "scripts" / "molecule"), str(ROOT / ".venv" / "bin" / "python")
    command = [script, "run", python, str(Path(__file__).resolve()), *wanted]
    os.execv(script, command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
