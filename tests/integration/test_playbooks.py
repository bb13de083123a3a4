# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them: what they change, what they leave alone, and what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import plays
import pytest

pytestmark = pytest.mark.one_major

SCHEMA = plays.ROOT / "files" / "sql" / "schema.sql"
PRODUCTION = plays.ROOT / "files" / "sql" / "production_schema_v3.sql"
DEPLOY = "playbooks/deploy_schema.yml"

# What a developer does to schema.sql in a day: patterns that are found exactly once in the file, and what to write.
EDITS = (
    # a new column, and one under a new name
    (r"( provider +text),\n", r"\1,\n    notes text NOT NULL DEFAULT '',\n"),
    (r" city( +text),\n", r" town\1,\n"),
    (r"(COMMENT ON COLUMN public\.proxies)\.city ", r"\1.town "),
    # another default, a wider type
    (r"( batch_size +integer +DEFAULT) 10,", r"\1 25,"),
    (r"( name +character varying)\(100\)( +NOT NULL,\n +display_name character varying\(150\))", r"\1(160)\2"),
    # a constraint more, a constraint less
    (
        r"( CONSTRAINT proxies_pkey +PRIMARY KEY \(id\),\n)",
        r"\1    CONSTRAINT proxies_port_check CHECK (port BETWEEN 1 AND 65535),\n",
    ),
    (r" CONSTRAINT dns_validation_params_batch_size_check +CHECK \(batch_size > 0\),\n", ""),
    # another function body
    (r"(c_inactive_limit CONSTANT interval :=) '7 days'", r"\1 '14 days'"),
)
RENAMES = ["column public.proxies.city -> town"]

# Columns, constraints and function bodies, in an order of their own: a renamed column stays in its place.
STRUCTURE = (
    "SELECT table_schema, table_name, column_name, data_type, character_maximum_length, column_default, is_nullable "
    "FROM information_schema.columns WHERE table_schema IN ('auth', 'public') ORDER BY 1, 2, 3",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace::regnamespace::text IN ('auth', 'public') ORDER BY 1, 2",
    "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc "
    "WHERE pronamespace::regnamespace::text IN ('auth', 'public') ORDER BY 1",
)


@dataclass(frozen=True)
class Site:
    """An environment with one database on a test server."""

    database: Any
    inventory: Path
    schema: Path

    def run(self, playbook: str, *arguments: str, **variables: Any) -> plays.Run:
        given = {"pg_schema_source": str(self.schema), **variables}
        return plays.playbook("-i", str(self.inventory), playbook, "-e", json.dumps(given), *arguments)

    def edit(self, edits: tuple[tuple[str, str], ...]) -> None:
        text = self.schema.read_text(encoding="utf-8")
        for pattern, written in edits:
            text, found = re.subn(pattern, written, text)
            assert found == 1, f"found {found} times: {pattern}"
        self.schema.write_text(text, encoding="utf-8")

    def value(self, query: str, *parameters: Any) -> Any:
        return self.database.execute(query, parameters or None)[0][0]


def write_inventory(folder: Path, login: dict[str, Any], **variables: Any) -> Path:
    """One database host, which is this machine; no cluster of the collection's own is involved."""
    login = {
        f"{role}_{name}": value
        for role in ("pg_schema", "pg_credentials")
        for name, value in (
            ("login_host", login["host"]),
            ("login_port", login["port"]),
            ("login_user", login["user"]),
            ("login_password", login["password"]),
            ("database", login["dbname"]),
        )
    }
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "domainflow_environment": "development",
        "domainflow_sslmode": "disable",
        "pg_host_flavour": "local",
        "pg_host_local_dir": str(folder / "none"),
        "pg_schema_owner": "",
        "pg_schema_app_role": "",
        "pg_schema_readonly_role": "",
        **login,
        **variables,
    }
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"databases": {"hosts": {"db1": host}}}), encoding="utf-8")
    return inventory


