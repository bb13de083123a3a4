-- DomainFlow: production schema v3.0, complete: structure and default rows. For PostgreSQL 13 or later.
-- schema-version: 3.0
--
-- Copyright (c) 2026 domainflow.database contributors
-- GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Made by scripts/production_schema from schema.sql and production_data_v3.sql: edit those, not this file.
--     psql -v ON_ERROR_STOP=1 -d <database> < production_schema_v3.sql
-- The passwords of the default users are published: change them at once (playbooks/rotate_credentials.yml).

BEGIN;

-- =====================================================================================================================
-- 1. Extensions and schemas
-- =====================================================================================================================

CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pgcrypto    WITH SCHEMA public;

CREATE SCHEMA IF NOT EXISTS auth;

COMMENT ON SCHEMA auth IS 'Who may use DomainFlow: users, roles, permissions, sessions, multi-factor authentication';


-- =====================================================================================================================
-- 2. Functions that tables and triggers stand on
-- =====================================================================================================================

CREATE OR REPLACE FUNCTION public.trigger_set_timestamp()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION public.trigger_set_timestamp() IS
    'Trigger: sets updated_at to the time of the transaction before each update';


CREATE OR REPLACE FUNCTION public.generate_user_agent_hash(user_agent_text text)
RETURNS character varying(64)
LANGUAGE sql
IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(user_agent_text, 'UTF8')), 'hex');
$$;

COMMENT ON FUNCTION public.generate_user_agent_hash(text) IS
    'Hex SHA-256 of a user agent in UTF-8; no user agent (NULL) has no hash';


-- The one place that says what a session fingerprint is: the trigger stores it, the validation compares with it.
CREATE OR REPLACE FUNCTION auth.session_fingerprint(p_ip_address inet, p_user_agent text, p_screen_resolution text)
RETURNS character varying(64)
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(
        sha256(
            convert_to(
                coalesce(host(p_ip_address), '') || '|' ||
                coalesce(p_user_agent, '')       || '|' ||
                coalesce(p_screen_resolution, ''),
                'UTF8'
            )
        ),
        'hex'
    );
$$;

COMMENT ON FUNCTION auth.session_fingerprint(inet, text, text) IS
    'Hex SHA-256 of address|user agent|screen resolution; the address without netmask, what is unknown as empty text';


CREATE OR REPLACE FUNCTION auth.update_session_fingerprint()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.session_fingerprint := auth.session_fingerprint(NEW.ip_address, NEW.user_agent, NEW.screen_resolution);
    NEW.user_agent_hash     := public.generate_user_agent_hash(NEW.user_agent);
    NEW.browser_fingerprint := public.generate_user_agent_hash(
        coalesce(NEW.user_agent, '') || '|' || coalesce(NEW.screen_resolution, '')
    );
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION auth.update_session_fingerprint() IS
    'Trigger on auth.sessions: fills session_fingerprint, user_agent_hash and browser_fingerprint';


CREATE OR REPLACE FUNCTION auth.keep_used_backup_code()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.used_at IS NOT NULL
       OR (NEW.id, NEW.user_id, NEW.code_hash) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.code_hash)
    THEN
        RAISE EXCEPTION 'backup code % can be used once and cannot be changed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT    = 'Delete the user''s codes and store new ones.';
    END IF;
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION auth.keep_used_backup_code() IS
    'Trigger on auth.mfa_backup_codes: the only update allowed is to mark an unused code as used';


-- =====================================================================================================================
-- 3. auth: users, roles and permissions
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS auth.users (
    id                            uuid                        NOT NULL DEFAULT gen_random_uuid(),
    email                         character varying(255)      NOT NULL,
    email_verified                boolean                              DEFAULT false,
    email_verification_token      character varying(255),
    email_verification_expires_at timestamp without time zone,
    password_hash                 character varying(255)      NOT NULL,
    password_pepper_version       integer                              DEFAULT 1,
    first_name                    character varying(100)      NOT NULL,
    last_name                     character varying(100)      NOT NULL,
    avatar_url                    text,
    is_active                     boolean                              DEFAULT true,
    is_locked                     boolean                              DEFAULT false,
    failed_login_attempts         integer                              DEFAULT 0,
    locked_until                  timestamp without time zone,
    last_login_at                 timestamp without time zone,
    last_login_ip                 inet,
    password_changed_at           timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    must_change_password          boolean                              DEFAULT false,
    mfa_enabled                   boolean                     NOT NULL DEFAULT false,
    created_at                    timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    updated_at                    timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT users_pkey      PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email)
);

COMMENT ON TABLE  auth.users                               IS 'Accounts of DomainFlow';
COMMENT ON COLUMN auth.users.id                            IS 'Identity of the account';
COMMENT ON COLUMN auth.users.email                         IS 'Address used to log in';
COMMENT ON COLUMN auth.users.email_verified                IS 'The address was confirmed by its owner';
COMMENT ON COLUMN auth.users.email_verification_token      IS 'Outstanding token of an address confirmation';
COMMENT ON COLUMN auth.users.email_verification_expires_at IS 'End of validity of that token';
COMMENT ON COLUMN auth.users.password_hash                 IS 'bcrypt hash of the password';
COMMENT ON COLUMN auth.users.password_pepper_version       IS 'Which pepper of the application went into the hash';
COMMENT ON COLUMN auth.users.first_name                    IS 'Given name';
COMMENT ON COLUMN auth.users.last_name                     IS 'Family name';
COMMENT ON COLUMN auth.users.avatar_url                    IS 'Picture shown for the account';
COMMENT ON COLUMN auth.users.is_active IS
    'False: the account is switched off, its sessions are refused';
COMMENT ON COLUMN auth.users.is_locked IS
    'True: the account is locked until someone unlocks it, its sessions are refused';
COMMENT ON COLUMN auth.users.failed_login_attempts         IS 'Failed log-ins in a row';
COMMENT ON COLUMN auth.users.locked_until                  IS 'Locked for a time: sessions are refused until then';
COMMENT ON COLUMN auth.users.last_login_at                 IS 'Time of the last successful log-in';
COMMENT ON COLUMN auth.users.last_login_ip                 IS 'Address of the last successful log-in';
COMMENT ON COLUMN auth.users.password_changed_at           IS 'Time of the last change of the password';
COMMENT ON COLUMN auth.users.must_change_password          IS 'The password must be changed at the next log-in';
COMMENT ON COLUMN auth.users.mfa_enabled                   IS 'Log-in asks for a second factor of auth.mfa_devices';
COMMENT ON COLUMN auth.users.created_at                    IS 'Time of creation';
COMMENT ON COLUMN auth.users.updated_at                    IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS auth.roles (
    id             uuid                        NOT NULL DEFAULT gen_random_uuid(),
    name           character varying(50)       NOT NULL,
    display_name   character varying(100)      NOT NULL,
    description    text,
    is_system_role boolean                              DEFAULT false,
    created_at     timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    updated_at     timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT roles_pkey     PRIMARY KEY (id),
    CONSTRAINT roles_name_key UNIQUE (name)
);

COMMENT ON TABLE  auth.roles                IS 'Roles: named sets of permissions that users hold';
COMMENT ON COLUMN auth.roles.id             IS 'Identity of the role';
COMMENT ON COLUMN auth.roles.name           IS 'Name used by the application';
COMMENT ON COLUMN auth.roles.display_name   IS 'Name shown to people';
COMMENT ON COLUMN auth.roles.description    IS 'What the role is for';
COMMENT ON COLUMN auth.roles.is_system_role IS 'Part of DomainFlow itself: not to be removed';
COMMENT ON COLUMN auth.roles.created_at     IS 'Time of creation';
COMMENT ON COLUMN auth.roles.updated_at     IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS auth.permissions (
    id           uuid                        NOT NULL DEFAULT gen_random_uuid(),
    name         character varying(100)      NOT NULL,
    display_name character varying(150)      NOT NULL,
    description  text,
    resource     character varying(50)       NOT NULL,
    action       character varying(20)       NOT NULL,
    created_at   timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT permissions_pkey                PRIMARY KEY (id),
    CONSTRAINT permissions_name_key            UNIQUE (name),
    CONSTRAINT permissions_resource_action_key UNIQUE (resource, action)
);

COMMENT ON TABLE  auth.permissions              IS 'What can be allowed: an action on a kind of resource';
COMMENT ON COLUMN auth.permissions.id           IS 'Identity of the permission';
COMMENT ON COLUMN auth.permissions.name         IS 'Name used by the application, resource:action';
COMMENT ON COLUMN auth.permissions.display_name IS 'Name shown to people';
COMMENT ON COLUMN auth.permissions.description  IS 'What the permission allows';
COMMENT ON COLUMN auth.permissions.resource     IS 'Kind of resource';
COMMENT ON COLUMN auth.permissions.action       IS 'Action on it';
COMMENT ON COLUMN auth.permissions.created_at   IS 'Time of creation';


