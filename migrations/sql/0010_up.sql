-- Where a business's other booking system tells us of bookings: an address that it posts to, or a feed that we read.
CREATE TABLE booking_systems (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('cal_com', 'calendly', 'square', 'generic', 'feed')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    staff_member_id uuid,
    opens_moved boolean NOT NULL DEFAULT true,
    token_hash bytea UNIQUE,
    generation integer NOT NULL DEFAULT 1,
    signing_key text CHECK (length(signing_key) BETWEEN 1 AND 200),
    daily_limit integer NOT NULL DEFAULT 5 CHECK (daily_limit BETWEEN 0 AND 1000),
    url text CHECK (length(url) <= 1000),
    etag text,
    last_modified text,
    first_read_at timestamptz,
    read_at timestamptz,
    checked_at timestamptz,
    failure text,
    failures integer NOT NULL DEFAULT 0,
    unreadable integer NOT NULL DEFAULT 0,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    CHECK ((kind = 'feed') = (url IS NOT NULL)),
    CHECK ((kind = 'feed') = (token_hash IS NULL)),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id)
);

-- Who a name, address or id of the other system is in the team.
CREATE TABLE booking_staff (
    org_id uuid NOT NULL,
    booking_system_id uuid NOT NULL,
    reference text NOT NULL CHECK (length(reference) <= 200),
    staff_member_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, booking_system_id, reference),
    FOREIGN KEY (org_id, booking_system_id) REFERENCES booking_systems (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id)
);

-- One booking over there, as we know it: the last that was said of it counts.
CREATE TABLE external_bookings (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    booking_system_id uuid NOT NULL,
    uid text NOT NULL CHECK (length(uid) <= 600),
    status text NOT NULL CHECK (status IN ('booked', 'cancelled')),
    staff_member_id uuid,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    version bigint,
    slot_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, booking_system_id, uid),
    FOREIGN KEY (org_id, booking_system_id) REFERENCES booking_systems (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE SET NULL (slot_id)
);
CREATE INDEX external_bookings_staff ON external_bookings (org_id, staff_member_id, starts_at) WHERE status = 'booked';
CREATE INDEX external_bookings_past ON external_bookings (ends_at);

-- Each change that came in, and what became of it.
CREATE TABLE booking_deliveries (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    booking_system_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('booked', 'cancelled', 'other')),
    uid text,
    reference text,
    starts_at timestamptz,
    ends_at timestamptz,
    signed boolean NOT NULL,
    change jsonb,
    payload jsonb NOT NULL,
    outcome text NOT NULL DEFAULT 'received',
    reason text,
    slot_id uuid,
    received_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, booking_system_id) REFERENCES booking_systems (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE SET NULL (slot_id)
);
CREATE INDEX booking_deliveries_latest ON booking_deliveries (org_id, booking_system_id, created_at DESC, id DESC);
CREATE INDEX booking_deliveries_waiting ON booking_deliveries (org_id, outcome)
    WHERE outcome IN ('waiting_approval', 'waiting_staff', 'waiting_hold');
CREATE INDEX booking_deliveries_old ON booking_deliveries (created_at);

-- A staff member's calendar for other programs, under a secret address.
CREATE TABLE staff_calendars (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    staff_member_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    generation integer NOT NULL DEFAULT 1,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    UNIQUE (org_id, staff_member_id),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id)
);

-- Whose address it is, how its sender signs, and how many unsigned posts the last hour saw.
CREATE FUNCTION nexapp_booking_hook(wanted bytea)
RETURNS TABLE (
    org_id uuid, booking_system_id uuid, kind text, signing_key text, time_zone text, lately bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.org_id, s.id, s.kind, s.signing_key, o.time_zone,
        CASE WHEN s.signing_key IS NULL THEN (
            SELECT count(*) FROM booking_deliveries d
            WHERE d.org_id = s.org_id AND d.booking_system_id = s.id AND d.created_at > now() - interval '1 hour'
        ) ELSE 0 END
    FROM booking_systems s
    JOIN organizations o ON o.id = s.org_id AND o.suspended_at IS NULL
    WHERE s.token_hash = wanted
$$;

CREATE FUNCTION nexapp_booking_feed(wanted uuid)
RETURNS TABLE (org_id uuid, url text, etag text, last_modified text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.org_id, s.url, s.etag, s.last_modified FROM booking_systems s WHERE s.id = wanted AND s.kind = 'feed'
$$;

CREATE FUNCTION nexapp_staff_calendar(wanted bytea) RETURNS TABLE (org_id uuid, staff_member_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.org_id, c.staff_member_id
    FROM staff_calendars c
    JOIN organizations o ON o.id = c.org_id AND o.suspended_at IS NULL
    WHERE c.token_hash = wanted
$$;
