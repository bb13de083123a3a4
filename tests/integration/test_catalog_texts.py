# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that are put together of columns, or taken from a parent, are those that the server writes."""

from __future__ import annotations

from typing import Any

from ansible_collections.domainflow.database.plugins.module_utils.catalog import read as catalog
from ansible_collections.domainflow.database.plugins.module_utils.catalog.model import Identity

SCHEMAS = ["app", 'Odd "schema']

SETUP = """
CREATE SCHEMA app;
CREATE SCHEMA "Odd ""schema";
CREATE DOMAIN app.code AS text COLLATE "C";
CREATE TYPE app.mood AS ENUM ('sad', 'glad');
CREATE TABLE app.t (gone int, id bigint, name text, short varchar(20), plain varchar, letter char(3), bare bpchar,
    in_c text COLLATE "C", code app.code, mood app.mood, tags text[], doc jsonb, at timestamptz, price numeric(10, 2),
    place point, "select" int, "Upper Case" int, "quo""te" int, bits bit(4), "ünï" int, words tsvector);
ALTER TABLE app.t DROP COLUMN gone;
CREATE TABLE "Odd ""schema"."Odd ""table%s" (id int, "Upper Case" text, at date);
CREATE MATERIALIZED VIEW app.m AS SELECT id, name FROM app.t;
CREATE TABLE app.p (id int NOT NULL, a int, b text, day date NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (10);
CREATE TABLE app.p2 (day date NOT NULL, gone int, b text, id int NOT NULL, a int);
ALTER TABLE app.p2 DROP COLUMN gone;
ALTER TABLE app.p ATTACH PARTITION app.p2 FOR VALUES FROM (10) TO (MAXVALUE);
CREATE TABLE app.sub PARTITION OF app.p FOR VALUES FROM (MINVALUE) TO (0) PARTITION BY LIST (day);
CREATE TABLE app.sub1 PARTITION OF app.sub FOR VALUES IN ('2024-01-01', '2024-01-02', NULL);
CREATE TABLE app.sub_rest PARTITION OF app.sub DEFAULT;
CREATE TABLE app.h (id int, b text) PARTITION BY HASH (id);
CREATE TABLE app.h0 PARTITION OF app.h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
"""

INDEXES = """
CREATE INDEX i_plain ON app.t (id);
CREATE UNIQUE INDEX i_unique ON app.t (id, name, at, price);
CREATE INDEX i_turned ON app.t (id, at);
CREATE INDEX i_desc ON app.t (id DESC);
CREATE INDEX i_nulls ON app.t (id, at NULLS FIRST);
CREATE INDEX i_pattern ON app.t (name text_pattern_ops);
CREATE INDEX i_collate ON app.t (name COLLATE "C");
CREATE INDEX i_in_c ON app.t (in_c);
CREATE INDEX i_in_c_default ON app.t (in_c COLLATE "default");
CREATE INDEX i_varchar ON app.t (short, plain);
CREATE INDEX i_varchar_text ON app.t (short varchar_ops, plain text_ops);
CREATE INDEX i_char ON app.t (letter, bare);
CREATE INDEX i_char_pattern ON app.t (letter bpchar_pattern_ops);
CREATE INDEX i_domain ON app.t (code);
CREATE INDEX i_enum ON app.t (mood);
CREATE INDEX i_array ON app.t (tags);
CREATE INDEX i_gin ON app.t USING gin (tags);
CREATE INDEX i_gin_doc ON app.t USING gin (doc);
CREATE INDEX i_gin_path ON app.t USING gin (doc jsonb_path_ops);
CREATE INDEX i_gist ON app.t USING gist (place);
CREATE INDEX i_gist_words ON app.t USING gist (words);
CREATE INDEX i_gist_length ON app.t USING gist (words tsvector_ops (siglen = 100));
CREATE INDEX i_hash ON app.t USING hash (id);
CREATE INDEX i_brin ON app.t USING brin (id, at) WITH (pages_per_range = 16);
CREATE INDEX i_brin_ops ON app.t USING brin (id int8_minmax_ops);
CREATE INDEX i_include ON app.t (id) INCLUDE (name, "Upper Case", tags);
CREATE INDEX i_twice ON app.t (id, at, id) INCLUDE (at);
CREATE INDEX i_expression ON app.t (lower(name), id);
CREATE INDEX i_partial ON app.t (id) WHERE at IS NOT NULL;
CREATE INDEX i_options ON app.t (id) WITH (fillfactor = 70);
CREATE INDEX i_options_partial ON app.t (id) WITH (fillfactor = 71, deduplicate_items = off) WHERE name <> ' WITH (x)';
CREATE INDEX i_names ON app.t ("select", "Upper Case", "quo""te", "ünï");
CREATE INDEX "I ""odd%s" ON "Odd ""schema"."Odd ""table%s" ("Upper Case", id);
CREATE INDEX "select" ON "Odd ""schema"."Odd ""table%s" (at) WITH (fillfactor = 50);
CREATE INDEX i_statistics ON app.t (id, (id + 1));
ALTER INDEX app.i_statistics ALTER COLUMN 2 SET STATISTICS 77;
CREATE UNIQUE INDEX i_view ON app.m (id);
CREATE INDEX i_view_name ON app.m (name);
CREATE INDEX i_p ON app.p (a, b);
CREATE INDEX i_p_options ON app.p (day) WITH (fillfactor = 60);
CREATE INDEX i_p_only ON ONLY app.p (b);
CREATE INDEX i_p_turned ON ONLY app.p (a);
CREATE INDEX i_p1_turned ON app.p1 (a DESC NULLS LAST);
ALTER INDEX app.i_p_turned ATTACH PARTITION app.i_p1_turned;
CREATE INDEX i_h ON ONLY app.h (b);
CREATE INDEX i_h0 ON app.h0 (b varchar_ops) WITH (fillfactor = 55);
ALTER INDEX app.i_h ATTACH PARTITION app.i_h0;
ALTER TABLE app.t RENAME COLUMN price TO cost;
ALTER TABLE app.p ADD CONSTRAINT p_key PRIMARY KEY (id, day) INCLUDE (a);
ALTER TABLE app.h ADD CONSTRAINT h_once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE app.t ADD CONSTRAINT t_checked CHECK (id > 0 AND name <> '') NO INHERIT;
ALTER TABLE app.t ADD CONSTRAINT t_apart EXCLUDE USING gist (place WITH ~=) WHERE (id > 3);
CREATE TABLE app.late (id int, CONSTRAINT late_key PRIMARY KEY (id) DEFERRABLE) PARTITION BY LIST (id);
CREATE TABLE app.late1 PARTITION OF app.late FOR VALUES IN (1);
CREATE TABLE app.prompt (id int NOT NULL, CONSTRAINT prompt_key PRIMARY KEY (id)) PARTITION BY LIST (id);
CREATE TABLE app.prompt1 (id int NOT NULL, CONSTRAINT other_name PRIMARY KEY (id) DEFERRABLE);
ALTER TABLE app.prompt ATTACH PARTITION app.prompt1 FOR VALUES IN (1);
CREATE SEQUENCE app.s;
CREATE FUNCTION app.f(text DEFAULT 'x') RETURNS text LANGUAGE sql AS 'SELECT $1';
ALTER TABLE app.t ALTER name SET DEFAULT app.f('it''s'), ALTER at SET DEFAULT now() + '1 day'::interval,
    ALTER id SET DEFAULT nextval('app.s'), ALTER tags SET DEFAULT ARRAY['a', NULL], ALTER letter SET DEFAULT 'x',
    ALTER mood SET DEFAULT 'glad', ALTER cost SET DEFAULT (1 + 2) * 3, ALTER "quo""te" SET DEFAULT -1;
CREATE VIEW app.v AS SELECT id, name FROM app.t;
ALTER VIEW app.v ALTER name SET DEFAULT upper('none');
"""

