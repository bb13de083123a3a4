# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The multi-factor tables: nothing in clear gets in, a backup code works once, one policy is in force."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import bcrypt
import psycopg2
import psycopg2.errors
import pytest
from psycopg2 import sql

USER = "00000000-0000-0000-0000-000000000002"
OTHER = "00000000-0000-0000-0000-000000000001"
# Nonce, ciphertext of a secret of 20 bytes, tag: as good as random bytes. Fixed, so that no run differs.
CIPHERTEXT = bytes((index * 89 + 131) % 256 for index in range(12 + 20 + 16))
HASH = "$2a$12$" + "abcdefghijklmnopqrstuu" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
# A salt of 16 bytes and a hash of 32, as argon2 libraries write them.
ARGON2ID = "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 21 + "Q$" + "B" * 42 + "A"

TOTP = {
    "user_id": USER,
    "device_type": "totp",
    "name": "phone",
    "secret_encrypted": CIPHERTEXT,
    "secret_key_id": "mfa-2026-01",
    "totp_algorithm": "SHA1",
    "totp_digits": 6,
    "totp_period_seconds": 30,
}
WEBAUTHN = {
    "user_id": USER,
    "device_type": "webauthn",
    "name": "key",
    "webauthn_credential_id": bytes(range(16)),
    "webauthn_public_key": bytes(range(77)),
    "webauthn_sign_count": 0,
}
CODE = {"user_id": USER, "code_hash": HASH}
ATTEMPT = {"user_id": USER, "method": "totp", "succeeded": True}


def insert(cursor: Any, table: str, row: dict[str, Any], **changed: Any) -> Any:
    """Insert a row, give its id."""
    row = {**row, **changed}
    cursor.execute(
        sql.SQL("INSERT INTO auth.{} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )
    return cursor.fetchone()[0]


def constraint_of(caught: Any) -> Any:
    return caught.value.diag.constraint_name


# --- devices -----------------------------------------------------------------------------------------


def test_devices_of_both_kinds(cursor: Any) -> None:
    insert(cursor, "mfa_devices", TOTP)
    insert(cursor, "mfa_devices", TOTP, name="tablet", totp_algorithm="SHA512", totp_digits=8, totp_last_used_step=59)
    insert(cursor, "mfa_devices", WEBAUTHN)
    insert(
        cursor,
        "mfa_devices",
        WEBAUTHN,
        name="passkey",
        webauthn_credential_id=bytes(1023),
        webauthn_aaguid="08987058-cadc-4b81-b6e1-30de50dcbe96",
        webauthn_transports=["internal", "hybrid"],
        webauthn_sign_count=4294967295,
    )
    cursor.execute("SELECT count(*) FROM auth.mfa_devices WHERE is_active AND confirmed_at IS NULL")
    assert cursor.fetchone() == (4,)


@pytest.mark.parametrize(
    ("device", "changed", "constraint"),
    [
        # A secret in clear: as bytes, base32, hex, an address, padded; and no secret at all.
        (TOTP, {"secret_encrypted": CIPHERTEXT[:20]}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": base64.b32encode(CIPHERTEXT[:20])}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": base64.b32encode(CIPHERTEXT[:35])}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": CIPHERTEXT.hex().encode()}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": base64.b64encode(CIPHERTEXT)}, "secret_encrypted"),
        (
            TOTP,
            {"secret_encrypted": b"otpauth://totp/DomainFlow:a@example.net?secret=JBSWY3DPEHPK3PXP"},
            "secret_encrypted",
        ),
        (TOTP, {"secret_encrypted": b"JBSWY3DPEHPK3PXP" + bytes(40)}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": b""}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": CIPHERTEXT * 22}, "secret_encrypted"),
        (TOTP, {"secret_encrypted": None}, "totp"),
        (TOTP, {"secret_key_id": None}, "totp"),
        (TOTP, {"secret_key_id": " "}, "secret_key_id"),
        (TOTP, {"totp_algorithm": "MD5"}, "totp_algorithm"),
        (TOTP, {"totp_algorithm": None}, "totp"),
        (TOTP, {"totp_digits": 5}, "totp_digits"),
        (TOTP, {"totp_period_seconds": 0}, "totp_period_seconds"),
        (TOTP, {"totp_last_used_step": -1}, "totp_last_used_step"),
        (TOTP, {"webauthn_public_key": bytes(77)}, "webauthn"),
        (TOTP, {"webauthn_transports": ["usb"]}, "webauthn"),
        (TOTP, {"device_type": "webauthn"}, "totp"),
        (TOTP, {"device_type": "sms"}, None),
        (TOTP, {"name": " "}, "name"),
        (WEBAUTHN, {"secret_encrypted": CIPHERTEXT}, "totp"),
        (WEBAUTHN, {"totp_last_used_step": 1}, "totp"),
        (WEBAUTHN, {"webauthn_credential_id": None}, "webauthn"),
        (WEBAUTHN, {"webauthn_credential_id": bytes(15)}, "webauthn_credential_id"),
        (WEBAUTHN, {"webauthn_public_key": None}, "webauthn"),
        (WEBAUTHN, {"webauthn_public_key": bytes(31)}, "webauthn_public_key"),
        (WEBAUTHN, {"webauthn_sign_count": -1}, "webauthn_sign_count"),
        (WEBAUTHN, {"webauthn_sign_count": 4294967296}, "webauthn_sign_count"),
        (WEBAUTHN, {"webauthn_sign_count": None}, "webauthn"),
    ],
)
def test_a_device_of_the_wrong_shape_is_refused(cursor: Any, device: Any, changed: Any, constraint: Any) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        insert(cursor, "mfa_devices", device, **changed)
    if constraint is not None:
        assert constraint_of(caught) == f"mfa_devices_{constraint}_check"


