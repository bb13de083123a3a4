# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role pg_tls on a private cluster: who gets in and how, certificates, and what it refuses."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import role_hosts
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture(scope="module")
def host() -> Iterator[role_hosts.Host]:
    made = role_hosts.make()
    try:
        made.must("pg_host", "pg_tls")
        yield made
    finally:
        role_hosts.remove(made)


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def server_certificate(host: role_hosts.Host) -> x509.Certificate:
    return certificate(host.data / "tls" / "server.crt")


def shown_certificate(host: role_hosts.Host) -> x509.Certificate:
    """What the server shows to somebody who connects now."""
    text = subprocess.run(
        ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{host.port}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    ).stdout
    return x509.load_pem_x509_certificate(text[text.index(b"-----BEGIN") :])


def test_check_mode_on_a_fresh_host_makes_nothing() -> None:
    empty = role_hosts.make()
    try:
        assert empty.must("pg_host", "pg_tls", arguments=("--check", "--diff")).changed() > 0
        assert [path.name for path in empty.folder.iterdir()] == ["play.yml"]
    finally:
        role_hosts.remove(empty)


def test_second_run_changes_nothing_and_it_runs_alone(host: role_hosts.Host) -> None:
    assert host.must("pg_tls").changed() == 0
    assert host.must("pg_host", "pg_tls", arguments=("--check",)).changed() == 0


def test_only_tls_gets_in(host: role_hosts.Host) -> None:
    with pytest.raises(psycopg2.OperationalError, match="rejects connection .* no encryption"):
        host.log_in("domainflow_app", sslmode="disable")
    for name in ("localhost", "127.0.0.1"):
        trusted = {"host": name, "sslmode": "verify-full", "sslrootcert": str(host.ca), "channel_binding": "require"}
        session = host.log_in("domainflow_app", **trusted)
        assert session.info.ssl_in_use
        assert session.info.ssl_attribute("protocol") in ("TLSv1.2", "TLSv1.3")
        session.close()
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        wrong = {"host": "elsewhere.example.com", "hostaddr": "127.0.0.1"}
        host.log_in("domainflow_app", **wrong, sslmode="verify-full", sslrootcert=str(host.ca))
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        host.log_in("domainflow_app", sslmode="verify-full", sslrootcert="/etc/ssl/certs/ca-certificates.crt")
    host.query("ALTER ROLE postgres PASSWORD 'not for the network'")
    with pytest.raises(psycopg2.OperationalError, match="rejects connection"):
        host.log_in("postgres", password="not for the network", sslmode="require")
    host.query("ALTER ROLE postgres PASSWORD NULL")


def test_certificates_are_made_for_one_purpose(host: role_hosts.Host) -> None:
    key = (host.ca.parent / "ca.key").read_bytes()
    with pytest.raises(TypeError, match="[Pp]assword was not given"):
        serialization.load_pem_private_key(key, None)
    authority = certificate(host.ca)
    assert isinstance(authority.public_key(), ec.EllipticCurvePublicKey)
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    server = server_certificate(host)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert sorted(map(str, names.get_values_for_type(x509.IPAddress))) == ["127.0.0.1", "::1"]
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert (host.data / "tls" / "server.key").stat().st_mode & 0o777 == 0o600
    assert (host.data / "tls" / "server.key").stat().st_uid == host.data.stat().st_uid
    server.verify_directly_issued_by(authority)


@pytest.mark.slow
def test_a_renewal_keeps_the_key_and_the_connections(host: role_hosts.Host) -> None:
    before = server_certificate(host)
    session = host.log_in("domainflow_app", sslmode="require")
    longer = {"pg_tls_validity_days": 500, "pg_tls_renew_before_days": 400, "pg_tls_names": ["db.example.com"]}
    assert host.must("pg_tls", **longer).changed() > 0
    after = shown_certificate(host)
    assert after.serial_number != before.serial_number
    assert after == server_certificate(host)
    assert after.public_key() == before.public_key()
    assert after.not_valid_after_utc - NOW > datetime.timedelta(days=498)
    with session.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchall() == [("domainflow_app",)]
    session.close()
    verified = {"sslmode": "verify-full", "sslrootcert": str(host.ca), "hostaddr": "127.0.0.1"}
    host.log_in("domainflow_app", host="db.example.com", **verified).close()
    assert host.must("pg_tls", **longer).changed() == 0
    # The name is taken away again.
    assert host.must("pg_tls").changed() > 0


