# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether a database is what a schema file says."""

from __future__ import annotations

DOCUMENTATION = r"""
module: schema_verify
short_description: Tell whether a PostgreSQL database is what a schema file says
version_added: 1.0.0
author: domainflow.database contributors (@domainflow)
description:
  - Compares the database with the one that the schema file describes, as M(domainflow.database.schema_apply) does, and
    reports every difference. Nothing in the database is changed.
  - Does the checks that follow a deployment in the same call. These are the connection, the tables of the managed
    schemas, the number of users, the reference rows, and the deployed version.
options:
  fail_on_drift:
    description: End as failed when an object or a reference row is missing or different.
    type: bool
    default: true
  fail_on_unexpected:
    description: Count objects that the source does not have as drift too.
    type: bool
    default: false
  user_table:
    description: Table whose rows are counted as users, for instance V(auth.users). Empty, nothing is counted.
    type: str
  enforce:
    description:
      - Tables whose reference rows are compared, each with the list of columns. Of other tables' reference rows only
        the presence is checked.
    type: dict
    default: {}
extends_documentation_fragment:
  - domainflow.database.source
  - domainflow.database.connection
  - domainflow.database.attributes
  - domainflow.database.attributes.actiongroup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows what M(domainflow.database.schema_apply) would have to change.
  idempotent:
    support: full
notes:
  - The login role needs C(CREATEDB) (or O(shadow_database)), since the source is loaded into a disposable database.
seealso:
  - module: domainflow.database.schema_apply
"""

EXAMPLES = r"""
- name: Is the database what the file says?
  domainflow.database.schema_verify:
    src: schema.sql
    login_host: db.example.com
    login_user: deployer
    login_password: "{{ deployer_password }}"
    login_db: domainflow
    ssl_mode: verify-full
    user_table: auth.users

- name: Collect the differences, and go on
  domainflow.database.schema_verify:
    src: schema.sql
    login_db: domainflow
    fail_on_drift: false
  register: report
"""

RETURN = r"""
in_sync:
  description: Whether there is no drift.
  returned: always
  type: bool
missing:
  description: Objects of the source that the database does not have.
  returned: always
  type: list
  elements: dict
  contains: &drift
    object:
      description: The object.
      type: str
    expected:
      description: Its DDL in the source, empty where it has none.
      type: str
    actual:
      description: Its DDL in the database, empty where it has none.
      type: str
  sample:
    - object: index public.customer_email_idx
      expected: CREATE INDEX customer_email_idx ON public.customer USING btree (email)
      actual: ''
different:
  description: Objects that both have, but not alike.
  returned: always
  type: list
  elements: dict
  contains: *drift
unexpected:
  description: Objects of the managed schemas that the source does not have.
  returned: always
  type: list
  elements: dict
  contains: *drift
rows:
  description: Reference rows that are missing or different.
  returned: always
  type: list
  elements: dict
  contains: *drift
unmanaged:
  description: Objects of the managed schemas of a kind that is not compared.
  returned: always
  type: list
  elements: str
extra_grants:
  description: Privileges that the source does not grant, by object.
  returned: always
  type: list
  elements: str
ignored:
  description: Objects that O(ignore) leaves alone.
  returned: always
  type: list
  elements: str
checks:
  description: The checks after a deployment, one after the other.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: One of V(connection), V(tables), V(users), V(reference rows), V(objects) and V(version).
      type: str
    ok:
      description: Whether it passed.
      type: bool
    result:
      description: What was found.
      type: str
fingerprint:
  description: Fingerprint of the managed part of the database.
  returned: always
  type: str
version:
  description: The label of the source's version.
  returned: always
  type: str
deployed_version:
  description: The version that was applied last, from the ledger.
  returned: always
  type: str
server_version:
  description: The server's version as a number, for instance V(150018) for 15.18.
  returned: always
  type: int
schemas:
  description: The managed schemas.
  returned: always
  type: list
  elements: str
tables:
  description: Number of tables of each managed schema.
  returned: always
  type: dict
counts:
  description: Number of rows of O(user_table).
  returned: always
  type: dict
timings:
  description: Seconds spent on each part of the run.
  returned: always
  type: dict
error:
  description: The kind of failure, V(Drift) where the database differs.
  returned: failure
  type: str
hint:
  description: What to do about the failure.
  returned: failure, where there is something to advise
  type: str
"""

