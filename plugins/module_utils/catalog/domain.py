# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains with their constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, rename_ddl
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, literal
from .type_usage import columns_of_type, stored_inside

_NOT_VALID = " NOT VALID"


class Check(NamedTuple):
    """One check constraint; ``definition`` ends in NOT VALID where it was not validated."""

    name: str
    definition: str
    comment: Optional[str]


@dataclass(frozen=True)
class Domain(Object):
    """CREATE DOMAIN."""

    data_type: str
    collation: Optional[str]  # None: the type's own
    default: Optional[str]
    not_null: bool
    # The name of the NOT NULL constraint (17 and later) where it is not the one that PostgreSQL gives it.
    not_null_name: Optional[str]
    checks: Tuple[Check, ...]


def _query(_version: int) -> str:
    return """
        SELECT t.oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
               t.typacl::text[] AS acl, d.description AS comment, format_type(t.typbasetype, t.typtypmod) AS data_type,
               CASE WHEN t.typcollation <> b.typcollation THEN
                   (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                      FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
                     WHERE co.oid = t.typcollation) END AS collation,
               CASE WHEN t.typdefaultbin IS NOT NULL THEN pg_get_expr(t.typdefaultbin, 0) END AS "default",
               t.typnotnull AS not_null, nn.conname AS not_null_name, checks.list AS checks, checks.oids AS check_oids,
               nn.oid AS not_null_oid
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          JOIN pg_type b ON b.oid = t.typbasetype
          LEFT JOIN (SELECT k.contypid, array_agg(k.oid::bigint) AS oids,
                            array_agg(ARRAY[k.conname, pg_get_constraintdef(k.oid), kd.description]
                                      ORDER BY k.conname) AS list
                       FROM pg_constraint k
                       LEFT JOIN pg_description kd ON kd.objoid = k.oid AND kd.classoid = 'pg_constraint'::regclass
                      WHERE k.contypid <> 0 AND k.contype = 'c' GROUP BY k.contypid) checks ON checks.contypid = t.oid
          LEFT JOIN pg_constraint nn ON nn.contypid = t.oid AND nn.contype = 'n'
          LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s) AND t.typtype = 'd'
         ORDER BY n.nspname, t.typname"""


def _read(row: Any, context: ReadContext) -> Domain:
    given = row.not_null_name if row.not_null_name != f"{row.name}_not_null" else None
    return Domain(
        id=Identity("domain", row.schema, row.name),
        owner=context.owner(row.owner),
        acl=context.grants(row.acl, "type", row.owner),
        comment=row.comment,
        data_type=row.data_type,
        collation=row.collation,
        default=row.default,
        not_null=row.not_null,
        not_null_name=given,
        checks=tuple(Check(*each) for each in row.checks or ()),
    )


def _comment(domain: Domain, check: Check) -> Ddl:
    text = "NULL" if check.comment is None else literal(check.comment)
    return Ddl(f"COMMENT ON CONSTRAINT {ident(check.name)} ON DOMAIN {domain.id.relation} IS {text}")


def _add(domain: Domain, check: Check) -> str:
    return f"ALTER DOMAIN {domain.id.relation} ADD CONSTRAINT {ident(check.name)} {check.definition}"


def _create(domain: Domain, _context: Context) -> List[Ddl]:
    at_once = [check for check in domain.checks if not check.definition.endswith(_NOT_VALID)]
    words = [f"CONSTRAINT {ident(check.name)} {check.definition}" for check in at_once]
    later = [] if len(at_once) == len(domain.checks) else _checks(domain, at_once)
    return [Ddl(" ".join([_head(domain), *words]))] + later + _check_comments(domain)


def _head(domain: Domain) -> str:
    words = [f"CREATE DOMAIN {domain.id.relation} AS {domain.data_type}"]
    if domain.collation:
        words.append(f"COLLATE {domain.collation}")
    if domain.default is not None:
        words.append(f"DEFAULT {domain.default}")
    if domain.not_null:
        words.append(f"CONSTRAINT {ident(domain.not_null_name)} NOT NULL" if domain.not_null_name else "NOT NULL")
    return " ".join(words)


