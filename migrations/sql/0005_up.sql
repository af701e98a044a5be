ALTER TABLE slots ADD COLUMN pending_for text CHECK (pending_for IN ('business', 'booking_system'));
UPDATE slots SET pending_for = 'business' WHERE status = 'pending';

CREATE INDEX slots_booked_ahead ON slots (starts_at) WHERE status = 'booked';

ALTER TABLE slot_offers
    ADD COLUMN source text NOT NULL DEFAULT 'list' CHECK (source IN ('list', 'other_times', 'move', 'rebook')),
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN cancel_reason text CHECK (length(cancel_reason) <= 300),
    ADD COLUMN moved_to_offer_id uuid,
    ADD COLUMN replaces_offer_id uuid,
    ADD COLUMN calendar_uid uuid,
    ADD COLUMN calendar_base integer NOT NULL DEFAULT 0,
    ADD FOREIGN KEY (org_id, moved_to_offer_id) REFERENCES slot_offers (org_id, id),
    ADD FOREIGN KEY (org_id, replaces_offer_id) REFERENCES slot_offers (org_id, id);
UPDATE slot_offers f SET confirmed_at = s.booked_at
FROM slots s WHERE s.org_id = f.org_id AND s.booked_offer_id = f.id AND s.booked_at IS NOT NULL;

-- One line for each reminder of a booking that was planned or left out; a time that moved gets lines of its own.
CREATE TABLE booking_reminders (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    minutes integer NOT NULL CHECK (minutes > 0),
    starts_at timestamptz NOT NULL,
    send_at timestamptz,
    message_id uuid,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((send_at IS NULL) = (message_id IS NULL)),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, offer_id) REFERENCES slot_offers (org_id, id) ON DELETE CASCADE
);
-- A move that is taken back plans them once more.
CREATE UNIQUE INDEX booking_reminders_once ON booking_reminders (org_id, offer_id, minutes, starts_at)
    WHERE withdrawn_at IS NULL;
CREATE INDEX booking_reminders_waiting ON booking_reminders (starts_at)
    WHERE message_id IS NOT NULL AND withdrawn_at IS NULL;

-- What "Reply 1 for …, 2 for …" meant: a line for each choice, with the business whose time it is.
CREATE TABLE reply_choices (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL,
    inbound_id uuid NOT NULL,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 9),
    offer_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (inbound_id, number),
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id),
    FOREIGN KEY (org_id, offer_id) REFERENCES slot_offers (org_id, id) ON DELETE CASCADE
);
CREATE INDEX reply_choices_consumer ON reply_choices (consumer_id, created_at DESC);

