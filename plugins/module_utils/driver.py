# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""psycopg2 for the rest of the engine, importable where there is none.

A managed host may lack psycopg2, and a module that cannot even be imported has no way to say so. Here the
names are then stand-ins that do nothing until ``session.require_driver`` has told the user what to install.
"""

from __future__ import annotations

from typing import Any

__all__ = ["PRESENT", "NamedTupleCursor", "errorcodes", "extensions", "psycopg2", "sql"]


class _Missing:
    """Whatever is asked of it, it is missing too; so that constants made at import do not fail."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self


try:
    import psycopg2
    from psycopg2 import errorcodes, extensions, sql
    from psycopg2.extras import NamedTupleCursor

    PRESENT = True
except ImportError:
    psycopg2 = errorcodes = extensions = sql = NamedTupleCursor = _Missing()  # type: ignore  # stand-ins by intent
    PRESENT = False
