# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for policies, and for what stands in no schema: foreign data, publications, extensions."""

from __future__ import annotations

from .model import Pair

_T = "CREATE TABLE t (a int PRIMARY KEY, b int, c text);"
_WRAPPER = "CREATE FOREIGN DATA WRAPPER w;"
_SERVER = _WRAPPER + "CREATE SERVER s FOREIGN DATA WRAPPER w;"
_SUBSCRIPTION = "CREATE SUBSCRIPTION pair_sub CONNECTION 'host=nowhere dbname=x password=secret1' PUBLICATION p1 WITH (connect = false);"


def _policy(name: str, before: str, after: str) -> Pair:
    common = f"{_T}ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    return Pair(name, before, after, common)


def _alone(name: str, before: str, after: str, common: str = "", first: int = 13) -> Pair:
    return Pair(name, before, after, common, first, alone=True)


POLICIES = (
    _policy("policy", "", "CREATE POLICY p ON t USING (a > 0); COMMENT ON POLICY p ON t IS 'p';"),
    _policy(
        "policy: expression",
        "CREATE POLICY p ON t USING (a > 0);",
        "CREATE POLICY p ON t USING (a > 1 AND b = 2) WITH CHECK (c IS NOT NULL);",
    ),
    _policy(
        "policy: command",
        "CREATE POLICY p ON t FOR SELECT USING (a > 0);",
        "CREATE POLICY p ON t FOR DELETE USING (a > 0);",
    ),
    _policy(
        "policy: insert",
        "CREATE POLICY p ON t FOR INSERT WITH CHECK (a > 0);",
        "CREATE POLICY p ON t FOR UPDATE USING (a > 0) WITH CHECK (a > 1);",
    ),
    _policy(
        "policy: roles",
        "CREATE POLICY p ON t TO pair_reader USING (true);",
        "CREATE POLICY p ON t TO pair_reader, pair_writer USING (true);",
    ),
    _policy(
        "policy: everybody", "CREATE POLICY p ON t TO pair_reader USING (true);", "CREATE POLICY p ON t USING (true);"
    ),
    _policy(
        "policy: restrictive",
        "CREATE POLICY p ON t USING (a > 0);",
        "CREATE POLICY p ON t AS RESTRICTIVE USING (a > 0);",
    ),
    _policy(
        "policy: check taken away",
        "CREATE POLICY p ON t USING (a > 0) WITH CHECK (a > 5);",
        "CREATE POLICY p ON t USING (a > 0);",
    ),
    _policy(
        "policy that reads another table",
        "",
        "CREATE TABLE u (a int); CREATE POLICY p ON t USING (EXISTS (SELECT FROM u WHERE u.a = t.a));",
    ),
    _policy(
        "policy that calls a function made anew",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'; CREATE POLICY p ON t USING (a = f());",
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 1::bigint'; CREATE POLICY p ON t USING (a = f());",
    ),
    Pair(
        "policy under a column whose type changes",
        "CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0); COMMENT ON POLICY p ON t IS 'p';",
        "CREATE TABLE t (a bigint); CREATE POLICY p ON t USING (a > 0); COMMENT ON POLICY p ON t IS 'p';",
    ),
)

