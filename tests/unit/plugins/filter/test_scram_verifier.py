# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter scram_verifier, against the exchange that RFC 7677 prints and against what must never pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.domainflow.database.plugins.filter.scram_verifier import FilterModule

scram_verifier = FilterModule().filters()["scram_verifier"]

# RFC 7677, section 3: user "user", password "pencil".
SALT, ITERATIONS = "W22ZaJ0SNY7soEsUEjb6gQ==", 4096
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
EXCHANGE = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s={SALT},i={ITERATIONS},c=biws,r={NONCE}".encode()
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
STORED = (
    f"SCRAM-SHA-256${ITERATIONS}:{SALT}$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def keys(verifier: str) -> tuple[bytes, bytes]:
    stored, server = verifier.split("$")[2].split(":")
    return base64.b64decode(stored), base64.b64decode(server)


def test_the_verifier_of_the_rfc_carries_its_exchange() -> None:
    stored, server = keys(STORED)
    assert hmac.digest(server, EXCHANGE, "sha256") == SIGNATURE
    client = bytes(a ^ b for a, b in zip(PROOF, hmac.digest(stored, EXCHANGE, "sha256"), strict=True))
    assert hashlib.sha256(client).digest() == stored


def test_a_verifier_that_fits_is_kept() -> None:
    assert scram_verifier("pencil", current=STORED) == STORED
    # Also one with another count than would be used for a new one.
    rare = scram_verifier("pencil", iterations=1234)
    assert rare.startswith("SCRAM-SHA-256$1234:")
    assert scram_verifier("pencil", current=rare) == rare


@pytest.mark.parametrize(
    "current",
    [None, "", STORED.replace(":wf", ":wg"), STORED[:-10], "md56ce5c041d6b0aa693f9f111dfa3ea03b", "pencil"],
)
def test_anything_else_is_replaced(current: Any) -> None:
    made = scram_verifier("pencil", current=current)
    assert made != current
    assert made.startswith("SCRAM-SHA-256$4096:")
    assert scram_verifier("pencil", current=made) == made
    assert scram_verifier("pencils", current=made) != made


def test_every_verifier_has_a_salt_of_its_own() -> None:
    assert len({scram_verifier("pencil") for _time in range(5)}) == 5
    assert "pencil" not in scram_verifier("pencil")


@pytest.mark.parametrize("password", ["", None, 12345, ["pencil"]])
def test_what_is_no_password_is_refused_without_showing_it(password: Any) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        scram_verifier(password)
    assert "12345" not in str(refused.value)
    assert "pencil" not in str(refused.value)


@pytest.mark.parametrize("iterations", [0, -1, True, "4096", 2**40])
def test_a_count_that_makes_no_sense_is_refused(iterations: Any) -> None:
    with pytest.raises(AnsibleFilterError):
        scram_verifier("pencil", iterations=iterations)
