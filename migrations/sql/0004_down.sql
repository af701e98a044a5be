DROP FUNCTION nexapp_find_people(text, text);
DROP FUNCTION nexapp_opted_out(text[]);
DROP FUNCTION nexapp_ensure_consumers(uuid[], text[], text[], text[]);
DROP TABLE list_invitations, list_import_numbers, list_import_parts, list_imports;
DROP INDEX slot_matches_request, slots_booked_by, consumers_phone, consumer_profiles_name;
ALTER TABLE consumer_profiles DROP COLUMN email;
DROP INDEX notify_requests_list, notify_requests_state;
-- Nobody who was only invited had agreed to anything.
ALTER TABLE notify_requests DROP COLUMN status_before;
UPDATE notify_requests SET status = 'left' WHERE status = 'invited';
ALTER TABLE notify_requests
    DROP CONSTRAINT notify_requests_status_check,
    ADD CONSTRAINT notify_requests_status_check CHECK (status IN ('active', 'paused', 'left', 'lapsed'));
