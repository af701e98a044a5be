DROP FUNCTION nexapp_notice_engagement(timestamptz);
DROP TABLE notification_suggestions;
