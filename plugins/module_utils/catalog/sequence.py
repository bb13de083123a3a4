# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequences, those of serial columns included. The one of an identity column belongs to its column."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, FrozenSet, List, NamedTuple, Optional

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Catalog, Ddl, Hazard, Identity, Object
from .quoting import ident, literal


class SequenceOptions(NamedTuple):
    """How a sequence counts; shared with identity columns."""

    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool


def clauses(options: SequenceOptions) -> List[str]:
    """The options, each as CREATE SEQUENCE takes it."""
    return [
        f"INCREMENT BY {options.increment}",
        f"MINVALUE {options.minimum}",
        f"MAXVALUE {options.maximum}",
        f"START WITH {options.start}",
        f"CACHE {options.cache}",
        "CYCLE" if options.cycle else "NO CYCLE",
    ]


def reposition(name: str, old: SequenceOptions, new: SequenceOptions) -> List[Ddl]:
    """What comes before a change of bounds or start, so that the position fits: PostgreSQL refuses it otherwise.

    A sequence that was never used goes to its new start; any other one stays where it is, or at the nearest bound.
    """
    if (old.start, old.minimum, old.maximum) == (new.start, new.minimum, new.maximum):
        return []
    result = []
    low, high = min(old.minimum, new.minimum), max(old.maximum, new.maximum)
    if (low, high) != (old.minimum, old.maximum):
        result.append(Ddl(f"ALTER SEQUENCE {name} MINVALUE {low} MAXVALUE {high}"))
    position = f"greatest(least(last_value, {new.maximum}), {new.minimum})"
    value = f"CASE WHEN is_called THEN {position} ELSE {new.start} END"
    return result + [Ddl(f"SELECT setval({literal(name)}, {value}, is_called) FROM {name}")]


def keep_position(name: str, column: Identity) -> Ddl:
    """Note where the sequence ``name`` stands that numbered ``column``: it goes, and another takes its place."""
    return Ddl(f"SELECT set_config({literal(_noted(column))}, last_value || ' ' || is_called, true) FROM {name}")


def take_position(name: str, column: Identity, options: SequenceOptions) -> Ddl:
    """Go on where the other one stood, unless this one is past that already."""
    beyond = ">" if options.increment > 0 else "<"
    return Ddl(
        f"SELECT setval({literal(name)}, noted.value) FROM {name} AS present, "
        f"(SELECT least(greatest(split_part(words, ' ', 1)::bigint, {options.minimum}), {options.maximum}) AS value, "
        "split_part(words, ' ', 2)::boolean AS called "
        f"FROM current_setting({literal(_noted(column))}) AS words) AS noted "
        f"WHERE noted.called AND (noted.value {beyond} present.last_value OR NOT present.is_called)"
    )


def _noted(column: Identity) -> str:
    return "schema_apply.position_" + hashlib.sha256("\x1f".join(column).encode()).hexdigest()[:16]


def is_succeeded(sequence: Object, live: Catalog, desired: Catalog) -> bool:
    """Whether the column that a sequence numbers gets an identity, and with it a sequence of its own."""
    column = sequence.parent
    if sequence.id.kind != "sequence" or column is None:
        return False
    before, after = live.get(column), desired.get(column)
    return before is not None and not getattr(before, "identity", "") and bool(getattr(after, "identity", ""))


@dataclass(frozen=True)
class Sequence(Object):
    """CREATE SEQUENCE."""

    data_type: str
    options: SequenceOptions
    unlogged: bool
    owned_by: Optional[Identity]  # a column

    @property
    def parent(self) -> Optional[Identity]:
        return self.owned_by


