# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions over sessions, and the triggers: what they compute, refuse, renew and delete."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Optional

import pytest
from psycopg2.extensions import AsIs

STRUCTURE = Path(__file__).resolve().parents[2] / "files" / "sql" / "schema.sql"

USER = "00000000-0000-0000-0000-000000000002"  # holds the role user
VIEWER = "00000000-0000-0000-0000-000000000004"
ADMIN = "00000000-0000-0000-0000-000000000002"
ADDRESS = "203.0.113.7"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Käfer"
SCREEN = "1920x1080"
OF_USER = [
    "campaigns:create",
    "campaigns:execute",
    "campaigns:read",
    "campaigns:update",
    "personas:read",
    "proxies:read",
]
TEN_MINUTES_AGO = "LOCALTIMESTAMP - interval '10 minutes'"


def sha256(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode("utf-8")).hexdigest()


def add_session(
    cursor: Any,
    address: Optional[str] = ADDRESS,
    agent: Optional[str] = AGENT,
    screen: Optional[str] = SCREEN,
    expires_at: str = "LOCALTIMESTAMP + interval '1 hour'",
    last_activity_at: str = TEN_MINUTES_AGO,
    name: str = "s1",
) -> None:
    cursor.execute(
        "INSERT INTO auth.sessions"
        " (id, user_id, ip_address, user_agent, screen_resolution, expires_at, last_activity_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [name, USER, address, agent, screen, AsIs(expires_at), AsIs(last_activity_at)],
    )


def validate(
    cursor: Any,
    address: Optional[str] = ADDRESS,
    agent: Optional[str] = AGENT,
    require_address: Optional[bool] = False,
    require_agent: Optional[bool] = False,
    name: str = "s1",
) -> tuple[Any, ...]:
    cursor.execute(
        "SELECT * FROM auth.validate_session_security(%s, %s, %s, %s, %s)",
        [name, address, agent, require_address, require_agent],
    )
    (row,) = cursor.fetchall()
    return tuple(row)


def since_activity(cursor: Any, name: str = "s1") -> Any:
    cursor.execute("SELECT (LOCALTIMESTAMP - last_activity_at)::text FROM auth.sessions WHERE id = %s", [name])
    return cursor.fetchone()[0]


def refused(*reasons: str, user: Optional[str] = USER) -> tuple[Any, ...]:
    return (False, user, dict.fromkeys(reasons, True), [], [])


# --- fingerprints ------------------------------------------------------------------------------------


def stored_fingerprints(cursor: Any) -> tuple[Any, ...]:
    cursor.execute(
        "SELECT session_fingerprint, user_agent_hash, browser_fingerprint FROM auth.sessions WHERE id = 's1'"
    )
    return tuple(cursor.fetchone())


def test_fingerprints_of_a_new_session(cursor: Any) -> None:
    add_session(cursor)
    assert stored_fingerprints(cursor) == (sha256(ADDRESS, AGENT, SCREEN), sha256(AGENT), sha256(AGENT, SCREEN))


def test_fingerprints_follow_an_update(cursor: Any) -> None:
    add_session(cursor)
    cursor.execute("UPDATE auth.sessions SET screen_resolution = '800x600', session_fingerprint = 'forged'")
    assert stored_fingerprints(cursor) == (sha256(ADDRESS, AGENT, "800x600"), sha256(AGENT), sha256(AGENT, "800x600"))


@pytest.mark.parametrize(
    ("address", "host"),
    [("10.1.2.3/8", "10.1.2.3"), ("2001:db8::1", "2001:db8::1"), ("2001:DB8:0:0::1/64", "2001:db8::1")],
)
def test_the_fingerprint_takes_the_address_without_its_netmask(cursor: Any, address: str, host: str) -> None:
    add_session(cursor, address=address)
    assert stored_fingerprints(cursor)[0] == sha256(host, AGENT, SCREEN)
    assert validate(cursor, address=host, require_address=True)[:3] == (True, USER, {})


