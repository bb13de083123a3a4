# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a connection to a catalog, in a number of queries that does not depend on how much is in the database."""

from __future__ import annotations

import fnmatch
import gc
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..driver import NamedTupleCursor, extensions
from . import inventory
from .kind import CATALOG_OIDS, ReadContext
from .kinds import KINDS
from .model import Address, Catalog, Facts, Identity, Object

# Texts that the server makes of its catalogs depend on these; pinned, equal objects give equal texts.
PINNED_SETTINGS = {
    "search_path": "",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "lc_monetary": "C",
    # The queries are many and small in what they give; compiling them would cost more than it saves.
    "jit": "off",
    "client_min_messages": "warning",
}

# The catalogs of a database that was made a moment ago have no statistics: the planner believes in a handful of rows,
# and joins thousands with thousands in loops. Set while the catalog is read, and for nothing else.
# Workers beside would cost the server more than they save here.
_READING = """
    SELECT set_config('enable_nestloop', 'off', false), set_config('work_mem', '32MB', false),
           set_config('max_parallel_workers_per_gather', '0', false)"""
_READ = "RESET enable_nestloop; RESET work_mem; RESET max_parallel_workers_per_gather"

_SCHEMAS = """
    SELECT nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = pg_namespace.oid
                          AND e.deptype = 'e')
     ORDER BY nspname"""

_MEMBERS = "SELECT classid, objid, 0, refobjid FROM pg_depend WHERE deptype = 'e'"

# Types that stand for another object: arrays for their elements.
_ARRAYS = """
    SELECT t.oid, t.typelem FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = ANY(%(schemas)s) AND t.typelem <> 0 AND t.typcategory = 'A'"""

# Objects below 16384 come with the server (src/include/access/transam.h, FirstNormalObjectId). Most of what there is
# ties row and array types to their own, triggers to the foreign keys that they carry out, TOAST to its table, the parts
# of a partition to it, a key's index to the key, a default and (from 18 on) a NOT NULL to its column.
_DEPENDS = """
    SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid FROM pg_depend
     WHERE objid >= 16384 AND refobjid >= 16384 AND deptype NOT IN ('e', 'S') AND refclassid <> 'pg_namespace'::regclass
       AND NOT (deptype = 'i' AND classid IN ('pg_type'::regclass, 'pg_trigger'::regclass))
       AND NOT (deptype = 'i' AND classid = 'pg_class'::regclass AND refclassid = 'pg_constraint'::regclass)
       AND NOT (classid = 'pg_class'::regclass
                AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace))
       AND NOT (classid = 'pg_constraint'::regclass AND objid IN (SELECT oid FROM pg_constraint WHERE contype = 'n'))
       AND NOT (deptype = 'a' AND classid = 'pg_attrdef'::regclass
                AND (objid, refobjsubid) IN (SELECT oid, adnum::int FROM pg_attrdef))"""

_CASTS = """
    SELECT format_type(castsource, NULL), format_type(casttarget, NULL), castcontext::text FROM pg_cast"""


