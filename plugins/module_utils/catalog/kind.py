# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The furniture that every object kind has: how it is read, made, altered, dropped and named in SQL.

A new kind is a new file that ends in a ``Kind`` and a line in ``kinds.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from . import privileges
from .model import Address, Catalog, Ddl, Facts, Grant, Identity, Object
from .quoting import ident, literal, qualified

# The OIDs of the system catalogs that hold addressable rows. They are fixed: PostgreSQL assigns them at build time
# (src/include/catalog, CATALOG(...) lines) and keeps them from version to version.
CATALOG_OIDS = {
    "pg_type": 1247, "pg_proc": 1255, "pg_class": 1259, "pg_am": 2601, "pg_attrdef": 2604, "pg_cast": 2605,
    "pg_constraint": 2606, "pg_conversion": 2607, "pg_language": 2612, "pg_namespace": 2615, "pg_opclass": 2616,
    "pg_operator": 2617, "pg_opfamily": 2753, "pg_rewrite": 2618, "pg_trigger": 2620, "pg_event_trigger": 3466,
    "pg_policy": 3256, "pg_extension": 3079, "pg_collation": 3456, "pg_statistic_ext": 3381, "pg_ts_config": 3602,
    "pg_ts_dict": 3600, "pg_ts_parser": 3601, "pg_ts_template": 3764, "pg_foreign_data_wrapper": 2328,
    "pg_foreign_server": 1417, "pg_user_mapping": 1418, "pg_publication": 6104, "pg_publication_rel": 6106,
    "pg_publication_namespace": 6237, "pg_transform": 3576, "pg_default_acl": 826, "pg_subscription": 6100,
    "pg_amop": 2602, "pg_amproc": 2603,
}  # fmt: skip


@dataclass(frozen=True)
class ReadContext:
    """What a reader needs to turn rows into objects."""

    server_version: int
    # Objects of this role count as "the source does not say whose they are". None: every owner is compared.
    unspecified_owner: Optional[str] = None

    def owner(self, name: Optional[str]) -> Optional[str]:
        """The owner to compare, None where the source leaves it open."""
        return None if name == self.unspecified_owner else name

    def grants(self, items: Optional[Sequence[str]], acl_class: str, owner: Optional[str]) -> FrozenSet[Grant]:
        """Comparable grants from an aclitem array."""
        return privileges.parse(items, acl_class, owner, self.server_version)


@dataclass(frozen=True)
class Context:
    """What a kind needs to write DDL: the catalog that the object comes from and the one it is applied to."""

    server_version: int
    catalog: Catalog
    live: Catalog
    # Defaults that are written into their column's definition.
    folded: FrozenSet[Identity] = frozenset()
    # (source type, target type) -> context of the cast: i(mplicit), a(ssignment), e(xplicit).
    casts: Mapping[Tuple[str, str], str] = field(default_factory=dict)

    def table_facts(self, table: Identity) -> Facts:
        """Planner statistics of a table of the live database; zero for one that is not there yet."""
        return self.live.facts.get(table, Facts())


def no_ddl(*_arguments: Any) -> List[Ddl]:
    """For kinds that are written by another: a column of a new table, say."""
    return []


def always_rebuild(*_arguments: Any) -> Optional[List[Ddl]]:
    """For kinds that PostgreSQL cannot alter."""
    return None