def _checks(domain: Domain, without: Sequence[Check] = ()) -> List[Ddl]:
    return [Ddl(_add(domain, check)) for check in domain.checks if check not in without]


def _check_comments(domain: Domain) -> List[Ddl]:
    return [_comment(domain, check) for check in domain.checks if check.comment is not None]


def _outline(domain: Domain) -> List[Ddl]:
    """The domain without its checks, which may call functions that take the domain; then these."""
    return [Ddl(_head(domain))] + _checks(domain) + _check_comments(domain) if domain.checks else []


def _hollow(domain: Domain) -> List[Ddl]:
    on = f"ALTER DOMAIN {domain.id.relation}"
    return [Ddl(f"{on} DROP CONSTRAINT {ident(check.name)}") for check in domain.checks]


def _alter(old: Domain, new: Domain, fields: FrozenSet[str], context: Context) -> Optional[List[Ddl]]:
    if fields & {"data_type", "collation"}:
        return None
    on = f"ALTER DOMAIN {new.id.relation}"
    had: Dict[str, Check] = {check.name: check for check in old.checks}
    wanted = {check.name: check for check in new.checks}
    tightened = [c for c in new.checks if c.name not in had or had[c.name].definition != c.definition]
    reads = [c for c in tightened if not c.definition.endswith(_NOT_VALID)]
    if (reads or (new.not_null and not old.not_null)) and stored_inside(context.live, old.id):
        return None  # PostgreSQL looks for the domain's values in plain columns only, and refuses otherwise
    columns = columns_of_type(context.live, old.id) if reads or "not_null" in fields else []
    rows = sum(context.table_facts(Identity("table", c.schema, c.name)).rows for c in columns)
    scan = (Hazard("blocking_scan", f"{new.id.relation}: about {rows} rows are checked"),) if columns else ()
    result = []
    if "default" in fields:
        result.append(Ddl(f"{on} SET DEFAULT {new.default}" if new.default is not None else f"{on} DROP DEFAULT"))
    if fields & {"not_null", "not_null_name"}:
        if old.not_null:
            result.append(Ddl(f"{on} DROP NOT NULL"))
        if new.not_null and new.not_null_name:
            result.append(Ddl(f"{on} ADD CONSTRAINT {ident(new.not_null_name)} NOT NULL", scan))
        elif new.not_null:
            result.append(Ddl(f"{on} SET NOT NULL", scan))
    for name, check in had.items():
        after = wanted.get(name)
        validated = after is not None and after.definition + _NOT_VALID == check.definition
        if after is None or (after.definition != check.definition and not validated):
            result.append(Ddl(f"{on} DROP CONSTRAINT {ident(name)}"))
    for check in tightened:
        before = had.get(check.name)
        if before is not None and check.definition + _NOT_VALID == before.definition:
            result.append(Ddl(f"{on} VALIDATE CONSTRAINT {ident(check.name)}", scan))
        else:
            result.append(Ddl(_add(new, check), scan if check in reads else ()))
    for check in new.checks:
        before = had.get(check.name)
        kept = before is not None and (
            before.definition == check.definition or before.definition == check.definition + _NOT_VALID
        )
        if check.comment != (before.comment if before is not None and kept else None):
            result.append(_comment(new, check))
    return result


def _drop(domain: Domain, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP DOMAIN {domain.id.relation}")]


def _rename(domain: Object, new: Identity) -> List[Ddl]:
    return rename_ddl("DOMAIN", domain, new)


def _addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_type"], row.oid, 0)]
    result += [(CATALOG_OIDS["pg_constraint"], oid, 0) for oid in row.check_oids or ()]
    if row.not_null_oid is not None:
        result.append((CATALOG_OIDS["pg_constraint"], row.not_null_oid, 0))
    return result


KIND = Kind(
    name="domain",
    rank=32,
    system_catalog="pg_type",
    keyword="DOMAIN",
    query=_query,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    rename=_rename,
    outline=_outline,
    hollow=_hollow,
    expressions=frozenset({"default", "checks"}),
    addresses=_addresses,
    acl_class="type",
    grant_keyword="TYPE",
)
