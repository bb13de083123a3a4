# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``enforce`` asks for: which columns of which tables are made as the source has them."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

from ..catalog.model import Catalog, Identity
from ..catalog.quoting import ident
from ..errors import EngineError
from .model import Enforced, Reference, TableRows

_EXTRA = ("keep", "delete")


def read_enforce(
    enforce: Mapping[str, Any], reference: Reference, desired: Catalog
) -> Tuple[Dict[Identity, Enforced], Tuple[str, ...]]:
    """``enforce`` by table, checked, and warnings.

    A value is a list of columns (empty: all that are not part of the primary key) or a mapping with ``columns`` and
    ``on_extra`` (keep or delete).
    """
    result: Dict[Identity, Enforced] = {}
    warnings = []
    tables = {table.table: table for table in reference.tables}
    for name, wish in enforce.items():
        identity = _table(name, desired)
        table = tables.get(identity)
        if table is None:
            # Emptying a table because its rows vanished from the file is more often an accident than a wish.
            warnings.append(f"enforce: the source has no rows for {name}; its rows are left alone")
            continue
        result[identity] = _enforced(name, wish, table)
    return result, tuple(warnings)


def _table(name: str, desired: Catalog) -> Identity:
    for identity in desired.objects:
        if identity.kind == "table" and name in (f"{identity.schema}.{identity.name}", identity.relation):
            return identity
    raise EngineError(
        f"enforce names {name}, which the source does not define",
        hint="Name tables as schema.table, as the source does.",
    )


def _enforced(name: str, wish: Any, table: TableRows) -> Enforced:
    columns: Any = wish
    on_extra = "keep"
    if isinstance(wish, Mapping):
        unknown = sorted(str(key) for key in set(wish) - {"columns", "on_extra"})
        if unknown:
            raise EngineError(
                f"enforce: {name} has an unknown entry: {', '.join(unknown)}", hint="Use columns and on_extra."
            )
        columns = wish.get("columns") or []
        on_extra = wish.get("on_extra") or "keep"
    if on_extra not in _EXTRA:
        raise EngineError(f"enforce: on_extra of {name} is {on_extra!r}", hint="Use keep or delete.")
    if columns is None:
        columns = []
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        raise EngineError(f"enforce: the columns of {name} are not a list", "An empty list means all columns.")
    _check_columns(name, columns, table)
    return Enforced(tuple(columns), on_extra == "delete")


def _check_columns(name: str, columns: Sequence[Any], table: TableRows) -> None:
    present = {column.name: column for column in table.shape.columns}
    primary = table.shape.primary_key
    for column in columns:
        if column not in present:
            raise EngineError(f"enforce: the source's table {name} has no column {column}")
        if present[column].generated or present[column].identity == "a":
            raise EngineError(f"enforce: PostgreSQL itself computes {ident(column)} of {name}; it cannot be set")
        if primary is not None and column in primary.columns:
            raise EngineError(
                f"enforce: {ident(column)} is part of the primary key of {name}",
                hint="Rows are told apart by it. Leave it out of the list.",
            )
