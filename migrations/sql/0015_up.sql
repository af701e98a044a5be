-- What waits in the channels beside texts, lane by lane.
CREATE INDEX messages_channel_due ON messages (channel, lane, send_at) WHERE status = 'queued' AND channel <> 'sms';
-- What is over, without reading all that is held until the morning.
CREATE INDEX messages_channel_over ON messages (channel, expires_at) WHERE status = 'queued' AND channel <> 'sms';

-- The session that a device was registered in: signed out there, it gets no more pushes. None for an app.
ALTER TABLE push_subscriptions ADD COLUMN session_id uuid REFERENCES user_sessions ON DELETE CASCADE;
CREATE INDEX push_subscriptions_session ON push_subscriptions (session_id) WHERE session_id IS NOT NULL;

-- A browser's address is of whoever signed in there last: somebody else's row is taken over, which no policy allows.
-- Who knows the address may do so; it is as long as a secret, and pushes to it are of no use without the browser.
CREATE FUNCTION nexapp_take_device(
    its_id uuid, its_kind text, its_endpoint text, its_p256dh text, its_auth text, its_name text, its_session uuid
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    me uuid := nullif(current_setting('app.user_id', true), '')::uuid;
    mine uuid := (SELECT id FROM user_sessions WHERE id = its_session AND user_id = me AND revoked_at IS NULL);
    kept uuid;
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'nobody is signed in';
    END IF;
    INSERT INTO push_subscriptions AS s (id, user_id, kind, endpoint, p256dh, auth, device, session_id)
    VALUES (its_id, me, its_kind, its_endpoint, its_p256dh, its_auth, its_name, mine)
    ON CONFLICT (endpoint) DO UPDATE SET
        -- Another person's device is a new one: what waits for it under its old id goes nowhere.
        id = CASE WHEN s.user_id = me THEN s.id ELSE excluded.id END,
        created_at = CASE WHEN s.user_id = me THEN s.created_at ELSE now() END,
        user_id = me, kind = excluded.kind, p256dh = excluded.p256dh, auth = excluded.auth, device = excluded.device,
        session_id = excluded.session_id
    RETURNING s.id INTO kept;
    RETURN kept;
END
$$;
