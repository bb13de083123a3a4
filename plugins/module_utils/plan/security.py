# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps after which somebody may see or do more than before, where that takes more than the statement to know.

What a statement says by itself (a policy dropped, row security off, a grant to everybody) its kind knows.
"""

from __future__ import annotations

import re
from typing import List, Optional

from ..catalog.event_trigger import EventTrigger
from ..catalog.function import Function
from ..catalog.model import Catalog, Hazard, Object
from ..catalog.policy import Policy
from ..catalog.rule import Rule
from ..catalog.table import Table
from ..catalog.trigger import Trigger
from ..catalog.view import View
from .model import Step

# The attributes of a function stand on lines of their own before its body, as pg_get_functiondef() writes it.
_BODY = re.compile(r"^(?:AS |BEGIN ATOMIC|RETURN )", re.MULTILINE)
_DEFINER = re.compile(r"^ [A-Z ]*\bSECURITY DEFINER\b", re.MULTILINE)
# Options of a view without which it shows more.
_GUARDS = ("security_barrier", "security_invoker")
_ON = ("true", "on", "1", "yes")
_FIRES = ("O", "A")  # trigger states: origin, always; the others (disabled, replica) do not fire in usual sessions
_SWITCHES_OFF = re.compile(r"ALTER .* (?:DISABLE|ENABLE REPLICA)\b")


def relaxations(step: Step, live: Catalog, desired: Catalog) -> List[Hazard]:
    """The hazards of kind security_relaxation that ``step`` has on top of those it was made with."""
    if step.action == "drop" or step.sql.startswith(("REVOKE ", "COMMENT ")):
        return []
    old, new = live.get(step.object), desired.get(step.object)
    text = None
    if isinstance(new, Function):
        text = _function(step, old, new)
    elif isinstance(new, Policy):
        text = _policy(step, old, new, live)
    elif isinstance(new, View) and isinstance(old, View):
        lost = [name for name in _GUARDS if _is_set(old, name) and not _is_set(new, name)]
        text = f"{new.id} loses {' and '.join(lost)}" if lost else None
    elif isinstance(new, (Trigger, EventTrigger, Rule)) and _SWITCHES_OFF.match(step.sql):
        if getattr(old, "enabled", "") in _FIRES:
            text = f"{new.id} guards no more"
    return [Hazard("security_relaxation", text)] if text else []


def _function(step: Step, old: Optional[Object], new: Function) -> Optional[str]:
    if not runs_as_owner(new.definition):
        return None
    if step.sql.startswith(("GRANT ", "DO $grant$")) and "REVOKE " not in step.sql:
        return f"{new.id} runs with the rights of its owner, and more roles may call it"
    if not step.sql.startswith("CREATE ") or (isinstance(old, Function) and runs_as_owner(old.definition)):
        return None
    everybody = any(grant.grantee == "" for grant in new.acl or ())
    who = "everybody" if everybody else "whoever may call it"
    return f"{new.id} runs with the rights of its owner, for {who}"


def runs_as_owner(definition: str) -> bool:
    """Whether a function is SECURITY DEFINER."""
    return _DEFINER.search(_BODY.split(definition, maxsplit=1)[0]) is not None


def _policy(step: Step, old: Optional[Object], new: Policy, live: Catalog) -> Optional[str]:
    table = live.get(new.parent)
    if not step.sql.startswith("CREATE ") or not isinstance(table, Table) or not table.row_security:
        return None
    if old is None:
        return f"{new.id} lets through rows that were hidden" if new.permissive else None
    same = isinstance(old, Policy) and (old.permissive, old.command, old.roles, old.using, old.check) == (
        new.permissive, new.command, new.roles, new.using, new.check
    )  # fmt: skip
    return None if same else f"{new.id}: who may see or change which rows is different"


def _is_set(view: View, option: str) -> bool:
    return any(each.partition("=")[0] == option and each.partition("=")[2] in _ON for each in view.options)
