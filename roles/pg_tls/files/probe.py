# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a PostgreSQL server speaks TLS as a client with sslmode=verify-full wants it; say why not and fail.

The one argument is JSON: data_dir, port, certificate (path: what must be shown), ca (path of what to trust, '' for the
system's), names (of which one at least must be accepted), seconds (how long to go on trying after a reload).
"""

import json
import os
import socket
import ssl
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


def main(asked):
    address = address_of(asked["data_dir"])
    if not address:
        return "The server listens on its socket only: nothing to prove."
    context = ssl.create_default_context(cafile=asked["ca"] or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with open(asked["certificate"], encoding="utf-8") as handle:
        first = handle.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    expected = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :])
    until = time.monotonic() + asked["seconds"]
    while True:
        proven, reasons = try_names(asked, address, context, expected)
        if proven:
            return proven
        if time.monotonic() > until:
            sys.exit("TLS to %s:%s cannot be trusted: %s" % (address, asked["port"], "; ".join(reasons)))
        time.sleep(0.2)


print(main(json.loads(sys.argv[1])))
