# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_summary
short_description: Sum up what credential_rotate did on all hosts of a run
version_added: 1.0.0
author: domainflow.database contributors (@domainflow)
description:
  - Makes a table and a JSON file of what M(domainflow.database.credential_rotate) said on every host, over all
    batches of a run, with the hosts that failed, could not be reached, or whose turn did not come.
  - Works on the controller with the variables of the hosts, and connects to none of them. Run it once, in a play of its
    own after the last batch.
  - It holds names of accounts and what was done, and no secret.
options:
  hosts:
    description: The hosts to sum up, usually C(ansible_play_hosts_all).
    type: list
    elements: str
    required: true
  failed_hosts:
    description:
      - Those of O(hosts) that have failed before and are not in the play any more, the difference between
        C(ansible_play_hosts_all) and C(ansible_play_hosts).
    type: list
    elements: str
    default: []
  outcome:
    description: Name of the variable that the M(domainflow.database.credential_rotate) task registered.
    type: str
    required: true
  reached:
    description: Name of the variable with the result of a task that tried whether the host can be reached.
    type: str
  problem:
    description: Name of a variable with a text, on hosts where something else went wrong.
    type: str
  stopped:
    description: Name of a variable that is true on hosts whose turn did not come.
    type: str
  declared:
    description:
      - Name of a variable that says what there is on a host, for hosts that gave no answer. A dictionary with
        C(database), and with C(accounts), a list of pairs of name and kind.
    type: str
  check:
    description: Whether the outcomes are those of check mode. Without it whether this task runs in check mode.
    type: bool
  path:
    description:
      - File on the controller to write the summary to as JSON, in check mode too. A relative path is relative to the
        playbook's folder.
    type: str
extends_documentation_fragment:
  - domainflow.database.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: domainflow.database.credential_rotate
"""

EXAMPLES = r"""
- name: Sum up the rotation
  hosts: databases
  gather_facts: false
  tasks:
    - name: Sum up
      domainflow.database.credential_summary:
        hosts: "{{ ansible_play_hosts_all }}"
        failed_hosts: "{{ ansible_play_hosts_all | difference(ansible_play_hosts) }}"
        outcome: rotation
        path: /var/lib/reports/rotation.json
      register: summary
      run_once: true

    - name: Show the table
      ansible.builtin.debug:
        msg: "{{ summary.lines }}"
      run_once: true
"""

RETURN = r"""
complete:
  description: Whether no host failed, was out of reach, or was left out.
  returned: always
  type: bool
check_mode:
  description: Whether the statuses say what would be done.
  returned: always
  type: bool
incomplete_hosts:
  description: Names of the hosts that have to be looked at.
  returned: always
  type: list
  elements: str
totals:
  description: Number of accounts by status.
  returned: always
  type: dict
hosts:
  description: An entry for each host.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: Name of the host.
      type: str
    status:
      description: V(done), V(skipped), V(no_server), V(failed), V(unreachable) or V(not_tried).
      type: str
    problem:
      description: What went wrong.
      type: str
    database:
      description: The database.
      type: str
    system_identifier:
      description: The server's system identifier.
      type: str
    store:
      description: Where the passwords are.
      type: str
    accounts:
      description:
        - An entry for each account, with C(name), C(kind), C(status), and what
          M(domainflow.database.credential_rotate) says of it in C(action), C(state), C(rotated_at), C(next_due),
          C(sessions_ended), C(active), C(draining) and C(retire_due).
        - C(status) is V(rotated), V(would_rotate), V(unchanged), V(unknown), V(missing), V(no_password),
          V(applied_unverified) or V(failed), or the host's status where it gave no answer.
      type: list
      elements: dict
lines:
  description: The same as a table, a text for each line.
  returned: always
  type: list
  elements: str
"""
