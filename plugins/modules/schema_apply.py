# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a database what a schema file says."""

from __future__ import annotations

DOCUMENTATION = r"""
module: schema_apply
short_description: Make a PostgreSQL database what a schema file says
version_added: 1.0.0
author: domainflow.database contributors (@domainflow)
description:
  - Compares the database with the one that the schema file describes and carries out what is missing between them,
    with C(ALTER) where PostgreSQL has one. Rows are kept.
  - The file is loaded into a disposable database on the same server, both catalogs are read, and a plan is made of
    their difference. After the plan has run, and before it is committed, the catalog is read again; anything that is
    not as the file says rolls the whole run back.
  - Objects that the file does not have are reported in RV(extra) and left, unless O(prune) is set. Steps that would
    lose data run only where O(allow_hazards) names them. Objects of kinds that are not compared are reported in
    RV(unmanaged).
  - Rows in the file are reference data. Missing rows are inserted, existing ones are left as they are, unless
    O(enforce) names their table.
  - In check mode the plan is made and returned, and nothing is changed. The next run executes that plan, statement
    for statement, as long as neither database nor file change in between.
options:
  prune:
    description: Drop objects of managed schemas that the source does not have.
    type: bool
    default: false
  hazard_policy:
    description:
      - Which hazards stop the run before anything is changed.
      - V(safe) stops what would lose data.
      - V(production) also stops what writes a table anew (V(table_rewrite)), reads all of it while nobody can write
        (V(blocking_scan)) or builds an index meanwhile (V(blocking_index_build)), on tables of 100000 rows or 64 MiB
        and more.
      - V(permissive) stops nothing.
    type: str
    choices: [permissive, safe, production]
    default: safe
  allow_hazards:
    description:
      - Hazards that may run all the same, either everywhere (V(data_loss)) or for the objects that a pattern matches
        (V(data_loss:public.old_*)). A refusal names the values that let exactly its steps run.
      - The hazards are V(data_loss), V(table_rewrite), V(blocking_scan), V(blocking_index_build), V(cast_can_fail),
        V(dependent_rebuild), V(security_relaxation), V(blocks_reads) and V(blocks_writes).
    type: list
    elements: str
    default: []
  refuse_hazards:
    description: Hazards that stop the run, instead of those of O(hazard_policy).
    type: list
    elements: str
  refuse_from_rows:
    description:
      - From how many rows of a table on (by estimate) hazards stop the run that grow with the table. Without this and
        O(refuse_from_bytes), what O(hazard_policy) says; V(safe) has no such limit.
      - These hazards are V(table_rewrite), V(blocking_scan), V(blocking_index_build), V(blocks_reads) and
        V(blocks_writes).
    type: int
  refuse_from_bytes:
    description: The same by the size of the table in bytes, indexes included. Reaching one of the two is enough.
    type: int
  strategy:
    description:
      - V(atomic) runs the plan in one transaction.
      - V(online) builds indexes concurrently and validates constraints after adding them, so that other sessions can
        go on writing. The plan then takes more than one transaction.
      - V(auto) is V(online) for tables with at least O(big_table_rows) rows and V(atomic) for all else.
    type: str
    choices: [auto, atomic, online]
    default: auto
  big_table_rows:
    description:
      - From how many rows on O(strategy=auto) spares a table, by the planner's estimate (C(pg_class.reltuples)).
    type: int
    default: 100000
  enforce:
    description:
      - Tables whose reference rows are put back to what the source says, each with the list of columns that are
        compared (an empty one means all but those of the key). Other columns of these rows stay as they are.
      - A dictionary instead of the list holds C(columns) and C(on_extra). Where C(on_extra) is V(delete), rows that the
        source does not have are deleted, which is a V(data_loss) hazard; V(keep) is the default.
    type: dict
    default: {}
  before_sql:
    description: SQL that runs first in the plan's transaction, for instance to fill a column that will be mandatory.
    type: str
  after_sql:
    description: SQL that runs in the plan's transaction after its other steps, before the result is verified.
    type: str
  lock_timeout:
    description: Seconds that a step waits for a lock on a table before the transaction gives way and is tried again.
    type: int
    default: 5
  lock_retries:
    description: How often it is tried again.
    type: int
    default: 10
  save_plan:
    description:
      - File on the controller to write the plan to, as JSON, for review. In check mode and out of it, the database is
        not changed then, and the task's status tells whether the file is.
      - The file holds the statements as RV(plan) has them, what they were made from, and nothing else. The same plan
        gives the same file, but for the estimates of the tables' sizes.
    type: path
  plan_file:
    description:
      - File on the controller with a plan that O(save_plan) has written. Exactly that plan is carried out.
      - The run stops before anything is changed where source, options, or the structure of the database are not those
        that the plan was made from, or where the steps that are due are others for another reason.
      - A database that is what the source says already is left as it is.
    type: path
  plan_content:
    description: What is in O(plan_file). The action plugin sets it. Not for use in playbooks.
    type: str
  version:
    description:
      - Label for the ledger. Without it the source's line C(-- schema-version), if there is one.
    type: str
  allow_older_version:
    description: Apply a source whose version is older than the last one applied.
    type: bool
    default: false
  allow_dirty_migrations:
    description: Go on although a migration tool's table says that a migration was broken off.
    type: bool
    default: false
  record:
    description: Write the run to the ledger, a table in the schema V(schema_ledger) of the database.
    type: bool
    default: true
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
  idempotent:
    support: full
notes:
  - The login role needs C(CREATEDB) (or O(shadow_database)), and must be able to create what the source creates.
  - Statements about the whole cluster (C(CREATE ROLE), C(ALTER SYSTEM) and the like) are refused. Roles that the source
    grants to must exist beforehand; the role P(domainflow.database.pg_host#role) creates them.
seealso:
  - module: domainflow.database.schema_verify
  - module: domainflow.database.credential_rotate
"""

