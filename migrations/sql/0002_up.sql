CREATE TABLE locations (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    address text CHECK (length(address) <= 300),
    phone text,
    position integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);
CREATE UNIQUE INDEX locations_name ON locations (org_id, lower(name));

ALTER TABLE organizations
    ADD COLUMN turn_minutes integer NOT NULL DEFAULT 10 CHECK (turn_minutes BETWEEN 1 AND 60),
    ADD COLUMN wave_size integer NOT NULL DEFAULT 5 CHECK (wave_size BETWEEN 1 AND 500),
    ADD COLUMN wave_minutes integer NOT NULL DEFAULT 10 CHECK (wave_minutes BETWEEN 1 AND 240),
    ADD COLUMN reminder_minutes integer[] NOT NULL DEFAULT '{1440,120}' CHECK (cardinality(reminder_minutes) <= 5);

ALTER TABLE memberships ADD COLUMN wants_booking_texts boolean NOT NULL DEFAULT false;

ALTER TABLE staff_members
    ADD COLUMN location_id uuid,
    ADD FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id);

ALTER TABLE notify_requests
    ADD COLUMN location_id uuid,
    ADD FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id);

ALTER TABLE slots
    ADD COLUMN location_id uuid,
    ADD COLUMN offer_mode text CHECK (offer_mode IN ('everyone', 'in_turn', 'waves')),
    ADD COLUMN wave_size integer CHECK (wave_size BETWEEN 1 AND 500),
    ADD COLUMN source text NOT NULL DEFAULT 'merchant',
    ADD COLUMN sequence integer NOT NULL DEFAULT 0,
    ADD COLUMN price_steps jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN booked_price_cents integer CHECK (booked_price_cents >= 0),
    ADD FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id);

-- A last-minute price may fall in steps, [{"minutes": before the start, "cents": price from then on}, …].
CREATE FUNCTION nexapp_price_at(price integer, steps jsonb, starts timestamptz, at timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN steps = '[]' THEN price ELSE coalesce((
        SELECT (s->>'cents')::integer FROM jsonb_array_elements(steps) s
        WHERE starts - make_interval(mins => (s->>'minutes')::integer) <= at
        ORDER BY (s->>'minutes')::integer LIMIT 1
    ), price) END
$$;