@pytest.fixture
def site(database: Any, tmp_path: Path) -> Site:
    schema = tmp_path / "schema.sql"
    schema.write_text(SCHEMA.read_text(encoding="utf-8"), encoding="utf-8")
    return Site(database, write_inventory(tmp_path, database.params), schema)


@pytest.fixture
def legacy(site: Site) -> Site:
    """The same with a database that psql made from the production file."""
    site.database.psql(PRODUCTION.read_text(encoding="utf-8"))
    return site


def shown_statements(run: plays.Run) -> list[str]:
    """What the task 'Show the statements' printed."""
    shown = re.search(r"^TASK \[[^]]*Show the statements\].*?\n(.*?)^TASK ", run.output, re.MULTILINE | re.DOTALL)
    assert shown, run.output
    return [line for line in shown.group(1).splitlines() if line.strip()]


def planned_statements(run: plays.Run) -> list[str]:
    """The statements that ``--diff`` shows, a line each, before the objects; without the hazards above them."""
    shown = re.search(r"^TASK \[[^]]*Apply the schema\].*?\n(.*?)--- before", run.output, re.MULTILINE | re.DOTALL)
    assert shown, run.output
    return [line.rstrip(";") for line in shown.group(1).splitlines() if line and not line.startswith("-- ")]


def test_edited_file_changes_the_database_and_keeps_the_rows(
    legacy: Site, database_factory: Callable[..., Any]
) -> None:
    legacy.database.execute(
        "INSERT INTO public.proxies (name, address, port, city) VALUES ('one', 'proxy:8080', 8080, 'Vienna')"
    )
    legacy.edit(EDITS)
    options = {"pg_schema_prune": True, "pg_schema_renames": RENAMES}

    before = legacy.database.dump("--schema-only")
    looked = legacy.run(DEPLOY, "--check", **options)
    assert looked.status == 0, looked.output
    assert legacy.database.dump("--schema-only") == before

    ran = legacy.run(DEPLOY, **options)
    assert ran.status == 0, ran.output
    assert shown_statements(ran) == shown_statements(looked)

    fresh = database_factory()
    fresh.psql(legacy.schema.read_text(encoding="utf-8"))
    for query in STRUCTURE:
        assert legacy.database.execute(query) == fresh.execute(query)

    assert legacy.database.execute("SELECT name, town, notes FROM public.proxies") == [("one", "Vienna", "")]
    assert legacy.value("SELECT count(*) FROM auth.users") == 3

    again = legacy.run(DEPLOY, **options)
    assert (again.status, again.changed()) == (0, 0), again.output


@pytest.mark.slow
def test_check_shows_exactly_the_statements_that_the_server_then_runs(legacy: Site) -> None:
    legacy.edit((*EDITS[:1], *EDITS[3:5], (r"( latency_ms +)integer,", r"\1smallint,")))
    legacy.database.execute("CREATE TABLE public.left_over ()")
    checked = legacy.run(DEPLOY, "--check", "--diff")
    looked = planned_statements(checked)
    assert len(looked) == 4
    for said in (
        "-- table_rewrite: public.proxies: about ",
        "-- cast_can_fail: integer to smallint",
        "Not in schema.sql, and kept, since pg_schema_prune is not set: table public.left_over",
    ):
        assert said in " ".join(checked.output.split())

    server = legacy.database.server
    legacy.database.execute(f"ALTER DATABASE \"{legacy.database.name}\" SET log_statement = 'ddl'")
    start = server.log_file.stat().st_size
    ran = legacy.run(DEPLOY)
    assert ran.status == 0, ran.output
    with open(server.log_file, "rb") as log:
        log.seek(start)
        logged = re.findall(r"statement: (ALTER TABLE (?:ONLY )?(?:auth|public)\..*)", log.read().decode())
    assert logged == looked