@pytest.mark.one_major
def test_real_ciphertexts_are_accepted(cursor: Any) -> None:
    for number in range(200):
        insert(cursor, "mfa_devices", TOTP, name=f"device {number}", secret_encrypted=secrets.token_bytes(44))
    cursor.execute("SELECT count(*) FROM auth.mfa_devices")
    assert cursor.fetchone() == (200,)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"webauthn_credential_id": bytes(20)}, "mfa_devices_user_id_name_key"),
        ({"name": "another"}, "mfa_devices_webauthn_credential_id_key"),
        ({"name": "another", "user_id": OTHER}, "mfa_devices_webauthn_credential_id_key"),
    ],
)
def test_a_device_comes_once(cursor: Any, changed: Any, constraint: str) -> None:
    insert(cursor, "mfa_devices", WEBAUTHN)
    with pytest.raises(psycopg2.errors.UniqueViolation) as caught:
        insert(cursor, "mfa_devices", WEBAUTHN, **changed)
    assert constraint_of(caught) == constraint


# --- backup codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code_hash", [HASH, HASH.replace("$2a$12", "$2b$10"), HASH.replace("$2a$12", "$2y$31"), ARGON2ID]
)
def test_slow_hashes_are_accepted(cursor: Any, code_hash: str) -> None:
    insert(cursor, "mfa_backup_codes", CODE, code_hash=code_hash)


@pytest.mark.one_major
def test_what_bcrypt_writes_is_accepted(cursor: Any) -> None:
    insert(cursor, "mfa_backup_codes", CODE, code_hash=bcrypt.hashpw(b"4fk2-9xq7", bcrypt.gensalt(10)).decode())