EXAMPLES = r"""
- name: Bring the database to the schema of this release
  domainflow.database.schema_apply:
    src: schema.sql
    login_host: db.example.com
    login_user: deployer
    login_password: "{{ deployer_password }}"
    login_db: domainflow
    ssl_mode: verify-full
    ca_cert: /etc/ssl/certs/database-ca.pem
    owner: domainflow_owner

- name: Show what would be done (as --check --diff does)
  domainflow.database.schema_apply:
    src: schema.sql
    login_db: domainflow
  check_mode: true
  diff: true
  register: plan

- name: Drop what is no longer in the file, but lose the data of one table only
  domainflow.database.schema_apply:
    src: schema.sql
    login_db: domainflow
    prune: true
    allow_hazards:
      - data_loss:public.import_2019

- name: Rename a column, and fill a new mandatory one
  domainflow.database.schema_apply:
    src: schema.sql
    login_db: domainflow
    renames:
      - column public.customer.name -> full_name
    after_sql: UPDATE public.customer SET region = 'EU' WHERE region IS NULL

- name: Write the plan to a file that is reviewed and committed
  domainflow.database.schema_apply:
    src: schema.sql
    login_db: domainflow
    save_plan: plans/domainflow.json

- name: Carry out that plan, and no other
  domainflow.database.schema_apply:
    src: schema.sql
    login_db: domainflow
    plan_file: plans/domainflow.json

- name: Keep the texts of the permissions as the file has them
  domainflow.database.schema_apply:
    src: production_schema_v3.sql
    login_db: domainflow
    enforce:
      auth.permissions: [display_name, description]
"""

RETURN = r"""
plan:
  description: The steps, in the order in which they run (in check mode, would run).
  returned: success
  type: list
  elements: dict
  contains:
    sql:
      description: The statement.
      type: str
    object:
      description: The object that it is about.
      type: str
    action:
      description: What happens to the object, for instance V(create), V(alter), V(drop) or V(insert).
      type: str
    hazards:
      description: Reasons to think before it runs, each with RV(plan[].hazards[].kind) and an explanation.
      type: list
      elements: dict
      contains:
        kind:
          description: The hazard, one of those that O(allow_hazards) takes.
          type: str
        text:
          description: What it means here.
          type: str
    lock:
      description: The strongest lock that it takes on RV(plan[].table), empty for none.
      type: str
    table:
      description: The table (or other relation) that is locked.
      type: str
    rows:
      description: How many rows it has, by the planner's estimate.
      type: int
    bytes:
      description: Its size with all indexes.
      type: int
    also_locked:
      description: Other relations that somebody could have to wait for meanwhile, such as partitions.
      type: list
      elements: dict
      contains:
        table:
          description: The relation.
          type: str
        lock:
          description: The lock on it.
          type: str
    phase:
      description: V(main) is the one transaction. Steps of other phases are committed one by one, before or after it.
      type: str
  sample:
    - sql: ALTER TABLE public.customer ADD COLUMN phone character varying(30)
      object: column public.customer.phone
      action: create
      hazards:
        - kind: blocks_reads
          text: "public.customer: reads and writes wait for this statement"
      lock: ACCESS EXCLUSIVE
      table: public.customer
      rows: 1200
      bytes: 303104
      also_locked: []
      phase: main
extra:
  description: Objects of the managed schemas that the source does not have and that were left.
  returned: success
  type: list
  elements: str
extra_grants:
  description: Privileges that the source does not grant and that were left, by object.
  returned: success
  type: list
  elements: str
ignored:
  description: Objects that O(ignore) left alone.
  returned: success
  type: list
  elements: str
unmanaged:
  description: Objects of the managed schemas of a kind that is not compared.
  returned: success
  type: list
  elements: str
fingerprint_before:
  description: Fingerprint of the managed part of the database before the run.
  returned: success
  type: str
fingerprint:
  description: Fingerprint of the managed part of the database when the run ends (in check mode, as before it).
  returned: success
  type: str
schemas:
  description: The managed schemas.
  returned: success
  type: list
  elements: str
from_ledger:
  description:
    - Whether neither database nor source were touched since the last run, so that nothing had to be compared.
  returned: success
  type: bool
retries:
  description: How often the transaction gave way to other sessions' locks and was tried again.
  returned: success
  type: int
version:
  description: The label of the source's version.
  returned: success
  type: str
timings:
  description: Seconds spent on each part of the run.
  returned: success
  type: dict
plan_file:
  description: The file that the plan was written to.
  returned: with O(save_plan)
  type: str
refused:
  description: The steps that the policy does not allow.
  returned: when the plan is refused
  type: list
  elements: dict
error:
  description: The kind of failure, for instance V(SourceError), V(ConnectionFailed) or V(PlanRefused).
  returned: failure
  type: str
hint:
  description: What to do about the failure.
  returned: failure, where there is something to advise
  type: str
file:
  description: The file with the statement that failed.
  returned: when the source cannot be read or loaded
  type: str
line:
  description: The line of RV(file).
  returned: when the source cannot be read or loaded
  type: int
statement:
  description: The beginning of the statement that failed.
  returned: when the server refuses a statement of the source
  type: str
"""

