# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verbs, transaction control, and what a schema file may not hold."""

from __future__ import annotations

import pytest

from ansible_collections.domainflow.database.plugins.module_utils.errors import SourceError
from ansible_collections.domainflow.database.plugins.module_utils.script import Source, Statement, statements
from ansible_collections.domainflow.database.plugins.module_utils.script.classify import (
    client_encoding,
    copy_target,
    verb_of,
)


def one(text: str) -> Statement:
    (statement,) = statements(Source.from_text(text))
    return statement


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("create table t ()", "CREATE TABLE"),
        ("CREATE UNLOGGED TABLE IF NOT EXISTS t ()", "CREATE TABLE"),
        ("CREATE LOCAL TEMPORARY TABLE t ()", "CREATE TABLE"),
        ("CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX"),
        ("CREATE OR REPLACE /* x */ TRUSTED PROCEDURAL LANGUAGE l", "CREATE LANGUAGE"),
        ("CREATE OR REPLACE TEMP RECURSIVE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW"),
        ("CREATE CONSTRAINT TRIGGER t AFTER INSERT ON x", "CREATE TRIGGER"),
        ("CREATE DEFAULT CONVERSION c FOR 'a' TO 'b' FROM f", "CREATE CONVERSION"),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO r", "ALTER DEFAULT PRIVILEGES"),
        ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"),
        ("CREATE FOREIGN TABLE t () SERVER s", "CREATE FOREIGN TABLE"),
        ("DROP EVENT TRIGGER t", "DROP EVENT TRIGGER"),
        ("CREATE TEXT SEARCH CONFIGURATION c", "CREATE TEXT SEARCH CONFIGURATION"),
        ("CREATE USER MAPPING FOR u SERVER s", "CREATE USER MAPPING"),
        ("CREATE OPERATOR CLASS o FOR TYPE t USING btree AS STORAGE x", "CREATE OPERATOR CLASS"),
        ("CREATE OPERATOR + (LEFTARG = a)", "CREATE OPERATOR"),
        ("COMMENT ON TABLE t IS 'x'", "COMMENT ON TABLE"),
        ("COMMENT ON MATERIALIZED VIEW t IS 'x'", "COMMENT ON MATERIALIZED VIEW"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"),
        ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "START TRANSACTION"),
        ("insert into t values (1)", "INSERT"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH"),
        ("(SELECT 1)", ""),
        ("-- head\nSELECT 1", "SELECT"),
        ("CREATE", "CREATE"),
    ],
)
def test_verb(text: str, verb: str) -> None:
    assert verb_of(text) == verb


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN",
        "begin work",
        "START TRANSACTION",
        "COMMIT",
        "COMMIT AND CHAIN",
        "END",
        "SAVEPOINT a",
        "RELEASE SAVEPOINT a",
    ],
)
def test_transaction_control_is_marked(text: str) -> None:
    assert one(text).transaction_control


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SET TRANSACTION READ ONLY", "LOCK TABLE t", "COMMENT ON TABLE t IS 'BEGIN'"]
)
def test_other_statements_are_not_transaction_control(text: str) -> None:
    assert not one(text).transaction_control


REFUSED = [
    "CREATE ROLE r",
    "create user u with password 'x'",
    "ALTER GROUP g ADD USER u",
    "DROP ROLE IF EXISTS r",
    "CREATE DATABASE d",
    "ALTER DATABASE d SET search_path = x",
    "DROP DATABASE d",
    "CREATE TABLESPACE t LOCATION '/x'",
    "ALTER SYSTEM SET x = 1",
    "GRANT a TO b",
    'GRANT "a b", c TO d WITH ADMIN OPTION',
    "REVOKE ADMIN OPTION FOR a FROM b",
    "GRANT CONNECT ON DATABASE d TO r",
    "REVOKE ALL ON DATABASE d FROM PUBLIC",
    "GRANT CREATE ON TABLESPACE t TO r",
    "GRANT SET ON PARAMETER work_mem TO r",
    "REASSIGN OWNED BY a TO b",
    "DROP OWNED BY a",
    "COMMENT ON ROLE r IS 'x'",
    "COMMENT ON DATABASE d IS 'x'",
    "SECURITY LABEL FOR p ON ROLE r IS 'x'",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE r; END IF; END $$",
    "DO 'BEGIN EXECUTE ''create  user x''; END'",
    "DO LANGUAGE plpgsql $x$ BEGIN ALTER SYSTEM SET a = 1; END $x$",
]


