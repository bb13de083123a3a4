# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for behaviour of PostgreSQL that bites: names, and texts that the server writes in its own way."""

from __future__ import annotations

from .model import Pair

NAMES = (
    Pair(
        "names: every kind under a name that needs quotes",
        "",
        "CREATE TYPE \"E 'é\" AS ENUM ('a''b', '\"', 'ü'); "
        'CREATE DOMAIN "D.d" AS int CONSTRAINT "k k" CHECK (VALUE > 0); '
        'CREATE TYPE "C%s" AS ("A b" int, "ö" text); CREATE SEQUENCE "S-1"; '
        'CREATE TABLE "T ""x""" ("I d" int GENERATED ALWAYS AS IDENTITY, "select" "E \'é", "d" "D.d"[],'
        ' "c" "C%s" DEFAULT ROW(1, \'x\'), CONSTRAINT "P k" PRIMARY KEY ("I d"),'
        ' CONSTRAINT "Ch 1" CHECK ("I d" <> 5)); '
        'CREATE INDEX "Ix (1)" ON "T ""x""" (lower(("c")."ö")) WHERE "I d" > 1; '
        'CREATE VIEW "V w" AS SELECT "select", "I d" AS "from" FROM "T ""x"""; '
        'CREATE MATERIALIZED VIEW "M v" AS SELECT "from" FROM "V w"; '
        'CREATE FUNCTION "F(x)"("a b" "E \'é", "b" "T ""x""") RETURNS "C%s" LANGUAGE sql AS $$SELECT 1,'
        ' NULL::text$$; CREATE FUNCTION "Tr f"() RETURNS trigger LANGUAGE plpgsql AS \'BEGIN RETURN NEW; '
        "END'; "
        'CREATE TRIGGER "Tr g" BEFORE UPDATE OF "select" ON "T ""x""" FOR EACH ROW EXECUTE FUNCTION "Tr '
        'f"(\'it\'\'s\'); CREATE POLICY "Po l" ON "T ""x""" USING ("select" = \'ü\'); '
        'CREATE RULE "Ru l" AS ON INSERT TO "V w" DO INSTEAD NOTHING; '
        'CREATE STATISTICS "St a" ON "I d", "select" FROM "T ""x"""; '
        'COMMENT ON COLUMN "T ""x"""."select" IS \'it\'\'s\'; '
        'GRANT SELECT ("select"), UPDATE ("I d") ON "T ""x""" TO pair_reader; '
        'CREATE FUNCTION "s f"(int, "E \'é") RETURNS int LANGUAGE sql AS \'SELECT 1\'; '
        'CREATE AGGREGATE "Ag g"("E \'é") (SFUNC = "s f", STYPE = int); CREATE COLLATION "Co l" FROM "C"; '
        'CREATE TEXT SEARCH CONFIGURATION "Ts c" (COPY = simple); '
        'CREATE OPERATOR @#@ (FUNCTION = "s f", LEFTARG = int, RIGHTARG = "E \'é");',
    ),
    Pair(
        "names: 63 bytes everywhere",
        "",
        "CREATE TYPE nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn0 AS ENUM ('a');"
        "CREATE DOMAIN nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn1 AS int CHECK (VALUE "
        "> 0);CREATE SEQUENCE nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn2 ;"
        "CREATE TABLE nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn3 "
        "(ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc int GENERATED ALWAYS AS IDENTITY "
        "PRIMARY KEY, ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd serial UNIQUE CHECK "
        "(ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd > 0));"
        "CREATE VIEW nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn4 AS SELECT "
        "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc FROM "
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn3;",
    ),
    Pair(
        "names: long ones that PostgreSQL cuts",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, äääääääääääääääääääääääääääääää int UNIQUE,"
        " ööööööööööööööööööööööööööööööö int UNIQUE CHECK (ööööööööööööööööööööööööööööööö > 0),"
        " CHECK (äääääääääääääääääääääääääääääää > 0)); "
        "CREATE INDEX ON t (äääääääääääääääääääääääääääääää, ööööööööööööööööööööööööööööööö);",
    ),
    Pair(
        "names: of types that need quotes in arrays and functions",
        'CREATE TYPE "A B" AS ENUM (\'x\'); CREATE TABLE t (a "A B"[]); '
        'CREATE FUNCTION f("A B"[]) RETURNS "A B" LANGUAGE sql AS \'SELECT $1[1]\';',
        "CREATE TYPE \"A B\" AS ENUM ('y', 'x'); CREATE TABLE t (a \"A B\"[]); "
        'CREATE FUNCTION f("A B"[]) RETURNS "A B" LANGUAGE sql AS \'SELECT $1[1]\';',
        seed="INSERT INTO t VALUES ('{x,x}')",
        kept="SELECT a::text FROM t",
    ),
)

TEXTS = (
    Pair(
        "texts: written by hand and as the server writes them",
        "CREATE TABLE t (a varchar(9), b int, c timestamp, d text[], CONSTRAINT k CHECK (a IN ('x',"
        " 'y') AND b BETWEEN 1 AND 5 AND NOT (c IS NULL)),"
        " CONSTRAINT l CHECK (a LIKE 'x%' OR a ~~* 'y' OR d @> ARRAY['z'])); "
        "CREATE INDEX i ON t (coalesce(a, ''), (b * 2 + 1)) WHERE a IN ('x', 'y') AND b <> ALL (ARRAY[1,"
        " 2]); "
        "CREATE VIEW v AS SELECT CASE WHEN a = 'x' THEN 1 ELSE 2 END AS x, extract(year FROM c) AS y,"
        " substring(a FROM 1 FOR 2) AS s, a || 'z' AS z FROM t WHERE a IN ('x', 'y');",
        "CREATE TABLE t (a varchar(9), b int, c timestamp, d text[], CONSTRAINT k CHECK (a IN ('x',"
        " 'z') AND b BETWEEN 1 AND 5 AND NOT (c IS NULL)),"
        " CONSTRAINT l CHECK (a LIKE 'x%' OR a ~~* 'y' OR d @> ARRAY['z', 'q'])); "
        "CREATE INDEX i ON t (coalesce(a, ''), (b * 2 + 2)) WHERE a IN ('x', 'y') AND b <> ALL (ARRAY[1,"
        " 3]); "
        "CREATE VIEW v AS SELECT CASE WHEN a = 'x' THEN 1 ELSE 3 END AS x, extract(year FROM c) AS y,"
        " substring(a FROM 1 FOR 3) AS s, a || 'z' AS z FROM t WHERE a IN ('x', 'y');",
    ),
)
