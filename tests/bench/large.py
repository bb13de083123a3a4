# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large application's schema, made up: 1,400 tables, 7,000 indexes, 2,300 partitions, views, functions, triggers."""

from __future__ import annotations

from collections.abc import Iterator

TABLES = 1400
PARTITIONED = 46
PARTITIONS = 50  # each
INDEXES = 5  # per table, the primary key's among them
TYPES = ("integer", "bigint", "text", "varchar(80)", "numeric(12,2)", "boolean", "jsonb", "timestamptz", "uuid", "date")


def _columns(number: int, variant: int) -> Iterator[str]:
    for position in range(12):
        kind = TYPES[(number + position) % len(TYPES)]
        default = " DEFAULT 0" if kind in ("integer", "bigint") else ""
        if variant and position == 3 and number % 2:
            default = " DEFAULT 1" if default else default
            kind = {"integer": "bigint", "varchar(80)": "varchar(120)"}.get(kind, kind)
        yield f"c{position} {kind}{default}"


def statements(variant: int = 0) -> Iterator[str]:
    """The schema, statement by statement; variant 1 differs in about 10,000 places."""
    yield "CREATE SCHEMA app"
    yield (
        "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN NEW.updated_at := now(); RETURN NEW; END$$"
    )
    plain = TABLES - PARTITIONED
    for number in range(plain):
        reference = f", parent_id bigint REFERENCES app.t{number - 1} (id)" if number % 3 else ", parent_id bigint"
        columns = ", ".join(_columns(number, variant))
        extra = ", added integer" if variant else ""
        yield (
            f"CREATE TABLE app.t{number} (id bigserial PRIMARY KEY, {columns}{reference}, "
            f"updated_at timestamptz NOT NULL DEFAULT now(), status varchar(20) "
            f"CHECK (status IN ('new', 'open', 'done')){extra})"
        )
        for position in range(INDEXES - 1):
            if variant and position == 1:
                yield f"CREATE INDEX t{number}_i{position} ON app.t{number} (c{position}, id) WHERE id > {number}"
            else:
                yield f"CREATE INDEX t{number}_i{position} ON app.t{number} (updated_at, id, parent_id)"
        if number % 4 == 0:
            yield (f"CREATE TRIGGER touch BEFORE UPDATE ON app.t{number} FOR EACH ROW EXECUTE FUNCTION app.touch()")
        if number % 5 == 0:
            yield f"CREATE VIEW app.v{number} AS SELECT id, status, updated_at FROM app.t{number} WHERE status = 'new'"
        comment = "second" if variant else "first"
        yield f"COMMENT ON TABLE app.t{number} IS 'Table {number}, {comment}'"
        if variant:
            yield f"ALTER TABLE app.t{number} ADD CONSTRAINT t{number}_added CHECK (added >= 0)"
            yield f"COMMENT ON COLUMN app.t{number}.c0 IS 'Column 0'"
            yield f"COMMENT ON COLUMN app.t{number}.c1 IS 'Column 1'"
            yield f"COMMENT ON COLUMN app.t{number}.status IS 'State'"
    for number in range(PARTITIONED):
        yield (
            f"CREATE TABLE app.p{number} (id bigint NOT NULL, day date NOT NULL, payload jsonb, "
            f"PRIMARY KEY (id, day)) PARTITION BY RANGE (day)"
        )
        for part in range(PARTITIONS):
            yield (
                f"CREATE TABLE app.p{number}_{part} PARTITION OF app.p{number} "
                f"FOR VALUES FROM ('2020-01-01'::date + {part * 30}) TO ('2020-01-01'::date + {part * 30 + 30})"
            )


def text(variant: int = 0) -> str:
    """The schema as a file."""
    return ";\n".join(statements(variant)) + ";\n"
