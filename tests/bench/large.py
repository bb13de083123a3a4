# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large application's schema, made up, in two versions a year of releases apart.

``OLD`` has 1,067 tables, 1,327 attached partitions and 286 triggers, ``NEW`` 1,401 tables, 2,297 partitions, 345
triggers and 7,000 indexes besides those of the primary keys. Between them: new and dropped tables, columns that are
added, dropped, widened and made NOT NULL, partition windows that roll on, triggers on partitions, plain tables that
become partitioned ones around the same sequence, foreign keys in circles, an enum with a new value in use.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

TYPES = ("integer", "bigint", "text", "varchar(80)", "numeric(12,2)", "boolean", "jsonb", "timestamptz", "uuid", "date")
WIDER = {"integer": "bigint", "varchar(80)": "varchar(120)"}
COLUMNS = 10  # of a plain table, beside those that all have
MODULUS = 32  # partitions of each table partitioned by hash
SCHEMAS = ("app", "app_parts")


@dataclass(frozen=True)
class Version:
    """How many of what a version has."""

    number: int
    kept: int  # plain tables that both versions have, or that the new one drops
    added: int
    ranged: tuple[int, ...]  # partitions of each table partitioned by range
    triggers: tuple[int, int, int]  # on plain tables, on partitioned tables, on partitions
    indexes: int  # besides primary keys, those of partitions among them
    hashed: int = 10  # tables partitioned by hash
    converted: int = 5  # tables that are plain in the old version, partitioned in the new one

    @property
    def plain(self) -> list[str]:
        return [f"t{number}" for number in range(self.kept)] + [f"n{number}" for number in range(self.added)]

    @property
    def tables(self) -> int:
        return self.kept + self.added + self.hashed + self.converted + len(self.ranged)

    @property
    def partitions(self) -> int:
        converted = self.converted * len(_CONVERTED_PARTS) if self.number else 0
        return self.hashed * MODULUS + sum(self.ranged) + converted


_CONVERTED_PARTS = (100, 101, 102, 103, 104)

OLD = Version(0, 1033, 0, (53,) * 19, (235, 20, 26), 5000)
NEW = Version(1, 1025, 330, (88,) * 11 + (87,) * 8 + (24,) * 12, (280, 25, 35), 7000)
# The same on a small scale, for tests.
SMALL_OLD = Version(0, 40, 0, (7,) * 6, (10, 7, 5), 170, 1, 2)
SMALL_NEW = Version(1, 36, 12, (9,) * 6 + (3,) * 2, (12, 9, 6), 250, 1, 2)


def statements(version: Version) -> Iterator[str]:
    """The schema, statement by statement."""
    new = bool(version.number)
    yield "CREATE SCHEMA app"
    yield "CREATE SCHEMA app_parts"
    states = "'new', 'open', 'waiting', 'done'" if new else "'new', 'open', 'done'"
    yield f"CREATE TYPE app.state AS ENUM ({states})"
    yield (
        "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN NEW.updated_at := {'clock_timestamp' if new else 'now'}(); RETURN NEW; END$$"
    )
    for number in range(100):
        yield (
            f"CREATE FUNCTION app.double_{number}(given bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS "
            f"'SELECT given * 2 + {number + version.number * (number % 2)}'"
        )
    for name in version.plain:
        yield from _plain(name, version)
    for number in range(version.converted):
        yield from _converted(number, new)
    for number in range(version.hashed):
        yield from _hashed(number)
    for number, parts in enumerate(version.ranged):
        yield from _ranged(number, parts, new)
    yield from _references(version)
    yield from _indexes(version)
    yield from _triggers(version)
    yield from _views(version)


def _number(name: str) -> int:
    return int(name[1:]) + (0 if name[0] == "t" else 5000)


