# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""files/sql as plain psql applies it: what the catalog then says, and that a second time changes nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SQL_FOLDER = ROOT / "files" / "sql"
STRUCTURE = SQL_FOLDER / "schema.sql"
PRODUCTION = SQL_FOLDER / "production_schema_v3.sql"
GENERATOR = ROOT / "scripts" / "production_schema"
FACTS = Path(__file__).with_name("domainflow_facts.txt")

MFA_TABLES = {"auth.mfa_backup_codes", "auth.mfa_devices", "auth.mfa_policies", "auth.mfa_verification_attempts"}

# What the application calls: arguments, result, volatility.
FUNCTIONS = {
    "public.trigger_set_timestamp": ("", "trigger", "v"),
    "public.generate_user_agent_hash": ("user_agent_text text", "character varying", "i"),
    "auth.update_session_fingerprint": ("", "trigger", "v"),
    "auth.validate_session_security": (
        "p_session_id character varying, p_client_ip inet, p_user_agent text,"
        " p_require_ip_match boolean DEFAULT false, p_require_ua_match boolean DEFAULT false",
        "TABLE(is_valid boolean, user_id uuid, security_flags jsonb, permissions text[], roles text[])",
        "v",
    ),
    "auth.cleanup_expired_sessions": ("", "integer", "v"),
}
# What the project adds for its own use.
ADDED_FUNCTIONS = {"auth.session_fingerprint", "auth.keep_used_backup_code"}

# Relations and functions of the schema itself: not those of extensions.
TABLES = """
    SELECT c.oid, n.nspname || '.' || c.relname AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('auth', 'public') AND c.relkind = 'r'
       AND NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
OWN_FUNCTIONS = """
    SELECT p.oid, n.nspname || '.' || p.proname AS name, p.proconfig, p.provolatile
      FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('auth', 'public')
       AND NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""


def read_facts() -> dict[str, list[str]]:
    """Table -> its lines, each as ``live_facts`` words them."""
    tables: dict[str, list[str]] = {}
    for line in FACTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            lines = tables.setdefault(line[4:], [])
        elif line.startswith("- ") and line != "- (no further index)":
            lines.append(line[2:])
    return tables


def live_facts(cursor: Any) -> dict[str, list[str]]:
    """The same of the database, from its catalog."""
    queries = (
        f"""
        SELECT t.name, a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
                    || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
          FROM ({TABLES}) AS t
          JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         ORDER BY t.name, a.attnum
        """,
        # PostgreSQL 18 also lists NOT NULL as constraints; the columns' lines have it already.
        f"""
        SELECT t.name, 'constraint ' || c.conname || ': ' || pg_get_constraintdef(c.oid)
          FROM ({TABLES}) AS t JOIN pg_constraint AS c ON c.conrelid = t.oid AND c.contype <> 'n'
        """,
        f"""
        SELECT t.name, 'index ' || i.relname || ': '
                    || regexp_replace(pg_get_indexdef(i.oid), '^CREATE INDEX .* USING ', '')
          FROM ({TABLES}) AS t JOIN pg_index AS x ON x.indrelid = t.oid JOIN pg_class AS i ON i.oid = x.indexrelid
         WHERE NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u', 'x'))
        """,
        f"""
        SELECT t.name, 'trigger ' || g.tgname || ': '
                    || regexp_replace(pg_get_triggerdef(g.oid), '^CREATE TRIGGER \\S+ ', '')
          FROM ({TABLES}) AS t JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
        """,
    )
    tables: dict[str, list[str]] = {}
    for query in queries:
        cursor.execute(query)
        for table, line in cursor.fetchall():
            tables.setdefault(table, []).append(line)
    return tables


def split(lines: list[str]) -> tuple[list[str], set[str]]:
    """Columns in their order, and everything else, which has none."""
    columns = [line for line in lines if not re.match(r"(constraint|index|trigger) \S+: ", line)]
    return columns, set(lines) - set(columns)


def test_facts_are_read_whole() -> None:
    facts = read_facts()
    lines = [line for table in facts.values() for line in table]
    assert len(facts) == 22
    assert sum(line.startswith("trigger ") for line in lines) == 8
    assert sum(line.startswith("index ") for line in lines) == 44
    assert sum(line.startswith("constraint ") for line in lines) == 68
    assert len(lines) == 348


def test_tables_are_as_the_application_expects(cursor: Any) -> None:
    facts, live = read_facts(), live_facts(cursor)
    assert set(live) == set(facts) | MFA_TABLES
    for table, lines in facts.items():
        assert split(live[table]) == split(lines), table


def test_functions_are_as_the_application_expects(cursor: Any) -> None:
    cursor.execute(
        f"""
        SELECT f.name, pg_get_function_arguments(f.oid), pg_get_function_result(f.oid), f.provolatile::text
          FROM ({OWN_FUNCTIONS}) AS f
        """
    )
    live = {name: tuple(rest) for name, *rest in cursor.fetchall()}
    assert set(live) == set(FUNCTIONS) | ADDED_FUNCTIONS
    assert {name: live[name] for name in FUNCTIONS} == FUNCTIONS


def test_every_function_pins_its_search_path(cursor: Any) -> None:
    cursor.execute(f"SELECT f.name, f.proconfig FROM ({OWN_FUNCTIONS}) AS f")
    assert dict(cursor.fetchall()) == {
        name: ["search_path=pg_catalog, pg_temp"] for name in set(FUNCTIONS) | ADDED_FUNCTIONS
    }


def test_extensions(cursor: Any) -> None:
    cursor.execute("SELECT extname FROM pg_extension ORDER BY extname")
    assert [name for (name,) in cursor.fetchall()] == ["pgcrypto", "plpgsql", "uuid-ossp"]


