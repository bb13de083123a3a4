# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default rows of the production schema, and that applying it again never overwrites what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bcrypt
import pytest

PRODUCTION = Path(__file__).resolve().parents[2] / "files" / "sql" / "production_schema_v3.sql"

PERMISSIONS = [
    *("campaigns:create", "campaigns:read", "campaigns:update", "campaigns:delete", "campaigns:execute"),
    *("personas:create", "personas:read", "personas:update", "personas:delete"),
    *("proxies:create", "proxies:read", "proxies:update", "proxies:delete"),
    *("system:admin", "system:config", "users:manage", "reports:generate"),
]
# Number, name, name shown, numbers of the permissions.
ROLES = [
    (1, "super_admin", "Super Administrator", range(1, 18)),
    (2, "admin", "Administrator", [*range(1, 14), 16, 17]),
    (3, "user", "Standard User", [1, 2, 3, 5, 7, 11]),
    (4, "viewer", "Viewer", [2, 7, 11]),
]
# Number, address, published password, first and last name, role, must change it.
USERS = [
    (1, "admin@domainflow.local", "TempPassword123!", "System", "Administrator", "super_admin", True),
    (2, "user@domainflow.com", "user123!", "Test", "User", "user", False),
    (3, "dbadmin@domainflow.local", "dbpassword123!", "Database", "Administrator", "super_admin", False),
]


def identity(number: int, group: int = 0) -> str:
    return f"00000000-0000-0000-{group:04}-{number:012}"


def test_permissions(cursor: Any) -> None:
    cursor.execute("SELECT id, name, resource, action FROM auth.permissions ORDER BY id")
    assert cursor.fetchall() == [
        (identity(number, 1), name, *name.split(":")) for number, name in enumerate(PERMISSIONS, 1)
    ]


def test_roles(cursor: Any) -> None:
    cursor.execute("SELECT id, name, display_name, is_system_role FROM auth.roles ORDER BY id")
    assert cursor.fetchall() == [(identity(number), name, shown, True) for number, name, shown, _given in ROLES]


@pytest.mark.parametrize(("number", "given"), [(role[0], role[3]) for role in ROLES], ids=[role[1] for role in ROLES])
def test_permissions_of_a_role(cursor: Any, number: int, given: Any) -> None:
    cursor.execute(
        "SELECT permission_id FROM auth.role_permissions WHERE role_id = %s ORDER BY permission_id", [identity(number)]
    )
    assert [permission for (permission,) in cursor.fetchall()] == [identity(one, 1) for one in given]


def test_users(cursor: Any) -> None:
    cursor.execute(
        """
        SELECT u.id, u.email, u.first_name, u.last_name, r.name, u.must_change_password,
               u.email_verified, u.is_active, u.is_locked, ur.assigned_by, ur.expires_at
          FROM auth.users AS u
          JOIN auth.user_roles AS ur ON ur.user_id = u.id
          JOIN auth.roles AS r ON r.id = ur.role_id
         ORDER BY u.id
        """
    )
    assert cursor.fetchall() == [
        (identity(number), email, first, last, role, must_change, True, True, False, None, None)
        for number, email, _password, first, last, role, must_change in USERS
    ]


@pytest.mark.one_major
@pytest.mark.parametrize(("email", "password"), [user[1:3] for user in USERS])
def test_published_passwords_match(cursor: Any, email: str, password: str) -> None:
    cursor.execute(
        "SELECT password_hash, public.crypt(%s, password_hash) FROM auth.users WHERE email = %s", [password, email]
    )
    stored, computed = cursor.fetchone()
    # The identifier that the application writes, and the only one that pgcrypto's crypt() understands.
    assert re.fullmatch(r"\$2a\$12\$[./A-Za-z0-9]{53}", stored)
    assert bcrypt.checkpw(password.encode(), stored.encode())
    assert not bcrypt.checkpw(f"{password}x".encode(), stored.encode())
    assert computed == stored


def test_policy(cursor: Any) -> None:
    cursor.execute(
        "SELECT id, name, required_for_admins, required_for_all, grace_period_days, allowed_device_types,"
        " min_backup_codes, max_failed_attempts, attempt_window_minutes FROM auth.mfa_policies WHERE is_default"
    )
    assert cursor.fetchall() == [
        (identity(1, 2), "default", True, False, 7, ["totp", "webauthn"], 8, 5, 15),
    ]


def test_applied_again_it_leaves_what_operators_changed(database: Any) -> None:
    text = PRODUCTION.read_text(encoding="utf-8")
    database.psql(text)
    for change in (
        "UPDATE auth.users SET password_hash = 'rotated', must_change_password = false, email = 'root@example.net'"
        " WHERE email = 'admin@domainflow.local'",
        "UPDATE auth.roles SET display_name = 'Reader' WHERE name = 'viewer'",
        "UPDATE auth.permissions SET description = NULL WHERE name = 'system:admin'",
        "UPDATE auth.user_roles SET expires_at = '2030-01-01'",
        "UPDATE auth.mfa_policies SET required_for_all = true, grace_period_days = 0",
    ):
        database.execute(change)
    before = database.dump("--data-only")
    database.psql(text)
    assert database.dump("--data-only") == before
    assert "rotated" in before


def test_an_account_that_took_a_default_address_gets_no_role(database: Any) -> None:
    text = PRODUCTION.read_text(encoding="utf-8")
    database.psql(text)
    database.execute("DELETE FROM auth.users WHERE email = 'dbadmin@domainflow.local'")
    ((stranger,),) = database.execute(
        "INSERT INTO auth.users (email, password_hash, first_name, last_name)"
        " VALUES ('dbadmin@domainflow.local', 'x', 'A', 'B') RETURNING id"
    )
    database.psql(text)
    assert database.execute("SELECT id FROM auth.users WHERE email = 'dbadmin@domainflow.local'") == [(stranger,)]
    assert database.execute("SELECT count(*) FROM auth.user_roles WHERE user_id = %s", [stranger]) == [(0,)]


def test_rows_find_roles_that_have_other_ids(database: Any) -> None:
    """A database that something else made has the same names under ids of its own."""
    text = PRODUCTION.read_text(encoding="utf-8")
    database.psql(text)
    database.execute("DELETE FROM auth.roles WHERE name = 'viewer'")
    database.execute("INSERT INTO auth.roles (name, display_name) VALUES ('viewer', 'Viewer')")
    database.psql(text)
    assert database.execute(
        "SELECT count(*) FROM auth.role_permissions JOIN auth.roles ON id = role_id WHERE name = 'viewer'"
    ) == [(3,)]