@pytest.mark.slow
def test_empty_database_gets_the_default_rows_and_a_deleted_user_stays_deleted(site: Site) -> None:
    first = site.run(DEPLOY)
    assert first.status == 0, first.output
    assert site.value("SELECT count(*) FROM auth.users") == 3
    assert "admin@domainflow.local" in first.output  # development only reports default passwords

    site.database.execute("DELETE FROM auth.users WHERE email = 'user@domainflow.com'")
    again = site.run(DEPLOY)
    assert (again.status, again.changed()) == (0, 0), again.output
    assert site.value("SELECT count(*) FROM auth.users") == 2


@pytest.mark.slow
def test_password_changed_by_an_operator_is_not_touched(legacy: Site) -> None:
    own = bcrypt.hashpw(b"changed by hand", bcrypt.gensalt(4)).decode()
    legacy.database.execute("UPDATE auth.users SET password_hash = %s WHERE email LIKE 'admin@%%'", (own,))
    hashes = legacy.database.execute("SELECT email, password_hash, updated_at FROM auth.users ORDER BY 1")
    # Even the file with the default users leaves existing ones alone.
    deployed = legacy.run(DEPLOY, pg_schema_source=str(PRODUCTION))
    assert (deployed.status, deployed.changed()) == (0, 0), deployed.output
    assert legacy.database.execute("SELECT email, password_hash, updated_at FROM auth.users ORDER BY 1") == hashes


@pytest.mark.slow
def test_default_passwords_fail_a_deployment_outside_of_development(legacy: Site) -> None:
    strict = legacy.run(DEPLOY, pg_credentials_tolerate_defaults=False)
    assert strict.status != 0
    assert "default passwords are still in use" in strict.output
    assert "dbadmin@domainflow.local" in strict.output


@pytest.mark.slow
def test_verify_tells_missing_from_different(legacy: Site) -> None:
    assert legacy.run("playbooks/verify.yml").status == 0
    legacy.database.execute("ALTER TABLE public.personas ALTER COLUMN is_enabled SET DEFAULT false")
    legacy.database.execute("DROP INDEX public.idx_proxies_is_enabled")
    drifted = legacy.run("playbooks/verify.yml")
    assert drifted.status != 0
    assert "idx_proxies_is_enabled" in drifted.output and "personas" in drifted.output
    tolerated = legacy.run("playbooks/verify.yml", pg_schema_fail_on_drift=False)
    assert (tolerated.status, tolerated.changed()) == (0, 0), tolerated.output


@pytest.mark.slow
def test_grants_for_application_and_readers(legacy: Site) -> None:
    for role in ("plays_app", "plays_readers"):
        legacy.database.execute(f"DROP ROLE IF EXISTS {role}")
        legacy.database.execute(f"CREATE ROLE {role}")
    options = {"pg_schema_app_role": "plays_app", "pg_schema_readonly_role": "plays_readers"}
    try:
        first = legacy.run(DEPLOY, **options)
        assert first.status == 0 and first.changed() > 0, first.output
        assert legacy.value("SELECT has_table_privilege('plays_app', 'auth.sessions', 'DELETE')")
        assert legacy.value("SELECT has_sequence_privilege('plays_app', 'auth.rate_limits_id_seq', 'USAGE')")
        assert legacy.value("SELECT has_table_privilege('plays_readers', 'public.campaigns', 'SELECT')")
        assert not legacy.value("SELECT has_table_privilege('plays_readers', 'public.campaigns', 'INSERT')")
        assert not legacy.value("SELECT has_table_privilege('plays_readers', 'auth.users', 'SELECT')")
        again = legacy.run(DEPLOY, **options)
        assert (again.status, again.changed()) == (0, 0), again.output
    finally:
        for role in ("plays_app", "plays_readers"):
            legacy.database.execute(f"DROP OWNED BY {role}")
            legacy.database.execute(f"DROP ROLE {role}")


PLAYBOOKS = ("site", "deploy_schema", "verify", "rotate_credentials", "credential_report")


