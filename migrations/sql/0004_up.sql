CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- People whom the business put down are invited, and on the list once they have said yes themselves.
ALTER TABLE notify_requests
    DROP CONSTRAINT notify_requests_status_check,
    ADD CONSTRAINT notify_requests_status_check
        CHECK (status IN ('invited', 'active', 'paused', 'left', 'lapsed')),
    ADD COLUMN status_before text
        CHECK (status_before IN ('invited', 'active', 'paused', 'lapsed'));
CREATE INDEX notify_requests_list ON notify_requests (org_id, created_at, id);
CREATE INDEX notify_requests_state ON notify_requests (org_id, status, created_at, id);

ALTER TABLE consumer_profiles
    ADD COLUMN email text CHECK (length(email) <= 254);
CREATE INDEX consumer_profiles_name ON consumer_profiles USING gin (name gin_trgm_ops);
CREATE INDEX consumers_phone ON consumers USING gin (phone gin_trgm_ops);
CREATE INDEX slots_booked_by ON slots (org_id, booked_consumer_id) WHERE booked_consumer_id IS NOT NULL;
CREATE INDEX slot_matches_request ON slot_matches (org_id, notify_request_id, created_at DESC);

CREATE TABLE list_imports (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    filename text NOT NULL CHECK (length(filename) <= 200),
    encoding text NOT NULL,
    delimiter text NOT NULL,
    headers jsonb NOT NULL,
    has_headers boolean NOT NULL,
    row_count integer NOT NULL,
    part_count integer NOT NULL,
    mapping jsonb,
    on_known text NOT NULL DEFAULT 'update' CHECK (on_known IN ('update', 'keep')),
    source text CHECK (length(source) <= 300),
    status text NOT NULL DEFAULT 'uploaded' CHECK (status IN (
        'uploaded', 'checking', 'checked', 'running', 'done', 'undoing', 'undone')),
    run integer NOT NULL DEFAULT 0,
    rows_done integer NOT NULL DEFAULT 0,
    planned jsonb NOT NULL DEFAULT '{}',
    results jsonb NOT NULL DEFAULT '{}',
    undone jsonb NOT NULL DEFAULT '{}',
    created_by uuid,
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);
CREATE INDEX list_imports_recent ON list_imports (org_id, created_at DESC);

-- A thousand rows of the file each: as they came, as they were read, and what became of them.
CREATE TABLE list_import_parts (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL,
    cells jsonb NOT NULL,
    judged jsonb,
    outcomes jsonb,
    PRIMARY KEY (org_id, import_id, number),
    FOREIGN KEY (org_id, import_id) REFERENCES list_imports (org_id, id) ON DELETE CASCADE
);

-- Which row of the file has a number first; while the file is being checked.
CREATE TABLE list_import_numbers (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    phone text NOT NULL,
    row_number integer NOT NULL,
    PRIMARY KEY (org_id, import_id, phone),
    FOREIGN KEY (org_id, import_id) REFERENCES list_imports (org_id, id) ON DELETE CASCADE
);

-- One for each person and business, ever. `message_id` is empty until its text is written.
CREATE TABLE list_invitations (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL,
    notify_request_id uuid NOT NULL,
    import_id uuid,
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 300),
    attested_by uuid,
    message_id uuid,
    texted_at timestamptz,
    answered_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, consumer_id),
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id),
    FOREIGN KEY (org_id, notify_request_id) REFERENCES notify_requests (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, import_id) REFERENCES list_imports (org_id, id)
);
-- In the order in which they are texted: who was added by hand comes before those of a file.
CREATE INDEX list_invitations_waiting ON list_invitations (org_id, (import_id IS NOT NULL), created_at, id)
    WHERE message_id IS NULL;
CREATE INDEX list_invitations_consumer ON list_invitations (consumer_id);
CREATE INDEX list_invitations_request ON list_invitations (org_id, notify_request_id);
CREATE INDEX list_invitations_import ON list_invitations (org_id, import_id) WHERE import_id IS NOT NULL;
CREATE INDEX list_invitations_texted ON list_invitations (org_id, texted_at) WHERE texted_at IS NOT NULL;

-- Many numbers at once, each known once whichever business meets it first; in one order, so that two lists that are
-- written at once wait for each other and never in a circle.
CREATE FUNCTION nexapp_ensure_consumers(fresh_ids uuid[], phones text[], zones text[], regions text[])
RETURNS TABLE (phone text, consumer_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO consumers (id, phone, time_zone, region)
    SELECT g.id, g.phone, g.zone, g.region
    FROM unnest(fresh_ids, phones, zones, regions) AS g(id, phone, zone, region)
    WHERE NOT EXISTS (SELECT FROM consumers c WHERE c.phone = g.phone)
    ORDER BY g.phone
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT c.phone, c.id FROM consumers c WHERE c.phone = ANY(phones);
END
$$;

-- Which of these numbers take no texts at all; asked before anybody is put down.
CREATE FUNCTION nexapp_opted_out(wanted text[]) RETURNS TABLE (phone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.phone FROM consumers c WHERE c.phone = ANY(wanted) AND c.opted_out_at IS NOT NULL
$$;

-- People of the asking business by a piece of their name or of their number. A look-up, for within row-level security
-- the operators of pg_trgm may not use their index: they aren't leakproof. It reads the asker's own rows alone.
CREATE FUNCTION nexapp_find_people(piece text, digits text) RETURNS TABLE (consumer_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT p.consumer_id FROM consumer_profiles p
    WHERE p.org_id = nullif(current_setting('app.org_id', true), '')::uuid AND p.name ILIKE piece
    UNION
    SELECT p.consumer_id FROM consumers c
    JOIN consumer_profiles p ON p.consumer_id = c.id
        AND p.org_id = nullif(current_setting('app.org_id', true), '')::uuid
    WHERE c.phone LIKE digits
$$;
