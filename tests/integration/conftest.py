# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several test files share: DomainFlow's own database, made once per module, each test in a transaction that is
rolled back; and databases and stores for rotations that meet faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kv2_server
import pytest
import rotation_faults as faults
from conftest import Database

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


@pytest.fixture(params=["vault_file", "kv2"])
def store_kind(request: pytest.FixtureRequest) -> str:
    """Of a rotation."""
    if request.param == "kv2":
        kv2_server.require()
    return str(request.param)


@pytest.fixture
def rotated_database(tls_server: Any) -> Iterator[Database]:
    """With accounts to rotate while faults come."""
    with faults.prepared(tls_server) as made:
        yield made


@pytest.fixture
def setting(store_kind: str, rotated_database: Database, tmp_path: Path) -> Iterator[faults.Setting]:
    """The same with a store."""
    with ExitStack() as until:
        yield faults.with_store(store_kind, rotated_database, tmp_path, until)
