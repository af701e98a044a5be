-- Look-ups that answer before an actor is known. Each is owned by nexapp_system, with its search_path pinned,
-- and may be called by the login role (and the roles it takes on) only.

CREATE FUNCTION nexapp_session(wanted bytea)
RETURNS TABLE (
    session_id uuid, user_id uuid, org_id uuid, role text, is_platform_admin boolean, last_seen_at timestamptz,
    org_kind text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.id, s.user_id, m.org_id, m.role, u.is_platform_admin, s.last_seen_at, o.kind
    FROM user_sessions s
    JOIN users u ON u.id = s.user_id AND u.deactivated_at IS NULL
    LEFT JOIN memberships m
        JOIN organizations o ON o.id = m.org_id AND o.suspended_at IS NULL
        ON m.user_id = s.user_id AND m.org_id = s.org_id AND m.deactivated_at IS NULL
    WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > now()
$$;

-- The sessions that still stand, each with the business that it may listen to now.
CREATE FUNCTION nexapp_live_sessions(wanted uuid[]) RETURNS TABLE (session_id uuid, org_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.id, m.org_id
    FROM user_sessions s
    JOIN users u ON u.id = s.user_id AND u.deactivated_at IS NULL
    LEFT JOIN memberships m
        JOIN organizations o ON o.id = m.org_id AND o.suspended_at IS NULL
        ON m.user_id = s.user_id AND m.org_id = s.org_id AND m.deactivated_at IS NULL
    WHERE s.id = ANY(wanted) AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > now()
$$;

CREATE FUNCTION nexapp_public_page(wanted text) RETURNS TABLE (org_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT id FROM organizations WHERE slug = wanted AND public_page AND suspended_at IS NULL
$$;

CREATE FUNCTION nexapp_request_link(wanted bytea)
RETURNS TABLE (org_id uuid, notify_request_id uuid, consumer_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT org_id, id, consumer_id FROM notify_requests WHERE token_hash = wanted
$$;

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

-- Who else loses on a slot that stands as one loser saw it: the hashes of the round's links without the holder's, 32
-- bytes each in one string, and for how many seconds nothing but a person can change it. No secret: tokens are random.
CREATE FUNCTION nexapp_losers(wanted uuid, in_round integer, seen text, was_opened boolean)
RETURNS TABLE (hashes bytea, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT string_agg(f.token_hash, ''::bytea),
        extract(epoch FROM least(CASE WHEN s.status = 'held' THEN s.held_until END, s.starts_at) - clock_timestamp())
    FROM slots s
    JOIN slot_offers f ON f.org_id = s.org_id AND f.slot_id = s.id AND f.round = s.round
    WHERE s.id = wanted AND s.round = in_round AND s.status = seen AND s.status IN ('held', 'pending', 'booked')
      AND f.id IS DISTINCT FROM CASE WHEN s.status = 'held' THEN s.held_by_offer_id ELSE s.booked_offer_id END
      AND f.declined_at IS NULL AND (f.opened_at IS NOT NULL) = was_opened
    GROUP BY s.id
$$;

CREATE FUNCTION nexapp_slot_topic(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM slots WHERE public_token = wanted)
$$;

-- How many codes that nobody entered went to a number, an address or a range lately, over all businesses.
CREATE FUNCTION nexapp_code_load(for_phone text, for_ip text, for_prefix text)
RETURNS TABLE (by_phone bigint, by_ip bigint, by_prefix bigint, first_at timestamptz, last_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT p.count, i.count, r.count, p.first_at, p.last_at
    FROM (
        SELECT count(*), min(created_at) AS first_at, max(created_at) AS last_at FROM verification_codes
        WHERE phone = for_phone AND created_at > now() - interval '1 hour' AND used_at IS NULL
    ) p, (
        SELECT count(*) FROM verification_codes
        WHERE ip = for_ip AND created_at > now() - interval '1 hour' AND used_at IS NULL
    ) i, (
        SELECT count(*) FROM verification_codes
        WHERE prefix = for_prefix AND created_at > now() - interval '1 hour' AND used_at IS NULL
    ) r
$$;

-- The one look-up that writes: a number is known once, whichever business meets it first.
CREATE FUNCTION nexapp_ensure_consumer(fresh_id uuid, for_phone text, for_zone text, for_region text) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO consumers (id, phone, time_zone, region) VALUES (fresh_id, for_phone, for_zone, for_region)
    ON CONFLICT (phone) DO UPDATE SET time_zone = excluded.time_zone
    RETURNING id
$$;

-- Limits that hold over all businesses; callers learn a number or a yes, not whose.
CREATE FUNCTION nexapp_consumer_limits(wanted uuid[], since timestamptz, begins timestamptz, ends timestamptz)
RETURNS TABLE (consumer_id uuid, offers bigint, is_busy boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT w.id, coalesce(f.offers, 0), b.consumer_id IS NOT NULL
    FROM unnest(wanted) AS w(id)
    LEFT JOIN (
        SELECT x.consumer_id, count(*) AS offers FROM slot_offers x
        WHERE x.consumer_id = ANY(wanted) AND x.created_at >= since GROUP BY x.consumer_id
    ) f ON f.consumer_id = w.id
    LEFT JOIN (
        SELECT DISTINCT s.booked_consumer_id AS consumer_id FROM slots s
        WHERE s.booked_consumer_id = ANY(wanted) AND s.status IN ('booked', 'pending')
          AND s.starts_at < ends AND s.ends_at > begins
    ) b ON b.consumer_id = w.id
$$;

DO $$
DECLARE
    found regprocedure;
BEGIN
    GRANT CREATE ON SCHEMA public TO nexapp_system;
    FOR found IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'nexapp\_%'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO nexapp_login, nexapp_tenant, nexapp_system', found);
        EXECUTE format('ALTER FUNCTION %s OWNER TO nexapp_system', found);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM nexapp_system;
END
$$;