def _plain(name: str, version: Version) -> Iterator[str]:
    number = _number(name)
    new = bool(version.number)
    columns = ["id bigserial PRIMARY KEY", "parent_id bigint"]
    for position in range(COLUMNS):
        kind = TYPES[(number + position) % len(TYPES)]
        default = " DEFAULT 0" if kind in ("integer", "bigint") else ""
        if new and position == 3 and number % 2:
            default = " DEFAULT 1" if default else default
            kind = WIDER.get(kind, kind)
        if new and position == 9 and number % 7 == 0:
            continue
        not_null = " NOT NULL" if new and position == 5 and number % 5 == 0 else ""
        columns.append(f"c{position} {kind}{default}{not_null}")
    default = "waiting" if new and number % 10 == 0 else "new"
    columns.append("updated_at timestamptz NOT NULL DEFAULT now()")
    columns.append(f"state app.state NOT NULL DEFAULT '{default}'")
    columns.append("status varchar(20) CHECK (status IN ('new', 'open', 'done'))")
    if new:
        columns.append("added integer")
        columns.append(f"CONSTRAINT {name}_added CHECK (added >= 0)")
    yield f"CREATE TABLE app.{name} (" + ", ".join(columns) + ")"
    yield f"COMMENT ON TABLE app.{name} IS 'Table {name}, version {version.number}'"
    if new and number % 2:
        yield f"COMMENT ON COLUMN app.{name}.c0 IS 'Column 0'"
        yield f"COMMENT ON COLUMN app.{name}.status IS 'State'"


def _converted(number: int, new: bool) -> Iterator[str]:
    """A table that is split up by and by: what its keys come from stays."""
    name = f"events_{number}"
    yield f"CREATE SEQUENCE app.{name}_id_seq"
    part = ", part integer NOT NULL DEFAULT 100" if new else ", part integer NOT NULL"
    key, by = ("id, part", " PARTITION BY LIST (part)") if new else ("id", "")
    yield (
        f"CREATE TABLE app.{name} (id bigint NOT NULL DEFAULT nextval('app.{name}_id_seq'), payload text{part}, "
        f"updated_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT {name}_pkey PRIMARY KEY ({key})){by}"
    )
    yield f"ALTER SEQUENCE app.{name}_id_seq OWNED BY app.{name}.id"
    if new:
        for value in _CONVERTED_PARTS:
            yield (
                f"CREATE TABLE app_parts.{name}_{value} PARTITION OF app.{name} FOR VALUES IN "
                f"({value}{', 0' if value == _CONVERTED_PARTS[0] else ''})"
            )


def _hashed(number: int) -> Iterator[str]:
    yield (
        f"CREATE TABLE app.h{number} (id bigserial, owner_id bigint NOT NULL, payload text, updated_at timestamptz, "
        f"PRIMARY KEY (id, owner_id)) PARTITION BY HASH (owner_id)"
    )
    for part in range(MODULUS):
        yield (
            f"CREATE TABLE app_parts.h{number}_{part:02} PARTITION OF app.h{number} "
            f"FOR VALUES WITH (MODULUS {MODULUS}, REMAINDER {part})"
        )


def _ranged(number: int, parts: int, new: bool) -> Iterator[str]:
    more = ", note text" if new and number % 2 else ""
    yield (
        f"CREATE TABLE app.r{number} (id bigserial, day date NOT NULL, payload jsonb, updated_at timestamptz, "
        f"owner_id bigint{more}, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)"
    )
    start = 2 if new and number < 4 else 0  # the window rolls on
    for part in range(start, start + parts):
        yield (
            f"CREATE TABLE {partition(number, part)} PARTITION OF app.r{number} "
            f"FOR VALUES FROM ('{_day(part)}') TO ('{_day(part + 1)}')"
        )


def partition(number: int, part: int) -> str:
    """The name of a partition by range."""
    return f"app_parts.r{number}_{_day(part):%Y%m%d}"


def _day(part: int) -> datetime.date:
    return datetime.date(2020, 1, 1) + datetime.timedelta(days=30 * part)


def _references(version: Version) -> Iterator[str]:
    names = version.plain
    for number, name in enumerate(names):
        if number % 3:
            action = " ON DELETE CASCADE" if version.number and number % 4 == 0 else ""
            yield (
                f"ALTER TABLE app.{name} ADD CONSTRAINT {name}_parent FOREIGN KEY (parent_id) "
                f"REFERENCES app.{names[number - 1]} (id){action}"
            )
    for number in range(1, min(300, len(names) - 1), 30):  # circles
        yield (
            f"ALTER TABLE app.{names[number]} ADD CONSTRAINT {names[number]}_child FOREIGN KEY (parent_id) "
            f"REFERENCES app.{names[number + 1]} (id) DEFERRABLE INITIALLY DEFERRED"
        )
    for number in range(min(5, len(version.ranged))):
        yield f"ALTER TABLE app.r{number} ADD FOREIGN KEY (owner_id) REFERENCES app.t{number} (id)"


