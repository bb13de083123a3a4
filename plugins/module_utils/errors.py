# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one family of errors: each carries text that is safe and useful to the person at the terminal.

An ``EngineError`` never holds a secret: whoever raises one words its message anew instead of passing
on the text of a lower exception, unless that text is known to be PostgreSQL's own message.
"""

from __future__ import annotations

from typing import Any, Dict, Optional


class EngineError(Exception):
    """Something that stops a run.

    ``message`` says what happened and where, ``hint`` what to do about it, ``details`` is a JSON-able
    mapping that a module returns beside the message.
    """

    def __init__(self, message: str, hint: Optional[str] = None, details: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SourceError(EngineError):
    """The schema file cannot be read, split or loaded; the message starts with ``file:line:``."""


class ConnectionFailed(EngineError):
    """No session with the server could be opened (down, refused, wrong password, TLS)."""


class PermissionMissing(EngineError):
    """The login role lacks a privilege that the run needs; the hint names the GRANT or ALTER ROLE."""


class PlanRefused(EngineError):
    """The plan holds steps that the policy does not allow; ``details['refused']`` lists them."""


class PlanOutdated(EngineError):
    """A saved plan is not what would be done now: the source, the options or the database have changed since."""


class VerificationFailed(EngineError):
    """The database read back is not the desired one; everything was rolled back."""


class Busy(EngineError):
    """Another run, or a session holding locks, kept this one waiting longer than it was told to wait."""