@pytest.mark.slow
def test_the_authority_is_renewed_in_place_and_never_replaced(host: role_hosts.Host) -> None:
    before = certificate(host.ca)
    passphrase = host.ca.parent / "ca.passphrase"
    due = {"pg_tls_ca_renew_before_days": 3651, "pg_tls_ca_validity_days": 3700}
    refused = host.run("pg_tls", pg_tls_ca_passphrase="not the one", **due)
    assert refused.status != 0
    assert "passphrase" in refused.output
    assert certificate(host.ca) == before
    assert host.must("pg_tls", **due).changed() > 0
    after = certificate(host.ca)
    assert after != before
    assert after.public_key() == before.public_key()
    server_certificate(host).verify_directly_issued_by(after)
    host.log_in("domainflow_app", sslmode="verify-full", sslrootcert=str(host.ca)).close()
    assert passphrase.stat().st_mode & 0o777 == 0o600


def test_without_tls_only_for_development(host: role_hosts.Host) -> None:
    before = (host.data / "pg_hba.conf").read_text(encoding="utf-8")
    for environment in ({}, {"pg_tls_environment": "production"}, {"pg_tls_environment": "staging"}):
        refused = host.run("pg_tls", pg_tls_sslmode="disable", **environment)
        assert refused.status != 0
        assert "connections without TLS are for 'development' only" in role_hosts.flat(refused)
        assert refused.recap()["localhost"]["changed"] == 0
    assert (host.data / "pg_hba.conf").read_text(encoding="utf-8") == before


@pytest.mark.slow
def test_development_may_do_without_tls(host: role_hosts.Host) -> None:
    host.must("pg_tls", pg_tls_sslmode="disable", pg_tls_environment="development")
    host.log_in("domainflow_app", sslmode="disable").close()
    host.log_in("domainflow_app", sslmode="require").close()
    assert host.must("pg_tls").changed() > 0
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        host.log_in("domainflow_app", sslmode="disable")


def test_a_broken_pg_hba_is_taken_back(host: role_hosts.Host) -> None:
    path = host.data / "pg_hba.conf"
    before = path.read_text(encoding="utf-8")
    refused = host.run("pg_tls", pg_tls_client_cidrs=["127.0.0.1/32", "300.1.2.3/8"])
    assert refused.status != 0
    assert "hostssl all all 300.1.2.3/8 scram-sha-256" in role_hosts.flat(refused)
    assert "was taken back" in role_hosts.flat(refused)
    assert path.read_text(encoding="utf-8") == before
    host.query("SELECT pg_reload_conf()")
    host.log_in("domainflow_app", sslmode="require").close()

    open_door = {"type": "host", "address": "0.0.0.0/0", "method": "scram-sha-256"}
    refused = host.run("pg_tls", pg_tls_hba_rules=[open_door])
    assert refused.status != 0
    assert "lets connections in without TLS" in role_hosts.flat(refused)


@pytest.mark.slow
def test_the_machine_itself_may_connect_unless_told_otherwise(host: role_hosts.Host) -> None:
    path = host.data / "pg_hba.conf"
    assert "\nhostssl all all samehost scram-sha-256\n" in path.read_text(encoding="utf-8")
    host.log_in("domainflow_app", sslmode="require", host="127.0.0.1").close()
    host.must("pg_tls", pg_tls_samehost=False, pg_tls_client_cidrs=["192.0.2.0/24"])
    assert "samehost" not in path.read_text(encoding="utf-8")
    with pytest.raises(psycopg2.OperationalError, match="rejects connection"):
        host.log_in("domainflow_app", sslmode="require", host="127.0.0.1")
    assert host.must("pg_tls").changed() > 0
    host.log_in("domainflow_app", sslmode="require", host="127.0.0.1").close()


@pytest.mark.slow
def test_both_roles_in_one_play_do_not_hinder_each_other(host: role_hosts.Host) -> None:
    settings = {**host.variables["pg_host_settings"], "work_mem": "7MB"}
    assert host.must("pg_host", "pg_tls", pg_host_settings=settings).changed() == 2
    assert host.query("SHOW work_mem") == [("7MB",)]
    assert host.must("pg_host", "pg_tls").changed() == 2


@pytest.mark.slow
def test_rules_of_ones_own_come_first(host: role_hosts.Host) -> None:
    rule = {"type": "hostssl", "user": "domainflow_readonly", "address": "127.0.0.1/32", "method": "reject"}
    host.must("pg_tls", pg_tls_hba_rules=[rule])
    with pytest.raises(psycopg2.OperationalError, match="rejects connection"):
        host.log_in("domainflow_readonly", sslmode="require", host="127.0.0.1")
    host.log_in("domainflow_app", sslmode="require", host="127.0.0.1").close()
    host.must("pg_tls")


