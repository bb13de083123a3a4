# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for default privileges, and for privileges that others than the owner have granted."""

from __future__ import annotations

from .model import Pair


def _alone(name: str, before: str, after: str, common: str = "", first: int = 13) -> Pair:
    return Pair(name, before, after, common, first, alone=True)


DEFAULTS = (
    _alone(
        "default privileges",
        "",
        "ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner GRANT SELECT ON TABLES TO pair_reader; ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
    ),
    _alone(
        "default privileges: others",
        "ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner GRANT SELECT ON TABLES TO pair_reader;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner GRANT SELECT, INSERT ON TABLES TO pair_reader, pair_writer WITH GRANT OPTION;",
    ),
    _alone(
        "default privileges of a schema",
        "CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO pair_reader;",
        "CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner IN SCHEMA public GRANT SELECT ON SEQUENCES TO PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner IN SCHEMA public GRANT USAGE ON TYPES TO pair_reader;",
    ),
    _alone(
        "default privileges on schemas and types",
        "",
        "ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner GRANT USAGE ON SCHEMAS TO pair_reader; ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner REVOKE ALL ON TYPES FROM PUBLIC;",
    ),
    _alone(
        "default privileges of who deploys, and new objects",
        "",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pair_reader; CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;",
    ),
    _alone(
        "default privileges that came after the table",
        "",
        "CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pair_reader;",
    ),
    _alone(
        "table new under default privileges that are there",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pair_reader;",
        "CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pair_reader; CREATE TABLE u (a int);",
    ),
    _alone(
        "default privileges that go, and a table that has the same by itself",
        "CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pair_reader;",
        "CREATE TABLE t (a int); CREATE TABLE u (a int); GRANT SELECT ON u TO pair_reader;",
    ),
    _alone(
        "function new under default privileges that take away",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    ),
    _alone(
        "default privileges on large objects",
        "",
        "ALTER DEFAULT PRIVILEGES FOR ROLE pair_owner GRANT SELECT ON LARGE OBJECTS TO pair_reader;",
        first=18,
    ),
)

_OPTION = "CREATE TABLE t (a int, b int); GRANT SELECT ON t TO pair_reader WITH GRANT OPTION; "
_BY_READER = "SET ROLE pair_reader; {} RESET ROLE; "

GRANTORS = (
    _alone(
        "granted by another",
        "CREATE TABLE t (a int, b int); GRANT SELECT ON t TO pair_reader; GRANT SELECT ON t TO pair_writer;",
        _OPTION + _BY_READER.format("GRANT SELECT ON t TO pair_writer;"),
    ),
    _alone(
        "granted by another: as pg_dump writes it, and by a chain of roles",
        _OPTION + "GRANT SELECT ON t TO pair_writer;",
        _OPTION + "SET SESSION AUTHORIZATION pair_reader; GRANT SELECT ON t TO pair_writer WITH GRANT OPTION; "
        "RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION pair_writer; GRANT SELECT ON t TO pair_other, PUBLIC; "
        "RESET SESSION AUTHORIZATION;",
    ),
    _alone(
        "granted by two",
        _OPTION + _BY_READER.format("GRANT SELECT ON t TO pair_writer;"),
        _OPTION
        + _BY_READER.format("GRANT SELECT ON t TO pair_writer WITH GRANT OPTION;")
        + "GRANT SELECT ON t TO pair_writer;",
    ),
    _alone(
        "granted by another: columns, functions, schemas",
        "",
        "GRANT UPDATE (a) ON t TO pair_reader WITH GRANT OPTION; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC; "
        "GRANT EXECUTE ON FUNCTION f() TO pair_reader WITH GRANT OPTION; "
        "GRANT CREATE ON SCHEMA x TO pair_reader WITH GRANT OPTION; "
        + _BY_READER.format(
            "GRANT UPDATE (a) ON t TO pair_writer; GRANT EXECUTE ON FUNCTION f() TO pair_writer; "
            "GRANT CREATE ON SCHEMA x TO pair_writer;"
        ),
        "CREATE SCHEMA x; CREATE TABLE t (a int); "
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ",
    ),
    _alone(
        "granted to who becomes the owner",
        "CREATE TABLE t (a int); ALTER TABLE t OWNER TO pair_other; GRANT SELECT ON t TO pair_reader;",
        "CREATE TABLE t (a int); ALTER TABLE t OWNER TO pair_reader; GRANT INSERT ON t TO pair_other;",
    ),
)

MEMBERS = (
    _alone(
        "privileges on members of an extension",
        "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION postgres_fdw;",
        "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION postgres_fdw; "
        "GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO pair_reader WITH GRANT OPTION; "
        "REVOKE SELECT ON pg_stat_statements FROM PUBLIC; GRANT SELECT (query) ON pg_stat_statements TO pair_writer; "
        "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pair_reader; "
        "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO pair_reader;",
    ),
    _alone(
        "privileges on members of an extension that is new, and in another schema",
        "CREATE SCHEMA x; CREATE EXTENSION citext SCHEMA x; "
        "REVOKE EXECUTE ON FUNCTION x.citext_hash(x.citext) FROM PUBLIC; CREATE TABLE t (a int);",
        "CREATE SCHEMA x; CREATE EXTENSION citext; REVOKE EXECUTE ON FUNCTION citext_hash(citext) FROM PUBLIC; "
        "GRANT USAGE ON TYPE citext TO pair_reader; CREATE EXTENSION hstore; "
        "GRANT EXECUTE ON FUNCTION hstore_in(cstring) TO pair_reader; CREATE TABLE t (a int);",
    ),
)
