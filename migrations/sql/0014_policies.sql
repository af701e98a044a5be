-- Somebody without a business sets things of their own, too.
CREATE POLICY tenant_account ON audit_entries FOR INSERT TO nexapp_tenant
    WITH CHECK (org_id IS NULL AND user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY tenant_own ON notification_suggestions TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