@pytest.mark.parametrize(
    ("address", "agent", "screen"),
    [(None, AGENT, SCREEN), (ADDRESS, None, SCREEN), (ADDRESS, AGENT, None), (None, None, None), ("::1", "", "")],
)
def test_what_is_unknown_counts_as_empty(
    cursor: Any, address: Optional[str], agent: Optional[str], screen: Optional[str]
) -> None:
    add_session(cursor, address=address, agent=agent, screen=screen)
    assert stored_fingerprints(cursor) == (
        sha256(address or "", agent or "", screen or ""),
        None if agent is None else sha256(agent),
        sha256(agent or "", screen or ""),
    )
    # The same client comes again: valid, with everything required.
    assert validate(cursor, address, agent, True, True) == (True, USER, {}, OF_USER, ["user"])
    # A client that shows more or less than at log-in is another one.
    other = None if agent else "curl"
    assert validate(cursor, address, other, False, True) == refused("user_agent_mismatch", "fingerprint_mismatch")
    other = None if address else ADDRESS
    assert validate(cursor, other, agent, True, False) == refused("ip_mismatch", "fingerprint_mismatch")


@pytest.mark.parametrize("text", ["", "a", AGENT, "x" * 100000, "日本|語\n"])
def test_user_agent_hash(cursor: Any, text: str) -> None:
    cursor.execute("SELECT generate_user_agent_hash(%s)", [text])
    assert cursor.fetchone() == (sha256(text),)


def test_no_user_agent_has_no_hash(cursor: Any) -> None:
    cursor.execute("SELECT generate_user_agent_hash(NULL)")
    assert cursor.fetchone() == (None,)


@pytest.mark.one_major
def test_fingerprints_do_not_depend_on_the_encoding(database_factory: Any) -> None:
    database = database_factory(encoding="LATIN1", locale="C")
    database.psql(STRUCTURE.read_text(encoding="utf-8"))
    assert database.execute("SELECT generate_user_agent_hash(%s)", [AGENT]) == [(sha256(AGENT),)]


# --- a valid session ---------------------------------------------------------------------------------


@pytest.mark.parametrize("require_address", [False, True, None])
@pytest.mark.parametrize("require_agent", [False, True, None])
def test_a_valid_session(cursor: Any, require_address: Optional[bool], require_agent: Optional[bool]) -> None:
    add_session(cursor)
    row = validate(cursor, require_address=require_address, require_agent=require_agent)
    assert row == (True, USER, {}, OF_USER, ["user"])
    assert since_activity(cursor) == "00:00:00"
    assert stored_fingerprints(cursor)[0] == sha256(ADDRESS, AGENT, SCREEN)


def test_required_matches_are_off_by_default(cursor: Any) -> None:
    add_session(cursor)
    cursor.execute("SELECT * FROM auth.validate_session_security('s1', %s, %s)", [ADDRESS, AGENT])
    assert cursor.fetchall() == [(True, USER, {}, OF_USER, ["user"])]


def test_only_the_validated_session_is_renewed(cursor: Any) -> None:
    add_session(cursor)
    add_session(cursor, name="s2")
    assert validate(cursor)[0] is True
    assert since_activity(cursor, "s2") == "00:10:00"


def test_permissions_of_several_roles_come_once(cursor: Any) -> None:
    cursor.execute(
        "INSERT INTO auth.user_roles (user_id, role_id) VALUES (%s, %s), (%s, %s)", [USER, VIEWER, USER, ADMIN]
    )
    add_session(cursor)
    _valid, _user, _flags, permissions, roles = validate(cursor)
    assert roles == ["admin", "user", "viewer"]
    assert len(permissions) == len(set(permissions)) == 15
    assert permissions == sorted(permissions)
    assert "system:admin" not in permissions


@pytest.mark.parametrize(
    ("until", "counts"),
    [
        ("NULL", True),
        ("LOCALTIMESTAMP + interval '1 microsecond'", True),
        ("LOCALTIMESTAMP", False),
        ("LOCALTIMESTAMP - interval '1 day'", False),
    ],
)
def test_a_role_that_has_expired_does_not_count(cursor: Any, until: str, counts: bool) -> None:
    cursor.execute(
        "INSERT INTO auth.user_roles (user_id, role_id, expires_at) VALUES (%s, %s, %s)", [USER, ADMIN, AsIs(until)]
    )
    add_session(cursor)
    _valid, _user, _flags, permissions, roles = validate(cursor)
    assert roles == (["admin", "user"] if counts else ["user"])
    assert ("users:manage" in permissions) is counts


def test_a_user_without_any_role(cursor: Any) -> None:
    cursor.execute("DELETE FROM auth.user_roles WHERE user_id = %s", [USER])
    add_session(cursor)
    assert validate(cursor) == (True, USER, {}, [], [])


