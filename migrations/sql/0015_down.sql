DROP FUNCTION nexapp_take_device(uuid, text, text, text, text, text, uuid);
ALTER TABLE push_subscriptions DROP COLUMN session_id;
DROP INDEX messages_channel_due, messages_channel_over;
