# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say as JSON what key, certificate and files a server has. Reads only; needs nothing but Python.

The one argument is JSON: certificate and key (paths), texts (name -> path of a file to give back), names (host names
and addresses). Private keys are looked at, never given back.
"""

import ipaddress
import json
import os
import ssl
import stat
import sys


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


def main(asked):
    return {
        "folder": os.path.isdir(os.path.dirname(asked["key"])),
        "certificate": text(asked["certificate"]),
        "key_exists": os.path.exists(asked["key"]),
        "key_closed": closed(asked["key"]),
        "pair": fits(asked["certificate"], asked["key"]),
        "names": list(dict.fromkeys(map(alternative_name, asked["names"]))),
        **{name: text(path) for name, path in asked["texts"].items()},
    }


print(json.dumps(main(json.loads(sys.argv[1]))))