from typing import Any, Dict, List, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.domainflow.database.plugins.module_utils.argspec import connection_options
from ansible_collections.domainflow.database.plugins.module_utils.module_main import run
from ansible_collections.domainflow.database.plugins.module_utils.schema_options import (
    RULES,
    argument_spec,
    diff_of,
    plain,
    policy_of,
    require_engine,
    source_of,
)
from ansible_collections.domainflow.database.plugins.module_utils.session import connector

try:
    from ansible_collections.domainflow.database.plugins.module_utils import engine
except ImportError:
    # The engine needs psycopg2; that it is missing is said when the module runs.
    engine = None

SPEC = {
    "fail_on_drift": {"type": "bool", "default": True},
    "fail_on_unexpected": {"type": "bool", "default": False},
    "user_table": {"type": "str"},
    "enforce": {"type": "dict", "default": {}},
}
_NAMED = 10


def verify(params: Mapping[str, Any], _check_mode: bool) -> Dict[str, Any]:
    """One call into the engine."""
    require_engine(engine)
    source = source_of(params)
    options = connection_options(params)
    tables = [params["user_table"]] if params["user_table"] else []
    report = engine.verify(connector(options), source, policy_of(params), tables)
    result: Dict[str, Any] = {
        "changed": False,
        "missing": plain(report.missing),
        "different": plain(report.different),
        "unexpected": plain(report.unexpected),
        "rows": plain(report.rows),
        **{name: value for name, value in plain(report.findings).items() if name != "extra"},
        "fingerprint": report.fingerprint,
        "version": report.version,
        "deployed_version": report.deployed_version,
        "server_version": report.server_version,
        "schemas": plain(report.schemas),
        "tables": plain(report.tables),
        "counts": plain(report.counts),
        "warnings": plain(report.warnings),
        "timings": plain(report.timings),
    }
    drift = result["missing"] + result["different"] + result["rows"]
    if params["fail_on_unexpected"]:
        drift += result["unexpected"]
    result["in_sync"] = not drift
    result["diff"] = diff_of([], [_as_diff(entry) for entry in drift])
    result["checks"] = _checks(result, options.place(), params["user_table"])
    if drift and params["fail_on_drift"]:
        result.update(
            failed=True,
            error="Drift",
            msg=f"The database is not what {source.name} says: {_summary(result)}",
            hint="The result lists expected and actual text of each; schema_apply brings the database to the file.",
        )
    return result


def _as_diff(drift: Mapping[str, str]) -> Dict[str, str]:
    return {"header": drift["object"], "before": drift["actual"], "after": drift["expected"]}


def _summary(result: Mapping[str, Any]) -> str:
    parts = []
    for name in ("missing", "different", "rows", "unexpected"):
        objects = [entry["object"] for entry in result[name]]
        if objects:
            more = f" and {len(objects) - _NAMED} more" if len(objects) > _NAMED else ""
            what = "reference rows missing or different" if name == "rows" else name
            parts.append(f"{len(objects)} {what} ({', '.join(objects[:_NAMED])}{more})")
    return "; ".join(parts) or "as the file says"


def _checks(result: Mapping[str, Any], place: str, user_table: Any) -> List[Dict[str, Any]]:
    """What people looked at by hand after a deployment."""
    major, minor = divmod(result["server_version"], 10000)
    absent = [entry["object"] for entry in result["missing"] if entry["object"].startswith("table ")]
    held = ", ".join(f"{schema}: {count}" for schema, count in sorted(result["tables"].items()))
    checks = [
        _check("connection", True, f"{place}, PostgreSQL {major}.{minor}"),
        _check("tables", not absent, f"{held}; missing: {', '.join(absent)}" if absent else held),
        _check("objects", result["in_sync"] or not (result["missing"] or result["different"]), _summary(result)),
        _check(
            "reference rows",
            not result["rows"],
            f"{len(result['rows'])} missing or different" if result["rows"] else "all there",
        ),
        _check(
            "version",
            result["deployed_version"] == result["version"],
            f"deployed {result['deployed_version'] or 'none'}, file {result['version'] or 'none'}",
        ),
    ]
    if user_table:
        count = result["counts"][user_table]
        checks.append(_check("users", count > 0, f"{count} in {user_table}"))
    return checks


def _check(check: str, passed: bool, found: str) -> Dict[str, Any]:
    return {"check": check, "ok": passed, "result": found}


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(SPEC), supports_check_mode=True, **RULES)
    run(module, verify)


if __name__ == "__main__":
    main()
