# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the attributes, shared by the modules."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Returns what has changed (or would change, in C(check_mode)) when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
  platform:
    description: Target systems that can be operated against.
    platforms: posix
    support: full
  action:
    description: Has an action plugin of the same name that does a part of the work on the controller.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
"""

    # Use together with the above: the module belongs to the action group of the collection.
    ACTIONGROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/domainflow.database.database) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - domainflow.database.database
"""
