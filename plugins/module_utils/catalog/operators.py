# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext
from .model import Ddl, Identity, Object
from .quoting import ident


@dataclass(frozen=True)
class Operator(Object):
    """CREATE OPERATOR."""

    left: Optional[str]
    right: Optional[str]
    function: str
    commutator: Optional[str]
    negator: Optional[str]
    restrict: Optional[str]
    join: Optional[str]
    hashes: bool
    merges: bool


def _query(_version: int) -> str:
    # An operator that is named as another's commutator but was never made has no function: that one is reported.
    return """
        SELECT o.oid, n.nspname AS schema, o.oprname AS name, pg_get_userbyid(o.oprowner) AS owner,
               CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS "left",
               CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END AS "right", o.oprcode::text AS function,
               (SELECT 'OPERATOR(' || quote_ident(cn.nspname) || '.' || c.oprname || ')' FROM pg_operator c
                  JOIN pg_namespace cn ON cn.oid = c.oprnamespace WHERE c.oid = o.oprcom) AS commutator,
               (SELECT 'OPERATOR(' || quote_ident(gn.nspname) || '.' || g.oprname || ')' FROM pg_operator g
                  JOIN pg_namespace gn ON gn.oid = g.oprnamespace WHERE g.oid = o.oprnegate) AS negator,
               nullif(o.oprrest::text, '-') AS restrict, nullif(o.oprjoin::text, '-') AS join_function,
               o.oprcanhash AS hashes, o.oprcanmerge AS merges, d.description AS comment
          FROM pg_operator o
          JOIN pg_namespace n ON n.oid = o.oprnamespace
          LEFT JOIN pg_description d ON d.objoid = o.oid AND d.classoid = 'pg_operator'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND o.oprcode <> 0
         ORDER BY n.nspname, o.oprname, 5, 6"""


def _read(row: Any, context: ReadContext) -> Operator:
    return Operator(
        id=Identity("operator", row.schema, row.name, f"{row.left or 'NONE'}, {row.right or 'NONE'}"),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        left=row.left,
        right=row.right,
        function=row.function,
        commutator=row.commutator,
        negator=row.negator,
        restrict=row.restrict,
        join=row.join_function,
        hashes=row.hashes,
        merges=row.merges,
    )


def _target(operator: Object) -> str:
    return f"{ident(operator.id.schema)}.{operator.id.name} ({operator.id.part})"


def _create(operator: Operator, _context: Context) -> List[Ddl]:
    words = [f"FUNCTION = {operator.function}"]
    for word, value in (
        ("LEFTARG", operator.left),
        ("RIGHTARG", operator.right),
        ("COMMUTATOR", operator.commutator),
        ("NEGATOR", operator.negator),
        ("RESTRICT", operator.restrict),
        ("JOIN", operator.join),
    ):
        if value:
            words.append(f"{word} = {value}")
    words += (["HASHES"] if operator.hashes else []) + (["MERGES"] if operator.merges else [])
    return [Ddl(f"CREATE OPERATOR {ident(operator.id.schema)}.{operator.id.name} ({', '.join(words)})")]


def _settings(operator: Operator, fields: FrozenSet[str]) -> Tuple[str, ...]:
    values = (
        ("restrict", f"RESTRICT = {operator.restrict or 'NONE'}"),
        ("join", f"JOIN = {operator.join or 'NONE'}"),
        ("commutator", f"COMMUTATOR = {operator.commutator}"),
        ("negator", f"NEGATOR = {operator.negator}"),
        ("hashes", "HASHES"),
        ("merges", "MERGES"),
    )
    return tuple(text for field, text in values if field in fields)


def _alter(old: Operator, new: Operator, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    once = fields & {"commutator", "negator", "hashes", "merges"}
    # From 17 on these can be set where they were not, and never taken away again.
    if once and (context.server_version < 170000 or any(getattr(old, field) for field in once)):
        return None
    if fields & {"left", "right", "function"}:
        return None
    return [Ddl(f"ALTER OPERATOR {_target(new)} SET ({', '.join(_settings(new, fields))})")]


def _drop(operator: Operator, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP OPERATOR {_target(operator)}")]


KIND = Kind(
    name="operator",
    rank=48,
    system_catalog="pg_operator",
    keyword="OPERATOR",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    target=_target,
    addresses=lambda row: [(CATALOG_OIDS["pg_operator"], row.oid, 0)],
)
