# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python the controller's side of credential_rotate takes for its own."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

from ansible_collections.domainflow.database.plugins.action.credential_rotate import _is_this_python


def test_this_python_by_any_name(tmp_path: Path) -> None:
    here = Path(sys.executable)
    linked = tmp_path / "linked"
    linked.symlink_to(here.parents[1])
    assert _is_this_python(sys.executable)
    assert _is_this_python(str(linked / "bin" / here.name))
    assert _is_this_python(str(here.with_name("python3")))


def test_another_python_has_other_packages(tmp_path: Path) -> None:
    """Its program is the same one, at the end of all links."""
    venv.create(tmp_path / "venv", symlinks=True)
    other = tmp_path / "venv" / "bin" / "python3"
    assert os.path.samefile(other, sys.executable)
    assert not _is_this_python(str(other))
    # Python finds out by the name that it was started with, without following links of folders.
    (tmp_path / "bin").symlink_to(Path(sys.executable).parent)
    assert not _is_this_python(str(tmp_path / "bin" / "python3"))
    assert not _is_this_python(os.path.realpath(sys.executable))
    assert not any(_is_this_python(name) for name in ("python3", "/usr/bin/env python3", "/nowhere/python3", ""))