def test_a_role_without_any_permission(cursor: Any) -> None:
    cursor.execute("DELETE FROM auth.role_permissions")
    add_session(cursor)
    assert validate(cursor) == (True, USER, {}, [], ["user"])


# --- a refused session -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM auth.sessions",
        "UPDATE auth.sessions SET is_active = false",
        "UPDATE auth.sessions SET is_active = NULL",
        "UPDATE auth.sessions SET expires_at = LOCALTIMESTAMP",
        "UPDATE auth.sessions SET expires_at = LOCALTIMESTAMP - interval '1 second'",
        "UPDATE auth.users SET is_active = false",
        "UPDATE auth.users SET is_active = NULL",
        "UPDATE auth.users SET is_locked = true",
        "UPDATE auth.users SET is_locked = NULL",
        "UPDATE auth.users SET locked_until = LOCALTIMESTAMP + interval '1 second'",
    ],
)
def test_session_not_found(cursor: Any, change: str) -> None:
    add_session(cursor)
    cursor.execute(change)
    assert validate(cursor) == refused("session_not_found", user=None)
    cursor.execute("SELECT count(*) FROM auth.sessions WHERE last_activity_at > " + TEN_MINUTES_AGO)
    assert cursor.fetchone() == (0,)


def test_a_lock_that_has_ended_is_no_lock(cursor: Any) -> None:
    add_session(cursor)
    cursor.execute("UPDATE auth.users SET locked_until = LOCALTIMESTAMP")
    assert validate(cursor)[0] is True


@pytest.mark.parametrize("name", [None, "", "s", "s1 ", "S1"])
def test_no_such_session(cursor: Any, name: Any) -> None:
    add_session(cursor)
    assert validate(cursor, name=name) == refused("session_not_found", user=None)


# The address and the user agent are parts of the fingerprint, so another one always shows there too.
@pytest.mark.parametrize(
    ("client", "reasons"),
    [
        ({"address": "203.0.113.8"}, ["fingerprint_mismatch"]),
        ({"agent": "curl/8.0"}, ["fingerprint_mismatch"]),
        ({"address": "203.0.113.8", "agent": "curl/8.0"}, ["fingerprint_mismatch"]),
        ({"address": None}, ["fingerprint_mismatch"]),
        ({"agent": None}, ["fingerprint_mismatch"]),
        ({"address": "203.0.113.8", "require_agent": True}, ["fingerprint_mismatch"]),
        ({"agent": "curl/8.0", "require_address": True}, ["fingerprint_mismatch"]),
        ({"address": "203.0.113.8", "require_address": True}, ["ip_mismatch", "fingerprint_mismatch"]),
        ({"address": None, "require_address": True}, ["ip_mismatch", "fingerprint_mismatch"]),
        ({"agent": "curl/8.0", "require_agent": True}, ["user_agent_mismatch", "fingerprint_mismatch"]),
        ({"agent": None, "require_agent": True}, ["user_agent_mismatch", "fingerprint_mismatch"]),
        (
            {"address": "::1", "agent": "curl/8.0", "require_address": True, "require_agent": True},
            ["ip_mismatch", "user_agent_mismatch", "fingerprint_mismatch"],
        ),
    ],
)
@pytest.mark.parametrize("idle", [False, True])
def test_reasons_and_no_renewal(cursor: Any, client: dict[str, Any], reasons: list[str], idle: bool) -> None:
    add_session(cursor, last_activity_at="LOCALTIMESTAMP - interval '45 minutes'" if idle else TEN_MINUTES_AGO)
    assert validate(cursor, **client) == refused(*reasons, *(["idle_timeout"] if idle else []))
    assert since_activity(cursor) == ("00:45:00" if idle else "00:10:00")


@pytest.mark.parametrize(
    ("column", "client", "reason"),
    [
        ("ip_address = '198.51.100.1'", {"require_address": True}, "ip_mismatch"),
        ("user_agent_hash = 'other'", {"require_agent": True}, "user_agent_mismatch"),
        ("session_fingerprint = 'other'", {"require_address": True, "require_agent": True}, "fingerprint_mismatch"),
        ("session_fingerprint = NULL", {}, "fingerprint_mismatch"),
    ],
)
def test_each_reason_alone(cursor: Any, column: str, client: dict[str, Any], reason: str) -> None:
    """One stored value changed behind the trigger's back, so that only one comparison can fail."""
    add_session(cursor)
    cursor.execute("ALTER TABLE auth.sessions DISABLE TRIGGER trigger_session_fingerprint")
    cursor.execute("UPDATE auth.sessions SET " + column)
    assert validate(cursor, **client) == refused(reason)
    assert since_activity(cursor) == "00:10:00"


