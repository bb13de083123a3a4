# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of molecule, as far as they can be judged without hosts."""

from __future__ import annotations

import ipaddress
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.parent for path in (ROOT / "molecule").glob("*/molecule.yml"))
IMAGES = {"bullseye", "bookworm", "trixie"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_hosts_have_images_names_and_addresses_of_their_own(scenario: Path) -> None:
    platforms = yaml.safe_load((scenario / "molecule.yml").read_text(encoding="utf-8"))["platforms"]
    assert {host["image"] for host in platforms} <= IMAGES
    for key in ("name", "address", "address6"):
        assert len({host[key] for host in platforms}) == len(platforms)
    for host in platforms:
        assert ipaddress.ip_address(host["address"]) in ipaddress.ip_network("172.30.77.0/24")
        assert ipaddress.ip_address(host["address6"]) in ipaddress.ip_network("fd77::/64")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_verify_counts_its_hosts(scenario: Path) -> None:
    text = (scenario / "verify.yml").read_text(encoding="utf-8")
    assert "Count the hosts" in text
    assert "| length ==" in text


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_documented(scenario: Path) -> None:
    assert f"| `{scenario.name}` |" in (ROOT / "docs" / "testing-on-hosts.md").read_text(encoding="utf-8")


def test_an_unknown_scenario_is_named() -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "molecule"), "no-such"], capture_output=True, text=True, check=False, timeout=60
    )
    # Without root, it would ask for a password first.
    assert done.returncode != 0
    assert "there is no scenario no-such; there are: default" in done.stderr or "sudo" in done.stderr


def test_scripts_are_sound() -> None:
    for script in ("scripts/molecule", "molecule/images/build"):
        assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0
