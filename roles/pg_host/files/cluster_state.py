# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say as JSON where a cluster is, what it is and what it lacks. Reads only; needs nothing but Python.

The one argument is JSON: flavour, version ('' for the usual one), port (0 for the usual one), admin (role), map (name
in pg_ident.conf), addresses (to listen on), locales (that are needed), packages (of Debian's, {version} in them),
min_free_mb (where a cluster is made; where there is one, an eighth is enough); for the flavour local also folder,
socket_dir, bin_dir ('' to look), user (whom root runs it as) and ports (first and last to choose from).
"""

import errno
import glob
import json
import locale
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


def taken(port, addresses=("127.0.0.1",)):
    """Whether somebody listens there; an address that this machine does not have is not taken."""
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            probe = socket.socket(family, socket.SOCK_STREAM)
        except OSError:  # a machine without IPv6
            continue
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
    return False


def serves(process, data, unseen=False):
    """Whether a process is a server at work in a data folder; unseen is the answer where another user's does not say.

    A crash leaves lock files behind. Their number may be another process's by now, or a dead one's whose parent has
    not asked for its status: a zombie, which has an entry in /proc and works nowhere.
    """
    try:
        return process.isdigit() and os.path.samefile("/proc/%s/cwd" % process, data)
    except PermissionError:
        return unseen
    except OSError:
        return False


def socket_taken(folder, port):
    """Whether a living server has the socket of that port, as its lock file says: its process, its data folder."""
    owner, data = (text(os.path.join(folder, ".s.PGSQL.%d.lock" % port)).split("\n") + [""])[:2]
    return serves(owner, data, unseen=True)


def numeric(stated):
    """Addresses to bind to for what listen_addresses says."""
    known = {"*": ["0.0.0.0", "::"], "localhost": ["127.0.0.1", "::1"]}  # noqa: S104  (never listened on)
    return [address for name in stated for address in known.get(name, [name]) if re.match(r"[0-9a-fA-F.:]+$", address)]


def holder(port):
    """The program that listens on a port, as far as this user may see it; '' where it may not."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in text(table).split("\n")[1:]:
            words = line.split()
            if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
                inodes.add("socket:[%s]" % words[9])
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            opened = {os.readlink(path) for path in glob.glob(folder + "/fd/*")}
        except OSError:
            continue
        if opened & inodes:
            command = text(folder + "/cmdline").replace("\0", " ").strip()
            return "process %s, %s" % (os.path.basename(folder), command[:120] or text(folder + "/comm"))
    return ""


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
    """The port of the living server, 0 without one."""
    lines = text(os.path.join(data, "postmaster.pid")).split("\n")
    return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() and serves(lines[0], data) else 0


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


def packages_to_install(asked, version):
    """Those of Debian's packages that are not there."""
    wanted = [name.format(version=version) for name in asked["packages"]]
    command = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"]
    try:
        said = subprocess.run(command + wanted, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    except OSError:
        return wanted
    return [name for name in wanted if name + " installed" not in said.decode().split("\n")]


def starts_at_boot(cluster):
    start = re.search(r"^[ \t]*(\w+)", text(os.path.join(cluster["conf_dir"], "start.conf")), re.M)
    wanted = "/etc/systemd/system/multi-user.target.wants/postgresql.service"
    return os.path.lexists(wanted) and (start is None or start.group(1) == "auto")


def known_locale(name):
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    return True


def room(path):
    """Megabytes that are free for everybody on the file system that the path is on, or will be."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize // 1048576


def problems(cluster, asked):
    """What stands in the way of this cluster, one sentence each."""
    found = []
    if not cluster["port"]:
        found.append("there is no free port among %s to %s" % tuple(asked["ports"]))
    elif cluster["port_taken"]:
        by = holder(cluster["port"])
        found.append(
            "port %s is taken by a program that is not the cluster in %s, another PostgreSQL or a container's%s; end "
            "it, or set pg_host_listen_port to another port"
            % (cluster["port"], cluster["data_dir"], " (%s)" % by if by else "")
        )
    missing = [name for name in asked["locales"] if not known_locale(name)]
    if missing:
        found.append(
            "the locale %s is not there; make it (on Debian with the package locales: /etc/locale.gen and locale-gen), "
            "or set pg_host_locale and the databases' locale to one that `locale -a` lists, such as C.UTF-8"
            % ", ".join(missing)
        )
    needed = int(asked["min_free_mb"])
    if cluster["installed"]:
        places, needed = [cluster["data_dir"]], needed // 8
    elif cluster.get("packages_missing"):
        places = [cluster["data_dir"], "/usr", "/var/cache/apt/archives"]
    else:
        places = [cluster["data_dir"]]
    full = ["%s has %d MB" % (path, room(path)) for path in places if room(path) < needed]
    if full:
        found.append(
            "the disk is full: %s of %d MB that have to be free; make room, or set pg_host_min_free_mb"
            % (", ".join(full), needed)
        )
    return found


def main(asked):
    user = user_of(os.geteuid())
    cluster = {"debian": debian, "local": local}[asked["flavour"]](asked, user)
    data, conf = cluster["data_dir"], cluster["conf_dir"]
    made = os.path.exists(os.path.join(data, "PG_VERSION")) and os.path.exists(os.path.join(conf, "postgresql.conf"))
    alive_on = running_port(data) if made else 0
    cluster["lacks"], cluster["users_to_map"] = missing(cluster, asked, user)
    cluster["installed"] = made
    listened = numeric(asked["addresses"] or ["localhost"]) + ["127.0.0.1"]
    cluster["port_taken"] = alive_on != cluster["port"] and (
        taken(cluster["port"], listened) or socket_taken(cluster["socket_dir"], cluster["port"])
    )
    if asked["flavour"] == "debian":
        cluster["packages_missing"] = packages_to_install(asked, cluster["version"])
        cluster["starts_at_boot"] = starts_at_boot(cluster)
        cluster["rules"] = text("/etc/postgresql-common/createcluster.d/pg_host.conf")
    return {
        **cluster,
        "user": user,
        "settings": text(os.path.join(conf, "conf.d", "10-pg_host.conf")),
        "problems": problems(cluster, asked),
        "system": " ".join(release()),
        "owner": user_of(os.stat(data).st_uid) if os.path.isdir(data) else "",
        "bin_version": major_of(cluster["bin_dir"]),
        "running": bool(alive_on),
        "running_port": alive_on,
    }


print(json.dumps(main(json.loads(sys.argv[1]))))
