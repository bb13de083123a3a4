# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say as JSON where a cluster is, what it is and what it lacks. Reads only; needs nothing but Python.

The one argument is JSON: flavour, version ('' for the usual one), port (0 for the usual one), admin (role), map (name
in pg_ident.conf); for the flavour local also folder, socket_dir, bin_dir ('' to look), user (whom root runs it as) and
ports (first and last to choose from).
"""

import glob
import json
import os
import pwd
import re
import socket
import subprocess
import sys
import zlib

# Debian release -> the PostgreSQL that it ships.
DEBIAN = {"11": "13", "12": "15", "13": "17"}


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def release():
    """What system this is: ('debian', '12')."""
    said = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text("/etc/os-release"), re.M))
    return said.get("ID", ""), said.get("VERSION_ID", "")


def user_of(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def programs(given, version):
    """The folder with initdb: the one given, else that of the wanted version, else the newest; '' without one."""
    if given:
        return given if os.access(os.path.join(given, "initdb"), os.X_OK) else ""
    found = {}
    for path in glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        major = path.split("/")[4]
        if major.isdigit():
            found[major] = os.path.dirname(path)
    if version:
        return found.get(version, "")
    return found[max(found, key=int)] if found else ""


def major_of(folder):
    """The major version of a folder's programs; Debian's folders are named by it."""
    named = re.search(r"/postgresql/([0-9]+)/bin/*$", folder)
    if named or not folder:
        return named.group(1) if named else ""
    said = subprocess.run([os.path.join(folder, "initdb"), "--version"], stdout=subprocess.PIPE, check=False)
    stated = re.search(rb"\) ([0-9]+)", said.stdout)
    return stated.group(1).decode() if stated else ""


def taken(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_port(folder, first, last):
    """Each folder begins to look at another place, so that two clusters made at once do not meet."""
    size = last - first + 1
    start = zlib.crc32(folder.encode()) % size
    for step in range(size):
        port = first + (start + step) % size
        if not taken(port):
            return port
    return 0


def running_port(data):
    """The port of the living server, 0 without one: a crash leaves postmaster.pid behind, with a number used anew."""
    lines = text(os.path.join(data, "postmaster.pid")).split("\n")
    try:
        if lines[0].isdigit() and os.path.samefile("/proc/%s/cwd" % lines[0], data):
            return int(lines[3])
    except (OSError, IndexError, ValueError):
        pass
    return 0


def stated_data(conf):
    """Where postgresql.conf says that the data is; Debian keeps the two apart."""
    stated = re.search(r"^\s*data_directory\s*=?\s*'([^']+)'", text(os.path.join(conf, "postgresql.conf")), re.M)
    return stated.group(1) if stated else ""


def debian(asked, user):
    version = asked["version"] or DEBIAN.get(release()[1], "")
    conf = "/etc/postgresql/%s/main" % version
    return {
        "os_user": "postgres",
        "conf_dir": conf,
        "data_dir": stated_data(conf) or "/var/lib/postgresql/%s/main" % version,
        "bin_dir": programs("", version),
        "socket_dir": "/var/run/postgresql",
        "version": version,
        "port": int(asked["port"]) or 5432,
    }


def local(asked, user):
    data = os.path.join(asked["folder"], "data")
    made_by = text(os.path.join(data, "PG_VERSION"))
    bin_dir = programs(asked["bin_dir"], made_by or asked["version"])
    kept = text(os.path.join(asked["folder"], "port"))
    port = int(asked["port"]) or (int(kept) if kept.isdigit() else free_port(data, *asked["ports"]))
    return {
        "os_user": asked["user"] if user == "root" else user,
        "conf_dir": data,
        "data_dir": data,
        "bin_dir": bin_dir,
        "socket_dir": asked["socket_dir"],
        "version": made_by or major_of(bin_dir),
        "port": port,
        "port_kept": kept == str(port),
    }


def missing(cluster, asked, user):
    """What has to be added to PostgreSQL's own files before conf.d counts and this user is let in as the admin."""
    conf, gap = cluster["conf_dir"], r"[ \t]+"
    wanted = {
        "conf_d": ("postgresql.conf", r"include_dir[ \t]*=?[ \t]*'conf\.d'"),
        "hba": ("pg_hba.conf", gap.join(["local", "all", re.escape(asked["admin"]), "peer", "map=" + asked["map"]])),
    }
    lacks = [
        name
        for name, (file, pattern) in wanted.items()
        if not re.search("^" + pattern, text(os.path.join(conf, file)), re.M)
    ]
    if not os.path.isdir(os.path.join(conf, "conf.d")) and "conf_d" not in lacks:
        lacks.append("conf_d")
    mapped = text(os.path.join(conf, "pg_ident.conf"))
    users = [
        name
        for name in sorted({user, cluster["os_user"]})
        if not re.search("^" + gap.join(map(re.escape, [asked["map"], name, asked["admin"]])) + "$", mapped, re.M)
    ]
    return lacks, users


def main(asked):
    user = user_of(os.geteuid())
    cluster = {"debian": debian, "local": local}[asked["flavour"]](asked, user)
    data, conf = cluster["data_dir"], cluster["conf_dir"]
    made = os.path.exists(os.path.join(data, "PG_VERSION")) and os.path.exists(os.path.join(conf, "postgresql.conf"))
    alive_on = running_port(data) if made else 0
    cluster["lacks"], cluster["users_to_map"] = missing(cluster, asked, user)
    return {
        **cluster,
        "user": user,
        "system": " ".join(release()),
        "owner": user_of(os.stat(data).st_uid) if os.path.isdir(data) else "",
        "bin_version": major_of(cluster["bin_dir"]),
        "installed": made,
        "running": bool(alive_on),
        "running_port": alive_on,
        "port_taken": alive_on != cluster["port"] and taken(cluster["port"]),
    }


print(json.dumps(main(json.loads(sys.argv[1]))))