@pytest.mark.parametrize(
    ("environment", "sslmode", "playbooks"),
    [
        ("production", "disable", PLAYBOOKS),
        ("production", "require", ("site",)),
        ("staging", "disable", ("site",)),
        ("none", "require", ("site",)),
    ],
)
def test_environment_refuses_a_weak_connection(
    tmp_path: Path, environment: str, sslmode: str, playbooks: tuple[str, ...]
) -> None:
    login = {"host": "127.0.0.1", "port": 1, "user": "postgres", "password": "", "dbname": "domainflow"}
    inventory = write_inventory(tmp_path, login, domainflow_environment=environment, domainflow_sslmode=sslmode)
    for playbook in playbooks:
        refused = plays.playbook("-i", str(inventory), f"playbooks/{playbook}.yml")
        assert refused.status != 0
        assert f"domainflow_sslmode is '{sslmode}'" in refused.output
        assert refused.changed() == 0


@pytest.mark.parametrize("role", ["pg_schema", "pg_credentials"])
def test_role_alone_refuses_a_weak_connection(tmp_path: Path, role: str) -> None:
    playbook = tmp_path / "play.yml"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {f"{role}_login_host": "127.0.0.1", f"{role}_ssl_mode": "disable"},
        "roles": [f"domainflow.database.{role}"],
    }
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    refused = plays.playbook("-i", "localhost,", str(playbook))
    assert refused.status != 0
    assert f"{role}_ssl_mode is 'disable', which the environment 'production' refuses" in " ".join(
        refused.output.split()
    )


def test_play_without_hosts_fails(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yml"
    empty.write_text(
        json.dumps({"databases": {"hosts": {}}, "applications": {"hosts": {"app1": {}}}}), encoding="utf-8"
    )
    for playbook, limit in zip(PLAYBOOKS, ([], ["--limit", "app1"], [], [], []), strict=True):
        run = plays.playbook("-i", str(empty), f"playbooks/{playbook}.yml", *limit)
        assert run.status != 0
        assert "No host to work on" in run.output


SECRET = "never-to-be-seen-7d1f"


def broken_sql(site: Site) -> dict[str, Any]:
    site.edit(((r"(CREATE SCHEMA IF NOT EXISTS auth;\n)", r"\1CREATE TABEL auth.t ();\n"),))
    return {}


def wrong_password(site: Site) -> dict[str, Any]:
    # In the inventory, as a user would have it: ansible-playbook itself repeats what is given with -e.
    inventory = json.loads(site.inventory.read_text(encoding="utf-8"))
    inventory["databases"]["hosts"]["db1"]["pg_schema_login_password"] = SECRET
    site.inventory.write_text(json.dumps(inventory), encoding="utf-8")
    return {}


# The modules' own tests have every kind of bad input; here it is what a play makes of it.
BAD_INPUT: dict[str, tuple[Callable[[Site], dict[str, Any]], str]] = {
    "missing file": (lambda site: {"pg_schema_source": str(site.schema) + ".not"}, r"schema\.sql\.not"),
    "SQL error": (broken_sql, r"schema\.sql:\d+: .*TABEL"),
    "wrong password": (wrong_password, r"password authentication failed"),
    "TLS refused": (lambda site: {"pg_schema_ssl_mode": "require"}, r"SSL|TLS"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_named_and_changes_nothing(legacy: Site, case: str) -> None:
    cause, message = BAD_INPUT[case]
    variables = cause(legacy)
    before = legacy.database.dump("--schema-only")
    databases = legacy.value("SELECT count(*) FROM pg_database")
    run = legacy.run(DEPLOY, "-vvvv", **variables)
    assert run.status != 0
    failures = "\n".join(re.findall(r"^fatal: .*?(?=^\S)", run.output, re.MULTILINE | re.DOTALL))
    assert re.search(message, " ".join(failures.split())), failures
    assert "Traceback" not in run.output
    assert SECRET not in run.output
    password = legacy.database.params["password"]
    assert not password or password not in run.output
    assert legacy.database.dump("--schema-only") == before
    assert legacy.value("SELECT count(*) FROM pg_database") == databases
