DROP FUNCTION nexapp_open_slots(uuid, uuid);
DROP FUNCTION nexapp_offer(bytea);
DROP FUNCTION nexapp_is_busy(uuid, timestamptz, timestamptz, uuid);

-- All that a claim page shows. `state` is how the slot stands for everybody; a hold that ran out counts as open.
-- `may_hold_at`: who let a hold lapse waits a minute where somebody else has opened a link of the round.
CREATE FUNCTION nexapp_offer(wanted bytea)
RETURNS TABLE (
    org_id uuid, slot_id uuid, offer_id uuid, consumer_id uuid, current_round boolean, state text, mine boolean,
    held_until timestamptz, pending_until timestamptz, lapsed_at timestamptz, public_token text, starts_at timestamptz,
    ends_at timestamptz, price_cents integer, currency text, business text, address text, business_phone text,
    time_zone text, staff text, service text, notice_minutes integer, booking_url text, slug text,
    profile_name text, opened_at timestamptz, declined_at timestamptz, may_hold_at timestamptz, request_status text,
    round integer, notify_request_id uuid, held_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT f.org_id, s.id, f.id, f.consumer_id, f.round = s.round,
        CASE
            WHEN s.status IN ('open', 'held') AND s.starts_at <= now() THEN 'expired'
            WHEN s.status = 'held' AND s.held_until <= now() THEN 'open'
            ELSE s.status
        END,
        CASE
            WHEN s.status = 'held' THEN s.held_by_offer_id = f.id AND s.held_until > now()
            ELSE coalesce(s.booked_offer_id = f.id, false)
        END,
        s.held_until, s.pending_until, f.lapsed_at, s.public_token, s.starts_at, s.ends_at, s.price_cents,
        o.currency, o.name, o.address, o.phone, o.time_zone, t.display_name, v.name, o.notice_minutes,
        CASE WHEN o.uses_booking_system THEN o.booking_url END, o.slug, p.name, f.opened_at, f.declined_at,
        -- A CASE within the CASE, not AND: with NULL on its left, AND would search the round at every look-up.
        CASE WHEN l.lapsed + interval '60 seconds' > now() THEN CASE WHEN EXISTS (
            SELECT FROM slot_offers x
            WHERE x.org_id = f.org_id AND x.slot_id = f.slot_id AND x.round = f.round AND x.id <> f.id
              AND x.opened_at IS NOT NULL AND x.released_at IS NULL AND x.declined_at IS NULL
        ) THEN l.lapsed + interval '60 seconds' END END,
        r.status, f.round, f.notify_request_id, f.held_at
    FROM slot_offers f
    JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    JOIN organizations o ON o.id = f.org_id
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    JOIN consumer_profiles p ON p.org_id = f.org_id AND p.consumer_id = f.consumer_id
    LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
    LEFT JOIN notify_requests r ON r.org_id = f.org_id AND r.id = f.notify_request_id
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN s.status = 'held' AND s.held_by_offer_id = f.id AND s.held_until <= now() THEN s.held_until
            ELSE f.lapsed_at
        END AS lapsed
    ) l
    WHERE f.token_hash = wanted
$$;

DROP TABLE reply_choices;
DROP TABLE booking_reminders;
ALTER TABLE slot_offers
    DROP COLUMN source, DROP COLUMN confirmed_at, DROP COLUMN cancelled_at, DROP COLUMN cancel_reason,
    DROP COLUMN moved_to_offer_id, DROP COLUMN replaces_offer_id, DROP COLUMN calendar_uid, DROP COLUMN calendar_base;
DROP INDEX slots_booked_ahead;
ALTER TABLE slots DROP COLUMN pending_for;
