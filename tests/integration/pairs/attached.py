# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for tables that come to inherit, become partitions, or cease to be."""

from __future__ import annotations

from .model import Pair

PAIRS = (
    Pair(
        "attach: not null, check, type",
        "CREATE TABLE p (a int NOT NULL, b bigint, c text, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 (a int, b int, c text);",
        "CREATE TABLE p (a int NOT NULL, b bigint, c text, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a, b::int FROM p1",
    ),
    Pair(
        "attach: keeps checks",
        "CREATE TABLE p (a int NOT NULL, b bigint, c text, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 (a int, b int, c text, CONSTRAINT k CHECK (b > 0), CONSTRAINT l CHECK (b > 1));",
        "CREATE TABLE p (a int NOT NULL, b bigint, c text, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p (CONSTRAINT l CHECK (b > 1)) FOR VALUES IN (1);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a, b::int FROM p1",
    ),
    Pair(
        "attach: other check of that name",
        "CREATE TABLE p (a int, b int, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 (a int, b int, CONSTRAINT k CHECK (b > 1));",
        "CREATE TABLE p (a int, b int, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a, b::int FROM p1",
    ),
    Pair(
        "attach: more columns",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 (a int, z int);",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a FROM p1",
    ),
    Pair(
        "moved to another with checks",
        "CREATE TABLE p (a int, b int, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE q (a int, b int, CONSTRAINT kk CHECK (b > 1)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int, b int, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE q (a int, b int, CONSTRAINT kk CHECK (b > 1)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF q FOR VALUES IN (1);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a FROM p1",
    ),
    Pair(
        "other bounds and a column of another type, a check",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int, b bigint NOT NULL, d int DEFAULT 1, CONSTRAINT k CHECK (b > 0)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a FROM p1",
    ),
    Pair(
        "other bounds, disabled trigger",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE p1 DISABLE TRIGGER tr;",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 3); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE p1 DISABLE TRIGGER tr;",
        seed="INSERT INTO p1 VALUES (1, 2)",
        kept="SELECT a FROM p1",
    ),
    Pair(
        "other bounds, referenced",
        "CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE f (a int REFERENCES p);",
        "CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 3); CREATE TABLE f (a int REFERENCES p);",
        seed="INSERT INTO p1 VALUES (1, 2); INSERT INTO f VALUES (1)",
        kept="SELECT a FROM f",
    ),
    Pair(
        "other bounds, indexes, foreign key, identity",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2); CREATE TABLE p (a int, b int REFERENCES r, PRIMARY KEY (a, b)) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2); CREATE TABLE p (a int, b int REFERENCES r, PRIMARY KEY (a, b)) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 4);",
        seed="INSERT INTO p VALUES (1, 2)",
        kept="SELECT a FROM p",
    ),
    Pair(
        "inherit: checks of the parent",
        "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int, x int);",
        "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int, x int) INHERITS (p);",
        seed="INSERT INTO c VALUES (1)",
        kept="SELECT a FROM c",
    ),
    Pair(
        "inherit: checks of both",
        "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int, x int);",
        "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int, x int, CONSTRAINT k CHECK (a > 0)) INHERITS (p);",
        seed="INSERT INTO c VALUES (1)",
        kept="SELECT a FROM c",
    ),
)
