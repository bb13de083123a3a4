# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access privileges: from aclitem texts to comparable grants, and from a difference to GRANT and REVOKE.

Source of the letters and of the default privileges: PostgreSQL documentation, section "Privileges" (ddl-priv).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

from .model import OWNER, Ddl, Grant, Hazard
from .quoting import ident, role

_LETTERS = {
    "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES", "t": "TRIGGER",
    "X": "EXECUTE", "U": "USAGE", "C": "CREATE", "c": "CONNECT", "T": "TEMPORARY", "m": "MAINTAIN",
}  # fmt: skip

# What an owner has, by class of object, and what PUBLIC has unless it was revoked.
_OWNER_LETTERS = {
    "table": "arwdDxt", "sequence": "rwU", "column": "", "routine": "X", "schema": "UC", "type": "U", "language": "U",
    "foreign data wrapper": "U", "foreign server": "U", "large object": "rw",
}  # fmt: skip
_PUBLIC_LETTERS = {"routine": "X", "type": "U", "language": "U"}

_ITEM = re.compile(r'(?P<grantee>"(?:[^"]|"")*"|[^=]*)=(?P<letters>[^/]*)/')


@lru_cache(maxsize=None)
def default_grants(acl_class: str, server_version: int) -> FrozenSet[Grant]:
    """The privileges of an object on which nobody has granted or revoked anything."""
    letters = _OWNER_LETTERS[acl_class]
    if acl_class == "table" and server_version >= 170000:
        letters += "m"
    grants = {Grant(OWNER, _LETTERS[letter], False) for letter in letters}
    grants |= {Grant("", _LETTERS[letter], False) for letter in _PUBLIC_LETTERS.get(acl_class, "")}
    return frozenset(grants)


def parse(
    items: Optional[Sequence[str]], acl_class: str, owner: Optional[str], server_version: int
) -> FrozenSet[Grant]:
    """Grants from the texts of an aclitem array; None stands for the default privileges."""
    if items is None:
        return default_grants(acl_class, server_version)
    grants = set()
    for item in items:
        match = _ITEM.match(item)
        if match is None:  # pragma: no cover - the server writes no other form
            raise ValueError("unknown form of an access privilege")
        grantee = match.group("grantee")
        if grantee.startswith('"'):
            grantee = grantee[1:-1].replace('""', '"')
        if grantee and grantee == owner:
            grantee = OWNER
        letters = match.group("letters")
        for position, letter in enumerate(letters):
            if letter in _LETTERS:
                # An owner can always grant: the option says nothing there.
                grantable = letters[position + 1 : position + 2] == "*" and grantee != OWNER
                grants.add(Grant(grantee, _LETTERS[letter], grantable))
    return frozenset(grants)


def difference(
    old: FrozenSet[Grant], new: FrozenSet[Grant], default: FrozenSet[Grant], prune: bool
) -> Tuple[FrozenSet[Grant], FrozenSet[Grant], FrozenSet[Grant]]:
    """(to grant, to revoke, extra and left).

    A privilege that the database has beyond the desired ones is revoked where the file revoked a default one, and
    where ``prune`` is set. Otherwise somebody granted it on purpose, and it is left and reported.
    """
    surplus = old - new
    held = {(grant.grantee, grant.privilege) for grant in new}
    # The same privilege with and without grant option: a change, not an extra.
    changed = frozenset(grant for grant in surplus if (grant.grantee, grant.privilege) in held)
    wider = frozenset(g for g in changed if g.grantable)
    revoke = frozenset(surplus - changed if prune else (surplus - changed) & default)
    if prune:
        revoke |= wider
    grant = new - old
    # Had with the grant option and wanted without: enough, unless prune takes the option back first.
    satisfied = frozenset(
        g for g in grant if not g.grantable and Grant(g.grantee, g.privilege, True) in old and not prune
    )
    left = surplus - revoke - frozenset(g for g in changed if not g.grantable)
    return grant - satisfied, revoke, frozenset(left)


def _grouped(grants: Iterable[Grant]) -> List[Tuple[str, bool, List[str]]]:
    groups: Dict[Tuple[str, bool], List[str]] = {}
    for grant in sorted(grants):
        groups.setdefault((grant.grantee, grant.grantable), []).append(grant.privilege)
    return [(grantee, grantable, privileges) for (grantee, grantable), privileges in sorted(groups.items())]


def statements(
    target: str, owner: Optional[str], grant: Iterable[Grant], revoke: Iterable[Grant], column: Optional[str] = None
) -> List[Ddl]:
    """GRANT and REVOKE for ``target`` (such as ``TABLE a.b``); with ``column``, for that column of the table."""
    result = []

    def listed(privileges: Sequence[str]) -> str:
        return ", ".join(f"{privilege} ({ident(column)})" if column else privilege for privilege in privileges)

    def named(grantee: str) -> str:
        if grantee == OWNER:
            return ident(owner) if owner else "CURRENT_USER"
        return role(grantee)

    for grantee, _grantable, privileges in _grouped(revoke):
        result.append(Ddl(f"REVOKE {listed(privileges)} ON {target} FROM {named(grantee)}"))
    for grantee, grantable, privileges in _grouped(grant):
        option = " WITH GRANT OPTION" if grantable else ""
        hazards = (Hazard("security_relaxation", f"{target}: granted to everybody"),) if grantee == "" else ()
        result.append(Ddl(f"GRANT {listed(privileges)} ON {target} TO {named(grantee)}{option}", hazards=hazards))
    return result


def text(grants: Iterable[Grant]) -> str:
    """Grants in one line, for reports."""
    shown = []
    for grantee, grantable, privileges in _grouped(grants):
        who = "the owner" if grantee == OWNER else role(grantee)
        shown.append(f"{', '.join(privileges)} to {who}{' with grant option' if grantable else ''}")
    return "; ".join(shown)