@pytest.mark.parametrize(
    "code_hash",
    [
        "",
        "4fk2-9xq7",
        "12345678",
        "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",  # SHA-256: fast, so soon guessed
        HASH.replace("$12$", "$09$"),
        HASH.replace("$12$", "$32$"),
        HASH.replace("$2a$", "$2x$"),
        HASH[:-1],
        HASH + "a",
        HASH + "\n4fk2-9xq7",
        ARGON2ID.replace("$argon2id$", "$argon2i$"),
        ARGON2ID.replace("A" * 21, "A" * 10),
    ],
)
def test_a_code_that_is_not_hashed_slowly_is_refused(cursor: Any, code_hash: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        insert(cursor, "mfa_backup_codes", CODE, code_hash=code_hash)
    assert constraint_of(caught) == "mfa_backup_codes_code_hash_check"


def test_a_code_works_once(cursor: Any) -> None:
    code = insert(cursor, "mfa_backup_codes", CODE)
    use = "UPDATE auth.mfa_backup_codes SET used_at = now() WHERE id = %s AND used_at IS NULL RETURNING id"
    cursor.execute(use, [code])
    assert cursor.fetchall() == [(code,)]
    cursor.execute(use, [code])
    assert cursor.fetchall() == []


@pytest.mark.parametrize("change", ["used_at = NULL, used_ip = NULL", "used_at = now()", "used_ip = '::2'"])
def test_a_used_code_stays_used(cursor: Any, change: str) -> None:
    code = insert(cursor, "mfa_backup_codes", CODE, used_at="2026-01-01")
    with pytest.raises(psycopg2.errors.IntegrityConstraintViolation, match="can be used once"):
        cursor.execute(f"UPDATE auth.mfa_backup_codes SET {change} WHERE id = %s", [code])


@pytest.mark.parametrize(
    "change", ["code_hash = replace(code_hash, '$12$', '$11$')", f"user_id = '{OTHER}'", "id = gen_random_uuid()"]
)
def test_an_unused_code_cannot_be_swapped(cursor: Any, change: str) -> None:
    insert(cursor, "mfa_backup_codes", CODE)
    with pytest.raises(psycopg2.errors.IntegrityConstraintViolation, match="cannot be changed"):
        cursor.execute(f"UPDATE auth.mfa_backup_codes SET {change}")


def test_an_address_needs_a_use(cursor: Any) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        insert(cursor, "mfa_backup_codes", CODE, used_ip="::1")
    assert constraint_of(caught) == "mfa_backup_codes_used_ip_check"


def test_a_code_comes_once_for_a_user(cursor: Any) -> None:
    insert(cursor, "mfa_backup_codes", CODE)
    insert(cursor, "mfa_backup_codes", CODE, user_id=OTHER)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        insert(cursor, "mfa_backup_codes", CODE)


# --- attempts ----------------------------------------------------------------------------------------


def test_attempts(cursor: Any) -> None:
    device = insert(cursor, "mfa_devices", TOTP)
    code = insert(cursor, "mfa_backup_codes", CODE)
    insert(cursor, "mfa_verification_attempts", ATTEMPT, device_id=device, ip_address="::1", session_id="s1")
    insert(cursor, "mfa_verification_attempts", ATTEMPT, succeeded=False, failure_reason="wrong_code")
    insert(cursor, "mfa_verification_attempts", ATTEMPT, method="backup_code", backup_code_id=code)
    cursor.execute("SELECT count(*) FROM auth.mfa_verification_attempts WHERE attempted_at = now()")
    assert cursor.fetchone() == (3,)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"method": "sms"}, "method"),
        ({"succeeded": False}, "failure_reason"),
        ({"failure_reason": "wrong_code"}, "failure_reason"),
        ({"succeeded": False, "failure_reason": "typed 123456"}, "failure_reason"),
        ({"succeeded": False, "failure_reason": "123456"}, "failure_reason"),
        ({"succeeded": False, "failure_reason": ""}, "failure_reason"),
        ({"backup_code_id": "00000000-0000-0000-0000-000000000009"}, "backup_code_id"),
        ({"method": "backup_code", "device_id": "00000000-0000-0000-0000-000000000009"}, "device_id"),
    ],
)
def test_an_attempt_of_the_wrong_shape_is_refused(cursor: Any, changed: Any, constraint: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        insert(cursor, "mfa_verification_attempts", ATTEMPT, **changed)
    assert constraint_of(caught) == f"mfa_verification_attempts_{constraint}_check"


def test_the_trail_outlives_the_account(cursor: Any) -> None:
    device, code = insert(cursor, "mfa_devices", TOTP), insert(cursor, "mfa_backup_codes", CODE, used_at="2026-01-01")
    insert(cursor, "mfa_verification_attempts", ATTEMPT, device_id=device)
    insert(cursor, "mfa_verification_attempts", ATTEMPT, method="backup_code", backup_code_id=code)
    cursor.execute("DELETE FROM auth.users WHERE id = %s", [USER])
    cursor.execute(
        "SELECT (SELECT count(*) FROM auth.mfa_devices), (SELECT count(*) FROM auth.mfa_backup_codes), count(*)"
        " FROM auth.mfa_verification_attempts WHERE num_nulls(user_id, device_id, backup_code_id) = 3"
    )
    assert cursor.fetchone() == (0, 0, 2)


def test_ids_of_attempts_cannot_be_chosen(cursor: Any) -> None:
    with pytest.raises(psycopg2.errors.GeneratedAlways):
        insert(cursor, "mfa_verification_attempts", ATTEMPT, id=1)


# --- policy ------------------------------------------------------------------------------------------


def test_one_policy_is_in_force(cursor: Any) -> None:
    insert(cursor, "mfa_policies", {"name": "strict", "required_for_all": True})
    with pytest.raises(psycopg2.errors.UniqueViolation) as caught:
        cursor.execute("UPDATE auth.mfa_policies SET is_default = true WHERE name = 'strict'")
    assert constraint_of(caught) == "uq_mfa_policies_default"


def test_column_defaults_are_the_default_policy(cursor: Any) -> None:
    """So a database that got the tables but no row behaves alike."""
    rules = (
        "required_for_admins, required_for_all, grace_period_days, allowed_device_types, min_backup_codes,"
        " max_failed_attempts, attempt_window_minutes"
    )
    insert(cursor, "mfa_policies", {"name": "of defaults"})
    cursor.execute(f"SELECT count(*) FROM (SELECT DISTINCT {rules} FROM auth.mfa_policies) AS different")
    assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("grace_period_days", -1),
        ("grace_period_days", 91),
        ("min_backup_codes", -1),
        ("max_failed_attempts", 0),
        ("attempt_window_minutes", 0),
        ("allowed_device_types", []),
        ("allowed_device_types", ["totp", "sms"]),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(cursor: Any, column: str, value: Any) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        insert(cursor, "mfa_policies", {"name": "odd", column: value})
    assert constraint_of(caught) == f"mfa_policies_{column}_check"