FOREIGN = (
    _alone(
        "foreign data wrapper",
        "",
        "CREATE FOREIGN DATA WRAPPER w OPTIONS (debug 'true', password 'secret'); COMMENT ON FOREIGN DATA WRAPPER w IS 'w';",
    ),
    _alone(
        "foreign data wrapper: options and validator",
        "CREATE FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2');",
        "CREATE FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator;",
    ),
    _alone(
        "foreign data wrapper: privileges",
        _WRAPPER,
        _WRAPPER + "GRANT USAGE ON FOREIGN DATA WRAPPER w TO pair_reader WITH GRANT OPTION;",
    ),
    _alone(
        "server",
        "",
        "CREATE SERVER s TYPE 'ty' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'h', \"Odd name\" 'o'); COMMENT ON SERVER s IS 's';",
        _WRAPPER,
    ),
    _alone(
        "server: version and options",
        "CREATE SERVER s VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'h', port '1');",
        "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'i', dbname 'd');",
        _WRAPPER,
    ),
    _alone(
        "server: type",
        "CREATE SERVER s TYPE 'a' FOREIGN DATA WRAPPER w;",
        "CREATE SERVER s TYPE 'b' FOREIGN DATA WRAPPER w;",
        _WRAPPER,
    ),
    _alone(
        "server: type, with all that stands on it",
        "CREATE SERVER s TYPE 'a' FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR pair_reader SERVER s OPTIONS (password 'p'); CREATE FOREIGN TABLE ft (a int) SERVER s; CREATE VIEW v AS SELECT a FROM ft;",
        "CREATE SERVER s TYPE 'b' FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR pair_reader SERVER s OPTIONS (password 'p'); CREATE FOREIGN TABLE ft (a int) SERVER s; CREATE VIEW v AS SELECT a FROM ft;",
        _WRAPPER,
    ),
    _alone(
        "server: privileges and owner",
        _SERVER
        + "GRANT USAGE ON FOREIGN DATA WRAPPER w TO pair_owner, pair_other; ALTER SERVER s OWNER TO pair_other;",
        _SERVER
        + "GRANT USAGE ON FOREIGN DATA WRAPPER w TO pair_owner, pair_other; ALTER SERVER s OWNER TO pair_owner; GRANT USAGE ON FOREIGN SERVER s TO pair_reader;",
    ),
    _alone(
        "user mapping",
        _SERVER,
        _SERVER
        + "CREATE USER MAPPING FOR pair_reader SERVER s OPTIONS (user 'u', password 'geheim'); CREATE USER MAPPING FOR PUBLIC SERVER s;",
    ),
    _alone(
        "user mapping: options",
        _SERVER + "CREATE USER MAPPING FOR pair_reader SERVER s OPTIONS (user 'u', password 'geheim');",
        _SERVER + "CREATE USER MAPPING FOR pair_reader SERVER s OPTIONS (password 'anders');",
    ),
    _alone(
        "foreign table",
        "",
        "CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'x') NOT NULL DEFAULT 5, b text COLLATE \"C\", CHECK (a > 0)) SERVER s OPTIONS (table_name 't'); COMMENT ON FOREIGN TABLE ft IS 'ft'; COMMENT ON COLUMN ft.a IS 'a'; GRANT SELECT ON ft TO pair_reader;",
        _SERVER,
    ),
    _alone(
        "foreign table: options and columns",
        "CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'x'), b int) SERVER s OPTIONS (t 'x');",
        "CREATE FOREIGN TABLE ft (a bigint OPTIONS (column_name 'y', more 'z'), c text) SERVER s OPTIONS (u 'x');",
        _SERVER,
    ),
    _alone(
        "foreign table: check, default, trigger",
        "CREATE FOREIGN TABLE ft (a int) SERVER s;",
        "CREATE FOREIGN TABLE ft (a int DEFAULT 1, CONSTRAINT k CHECK (a > 0)) SERVER s; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE INSERT ON ft FOR EACH ROW EXECUTE FUNCTION tf();",
        _SERVER,
    ),
    _alone(
        "foreign table: server",
        "CREATE SERVER s2 FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int) SERVER s;",
        "CREATE SERVER s2 FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int) SERVER s2;",
        _SERVER,
    ),
    _alone(
        "foreign table becomes a table",
        "CREATE FOREIGN TABLE ft (a int) SERVER s;",
        "CREATE TABLE ft (a int);",
        _SERVER,
    ),
    _alone(
        "foreign table: partition",
        "CREATE TABLE p (a int) PARTITION BY LIST (a);",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE FOREIGN TABLE p1 PARTITION OF p FOR VALUES IN (1) SERVER s OPTIONS (x 'y');",
        _SERVER,
    ),
)

