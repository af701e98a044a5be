DROP TABLE follow_ups, activities, prospects, prospect_stages;
DROP INDEX messages_notification;
DELETE FROM messages WHERE notification_id IS NOT NULL;
ALTER TABLE messages DROP COLUMN user_id, DROP COLUMN notification_id, DROP COLUMN push_subscription_id;
DROP TABLE push_subscriptions, notification_skips, notification_preferences, notification_settings, notifications;