@pytest.mark.slow
def test_clients_get_what_they_need(host: role_hosts.Host) -> None:
    folder = host.folder / "client"
    service = {
        "name": "domainflow",
        "host": "localhost",
        "port": host.port,
        "dbname": "domainflow",
        "user": "domainflow_app",
    }
    variables = {"pg_tls_client_dir": str(folder), "pg_tls_services": [service]}
    host.must("pg_tls/client", **variables)
    assert host.must("pg_tls/client", **variables).changed() == 0
    written = (folder / "pg_service.conf").read_text(encoding="utf-8")
    assert "sslmode=verify-full" in written
    said = subprocess.run(
        ["psql", "-XAtc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "service=domainflow"],
        env={
            "PATH": "/usr/bin:/bin",
            "PGSERVICEFILE": str(folder / "pg_service.conf"),
            "PGPASSWORD": host.password("domainflow_app"),
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    assert said.stdout == b"t\n"


def given(folder: Path, key: Any, name: str = "localhost", starts: int = -200, ends: int = 90) -> dict[str, str]:
    """A certificate and its key as somebody else's authority would give them, good between these days from now."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody's authority")])

    def built(about: x509.Name, public: Any, begins: int, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(about)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + datetime.timedelta(days=begins))
            .not_valid_after(NOW + datetime.timedelta(days=days))
        )

    root = built(issuer, authority.public_key(), -200, 900).add_extension(x509.BasicConstraints(True, 0), critical=True)
    leaf = built(subject, key.public_key(), starts, ends).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
    )
    folder.mkdir(exist_ok=True)
    texts = {
        "pg_tls_certificate": leaf.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        "pg_tls_ca_certificate": root.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        "pg_tls_private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for variable, text in texts.items():
        (folder / variable).write_bytes(text)
    return {variable: str(folder / variable) for variable in texts}


@pytest.mark.slow
def test_given_certificates_are_checked_before_the_server_sees_them(host: role_hosts.Host, tmp_path: Path) -> None:
    curve = ec.SECP256R1()
    good = given(tmp_path / "good", rsa.generate_private_key(65537, 2048))
    mixed = {**good, "pg_tls_private_key": given(tmp_path / "k", ec.generate_private_key(curve))["pg_tls_private_key"]}
    stranger = {
        **good,
        "pg_tls_ca_certificate": given(tmp_path / "ca", ec.generate_private_key(curve))["pg_tls_ca_certificate"],
    }
    encrypted = tmp_path / "encrypted.key"
    encrypted.write_bytes(
        ec.generate_private_key(curve).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a passphrase"),
        )
    )
    cases = [
        (mixed, "it is not the one of the key"),
        (given(tmp_path / "old", ec.generate_private_key(curve), ends=-1), "it expired"),
        (given(tmp_path / "ed", ed25519.Ed25519PrivateKey.generate()), "its key is of type Ed25519"),
        (given(tmp_path / "name", ec.generate_private_key(curve), "db9.example.com"), "it names DNS:db9.example.com"),
        (stranger, "Cannot complete chain"),
        ({**good, "pg_tls_private_key": str(encrypted)}, "is encrypted, and the server of localhost"),
        (given(tmp_path / "early", ec.generate_private_key(curve), starts=2), "it counts only from"),
        ({**good, "pg_tls_private_key": str(tmp_path / "none")}, "must both be files on the controller"),
    ]
    before = server_certificate(host)
    for variables, said in cases:
        refused = host.run("pg_tls", **variables)
        assert refused.status != 0, said
        assert said in role_hosts.flat(refused)
        assert refused.recap()["localhost"]["changed"] == 0
    assert server_certificate(host) == before

    run = host.must("pg_tls", arguments=("-vvvv", "--diff"), **good)
    assert shown_certificate(host) == certificate(Path(good["pg_tls_certificate"]))
    key = Path(good["pg_tls_private_key"]).read_text(encoding="utf-8").splitlines()
    assert not [line for line in key[1:-1] if line in run.output]
    host.log_in("domainflow_app", sslmode="verify-full", sslrootcert=good["pg_tls_ca_certificate"]).close()
    assert host.must("pg_tls", **good).changed() == 0
    # Back to the own authority.
    assert host.must("pg_tls").changed() > 0
    host.log_in("domainflow_app", sslmode="verify-full", sslrootcert=str(host.ca)).close()