FROM_14 = "CREATE INDEX i_brin_bloom ON app.t USING brin (id int8_bloom_ops (n_distinct_per_range = 7));"
FROM_15 = "CREATE UNIQUE INDEX i_distinct ON app.t (id, cost) NULLS NOT DISTINCT;"


def test_texts_are_those_that_the_server_writes(database: Any) -> None:
    version = database.server.major
    database.execute(SETUP)
    database.execute(INDEXES + (FROM_14 if version >= 14 else "") + (FROM_15 if version >= 15 else ""))
    connection = database.connect()
    connection.autocommit = True
    catalog.pin_settings(connection)
    found = catalog.read(connection, SCHEMAS).objects
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n.nspname, i.relname, pg_get_indexdef(i.oid), x.indisunique, quote_ident(i.relname), i.reloptions
                 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
                WHERE n.nspname = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid)""",
            (SCHEMAS,),
        )
        indexes = cursor.fetchall()
        cursor.execute(
            """SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)
                 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ANY(%s) AND k.contype <> 'n' AND (k.conislocal OR k.conparentid <> 0)""",
            (SCHEMAS,),
        )
        constraints = cursor.fetchall()
        cursor.execute(
            """SELECT n.nspname, c.relname, a.attname, pg_get_expr(e.adbin, e.adrelid)
                 FROM pg_attrdef e JOIN pg_class c ON c.oid = e.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = e.adnum WHERE n.nspname = ANY(%s)""",
            (SCHEMAS,),
        )
        defaults = cursor.fetchall()
        cursor.execute(
            """SELECT n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ANY(%s) AND c.relispartition AND c.relkind IN ('r', 'p')""",
            (SCHEMAS,),
        )
        bounds = cursor.fetchall()
        cursor.execute(
            """SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      format_type(a.atttypid, NULL)
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped""",
            (SCHEMAS,),
        )
        columns = cursor.fetchall()
    connection.close()
    assert len(indexes) > 45
    for schema, name, text, unique, quoted, options in indexes:
        index: Any = found[Identity("index", schema, name)]
        pairs = [option.partition("=") for option in options or ()]
        words = ", ".join(f"{key}={value if value.isalpha() else repr(value)}" for key, _equals, value in pairs)
        head = f"CREATE {'UNIQUE ' if unique else ''}INDEX {quoted} ON "
        assert head + index.own_body == text.replace(f" WITH ({words})", "", 1)
        assert (f" WITH ({words})" in text) == bool(options)
        assert index.options == tuple(sorted(options or ()))
    assert len(constraints) > 12
    for schema, table, name, text in constraints:
        constraint: Any = found[Identity("constraint", schema, table, name)]
        assert constraint.own_definition == text
    assert len(defaults) == 9
    for schema, table, name, text in defaults:
        default: Any = found[Identity("default", schema, table, name)]
        assert default.expression == text
    assert len(bounds) == 8
    for schema, table, text in bounds:
        partition: Any = found[Identity("table", schema, table)]
        assert partition.partition_bound == text
    for schema, table, name, data_type, base_type in columns:
        column: Any = found[Identity("column", schema, table, name)]
        assert (column.data_type, column.base_type) == (data_type, base_type)
    assert [each.id.part for each in found.values() if each.id.kind == "column" and each.id.name == "p2"] == [
        "day", "b", "id", "a",
    ]  # fmt: skip
    with_target: Any = found[Identity("index", "app", "i_statistics")]
    assert with_target.statistics == ((2, 77),)
