# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say as JSON what key, certificate and files a server has, and whether it speaks TLS as verify-full wants it.

Arguments: the action (look or prove) and JSON: certificate, key and ca (paths; ca '' for the system's), texts (name ->
path of a file to give back), names (host names and addresses that clients use), data_dir, port, seconds (how long to go
on trying after a reload). Reads only; needs nothing but Python. Private keys are looked at, never given back.

look: everything, with the proof that there is at the moment. prove: fails unless there is one.
"""

import ipaddress
import json
import os
import socket
import ssl
import stat
import struct
import sys
import time

# The eight bytes with which a client asks for TLS (PostgreSQL's protocol, "SSLRequest").
REQUEST = struct.pack("!ii", 8, 80877103)


def address_of(data_dir):
    """Where the server listens, as its postmaster.pid states; '' where it does not."""
    with open(os.path.join(data_dir, "postmaster.pid"), encoding="utf-8") as handle:
        lines = handle.read().split("\n")
    stated = lines[5].strip() if len(lines) > 5 else ""
    everywhere = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (read, nothing is bound)
    return everywhere.get(stated, stated)


def shown(address, port, context, name):
    """The certificate that the server shows, as DER; the context checks chain and name."""
    with socket.create_connection((address, port), timeout=10) as plain:
        plain.sendall(REQUEST)
        answer = plain.recv(1)
        if answer != b"S":
            raise ssl.SSLError("the server does not offer TLS (it answers %r)" % answer)
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return secured.getpeercert(binary_form=True), secured.version()


def try_names(asked, address, context, expected):
    reasons = []
    for name in asked["names"]:
        try:
            certificate, version = shown(address, asked["port"], context, name)
        except OSError as error:
            reasons.append("as %s: %s" % (name, getattr(error, "verify_message", "") or error))
            continue
        if certificate == expected:
            return "%s as %s" % (version, name), []
        reasons.append("as %s: it still shows another certificate" % name)
    return "", reasons


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def fits(certificate, key):
    """Whether the two are a pair that a server can be started with."""
    try:
        # A password is given so that nobody is asked for one where the key is encrypted.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError):
        return False
    return True


def closed(path):
    try:
        return not os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError:
        return False


def alternative_name(name):
    try:
        return "IP:%s" % ipaddress.ip_address(name)
    except ValueError:
        return "DNS:" + name


def proof(asked, seconds):
    """What has been proven and, where that is nothing, the reasons why."""
    address = address_of(asked["data_dir"])
    if not address:
        return "The server listens on its socket only: nothing to prove.", []
    context = ssl.create_default_context(cafile=asked["ca"] or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with open(asked["certificate"], encoding="utf-8") as handle:
        first = handle.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    expected = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :])
    until = time.monotonic() + seconds
    while True:
        proven, reasons = try_names(asked, address, context, expected)
        if proven or time.monotonic() > until:
            return proven, ["TLS to %s:%s cannot be trusted: %s" % (address, asked["port"], "; ".join(reasons))]
        time.sleep(0.2)


def prove(asked):
    proven, reasons = proof(asked, asked["seconds"])
    return {"proven": proven} if proven else sys.exit(reasons[0])


def look(asked):
    try:
        proven = proof(asked, 0)[0]
    except (OSError, ValueError):  # there is no server, no certificate or no authority yet
        proven = ""
    return {
        "folder": os.path.isdir(os.path.dirname(asked["key"])),
        "certificate": text(asked["certificate"]),
        "key_exists": os.path.exists(asked["key"]),
        "key_closed": closed(asked["key"]),
        "pair": fits(asked["certificate"], asked["key"]),
        "names": list(dict.fromkeys(map(alternative_name, asked["names"]))),
        "proven": proven,
        **{name: text(path) for name, path in asked["texts"].items()},
    }


print(json.dumps({"look": look, "prove": prove}[sys.argv[1]](json.loads(sys.argv[2]))))
