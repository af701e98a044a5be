DROP FUNCTION nexapp_price_at(integer, jsonb, timestamptz, timestamptz);
ALTER TABLE slots
    DROP COLUMN location_id, DROP COLUMN offer_mode, DROP COLUMN wave_size, DROP COLUMN source, DROP COLUMN sequence,
    DROP COLUMN price_steps, DROP COLUMN booked_price_cents;
ALTER TABLE notify_requests DROP COLUMN location_id;
ALTER TABLE staff_members DROP COLUMN location_id;
ALTER TABLE memberships DROP COLUMN wants_booking_texts;
ALTER TABLE organizations
    DROP COLUMN turn_minutes, DROP COLUMN wave_size, DROP COLUMN wave_minutes, DROP COLUMN reminder_minutes;
DROP TABLE locations;