@dataclass(frozen=True)
class Kind:
    """One object kind.

    ``query(version)`` is SQL with the parameter ``%(schemas)s``; ``read(row, context)`` gives an object, or None for
    a row that is described by another. ``alter`` gets the names of the fields that differ (never owner, acl, comment:
    those are common to all) and answers None where only a rebuild helps.
    """

    name: str
    rank: int
    system_catalog: str
    keyword: str
    query: Callable[[int], str]
    read: Callable[[Any, ReadContext], Optional[Object]]
    create: Callable[[Any, Context], List[Ddl]]
    alter: Callable[[Any, Any, FrozenSet[str], Context], Optional[List[Ddl]]]
    drop: Callable[[Any, Context], List[Ddl]]
    # The address of a row and whatever else stands for the object in pg_depend.
    target: Callable[[Any], str] = lambda obj: obj.id.relation
    addresses: Callable[[Any], List[Address]] = lambda row: []
    # The comment of an object that the source gives none.
    without_comment: Callable[[Any], Optional[str]] = lambda obj: None
    facts: Optional[Callable[[Any], Facts]] = None
    # What rows are put in order by, where sorting them is not left to the server.
    order: Optional[Callable[[Any], Any]] = None
    acl_class: Optional[str] = None
    grant_keyword: str = ""
    rename: Optional[Callable[[Object, Identity], List[Ddl]]] = None
    # Moves an object and all that comes with it to a name of no meaning; None: rename() does.
    retire: Optional[Callable[[Any, Identity], List[Ddl]]] = None
    # Where objects need each other: the statement that makes what others need of it (a view's columns, a function's
    # signature), followed by those that make the rest; and the statements that reduce it to that. None: no use.
    outline: Optional[Callable[[Any], List[Ddl]]] = None
    hollow: Optional[Callable[[Any], List[Ddl]]] = None
    # Views, rules, policies, triggers: what PostgreSQL does not let a column's type change under.
    rigid: bool = False
    # Fields that are expressions as the server writes them: different texts can mean the same.
    expressions: FrozenSet[str] = frozenset()
    # An expression is replaced by alter(), without dropping the object first.
    replaceable: bool = False
    # A name of this kind is taken from the relation name space of its schema.
    relation_name: Optional[Callable[[Any], str]] = None
    # What a superuser can read more of than ``query`` does, where others are refused even to ask.
    superuser_query: Optional[Callable[[int], str]] = None


def comment_ddl(kind: Kind, obj: Object) -> Ddl:
    """COMMENT ON for an object's comment, or its removal."""
    comment = kind.without_comment(obj) if obj.comment is None else obj.comment
    text = "NULL" if comment is None else literal(comment)
    return Ddl(f"COMMENT ON {kind.keyword} {kind.target(obj)} IS {text}")


def owner_ddl(kind: Kind, obj: Object) -> List[Ddl]:
    """ALTER … OWNER TO, where the source names an owner."""
    if obj.owner is None:
        return []
    return [Ddl(f"ALTER {kind.keyword} {kind.target(obj)} OWNER TO {ident(obj.owner)}")]


def rename_ddl(keyword: str, obj: Object, new: Identity) -> List[Ddl]:
    """ALTER … SET SCHEMA and RENAME TO, for an object that stands in a schema under its own name."""
    result = []
    name = obj.id.relation
    if obj.id.schema != new.schema:
        result.append(Ddl(f"ALTER {keyword} {name} SET SCHEMA {ident(new.schema)}"))
        name = qualified(new.schema, obj.id.name)
    if obj.id.name != new.name:
        result.append(Ddl(f"ALTER {keyword} {name} RENAME TO {ident(new.name)}"))
    return result


def signature_in(definition: str) -> str:
    """The name and arguments in CREATE OR REPLACE FUNCTION, as the server writes that."""
    return definition.partition(" FUNCTION ")[2].partition("\n")[0]


def options_text(options: Sequence[str]) -> str:
    """Storage parameters ('key=value' texts) as they stand in WITH (…)."""
    pairs = (option.partition("=") for option in options)
    return ", ".join(f"{key}={literal(value)}" for key, _equals, value in pairs)


def option_changes(old: Sequence[str], new: Sequence[str]) -> Tuple[List[str], List[str]]:
    """(options to set, keys to reset)."""
    keys = {option.partition("=")[0] for option in new}
    return [option for option in new if option not in old], [
        key for key in (option.partition("=")[0] for option in old) if key not in keys
    ]