-- Whether a person has a booking at that time, at any business; callers learn a yes, not where.
CREATE FUNCTION nexapp_is_busy(wanted uuid, begins timestamptz, ends timestamptz, apart uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (
        SELECT FROM slots s
        WHERE s.booked_consumer_id = wanted AND s.status IN ('booked', 'pending')
          AND s.starts_at < ends AND s.ends_at > begins AND s.id IS DISTINCT FROM apart
    )
$$;

-- All that a claim page shows. `state` is how the slot stands for everybody; a hold that ran out counts as open.
-- `may_hold_at`: who let a hold lapse waits a minute where somebody else has opened a link of the round.
-- `price_cents` is the price of this moment, or the one that was booked.
DROP FUNCTION nexapp_offer(bytea);
CREATE FUNCTION nexapp_offer(wanted bytea)
RETURNS TABLE (
    org_id uuid, slot_id uuid, offer_id uuid, consumer_id uuid, current_round boolean, state text, mine boolean,
    held_until timestamptz, pending_until timestamptz, pending_for text, lapsed_at timestamptz, public_token text,
    starts_at timestamptz, ends_at timestamptz, price_cents integer, full_price_cents integer, currency text,
    business text, location text, address text, business_phone text, time_zone text, staff text, service text,
    notice_minutes integer, booking_url text, slug text, profile_name text, opened_at timestamptz,
    declined_at timestamptz, confirmed_at timestamptz, cancelled_at timestamptz, moved_to_offer_id uuid,
    replaces_offer_id uuid, may_hold_at timestamptz, is_busy boolean, request_status text, round integer,
    notify_request_id uuid, held_at timestamptz, calendar_uid uuid, sequence integer
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT f.org_id, s.id, f.id, f.consumer_id, f.round = s.round, l.state,
        CASE
            WHEN s.status = 'held' THEN s.held_by_offer_id = f.id AND s.held_until > now()
            ELSE coalesce(s.booked_offer_id = f.id, false)
        END,
        s.held_until, s.pending_until, s.pending_for, f.lapsed_at, s.public_token, s.starts_at, s.ends_at,
        CASE WHEN s.booked_at IS NOT NULL OR s.status = 'pending' THEN coalesce(s.booked_price_cents, s.price_cents)
            ELSE nexapp_price_at(s.price_cents, s.price_steps, s.starts_at, now()) END,
        s.price_cents, o.currency, o.name, c.name, coalesce(c.address, o.address), coalesce(c.phone, o.phone),
        o.time_zone, t.display_name, v.name, o.notice_minutes,
        CASE WHEN o.uses_booking_system OR s.pending_for = 'booking_system' THEN o.booking_url END, o.slug, p.name, f.opened_at, f.declined_at,
        f.confirmed_at, f.cancelled_at, f.moved_to_offer_id, f.replaces_offer_id,
        -- A CASE within the CASE, not AND: with NULL on its left, AND would search the round at every look-up.
        CASE WHEN l.lapsed + interval '60 seconds' > now() THEN CASE WHEN EXISTS (
            SELECT FROM slot_offers x
            WHERE x.org_id = f.org_id AND x.slot_id = f.slot_id AND x.round = f.round AND x.id <> f.id
              AND x.opened_at IS NOT NULL AND x.released_at IS NULL AND x.declined_at IS NULL
        ) THEN l.lapsed + interval '60 seconds' END END,
        CASE WHEN l.state = 'open' THEN EXISTS (
            SELECT FROM slots b
            WHERE b.booked_consumer_id = f.consumer_id AND b.status IN ('booked', 'pending')
              AND b.starts_at < s.ends_at AND b.ends_at > s.starts_at AND b.id <> s.id
              AND b.booked_offer_id IS DISTINCT FROM f.replaces_offer_id
        ) ELSE false END,
        r.status, f.round, f.notify_request_id, f.held_at,
        coalesce(f.calendar_uid, f.id), f.calendar_base + s.sequence
    FROM slot_offers f
    JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    JOIN organizations o ON o.id = f.org_id
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    JOIN consumer_profiles p ON p.org_id = f.org_id AND p.consumer_id = f.consumer_id
    LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
    LEFT JOIN locations c ON c.org_id = s.org_id AND c.id = coalesce(s.location_id, t.location_id)
    LEFT JOIN notify_requests r ON r.org_id = f.org_id AND r.id = f.notify_request_id
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN s.status = 'held' AND s.held_by_offer_id = f.id AND s.held_until <= now() THEN s.held_until
            ELSE f.lapsed_at
        END AS lapsed,
        CASE
            WHEN s.status IN ('open', 'held') AND s.starts_at <= now() THEN 'expired'
            WHEN s.status = 'held' AND s.held_until <= now() THEN 'open'
            ELSE s.status
        END AS state
    ) l
    WHERE f.token_hash = wanted
$$;

-- The times of a business that anybody may take who holds one of its links, as a list: none that others are being asked
-- about in turn or in waves, none for people picked by hand, and none that is too near.
CREATE FUNCTION nexapp_open_slots(wanted uuid, apart uuid) RETURNS TABLE (times jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.starts_at), '[]') FROM (
        SELECT s.public_token, s.starts_at, s.ends_at, t.display_name AS staff, v.name AS service, c.name AS location,
            nexapp_price_at(s.price_cents, s.price_steps, s.starts_at, now()) AS price_cents
        FROM slots s
        JOIN organizations o ON o.id = s.org_id
        JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
        LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
        LEFT JOIN locations c ON c.org_id = s.org_id AND c.id = coalesce(s.location_id, t.location_id)
        LEFT JOIN slot_rounds r ON r.org_id = s.org_id AND r.slot_id = s.id AND r.round = s.round
        WHERE s.org_id = wanted AND s.id <> apart
          AND (s.status = 'open' OR s.status = 'held' AND s.held_until <= now())
          AND s.starts_at > now() + make_interval(mins => o.notice_minutes)
          AND CASE WHEN r.mode IS NULL THEN coalesce(s.offer_mode, o.offer_mode) = 'everyone'
              ELSE r.mode = 'everyone' OR r.mode <> 'picked' AND r.state = 'done' END
        ORDER BY s.starts_at LIMIT 6
    ) x
$$;
