-- A person's own rows, whichever business they work in at the moment; none of a business that they have left.
CREATE POLICY tenant_own ON notifications TO nexapp_tenant
    USING (
        user_id = nullif(current_setting('app.user_id', true), '')::uuid
        AND (org_id IS NULL OR org_id IN (
            SELECT m.org_id FROM memberships m
            WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid AND m.deactivated_at IS NULL
        ))
    )
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY tenant_own ON notification_skips FOR SELECT TO nexapp_tenant
    USING (
        user_id = nullif(current_setting('app.user_id', true), '')::uuid
        AND (org_id IS NULL OR org_id IN (
            SELECT m.org_id FROM memberships m
            WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid AND m.deactivated_at IS NULL
        ))
    );
CREATE POLICY tenant_own ON notification_settings TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY tenant_own ON notification_preferences TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY tenant_own ON push_subscriptions TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
-- Written by nexapp_notify alone.
REVOKE INSERT, DELETE ON notifications FROM nexapp_tenant;
REVOKE INSERT, UPDATE, DELETE ON notification_skips FROM nexapp_tenant;
