# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making passwords, hashes and verifiers; the record of an account."""

from __future__ import annotations

import string
from datetime import datetime, timedelta, timezone
from typing import Any

import bcrypt
import pytest

from ansible_collections.domainflow.database.plugins.module_utils.credentials.errors import AccountProblem, StoreError
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials import (
    bcrypt_hash,
    decide,
    generate,
    scram,
)
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.generate import LOOKALIKES, Recipe
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.records import (
    Key,
    Record,
    as_dict,
    from_dict,
    role_key,
    row_key,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
KEY = role_key("7000", "app")


def test_generated_passwords_follow_the_recipe() -> None:
    recipe = Recipe(40, string.ascii_letters + string.digits + "-", avoid_lookalikes=True)
    made = {generate.password(recipe) for _count in range(200)}
    assert len(made) == 200
    assert {len(password) for password in made} == {40}
    assert set("".join(made)) <= set(recipe.alphabet) - LOOKALIKES
    assert all(password[0].isalnum() for password in made)


@pytest.mark.parametrize(
    ("recipe", "match"),
    [
        (Recipe(10), "bits"),
        (Recipe(200, "a"), "bits"),
        (Recipe(200, "aaaaaa"), "bits"),
        (Recipe(32, "äbcdefghijklm"), "ASCII"),
        (Recipe(32, "abc defghijklm"), "ASCII"),
    ],
)
def test_weak_recipes_are_refused(recipe: Recipe, match: str) -> None:
    with pytest.raises(EngineError, match=match):
        generate.check(recipe)


def test_default_recipe_fits_bcrypt() -> None:
    generate.check(Recipe())
    bcrypt_hash.check_password("x", generate.password(Recipe()))


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_bcrypt_of_every_prefix(prefix: str) -> None:
    made = bcrypt_hash.make("pässword", 4, prefix + "rest of the old hash")
    assert made.startswith(f"{prefix}04$") and bcrypt_hash.is_hash(made)
    assert bcrypt_hash.matches("pässword", made) and not bcrypt_hash.matches("password", made)
    assert bcrypt.checkpw("pässword".encode(), ("$2b$" + made[4:]).encode())


@pytest.mark.parametrize(
    "text",
    ["", "x", "$2x$04$" + "a" * 53, "$2b$4$" + "a" * 53, "$2b$04$" + "a" * 52, "$2b$32$" + "a" * 53, "$1$abc$def"],
)
def test_other_formats_are_no_bcrypt_hashes(text: str) -> None:
    assert not bcrypt_hash.is_hash(text)


def test_bcrypt_length() -> None:
    bcrypt_hash.check_password("x", "ä" * 36)
    with pytest.raises(AccountProblem, match="73 bytes"):
        bcrypt_hash.check_password("x", "a" * 73)
    assert not bcrypt_hash.matches("a" * 73, bcrypt_hash.make("a" * 72, 4, None))


def test_scram() -> None:
    verifier = scram.make("secret", 4096)
    assert scram.is_verifier(verifier) and verifier.startswith("SCRAM-SHA-256$4096:")
    assert scram.matches("secret", verifier, "app") and not scram.matches("Secret", verifier, "app")
    assert scram.make("secret", 4096) != verifier
    # The verifier of RFC 7677's example: user "user", password "pencil".
    keys = scram.derive("pencil", bytes.fromhex("5b6d99689d12358eeca04b141236fa81"), 4096)
    assert scram.keys_for("pencil", verifier) != keys
    assert len(keys.stored) == 32


def test_scram_of_the_rfc() -> None:
    """RFC 7677, section 3: what proof and server signature must come out."""
    import base64
    import hashlib
    import hmac

    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    keys = scram.derive("pencil", salt, 4096)
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}".encode()
    signature = hmac.new(keys.stored, message, hashlib.sha256).digest()
    proof = bytes(left ^ right for left, right in zip(keys.client, signature, strict=True))
    assert base64.b64encode(proof) == b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    server = hmac.new(keys.server, message, hashlib.sha256).digest()
    assert base64.b64encode(server) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_md5() -> None:
    # md5 of the password followed by the role's name.
    assert scram.matches("foo", "md596948aad3fcae80c08a35c9b5958cd89", "bar") is False
    assert scram.matches("", "md5d41d8cd98f00b204e9800998ecf8427e", "") is True
    assert scram.keys_for("foo", "md5d41d8cd98f00b204e9800998ecf8427e") is None


def test_record_on_its_way() -> None:
    record = Record()
    for number in range(1, 5):
        record = record.with_pending(f"password {number}")
        assert record.phase == "pending"
        record = record.promoted(f"hash {number}", 2, NOW + timedelta(days=number))
    assert (record.current, record.pending, record.previous) == ("password 4", None, "password 3")
    assert len(record.history) == 1, "the other one of two is password 3, which is kept as it is"
    assert [record.was_used(f"password {number}") for number in range(1, 5)] == [False, True, True, False]
    assert record.age_in_days(NOW + timedelta(days=5)) == 1
    assert from_dict(KEY, as_dict(record)) == record
    assert "password" not in repr(record) and "hash 4" not in repr(record)
    assert Record(current="a", previous="b", history=("c",)).promoted("h", 0, NOW).history == ()


def test_passwords_that_are_displaced_are_remembered() -> None:
    """Somebody sets a password by hand that the caller then makes known: the ones before it stay forbidden."""
    record = Record()
    for number in range(1, 4):
        record = record.with_pending(f"password {number}").promoted(f"hash {number}", 5, NOW)
    record = decide.settled(record, decide.Found(decide.GIVEN, "by hand"), 5)
    assert (record.current, record.previous) == ("by hand", "password 3")
    record = record.with_pending("password 4").promoted("hash 4", 5, NOW)
    former = ["password 1", "password 2", "password 3", "by hand"]
    assert all(record.was_used(password) for password in former) and not record.was_used("password 4")
    assert decide.settled(record, decide.Found(decide.GIVEN, "again"), 0).history == ()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"phase": "other"},
        {"phase": "stable", "current": 1},
        {"phase": "stable", "history": "x"},
        {"phase": "stable", "history": [1]},
        {"phase": "stable", "rotated_at": "yesterday"},
    ],
)
def test_other_data_is_no_record(data: Any) -> None:
    with pytest.raises(StoreError, match="app"):
        from_dict(KEY, data)


def test_keys_tell_servers_databases_tables_and_kinds_apart() -> None:
    keys = {
        row_key("1", "a", "auth.users", "x"),
        row_key("2", "a", "auth.users", "x"),
        row_key("1", "b", "auth.users", "x"),
        row_key("1", "a", "auth.others", "x"),
        role_key("1", "x"),
    }
    assert len(keys) == 5
    assert {(key.account, isinstance(key, Key)) for key in keys} == {("x", True)}
