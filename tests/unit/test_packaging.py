# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as users get it: built from what git holds, then looked into and installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# What a user needs; anything else at the top has to be added to galaxy.yml's build_ignore, or here.
SHIPPED = {
    "CHANGELOG.rst",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "bindep.txt",
    "changelogs",
    "docs",
    "files",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "requirements.yml",
    "roles",
}
NEEDED = {
    "LICENSE",
    "README.md",
    "files/sql/schema.sql",
    "files/sql/production_schema_v3.sql",
    "meta/runtime.yml",
    "plugins/modules/schema_apply.py",
    "plugins/module_utils/engine.py",
    "playbooks/site.yml",
    "requirements.txt",
    "requirements.yml",
}
# Texts that cannot carry a comment, or whose head is fixed by their readers.
WITHOUT_HEADER = {".json", ".rst", ".md", ".j2", ".txt", ".pem", ".crt", ""}


def tracked() -> List[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the files that git knows, so that what lies about here does not matter."""
    source, output = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    # Development leftovers that must not slip in.
    for stray in (".venv/x", ".local/x", "inventories/local/.secrets/x", "plugins/action/__pycache__/x.pyc", "a.retry"):
        (source / stray).parent.mkdir(parents=True, exist_ok=True)
        (source / stray).write_text("x", encoding="utf-8")
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    subprocess.run(
        [galaxy, "collection", "build", "--output-path", str(output)], cwd=source, check=True, capture_output=True
    )
    (built,) = output.glob("*.tar.gz")
    return built


def members(tarball: Path) -> Set[str]:
    with tarfile.open(tarball) as archive:
        return {member.name for member in archive.getmembers() if member.isfile()}


def metadata() -> Dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8")))


def test_the_tarball_is_named_after_the_collection(tarball: Path) -> None:
    assert tarball.name == f"domainflow-database-{metadata()['version']}.tar.gz"


def test_the_tarball_holds_only_what_a_user_needs(tarball: Path) -> None:
    names = members(tarball)
    assert {name.split("/")[0] for name in names} <= SHIPPED
    stray = [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".retry", ".log", ".tar.gz"))]
    assert stray == []
    assert [name for name in names if "/." in f"/{name}"] == []


def test_the_tarball_holds_what_a_user_needs(tarball: Path) -> None:
    assert NEEDED - members(tarball) == set()


def test_the_tarball_installs(tarball: Path, tmp_path: Path) -> None:
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    install = [galaxy, "collection", "install", "--no-deps", "--offline", "-p", str(tmp_path), str(tarball)]
    # Away from this checkout, which would count as the collection being installed already.
    elsewhere = {"ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path, env={**os.environ, **elsewhere})
    manifest = tmp_path / "ansible_collections" / "domainflow" / "database" / "MANIFEST.json"
    info = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]
    assert (info["namespace"], info["name"], info["version"]) == ("domainflow", "database", metadata()["version"])


def test_the_same_collections_are_required_everywhere() -> None:
    required = yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert {entry["name"]: entry["version"] for entry in required} == metadata()["dependencies"]


def test_the_action_group_names_the_modules_that_connect() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert set(groups["database"]) == {
        name for name, text in modules.items() if "  - domainflow.database.connection" in text
    }
    assert set(modules) - set(groups["database"]) == {"credential_summary"}


def test_every_file_says_its_license() -> None:
    without = [
        name
        for name in tracked()
        if Path(name).suffix not in WITHOUT_HEADER
        and Path(name).name not in ("LICENSE", "changelog.yaml")
        and not name.startswith("tests/sanity/")
        and (ROOT / name).stat().st_size
        and b"SPDX-License-Identifier: GPL-3.0-or-later" not in (ROOT / name).read_bytes()[:2048]
    ]
    assert without == []


def test_every_package_of_the_engine_says_what_it_does() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "plugins" / "module_utils").rglob("__init__.py")
        if '"""' not in path.read_text(encoding="utf-8")
    ]
    assert silent == []
