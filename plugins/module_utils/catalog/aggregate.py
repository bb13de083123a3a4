# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aggregates: plain, ordered-set and hypothetical-set ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Identity, Object
from .quoting import ident, literal, qualified


@dataclass(frozen=True)
class Aggregate(Object):
    """CREATE AGGREGATE. ``arguments`` has ORDER BY where the aggregate is an ordered-set one."""

    arguments: str
    settings: Tuple[Tuple[str, str], ...]


# Word in CREATE AGGREGATE -> column of the query, for what is a function.
_FUNCTIONS = (
    ("SFUNC", "aggtransfn"),
    ("FINALFUNC", "aggfinalfn"),
    ("COMBINEFUNC", "aggcombinefn"),
    ("SERIALFUNC", "aggserialfn"),
    ("DESERIALFUNC", "aggdeserialfn"),
    ("MSFUNC", "aggmtransfn"),
    ("MINVFUNC", "aggminvtransfn"),
    ("MFINALFUNC", "aggmfinalfn"),
)
_MODIFY = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}


def _query(_version: int) -> str:
    functions = ", ".join(f"a.{column}::text" for _word, column in _FUNCTIONS)
    return f"""
        SELECT p.oid, n.nspname AS schema, p.proname AS name, oidvectortypes(p.proargtypes) AS types,
               pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_userbyid(p.proowner) AS owner,
               p.proacl::text[] AS acl, d.description AS comment, a.aggkind::text AS kind, {functions},
               format_type(a.aggtranstype, NULL) AS state_type, a.aggtransspace AS space,
               CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS moving_state_type,
               a.aggmtransspace AS moving_space, a.agginitval AS initial, a.aggminitval AS moving_initial,
               a.aggfinalextra AS extra, a.aggmfinalextra AS moving_extra, a.aggfinalmodify::text AS modify,
               a.aggmfinalmodify::text AS moving_modify,
               CASE WHEN a.aggsortop <> 0 THEN (SELECT quote_ident(on_.nspname) || '.' || o.oprname
                   FROM pg_operator o JOIN pg_namespace on_ ON on_.oid = o.oprnamespace WHERE o.oid = a.aggsortop)
               END AS sort_operator, p.proparallel::text AS parallel
          FROM pg_aggregate a
          JOIN pg_proc p ON p.oid = a.aggfnoid
          JOIN pg_namespace n ON n.oid = p.pronamespace
          LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, p.proname, 4"""


def _settings(row: Any) -> List[Tuple[str, str]]:
    ordered = row.kind != "n"
    functions = {word: getattr(row, column) for word, column in _FUNCTIONS}
    settings = [(word, value) for word, value in functions.items() if value not in (None, "-")]
    settings.append(("STYPE", row.state_type))
    # What the final functions may do to the state: ordered-set aggregates have another default.
    usual = "w" if ordered else "r"
    for word, value in (
        ("SSPACE", str(row.space) if row.space else None),
        ("INITCOND", literal(row.initial) if row.initial is not None else None),
        ("MSTYPE", row.moving_state_type),
        ("MSSPACE", str(row.moving_space) if row.moving_space else None),
        ("MINITCOND", literal(row.moving_initial) if row.moving_initial is not None else None),
        ("FINALFUNC_MODIFY", _MODIFY[row.modify] if row.modify != usual else None),
        ("MFINALFUNC_MODIFY", _MODIFY[row.moving_modify] if row.moving_modify != usual else None),
        ("SORTOP", f"OPERATOR({row.sort_operator})" if row.sort_operator else None),
        ("PARALLEL", _PARALLEL[row.parallel] if row.parallel != "u" else None),
        ("FINALFUNC_EXTRA", "" if row.extra else None),
        ("MFINALFUNC_EXTRA", "" if row.moving_extra else None),
        ("HYPOTHETICAL", "" if row.kind == "h" else None),
    ):
        if value is not None:
            settings.append((word, value))
    return settings


def _read(row: Any, context: ReadContext) -> Aggregate:
    return Aggregate(
        id=Identity("aggregate", row.schema, row.name, row.types),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "routine", row.owner),
        comment=row.comment,
        arguments=row.arguments,
        settings=tuple(_settings(row)),
    )


def _target(aggregate: Any) -> str:
    return f"{qualified(aggregate.id.schema, aggregate.id.name)}({aggregate.arguments or '*'})"


def _write(aggregate: Aggregate, replace: str) -> List[Ddl]:
    settings = ",\n    ".join(f"{word} = {value}" if value else word for word, value in aggregate.settings)
    return [Ddl(f"CREATE {replace}AGGREGATE {_target(aggregate)} (\n    {settings}\n)")]


def _create(aggregate: Aggregate, _context: Context) -> List[Ddl]:
    return _write(aggregate, "")


def _alter(old: Aggregate, new: Aggregate, fields: FrozenSet[str], _context: Context) -> Optional[List[Ddl]]:
    # OR REPLACE keeps the result's type, the arguments' names and the sort of aggregate.
    decisive = ("STYPE", "FINALFUNC", "HYPOTHETICAL")
    if "arguments" in fields or [s for s in old.settings if s[0] in decisive] != [
        s for s in new.settings if s[0] in decisive
    ]:
        return None
    return _write(new, "OR REPLACE ")


def _drop(aggregate: Aggregate, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP AGGREGATE {_target(aggregate)}")]


def _rename(aggregate: Object, new: Identity) -> List[Ddl]:
    return [Ddl(f"ALTER AGGREGATE {_target(aggregate)} RENAME TO {ident(new.name)}")]


KIND = Kind(
    name="aggregate",
    rank=47,
    system_catalog="pg_proc",
    keyword="AGGREGATE",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    target=_target,
    addresses=lambda row: [(CATALOG_OIDS["pg_proc"], row.oid, 0)],
    acl_class="routine",
    # GRANT has no word for aggregates: a function's does.
    grant_keyword="FUNCTION",
)
