CREATE POLICY tenant_own ON notification_undos TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
