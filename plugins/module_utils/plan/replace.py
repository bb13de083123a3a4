# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types and tables that PostgreSQL cannot alter, replaced with their values kept.

The old one is renamed, the new one made, the values are brought over (a column by a cast, a table by INSERT … SELECT),
and only then the old one is dropped.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Container, List, Mapping, Optional, Tuple, cast

from ..catalog import casts
from ..catalog.column import Column
from ..catalog.kind import Context
from ..catalog.kinds import BY_NAME
from ..catalog.model import Catalog, Ddl, Hazard, Identity, Object
from ..catalog.quoting import ident, idents, literal, qualified
from ..catalog.table import Table
from ..catalog.type_usage import TYPE_KINDS

# Not base types: their functions cannot be made a second time.
REPLACED = (TYPE_KINDS - {"base type"}) | {"table"}

_PREFIX = "__old_"
_NAME_BYTES = 63  # NAMEDATALEN - 1


def _retired_name(name: str) -> str:
    cut = (_PREFIX + name).encode()[:_NAME_BYTES]
    return cut.decode("utf-8", "ignore")


def retired(identity: Identity) -> Identity:
    """What the old one is called until it is dropped."""
    return identity._replace(name=_retired_name(identity.name))


def set_aside(identity: Identity) -> Identity:
    """What is called so between its old name and its new one, where another thing gets the old one."""
    if identity.part:
        return identity._replace(part=_retired_name(identity.part))
    return retired(identity)


def retire(obj: Object, live: Catalog) -> List[Ddl]:
    """Rename the old one, and the sequences of its identity columns, out of the way."""
    kind = BY_NAME[obj.id.kind]
    rename = cast(Callable[[Object, Identity], List[Ddl]], kind.retire or kind.rename)
    result = []
    for column in live.parts(obj.id, "column"):
        if column.identity_sequence:
            schema, name = column.identity_sequence
            result.append(Ddl(f"ALTER SEQUENCE {qualified(schema, name)} RENAME TO {ident(_retired_name(name))}"))
    return result + rename(obj, retired(obj.id))


def drop(obj: Object, context: Context, lost: List[Column]) -> List[Ddl]:
    """Drop the old one; ``lost`` are its columns that the new one does not have."""
    hazards = tuple(
        Hazard("data_loss", f"column {ident(column.id.part)} of {obj.id.relation} is dropped with its values")
        for column in lost
    )
    dropped = BY_NAME[obj.id.kind].drop(dataclasses.replace(obj, id=retired(obj.id)), context)
    return [dataclasses.replace(ddl, hazards=hazards) for ddl in dropped]


def retype(old: Column, new: Column, rows: int) -> Ddl:
    """Bring a column's values over to a type that was made anew under the same name."""
    table = new.parent.relation
    name = ident(new.id.part)
    array = "[]" if new.data_type.endswith("[]") else ""
    hazards = (
        Hazard("table_rewrite", f"{table}: about {rows} rows are written anew"),
        Hazard("cast_can_fail", f"{new.data_type} is made anew: a value that it no longer has stops the run"),
    )
    collate = f" COLLATE {new.collation}" if new.collation else ""
    return Ddl(
        f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {new.data_type}{collate} "
        f"USING {name}::text{array}::{new.data_type}",
        hazards,
        "ACCESS EXCLUSIVE",
        new.parent,
        invalidates=True,
    )


def _moved(old: Column, new: Column, known: Mapping[Tuple[str, str], str], retyped: Container[Identity]) -> str:
    """The expression that reads a value of the old column as one of the new."""
    name = ident(old.id.part)
    if old.id in retyped and old.base_type == new.base_type:
        return f"{name}::text{'[]' if new.data_type.endswith('[]') else ''}::{new.data_type}"
    using = casts.using_clause(old, new, name, known)
    return using[len(" USING ") :] if using else name


def move(
    old: Table,
    new: Table,
    columns: List[Tuple[Column, Column]],
    rows: int,
    context: Context,
    retyped: Container[Identity] = (),
) -> List[Ddl]:
    """Bring the rows over.

    ``columns`` are pairs of what both tables have, ``retyped`` those of them whose types are made anew.
    """
    stored = [(before, after) for before, after in columns if not after.generated]
    source = retired(old.id).relation
    only = "" if old.partition_key else "ONLY "
    result = []
    if stored:
        names = idents(after.id.part for _before, after in stored)
        values = ", ".join(_moved(before, after, context.casts, retyped) for before, after in stored)
        hazards = [Hazard("table_rewrite", f"{new.id.relation}: about {rows} rows are written anew")]
        for before, after in stored:
            if before.data_type != after.data_type:
                found = casts.hazards(before, after, context.casts, new.id.relation, rows)
                hazards += [hazard for hazard in found if hazard.kind != "table_rewrite"]
            elif before.id in retyped:
                why = f"{after.data_type} is made anew: a value that it no longer has stops the run"
                hazards.append(Hazard("cast_can_fail", why))
        overriding = " OVERRIDING SYSTEM VALUE" if any(after.identity == "a" for _before, after in stored) else ""
        result.append(
            Ddl(
                f"INSERT INTO {new.id.relation} ({names}){overriding} SELECT {values} FROM {only}{source}",
                tuple(hazards),
                "ACCESS EXCLUSIVE",
                new.id,
            )
        )
    for before, after in stored:
        if before.identity_sequence and after.identity_sequence:
            schema, name = before.identity_sequence
            target = literal(qualified(*after.identity_sequence))
            result.append(
                Ddl(
                    f"SELECT setval({target}::regclass, last_value, is_called) "
                    f"FROM {qualified(schema, _retired_name(name))}"
                )
            )
    return result


def partition_of(obj: Optional[Object]) -> Optional[Identity]:
    """The partitioned table that an object is a partition of, if it is one."""
    return obj.partition_of if isinstance(obj, Table) else None
