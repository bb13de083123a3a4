# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the passwords of application users and login roles without ever losing one: the managed host's side."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_rotate
short_description: Change passwords of application users and login roles, and keep them safe
version_added: 1.0.0
author: domainflow.database contributors (@domainflow)
description:
  - Changes the passwords of B(rows of an application table) (a bcrypt hash in a column) and of B(login roles) (a
    SCRAM-SHA-256 verifier), and keeps the passwords in a store on the controller.
  - The passwords stay on the controller. The managed host and the server are given hashes and verifiers only.
  - Before anything changes, the new password is written to the store as I(pending) and read back. After the change
    it is verified and then becomes I(current). Wherever a run is interrupted, the next one finds out
    what the database
    holds and goes on from there, so that no account is ever left without a known password.
  - All accounts of a database are handled by one task, with one connection and one transaction.
options:
  accounts:
    description:
      - The accounts to look after. Required.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Value of O(table.key_column) for a row, the name of the login role, or what to call the pair in the store.
        type: str
        required: true
      kind:
        description:
          - A row of O(table), or a login role of the server.
          - V(pair) is two login roles under an owner that cannot log in. One is active, and the store's record says
            which. A new password is given to the other, which then becomes the active one, while services that still
            use the former one go on working.
        type: str
        choices: [row, role, pair]
        default: row
      members:
        description: The two login roles of a pair. Required with O(accounts[].kind=pair).
        type: list
        elements: str
      owner:
        description:
          - The role that owns what the members of a pair work with. It may not log in, and both are members of it.
          - Without it O(accounts[].name).
        type: str
      default_passwords:
        description:
          - Published passwords that this account may have been created with.
          - No account is ever given one of them as its new password.
        type: list
        elements: str
        default: []
      password:
        description:
          - The password that the account shall have.
          - Used with O(policy=ensure), and instead of a generated one whenever this account's password is changed.
        type: str
  table:
    description:
      - Where the rows are. Required where an account has the kind V(row).
    type: dict
    suboptions:
      name:
        description: The table, with its schema (C(auth.users)).
        type: str
        required: true
      key_column:
        description: The column that O(accounts[].name) is looked up in. Exactly one row must match.
        type: str
        required: true
      hash_column:
        description:
          - The column with the bcrypt hash (C($2a$), C($2b$) or C($2y$); the new hash keeps the old one's
            prefix).
        type: str
        required: true
      id_column:
        description: The column that O(table.sessions) and O(table.audit) refer to. Without it O(table.key_column).
        type: str
      changed_at_column:
        description: A column that is set to the time of the change.
        type: str
      must_change_column:
        description: A boolean column that is set to O(table.must_change) together with the new hash.
        type: str
      must_change:
        description: Whether the user has to choose another password at the next log-in.
        type: bool
        default: false
      sessions:
        description: The sessions of an account whose password was changed.
        type: dict
        suboptions:
          table:
            description: The table of sessions, with its schema.
            type: str
            required: true
          user_column:
            description: The column that holds the value of O(table.id_column).
            type: str
            required: true
          action:
            description: Delete the sessions, set O(table.sessions.active_column) to false, or leave them.
            type: str
            choices: [keep, deactivate, delete]
            default: delete
          active_column:
            description: A boolean column. Required with O(table.sessions.action=deactivate).
            type: str
      audit:
        description: Write a row about each change.
        type: dict
        suboptions:
          table:
            description: The table, with its schema.
            type: str
            required: true
          user_column:
            description: The column that takes the value of O(table.id_column) (NULL for a login role).
            type: str
          details_column:
            description:
              - A column of type json or jsonb that takes account, kind, reason and number of ended sessions.
            type: str
          values:
            description: Further columns with the values that every row gets.
            type: dict
            default: {}
  policy:
    description:
      - V(default_only) changes passwords that are a published default, and nothing else. An account with a password
        that is neither in the store nor published is reported as C(unknown) and left alone.
      - V(max_age) changes them also when they are older than O(max_age) days.
      - V(always) changes them in every run.
      - V(ensure) makes the password O(accounts[].password), or, without that, makes sure that the store knows it.
      - Under every policy but V(default_only) a password that is neither in the store nor published is a failure,
        unless O(adopt) is set.
    type: str
    choices: [default_only, max_age, always, ensure]
    default: default_only
  max_age:
    description: Days after which a password is due under O(policy=max_age).
    type: int
    default: 90
  adopt:
    description:
      - Take over accounts whose password nobody knows, by giving them a new one. Has no effect with
        O(policy=default_only).
    type: bool
    default: false
  missing:
    description:
      - What to do about an account that is not in the table, or a login role that does not exist. With V(ignore) it is
        reported with the state V(missing) and nothing else happens.
      - In check mode V(ignore) also covers a table or a database that is not there yet.
    type: str
    choices: [fail, ignore]
    default: fail
  history:
    description: How many former passwords O(accounts[].password) must differ from.
    type: int
    default: 5
  store:
    description: Where the passwords are kept. Required.
    type: dict
    suboptions:
      type:
        description:
          - V(vault_file) is a YAML file encrypted with ansible-vault, which other playbooks can name in
            C(vars_files).
          - V(kv2) is a KV version 2 secrets engine of HashiCorp Vault or OpenBao; each account is a secret
            of its own.
          - V(given) keeps nothing, and so is not for pairs. The caller passes O(accounts[].password). In check mode
            it needs none, which makes it the way to ask whether a default password is still in use.
        type: str
        choices: [vault_file, kv2, given]
        default: vault_file
      path:
        description:
          - V(vault_file), the file on the controller. A relative path is relative to the playbook's
            folder. It is created with mode
            0600, its folder with 0700.
          - V(kv2), the folder inside the secrets engine.
        type: str
      vault_id:
        description: Label of the vault secret that a new file is encrypted with. An existing file keeps its own.
        type: str
      vault_password_file:
        description:
          - File (or script) with the vault password. Without it the play's own vault secrets are used,
            from C(--vault-id),
            C(--vault-password-file) or E(ANSIBLE_VAULT_PASSWORD_FILE).
        type: str
      lock_timeout:
        description: Seconds to wait for another run that is writing the file.
        type: int
        default: 60
      url:
        description: V(kv2), the address of the server. Without it E(VAULT_ADDR).
        type: str
      token:
        description: V(kv2), the token. Without it, and without O(store.auth), E(VAULT_TOKEN).
        type: str
      auth:
        description:
          - V(kv2), how to get a token, in the options of the lookup P(community.hashi_vault.vault_login#lookup), such
            as C(auth_method), C(role_id) and C(secret_id). It needs that collection and its Python library C(hvac) on
            the controller.
          - The address, certificate and namespace of the server are taken from this store's options.
        type: dict
      mount:
        description: V(kv2), where the secrets engine is mounted.
        type: str
        default: secret
      namespace:
        description: V(kv2), the namespace.
        type: str
      ca_cert:
        description: V(kv2), a file on the controller with the CA certificate of the server.
        type: str
      timeout:
        description: V(kv2), seconds to wait for an answer.
        type: int
        default: 30
  generate:
    description: How new passwords are made.
    type: dict
    suboptions:
      length:
        description: Number of characters.
        type: int
        default: 32
      alphabet:
        description:
          - The characters to choose from, printable ASCII only. Without it letters, digits and C(-_.~),
            which need no quoting
            in shells, URLs and configuration files.
        type: str
      avoid_lookalikes:
        description: Leave out C(0O1lI|) and the like.
        type: bool
        default: false
  bcrypt_cost:
    description: Cost of new bcrypt hashes.
    type: int
    default: 12
  scram_iterations:
    description: Iterations of new SCRAM-SHA-256 verifiers.
    type: int
    default: 4096
  verify_login:
    description: How the new password of a login role is proven.
    type: dict
    suboptions:
      enabled:
        description: Log in with the new password. Without this it is only read back.
        type: bool
        default: true
      host:
        description:
          - Host to log in to, seen from the managed host. Without it O(login_host), or C(localhost) for a Unix
            socket.
        type: str
      port:
        description: Port to log in to. Without it O(login_port).
        type: int
      tls:
        description:
          - Demand TLS with channel binding, so that neither a C(trust) line nor a proxy can pass for success.
          - The certificate is verified as O(ssl_mode) and O(ca_cert) say.
        type: bool
        default: true
  pairs:
    description: What becomes of the login role of a pair that is not active any more.
    type: dict
    suboptions:
      retire:
        description:
          - What is done to it once it has no session left. V(nologin) takes away its right to log in, V(password) gives
            it a random password that nobody knows, V(expire) ends its VALID UNTIL, V(keep) leaves it as it is.
          - The next rotation gives it a new password, and the right to log in again.
        type: str
        choices: [nologin, password, expire, keep]
        default: nologin
      retire_after:
        description:
          - Seconds since the other role became active before which nothing is done to it, even if it has no session.
          - It is the time that services have to learn the new role and password.
        type: int
        default: 3600
      wait:
        description:
          - Seconds to wait in this run for the end of its last session. Without it the next run looks again.
        type: int
        default: 0
  exchange:
    description:
      - What the action plugin asks of the managed host. Not for use in playbooks.
    type: str
extends_documentation_fragment:
  - domainflow.database.connection
  - domainflow.database.attributes
  - domainflow.database.attributes.actiongroup
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Not with O(policy=always), which changes the passwords in every run.
requirements:
  - bcrypt (Python) on the controller
seealso:
  - module: domainflow.database.schema_apply
"""

EXAMPLES = r"""
- name: Change the published default passwords
  domainflow.database.credential_rotate:
    login_unix_socket: /var/run/postgresql
    login_db: domainflow
    policy: default_only
    store:
      path: "{{ inventory_dir }}/credentials.yml"
    accounts:
      - name: admin@domainflow.local
        default_passwords: "{{ published_passwords }}"
    table:
      name: auth.users
      key_column: email
      hash_column: password_hash
      id_column: id
      changed_at_column: password_changed_at
      must_change_column: must_change_password
      sessions:
        table: auth.sessions
        user_column: user_id
      audit:
        table: auth.auth_audit_log
        user_column: user_id
        details_column: details
        values:
          event_type: password_rotated
          event_status: success

- name: Is a default password still in use?
  domainflow.database.credential_rotate:
    login_db: domainflow
    store:
      type: given
    accounts: "{{ accounts }}"
    table: "{{ table }}"
  check_mode: true
  register: passwords
  failed_when: passwords is failed or passwords.defaults_left | length > 0

- name: Change the password of a login role every 90 days
  domainflow.database.credential_rotate:
    login_db: domainflow
    policy: max_age
    max_age: 90
    store:
      type: kv2
      url: https://vault.example.com:8200
      path: databases
    accounts:
      - name: domainflow_app
        kind: role

- name: Change the password that a service uses, without a moment in which it cannot log in
  domainflow.database.credential_rotate:
    login_db: domainflow
    policy: max_age
    store:
      path: "{{ inventory_dir }}/credentials.yml"
    accounts:
      - name: domainflow_app
        kind: pair
        members: [domainflow_app_blue, domainflow_app_green]
  register: rotation
"""

RETURN = r"""
accounts:
  description:
    - What was found and done, an entry for each account. Never holds a password or a hash.
    - Where the task failed before anything could be done about one of them, each has the outcome V(failed).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the account.
      type: str
    kind:
      description: V(row), V(role) or V(pair).
      type: str
    state:
      description:
        - Which password the database held before this run.
        - One of V(current), V(pending), V(previous), V(given), V(default), V(unset), V(unknown) or V(missing).
      type: str
    action:
      description:
        - V(none), or what was done (in check mode, what would be done).
        - V(recorded) is a password that the caller gave and the database had already.
        - V(rotated) is a new password, V(resumed) the pending one of an interrupted run, V(promoted) a
          pending one that was already
          in the database, V(restored) the current one again after a restore of the database, V(migrated) the same
          password in a better format, V(rolled_back) and V(unverified) failures after the change.
        - Of a pair, V(draining) says that nothing was done since the role that is not active is still in use, or was
          a moment ago; V(retired) that it was retired.
      type: str
    outcome:
      description:
        - The same in one word for summaries. V(rotated) (the password, or what is known of it, was changed),
          V(would_rotate) (in check mode), V(unchanged), V(applied_unverified) or V(failed).
      type: str
    active:
      description: Of a pair, the login role that services shall use. Its password is in the same record of the store.
      type: str
    draining:
      description: Of a pair, the login role that was active before and is not retired yet.
      type: str
    retire_due:
      description: Of a pair, when that role may be retired at the earliest.
      type: str
    overdue:
      description:
        - Of a pair, whether a new password is due that has to wait, since that role is still in use or was a moment
          ago. The task then has a warning that says who uses it.
      type: bool
    sessions:
      description:
        - Of a pair, the sessions of the login role that is not active, each with C(pid), C(database),
          C(application_name), C(client_addr), C(since) and C(state).
      type: list
      elements: dict
    rotated_at:
      description: When the password was last changed by this module.
      type: str
    next_due:
      description: When it is due, with O(policy=max_age).
      type: str
    sessions_ended:
      description: Number of sessions that were ended.
      type: int
defaults_left:
  description: Names of the accounts that have a published default password (in check mode, that have it now).
  returned: always
  type: list
  elements: str
unknown:
  description: Names of the accounts whose password is neither in the store nor published. Not known to be safe.
  returned: always
  type: list
  elements: str
system_identifier:
  description: The server's system identifier, under which the store keeps the passwords.
  returned: always
  type: str
database:
  description: The database.
  returned: always
  type: str
store:
  description: Where the passwords are.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.domainflow.database.plugins.module_utils.credentials.exchange import answer
from ansible_collections.domainflow.database.plugins.module_utils.credentials.options import SPEC
from ansible_collections.domainflow.database.plugins.module_utils.module_main import run


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    run(module, lambda params, check_mode: answer(params, check_mode, module.no_log_values))


if __name__ == "__main__":
    main()
