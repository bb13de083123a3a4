# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs in to prove a role's new password, without knowing the password.

A SCRAM log-in needs two keys that the controller derives from password, salt and iterations; with them the
managed host can prove the verifier it was given and nothing else. libpq would want the password itself, so
the little of PostgreSQL's protocol that a log-in needs is spoken here. Over TLS the exchange is bound to the
server's certificate (SCRAM-SHA-256-PLUS). Nothing but a completed SCRAM exchange counts as success: a
server that lets the role in without one (``trust``) is reported.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
from typing import Any, Dict, Mapping, Tuple

from ..session import ConnectionOptions

_SSL_REQUEST = 80877103
_PROTOCOL = 196608

# Signature algorithms of certificates whose hash is not SHA-256; MD5 and SHA-1 count as SHA-256 (RFC 5929).
_OTHER_HASHES = (
    ("sha384", (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", b"\x2a\x86\x48\xce\x3d\x04\x03\x03")),
    ("sha512", (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", b"\x2a\x86\x48\xce\x3d\x04\x03\x04")),
    ("sha224", (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", b"\x2a\x86\x48\xce\x3d\x04\x03\x01")),
)


class _Refused(Exception):
    """The server said that the password is wrong."""


class _NotProven(Exception):
    """Anything else; the text is ours or the server's message."""


def try_login(options: ConnectionOptions, login: Mapping[str, Any]) -> Dict[str, str]:
    """``{"result": "ok" | "refused" | "unproven", "message": ...}`` for one role."""
    try:
        _log_in(options, login)
    except _Refused as error:
        return {"result": "refused", "message": str(error)}
    except _NotProven as error:
        return {"result": "unproven", "message": str(error)}
    except (OSError, ssl.SSLError) as error:
        return {"result": "unproven", "message": f"{type(error).__name__}: {error.strerror or 'no connection'}"}
    except (ValueError, KeyError, IndexError, struct.error):
        return {"result": "unproven", "message": "the server's answer was not understood"}
    return {"result": "ok", "message": ""}


def _log_in(options: ConnectionOptions, login: Mapping[str, Any]) -> None:
    host, port = login["host"], int(login["port"])
    raw = socket.create_connection((host, port), timeout=options.connect_timeout or 10)
    try:
        raw.settimeout(options.connect_timeout or 10)
        wire = _start_tls(raw, options, host) if login["tls"] else raw
        try:
            _authenticate(wire, options, login)
        finally:
            wire.close()
    finally:
        raw.close()


def _start_tls(raw: socket.socket, options: ConnectionOptions, host: str) -> ssl.SSLSocket:
    raw.sendall(struct.pack("!ii", 8, _SSL_REQUEST))
    if _exactly(raw, 1) != b"S":
        raise _NotProven("the server does not offer TLS")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = options.ssl_mode == "verify-full"
    if options.ssl_mode in ("verify-ca", "verify-full"):
        if options.ca_cert and options.ca_cert != "system":
            context.load_verify_locations(os.path.expanduser(options.ca_cert))
        else:
            context.load_default_certs()
    else:
        # Channel binding stands in: the other end must know the verifier and hold this certificate.
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(raw, server_hostname=host)


def _authenticate(wire: Any, options: ConnectionOptions, login: Mapping[str, Any]) -> None:
    name = login["name"]
    parameters = ("user", name, "database", options.login_db or name, "application_name", options.application_name)
    body = b"".join(text.encode("utf-8") + b"\0" for text in parameters) + b"\0"
    wire.sendall(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)

    code, payload = _authentication(wire)
    if code == 0:
        raise _NotProven("the server let the role in without asking for a password (a trust line in pg_hba.conf)")
    if code != 10:
        raise _NotProven(f"the server asks for another kind of authentication (type {code}) than SCRAM")
    offered = payload.split(b"\0")
    if login["tls"]:
        mechanism, header = b"SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,"
        binding = header + _end_point(wire.getpeercert(binary_form=True))
    else:
        mechanism, header = b"SCRAM-SHA-256", b"n,,"
        binding = header
    if mechanism not in offered:
        raise _NotProven("the server does not offer " + mechanism.decode("ascii"))

    nonce = base64.b64encode(os.urandom(18))
    client_first = b"n=,r=" + nonce
    message = header + client_first
    _send(wire, mechanism + b"\0" + struct.pack("!i", len(message)) + message)

    code, server_first = _authentication(wire)
    fields = dict(field.split(b"=", 1) for field in server_first.split(b","))
    if code != 11 or not fields[b"r"].startswith(nonce):
        raise _NotProven("the server's answer was not understood")
    without_proof = b"c=" + base64.b64encode(binding) + b",r=" + fields[b"r"]
    signed = b",".join((client_first, server_first, without_proof))
    client_key = base64.b64decode(login["client_key"])
    signature = _hmac(hashlib.sha256(client_key).digest(), signed)
    proof = bytes(left ^ right for left, right in zip(client_key, signature))
    _send(wire, without_proof + b",p=" + base64.b64encode(proof))

    code, server_final = _authentication(wire)
    expected = b"v=" + base64.b64encode(_hmac(base64.b64decode(login["server_key"]), signed))
    if code != 12 or not hmac.compare_digest(server_final, expected):
        raise _NotProven("the server could not prove that it knows the verifier")
    code, _rest = _authentication(wire)
    if code != 0:
        raise _NotProven("the server did not complete the log-in")
    wire.sendall(struct.pack("!ci", b"X", 4))


def _authentication(wire: Any) -> Tuple[int, bytes]:
    """The next authentication message: its code and what follows it."""
    kind, length = struct.unpack("!ci", _exactly(wire, 5))
    body = _exactly(wire, length - 4)
    if kind == b"R":
        return struct.unpack("!i", body[:4])[0], body[4:]
    if kind == b"E":
        fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
        if fields.get(b"C") == "28P01":
            raise _Refused(fields.get(b"M", "password authentication failed"))
        raise _NotProven(fields.get(b"M", "the server refused the connection"))
    raise _NotProven("the server's answer was not understood")


def _send(wire: Any, body: bytes) -> None:
    wire.sendall(struct.pack("!ci", b"p", len(body) + 4) + body)


def _exactly(wire: Any, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = wire.recv(count - len(data))
        if not part:
            raise _NotProven("the server closed the connection")
        data += part
    return data


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _end_point(certificate: bytes) -> bytes:
    """The channel binding ``tls-server-end-point``: the certificate's hash, by its signature's algorithm."""
    algorithm = _signature_algorithm(certificate)
    for name, identifiers in _OTHER_HASHES:
        if algorithm in identifiers:
            return hashlib.new(name, certificate).digest()
    return hashlib.sha256(certificate).digest()


def _signature_algorithm(certificate: bytes) -> bytes:
    """The object identifier in Certificate ::= SEQUENCE { tbsCertificate, SEQUENCE { OID, ... }, signature }."""
    start, _end = _contents(certificate, 0)
    _skip, after_tbs = _contents(certificate, start)
    start, _end = _contents(certificate, after_tbs)
    start, end = _contents(certificate, start)
    return certificate[start:end]


def _contents(data: bytes, offset: int) -> Tuple[int, int]:
    """Begin and end of the contents of the DER element at ``offset``."""
    length = data[offset + 1]
    begin = offset + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[begin : begin + size], "big")
        begin += size
    return begin, begin + length
