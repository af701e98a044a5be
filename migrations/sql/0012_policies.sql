-- A person reads their own counts, and none of a business that they have left; triggers alone write them.
CREATE POLICY tenant_own ON unread_counts FOR SELECT TO nexapp_tenant
    USING (
        user_id = nullif(current_setting('app.user_id', true), '')::uuid
        AND (org_id = '00000000-0000-0000-0000-000000000000' OR org_id IN (
            SELECT m.org_id FROM memberships m
            WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid AND m.deactivated_at IS NULL
        ))
    );
REVOKE INSERT, UPDATE, DELETE ON unread_counts FROM nexapp_tenant;
