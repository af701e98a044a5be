DROP FUNCTION nexapp_session(bytea);
DROP FUNCTION nexapp_live_sessions(uuid[]);
DROP FUNCTION nexapp_public_page(text);
DROP FUNCTION nexapp_request_link(bytea);
DROP FUNCTION nexapp_offer(bytea);
DROP FUNCTION nexapp_losers(uuid, integer, text, boolean);
DROP FUNCTION nexapp_slot_topic(text);
DROP FUNCTION nexapp_code_load(text, text, text);
DROP FUNCTION nexapp_ensure_consumer(uuid, text, text, text);
DROP FUNCTION nexapp_consumer_limits(uuid[], timestamptz, timestamptz, timestamptz);
ALTER TABLE slots DROP CONSTRAINT slots_org_id_held_by_offer_id_fkey, DROP CONSTRAINT slots_org_id_booked_offer_id_fkey;
DROP TABLE
    message_events, inbound_messages, message_templates, messages, slot_matches, slot_events, slot_offers, slots,
    notify_windows, notify_requests, consents, consumer_profiles, consumers, services, staff_members,
    verification_codes, user_sessions, memberships, background_jobs, webhook_events, system_errors, audit_entries,
    organizations, users;
REVOKE USAGE ON SCHEMA public FROM nexapp_tenant, nexapp_system, nexapp_login;