CREATE TABLE IF NOT EXISTS auth.role_permissions (
    role_id       uuid NOT NULL,
    permission_id uuid NOT NULL,
    CONSTRAINT role_permissions_pkey PRIMARY KEY (role_id, permission_id),
    CONSTRAINT role_permissions_role_id_fkey
        FOREIGN KEY (role_id) REFERENCES auth.roles (id) ON DELETE CASCADE,
    CONSTRAINT role_permissions_permission_id_fkey
        FOREIGN KEY (permission_id) REFERENCES auth.permissions (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_role_permissions_role_id       ON auth.role_permissions (role_id);
CREATE INDEX IF NOT EXISTS idx_role_permissions_permission_id ON auth.role_permissions (permission_id);

COMMENT ON TABLE  auth.role_permissions               IS 'Which permissions a role gives';
COMMENT ON COLUMN auth.role_permissions.role_id       IS 'The role';
COMMENT ON COLUMN auth.role_permissions.permission_id IS 'The permission that it gives';


CREATE TABLE IF NOT EXISTS auth.user_roles (
    user_id     uuid                        NOT NULL,
    role_id     uuid                        NOT NULL,
    assigned_by uuid,
    assigned_at timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    expires_at  timestamp without time zone,
    CONSTRAINT user_roles_pkey PRIMARY KEY (user_id, role_id),
    CONSTRAINT user_roles_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT user_roles_role_id_fkey
        FOREIGN KEY (role_id) REFERENCES auth.roles (id) ON DELETE CASCADE,
    CONSTRAINT user_roles_assigned_by_fkey
        FOREIGN KEY (assigned_by) REFERENCES auth.users (id)
);

CREATE INDEX IF NOT EXISTS idx_user_roles_user_id ON auth.user_roles (user_id);
CREATE INDEX IF NOT EXISTS idx_user_roles_role_id ON auth.user_roles (role_id);

COMMENT ON TABLE  auth.user_roles             IS 'Which roles a user holds';
COMMENT ON COLUMN auth.user_roles.user_id     IS 'The user';
COMMENT ON COLUMN auth.user_roles.role_id     IS 'The role held';
COMMENT ON COLUMN auth.user_roles.assigned_by IS 'Who assigned it; NULL: the deployment';
COMMENT ON COLUMN auth.user_roles.assigned_at IS 'Since when';
COMMENT ON COLUMN auth.user_roles.expires_at  IS 'Until when the role counts; NULL: without end';


-- =====================================================================================================================
-- 4. auth: sessions, password resets, rate limits, audit
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS auth.sessions (
    id                  character varying(128)      NOT NULL,
    user_id             uuid                        NOT NULL,
    ip_address          inet,
    user_agent          text,
    user_agent_hash     character varying(64),
    session_fingerprint character varying(255),
    browser_fingerprint text,
    screen_resolution   character varying(20),
    is_active           boolean                              DEFAULT true,
    expires_at          timestamp without time zone NOT NULL,
    last_activity_at    timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    created_at          timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_sessions_user_id         ON auth.sessions (user_id);
CREATE INDEX IF NOT EXISTS idx_sessions_expires_at      ON auth.sessions (expires_at);
CREATE INDEX IF NOT EXISTS idx_sessions_last_activity   ON auth.sessions (last_activity_at);
CREATE INDEX IF NOT EXISTS idx_sessions_active          ON auth.sessions (is_active, expires_at);
CREATE INDEX IF NOT EXISTS idx_sessions_validation      ON auth.sessions (id, is_active, expires_at, user_id);
CREATE INDEX IF NOT EXISTS idx_sessions_fingerprint
    ON auth.sessions (session_fingerprint) WHERE session_fingerprint IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_sessions_user_agent_hash
    ON auth.sessions (user_agent_hash) WHERE user_agent_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_sessions_ip_address
    ON auth.sessions (ip_address) WHERE ip_address IS NOT NULL;

COMMENT ON TABLE  auth.sessions IS
    'Sessions of logged-in users; checked by auth.validate_session_security()';
COMMENT ON COLUMN auth.sessions.id                  IS 'Identity of the session, made by the application';
COMMENT ON COLUMN auth.sessions.user_id             IS 'Whose session it is';
COMMENT ON COLUMN auth.sessions.ip_address          IS 'Address of the client at log-in';
COMMENT ON COLUMN auth.sessions.user_agent          IS 'User agent of the client at log-in';
COMMENT ON COLUMN auth.sessions.user_agent_hash     IS 'Hex SHA-256 of user_agent, set by a trigger';
COMMENT ON COLUMN auth.sessions.session_fingerprint IS
    'Hex SHA-256 of address|user agent|screen resolution, set by a trigger';
COMMENT ON COLUMN auth.sessions.browser_fingerprint IS 'Hex SHA-256 of user agent|screen resolution, set by a trigger';
COMMENT ON COLUMN auth.sessions.screen_resolution   IS 'Screen of the client at log-in, such as 1920x1080';
COMMENT ON COLUMN auth.sessions.is_active           IS 'False: ended, by log-out or by the application';
COMMENT ON COLUMN auth.sessions.expires_at          IS 'End of the session, whatever its activity';
COMMENT ON COLUMN auth.sessions.last_activity_at    IS 'Last successful validation';
COMMENT ON COLUMN auth.sessions.created_at          IS 'Time of creation';


CREATE TABLE IF NOT EXISTS auth.password_reset_tokens (
    id         uuid                        NOT NULL DEFAULT gen_random_uuid(),
    user_id    uuid                        NOT NULL,
    token_hash character varying(255)      NOT NULL,
    expires_at timestamp without time zone NOT NULL,
    used_at    timestamp without time zone,
    ip_address inet,
    user_agent text,
    created_at timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT password_reset_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT password_reset_tokens_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_password_reset_user_id ON auth.password_reset_tokens (user_id);
CREATE INDEX IF NOT EXISTS idx_password_reset_expires ON auth.password_reset_tokens (expires_at);

COMMENT ON TABLE  auth.password_reset_tokens            IS 'Requests to set a new password';
COMMENT ON COLUMN auth.password_reset_tokens.id         IS 'Identity of the request';
COMMENT ON COLUMN auth.password_reset_tokens.user_id    IS 'Whose password is to be set';
COMMENT ON COLUMN auth.password_reset_tokens.token_hash IS 'Hash of the token that was sent';
COMMENT ON COLUMN auth.password_reset_tokens.expires_at IS 'End of validity';
COMMENT ON COLUMN auth.password_reset_tokens.used_at    IS 'When it was used; NULL: not yet';
COMMENT ON COLUMN auth.password_reset_tokens.ip_address IS 'Address that asked for it';
COMMENT ON COLUMN auth.password_reset_tokens.user_agent IS 'User agent that asked for it';
COMMENT ON COLUMN auth.password_reset_tokens.created_at IS 'Time of the request';


CREATE TABLE IF NOT EXISTS auth.rate_limits (
    id            bigserial                   NOT NULL,
    identifier    character varying(255)      NOT NULL,
    action        character varying(50)       NOT NULL,
    attempts      integer                              DEFAULT 1,
    window_start  timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    blocked_until timestamp without time zone,
    CONSTRAINT rate_limits_pkey                  PRIMARY KEY (id),
    CONSTRAINT rate_limits_identifier_action_key UNIQUE (identifier, action)
);

CREATE INDEX IF NOT EXISTS idx_rate_limits_identifier    ON auth.rate_limits (identifier);
CREATE INDEX IF NOT EXISTS idx_rate_limits_blocked_until ON auth.rate_limits (blocked_until);

COMMENT ON TABLE  auth.rate_limits               IS 'Counters that slow down repeated attempts';
COMMENT ON COLUMN auth.rate_limits.id            IS 'Identity of the counter';
COMMENT ON COLUMN auth.rate_limits.identifier    IS 'Who is counted: an address, a user, an e-mail address';
COMMENT ON COLUMN auth.rate_limits.action        IS 'What is counted, such as login';
COMMENT ON COLUMN auth.rate_limits.attempts      IS 'Attempts in the window';
COMMENT ON COLUMN auth.rate_limits.window_start  IS 'Start of the window';
COMMENT ON COLUMN auth.rate_limits.blocked_until IS 'Refused until then; NULL: not blocked';


CREATE TABLE IF NOT EXISTS auth.auth_audit_log (
    id                  bigserial                   NOT NULL,
    user_id             uuid,
    session_id          character varying(128),
    event_type          character varying(50)       NOT NULL,
    event_status        character varying(20)       NOT NULL,
    ip_address          inet,
    user_agent          text,
    session_fingerprint character varying(255),
    security_flags      jsonb                                DEFAULT '{}'::jsonb,
    details             jsonb,
    risk_score          integer                              DEFAULT 0,
    created_at          timestamp without time zone          DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT auth_audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT auth_audit_log_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id)
);

CREATE INDEX IF NOT EXISTS idx_auth_audit_user_id             ON auth.auth_audit_log (user_id);
CREATE INDEX IF NOT EXISTS idx_auth_audit_event_type          ON auth.auth_audit_log (event_type);
CREATE INDEX IF NOT EXISTS idx_auth_audit_created_at          ON auth.auth_audit_log (created_at);
CREATE INDEX IF NOT EXISTS idx_auth_audit_risk_score          ON auth.auth_audit_log (risk_score);
CREATE INDEX IF NOT EXISTS idx_auth_audit_session_fingerprint
    ON auth.auth_audit_log (session_fingerprint) WHERE session_fingerprint IS NOT NULL;

COMMENT ON TABLE  auth.auth_audit_log IS
    'What happened in authentication: log-ins, log-outs, refusals, clean-ups';
COMMENT ON COLUMN auth.auth_audit_log.id                  IS 'Identity of the event';
COMMENT ON COLUMN auth.auth_audit_log.user_id             IS 'Whom it concerns; NULL: nobody in particular';
COMMENT ON COLUMN auth.auth_audit_log.session_id          IS 'Session it concerns, which may be gone since';
COMMENT ON COLUMN auth.auth_audit_log.event_type          IS 'Kind of event, such as login or session_cleanup';
COMMENT ON COLUMN auth.auth_audit_log.event_status        IS 'How it ended, such as success or failure';
COMMENT ON COLUMN auth.auth_audit_log.ip_address          IS 'Address of the client';
COMMENT ON COLUMN auth.auth_audit_log.user_agent          IS 'User agent of the client';
COMMENT ON COLUMN auth.auth_audit_log.session_fingerprint IS 'Fingerprint of the session at the time';
COMMENT ON COLUMN auth.auth_audit_log.security_flags      IS 'Flags raised by the validation of the session';
COMMENT ON COLUMN auth.auth_audit_log.details             IS 'Further facts of the event';
COMMENT ON COLUMN auth.auth_audit_log.risk_score          IS 'How suspicious the event is; 0: not at all';
COMMENT ON COLUMN auth.auth_audit_log.created_at          IS 'Time of the event';


-- =====================================================================================================================
-- 5. auth: multi-factor authentication
--
-- No secret is stored in clear: TOTP secrets are encrypted by the application under a key that the database never sees,
-- backup codes are hashed, WebAuthn needs public keys only. The checks refuse what is plainly not of that shape.
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS auth.mfa_policies (
    id                     uuid                     NOT NULL DEFAULT gen_random_uuid(),
    name                   character varying(50)    NOT NULL,
    description            text,
    is_default             boolean                  NOT NULL DEFAULT false,
    required_for_admins    boolean                  NOT NULL DEFAULT true,
    required_for_all       boolean                  NOT NULL DEFAULT false,
    grace_period_days      integer                  NOT NULL DEFAULT 7,
    allowed_device_types   text[]                   NOT NULL DEFAULT ARRAY['totp'::text, 'webauthn'::text],
    min_backup_codes       integer                  NOT NULL DEFAULT 8,
    max_failed_attempts    integer                  NOT NULL DEFAULT 5,
    attempt_window_minutes integer                  NOT NULL DEFAULT 15,
    created_at             timestamp with time zone NOT NULL DEFAULT now(),
    updated_at             timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT mfa_policies_pkey                         PRIMARY KEY (id),
    CONSTRAINT mfa_policies_name_key                     UNIQUE (name),
    CONSTRAINT mfa_policies_grace_period_days_check      CHECK (grace_period_days BETWEEN 0 AND 90),
    CONSTRAINT mfa_policies_allowed_device_types_check CHECK (
        cardinality(allowed_device_types) > 0
        AND allowed_device_types <@ ARRAY['totp'::text, 'webauthn'::text]
    ),
    CONSTRAINT mfa_policies_min_backup_codes_check       CHECK (min_backup_codes BETWEEN 0 AND 100),
    CONSTRAINT mfa_policies_max_failed_attempts_check    CHECK (max_failed_attempts BETWEEN 1 AND 100),
    CONSTRAINT mfa_policies_attempt_window_minutes_check CHECK (attempt_window_minutes BETWEEN 1 AND 1440)
);

CREATE UNIQUE INDEX IF NOT EXISTS uq_mfa_policies_default ON auth.mfa_policies (is_default) WHERE is_default;

COMMENT ON TABLE  auth.mfa_policies IS
    'Rules for the second factor; the row marked is_default is in force, and without one the column defaults are';
COMMENT ON COLUMN auth.mfa_policies.id                     IS 'Identity of the policy';
COMMENT ON COLUMN auth.mfa_policies.name                   IS 'Name of the policy';
COMMENT ON COLUMN auth.mfa_policies.description            IS 'What it is for';
COMMENT ON COLUMN auth.mfa_policies.is_default             IS 'The policy in force: at most one row';
COMMENT ON COLUMN auth.mfa_policies.required_for_admins IS
    'Holders of super_admin or admin must have a second factor';
COMMENT ON COLUMN auth.mfa_policies.required_for_all       IS 'Every user must have a second factor';
COMMENT ON COLUMN auth.mfa_policies.grace_period_days IS
    'Days in which a user for whom it is required may still log in without one';
COMMENT ON COLUMN auth.mfa_policies.allowed_device_types   IS 'Kinds of device that may be enrolled';
COMMENT ON COLUMN auth.mfa_policies.min_backup_codes IS
    'Fewest unused backup codes before the user is asked to make new ones';
COMMENT ON COLUMN auth.mfa_policies.max_failed_attempts IS
    'Failed verifications in the window after which further ones are refused';
COMMENT ON COLUMN auth.mfa_policies.attempt_window_minutes IS 'Length of that window';
COMMENT ON COLUMN auth.mfa_policies.created_at             IS 'Time of creation';
COMMENT ON COLUMN auth.mfa_policies.updated_at             IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS auth.mfa_devices (
    id                     uuid                     NOT NULL DEFAULT gen_random_uuid(),
    user_id                uuid                     NOT NULL,
    device_type            character varying(20)    NOT NULL,
    name                   character varying(100)   NOT NULL,
    secret_encrypted       bytea,
    secret_key_id          character varying(100),
    totp_algorithm         character varying(10),
    totp_digits            integer,
    totp_period_seconds    integer,
    totp_last_used_step    bigint,
    webauthn_credential_id bytea,
    webauthn_public_key    bytea,
    webauthn_sign_count    bigint,
    webauthn_aaguid        uuid,
    webauthn_transports    text[],
    is_active              boolean                  NOT NULL DEFAULT true,
    confirmed_at           timestamp with time zone,
    last_used_at           timestamp with time zone,
    created_at             timestamp with time zone NOT NULL DEFAULT now(),
    updated_at             timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT mfa_devices_pkey                       PRIMARY KEY (id),
    CONSTRAINT mfa_devices_user_id_name_key           UNIQUE (user_id, name),
    CONSTRAINT mfa_devices_webauthn_credential_id_key UNIQUE (webauthn_credential_id),
    CONSTRAINT mfa_devices_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT mfa_devices_device_type_check          CHECK (device_type IN ('totp', 'webauthn')),
    CONSTRAINT mfa_devices_name_check                 CHECK (btrim(name) <> ''),

    -- A TOTP device has what TOTP needs and nothing of WebAuthn, and the other way round.
    CONSTRAINT mfa_devices_totp_check CHECK (
        CASE WHEN device_type = 'totp'
             THEN num_nulls(secret_encrypted, secret_key_id, totp_algorithm, totp_digits, totp_period_seconds) = 0
             ELSE num_nonnulls(secret_encrypted, secret_key_id, totp_algorithm, totp_digits, totp_period_seconds,
                               totp_last_used_step) = 0
        END
    ),
    CONSTRAINT mfa_devices_webauthn_check CHECK (
        CASE WHEN device_type = 'webauthn'
             THEN num_nulls(webauthn_credential_id, webauthn_public_key, webauthn_sign_count) = 0
             ELSE num_nonnulls(webauthn_credential_id, webauthn_public_key, webauthn_sign_count, webauthn_aaguid,
                               webauthn_transports) = 0
        END
    ),

    -- Authenticated encryption of a secret of 16 bytes or more: nonce (12), secret, tag (16). Text (base32, hex, an
    -- otpauth: address) is refused whatever its length: it has no byte of 0x80 or above, a ciphertext always has some.
    CONSTRAINT mfa_devices_secret_encrypted_check CHECK (
        octet_length(secret_encrypted) BETWEEN 44 AND 1024
        AND encode(secret_encrypted, 'hex') ~ '^(..)*[89a-f]'
    ),
    CONSTRAINT mfa_devices_secret_key_id_check        CHECK (btrim(secret_key_id) <> ''),
    CONSTRAINT mfa_devices_totp_algorithm_check       CHECK (totp_algorithm IN ('SHA1', 'SHA256', 'SHA512')),
    CONSTRAINT mfa_devices_totp_digits_check          CHECK (totp_digits BETWEEN 6 AND 8),
    CONSTRAINT mfa_devices_totp_period_seconds_check  CHECK (totp_period_seconds BETWEEN 15 AND 120),
    CONSTRAINT mfa_devices_totp_last_used_step_check  CHECK (totp_last_used_step >= 0),
    CONSTRAINT mfa_devices_webauthn_credential_id_check CHECK (
        octet_length(webauthn_credential_id) BETWEEN 16 AND 1023
    ),
    CONSTRAINT mfa_devices_webauthn_public_key_check  CHECK (octet_length(webauthn_public_key) BETWEEN 32 AND 2048),
    CONSTRAINT mfa_devices_webauthn_sign_count_check  CHECK (webauthn_sign_count BETWEEN 0 AND 4294967295)
);

CREATE INDEX IF NOT EXISTS idx_mfa_devices_secret_key_id
    ON auth.mfa_devices (secret_key_id) WHERE secret_key_id IS NOT NULL;

COMMENT ON TABLE  auth.mfa_devices IS
    'Second factors that users have enrolled: authenticator apps (totp) and security keys or passkeys (webauthn)';
COMMENT ON COLUMN auth.mfa_devices.id                     IS 'Identity of the device';
COMMENT ON COLUMN auth.mfa_devices.user_id                IS 'Whose device it is';
COMMENT ON COLUMN auth.mfa_devices.device_type            IS 'totp or webauthn';
COMMENT ON COLUMN auth.mfa_devices.name                   IS 'Name that its owner gave it';
COMMENT ON COLUMN auth.mfa_devices.secret_encrypted IS
    'totp: shared secret, encrypted by the application (nonce, ciphertext, tag); never in clear';
COMMENT ON COLUMN auth.mfa_devices.secret_key_id IS
    'totp: which key of the application encrypted the secret; the key itself is kept outside the database';
COMMENT ON COLUMN auth.mfa_devices.totp_algorithm         IS 'totp: hash of the one-time codes';
COMMENT ON COLUMN auth.mfa_devices.totp_digits            IS 'totp: digits of a code';
COMMENT ON COLUMN auth.mfa_devices.totp_period_seconds    IS 'totp: validity of a code';
COMMENT ON COLUMN auth.mfa_devices.totp_last_used_step IS
    'totp: time step of the last accepted code; that one and earlier ones are refused (replay)';
COMMENT ON COLUMN auth.mfa_devices.webauthn_credential_id IS
    'webauthn: identity of the credential, as the authenticator gave it';
COMMENT ON COLUMN auth.mfa_devices.webauthn_public_key    IS 'webauthn: public key of the credential (COSE)';
COMMENT ON COLUMN auth.mfa_devices.webauthn_sign_count IS
    'webauthn: last signature counter; one that does not grow means a copy';
COMMENT ON COLUMN auth.mfa_devices.webauthn_aaguid        IS 'webauthn: model of the authenticator';
COMMENT ON COLUMN auth.mfa_devices.webauthn_transports IS
    'webauthn: how it can be reached, such as usb, nfc, internal';
COMMENT ON COLUMN auth.mfa_devices.is_active              IS 'False: switched off, not accepted';
COMMENT ON COLUMN auth.mfa_devices.confirmed_at IS
    'When enrolment was completed by a first valid code; NULL: not accepted yet';
COMMENT ON COLUMN auth.mfa_devices.last_used_at           IS 'Last successful verification';
COMMENT ON COLUMN auth.mfa_devices.created_at             IS 'Time of creation';
COMMENT ON COLUMN auth.mfa_devices.updated_at             IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS auth.mfa_backup_codes (
    id         uuid                     NOT NULL DEFAULT gen_random_uuid(),
    user_id    uuid                     NOT NULL,
    code_hash  character varying(255)   NOT NULL,
    used_at    timestamp with time zone,
    used_ip    inet,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT mfa_backup_codes_pkey                  PRIMARY KEY (id),
    CONSTRAINT mfa_backup_codes_user_id_code_hash_key UNIQUE (user_id, code_hash),
    CONSTRAINT mfa_backup_codes_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,

    -- A code is short, so only a slow, salted hash protects it: bcrypt of cost 10 or more, or argon2id.
    CONSTRAINT mfa_backup_codes_code_hash_check CHECK (
        code_hash ~ '^[$]2[aby][$](1[0-9]|2[0-9]|3[01])[$][./A-Za-z0-9]{53}$'
        OR code_hash ~ '^[$]argon2id[$]v=19[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][+/A-Za-z0-9]{22,}[$][+/A-Za-z0-9]{22,}$'
    ),
    CONSTRAINT mfa_backup_codes_used_ip_check         CHECK (used_ip IS NULL OR used_at IS NOT NULL)
);

CREATE INDEX IF NOT EXISTS idx_mfa_backup_codes_unused ON auth.mfa_backup_codes (user_id) WHERE used_at IS NULL;

COMMENT ON TABLE  auth.mfa_backup_codes IS
    'One-time codes for a user without a device; a used code stays used (see auth.keep_used_backup_code())';
COMMENT ON COLUMN auth.mfa_backup_codes.id         IS 'Identity of the code';
COMMENT ON COLUMN auth.mfa_backup_codes.user_id    IS 'Whose code it is';
COMMENT ON COLUMN auth.mfa_backup_codes.code_hash IS
    'bcrypt or argon2id hash of the code; the code itself is shown once and never stored';
COMMENT ON COLUMN auth.mfa_backup_codes.used_at    IS 'When it was used; NULL: not yet';
COMMENT ON COLUMN auth.mfa_backup_codes.used_ip    IS 'Address that used it';
COMMENT ON COLUMN auth.mfa_backup_codes.created_at IS 'Time of creation';


CREATE TABLE IF NOT EXISTS auth.mfa_verification_attempts (
    id             bigint                   NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id        uuid,
    session_id     character varying(128),
    method         character varying(20)    NOT NULL,
    device_id      uuid,
    backup_code_id uuid,
    succeeded      boolean                  NOT NULL,
    failure_reason character varying(50),
    ip_address     inet,
    user_agent     text,
    attempted_at   timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT mfa_verification_attempts_pkey                 PRIMARY KEY (id),
    CONSTRAINT mfa_verification_attempts_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE SET NULL,
    CONSTRAINT mfa_verification_attempts_device_id_fkey
        FOREIGN KEY (device_id) REFERENCES auth.mfa_devices (id) ON DELETE SET NULL,
    CONSTRAINT mfa_verification_attempts_backup_code_id_fkey
        FOREIGN KEY (backup_code_id) REFERENCES auth.mfa_backup_codes (id) ON DELETE SET NULL,
    CONSTRAINT mfa_verification_attempts_method_check         CHECK (method IN ('totp', 'webauthn', 'backup_code')),
    CONSTRAINT mfa_verification_attempts_device_id_check      CHECK (device_id IS NULL OR method <> 'backup_code'),
    CONSTRAINT mfa_verification_attempts_backup_code_id_check CHECK (backup_code_id IS NULL OR method = 'backup_code'),

    -- A failure has a reason in words such as wrong_code: no digits, so that a typed code cannot end up here.
    CONSTRAINT mfa_verification_attempts_failure_reason_check CHECK (
        succeeded = (failure_reason IS NULL)
        AND failure_reason ~ '^[a-z_]+$'
    )
);

CREATE INDEX IF NOT EXISTS idx_mfa_attempts_user_id
    ON auth.mfa_verification_attempts (user_id, attempted_at DESC);
CREATE INDEX IF NOT EXISTS idx_mfa_attempts_ip_address
    ON auth.mfa_verification_attempts (ip_address, attempted_at DESC) WHERE ip_address IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_mfa_attempts_device_id
    ON auth.mfa_verification_attempts (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_mfa_attempts_backup_code_id
    ON auth.mfa_verification_attempts (backup_code_id) WHERE backup_code_id IS NOT NULL;

COMMENT ON TABLE  auth.mfa_verification_attempts IS
    'Every verification of a second factor, for rate limits and audit';
COMMENT ON COLUMN auth.mfa_verification_attempts.id             IS 'Identity of the attempt';
COMMENT ON COLUMN auth.mfa_verification_attempts.user_id IS
    'Who was to be verified; NULL: the account is gone since';
COMMENT ON COLUMN auth.mfa_verification_attempts.session_id     IS 'Session it was for, which may be gone since';
COMMENT ON COLUMN auth.mfa_verification_attempts.method         IS 'totp, webauthn or backup_code';
COMMENT ON COLUMN auth.mfa_verification_attempts.device_id      IS 'Device that was tried';
COMMENT ON COLUMN auth.mfa_verification_attempts.backup_code_id IS 'Backup code that matched';
COMMENT ON COLUMN auth.mfa_verification_attempts.succeeded      IS 'Accepted or not';
COMMENT ON COLUMN auth.mfa_verification_attempts.failure_reason IS
    'Why it was not accepted, such as wrong_code or rate_limited; never what was typed';
COMMENT ON COLUMN auth.mfa_verification_attempts.ip_address     IS 'Address of the client';
COMMENT ON COLUMN auth.mfa_verification_attempts.user_agent     IS 'User agent of the client';
COMMENT ON COLUMN auth.mfa_verification_attempts.attempted_at   IS 'Time of the attempt';


-- =====================================================================================================================
-- 6. public: personas, proxies, keyword sets
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS public.personas (
    id             uuid                     NOT NULL DEFAULT gen_random_uuid(),
    name           text                     NOT NULL,
    description    text,
    persona_type   text                     NOT NULL,
    config_details jsonb                    NOT NULL,
    is_enabled     boolean                  NOT NULL DEFAULT true,
    created_at     timestamp with time zone NOT NULL DEFAULT now(),
    updated_at     timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT personas_pkey               PRIMARY KEY (id),
    CONSTRAINT uq_personas_name_type       UNIQUE (name, persona_type),
    CONSTRAINT personas_persona_type_check CHECK (persona_type IN ('dns', 'http'))
);

CREATE INDEX IF NOT EXISTS idx_personas_type       ON public.personas (persona_type);
CREATE INDEX IF NOT EXISTS idx_personas_is_enabled ON public.personas (is_enabled);

COMMENT ON TABLE  public.personas IS
    'How a check presents itself: resolver settings (dns) or headers and client behaviour (http)';
COMMENT ON COLUMN public.personas.id             IS 'Identity of the persona';
COMMENT ON COLUMN public.personas.name           IS 'Name, unique for its type';
COMMENT ON COLUMN public.personas.description    IS 'What it is for';
COMMENT ON COLUMN public.personas.persona_type   IS 'dns or http';
COMMENT ON COLUMN public.personas.config_details IS 'Settings of the persona';
COMMENT ON COLUMN public.personas.is_enabled     IS 'May be used by campaigns';
COMMENT ON COLUMN public.personas.created_at     IS 'Time of creation';
COMMENT ON COLUMN public.personas.updated_at     IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS public.proxies (
    id              uuid                     NOT NULL DEFAULT gen_random_uuid(),
    name            text                     NOT NULL,
    description     text,
    address         text                     NOT NULL,
    protocol        text,
    username        text,
    password_hash   text,
    host            text,
    port            integer,
    is_enabled      boolean                  NOT NULL DEFAULT true,
    is_healthy      boolean                  NOT NULL DEFAULT true,
    last_status     text,
    last_checked_at timestamp with time zone,
    latency_ms      integer,
    city            text,
    country_code    text,
    provider        text,
    created_at      timestamp with time zone NOT NULL DEFAULT now(),
    updated_at      timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT proxies_pkey        PRIMARY KEY (id),
    CONSTRAINT proxies_name_key    UNIQUE (name),
    CONSTRAINT proxies_address_key UNIQUE (address)
);

CREATE INDEX IF NOT EXISTS idx_proxies_is_enabled ON public.proxies (is_enabled);

COMMENT ON TABLE  public.proxies                 IS 'Proxies that HTTP checks can go through';
COMMENT ON COLUMN public.proxies.id              IS 'Identity of the proxy';
COMMENT ON COLUMN public.proxies.name            IS 'Name of the proxy';
COMMENT ON COLUMN public.proxies.description     IS 'What it is for';
COMMENT ON COLUMN public.proxies.address         IS 'Address as configured, host and port';
COMMENT ON COLUMN public.proxies.protocol        IS 'Protocol spoken, such as http or socks5';
COMMENT ON COLUMN public.proxies.username        IS 'Account at the proxy';
COMMENT ON COLUMN public.proxies.password_hash   IS 'Protected form of that account''s password';
COMMENT ON COLUMN public.proxies.host            IS 'Host part of the address';
COMMENT ON COLUMN public.proxies.port            IS 'Port part of the address';
COMMENT ON COLUMN public.proxies.is_enabled      IS 'May be used by campaigns';
COMMENT ON COLUMN public.proxies.is_healthy      IS 'The last check went well';
COMMENT ON COLUMN public.proxies.last_status     IS 'Outcome of the last check';
COMMENT ON COLUMN public.proxies.last_checked_at IS 'Time of the last check';
COMMENT ON COLUMN public.proxies.latency_ms      IS 'Latency at the last check, in milliseconds';
COMMENT ON COLUMN public.proxies.city            IS 'City it is in';
COMMENT ON COLUMN public.proxies.country_code    IS 'Country it is in';
COMMENT ON COLUMN public.proxies.provider        IS 'Who runs it';
COMMENT ON COLUMN public.proxies.created_at      IS 'Time of creation';
COMMENT ON COLUMN public.proxies.updated_at      IS 'Time of the last update, set by a trigger';


CREATE TABLE IF NOT EXISTS public.keyword_sets (
    id          uuid                     NOT NULL DEFAULT gen_random_uuid(),
    name        text                     NOT NULL,
    description text,
    rules       jsonb                    NOT NULL DEFAULT '[]'::jsonb,
    is_enabled  boolean                  NOT NULL DEFAULT true,
    created_at  timestamp with time zone NOT NULL DEFAULT now(),
    updated_at  timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT keyword_sets_pkey     PRIMARY KEY (id),
    CONSTRAINT keyword_sets_name_key UNIQUE (name)
);

COMMENT ON TABLE  public.keyword_sets             IS 'Sets of keywords to look for in pages';
COMMENT ON COLUMN public.keyword_sets.id          IS 'Identity of the set';
COMMENT ON COLUMN public.keyword_sets.name        IS 'Name of the set';
COMMENT ON COLUMN public.keyword_sets.description IS 'What it is for';
COMMENT ON COLUMN public.keyword_sets.rules       IS 'List of rules, each a keyword and how to match it';
COMMENT ON COLUMN public.keyword_sets.is_enabled  IS 'May be used by campaigns';
COMMENT ON COLUMN public.keyword_sets.created_at  IS 'Time of creation';
COMMENT ON COLUMN public.keyword_sets.updated_at  IS 'Time of the last update, set by a trigger';


-- =====================================================================================================================
-- 7. public: campaigns and their parameters
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS public.campaigns (
    id                  uuid                     NOT NULL DEFAULT gen_random_uuid(),
    name                text                     NOT NULL,
    campaign_type       text                     NOT NULL DEFAULT 'domain_generation'::text,
    status              text                     NOT NULL,
    user_id             uuid,
    total_items         bigint                            DEFAULT 0,
    processed_items     bigint                            DEFAULT 0,
    successful_items    bigint                            DEFAULT 0,
    failed_items        bigint                            DEFAULT 0,
    progress_percentage double precision                  DEFAULT 0.0,
    metadata            jsonb,
    created_at          timestamp with time zone NOT NULL DEFAULT now(),
    updated_at          timestamp with time zone NOT NULL DEFAULT now(),
    started_at          timestamp with time zone,
    completed_at        timestamp with time zone,
    error_message       text,
    CONSTRAINT campaigns_pkey PRIMARY KEY (id),
    CONSTRAINT campaigns_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE SET NULL,
    CONSTRAINT campaigns_campaign_type_check CHECK (
        campaign_type IN ('domain_generation', 'dns_validation', 'http_keyword_validation')
    )
);

CREATE INDEX IF NOT EXISTS idx_campaigns_status     ON public.campaigns (status);
CREATE INDEX IF NOT EXISTS idx_campaigns_type       ON public.campaigns (campaign_type);
CREATE INDEX IF NOT EXISTS idx_campaigns_user_id    ON public.campaigns (user_id);
CREATE INDEX IF NOT EXISTS idx_campaigns_created_at ON public.campaigns (created_at DESC);

COMMENT ON TABLE  public.campaigns IS
    'Campaigns: generate domain names, check them in DNS, look for keywords on their pages';
COMMENT ON COLUMN public.campaigns.id                  IS 'Identity of the campaign';
COMMENT ON COLUMN public.campaigns.name                IS 'Name of the campaign';
COMMENT ON COLUMN public.campaigns.campaign_type       IS 'Which of the three kinds of work it does';
COMMENT ON COLUMN public.campaigns.status              IS 'Where it stands';
COMMENT ON COLUMN public.campaigns.user_id             IS 'Who owns it; NULL: the account is gone since';
COMMENT ON COLUMN public.campaigns.total_items         IS 'Items to process';
COMMENT ON COLUMN public.campaigns.processed_items     IS 'Items processed so far';
COMMENT ON COLUMN public.campaigns.successful_items    IS 'Items that went well';
COMMENT ON COLUMN public.campaigns.failed_items        IS 'Items that failed';
COMMENT ON COLUMN public.campaigns.progress_percentage IS 'Progress, 0 to 100';
COMMENT ON COLUMN public.campaigns.metadata            IS 'Further facts of the campaign';
COMMENT ON COLUMN public.campaigns.created_at          IS 'Time of creation';
COMMENT ON COLUMN public.campaigns.updated_at          IS 'Time of the last update, set by a trigger';
COMMENT ON COLUMN public.campaigns.started_at          IS 'Start of the work';
COMMENT ON COLUMN public.campaigns.completed_at        IS 'End of the work';
COMMENT ON COLUMN public.campaigns.error_message       IS 'Why it failed';


CREATE TABLE IF NOT EXISTS public.domain_generation_campaign_params (
    campaign_id                 uuid    NOT NULL,
    pattern_type                text    NOT NULL,
    variable_length             integer,
    character_set               text,
    constant_string             text,
    tld                         text    NOT NULL,
    num_domains_to_generate     integer NOT NULL,
    total_possible_combinations bigint  NOT NULL,
    current_offset              bigint  NOT NULL DEFAULT 0,
    CONSTRAINT domain_generation_campaign_params_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT domain_generation_campaign_params_campaign_id_fkey
        FOREIGN KEY (campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE
);

COMMENT ON TABLE  public.domain_generation_campaign_params IS
    'What a domain_generation campaign generates';
COMMENT ON COLUMN public.domain_generation_campaign_params.campaign_id                 IS 'The campaign';
COMMENT ON COLUMN public.domain_generation_campaign_params.pattern_type IS
    'Where the variable part stands, such as prefix or suffix';
COMMENT ON COLUMN public.domain_generation_campaign_params.variable_length             IS 'Length of the variable part';
COMMENT ON COLUMN public.domain_generation_campaign_params.character_set IS
    'Characters of the variable part';
COMMENT ON COLUMN public.domain_generation_campaign_params.constant_string             IS 'The constant part';
COMMENT ON COLUMN public.domain_generation_campaign_params.tld                         IS 'Top-level domain';
COMMENT ON COLUMN public.domain_generation_campaign_params.num_domains_to_generate     IS 'How many names to generate';
COMMENT ON COLUMN public.domain_generation_campaign_params.total_possible_combinations IS
    'How many names the pattern can give';
COMMENT ON COLUMN public.domain_generation_campaign_params.current_offset IS
    'Next combination to generate';


CREATE TABLE IF NOT EXISTS public.domain_generation_config_states (
    config_hash    text                     NOT NULL,
    last_offset    bigint                   NOT NULL,
    config_details jsonb                    NOT NULL,
    updated_at     timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT domain_generation_config_states_pkey PRIMARY KEY (config_hash)
);

COMMENT ON TABLE  public.domain_generation_config_states IS
    'How far each pattern was generated, over all campaigns, so that no name comes twice';
COMMENT ON COLUMN public.domain_generation_config_states.config_hash    IS 'Hash of the pattern';
COMMENT ON COLUMN public.domain_generation_config_states.last_offset    IS 'Last combination generated';
COMMENT ON COLUMN public.domain_generation_config_states.config_details IS 'The pattern itself';
COMMENT ON COLUMN public.domain_generation_config_states.updated_at IS
    'Time of the last update, set by the application';


CREATE TABLE IF NOT EXISTS public.dns_validation_params (
    campaign_id                   uuid    NOT NULL,
    source_generation_campaign_id uuid,
    persona_ids                   uuid[]  NOT NULL,
    rotation_interval_seconds     integer          DEFAULT 0,
    processing_speed_per_minute   integer          DEFAULT 0,
    batch_size                    integer          DEFAULT 50,
    retry_attempts                integer          DEFAULT 1,
    metadata                      jsonb,
    CONSTRAINT dns_validation_params_pkey                 PRIMARY KEY (campaign_id),
    CONSTRAINT dns_validation_params_campaign_id_fkey
        FOREIGN KEY (campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT dns_validation_params_source_generation_campaign_id_fkey
        FOREIGN KEY (source_generation_campaign_id) REFERENCES public.campaigns (id) ON DELETE SET NULL,
    CONSTRAINT dns_validation_params_batch_size_check     CHECK (batch_size > 0),
    CONSTRAINT dns_validation_params_retry_attempts_check CHECK (retry_attempts >= 0)
);

COMMENT ON TABLE  public.dns_validation_params IS
    'What a dns_validation campaign checks, and how';
COMMENT ON COLUMN public.dns_validation_params.campaign_id                   IS 'The campaign';
COMMENT ON COLUMN public.dns_validation_params.source_generation_campaign_id IS 'Campaign whose names are checked';
COMMENT ON COLUMN public.dns_validation_params.persona_ids                   IS 'Personas to use, in turn';
COMMENT ON COLUMN public.dns_validation_params.rotation_interval_seconds IS
    'Time before the next persona; 0: for each check';
COMMENT ON COLUMN public.dns_validation_params.processing_speed_per_minute IS
    'Checks per minute at most; 0: no limit';
COMMENT ON COLUMN public.dns_validation_params.batch_size                    IS 'Names per batch';
COMMENT ON COLUMN public.dns_validation_params.retry_attempts                IS 'Further attempts after a failure';
COMMENT ON COLUMN public.dns_validation_params.metadata                      IS 'Further settings';


CREATE TABLE IF NOT EXISTS public.http_keyword_campaign_params (
    campaign_id                 uuid      NOT NULL,
    source_campaign_id          uuid      NOT NULL,
    source_type                 text      NOT NULL,
    persona_ids                 uuid[]    NOT NULL,
    keyword_set_ids             uuid[],
    ad_hoc_keywords             text[],
    proxy_ids                   uuid[],
    proxy_pool_id               uuid,
    proxy_selection_strategy    text,
    rotation_interval_seconds   integer            DEFAULT 0,
    processing_speed_per_minute integer            DEFAULT 0,
    batch_size                  integer            DEFAULT 10,
    retry_attempts              integer            DEFAULT 1,
    target_http_ports           integer[],
    last_processed_domain_name  text,
    metadata                    jsonb,
    CONSTRAINT http_keyword_campaign_params_pkey                 PRIMARY KEY (campaign_id),
    CONSTRAINT http_keyword_campaign_params_campaign_id_fkey
        FOREIGN KEY (campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT http_keyword_campaign_params_source_campaign_id_fkey
        FOREIGN KEY (source_campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT http_keyword_campaign_params_source_type_check CHECK (
        source_type IN ('DomainGeneration', 'DNSValidation')
    ),
    CONSTRAINT http_keyword_campaign_params_batch_size_check     CHECK (batch_size > 0),
    CONSTRAINT http_keyword_campaign_params_retry_attempts_check CHECK (retry_attempts >= 0)
);

COMMENT ON TABLE  public.http_keyword_campaign_params IS
    'What an http_keyword_validation campaign looks for, and how';
COMMENT ON COLUMN public.http_keyword_campaign_params.campaign_id                 IS 'The campaign';
COMMENT ON COLUMN public.http_keyword_campaign_params.source_campaign_id          IS 'Campaign whose names are visited';
COMMENT ON COLUMN public.http_keyword_campaign_params.source_type                 IS 'Kind of that campaign';
COMMENT ON COLUMN public.http_keyword_campaign_params.persona_ids                 IS 'Personas to use, in turn';
COMMENT ON COLUMN public.http_keyword_campaign_params.keyword_set_ids             IS 'Keyword sets to look for';
COMMENT ON COLUMN public.http_keyword_campaign_params.ad_hoc_keywords             IS 'Keywords of this campaign alone';
COMMENT ON COLUMN public.http_keyword_campaign_params.proxy_ids                   IS 'Proxies to go through';
COMMENT ON COLUMN public.http_keyword_campaign_params.proxy_pool_id               IS 'Pool of proxies to go through';
COMMENT ON COLUMN public.http_keyword_campaign_params.proxy_selection_strategy    IS 'How the next proxy is chosen';
COMMENT ON COLUMN public.http_keyword_campaign_params.rotation_interval_seconds IS
    'Time before the next persona; 0: for each visit';
COMMENT ON COLUMN public.http_keyword_campaign_params.processing_speed_per_minute IS
    'Visits per minute at most; 0: no limit';
COMMENT ON COLUMN public.http_keyword_campaign_params.batch_size                  IS 'Names per batch';
COMMENT ON COLUMN public.http_keyword_campaign_params.retry_attempts              IS 'Further attempts after a failure';
COMMENT ON COLUMN public.http_keyword_campaign_params.target_http_ports           IS 'Ports to visit';
COMMENT ON COLUMN public.http_keyword_campaign_params.last_processed_domain_name  IS 'Last name visited, to go on from';
COMMENT ON COLUMN public.http_keyword_campaign_params.metadata                    IS 'Further settings';


CREATE TABLE IF NOT EXISTS public.campaign_jobs (
    id                   uuid                     NOT NULL DEFAULT gen_random_uuid(),
    campaign_id          uuid                     NOT NULL,
    job_type             text                     NOT NULL,
    status               text                     NOT NULL DEFAULT 'pending'::text,
    scheduled_at         timestamp with time zone NOT NULL DEFAULT now(),
    attempts             integer                           DEFAULT 0,
    max_attempts         integer                           DEFAULT 3,
    last_attempted_at    timestamp with time zone,
    last_error           text,
    processing_server_id text,
    created_at           timestamp with time zone NOT NULL DEFAULT now(),
    updated_at           timestamp with time zone NOT NULL DEFAULT now(),
    job_payload          jsonb,
    next_execution_at    timestamp with time zone,
    locked_at            timestamp with time zone,
    locked_by            text,
    CONSTRAINT campaign_jobs_pkey               PRIMARY KEY (id),
    CONSTRAINT campaign_jobs_campaign_id_fkey
        FOREIGN KEY (campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT campaign_jobs_attempts_check     CHECK (attempts >= 0),
    CONSTRAINT campaign_jobs_max_attempts_check CHECK (max_attempts > 0)
);

CREATE INDEX IF NOT EXISTS idx_campaign_jobs_campaign_id         ON public.campaign_jobs (campaign_id);
CREATE INDEX IF NOT EXISTS idx_campaign_jobs_status_scheduled_at ON public.campaign_jobs (status, scheduled_at);
CREATE INDEX IF NOT EXISTS idx_campaign_jobs_type                ON public.campaign_jobs (job_type);

COMMENT ON TABLE  public.campaign_jobs                      IS 'Queue of the work of campaigns';
COMMENT ON COLUMN public.campaign_jobs.id                   IS 'Identity of the job';
COMMENT ON COLUMN public.campaign_jobs.campaign_id          IS 'Campaign it works for';
COMMENT ON COLUMN public.campaign_jobs.job_type             IS 'Kind of work';
COMMENT ON COLUMN public.campaign_jobs.status               IS 'Where it stands';
COMMENT ON COLUMN public.campaign_jobs.scheduled_at         IS 'Not to be started before';
COMMENT ON COLUMN public.campaign_jobs.attempts             IS 'Attempts so far';
COMMENT ON COLUMN public.campaign_jobs.max_attempts         IS 'Attempts at most';
COMMENT ON COLUMN public.campaign_jobs.last_attempted_at    IS 'Time of the last attempt';
COMMENT ON COLUMN public.campaign_jobs.last_error           IS 'Why the last attempt failed';
COMMENT ON COLUMN public.campaign_jobs.processing_server_id IS 'Server that works on it';
COMMENT ON COLUMN public.campaign_jobs.created_at           IS 'Time of creation';
COMMENT ON COLUMN public.campaign_jobs.updated_at           IS 'Time of the last update, set by a trigger';
COMMENT ON COLUMN public.campaign_jobs.job_payload          IS 'What to do';
COMMENT ON COLUMN public.campaign_jobs.next_execution_at    IS 'Time of the next attempt';
COMMENT ON COLUMN public.campaign_jobs.locked_at            IS 'Since when a worker holds it';
COMMENT ON COLUMN public.campaign_jobs.locked_by            IS 'Which worker holds it';


-- =====================================================================================================================
-- 8. public: results
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS public.generated_domains (
    id                            uuid                     NOT NULL DEFAULT gen_random_uuid(),
    domain_generation_campaign_id uuid                     NOT NULL,
    domain_name                   text                     NOT NULL,
    source_keyword                text,
    source_pattern                text,
    tld                           text,
    offset_index                  bigint                   NOT NULL DEFAULT 0,
    generated_at                  timestamp with time zone NOT NULL DEFAULT now(),
    created_at                    timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT generated_domains_pkey             PRIMARY KEY (id),
    CONSTRAINT uq_generated_domains_campaign_name UNIQUE (domain_generation_campaign_id, domain_name),
    CONSTRAINT generated_domains_domain_generation_campaign_id_fkey
        FOREIGN KEY (domain_generation_campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_generated_domains_campaign_id
    ON public.generated_domains (domain_generation_campaign_id);
CREATE INDEX IF NOT EXISTS idx_generated_domains_name        ON public.generated_domains (domain_name);
CREATE INDEX IF NOT EXISTS idx_generated_domains_offset
    ON public.generated_domains (domain_generation_campaign_id, offset_index);

COMMENT ON TABLE  public.generated_domains IS
    'Names that a domain_generation campaign made';
COMMENT ON COLUMN public.generated_domains.id                            IS 'Identity of the name';
COMMENT ON COLUMN public.generated_domains.domain_generation_campaign_id IS 'Campaign that made it';
COMMENT ON COLUMN public.generated_domains.domain_name                   IS 'The name, unique for its campaign';
COMMENT ON COLUMN public.generated_domains.source_keyword                IS 'Keyword it was made from';
COMMENT ON COLUMN public.generated_domains.source_pattern                IS 'Pattern it was made from';
COMMENT ON COLUMN public.generated_domains.tld                           IS 'Top-level domain';
COMMENT ON COLUMN public.generated_domains.offset_index                  IS 'Number of the combination';
COMMENT ON COLUMN public.generated_domains.generated_at                  IS 'Time it was generated';
COMMENT ON COLUMN public.generated_domains.created_at                    IS 'Time it was stored';


CREATE TABLE IF NOT EXISTS public.dns_validation_results (
    id                      uuid                     NOT NULL DEFAULT gen_random_uuid(),
    dns_campaign_id         uuid                     NOT NULL,
    generated_domain_id     uuid,
    domain_name             text                     NOT NULL,
    validation_status       text                     NOT NULL,
    dns_records             jsonb,
    validated_by_persona_id uuid,
    attempts                integer                           DEFAULT 0,
    last_checked_at         timestamp with time zone,
    created_at              timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT dns_validation_results_pkey           PRIMARY KEY (id),
    CONSTRAINT uq_dns_results_campaign_domain        UNIQUE (dns_campaign_id, domain_name),
    CONSTRAINT dns_validation_results_dns_campaign_id_fkey
        FOREIGN KEY (dns_campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT dns_validation_results_generated_domain_id_fkey
        FOREIGN KEY (generated_domain_id) REFERENCES public.generated_domains (id) ON DELETE SET NULL,
    CONSTRAINT dns_validation_results_validated_by_persona_id_fkey
        FOREIGN KEY (validated_by_persona_id) REFERENCES public.personas (id) ON DELETE SET NULL,
    CONSTRAINT dns_validation_results_attempts_check CHECK (attempts >= 0)
);

CREATE INDEX IF NOT EXISTS idx_dns_results_campaign_id ON public.dns_validation_results (dns_campaign_id);
CREATE INDEX IF NOT EXISTS idx_dns_results_domain_name ON public.dns_validation_results (domain_name);
CREATE INDEX IF NOT EXISTS idx_dns_results_status      ON public.dns_validation_results (validation_status);

COMMENT ON TABLE  public.dns_validation_results                         IS 'What a dns_validation campaign found';
COMMENT ON COLUMN public.dns_validation_results.id                      IS 'Identity of the result';
COMMENT ON COLUMN public.dns_validation_results.dns_campaign_id         IS 'Campaign that checked';
COMMENT ON COLUMN public.dns_validation_results.generated_domain_id     IS 'Generated name that was checked';
COMMENT ON COLUMN public.dns_validation_results.domain_name             IS 'The name itself, unique for its campaign';
COMMENT ON COLUMN public.dns_validation_results.validation_status       IS 'Outcome of the check';
COMMENT ON COLUMN public.dns_validation_results.dns_records             IS 'Records found';
COMMENT ON COLUMN public.dns_validation_results.validated_by_persona_id IS 'Persona that was used';
COMMENT ON COLUMN public.dns_validation_results.attempts                IS 'Attempts made';
COMMENT ON COLUMN public.dns_validation_results.last_checked_at         IS 'Time of the last attempt';
COMMENT ON COLUMN public.dns_validation_results.created_at              IS 'Time of creation';


CREATE TABLE IF NOT EXISTS public.http_keyword_results (
    id                        uuid                     NOT NULL DEFAULT gen_random_uuid(),
    http_keyword_campaign_id  uuid                     NOT NULL,
    dns_result_id             uuid,
    domain_name               text                     NOT NULL,
    validation_status         text                     NOT NULL,
    http_status_code          integer,
    response_headers          jsonb,
    page_title                text,
    extracted_content_snippet text,
    found_keywords_from_sets  jsonb,
    found_ad_hoc_keywords     jsonb,
    content_hash              text,
    validated_by_persona_id   uuid,
    used_proxy_id             uuid,
    attempts                  integer                           DEFAULT 0,
    last_checked_at           timestamp with time zone,
    created_at                timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT http_keyword_results_pkey       PRIMARY KEY (id),
    CONSTRAINT uq_http_results_campaign_domain UNIQUE (http_keyword_campaign_id, domain_name),
    CONSTRAINT http_keyword_results_http_keyword_campaign_id_fkey
        FOREIGN KEY (http_keyword_campaign_id) REFERENCES public.campaigns (id) ON DELETE CASCADE,
    CONSTRAINT http_keyword_results_dns_result_id_fkey
        FOREIGN KEY (dns_result_id) REFERENCES public.dns_validation_results (id) ON DELETE SET NULL,
    CONSTRAINT http_keyword_results_validated_by_persona_id_fkey
        FOREIGN KEY (validated_by_persona_id) REFERENCES public.personas (id) ON DELETE SET NULL,
    CONSTRAINT http_keyword_results_used_proxy_id_fkey
        FOREIGN KEY (used_proxy_id) REFERENCES public.proxies (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_http_results_campaign_id
    ON public.http_keyword_results (http_keyword_campaign_id);
CREATE INDEX IF NOT EXISTS idx_http_results_domain_name           ON public.http_keyword_results (domain_name);
CREATE INDEX IF NOT EXISTS idx_http_results_status                ON public.http_keyword_results (validation_status);
CREATE INDEX IF NOT EXISTS idx_http_keyword_results_dns_result_id ON public.http_keyword_results (dns_result_id);

COMMENT ON TABLE  public.http_keyword_results IS
    'What an http_keyword_validation campaign found';
COMMENT ON COLUMN public.http_keyword_results.id                        IS 'Identity of the result';
COMMENT ON COLUMN public.http_keyword_results.http_keyword_campaign_id  IS 'Campaign that visited';
COMMENT ON COLUMN public.http_keyword_results.dns_result_id             IS 'DNS result that the visit followed';
COMMENT ON COLUMN public.http_keyword_results.domain_name               IS 'The name visited, unique for its campaign';
COMMENT ON COLUMN public.http_keyword_results.validation_status         IS 'Outcome of the visit';
COMMENT ON COLUMN public.http_keyword_results.http_status_code          IS 'Status of the response';
COMMENT ON COLUMN public.http_keyword_results.response_headers          IS 'Headers of the response';
COMMENT ON COLUMN public.http_keyword_results.page_title                IS 'Title of the page';
COMMENT ON COLUMN public.http_keyword_results.extracted_content_snippet IS 'Part of the page''s text';
COMMENT ON COLUMN public.http_keyword_results.found_keywords_from_sets  IS 'Keywords found, by keyword set';
COMMENT ON COLUMN public.http_keyword_results.found_ad_hoc_keywords     IS 'Keywords found of the campaign''s own';
COMMENT ON COLUMN public.http_keyword_results.content_hash              IS 'Hash of the page''s content';
COMMENT ON COLUMN public.http_keyword_results.validated_by_persona_id   IS 'Persona that was used';
COMMENT ON COLUMN public.http_keyword_results.used_proxy_id             IS 'Proxy that was used';
COMMENT ON COLUMN public.http_keyword_results.attempts                  IS 'Attempts made';
COMMENT ON COLUMN public.http_keyword_results.last_checked_at           IS 'Time of the last attempt';
COMMENT ON COLUMN public.http_keyword_results.created_at                IS 'Time of creation';


-- =====================================================================================================================
-- 9. public: audit
-- =====================================================================================================================

CREATE TABLE IF NOT EXISTS public.audit_logs (
    id          uuid                     NOT NULL DEFAULT gen_random_uuid(),
    "timestamp" timestamp with time zone NOT NULL DEFAULT now(),
    user_id     uuid,
    action      text                     NOT NULL,
    entity_type text,
    entity_id   uuid,
    details     jsonb,
    client_ip   text,
    user_agent  text,
    CONSTRAINT audit_logs_pkey PRIMARY KEY (id),
    CONSTRAINT audit_logs_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE SET NULL
);

CREATE INDEX IF NOT EXISTS idx_audit_logs_timestamp      ON public.audit_logs ("timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_audit_logs_user_id        ON public.audit_logs (user_id);
CREATE INDEX IF NOT EXISTS idx_audit_logs_entity_type_id ON public.audit_logs (entity_type, entity_id);

COMMENT ON TABLE  public.audit_logs IS
    'What users did in DomainFlow (what concerns log-ins is in auth.auth_audit_log)';
COMMENT ON COLUMN public.audit_logs.id          IS 'Identity of the entry';
COMMENT ON COLUMN public.audit_logs."timestamp" IS 'Time of the action';
COMMENT ON COLUMN public.audit_logs.user_id     IS 'Who did it; NULL: the account is gone since';
COMMENT ON COLUMN public.audit_logs.action      IS 'What was done';
COMMENT ON COLUMN public.audit_logs.entity_type IS 'Kind of thing it was done to';
COMMENT ON COLUMN public.audit_logs.entity_id   IS 'Which one';
COMMENT ON COLUMN public.audit_logs.details     IS 'Further facts of the action';
COMMENT ON COLUMN public.audit_logs.client_ip   IS 'Address of the client';
COMMENT ON COLUMN public.audit_logs.user_agent  IS 'User agent of the client';


-- =====================================================================================================================
-- 10. Functions over sessions
--
-- auth keeps local times (timestamp without time zone), so LOCALTIMESTAMP is what its columns are compared with, and
-- all clients of one database must use one TimeZone. A limit that is reached counts as passed.
-- =====================================================================================================================

CREATE OR REPLACE FUNCTION auth.validate_session_security(
    p_session_id       character varying,
    p_client_ip        inet,
    p_user_agent       text,
    p_require_ip_match boolean DEFAULT false,
    p_require_ua_match boolean DEFAULT false
)
RETURNS TABLE (
    is_valid       boolean,
    user_id        uuid,
    security_flags jsonb,
    permissions    text[],
    roles          text[]
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_idle_limit CONSTANT interval := '30 minutes';
    c_none       CONSTANT text[]   := '{}';
    v_session    auth.sessions;
    v_flags      jsonb;
BEGIN
    SELECT s.*
      INTO v_session
      FROM auth.sessions AS s
      JOIN auth.users    AS u ON u.id = s.user_id
     WHERE s.id = p_session_id
       AND s.is_active
       AND s.expires_at > LOCALTIMESTAMP
       AND u.is_active
       AND NOT u.is_locked
       AND (u.locked_until IS NULL OR u.locked_until <= LOCALTIMESTAMP);

    IF NOT FOUND THEN
        RETURN QUERY SELECT false, NULL::uuid, jsonb_build_object('session_not_found', true), c_none, c_none;
        RETURN;
    END IF;

    -- One key per reason; those that do not apply are NULL and drop out.
    v_flags := jsonb_strip_nulls(jsonb_build_object(
        'ip_mismatch',
            CASE WHEN p_require_ip_match
                  AND host(v_session.ip_address) IS DISTINCT FROM host(p_client_ip) THEN true END,
        'user_agent_mismatch',
            CASE WHEN p_require_ua_match
                  AND v_session.user_agent_hash IS DISTINCT FROM
                      public.generate_user_agent_hash(p_user_agent) THEN true END,
        'fingerprint_mismatch',
            CASE WHEN v_session.session_fingerprint IS DISTINCT FROM
                      auth.session_fingerprint(p_client_ip, p_user_agent, v_session.screen_resolution) THEN true END,
        'idle_timeout',
            CASE WHEN coalesce(v_session.last_activity_at, v_session.created_at, '-infinity')
                      <= LOCALTIMESTAMP - c_idle_limit THEN true END
    ));

    IF v_flags <> '{}' THEN
        RETURN QUERY SELECT false, v_session.user_id, v_flags, c_none, c_none;
        RETURN;
    END IF;

    UPDATE auth.sessions AS s
       SET last_activity_at = LOCALTIMESTAMP
     WHERE s.id = v_session.id;

    RETURN QUERY
    WITH held AS (
        SELECT r.id, r.name
          FROM auth.user_roles AS ur
          JOIN auth.roles      AS r ON r.id = ur.role_id
         WHERE ur.user_id = v_session.user_id
           AND (ur.expires_at IS NULL OR ur.expires_at > LOCALTIMESTAMP)
    )
    SELECT true,
           v_session.user_id,
           v_flags,
           ARRAY(SELECT DISTINCT p.name::text
                   FROM held
                   JOIN auth.role_permissions AS rp ON rp.role_id = held.id
                   JOIN auth.permissions      AS p  ON p.id = rp.permission_id
                  ORDER BY 1),
           ARRAY(SELECT held.name::text FROM held ORDER BY 1);
END;
$$;

COMMENT ON FUNCTION auth.validate_session_security(character varying, inet, text, boolean, boolean) IS
    'Checks a session against what the client presents now: always one row. '
    'Valid: no flag, the permissions and roles of the user, and the activity of the session is renewed. '
    'Refused: the reasons as keys of security_flags (session_not_found, ip_mismatch, user_agent_mismatch, '
    'fingerprint_mismatch, idle_timeout), and nothing is changed';


CREATE OR REPLACE FUNCTION auth.cleanup_expired_sessions()
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_inactive_limit CONSTANT interval := '7 days';
    v_deleted        integer;
BEGIN
    DELETE FROM auth.sessions AS s
     WHERE s.expires_at <= LOCALTIMESTAMP
        OR coalesce(s.last_activity_at, s.created_at, '-infinity') <= LOCALTIMESTAMP - c_inactive_limit;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;

    INSERT INTO auth.auth_audit_log (event_type, event_status, details)
    VALUES ('session_cleanup', 'success', jsonb_build_object('deleted_sessions', v_deleted));

    RETURN v_deleted;
END;
$$;

COMMENT ON FUNCTION auth.cleanup_expired_sessions() IS
    'Deletes sessions that expired or were inactive for 7 days, records it in auth.auth_audit_log, returns how many';


-- =====================================================================================================================
-- 11. Triggers (CREATE OR REPLACE TRIGGER needs PostgreSQL 14, so each is dropped first)
-- =====================================================================================================================

DROP TRIGGER IF EXISTS set_timestamp_auth_users ON auth.users;
CREATE TRIGGER set_timestamp_auth_users
    BEFORE UPDATE ON auth.users
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_auth_roles ON auth.roles;
CREATE TRIGGER set_timestamp_auth_roles
    BEFORE UPDATE ON auth.roles
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS trigger_session_fingerprint ON auth.sessions;
CREATE TRIGGER trigger_session_fingerprint
    BEFORE INSERT OR UPDATE ON auth.sessions
    FOR EACH ROW EXECUTE FUNCTION auth.update_session_fingerprint();

DROP TRIGGER IF EXISTS set_timestamp_auth_mfa_policies ON auth.mfa_policies;
CREATE TRIGGER set_timestamp_auth_mfa_policies
    BEFORE UPDATE ON auth.mfa_policies
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_auth_mfa_devices ON auth.mfa_devices;
CREATE TRIGGER set_timestamp_auth_mfa_devices
    BEFORE UPDATE ON auth.mfa_devices
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS trigger_mfa_backup_code_single_use ON auth.mfa_backup_codes;
CREATE TRIGGER trigger_mfa_backup_code_single_use
    BEFORE UPDATE ON auth.mfa_backup_codes
    FOR EACH ROW EXECUTE FUNCTION auth.keep_used_backup_code();

DROP TRIGGER IF EXISTS set_timestamp_personas ON public.personas;
CREATE TRIGGER set_timestamp_personas
    BEFORE UPDATE ON public.personas
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_proxies ON public.proxies;
CREATE TRIGGER set_timestamp_proxies
    BEFORE UPDATE ON public.proxies
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_keyword_sets ON public.keyword_sets;
CREATE TRIGGER set_timestamp_keyword_sets
    BEFORE UPDATE ON public.keyword_sets
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_campaigns ON public.campaigns;
CREATE TRIGGER set_timestamp_campaigns
    BEFORE UPDATE ON public.campaigns
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();

DROP TRIGGER IF EXISTS set_timestamp_campaign_jobs ON public.campaign_jobs;
CREATE TRIGGER set_timestamp_campaign_jobs
    BEFORE UPDATE ON public.campaign_jobs
    FOR EACH ROW EXECUTE FUNCTION public.trigger_set_timestamp();


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
