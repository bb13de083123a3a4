# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine can be imported on a host without psycopg2, so that it can say what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg2

from ansible_collections.domainflow.database.plugins.module_utils import driver

COLLECTIONS = Path(__file__).resolve().parents[4] / ".cache" / "collections"
PACKAGE = "ansible_collections.domainflow.database.plugins.module_utils"


def test_psycopg2_is_passed_on() -> None:
    assert driver.PRESENT
    assert driver.psycopg2 is psycopg2


def test_every_part_of_the_engine_is_importable_without_psycopg2() -> None:
    program = f"""
import importlib, pkgutil, sys
sys.path.insert(0, {str(COLLECTIONS)!r})
sys.modules["psycopg2"] = None
package = importlib.import_module({PACKAGE!r})
names = [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
failed = []
for name in names:
    try:
        importlib.import_module(name)
    except ImportError as error:
        failed.append(f"{{name}}: {{error}}")
from {PACKAGE} import driver
from {PACKAGE}.session import connector, ConnectionOptions
from {PACKAGE}.errors import ConnectionFailed
assert len(names) > 10 and not driver.PRESENT, names
try:
    connector(ConnectionOptions(login_db="x"))()
except ConnectionFailed as error:
    print(error)
print("\\n".join(failed))
sys.exit(bool(failed))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "psycopg2 is not installed" in result.stdout
