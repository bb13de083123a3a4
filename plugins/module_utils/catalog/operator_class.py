# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operator classes and families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, List, Optional, Tuple

from .kind import CATALOG_OIDS, Context, Kind, ReadContext, always_rebuild
from .model import Ddl, Hazard, Identity, Object
from .quoting import ident, qualified


@dataclass(frozen=True)
class OperatorFamily(Object):
    """CREATE OPERATOR FAMILY, with the members that belong to no class of it. The identity's part is the method."""

    members: FrozenSet[Tuple[str, str]]  # (what DROP names, what ADD takes)


@dataclass(frozen=True)
class OperatorClass(Object):
    """CREATE OPERATOR CLASS. The identity's part is the index access method."""

    data_type: str
    default: bool
    family: Tuple[str, str]
    storage: Optional[str]
    members: FrozenSet[str]


def _members(owner: str) -> str:
    """Rows (owner's oid, what DROP names, what ADD takes, class and oid of the member)."""
    return f"""
        SELECT d.refobjid AS of,
               'OPERATOR ' || o.amopstrategy || ' (' || format_type(o.amoplefttype, NULL) || ', '
                   || format_type(o.amoprighttype, NULL) || ')' AS name,
               'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator::text
                   || CASE WHEN o.amoppurpose = 'o' THEN ' FOR ORDER BY ' || (
                        SELECT quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) FROM pg_opfamily f
                          JOIN pg_namespace fn ON fn.oid = f.opfnamespace WHERE f.oid = o.amopsortfamily)
                      ELSE '' END AS text,
               true AS is_operator, o.oid
          FROM pg_amop o
          JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND d.objid = o.oid AND d.refclassid = '{owner}'::regclass
                          AND d.deptype IN ('i', 'a')
        UNION ALL
        SELECT d.refobjid,
               'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, NULL) || ', '
                   || format_type(p.amprocrighttype, NULL) || ')',
               'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, NULL) || ', '
                   || format_type(p.amprocrighttype, NULL) || ') ' || p.amproc::regprocedure::text, false, p.oid
          FROM pg_amproc p
          JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass AND d.objid = p.oid
                          AND d.refclassid = '{owner}'::regclass AND d.deptype IN ('i', 'a')"""


def _gathered(owner: str) -> str:
    return f"""
        SELECT m.of, array_agg(ARRAY[m.name, m.text]) AS list,
               array_agg(m.oid::bigint) FILTER (WHERE m.is_operator) AS operator_oids,
               array_agg(m.oid::bigint) FILTER (WHERE NOT m.is_operator) AS function_oids
          FROM ({_members(owner)}) m GROUP BY m.of"""


def _member_addresses(row: Any) -> List[Any]:
    result = [(CATALOG_OIDS["pg_amop"], oid, 0) for oid in row.operator_oids or ()]
    return result + [(CATALOG_OIDS["pg_amproc"], oid, 0) for oid in row.function_oids or ()]


def _target(obj: Object) -> str:
    return f"{qualified(obj.id.schema, obj.id.name)} USING {ident(obj.id.part)}"


def _rename(keyword: str, obj: Object, new: Identity) -> List[Ddl]:
    result = []
    method = f"USING {ident(obj.id.part)}"
    if obj.id.schema != new.schema:
        result.append(Ddl(f"ALTER {keyword} {_target(obj)} SET SCHEMA {ident(new.schema)}"))
    if obj.id.name != new.name:
        name = qualified(new.schema, obj.id.name)
        result.append(Ddl(f"ALTER {keyword} {name} {method} RENAME TO {ident(new.name)}"))
    return result


# --- families ----------------------------------------------------------------------------------------


def _family_query(_version: int) -> str:
    return f"""
        SELECT f.oid, n.nspname AS schema, f.opfname AS name, am.amname AS method,
               pg_get_userbyid(f.opfowner) AS owner, members.list AS members, members.operator_oids,
               members.function_oids, d.description AS comment
          FROM pg_opfamily f
          JOIN pg_namespace n ON n.oid = f.opfnamespace
          JOIN pg_am am ON am.oid = f.opfmethod
          LEFT JOIN ({_gathered("pg_opfamily")}) members ON members.of = f.oid
          LEFT JOIN pg_description d ON d.objoid = f.oid AND d.classoid = 'pg_opfamily'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, f.opfname, am.amname"""


def _read_family(row: Any, context: ReadContext) -> OperatorFamily:
    return OperatorFamily(
        id=Identity("operator family", row.schema, row.name, row.method),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        members=frozenset((name, text) for name, text in row.members or ()),
    )


