-- DomainFlow: the default rows of production schema v3: roles, permissions, users, multi-factor policy.
--
-- Copyright (c) 2026 domainflow.database contributors
-- GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Comes after schema.sql; `scripts/production_schema` puts both together as production_schema_v3.sql.
-- A row that is there already is left as it is: applying this again never brings a default password back.
-- The passwords of the default users are published: change them at once (playbooks/rotate_credentials.yml).

BEGIN;

-- =====================================================================================================================
-- Roles
-- =====================================================================================================================

INSERT INTO auth.roles (id, name, display_name, description, is_system_role) VALUES
    ('00000000-0000-0000-0000-000000000001', 'super_admin', 'Super Administrator', 'Everything, the system itself included',            true),
    ('00000000-0000-0000-0000-000000000002', 'admin',       'Administrator',       'Users, campaigns and what campaigns need',          true),
    ('00000000-0000-0000-0000-000000000003', 'user',        'Standard User',       'Makes and runs campaigns with what is there',       true),
    ('00000000-0000-0000-0000-000000000004', 'viewer',      'Viewer',              'Reads campaigns, personas and proxies, no changes', true)
ON CONFLICT DO NOTHING;


-- =====================================================================================================================
-- Permissions
-- =====================================================================================================================

INSERT INTO auth.permissions (id, name, display_name, description, resource, action) VALUES
    ('00000000-0000-0000-0001-000000000001', 'campaigns:create',  'Create Campaigns',      'Make new campaigns',             'campaigns', 'create'),
    ('00000000-0000-0000-0001-000000000002', 'campaigns:read',    'Read Campaigns',        'See campaigns and results',      'campaigns', 'read'),
    ('00000000-0000-0000-0001-000000000003', 'campaigns:update',  'Update Campaigns',      'Change campaigns',               'campaigns', 'update'),
    ('00000000-0000-0000-0001-000000000004', 'campaigns:delete',  'Delete Campaigns',      'Delete campaigns',               'campaigns', 'delete'),
    ('00000000-0000-0000-0001-000000000005', 'campaigns:execute', 'Execute Campaigns',     'Start, pause and end campaigns', 'campaigns', 'execute'),
    ('00000000-0000-0000-0001-000000000006', 'personas:create',   'Create Personas',       'Make new personas',              'personas',  'create'),
    ('00000000-0000-0000-0001-000000000007', 'personas:read',     'Read Personas',         'See personas',                   'personas',  'read'),
    ('00000000-0000-0000-0001-000000000008', 'personas:update',   'Update Personas',       'Change personas',                'personas',  'update'),
    ('00000000-0000-0000-0001-000000000009', 'personas:delete',   'Delete Personas',       'Delete personas',                'personas',  'delete'),
    ('00000000-0000-0000-0001-000000000010', 'proxies:create',    'Create Proxies',        'Make new proxies',               'proxies',   'create'),
    ('00000000-0000-0000-0001-000000000011', 'proxies:read',      'Read Proxies',          'See proxies',                    'proxies',   'read'),
    ('00000000-0000-0000-0001-000000000012', 'proxies:update',    'Update Proxies',        'Change proxies',                 'proxies',   'update'),
    ('00000000-0000-0000-0001-000000000013', 'proxies:delete',    'Delete Proxies',        'Delete proxies',                 'proxies',   'delete'),
    ('00000000-0000-0000-0001-000000000014', 'system:admin',      'System Administration', 'Administer the system',          'system',    'admin'),
    ('00000000-0000-0000-0001-000000000015', 'system:config',     'System Configuration',  'Change the system''s settings',  'system',    'config'),
    ('00000000-0000-0000-0001-000000000016', 'users:manage',      'Manage Users',          'Make, change and remove users',  'users',     'manage'),
    ('00000000-0000-0000-0001-000000000017', 'reports:generate',  'Generate Reports',      'Make reports',                   'reports',   'generate')
ON CONFLICT DO NOTHING;


-- =====================================================================================================================
-- What each role may do
-- =====================================================================================================================

INSERT INTO auth.role_permissions (role_id, permission_id)
SELECT r.id, p.id
  FROM (VALUES
           ('super_admin', ARRAY['campaigns:create', 'campaigns:read', 'campaigns:update', 'campaigns:delete',
                                 'campaigns:execute',
                                 'personas:create',  'personas:read',  'personas:update',  'personas:delete',
                                 'proxies:create',   'proxies:read',   'proxies:update',   'proxies:delete',
                                 'system:admin',     'system:config',  'users:manage',     'reports:generate']),
           ('admin',       ARRAY['campaigns:create', 'campaigns:read', 'campaigns:update', 'campaigns:delete',
                                 'campaigns:execute',
                                 'personas:create',  'personas:read',  'personas:update',  'personas:delete',
                                 'proxies:create',   'proxies:read',   'proxies:update',   'proxies:delete',
                                 'users:manage',     'reports:generate']),
           ('user',        ARRAY['campaigns:create', 'campaigns:read', 'campaigns:update', 'campaigns:execute',
                                 'personas:read',    'proxies:read']),
           ('viewer',      ARRAY['campaigns:read',   'personas:read',  'proxies:read'])
       ) AS given (role_name, permission_names)
  JOIN auth.roles       AS r ON r.name = given.role_name
  JOIN auth.permissions AS p ON p.name = ANY (given.permission_names)
ON CONFLICT DO NOTHING;


-- =====================================================================================================================
-- Users (bcrypt, cost 12)
-- =====================================================================================================================

INSERT INTO auth.users (
    id, email, email_verified,
    password_hash, first_name, last_name, is_active, is_locked, must_change_password
) VALUES
    ('00000000-0000-0000-0000-000000000001', 'admin@domainflow.local', true,
     '$2a$12$YTWECg2Gj9ug1wnlBzms1uXKsLHpr0sZeQJ9sof7PV8EZTfQgZk7.', 'System',   'Administrator', true, false, true),
    ('00000000-0000-0000-0000-000000000002', 'user@domainflow.com', true,
     '$2a$12$/sj/Ubv.DJp5kTqesPpyye6Kf6uEjGObPjZNJB0q.WLzy9cO6qnr6', 'Test',     'User',          true, false, false),
    ('00000000-0000-0000-0000-000000000003', 'dbadmin@domainflow.local', true,
     '$2a$12$J4Vgo63qv3bpDrJxfl66.uHbjR6/ShqKfSGFcix.mVQTxNpGh/V32', 'Database', 'Administrator', true, false, false)
ON CONFLICT DO NOTHING;

-- By the fixed id, never by address: an account that someone else made under one of these addresses gets no role.
INSERT INTO auth.user_roles (user_id, role_id)
SELECT u.id, r.id
  FROM (VALUES
           ('00000000-0000-0000-0000-000000000001'::uuid, 'super_admin'),
           ('00000000-0000-0000-0000-000000000002'::uuid, 'user'),
           ('00000000-0000-0000-0000-000000000003'::uuid, 'super_admin')
       ) AS given (user_id, role_name)
  JOIN auth.users AS u ON u.id = given.user_id
  JOIN auth.roles AS r ON r.name = given.role_name
ON CONFLICT DO NOTHING;


-- =====================================================================================================================
-- Multi-factor policy
-- =====================================================================================================================

INSERT INTO auth.mfa_policies (
    id, name, description,
    is_default, required_for_admins, required_for_all, grace_period_days, min_backup_codes
) VALUES
    ('00000000-0000-0000-0002-000000000001', 'default', 'Administrators need a second factor within a week',
     true, true, false, 7, 8)
ON CONFLICT DO NOTHING;

COMMIT;