@pytest.mark.parametrize(
    ("last_activity_at", "idle"),
    [
        ("LOCALTIMESTAMP + interval '1 minute'", False),
        ("LOCALTIMESTAMP", False),
        ("LOCALTIMESTAMP - interval '29 minutes 59.999999 seconds'", False),
        ("LOCALTIMESTAMP - interval '30 minutes'", True),
        ("LOCALTIMESTAMP - interval '30 minutes 0.000001 seconds'", True),
        ("NULL", False),  # then the time of creation counts, which is now
    ],
)
def test_idle_timeout(cursor: Any, last_activity_at: str, idle: bool) -> None:
    add_session(cursor, last_activity_at=last_activity_at)
    row = validate(cursor, require_address=True, require_agent=True)
    assert row == (refused("idle_timeout") if idle else (True, USER, {}, OF_USER, ["user"]))


def test_a_session_of_unknown_age_is_idle(cursor: Any) -> None:
    add_session(cursor, last_activity_at="NULL")
    cursor.execute("UPDATE auth.sessions SET created_at = NULL")
    assert validate(cursor) == refused("idle_timeout")


# --- clean-up ----------------------------------------------------------------------------------------


def clean_up(cursor: Any) -> int:
    cursor.execute("SELECT auth.cleanup_expired_sessions()")
    (count,) = cursor.fetchone()
    assert isinstance(count, int)
    return count


def audit_rows(cursor: Any) -> list[tuple[Any, ...]]:
    cursor.execute(
        "SELECT user_id, event_type, event_status, details, security_flags, risk_score FROM auth.auth_audit_log"
    )
    return list(cursor.fetchall())


def test_clean_up(cursor: Any) -> None:
    later, earlier = "LOCALTIMESTAMP + interval '1 hour'", "LOCALTIMESTAMP - interval '1 second'"
    week, nearly = "LOCALTIMESTAMP - interval '7 days'", "LOCALTIMESTAMP - interval '6 days 23:59:59.999999'"
    for name, expires_at, last_activity_at in (
        ("kept: in use", later, TEN_MINUTES_AGO),
        ("kept: inactive for nearly a week", later, nearly),
        ("kept: activity unknown, just made", later, "NULL"),
        ("gone: expired", earlier, TEN_MINUTES_AGO),
        ("gone: expires now", "LOCALTIMESTAMP", TEN_MINUTES_AGO),
        ("gone: inactive for a week", later, week),
        ("gone: both", earlier, week),
    ):
        add_session(cursor, name=name, expires_at=expires_at, last_activity_at=last_activity_at)
    cursor.execute("UPDATE auth.sessions SET is_active = false WHERE id = 'kept: inactive for nearly a week'")
    assert clean_up(cursor) == 4
    cursor.execute("SELECT id FROM auth.sessions")
    left = [name for (name,) in cursor.fetchall()]
    assert len(left) == 3
    assert all(name.startswith("kept") for name in left)
    assert audit_rows(cursor) == [(None, "session_cleanup", "success", {"deleted_sessions": 4}, {}, 0)]


def test_clean_up_with_nothing_to_delete(cursor: Any) -> None:
    assert clean_up(cursor) == 0
    assert audit_rows(cursor) == [(None, "session_cleanup", "success", {"deleted_sessions": 0}, {}, 0)]


