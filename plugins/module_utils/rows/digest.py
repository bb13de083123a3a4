# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A digest of the rows that are there, small enough to be kept, from which one query can tell that they still are.

Most tables are remembered by the keys that find their rows; tables with many rows, without a key or with a secret one
by a hash over all their rows. Where the query answers no, the rows may still be there: only the slow way can tell.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..catalog.model import Identity
from ..catalog.quoting import ident, qualified
from .keys import deviating_columns
from .model import Enforced, Key
from .query import Query
from .resolve import Resolved
from .shape import secret_name

# What the keys of one table may take before the table is hashed instead.
_MOST_VALUES = 10_000
_MOST_CHARACTERS = 300_000

_FORMAT = 1

# A digest comes back from a table: nothing but names of types and operators gets into a statement unquoted.
_TYPE = re.compile(r'(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+)|(?: \w+)*)(?:\[\])?\Z')
_OPERATOR = re.compile(r'OPERATOR\((?:"[^"]+"|\w+)\.=\)\Z')


def make_digest(
    connection: Any, tables: Sequence[Resolved], enforced: Mapping[Identity, Enforced], many: Sequence[Resolved] = ()
) -> Optional[Dict[str, object]]:
    """The digest of rows that were all found, those of the tables ``many`` without being held; None where it cannot be
    made."""
    entries: List[Dict[str, Any]] = [_whole_entry(resolved) for resolved in many]
    for resolved in tables:
        wish = enforced.get(resolved.table.table)
        by_key = _by_key(resolved)
        if by_key is None or (wish is not None and wish.delete_extra):
            entries.append(_whole_entry(resolved))
            continue
        for key, numbers in by_key.items():
            compared = deviating_columns(resolved.table, wish, key) if wish else ()
            entries.append(_keys_entry(resolved, key, numbers, compared))
    hashes = _hashes(connection, entries)
    if hashes is None:
        return None
    for entry, found in zip(entries, hashes):
        if found is not None:
            entry["hash"] = found
    return {"format": _FORMAT, "entries": entries}


def present_by_digest(connection: Any, digest: Optional[Mapping[str, Any]], lock_timeout: Optional[str] = None) -> bool:
    """Whether all rows of the digest are still there; False too where only the slow way can tell.

    One round trip. Takes the locks of a SELECT on the tables, and waits for them for ``lock_timeout`` at the longest
    (a constant such as "1s"; the connection is in autocommit mode then).
    """
    if not digest or digest.get("format") != _FORMAT:
        return False
    entries = digest["entries"]
    if not entries:
        return True
    query = _query(entries)
    if query is None:
        return False
    if lock_timeout is not None:
        # Sent together, the two share a transaction.
        query.text = f"SET LOCAL lock_timeout = '{lock_timeout}'; {query.text}"
    with connection.cursor() as cursor:
        query.run(cursor)
        found = dict(cursor.fetchall())
    return all(found[place] == str(entry.get("hash", "true")) for place, entry in enumerate(entries))


def _by_key(resolved: Resolved) -> Optional[Dict[Key, List[int]]]:
    """The rows by the key that found them; None where keys are not the way."""
    result: Dict[Key, List[int]] = {}
    place = {column.name: position for position, column in enumerate(resolved.table.columns)}
    values = characters = 0
    for number, matches in sorted(resolved.found.items()):
        key = matches[0].key
        if key is None or not key.plain or not all(_OPERATOR.match(part.operator) for part in key.parts):
            return None
        texts = [resolved.table.rows[number][place[name]] for name in key.columns]
        if any(secret_name(name) for name in key.columns) or not all(isinstance(text, str) for text in texts):
            return None
        values += len(texts)
        characters += sum(len(str(text)) for text in texts)
        if values > _MOST_VALUES or characters > _MOST_CHARACTERS:
            return None
        result.setdefault(key, []).append(number)
    return result


def _keys_entry(resolved: Resolved, key: Key, numbers: Sequence[int], enforced: Sequence[str]) -> Dict[str, Any]:
    place = {column.name: position for position, column in enumerate(resolved.table.columns)}
    columns = [
        {
            "name": name,
            "type": resolved.view.base(name) if resolved.view.typed(name) else None,
            "operator": part.operator if resolved.view.typed(name) else None,
            "values": [str(resolved.table.rows[number][place[name]]) for number in numbers],
        }
        for name, part in zip(key.columns, key.parts)
    ]
    return {**_table_entry(resolved), "key": columns, "enforced": list(enforced)}


def _whole_entry(resolved: Resolved) -> Dict[str, Any]:
    columns = [column.name for column in resolved.table.columns if column.name in resolved.view.columns]
    return {**_table_entry(resolved), "whole": columns}


def _table_entry(resolved: Resolved) -> Dict[str, Any]:
    table = resolved.table
    return {"schema": table.table.schema, "table": table.table.name, "only": not table.shape.partitioned}


def _hashes(connection: Any, entries: Sequence[Mapping[str, Any]]) -> Optional[List[Optional[str]]]:
    hashed = [place for place, entry in enumerate(entries) if "whole" in entry or entry["enforced"]]
    result: List[Optional[str]] = [None] * len(entries)
    query = _query([entries[place] for place in hashed]) if hashed else None
    if query is None:
        return result if not hashed else None
    with connection.cursor() as cursor:
        query.run(cursor)
        for number, text in cursor.fetchall():
            result[hashed[number]] = text
    return result


def _query(entries: Sequence[Mapping[str, Any]]) -> Optional[Query]:
    """One query with a row per entry: its number, and "true" or a hash."""
    parts = []
    parameters: List[Any] = []
    for place, entry in enumerate(entries):
        source = ("ONLY " if entry["only"] else "") + qualified(entry["schema"], entry["table"])
        if "whole" in entry:
            row = _row(entry["whole"])
            parts.append(
                f"SELECT {place}, count(*) || ':' || coalesce(sum(hashtextextended({row}, 0)::numeric), 0)"
                f" FROM {source} AS t"
            )
            continue
        key = _key(entry["key"], parameters)
        if key is None:
            return None
        given, pairs = key
        if entry["enforced"]:
            parts.append(
                f"SELECT {place}, md5(string_agg(md5({_row(entry['enforced'])}), '' ORDER BY g.number))"
                f" FROM {given} JOIN {source} AS t ON {pairs}"
            )
        else:
            parts.append(
                f"SELECT {place}, (NOT EXISTS (SELECT FROM {given}"
                f" WHERE NOT EXISTS (SELECT FROM {source} AS t WHERE {pairs})))::text"
            )
    return Query(" UNION ALL ".join(parts), parameters)


def _row(names: Sequence[str]) -> str:
    return "ROW(" + ", ".join(f"t.{ident(name)}::text" for name in names) + ")::text"


def _key(columns: Sequence[Mapping[str, Any]], parameters: List[Any]) -> Optional[Tuple[str, str]]:
    """The given keys as a table "g", and the condition under which a row "t" is one of them."""
    arrays = []
    pairs = []
    for place, column in enumerate(columns):
        arrays.append(Query.array())
        parameters.append(list(column["values"]))
        name = f"t.{ident(column['name'])}"
        if column["type"] is None:
            pairs.append(f"{name}::text = g.c{place}")
        elif _TYPE.match(column["type"]) and _OPERATOR.match(column["operator"]):
            pairs.append(f"{name} {column['operator']} CAST(g.c{place} AS {column['type']})")
        else:
            return None
    aliases = ", ".join([f"c{place}" for place in range(len(columns))] + ["number"])
    return f"unnest({', '.join(arrays)}) WITH ORDINALITY AS g({aliases})", " AND ".join(pairs)