from typing import Any, Dict, Mapping

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
    from ansible_collections.domainflow.database.plugins.module_utils import engine, saved_plan
except ImportError:
    # The engine needs psycopg2; that it is missing is said when the module runs.
    engine = saved_plan = None

SPEC = {
    "prune": {"type": "bool", "default": False},
    "allow_hazards": {"type": "list", "elements": "str", "default": []},
    "hazard_policy": {"type": "str", "choices": ["permissive", "safe", "production"], "default": "safe"},
    "refuse_hazards": {"type": "list", "elements": "str"},
    "refuse_from_rows": {"type": "int"},
    "refuse_from_bytes": {"type": "int"},
    "strategy": {"type": "str", "choices": ["auto", "atomic", "online"], "default": "auto"},
    "big_table_rows": {"type": "int", "default": 100000},
    "enforce": {"type": "dict", "default": {}},
    "before_sql": {"type": "str"},
    "after_sql": {"type": "str"},
    "lock_timeout": {"type": "int", "default": 5},
    "lock_retries": {"type": "int", "default": 10},
    "save_plan": {"type": "path"},
    "plan_file": {"type": "path"},
    "plan_content": {"type": "str"},
    "version": {"type": "str"},
    "allow_older_version": {"type": "bool", "default": False},
    "allow_dirty_migrations": {"type": "bool", "default": False},
    "record": {"type": "bool", "default": True},
}


def apply(params: Mapping[str, Any], check_mode: bool) -> Dict[str, Any]:
    """One call into the engine."""
    require_engine(engine)
    source = source_of(params)
    go = engine.plan if check_mode or params["save_plan"] else engine.converge
    text = params["plan_content"]
    saved = saved_plan.parse(text, params["plan_file"]) if text is not None else None
    outcome = go(connector(connection_options(params)), source, policy_of(params), saved)
    steps = plain(outcome.plan)
    # For the action plugin, which writes the file.
    document = {"saved_plan": saved_plan.text_of(saved_plan.document(outcome))} if params["save_plan"] else {}
    return {
        **document,
        "changed": outcome.changed,
        "plan": steps,
        "diff": diff_of(steps, plain(outcome.diff)),
        **plain(outcome.findings),
        "schemas": plain(outcome.schemas),
        "from_ledger": outcome.from_ledger,
        "retries": outcome.retries,
        "fingerprint_before": outcome.fingerprint_before,
        "fingerprint": outcome.fingerprint,
        "version": outcome.version,
        "timings": plain(outcome.timings),
        "warnings": plain(outcome.warnings),
    }


def main() -> None:
    rules = {**RULES, "mutually_exclusive": [*RULES["mutually_exclusive"], ("save_plan", "plan_file")]}
    module = AnsibleModule(argument_spec=argument_spec(SPEC), supports_check_mode=True, **rules)
    run(module, apply)


if __name__ == "__main__":
    main()
