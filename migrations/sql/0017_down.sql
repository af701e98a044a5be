DROP TRIGGER follow_ups_removed ON follow_ups;
DROP TRIGGER follow_ups_changed ON follow_ups;
DROP TRIGGER follow_ups_added ON follow_ups;
DROP FUNCTION nexapp_next_follow_ups();
DROP TABLE follow_up_changes;
DROP INDEX follow_ups_done, follow_ups_form, follow_ups_repeated, follow_ups_step;
UPDATE follow_ups SET message = left(message, 1000) WHERE length(message) > 1000;
ALTER TABLE follow_ups
    DROP CONSTRAINT follow_ups_enrolment,
    DROP CONSTRAINT follow_ups_message_check,
    ADD CONSTRAINT follow_ups_message_check CHECK (length(message) <= 1000);
ALTER TABLE follow_ups DROP COLUMN form_key, DROP COLUMN step, DROP COLUMN enrolment_id, DROP COLUMN handed_from,
    DROP COLUMN repeated_from, DROP COLUMN repeat_day;
DROP TABLE sequence_enrolments, sequence_steps, sequences;
