# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the connection options, shared by the modules."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  login_db:
    description: Name of the database.
    type: str
    required: true
  login_host:
    description:
      - Name or address of the server, or the folder of its Unix socket.
      - Without it the local Unix socket is used.
    type: str
  login_port:
    description: Port of the server.
    type: int
    default: 5432
  login_user:
    description: Database user.
    type: str
    default: postgres
  login_password:
    description:
      - Password of O(login_user).
      - Without it libpq looks for one in the password file of the user who runs the module.
    type: str
  login_unix_socket:
    description: Folder of the server's Unix socket, used where O(login_host) is not set or V(localhost).
    type: path
  session_role:
    description: Role that the session takes right after connecting (C(SET ROLE)).
    type: str
  ssl_mode:
    description:
      - How much the TLS connection must promise, with libpq's words.
      - With V(require), V(verify-ca) and V(verify-full) a session without TLS is refused, also over a Unix socket,
        where libpq itself would ignore the setting.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: prefer
  ca_cert:
    description: File on the managed host with the CA certificates that the server's certificate is verified with.
    type: path
  ssl_cert:
    description: File on the managed host with the client certificate.
    type: path
  ssl_key:
    description: File on the managed host with the client certificate's key.
    type: path
  connect_params:
    description:
      - Further libpq connection parameters, for instance C(target_session_attrs) or C(channel_binding).
      - Parameters that have an option of their own, and secrets, are refused here.
    type: dict
    default: {}
  connect_timeout:
    description: Seconds to wait for a connection.
    type: int
    default: 10
requirements:
  - psycopg2 2.8 or later on the managed host (Debian's C(python3-psycopg2))
"""