def _indexes(version: Version) -> Iterator[str]:
    """As many as the version has, an index of a partitioned table counted with those of its partitions."""
    left = version.indexes
    new = bool(version.number)
    for number, parts in enumerate(version.ranged):
        yield f"CREATE INDEX r{number}_updated ON app.r{number} (updated_at)"
        left -= 1 + parts
    for number in range(version.hashed):
        yield f"CREATE INDEX h{number}_updated ON app.h{number} (updated_at)"
        left -= 1 + MODULUS
    for number in range(version.converted):
        yield f"CREATE INDEX events_{number}_updated ON app.events_{number} (updated_at)"
        left -= 1 + (len(_CONVERTED_PARTS) if new else 0)
    position = 0
    while left > 0:
        for name in version.plain[:left]:
            number = _number(name)
            if new and position == 1 and number % 2:
                yield f"CREATE INDEX {name}_i{position} ON app.{name} (c{position}, id) WHERE id > {number}"
            elif position == 2 and number % 10 == 0:
                yield f"CREATE INDEX {name}_i{position} ON app.{name} (lower(status))"
            else:
                yield f"CREATE INDEX {name}_i{position} ON app.{name} (updated_at, id, parent_id)"
        left -= len(version.plain[:left])
        position += 1


def _triggers(version: Version) -> Iterator[str]:
    on_plain, on_partitioned, on_partitions = version.triggers
    tables = [f"app.{name}" for name in version.plain[:: 4 if version.number else 3][:on_plain]]
    tables += [f"app.events_{number}" for number in range(version.converted)]
    tables += [f"app.r{number}" for number in range(min(on_partitioned, len(version.ranged)))]
    tables += [f"app.h{number}" for number in range(max(0, on_partitioned - len(version.ranged)))]
    # Beyond the rolled-off ones, so that both versions have the partition.
    tables += [partition(number % 6, 3 + number // 6) for number in range(on_partitions)]
    for name in tables:
        trigger = "touch_part" if name.startswith("app_parts.") else "touch"
        when = " WHEN (OLD.* IS DISTINCT FROM NEW.*)" if version.number else ""
        yield f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {name} FOR EACH ROW{when} EXECUTE FUNCTION app.touch()"


def _views(version: Version) -> Iterator[str]:
    for name in version.plain[::5]:
        more = ", added" if version.number else ""
        yield (
            f"CREATE VIEW app.v_{name} AS SELECT id, status, c3, updated_at{more} FROM app.{name} WHERE status = 'new'"
        )


def seed(version: Version = OLD) -> Iterator[str]:
    """Rows for the old version: they have to be there afterwards."""
    for name in version.plain[:20]:
        yield f"INSERT INTO app.{name} (status, c5) SELECT 'new', {_some(_number(name))} FROM generate_series(1, 100)"
    for number in range(version.converted):
        rows = "SELECT 'p' || i, 100 + i % 5 FROM generate_series(1, 500) i"
        yield f"INSERT INTO app.events_{number} (payload, part) {rows}"
    yield "INSERT INTO app.r5 (day, payload) SELECT date '2020-01-01' + i, '{}' FROM generate_series(0, 199) i"
    yield "INSERT INTO app.h0 (owner_id, payload) SELECT i, 'x' FROM generate_series(0, 999) i"


def _some(number: int) -> str:
    """A value of the type of a table's column c5."""
    kind = TYPES[(number + 5) % len(TYPES)]
    values = {"boolean": "true", "jsonb": "'{}'", "timestamptz": "now()", "uuid": "gen_random_uuid()", "date": "now()"}
    return values.get(kind, "'1'" if kind in ("text", "varchar(80)") else "1")


def text(version: Version = NEW) -> str:
    """The schema as a file."""
    return ";\n".join(statements(version)) + ";\n"
