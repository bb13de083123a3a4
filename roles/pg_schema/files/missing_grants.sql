-- Copyright (c) 2026 domainflow.database contributors
-- GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The GRANT statements that are missing, one a row: the application reads and writes rows, the readers read.
-- Members of extensions are left out: they come with their own privileges.
WITH wanted (grantee, schema, class, privileges) AS (
  SELECT %(app_role)s::text, s.name, w.class, w.privileges
  FROM json_array_elements_text(%(app_schemas)s) s (name)
  CROSS JOIN (VALUES
    ('SCHEMA', ARRAY['USAGE']),
    ('TABLE', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']),
    ('SEQUENCE', ARRAY['USAGE', 'SELECT'])
  ) w (class, privileges)
  WHERE %(app_role)s <> ''
  UNION ALL
  SELECT %(readonly_role)s::text, s.name, w.class, w.privileges
  FROM json_array_elements_text(%(readonly_schemas)s) s (name)
  CROSS JOIN (VALUES
    ('SCHEMA', ARRAY['USAGE']),
    ('TABLE', ARRAY['SELECT']),
    ('SEQUENCE', ARRAY['SELECT'])
  ) w (class, privileges)
  WHERE %(readonly_role)s <> ''
), objects (schema, class, name, acl) AS (
  SELECT n.nspname, 'SCHEMA', format('%%I', n.nspname), coalesce(n.nspacl, acldefault('n', n.nspowner))
  FROM pg_catalog.pg_namespace n
  UNION ALL
  SELECT n.nspname, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%%I.%%I', n.nspname, c.relname),
         coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT format('GRANT %%s ON %%s %%s TO %%I', string_agg(p.privilege, ', ' ORDER BY p.position), o.class, o.name,
              w.grantee) AS statement
FROM wanted w
JOIN objects o USING (schema, class)
CROSS JOIN LATERAL unnest(w.privileges) WITH ORDINALITY p (privilege, position)
WHERE NOT EXISTS (
  SELECT FROM aclexplode(o.acl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
  WHERE r.rolname = w.grantee AND a.privilege_type = p.privilege)
GROUP BY o.class, o.name, w.grantee
ORDER BY o.class, o.name, w.grantee
