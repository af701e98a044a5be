DROP POLICY tenant_account ON audit_entries;
DROP FUNCTION nexapp_notice_engagement(timestamptz);
DROP TABLE notification_suggestions;