def test_everything_has_a_comment(cursor: Any) -> None:
    cursor.execute(
        f"""
        SELECT t.name || coalesce('.' || a.attname, '')
          FROM ({TABLES}) AS t
          JOIN (SELECT attrelid, attnum, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
                UNION ALL SELECT oid, 0, NULL FROM pg_class) AS a ON a.attrelid = t.oid
         WHERE coalesce(btrim(CASE WHEN a.attnum = 0 THEN obj_description(t.oid, 'pg_class')
                                   ELSE col_description(t.oid, a.attnum) END), '') = ''
        UNION ALL
        SELECT f.name FROM ({OWN_FUNCTIONS}) AS f WHERE coalesce(btrim(obj_description(f.oid, 'pg_proc')), '') = ''
        UNION ALL
        SELECT nspname FROM pg_namespace
         WHERE nspname = 'auth' AND coalesce(btrim(obj_description(oid, 'pg_namespace')), '') = ''
        """
    )
    assert cursor.fetchall() == []


def test_every_foreign_key_of_the_added_tables_has_an_index(cursor: Any) -> None:
    cursor.execute(
        """
        SELECT c.conname FROM pg_constraint AS c
         WHERE c.contype = 'f' AND c.conrelid = ANY (%s::regclass[])
           AND NOT EXISTS (SELECT FROM pg_index AS x WHERE x.indrelid = c.conrelid AND x.indkey[0] = c.conkey[1])
        """,
        [sorted(MFA_TABLES)],
    )
    assert cursor.fetchall() == []


@pytest.mark.parametrize("file", [STRUCTURE, PRODUCTION], ids=lambda file: str(file.stem))
def test_psql_applies_it_twice(database: Any, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    database.psql(text)
    once = database.dump()
    database.psql(text)
    assert database.dump() == once
    assert len(once) > 20000


def test_structure_has_no_rows_and_is_the_production_structure(database_factory: Any) -> None:
    structure, production = database_factory(), database_factory()
    structure.psql(STRUCTURE.read_text(encoding="utf-8"))
    production.psql(PRODUCTION.read_text(encoding="utf-8"))
    assert structure.dump("--schema-only") == production.dump("--schema-only")
    assert "INSERT INTO" not in structure.dump("--data-only", "--inserts")
    # Updating a production database with the structure alone leaves its rows as they are.
    before = production.dump()
    production.psql(STRUCTURE.read_text(encoding="utf-8"))
    assert production.dump() == before


@pytest.mark.one_major
@pytest.mark.parametrize("file", [STRUCTURE, PRODUCTION], ids=lambda file: str(file.stem))
def test_an_error_leaves_nothing_behind(database: Any, file: Path) -> None:
    broken = file.read_text(encoding="utf-8").replace("\nCOMMIT;", "\nSELECT 1/0;\nCOMMIT;")
    with pytest.raises(Exception, match="division by zero"):
        database.psql(broken)
    assert database.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'auth'") == [(0,)]
    assert database.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pgcrypto'") == [(0,)]


@pytest.mark.one_major
@pytest.mark.parametrize("file", [STRUCTURE, PRODUCTION], ids=lambda file: str(file.stem))
def test_files_are_plain_sql_with_a_label_at_the_top(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert "-- schema-version: 3.0" in lines[:5]
    assert [line for line in lines if line.lstrip().startswith("\\")] == []
    assert [lines.count("BEGIN;"), lines.count("COMMIT;")] == [1, 1]
    assert lines[-1] == "COMMIT;"


def generate(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(GENERATOR), "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_production_file_is_not_stale() -> None:
    result = generate(SQL_FOLDER, "--check")
    assert result.returncode == 0, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("schema.sql", "production_data_v3.sql", "production_schema_v3.sql"):
        shutil.copy(SQL_FOLDER / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["schema.sql", "production_data_v3.sql", "production_schema_v3.sql"])
def test_an_edit_of_any_part_makes_it_stale(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace("\nCOMMIT;", "\nSELECT 1;\nCOMMIT;"), encoding="utf-8")
    production = folder / "production_schema_v3.sql"
    before = production.read_text(encoding="utf-8")
    result = generate(folder, "--check")
    assert result.returncode == 1
    assert "stale" in result.stderr
    assert production.read_text(encoding="utf-8") == before
    assert generate(folder).returncode == 0
    assert ("SELECT 1;" in production.read_text(encoding="utf-8")) is (name != production.name)
    assert generate(folder, "--check").returncode == 0


def test_a_missing_production_file_is_stale(folder: Path) -> None:
    (folder / "production_schema_v3.sql").unlink()
    assert generate(folder, "--check").returncode == 1


def test_the_next_major_version_leaves_the_frozen_one(folder: Path) -> None:
    frozen = (folder / "production_schema_v3.sql").read_text(encoding="utf-8")
    structure = folder / "schema.sql"
    structure.write_text(
        structure.read_text(encoding="utf-8").replace("version: 3.0", "version: 4.0"), encoding="utf-8"
    )
    result = generate(folder)
    assert result.returncode == 2
    assert "production_data_v4.sql: cannot be read" in result.stderr
    shutil.copy(folder / "production_data_v3.sql", folder / "production_data_v4.sql")
    assert generate(folder).returncode == 0
    assert "-- schema-version: 4.0" in (folder / "production_schema_v4.sql").read_text(encoding="utf-8")
    assert (folder / "production_schema_v3.sql").read_text(encoding="utf-8") == frozen


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("-- schema-version: 3.0\n", "", "no line `-- schema-version"), ("\nCOMMIT;", "", "must hold one transaction")],
)
def test_a_source_that_cannot_be_used_is_named(folder: Path, old: str, new: str, message: str) -> None:
    structure = folder / "schema.sql"
    structure.write_text(structure.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = generate(folder)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