def pin_settings(connection: Any) -> None:
    """Make the session's texts comparable. Kept for the life of the session unless the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS s(name, value)",
            (list(PINNED_SETTINGS), list(PINNED_SETTINGS.values())),
        )


def read_casts(connection: Any) -> Dict[Tuple[str, str], str]:
    """(source type, target type) -> i(mplicit), a(ssignment) or e(xplicit)."""
    with connection.cursor() as cursor:
        cursor.execute(_CASTS)
        return {(source, target): context for source, target, context in cursor.fetchall()}


def ignores(patterns: Sequence[str], identity: Identity) -> bool:
    """Whether a pattern names the object, or the relation that it is a part of.

    A pattern is a glob over "schema.name", or over "kind schema.name" where it holds a blank.
    """
    name = f"{identity.schema}.{identity.name}" if identity.schema else identity.name
    whole = f"{name}.{identity.part}" if identity.part else name
    for pattern in patterns:
        candidates = (f"{identity.kind} {name}", f"{identity.kind} {whole}") if " " in pattern else (name, whole)
        if any(fnmatch.fnmatchcase(candidate, pattern) for candidate in candidates):
            return True
    return False


def _stands_on(obj: Object) -> Optional[Identity]:
    """The table of an index, a constraint, a statistics object: with an ignored table they are ignored as well."""
    relation = getattr(obj, "relation", None)
    return relation if isinstance(relation, Identity) else obj.parent


_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view"})
_PARTS = frozenset({"default", "constraint", "constraint index", "identity sequence", "trigger", "rule"})


def _is_part_of(obj: Object, relations: Set[Tuple[str, str]]) -> bool:
    """Whether an object belongs to one of those relations, which came with an extension. Policies do not: nobody but
    the file could have made them."""
    if obj.id.kind in _PARTS:
        return (obj.id.schema, obj.id.name) in relations
    whole = _stands_on(obj) if obj.id.kind in ("index", "statistics") else None
    return whole is not None and (whole.schema, whole.name) in relations


def read(
    connection: Any,
    schemas: Optional[Sequence[str]] = None,
    unspecified_owner: Optional[str] = None,
    ignore: Sequence[str] = (),
) -> Catalog:
    """Read the objects of ``schemas`` (None: of every schema that is not the system's) and of the whole database.

    Objects owned by ``unspecified_owner`` get the owner None. Objects that match a pattern of ``ignore`` are left out
    and named in ``Catalog.ignored``. Takes no lock that outlives the caller's transaction.
    """
    with in_bulk(connection):
        return _read(connection, schemas, unspecified_owner, ignore)


@contextmanager
def in_bulk(connection: Any) -> Iterator[None]:
    """Read much at once: the server joins by hashing, and nothing here looks for garbage among what is kept."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with connection.cursor() as cursor:
            cursor.execute(_READING)
        try:
            yield
        finally:
            # A transaction that failed takes the settings back by itself.
            if not connection.closed and connection.info.transaction_status != extensions.TRANSACTION_STATUS_INERROR:
                with connection.cursor() as cursor:
                    cursor.execute(_READ)
    finally:
        if collecting:
            if gc.get_freeze_count() == 0:
                gc.freeze()  # what was made is old at once, and need not be looked through for that
                gc.unfreeze()
            gc.enable()


class Query(NamedTuple):
    """A query of catalogs; ``named``: its rows have names for their columns."""

    sql: str
    named: bool = True


def _read(
    connection: Any, schemas: Optional[Sequence[str]], unspecified_owner: Optional[str], ignore: Sequence[str]
) -> Catalog:
    context = ReadContext(connection.server_version, unspecified_owner)
    everything = schemas is None
    with ExitStack() as stack:
        plain = stack.enter_context(connection.cursor())
        if schemas is None:
            plain.execute(_SCHEMAS)
            schemas = [row[0] for row in plain.fetchall()]
        parameters = {"schemas": list(schemas)}
        plain.execute(_MEMBERS)
        members: Dict[Address, int] = {(row[0], row[1], row[2]): row[3] for row in plain.fetchall()}
        objects: Dict[Identity, Object] = {}
        addresses: Dict[Address, Identity] = {}
        facts: Dict[Identity, Facts] = {}
        parents: Dict[Identity, Identity] = {}
        ignored: List[Identity] = []
        left_alone: Set[Identity] = set()
        theirs: Set[Tuple[str, str]] = set()
        superuser = connection.info.parameter_status("is_superuser") == "on"
        listed = inventory.inventory(plain, schemas)
        present = {each.classid for each in listed if (each.classid, each.objid, 0) not in members}
        kinds = [
            kind
            for kind in KINDS
            if kind.system_catalog not in inventory.LISTED or CATALOG_OIDS[kind.system_catalog] in present
        ]
        queries = [
            Query((kind.superuser_query if superuser and kind.superuser_query else kind.query)(context.server_version))
            for kind in kinds
        ]
        queries += [Query(_ARRAYS, named=False), Query(_DEPENDS, named=False)]
        results = stack.enter_context(_results(connection, queries, parameters))
        for kind, rows in zip(kinds, results):
            if kind.order is not None:
                rows.sort(key=kind.order)
            for row in rows:
                found = kind.addresses(row)
                extension = members.get((found[0][0], found[0][1], 0)) if found else None
                if extension is not None:
                    members.update((address, extension) for address in found)
                    if kind.name in _RELATIONS:
                        member = kind.read(row, context)
                        theirs.update([(member.id.schema, member.id.name)] if member is not None else [])
                    continue
                obj = kind.read(row, context)
                if obj is None:
                    continue
                for address in found:
                    addresses[address] = obj.id
                if ignore and (ignores(ignore, obj.id) or _stands_on(obj) in left_alone):
                    ignored.append(obj.id)
                    left_alone.add(obj.id)
                    continue
                objects[obj.id] = obj
                parent = obj.parent
                if parent is not None and kind.name != "sequence":
                    parents[obj.id] = parent
                if kind.facts is not None:
                    facts[obj.id] = kind.facts(row)
        for part in [obj.id for obj in objects.values() if theirs and _is_part_of(obj, theirs)]:
            del objects[part]
        _add_members(addresses, members)
        for array, element in next(results):
            identity = addresses.get((CATALOG_OIDS["pg_type"], element, 0))
            if identity is not None:
                addresses[(CATALOG_OIDS["pg_type"], array, 0)] = identity
        depends = _dependencies(next(results), addresses, parents, objects)
        unread = inventory.labels(plain, addresses, schemas)
        unread += inventory.describe(
            plain,
            [
                each
                for each in listed
                if (everything or not each.wide)
                and (each.classid, each.objid, 0) not in addresses
                and (each.classid, each.objid, 0) not in members
            ],
        )
    return Catalog(
        server_version=context.server_version,
        schemas=tuple(schemas),
        objects=objects,
        depends=depends,
        facts=facts,
        unread=tuple(unread),
        ignored=tuple(ignored),
    )


# How many results at most wait for their turn, each of them held in memory.
_AHEAD = 4


@contextmanager
def _results(connection: Any, queries: Sequence[Query], parameters: Mapping[str, Any]) -> Iterator[Iterator[List[Any]]]:
    """The rows of each query. While they are dealt with here, the server is at work on the next ones.

    Meanwhile the connection is the other thread's, until all rows have been fetched or the block ends.
    """
    waiting: Any = deque()  # of futures; neither type takes a parameter before Python 3.9

    def fetched() -> Iterator[List[Any]]:
        for query in queries:
            waiting.append(ahead.submit(_executed, connection, query, parameters))
            if len(waiting) > _AHEAD:
                yield _fetched(waiting.popleft())
        while waiting:
            yield _fetched(waiting.popleft())

    with ThreadPoolExecutor(max_workers=1) as ahead:
        try:
            yield fetched()
        finally:
            for each in waiting:
                each.cancel()


def _executed(connection: Any, query: Query, parameters: Mapping[str, Any]) -> Any:
    cursor = connection.cursor(cursor_factory=NamedTupleCursor) if query.named else connection.cursor()
    cursor.execute(query.sql, parameters)
    return cursor


def _fetched(future: Any) -> List[Any]:
    with future.result() as cursor:
        rows: List[Any] = cursor.fetchall()
    return rows


def _add_members(addresses: Dict[Address, Identity], members: Mapping[Address, int]) -> None:
    """What depends on a member of an extension depends on the extension."""
    for member, extension in members.items():
        identity = addresses.get((CATALOG_OIDS["pg_extension"], extension, 0))
        if identity is not None:
            addresses.setdefault(member, identity)


def _dependencies(
    rows: Iterable[Any],
    addresses: Mapping[Address, Identity],
    parents: Mapping[Identity, Identity],
    objects: Mapping[Identity, Object],
) -> Dict[Identity, FrozenSet[Identity]]:
    """What each object stands on, by the rows of pg_depend; ``parents`` are those of the objects, by objects."""
    found: Dict[Identity, Set[Identity]] = {}
    at = addresses.get
    for row in rows:
        child = at(row[:3]) or (at((row[0], row[1], 0)) if row[2] else None)
        if child is None:
            continue
        base = at(row[3:]) or (at((row[3], row[4], 0)) if row[5] else None)
        if base is None or base is child or base == child:
            continue
        if child in found:
            found[child].add(base)
        else:
            found[child] = {base}
    depends = {identity: frozenset((parent,)) for identity, parent in parents.items()}
    for identity, bases in found.items():
        # An ignored object may stand on a managed one; what is done about that is for PostgreSQL to refuse.
        if identity in objects:
            depends[identity] = depends[identity] | bases if identity in depends else frozenset(bases)
    for identity, obj in objects.items():
        # A sequence that a column owns can be there before the column.
        if identity.kind == "sequence" and obj.parent is not None and identity in depends:
            depends[identity] = depends[identity] - {obj.parent}
    return depends