def _query(_version: int) -> str:
    return """
        SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
               c.relacl::text[] AS acl, d.description AS comment, c.relpersistence::text AS persistence,
               format_type(s.seqtypid, NULL) AS data_type, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
               s.seqcycle, tn.nspname AS table_schema, t.relname AS table_name,
               (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = o.refobjid AND a.attnum = o.refobjsubid)
                   AS column_name
          FROM pg_sequence s
          JOIN pg_class c ON c.oid = s.seqrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN (SELECT os.seqrelid, ou.refobjid, ou.refobjsubid, ou.deptype
                       FROM pg_depend ou JOIN pg_sequence os ON os.seqrelid = ou.objid
                      WHERE ou.classid = 'pg_class'::regclass AND ou.objsubid = 0 AND ou.deptype IN ('a', 'i')
                        AND ou.refclassid = 'pg_class'::regclass AND ou.refobjsubid > 0) o ON o.seqrelid = c.oid
          LEFT JOIN pg_class t ON t.oid = o.refobjid
          LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
           AND o.deptype IS DISTINCT FROM 'i'  -- the sequence of an identity column
         ORDER BY n.nspname, c.relname"""


def _read(row: Any, context: ReadContext) -> Sequence:
    owned_by = Identity("column", row.table_schema, row.table_name, row.column_name) if row.column_name else None
    return Sequence(
        id=Identity("sequence", row.schema, row.name),
        # PostgreSQL keeps the owner of an owned sequence equal to its table's.
        owner=None if owned_by else context.owner(row.owner),
        acl=context.grants(row.acl, "sequence", row.owner),
        comment=row.comment,
        data_type=row.data_type,
        options=SequenceOptions(row.seqstart, row.seqincrement, row.seqmin, row.seqmax, row.seqcache, row.seqcycle),
        unlogged=row.persistence == "u",
        owned_by=owned_by,
    )


def _create(sequence: Sequence, _context: Context) -> List[Ddl]:
    unlogged = "UNLOGGED " if sequence.unlogged else ""
    options = " ".join(clauses(sequence.options))
    return [Ddl(f"CREATE {unlogged}SEQUENCE {sequence.id.relation} AS {sequence.data_type} {options}")]


def attach(sequence: Sequence) -> List[Ddl]:
    """OWNED BY: a step of its own, since the column may come after the sequence."""
    if sequence.owned_by is None:
        return [Ddl(f"ALTER SEQUENCE {sequence.id.relation} OWNED BY NONE")]
    column = sequence.owned_by
    return [Ddl(f"ALTER SEQUENCE {sequence.id.relation} OWNED BY {column.relation}.{ident(column.part)}")]


def _alter(old: Sequence, new: Sequence, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    result = []
    if fields & {"data_type", "options"}:
        as_type = f" AS {new.data_type}" if "data_type" in fields else ""
        if as_type and new.data_type == "bigint":
            result.append(Ddl(f"ALTER SEQUENCE {new.id.relation} AS bigint"))
        result += reposition(new.id.relation, old.options, new.options)
        result.append(Ddl(f"ALTER SEQUENCE {new.id.relation}{as_type} {' '.join(clauses(new.options))}"))
    if "unlogged" in fields:
        result.append(Ddl(f"ALTER SEQUENCE {new.id.relation} SET {'UNLOGGED' if new.unlogged else 'LOGGED'}"))
    return result


def _drop(sequence: Sequence, context: Context) -> List[Ddl]:
    if sequence.owned_by is not None and is_succeeded(sequence, context.live, context.catalog):
        name = sequence.id.relation
        return [keep_position(name, sequence.owned_by), Ddl(f"DROP SEQUENCE {name}")]
    hazard = Hazard("data_loss", "the position of the sequence is forgotten")
    return [Ddl(f"DROP SEQUENCE {sequence.id.relation}", (hazard,))]


def _rename(sequence: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER SEQUENCE {sequence.id.relation} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="sequence",
    rank=40,
    system_catalog="pg_class",
    keyword="SEQUENCE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    addresses=lambda row: [(CATALOG_OIDS["pg_class"], row.oid, 0)],
    acl_class="sequence",
    grant_keyword="SEQUENCE",
    relation_name=lambda obj: str(obj.id.name),
)
