DROP FUNCTION nexapp_opted_out(text);
DROP FUNCTION nexapp_email_load(text, text);
DROP FUNCTION nexapp_team_invitation_load(text, text);
DROP FUNCTION nexapp_team_invitation(bytea, uuid);
DROP FUNCTION nexapp_session(bytea);
CREATE FUNCTION nexapp_session(wanted bytea)
RETURNS TABLE (
    session_id uuid, user_id uuid, org_id uuid, role text, is_platform_admin boolean, last_seen_at timestamptz,
    org_kind text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.id, s.user_id, m.org_id, m.role, u.is_platform_admin, s.last_seen_at, o.kind
    FROM user_sessions s
    JOIN users u ON u.id = s.user_id AND u.deactivated_at IS NULL
    LEFT JOIN memberships m
        JOIN organizations o ON o.id = m.org_id AND o.suspended_at IS NULL
        ON m.user_id = s.user_id AND m.org_id = s.org_id AND m.deactivated_at IS NULL
    WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > now()
$$;

DROP POLICY tenant_read ON organizations;
CREATE POLICY tenant_read ON organizations FOR SELECT TO nexapp_tenant USING (
    id = nullif(current_setting('app.org_id', true), '')::uuid
    OR id IN (
        SELECT m.org_id FROM memberships m
        WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid
    )
);
DROP POLICY tenant_mine ON memberships;
CREATE POLICY tenant_mine ON memberships FOR SELECT TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);

DELETE FROM messages WHERE channel = 'email';
DROP INDEX messages_emails;
ALTER TABLE messages DROP COLUMN to_email, DROP COLUMN subject, DROP COLUMN html;
ALTER TABLE user_sessions DROP COLUMN second_factor_at;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE email_links;
DROP TABLE team_invitations;
