-- Several slots offered to one person by one text, which opens a page to choose from.
CREATE TABLE offer_bundles (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    message_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id)
);

ALTER TABLE slot_offers
    ADD COLUMN bundle_id uuid,
    ADD COLUMN turn integer,
    ADD COLUMN passed_at timestamptz,
    ADD FOREIGN KEY (org_id, bundle_id) REFERENCES offer_bundles (org_id, id);
CREATE INDEX slot_offers_bundle ON slot_offers (org_id, bundle_id) WHERE bundle_id IS NOT NULL;
CREATE INDEX slot_offers_message ON slot_offers (message_id);
CREATE INDEX slot_offers_request ON slot_offers (org_id, notify_request_id);

-- How far the asking of one round has come. `step` rises with each piece of work, so that none is done twice.
CREATE TABLE slot_rounds (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    slot_id uuid NOT NULL,
    round integer NOT NULL CHECK (round > 0),
    mode text NOT NULL CHECK (mode IN ('everyone', 'in_turn', 'waves', 'picked')),
    state text NOT NULL CHECK (state IN ('matching', 'asking', 'done')),
    at_once integer NOT NULL CHECK (at_once > 0),
    wait_minutes integer NOT NULL CHECK (wait_minutes >= 0),
    listed integer NOT NULL DEFAULT 0,
    fitting integer NOT NULL DEFAULT 0,
    turn integer NOT NULL DEFAULT 0,
    step integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, slot_id, round),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE
);
CREATE INDEX slot_rounds_due ON slot_rounds (next_at) WHERE state <> 'done';

ALTER TABLE slot_matches
    DROP CONSTRAINT slot_matches_outcome_check,
    DROP CONSTRAINT slot_matches_check,
    ADD COLUMN place integer,
    ADD CONSTRAINT slot_matches_outcome_check CHECK (outcome IN ('offered', 'skipped', 'in_line')),
    ADD CONSTRAINT slot_matches_check CHECK (outcome <> 'skipped' OR reason IS NOT NULL);
-- Whose turn comes, or who fits no more by then, gets another outcome; who was matched never changes.
GRANT UPDATE (outcome, reason, send_at) ON slot_matches TO nexapp_tenant, nexapp_system;
CREATE INDEX slot_matches_line ON slot_matches (org_id, slot_id, round, place) WHERE outcome = 'in_line';

DROP FUNCTION nexapp_consumer_limits(uuid[], timestamptz, timestamptz, timestamptz);

-- Limits that hold over all businesses; callers learn a number or a yes, not whose. Texts count on the day they go out
-- (`later`: after `day_ends`), once however many slots they offer, and not at all where they were withdrawn.
CREATE FUNCTION nexapp_consumer_limits(
    wanted uuid[], day_began timestamptz, day_ends timestamptz, begins timestamptz, ends timestamptz
)
RETURNS TABLE (consumer_id uuid, offers bigint, later bigint, is_busy boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT w.id, coalesce(f.offers, 0), coalesce(f.later, 0), b.consumer_id IS NOT NULL
    FROM unnest(wanted) AS w(id)
    LEFT JOIN (
        SELECT t.consumer_id, count(*) FILTER (WHERE t.goes_at < day_ends) AS offers,
            count(*) FILTER (WHERE t.goes_at >= day_ends) AS later
        FROM (
            SELECT x.consumer_id, max(coalesce(m.sent_at, m.send_at, x.created_at)) AS goes_at
            FROM slot_offers x LEFT JOIN messages m ON m.id = x.message_id
            WHERE x.consumer_id = ANY(wanted) AND x.created_at >= day_began - interval '2 days'
              AND coalesce(m.status NOT IN ('cancelled', 'suppressed', 'expired', 'failed'), true)
            GROUP BY x.consumer_id, coalesce(m.id, x.id)
        ) t
        WHERE t.goes_at >= day_began GROUP BY t.consumer_id
    ) f ON f.consumer_id = w.id
    LEFT JOIN (
        SELECT DISTINCT s.booked_consumer_id AS consumer_id FROM slots s
        WHERE s.booked_consumer_id = ANY(wanted) AND s.status IN ('booked', 'pending')
          AND s.starts_at < ends AND s.ends_at > begins
    ) b ON b.consumer_id = w.id
$$;

CREATE FUNCTION nexapp_bundle(wanted bytea) RETURNS TABLE (org_id uuid, bundle_id uuid, consumer_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT org_id, id, consumer_id FROM offer_bundles WHERE token_hash = wanted
$$;
