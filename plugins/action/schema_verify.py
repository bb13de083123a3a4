# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of schema_verify: finds the schema file and brings it to the managed host."""

from __future__ import annotations

from ansible_collections.domainflow.database.plugins.plugin_utils.schema_source import SchemaAction


class ActionModule(SchemaAction):
    """Transfers ``src`` and runs the module."""

    module = "domainflow.database.schema_verify"
