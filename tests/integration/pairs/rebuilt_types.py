# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for types that are made anew while tables hold values of them: the values stay."""

from __future__ import annotations

from .model import Pair

PAIRS = (
    Pair(
        "enum of a column: label added",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood);",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE t (id int PRIMARY KEY, m mood);",
        seed="INSERT INTO t VALUES (1, 'sad'), (2, 'ok'), (3, NULL)",
        kept="SELECT id, m::text FROM t ORDER BY id",
    ),
    Pair(
        "enum of a column with a default: label added and used as the default",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'sad');",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');"
        "CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'happy');",
        seed="INSERT INTO t VALUES (1, 'sad'), (2, 'ok')",
        kept="SELECT id, m::text FROM t ORDER BY id",
    ),
    Pair(
        "enum of a column: labels in another order",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok');",
        "CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok');",
        seed="INSERT INTO t VALUES (1, 'sad'), (2, 'ok'), (3, 'happy')",
        kept="SELECT id, m::text FROM t ORDER BY id",
    ),
    Pair(
        "enum of a column with all that can stand on it: label removed",
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'old'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok', ms mood[],"
        " CHECK (m <> 'sad' OR id > 0)); CREATE INDEX t_m ON t (m) WHERE m = 'ok';"
        "CREATE VIEW v AS SELECT m FROM t WHERE m = 'ok';"
        "CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1';",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok', ms mood[],"
        " CHECK (m <> 'sad' OR id > 0)); CREATE INDEX t_m ON t (m) WHERE m = 'ok';"
        "CREATE VIEW v AS SELECT m FROM t WHERE m = 'ok';"
        "CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1';",
        seed="INSERT INTO t VALUES (1, 'sad', '{ok,sad}'), (2, 'ok', NULL)",
        kept="SELECT id, m::text, ms::text FROM t ORDER BY id",
    ),
    Pair(
        "domain of columns: base type",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int, d d);",
        "CREATE DOMAIN d AS bigint; CREATE TABLE t (id int, d d);",
        seed="INSERT INTO t VALUES (1, 5)",
        kept="SELECT id, d::int FROM t",
    ),
    Pair(
        "domain in an array: check",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int, d d[]);",
        "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (id int, d d[]);",
        seed="INSERT INTO t VALUES (1, '{5,6}')",
        kept="SELECT id, d::text FROM t",
    ),
    Pair(
        "composite of a column: another type of an attribute",
        "CREATE TYPE c AS (a int, b text); CREATE TABLE t (id int, c c);",
        "CREATE TYPE c AS (a bigint, b text); CREATE TABLE t (id int, c c);",
        seed="INSERT INTO t VALUES (1, ROW(5, 'x'))",
        kept="SELECT id, (c).a::int, (c).b FROM t",
    ),
    Pair(
        "range of a column: name of the multirange",
        "CREATE TYPE span AS RANGE (SUBTYPE = int); CREATE TABLE t (id int, s span);",
        "CREATE TYPE span AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = spans); CREATE TABLE t (id int, s span);",
        first=14,
        seed="INSERT INTO t VALUES (1, span(1, 5))",
        kept="SELECT id, s::text FROM t",
    ),
    Pair(
        "enum of a key that others reference: label removed",
        "CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE TABLE t (k e PRIMARY KEY); CREATE TABLE u (k e REFERENCES t, UNIQUE (k));",
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (k e PRIMARY KEY); CREATE TABLE u (k e REFERENCES t, UNIQUE (k));",
        seed="INSERT INTO t VALUES ('a'), ('b'); INSERT INTO u VALUES ('b');",
        kept="SELECT t.k::text, u.k::text FROM t LEFT JOIN u ON t.k = u.k ORDER BY 1",
    ),
    Pair(
        "enum of a column under a policy, a trigger and a generated column: labels in another order",
        "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (id int, k e, g boolean GENERATED ALWAYS AS (k = 'a') STORED);"
        "CREATE POLICY p ON t USING (k = 'a'); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.k = 'b') EXECUTE FUNCTION tf();",
        "CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE t (id int, k e, g boolean GENERATED ALWAYS AS (k = 'a') STORED);"
        "CREATE POLICY p ON t USING (k = 'a'); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.k = 'b') EXECUTE FUNCTION tf();",
        seed="INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        kept="SELECT id, k::text, g FROM t ORDER BY id",
    ),
)