def _change(family: OperatorFamily, old: Any, new: Any) -> List[Ddl]:
    result = []
    gone = sorted(name for name, _text in old - new)
    if gone:
        result.append(Ddl(f"ALTER OPERATOR FAMILY {_target(family)} DROP {', '.join(gone)}"))
    added = sorted(text for _name, text in new - old)
    if added:
        result.append(Ddl(f"ALTER OPERATOR FAMILY {_target(family)} ADD {', '.join(added)}"))
    return result


def _create_family(family: OperatorFamily, _context: Context) -> List[Ddl]:
    return [Ddl(f"CREATE OPERATOR FAMILY {_target(family)}")] + _change(family, frozenset(), family.members)


def _alter_family(
    old: OperatorFamily, new: OperatorFamily, _fields: FrozenSet[str], _context: Context
) -> Optional[List[Ddl]]:
    return _change(new, old.members, new.members)


def _drop_family(family: OperatorFamily, _context: Context) -> List[Ddl]:
    return [Ddl(f"DROP OPERATOR FAMILY {_target(family)}")]


FAMILY = Kind(
    name="operator family",
    rank=48,
    system_catalog="pg_opfamily",
    keyword="OPERATOR FAMILY",
    query=_family_query,
    read=_read_family,
    create=_create_family,
    alter=_alter_family,
    drop=_drop_family,
    rename=lambda obj, new: _rename("OPERATOR FAMILY", obj, new),
    target=_target,
    addresses=lambda row: [(CATALOG_OIDS["pg_opfamily"], row.oid, 0), *_member_addresses(row)],
)


# --- classes -----------------------------------------------------------------------------------------


def _class_query(_version: int) -> str:
    return f"""
        SELECT c.oid, n.nspname AS schema, c.opcname AS name, am.amname AS method,
               pg_get_userbyid(c.opcowner) AS owner, format_type(c.opcintype, NULL) AS data_type,
               c.opcdefault AS "default", fn.nspname AS family_schema, f.opfname AS family_name,
               CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage,
               members.list AS members, members.operator_oids, members.function_oids, d.description AS comment
          FROM pg_opclass c
          JOIN pg_namespace n ON n.oid = c.opcnamespace
          JOIN pg_am am ON am.oid = c.opcmethod
          JOIN pg_opfamily f ON f.oid = c.opcfamily
          JOIN pg_namespace fn ON fn.oid = f.opfnamespace
          LEFT JOIN ({_gathered("pg_opclass")}) members ON members.of = c.oid
          LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_opclass'::regclass AND d.objsubid = 0
         WHERE n.nspname = ANY(%(schemas)s)
         ORDER BY n.nspname, c.opcname, am.amname"""


def _read_class(row: Any, context: ReadContext) -> OperatorClass:
    return OperatorClass(
        id=Identity("operator class", row.schema, row.name, row.method),
        owner=context.owner(row.owner),
        acl=None,
        comment=row.comment,
        data_type=row.data_type,
        default=row.default,
        family=(row.family_schema, row.family_name),
        storage=row.storage,
        members=frozenset(text for _name, text in row.members or ()),
    )


def _create_class(operator_class: OperatorClass, _context: Context) -> List[Ddl]:
    default = " DEFAULT" if operator_class.default else ""
    name = qualified(operator_class.id.schema, operator_class.id.name)
    items = sorted(operator_class.members)
    # A class without members must name something: its storage type, which may be the type itself.
    if operator_class.storage or not items:
        items.append(f"STORAGE {operator_class.storage or operator_class.data_type}")
    method = ident(operator_class.id.part)
    return [
        Ddl(
            f"CREATE OPERATOR CLASS {name}{default} FOR TYPE {operator_class.data_type} USING {method}"
            f" FAMILY {qualified(*operator_class.family)} AS\n    " + ",\n    ".join(items)
        )
    ]


def _drop_class(operator_class: OperatorClass, _context: Context) -> List[Ddl]:
    hazard = Hazard("dependent_rebuild", f"indexes that use {_target(operator_class)} are built again")
    return [Ddl(f"DROP OPERATOR CLASS {_target(operator_class)}", (hazard,))]


CLASS = Kind(
    name="operator class",
    rank=49,
    system_catalog="pg_opclass",
    keyword="OPERATOR CLASS",
    query=_class_query,
    read=_read_class,
    create=_create_class,
    alter=always_rebuild,
    drop=_drop_class,
    rename=lambda obj, new: _rename("OPERATOR CLASS", obj, new),
    target=_target,
    addresses=lambda row: [(CATALOG_OIDS["pg_opclass"], row.oid, 0), *_member_addresses(row)],
)
