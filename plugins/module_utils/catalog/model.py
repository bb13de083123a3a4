# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that the engine passes along: identities, objects, a whole catalog, and pieces of DDL.

Everything here is immutable and holds no connection. An object's comparable attributes are its dataclass fields;
a field declared with ``compare=False`` is a fact (a size, an OID) that never makes two objects different.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .quoting import ident, qualified

# The catalogs whose rows have addresses: (pg_class oid of the catalog, oid of the row, column number or 0).
Address = Tuple[int, int, int]


class Identity(NamedTuple):
    """What an object is called: the same in every database that has it.

    ``name`` is the relation for what is part of one (columns, defaults, constraints, triggers, policies, rules), and
    ``part`` then names the part. For routines ``part`` holds the types of the input arguments.
    """

    kind: str
    schema: str = ""
    name: str = ""
    part: str = ""

    def __str__(self) -> str:
        name = qualified(self.schema, self.name) if self.schema else ident(self.name)
        if self.kind in TOLD_BY_PART:
            return f"{self.kind} {self.part}"
        if self.kind in WITH_SIGNATURE:
            return f"{self.kind} {name}({self.part})"
        return f"{self.kind} {name}.{ident(self.part)}" if self.part else f"{self.kind} {name}"

    @property
    def relation(self) -> str:
        """The quoted name of the relation (or other schema object) that the identity stands on."""
        return qualified(self.schema, self.name) if self.schema else ident(self.name)


# Kinds whose ``part`` is an argument list.
WITH_SIGNATURE = frozenset({"function", "procedure", "aggregate", "operator", "support function"})
# Kinds whose ``part`` says all.
TOLD_BY_PART = frozenset({"extension member", "extension dependency"})


class Secret(str):
    """A text that belongs to the database and into no report: its repr() does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"


OWNER = "\0owner"


class Grant(NamedTuple):
    """One privilege; grantee '' is PUBLIC and OWNER stands for whoever owns the object.

    ``grantor`` is somebody else where a role with grant option handed the privilege on.
    """

    grantee: str
    privilege: str
    grantable: bool
    grantor: str = OWNER


@dataclass(frozen=True)
class Object:
    """What all kinds have in common.

    ``owner`` is None where the kind has none, or where the source does not say whose the object is.
    ``acl`` is None where the kind has no privileges.
    """

    id: Identity
    owner: Optional[str]
    acl: Optional[FrozenSet[Grant]]
    comment: Optional[str]

    @property
    def parent(self) -> Optional[Identity]:
        """The object that this one cannot outlive, and that is dropped together with it."""
        return None


@dataclass(frozen=True)
class Facts:
    """What a hazard needs to know of a table: planner statistics, not counts."""

    rows: int = 0
    size: int = 0  # bytes


@dataclass(frozen=True)
class Hazard:
    """A reason to think before a step is run. ``kind`` is one of HAZARDS."""

    kind: str
    text: str


HAZARDS = {
    "data_loss": "rows or values would be gone",
    "table_rewrite": "the table is written anew while nobody can read it",
    "blocking_scan": "the whole table is read while nobody can write it",
    "blocking_index_build": "an index is built while nobody can write the table",
    "cast_can_fail": "a value that does not fit the new type stops the run",
    "dependent_rebuild": "an object is dropped and made again because something under it changes",
    "security_relaxation": "somebody may see or do more than before",
    "blocks_reads": "whoever reads or writes the table waits until the transaction ends",
    "blocks_writes": "whoever writes the table waits until the transaction ends",
}


@dataclass(frozen=True)
class Ddl:
    """One statement that a kind asks for.

    ``lock`` is the strongest lock taken on ``table``. ``invalidates``: PostgreSQL refuses the statement while views,
    rules, policies or triggers still stand on the object. ``breaks_transaction``: what it makes cannot be used before
    it is committed. ``late``: better run after the caller's own statements have filled in values. ``shown``: what
    reports and the ledger say instead of ``sql`` where that holds a secret.
    """

    sql: str
    hazards: Tuple[Hazard, ...] = ()
    lock: str = ""
    table: Optional[Identity] = None
    invalidates: bool = False
    breaks_transaction: bool = False
    late: bool = False
    shown: Optional[str] = None

    @property
    def text(self) -> str:
        """The statement as people may see it."""
        return self.sql if self.shown is None else self.shown


@dataclass(frozen=True)
class Catalog:
    """Everything that was read of one database.

    ``depends`` gives what each object stands on; ``unread`` describes objects in the managed schemas that no kind
    reads; ``ignored`` those that a pattern excludes.
    """

    server_version: int
    schemas: Tuple[str, ...]
    objects: Mapping[Identity, Object]
    depends: Mapping[Identity, FrozenSet[Identity]]
    facts: Mapping[Identity, Facts]
    unread: Tuple[str, ...] = ()
    ignored: Tuple[Identity, ...] = ()
    _parts: Dict[Identity, List[Identity]] = field(default_factory=dict, compare=False, repr=False)
    _named: Dict[str, List[Object]] = field(default_factory=dict, compare=False, repr=False)
    _heirs: Dict[Identity, List[Identity]] = field(default_factory=dict, compare=False, repr=False)

    def get(self, identity: Identity) -> Optional[Object]:
        """The object of that identity, or None."""
        return self.objects.get(identity)

    def parts(self, identity: Identity, kind: str) -> Iterator[Any]:
        """The objects of a kind whose parent is ``identity``, in the order in which the database has them."""
        if not self._parts:
            for obj in self.objects.values():
                if obj.parent is not None:
                    self._parts.setdefault(obj.parent, []).append(obj.id)
        return (self.objects[part] for part in self._parts.get(identity, ()) if part.kind == kind)

    def constraints_named(self, name: str) -> List[Object]:
        """The constraints of that name, whatever their table; a NOT NULL is its column's."""
        if not self._named:
            self._named[""] = []
            for obj in self.objects.values():
                if obj.id.kind == "column":
                    self._named.setdefault(getattr(obj, "not_null_name", ""), []).append(obj)
                elif obj.id.kind == "constraint":
                    self._named.setdefault(obj.id.part, []).append(obj)
        return self._named.get(name, [])

    def heirs(self, table: Identity) -> List[Identity]:
        """The tables that inherit from a table directly, its partitions among them."""
        if not self._heirs:
            self._heirs[Identity("")] = []
            for obj in self.objects.values():
                for parent in getattr(obj, "inherits", ()):
                    self._heirs.setdefault(Identity("table", *parent), []).append(obj.id)
        return self._heirs.get(table, [])
