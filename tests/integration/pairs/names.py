# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for behaviour of PostgreSQL that bites: names, search paths, owners, and texts that the server writes in its own way."""

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
    Pair(
        "texts: defaults of every form",
        "CREATE TABLE t (a varchar(5) DEFAULT 'x', b char(3) DEFAULT 'a', c numeric(5, 2) DEFAULT 1,"
        " d timestamptz DEFAULT now(), e interval DEFAULT '1 day', f text[] DEFAULT '{}',"
        " g jsonb DEFAULT '{}', h bytea DEFAULT '\\x00', i date DEFAULT '2020-01-01',"
        " j float8 DEFAULT 'NaN', k bit(3) DEFAULT B'101', l bool DEFAULT true,"
        " m text DEFAULT current_user, n bigint DEFAULT -1);",
        "CREATE TABLE t (a varchar(5) DEFAULT 'y', b char(3) DEFAULT 'b', c numeric(5, 2) DEFAULT 1.5,"
        " d timestamptz DEFAULT now() + interval '1 h', e interval DEFAULT '1 mon',"
        " f text[] DEFAULT '{a,b}', g jsonb DEFAULT '{\"a\": [1]}', h bytea DEFAULT '\\x01',"
        " i date DEFAULT 'infinity', j float8 DEFAULT '-Infinity', k bit(3) DEFAULT B'111',"
        " l bool DEFAULT false, m text DEFAULT session_user, n bigint DEFAULT 9223372036854775807);",
    ),
    Pair(
        "search path: names that mean another thing on another path",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TABLE public.t (a text); "
        "CREATE FUNCTION s.lower(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "SET search_path = s, public; CREATE VIEW public.v AS SELECT a FROM t; "
        "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; "
        "CREATE FUNCTION public.g() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT "
        "count(*) FROM t'; CREATE INDEX i ON t (lower(a));",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TABLE public.t (a text); "
        "CREATE FUNCTION s.lower(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "SET search_path = public, s; CREATE VIEW public.v AS SELECT a FROM t; "
        "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; "
        "CREATE FUNCTION public.g() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT "
        "count(*) FROM t'; CREATE INDEX i2 ON t (lower(a));",
        alone=True,
    ),
    Pair(
        "search path: operators and types that hide those of the system",
        "CREATE FUNCTION eq(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; "
        "CREATE OPERATOR = (FUNCTION = eq, LEFTARG = text, RIGHTARG = text); CREATE TABLE t (a text); "
        "CREATE VIEW v AS SELECT a OPERATOR(pg_catalog.=) 'x' AS x FROM t;",
        "CREATE FUNCTION eq(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; "
        "CREATE OPERATOR = (FUNCTION = eq, LEFTARG = text, RIGHTARG = text); CREATE TABLE t (a text); "
        "CREATE VIEW v AS SELECT a OPERATOR(public.=) 'x' AS x FROM t; "
        "CREATE DOMAIN public.text AS pg_catalog.int4; CREATE TABLE u (a public.text, b pg_catalog.text);",
        alone=True,
    ),
    Pair(
        "owners: a view of another's over a table of another's",
        "CREATE TABLE t (a int); ALTER TABLE t OWNER TO pair_owner; CREATE VIEW v AS SELECT a FROM t; "
        "ALTER VIEW v OWNER TO pair_other; GRANT SELECT ON t TO pair_other; "
        "CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f OWNER TO pair_reader; "
        "REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT ALL ON FUNCTION f TO pair_other;",
        "CREATE TABLE t (a bigint); ALTER TABLE t OWNER TO pair_owner; CREATE VIEW v AS SELECT a FROM t; "
        "ALTER VIEW v OWNER TO pair_other; GRANT SELECT ON t TO pair_other; "
        "CREATE FUNCTION f(t) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; "
        "ALTER FUNCTION f OWNER TO pair_reader; REVOKE ALL ON FUNCTION f FROM PUBLIC; "
        "GRANT ALL ON FUNCTION f TO pair_other;",
    ),
    Pair(
        "privileges: many on many",
        "CREATE TABLE t0 (a int, b int); GRANT SELECT ON t0 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t1 (a int, b int); GRANT SELECT ON t1 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t2 (a int, b int); GRANT SELECT ON t2 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t3 (a int, b int); GRANT SELECT ON t3 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t4 (a int, b int); GRANT SELECT ON t4 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t5 (a int, b int); GRANT SELECT ON t5 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t6 (a int, b int); GRANT SELECT ON t6 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t7 (a int, b int); GRANT SELECT ON t7 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t8 (a int, b int); GRANT SELECT ON t8 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t9 (a int, b int); GRANT SELECT ON t9 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t10 (a int, b int); GRANT SELECT ON t10 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t11 (a int, b int); GRANT SELECT ON t11 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t12 (a int, b int); GRANT SELECT ON t12 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t13 (a int, b int); GRANT SELECT ON t13 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t14 (a int, b int); GRANT SELECT ON t14 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t15 (a int, b int); GRANT SELECT ON t15 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t16 (a int, b int); GRANT SELECT ON t16 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t17 (a int, b int); GRANT SELECT ON t17 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t18 (a int, b int); GRANT SELECT ON t18 TO pair_reader WITH GRANT OPTION; "
        "CREATE TABLE t19 (a int, b int); GRANT SELECT ON t19 TO pair_reader WITH GRANT OPTION; ",
        "CREATE TABLE t0 (a int, b int); GRANT ALL ON t0 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t0 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t0 TO PUBLIC; "
        "REVOKE TRUNCATE ON t0 FROM pair_writer; CREATE TABLE t1 (a int, b int); "
        "GRANT ALL ON t1 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t1 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t1 TO PUBLIC; "
        "REVOKE TRUNCATE ON t1 FROM pair_writer; CREATE TABLE t2 (a int, b int); "
        "GRANT ALL ON t2 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t2 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t2 TO PUBLIC; "
        "REVOKE TRUNCATE ON t2 FROM pair_writer; CREATE TABLE t3 (a int, b int); "
        "GRANT ALL ON t3 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t3 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t3 TO PUBLIC; "
        "REVOKE TRUNCATE ON t3 FROM pair_writer; CREATE TABLE t4 (a int, b int); "
        "GRANT ALL ON t4 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t4 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t4 TO PUBLIC; "
        "REVOKE TRUNCATE ON t4 FROM pair_writer; CREATE TABLE t5 (a int, b int); "
        "GRANT ALL ON t5 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t5 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t5 TO PUBLIC; "
        "REVOKE TRUNCATE ON t5 FROM pair_writer; CREATE TABLE t6 (a int, b int); "
        "GRANT ALL ON t6 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t6 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t6 TO PUBLIC; "
        "REVOKE TRUNCATE ON t6 FROM pair_writer; CREATE TABLE t7 (a int, b int); "
        "GRANT ALL ON t7 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t7 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t7 TO PUBLIC; "
        "REVOKE TRUNCATE ON t7 FROM pair_writer; CREATE TABLE t8 (a int, b int); "
        "GRANT ALL ON t8 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t8 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t8 TO PUBLIC; "
        "REVOKE TRUNCATE ON t8 FROM pair_writer; CREATE TABLE t9 (a int, b int); "
        "GRANT ALL ON t9 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t9 TO pair_reader WITH GRANT OPTION; GRANT INSERT ON t9 TO PUBLIC; "
        "REVOKE TRUNCATE ON t9 FROM pair_writer; CREATE TABLE t10 (a int, b int); "
        "GRANT ALL ON t10 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t10 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t10 TO PUBLIC; REVOKE TRUNCATE ON t10 FROM pair_writer; "
        "CREATE TABLE t11 (a int, b int); GRANT ALL ON t11 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t11 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t11 TO PUBLIC; REVOKE TRUNCATE ON t11 FROM pair_writer; "
        "CREATE TABLE t12 (a int, b int); GRANT ALL ON t12 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t12 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t12 TO PUBLIC; REVOKE TRUNCATE ON t12 FROM pair_writer; "
        "CREATE TABLE t13 (a int, b int); GRANT ALL ON t13 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t13 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t13 TO PUBLIC; REVOKE TRUNCATE ON t13 FROM pair_writer; "
        "CREATE TABLE t14 (a int, b int); GRANT ALL ON t14 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t14 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t14 TO PUBLIC; REVOKE TRUNCATE ON t14 FROM pair_writer; "
        "CREATE TABLE t15 (a int, b int); GRANT ALL ON t15 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t15 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t15 TO PUBLIC; REVOKE TRUNCATE ON t15 FROM pair_writer; "
        "CREATE TABLE t16 (a int, b int); GRANT ALL ON t16 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t16 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t16 TO PUBLIC; REVOKE TRUNCATE ON t16 FROM pair_writer; "
        "CREATE TABLE t17 (a int, b int); GRANT ALL ON t17 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t17 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t17 TO PUBLIC; REVOKE TRUNCATE ON t17 FROM pair_writer; "
        "CREATE TABLE t18 (a int, b int); GRANT ALL ON t18 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t18 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t18 TO PUBLIC; REVOKE TRUNCATE ON t18 FROM pair_writer; "
        "CREATE TABLE t19 (a int, b int); GRANT ALL ON t19 TO pair_writer; "
        "GRANT SELECT (a), UPDATE (b) ON t19 TO pair_reader WITH GRANT OPTION; "
        "GRANT INSERT ON t19 TO PUBLIC; REVOKE TRUNCATE ON t19 FROM pair_writer; ",
    ),
)
