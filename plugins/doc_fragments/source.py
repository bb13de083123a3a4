# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the source, shared by the schema modules."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  src:
    description:
      - The schema file, on the controller unless O(remote_src) is set.
      - A relative path is looked up as for M(ansible.builtin.copy), in the role's or playbook's C(files) folder first.
      - Files that it includes with C(\ir) or C(\i) must lie below its folder and are brought along.
      - It may be what C(psql) reads or what C(pg_dump) writes in plain format, of any supported version. See the
        collection's C(docs/source-files.md).
    type: path
  remote_src:
    description: O(src) is on the managed host.
    type: bool
    default: false
  content:
    description:
      - The schema as SQL text, instead of O(src).
      - It is a task argument and as such may be logged; keep long schemas in files.
    type: str
  source_name:
    description:
      - What messages call the source. The action plugin sets it. Not for use in playbooks.
    type: str
  schemas:
    description:
      - The schemas to manage.
      - Without it, those that the source defines, V(public) included when it is used. Other schemas are left alone.
    type: list
    elements: str
  ignore:
    description:
      - Patterns of objects to leave alone, for instance V(public.events_p*) for partitions that are made at run time.
      - A pattern matches C(schema.name) or C(schema.table.part), without quotes, exact in case. One with a blank also
        names the kind, as in V(index public.tmp_*). With a table all that stands on it is left alone.
    type: list
    elements: str
    default: []
  owner:
    description:
      - Role that owns what the source gives to no other role. The source is loaded, and the plan carried out, as it.
      - Without it the login role, or O(session_role).
    type: str
  renames:
    description:
      - Hints which objects have a new name, for instance V(table public.old -> new) or
        V(column public.customer.name -> full_name). Without a hint a renamed object is a missing and an extra one.
      - Whatever has a name can be renamed, among others V(type public.old -> new),
        V(constraint public.customer.old -> new), V(index public.old -> new), V(function public.old(integer) -> new),
        V(schema old -> new) and V(value public.mood.old -> new).
      - Names may be handed on (a becomes b, and b becomes c), and a new object may have the old name. Names that are
        exchanged (a becomes b, and b becomes a) are so only where the two can be told apart by what they are.
      - "The source can hold them too, as comments such as C(-- rename: table public.old -> new)."
      - A hint that no longer applies does no harm.
    type: list
    elements: str
    default: []
  wait_for_lock:
    description: Seconds to wait for another run on the same database.
    type: int
    default: 60
  shadow_database:
    description:
      - Name of an existing empty database to load the source into, for a login role without C(CREATEDB).
      - Without it a database is created for the run and dropped at its end.
    type: str
"""
