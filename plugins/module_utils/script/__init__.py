# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schema files: takes SQL text as psql and pg_dump write it, gives statements with their places.

``Source`` is a file or a text; ``statements(source)`` yields ``Statement`` values one after the other and
reads no further ahead than a line, so that a large ``COPY`` section passes through without being held.
Whatever psql would do and this package does not (meta-commands, statements about the whole cluster) is a
``SourceError`` that begins with ``file:line:``. ``sql_error`` words what the server says about a statement.

psql's variables (``:name``) are not interpolated: the text goes to the server as it stands.
"""

from __future__ import annotations

from .messages import sql_error
from .source import Source
from .statements import CopyData, Statement, statements

__all__ = ["CopyData", "Source", "Statement", "sql_error", "statements"]
