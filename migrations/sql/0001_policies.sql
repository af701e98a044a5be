-- A person sees their own row and their colleagues'; changes only their own.
CREATE POLICY tenant_read ON users FOR SELECT TO nexapp_tenant USING (
    id = nullif(current_setting('app.user_id', true), '')::uuid
    OR EXISTS (
        SELECT FROM memberships m
        WHERE m.user_id = users.id AND m.org_id = nullif(current_setting('app.org_id', true), '')::uuid
    )
);
CREATE POLICY tenant_change ON users FOR UPDATE TO nexapp_tenant
    USING (id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.user_id', true), '')::uuid);
REVOKE INSERT, DELETE, UPDATE ON users FROM nexapp_tenant;
-- Not is_platform_admin, not phone: those change through the system's own steps.
GRANT UPDATE (name, time_zone) ON users TO nexapp_tenant;

CREATE POLICY tenant_own ON user_sessions TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
REVOKE INSERT, DELETE ON user_sessions FROM nexapp_tenant;

-- The selector lists every business of the person, before one is chosen.
CREATE POLICY tenant_mine ON memberships FOR SELECT TO nexapp_tenant
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);

CREATE POLICY tenant_read ON organizations FOR SELECT TO nexapp_tenant USING (
    id = nullif(current_setting('app.org_id', true), '')::uuid
    OR id IN (
        SELECT m.org_id FROM memberships m
        WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid
    )
);
CREATE POLICY tenant_found ON organizations FOR INSERT TO nexapp_tenant
    WITH CHECK (id = nullif(current_setting('app.org_id', true), '')::uuid);
CREATE POLICY tenant_change ON organizations FOR UPDATE TO nexapp_tenant
    USING (id = nullif(current_setting('app.org_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.org_id', true), '')::uuid);
REVOKE DELETE ON organizations FROM nexapp_tenant;

-- A business reads the numbers of its own people only; rows are made by nexapp_ensure_consumer.
CREATE POLICY tenant_read ON consumers FOR SELECT TO nexapp_tenant USING (
    EXISTS (
        SELECT FROM consumer_profiles p
        WHERE p.consumer_id = consumers.id AND p.org_id = nullif(current_setting('app.org_id', true), '')::uuid
    )
);
REVOKE INSERT, UPDATE, DELETE ON consumers FROM nexapp_tenant;

CREATE POLICY tenant_none ON webhook_events TO nexapp_tenant USING (false) WITH CHECK (false);
REVOKE ALL ON webhook_events FROM nexapp_tenant;
