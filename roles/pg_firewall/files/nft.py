# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare, load and take back a table of nftables; say as JSON what was found.

Arguments: the action (look, load, keep) and JSON: table, ruleset (text for nft -f that replaces the table), unit (name
of the timer that takes new rules back), seconds (when it does), files (path -> text that it has to have) and service
(that loads the rules at every start).

look: reads only. The wanted rules are loaded into a network namespace of their own, where they meet no packet, and both
tables are compared as nft prints them.
load: checks the rules, sets the timer that puts back what is there now, and loads them.
keep: stops that timer.
"""

import json
import os
import subprocess
import sys

NFT = "/usr/sbin/nft"


def run(*command, **options):
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=False, **options
    )


def plain(value):
    """What nft says without what differs from one loading to the next: handles, counters, its own version."""
    if isinstance(value, list):
        return [plain(item) for item in value if not (isinstance(item, dict) and "metainfo" in item)]
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items() if key not in ("handle", "packets", "bytes")}
        return {key: sorted(item, key=str) if key == "elem" else item for key, item in kept.items()}
    return value


def table(name, *inside):
    said = run(*inside, NFT, "-j", "list", "table", "inet", name)
    return plain(json.loads(said.stdout)) if said.returncode == 0 else None


def wanted(asked):
    """The table as it would be, and what is wrong with the rules."""
    script = 'exec 3<&0; "$0" -f /dev/fd/3 && exec "$0" -j list table inet "$1"'
    said = run("unshare", "--net", "sh", "-c", script, NFT, asked["table"], input=asked["ruleset"])
    return (plain(json.loads(said.stdout)), "") if said.returncode == 0 else (None, said.stderr.strip())


def active(unit):
    return os.path.isdir("/run/systemd/system") and run("systemctl", "is-active", "--quiet", unit).returncode == 0


def others():
    """Programs that think they own the firewall. The unit of ufw is active even when ufw is switched off."""
    found = ["firewalld"] if active("firewalld.service") else []
    try:
        with open("/etc/ufw/ufw.conf", encoding="utf-8") as handle:
            if any(line.strip().lower() == "enabled=yes" for line in handle):
                found.append("ufw")
    except OSError:
        pass
    return found


def text(path):
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except OSError:
        return ""


def kept(asked):
    """Whether the next start of the machine loads these rules."""
    if any(text(path).strip() != wanted.strip() for path, wanted in asked["files"].items()):
        return False
    if not os.path.isdir("/run/systemd/system"):
        return True
    return run("systemctl", "is-enabled", "--quiet", asked["service"]).returncode == 0 and active(asked["service"])


def look(asked):
    there = os.path.exists(NFT)
    rules, error = wanted(asked) if there else (None, "")
    return {
        "user": os.geteuid(),
        "nft": there,
        "apt": os.path.isdir("/usr/lib/python3/dist-packages/apt"),
        "systemd": os.path.isdir("/run/systemd/system"),
        "others": others(),
        "error": error,
        "same": there and not error and table(asked["table"]) == rules,
        "kept": kept(asked),
    }


def load(asked):
    checked = run(NFT, "-c", "-f", "-", input=asked["ruleset"])
    if checked.returncode:
        sys.exit("nft refuses the rules: %s" % checked.stderr.strip())
    name = asked["table"]
    before = run(NFT, "list", "table", "inet", name)
    # As text that replaces the table, or removes it where there was none.
    previous = "table inet %s {}\ndelete table inet %s\n%s" % (name, name, before.stdout)
    folder = "/run/" + asked["unit"]
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, "previous.nft")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(previous)
    keep(asked)
    timer = run(
        *["systemd-run", "--quiet", "--collect", "--unit=" + asked["unit"], "--on-active=%d" % int(asked["seconds"])],
        *["--timer-property=AccuracySec=1s", NFT, "-f", path],
    )
    if timer.returncode:
        sys.exit("the timer that takes rules back could not be set: %s" % timer.stderr.strip())
    loaded = run(NFT, "-f", "-", input=asked["ruleset"])
    if loaded.returncode:
        keep(asked)
        sys.exit("nft refuses the rules: %s" % loaded.stderr.strip())
    return {"before": before.stdout}


def keep(asked):
    run("systemctl", "stop", asked["unit"] + ".timer")
    return {}


print(json.dumps({"look": look, "load": load, "keep": keep}[sys.argv[1]](json.loads(sys.argv[2]))))