REPLICATION = (
    _alone(
        "publication",
        "",
        "CREATE PUBLICATION p FOR TABLE t WITH (publish = 'insert, delete'); COMMENT ON PUBLICATION p IS 'p';",
        _T,
    ),
    _alone(
        "publication: tables",
        "CREATE PUBLICATION p FOR TABLE t;",
        "CREATE PUBLICATION p FOR TABLE u, x;",
        _T + "CREATE TABLE u (a int); CREATE TABLE x (a int);",
    ),
    _alone("publication: no tables", "CREATE PUBLICATION p FOR TABLE t;", "CREATE PUBLICATION p;", _T),
    _alone("publication: all tables", "CREATE PUBLICATION p FOR TABLE t;", "CREATE PUBLICATION p FOR ALL TABLES;", _T),
    _alone(
        "publication: settings",
        "CREATE PUBLICATION p FOR TABLE t;",
        "CREATE PUBLICATION p FOR TABLE t WITH (publish = 'update', publish_via_partition_root = true);",
        _T,
    ),
    _alone(
        "publication: rows and columns",
        "CREATE PUBLICATION p FOR TABLE t (a, b) WHERE (a > 0);",
        "CREATE PUBLICATION p FOR TABLE t (a, c) WHERE (a > 1 AND a < 5);",
        _T,
        first=15,
    ),
    _alone(
        "publication: schemas",
        "CREATE PUBLICATION p FOR TABLES IN SCHEMA public;",
        "CREATE PUBLICATION p FOR TABLE t, TABLES IN SCHEMA public;",
        _T,
        first=15,
    ),
    _alone(
        "publication: generated columns",
        "CREATE PUBLICATION p FOR TABLE t;",
        "CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored);",
        _T,
        first=18,
    ),
    _alone(
        "publication: owner",
        "CREATE PUBLICATION p FOR TABLE t; ALTER PUBLICATION p OWNER TO pair_other;",
        "CREATE PUBLICATION p FOR TABLE t; ALTER PUBLICATION p OWNER TO pair_owner;",
        _T,
    ),
    _alone(
        "publication of a table that goes",
        "CREATE TABLE u (a int); CREATE PUBLICATION p FOR TABLE t, u;",
        "CREATE PUBLICATION p FOR TABLE t;",
        _T,
    ),
    _alone(
        "publication of a column whose type changes",
        "CREATE TABLE t (a int PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t WHERE (a > 0); COMMENT ON PUBLICATION p IS 'p';",
        "CREATE TABLE t (a bigint PRIMARY KEY, b int); CREATE PUBLICATION p FOR TABLE t WHERE (a > 0); COMMENT ON PUBLICATION p IS 'p';",
        first=15,
    ),
    _alone("subscription", "", _SUBSCRIPTION + "COMMENT ON SUBSCRIPTION pair_sub IS 's';"),
    _alone(
        "subscription: connection and publications",
        _SUBSCRIPTION,
        _SUBSCRIPTION.replace("secret1", "secret2").replace("p1", "p2, p3"),
    ),
    _alone(
        "subscription: settings",
        _SUBSCRIPTION,
        _SUBSCRIPTION.replace("connect = false", "connect = false, slot_name = another, synchronous_commit = 'local'"),
    ),
    _alone(
        "subscription: more settings",
        _SUBSCRIPTION,
        _SUBSCRIPTION.replace(
            "connect = false", "connect = false, binary = true, streaming = on, disable_on_error = true"
        ),
        first=15,
    ),
)

EXTENSIONS = (
    _alone(
        "extension",
        "",
        "CREATE EXTENSION pgcrypto; COMMENT ON EXTENSION pgcrypto IS 'mine'; CREATE TABLE t (a uuid DEFAULT gen_random_uuid(), b text DEFAULT gen_salt('bf'));",
    ),
    _alone(
        "extension: schema",
        "CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA public; CREATE TABLE t (h hstore);",
        "CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE TABLE t (h ext.hstore);",
    ),
    _alone(
        "extension: what stands on it",
        "CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE TABLE t (a citext UNIQUE, b text); CREATE INDEX i ON t USING gin (b gin_trgm_ops);",
        "CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE TABLE t (a text UNIQUE, b citext); CREATE INDEX i ON t USING gist (a gist_trgm_ops (siglen = 32));",
    ),
    _alone(
        "extension: with objects of its own kinds",
        "",
        "CREATE EXTENSION btree_gist; CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h'); CREATE TABLE t (a int, b int4range, EXCLUDE USING gist (a WITH =, b WITH &&));",
    ),
    _alone(
        "extension: with views, and a table taken up into it",
        "",
        "CREATE TABLE u (a int);",
        "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION citext; CREATE FUNCTION tf() RETURNS trigger "
        "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE theirs (a int GENERATED ALWAYS AS IDENTITY PRIMARY "
        "KEY, b int DEFAULT 5 CHECK (b > 0)); CREATE INDEX ON theirs (b); CREATE TRIGGER tr BEFORE INSERT ON theirs "
        "FOR EACH ROW EXECUTE FUNCTION tf(); CREATE RULE ru AS ON DELETE TO theirs DO INSTEAD NOTHING; "
        "CREATE STATISTICS st ON a, b FROM theirs; COMMENT ON INDEX theirs_pkey IS 'x'; "
        "ALTER EXTENSION citext ADD TABLE theirs; ALTER EXTENSION citext ADD SEQUENCE theirs_a_seq;",
    ),
)
