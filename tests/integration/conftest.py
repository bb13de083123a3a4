# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DomainFlow's own database for the tests: made once per module, each test in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import servers

SQL_FOLDER = Path(__file__).resolve().parents[2] / "files" / "sql"


@pytest.fixture(scope="module")
def domainflow(server: servers.Server) -> Iterator[str]:
    """The name of a database that psql made from the production schema."""
    server.start()
    name = server.create_database()
    servers.psql(server, name, (SQL_FOLDER / "production_schema_v3.sql").read_text(encoding="utf-8"))
    yield name
    server.start()
    server.drop_database(name)


@pytest.fixture
def cursor(server: servers.Server, domainflow: str) -> Iterator[Any]:
    """Inside one transaction, so time stands still and nothing stays."""
    connection = server.connect(domainflow)
    connection.autocommit = False
    try:
        with connection.cursor() as opened:
            yield opened
    finally:
        connection.close()