# --- updated_at --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (
            "auth.users",
            "(email, password_hash, first_name, last_name, updated_at) VALUES ('a', 'b', 'c', 'd', '2020-01-01')",
        ),
        ("auth.roles", "(name, display_name, updated_at) VALUES ('a', 'b', '2020-01-01')"),
        ("auth.mfa_policies", "(name, updated_at) VALUES ('a', '2020-01-01')"),
        (
            "auth.mfa_devices",
            "(user_id, device_type, name, webauthn_credential_id, webauthn_public_key, webauthn_sign_count, updated_at)"
            f" VALUES ('{USER}', 'webauthn', 'key', sha256('1'), sha256('2'), 0, '2020-01-01')",
        ),
        ("public.personas", "(name, persona_type, config_details, updated_at) VALUES ('a', 'dns', '{}', '2020-01-01')"),
        ("public.proxies", "(name, address, updated_at) VALUES ('a', 'b', '2020-01-01')"),
        ("public.keyword_sets", "(name, updated_at) VALUES ('a', '2020-01-01')"),
        ("public.campaigns", "(name, status, updated_at) VALUES ('a', 'b', '2020-01-01')"),
    ],
)
def test_updated_at(cursor: Any, table: str, row: str) -> None:
    cursor.execute(f"INSERT INTO {table} {row} RETURNING id, updated_at::date::text")
    ((identity, inserted),) = cursor.fetchall()
    assert inserted == "2020-01-01"
    cursor.execute(
        f"UPDATE {table} SET updated_at = '2021-01-01' WHERE id = %s RETURNING updated_at = now()", [identity]
    )
    assert cursor.fetchall() == [(True,)]


def test_updated_at_of_jobs(cursor: Any) -> None:
    cursor.execute("INSERT INTO campaigns (name, status) VALUES ('a', 'b') RETURNING id")
    cursor.execute(
        "INSERT INTO campaign_jobs (campaign_id, job_type, updated_at) VALUES (%s, 'x', '2020-01-01')",
        cursor.fetchone(),
    )
    cursor.execute("UPDATE campaign_jobs SET attempts = 1 RETURNING updated_at = now()")
    assert cursor.fetchall() == [(True,)]


# --- whatever the caller's search_path ---------------------------------------------------------------

HOSTILE = """
    CREATE SCHEMA hostile;
    CREATE FUNCTION hostile.sha256(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT '\\x00'::bytea $$;
    CREATE FUNCTION hostile.convert_to(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT '\\x00'::bytea $$;
    CREATE FUNCTION hostile.host(inet) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'anywhere'::text $$;
    CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT '1999-01-01'::timestamptz $$;
    CREATE FUNCTION hostile.jsonb_strip_nulls(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT '{}'::jsonb $$;
    CREATE FUNCTION hostile.always(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
    CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.always);
    CREATE TABLE hostile.sessions (LIKE auth.sessions);
    CREATE TABLE hostile.users (LIKE auth.users);
    CREATE TEMPORARY TABLE roles (LIKE auth.roles);
    CREATE FUNCTION hostile.generate_user_agent_hash(text) RETURNS text LANGUAGE sql AS $$ SELECT 'same'::text $$;
    SET LOCAL search_path = hostile, pg_temp, pg_catalog;
"""


def test_a_hostile_search_path_changes_nothing(cursor: Any) -> None:
    cursor.execute(HOSTILE)
    # The trap works: a query of the caller's own falls into it.
    cursor.execute("SELECT sha256('x') = '\\x00'::bytea, now() < '2000-01-01'::timestamptz, 'a'::text = 'b'::text")
    assert cursor.fetchone() == (True, True, True)

    add_session(cursor)
    assert stored_fingerprints(cursor) == (sha256(ADDRESS, AGENT, SCREEN), sha256(AGENT), sha256(AGENT, SCREEN))
    assert validate(cursor, "203.0.113.8", "curl/8.0", True, True) == refused(
        "ip_mismatch", "user_agent_mismatch", "fingerprint_mismatch"
    )
    assert validate(cursor) == (True, USER, {}, OF_USER, ["user"])
    cursor.execute("SELECT public.generate_user_agent_hash('x')")
    assert cursor.fetchone() == (sha256("x"),)
    cursor.execute("UPDATE auth.roles SET description = 'x' RETURNING updated_at = LOCALTIMESTAMP")
    assert set(cursor.fetchall()) == {(True,)}
    cursor.execute("UPDATE auth.sessions SET expires_at = LOCALTIMESTAMP")
    assert clean_up(cursor) == 1


def test_the_functions_do_not_need_the_extensions_in_public(database: Any) -> None:
    database.execute("CREATE SCHEMA elsewhere")
    database.execute("CREATE EXTENSION pgcrypto SCHEMA elsewhere")
    database.execute('CREATE EXTENSION "uuid-ossp" SCHEMA elsewhere')
    database.psql((STRUCTURE.parent / "production_schema_v3.sql").read_text(encoding="utf-8"))
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        add_session(cursor)
        assert validate(cursor) == (True, USER, {}, OF_USER, ["user"])
        assert clean_up(cursor) == 0
