# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access privileges: from aclitem texts to comparable grants, and from a difference to GRANT and REVOKE.

Source of the letters and of the default privileges: PostgreSQL documentation, section "Privileges" (ddl-priv).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .model import OWNER, Ddl, Grant, Hazard, Object
from .quoting import do_block, ident, role

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

_ROLE = r'"(?:[^"]|"")*"|[^=/]*'
_ITEM = re.compile(rf"(?P<grantee>{_ROLE})=(?P<letters>[^/]*)/(?P<grantor>{_ROLE})\Z")


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
        grantee, grantor = (_named(match.group(which), owner) for which in ("grantee", "grantor"))
        letters = match.group("letters")
        for position, letter in enumerate(letters):
            if letter in _LETTERS:
                # An owner can always grant: the option says nothing there.
                grantable = letters[position + 1 : position + 2] == "*" and grantee != OWNER
                grants.add(Grant(grantee, _LETTERS[letter], grantable, grantor))
    return frozenset(grants)


def _named(role_text: str, owner: Optional[str]) -> str:
    name = role_text[1:-1].replace('""', '"') if role_text.startswith('"') else role_text
    return OWNER if name and name == owner else name


def handed_over(grants: FrozenSet[Grant], new_owner: str) -> FrozenSet[Grant]:
    """The privileges once the object belongs to ``new_owner``: what that role had or had granted is the owner's."""
    result: Dict[Tuple[str, str, str], bool] = {}
    for grant in grants:
        grantee, grantor = (OWNER if name == new_owner else name for name in (grant.grantee, grant.grantor))
        key = (grantee, grant.privilege, grantor)
        result[key] = grantee != OWNER and (result.get(key, False) or grant.grantable)
    return frozenset(
        Grant(grantee, privilege, grantable, grantor) for (grantee, privilege, grantor), grantable in result.items()
    )


def comparable(old: Object, new: Object) -> Tuple[FrozenSet[Grant], FrozenSet[Grant]]:
    """The privileges of both, as they are once the object belongs to the owner that it will have."""
    owner = new.owner or old.owner
    had, wanted = old.acl or frozenset(), new.acl or frozenset()
    return (handed_over(had, owner), handed_over(wanted, owner)) if owner else (had, wanted)


def difference(
    old: FrozenSet[Grant], new: FrozenSet[Grant], default: FrozenSet[Grant], prune: bool
) -> Tuple[FrozenSet[Grant], FrozenSet[Grant], FrozenSet[Grant]]:
    """(to grant, to revoke, extra and left).

    A privilege that the database has beyond the desired ones is revoked where the file revoked a default one, and
    where ``prune`` is set. Otherwise somebody granted it on purpose, and it is left and reported.
    """
    surplus = old - new
    held = {grant._replace(grantable=False) for grant in new}
    # The same privilege with and without grant option: a change, not an extra.
    changed = frozenset(grant for grant in surplus if grant._replace(grantable=False) in held)
    wider = frozenset(g for g in changed if g.grantable)
    revoke = frozenset(surplus - changed if prune else (surplus - changed) & default)
    if prune:
        revoke |= wider
    grant = new - old
    # Had with the grant option and wanted without: enough, unless prune takes the option back first.
    satisfied = frozenset(g for g in grant if not g.grantable and g._replace(grantable=True) in old and not prune)
    left = surplus - revoke - frozenset(g for g in changed if not g.grantable)
    return grant - satisfied, revoke, frozenset(left)


class _Group(NamedTuple):
    """Privileges of one grantee that one statement names. ``distance``: how many hands they come through."""

    distance: int
    grantee: str
    grantable: bool
    grantor: str
    privileges: List[str]


def _grouped(grants: Iterable[Grant]) -> List[_Group]:
    listed = sorted(grants)
    groups: Dict[Tuple[int, str, bool, str], List[str]] = {}
    for grant in listed:
        key = (_distance(grant, listed), grant.grantee, grant.grantable, grant.grantor)
        groups.setdefault(key, []).append(grant.privilege)
    return [_Group(*key, privileges) for key, privileges in sorted(groups.items())]


def _distance(grant: Grant, others: Sequence[Grant]) -> int:
    """0 for what the owner has granted; what somebody hands on comes after what he was given."""
    if grant.grantor == OWNER:
        return 0
    given = [each for each in others if (each.grantee, each.privilege) == (grant.grantor, grant.privilege)]
    return 1 + max((_distance(each, others) for each in given), default=0)


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

    for group in reversed(_grouped(revoke)):
        sql = f"REVOKE {listed(group.privileges)} ON {target} FROM {named(group.grantee)}"
        result.append(Ddl(_as_grantor(sql, group.grantor)))
    for group in _grouped(grant):
        option = " WITH GRANT OPTION" if group.grantable else ""
        hazards = (Hazard("security_relaxation", f"{target}: granted to everybody"),) if group.grantee == "" else ()
        sql = f"GRANT {listed(group.privileges)} ON {target} TO {named(group.grantee)}{option}"
        result.append(Ddl(_as_grantor(sql, group.grantor), hazards=hazards))
    return result


def _as_grantor(sql: str, grantor: str) -> str:
    """The statement, in the name of ``grantor``: who runs the plan can only grant as the owner."""
    if grantor == OWNER:
        return sql
    body = f"""
DECLARE
    before text := current_setting('role');
BEGIN
    SET LOCAL ROLE {ident(grantor)};
    {sql};
    PERFORM set_config('role', before, true);
END """
    return do_block(body, "grant")


def text(grants: Iterable[Grant]) -> str:
    """Grants in one line, for reports."""
    shown = []
    for group in _grouped(grants):
        who = "the owner" if group.grantee == OWNER else role(group.grantee)
        option = " with grant option" if group.grantable else ""
        by = "" if group.grantor == OWNER else f" (granted by {role(group.grantor)})"
        shown.append(f"{', '.join(group.privileges)} to {who}{option}{by}")
    return "; ".join(shown)
