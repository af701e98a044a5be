DROP FUNCTION nexapp_lift_misread_stop(uuid);
DROP TRIGGER inbound_messages_noted ON inbound_messages;
DROP FUNCTION nexapp_note_inbound();
DROP FUNCTION nexapp_recount_conversation(uuid, uuid);
DROP TABLE conversations, canned_replies;

DROP INDEX inbound_messages_waiting;
ALTER TABLE inbound_messages
    DROP COLUMN is_doubtful, DROP COLUMN review, DROP COLUMN reviewed_at, DROP COLUMN reviewed_by;

DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (lane, coalesce(org_id, '00000000-0000-0000-0000-000000000000'::uuid), send_at)
    WHERE status = 'queued';

ALTER TABLE messages DROP COLUMN template_id, DROP COLUMN created_by;
ALTER TABLE message_templates DROP COLUMN created_by, DROP CONSTRAINT message_templates_org_id_id_key;