@pytest.mark.parametrize("text", REFUSED)
def test_statements_about_the_cluster_point_to_pg_host(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        one("SELECT 1;\n\n" + text)
    assert caught.value.message.startswith("<content>:3: ")
    assert caught.value.hint and "pg_host" in caught.value.hint


ALLOWED = [
    "GRANT SELECT ON t TO r",
    "GRANT SELECT (a, b), UPDATE (c) ON TABLE t TO r",
    'GRANT USAGE ON SCHEMA "DATABASE" TO r',
    "GRANT ALL ON ALL TABLES IN SCHEMA s TO r WITH GRANT OPTION",
    "REVOKE ALL ON FUNCTION f(int) FROM PUBLIC",
    'GRANT SELECT ON "database" TO r',
    "ALTER TABLE t OWNER TO r",
    "CREATE USER MAPPING FOR u SERVER s",
    "DROP USER MAPPING FOR u SERVER s",
    "DO $$ BEGIN CREATE USER MAPPING FOR u SERVER s; END $$",
    "DO $$ BEGIN PERFORM 1; END $$",
    "COMMENT ON TABLE roles IS 'CREATE ROLE'",
    "SECURITY LABEL ON TABLE t IS 'x'",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    "ALTER SUBSCRIPTION enable DISABLE",
    "SET standard_conforming_strings = on",
    "SET SESSION AUTHORIZATION x",
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "VACUUM t",
    "CREATE TABLE role (database int)",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_statements_about_one_database_pass(text: str) -> None:
    assert one(text).text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ROLLBACK", "ROLLBACK would undo a part of the file"),
        ("ROLLBACK TO SAVEPOINT x", "ROLLBACK would undo a part of the file"),
        ("abort", "ABORT would undo a part of the file"),
        ("PREPARE TRANSACTION 'x'", "two-phase commit"),
        ("COMMIT PREPARED 'x'", "two-phase commit"),
        ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION would connect"),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = true)",
            "CREATE SUBSCRIPTION would connect",
        ),
        ("ALTER SUBSCRIPTION s ENABLE", "ALTER SUBSCRIPTION … ENABLE or REFRESH would reach"),
        ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", "ALTER SUBSCRIPTION … ENABLE or REFRESH would reach"),
        ("SET standard_conforming_strings = off", "backslashes in plain strings"),
        ("SET standard_conforming_strings TO 'off'", "backslashes in plain strings"),
        ("COPY t TO stdout", "COPY TO stdout"),
        ("COPY t FROM stdin WITH BINARY", "binary COPY"),
        ("COPY t FROM stdin (FORMAT 'binary')", "binary COPY"),
        ("COPY t FROM stdin; SELECT 1", "the data of COPY"),
        ("SET client_encoding = 'MULE_INTERNAL'", "client_encoding MULE_INTERNAL is not supported"),
    ],
)
def test_other_refusals(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        one(text + ";\n")
    assert caught.value.message.startswith(f"<content>:1: {message}")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("COPY t FROM stdin", "stdin"),
        ("copy s.t (a, b) from STDIN with (format csv, header)", "stdin"),
        ("COPY t FROM stdout", "stdin"),
        ('COPY "from" ("to") FROM stdin', "stdin"),
        ("COPY t FROM 'stdin'", "server"),
        ("COPY t FROM PROGRAM 'x'", "server"),
        ("COPY t TO stdin", "stdout"),
        ("COPY (SELECT a FROM stdin) TO '/x'", "server"),
        ("COPY (SELECT a FROM stdin) TO STDOUT", "stdout"),
    ],
)
def test_copy_target(text: str, end: str) -> None:
    assert copy_target(text).end == end


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("SET client_encoding = 'LATIN1'", "LATIN1"),
        ("set session client_encoding to latin1", "LATIN1"),
        ("SET NAMES 'win1252'", "win1252"),
        ("SET search_path = client_encoding", None),
    ],
)
def test_client_encoding(text: str, encoding: str | None) -> None:
    assert client_encoding(text) == encoding
