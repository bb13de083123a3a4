# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody could do to a database by hand, one attribute each, along PostgreSQL's ALTER pages: takes nothing,
gives the schema to do it to and ``CHANGES``."""

from __future__ import annotations

from . import others, relations
from .model import ByHand
from .schema import SCHEMA, SUBSCRIPTION

CHANGES = relations.CHANGES + others.CHANGES

__all__ = ["CHANGES", "SCHEMA", "SUBSCRIPTION", "ByHand"]
