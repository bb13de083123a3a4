# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One hash over everything in a catalog: equal for equal databases, whatever server they are on."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from .model import Catalog


def _plain(value: Any) -> str:
    if isinstance(value, frozenset):
        return repr(sorted(value))
    if isinstance(value, dict):
        return repr(sorted(value.items()))
    return repr(value)


def fingerprint(catalog: Catalog) -> str:
    """SHA-256, in hexadecimal digits, over identities and compared fields of all objects."""
    digest = hashlib.sha256()
    names = {}
    for identity in sorted(catalog.objects):
        obj = catalog.objects[identity]
        cls = type(obj)
        if cls not in names:
            names[cls] = [f.name for f in dataclasses.fields(cls) if f.compare]
        digest.update("\x1f".join(_plain(getattr(obj, name)) for name in names[cls]).encode("utf-8", "surrogatepass"))
        digest.update(b"\x1e")
    return digest.hexdigest()
