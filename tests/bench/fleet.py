#!/usr/bin/env python3
# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's rotation against what bcrypt costs in any case, and against a loop of community.postgresql tasks.

50 databases with three users and three login roles each, all of them with published passwords, on two servers. Each
database is a host of the inventory, and the managed host is the controller. Measured are wall time, and processor
time, which the machine's other work does not change.

tests/bench/fleet.py [DATABASES [FORKS]]
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import psycopg2

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections")]

import rotation_support as support  # noqa: E402  # the path is set above

import servers  # noqa: E402

LOOP = Path(__file__).resolve().with_name("fleet_loop.yml")
PLAYBOOK = ROOT / "playbooks" / "rotate_credentials.yml"
DATABASES = 50
SERVERS = 2
COST = 12
# One computation to see that the published password is in use, one for the new hash.
HASHES_PER_USER = 2
ROLES = ("app", "reports", "jobs")
ROLE_DEFAULT = "changeme-published"
ANSIBLE_CFG = """
[defaults]
forks = {forks}
gathering = explicit
interpreter_python = {python}
[connection]
pipelining = True
"""


@dataclass(frozen=True)
class Cost:
    """Seconds: by the clock, and of processors (all of them together)."""

    wall: float
    cpu: float


@dataclass
class Fleet:
    """The servers, their databases, and a folder with the inventory."""

    folder: Path
    servers: list[Any]
    size: int

    def server(self, number: int) -> Any:
        return self.servers[number % len(self.servers)]

    def name(self, number: int) -> str:
        return f"db{number:02d}"

    def create(self) -> None:
        for number in range(self.size):
            server, name = self.server(number), self.name(number)
            server.create_database(name)
            server.execute(support.SMALL_SCHEMA, dbname=name)
            for user in support.PUBLISHED:
                server.execute("INSERT INTO auth.users (email) VALUES (%s)", (user,), dbname=name)
            for role in ROLES:
                server.execute(f"CREATE ROLE {name}_{role} LOGIN")
            # What the loop makes its hashes with.
            server.execute("CREATE EXTENSION pgcrypto", dbname=name)

    def publish(self) -> None:
        """Give every account its published password, and forget what is known of them."""
        hashes = {
            user: bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()
            for user, password in support.PUBLISHED.items()
        }
        for number in range(self.size):
            server, name = self.server(number), self.name(number)
            for user, stored in hashes.items():
                server.execute("UPDATE auth.users SET password_hash = %s WHERE email = %s", (stored, user), dbname=name)
            for role in ROLES:
                server.execute(f"ALTER ROLE {name}_{role} PASSWORD '{ROLE_DEFAULT}'")
        (self.folder / "credentials.yml").unlink(missing_ok=True)

    def write_inventory(self) -> None:
        hosts = {}
        for number in range(self.size):
            server, name = self.server(number), self.name(number)
            hosts[name] = {
                "fleet_port": server.port,
                "fleet_password": server.password,
                "fleet_ca": str(server.ca_file),
                "fleet_database": name,
                "fleet_roles": [f"{name}_{role}" for role in ROLES],
            }
        shared = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "domainflow_environment": "local",
            "domainflow_sslmode": "verify-full",
            "fleet_users": [{"name": user, "default": default} for user, default in support.PUBLISHED.items()],
            "fleet_role_default": ROLE_DEFAULT,
            "pg_credentials_login_host": "localhost",
            "pg_credentials_login_port": "{{ fleet_port }}",
            "pg_credentials_login_password": "{{ fleet_password }}",
            "pg_credentials_database": "{{ fleet_database }}",
            "pg_credentials_ca_cert": "{{ fleet_ca }}",
            "pg_credentials_store": str(self.folder / "credentials.yml"),
            "pg_credentials_bcrypt_cost": COST,
            "pg_credentials_accounts": [
                {"name": user, "default_passwords": [default]} for user, default in support.PUBLISHED.items()
            ],
            "pg_credentials_login_roles": [
                {"name": f"{{{{ fleet_roles[{position}] }}}}", "default_passwords": [ROLE_DEFAULT]}
                for position in range(len(ROLES))
            ],
        }
        inventory = {"databases": {"hosts": hosts, "vars": shared}}
        (self.folder / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
        (self.folder / "vault-password").write_text("of the benchmark\n", encoding="utf-8")

    def play(self, playbook: Path, forks: int, *arguments: str) -> Cost:
        """Run a playbook on the whole fleet, once; it has to succeed."""
        config = self.folder / "ansible.cfg"
        config.write_text(ANSIBLE_CFG.format(forks=forks, python=sys.executable), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.folder / "hosts.yml")]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [*command, str(playbook), *arguments],
            env=support.environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        (self.folder / "last.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode != 0:
            raise SystemExit(f"{playbook.name} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def rotate_all(self, forks: int, *arguments: str) -> Cost:
        """A run in which every password is due; all of them have to be changed after it."""
        self.publish()
        cost = self.play(PLAYBOOK, forks, *arguments)
        if self.published_in_use():
            raise SystemExit("a published password still opens an account")
        return cost

    def published_in_use(self) -> int:
        """How many accounts a published password opens; of the users a tenth is tried, for bcrypt's sake."""
        found = 0
        for number in range(self.size):
            server, name = self.server(number), self.name(number)
            rows = server.execute("SELECT email, password_hash FROM auth.users", dbname=name)
            if number % 10 == 0:
                found += sum(
                    bcrypt.checkpw(support.PUBLISHED[email].encode(), stored.encode()) for email, stored in rows
                )
            for role in ROLES:
                try:
                    server.connect(name, user=f"{name}_{role}", password=ROLE_DEFAULT).close()
                except psycopg2.OperationalError:
                    continue
                found += 1
        return found


@contextmanager
def _fleet(size: int) -> Iterator[Fleet]:
    started = []
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        try:
            for _number in range(SERVERS):
                started.append(servers.start_server(18, tls=True, settings={"max_connections": "100"}))
            fleet = Fleet(Path(folder), started, size)
            fleet.create()
            fleet.write_inventory()
            yield fleet
        finally:
            for server in started:
                server.remove()


def _one_hash(cores: int) -> Cost:
    """What a hash costs with all cores at work: the clock's share of one core, and processor time."""

    def make(_number: int) -> None:
        bcrypt.hashpw(b"a password to measure with", bcrypt.gensalt(COST))

    rounds = 4 * cores
    before, start = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(make, range(rounds)))
    return Cost((time.perf_counter() - start) * cores / rounds, (time.process_time() - before) / rounds)


def report(name: str, value: str) -> None:
    """One line of the result."""
    print(f"{name:<58} {value}", flush=True)


def run(size: int, forks: int) -> None:
    """First and second run of the playbook, and the second run of the loop."""
    cores = len(os.sched_getaffinity(0))
    hashes = size * len(support.PUBLISHED) * HASHES_PER_USER
    with _fleet(size) as fleet:
        accounts = size * (len(support.PUBLISHED) + len(ROLES))
        print(f"fleet: {size} databases, {accounts} accounts, {forks} forks, {cores} cores", flush=True)
        probes = [_one_hash(cores)]
        at_once = fleet.rotate_all(forks, "-e", "domainflow_serial=100%")
        probes.append(_one_hash(cores))
        # What a user does who sets nothing: one host first, the others a quarter of the fleet at a time.
        first = fleet.rotate_all(forks)
        probes.append(_one_hash(cores))
        one = Cost(statistics.mean(each.wall for each in probes), statistics.mean(each.cpu for each in probes))
        limit = Cost(hashes * one.wall / cores, hashes * one.cpu)
        report(f"bcrypt limit: {hashes} hashes of {one.cpu * 1000:.0f} ms", _show(limit))
        report("rotate_credentials.yml, everything is due", f"{_show(first)}, {_ratio(first, limit)} x the limit")
        report("the same in one batch, without a canary", f"{_show(at_once)}, {_ratio(at_once, limit)} x the limit")
        second = fleet.play(PLAYBOOK, forks)
        # As on other machines, where the managed host's side is a process of its own.
        apart = fleet.play(PLAYBOOK, forks, "-e", f"ansible_python_interpreter={support.other_python(fleet.folder)}")
        # The loop rotates everything too, so that its second run is one that has nothing to do.
        store = ("-e", f"loop_store={fleet.folder / 'loop'}")
        loop_first = fleet.play(LOOP, forks, *store)
        loop = fleet.play(LOOP, forks, *store)
        report("loop of community.postgresql, everything is due", _show(loop_first))
        report("loop of community.postgresql, nothing is due", _show(loop))
        report("rotate_credentials.yml, nothing is due", f"{_show(second)}, {_ratio(loop, second)} x faster")
        report("the same by a process on the host", f"{_show(apart)}, {_ratio(loop, apart)} x faster")


def _show(cost: Cost) -> str:
    return f"{cost.wall:.1f} s by the clock, {cost.cpu:.1f} s of processors"


def _ratio(one: Cost, other: Cost) -> str:
    return f"{one.wall / other.wall:.2f} (processors: {one.cpu / other.cpu:.2f})"


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]] + [DATABASES, 10][len(sys.argv) - 1 :]
    run(*given)
