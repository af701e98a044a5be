CREATE TABLE users (
    id uuid PRIMARY KEY,
    phone text UNIQUE,
    email text,
    name text NOT NULL DEFAULT '',
    is_platform_admin boolean NOT NULL DEFAULT false,
    time_zone text,
    deactivated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (phone IS NOT NULL OR email IS NOT NULL)
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9](-?[a-z0-9])*$'),
    kind text NOT NULL DEFAULT 'business' CHECK (kind IN ('business', 'restaurant', 'shop', 'sales')),
    tier text NOT NULL DEFAULT 'free' CHECK (tier IN ('free', 'pro', 'elite')),
    time_zone text NOT NULL,
    country text NOT NULL DEFAULT 'US',
    currency text NOT NULL DEFAULT 'USD',
    language text NOT NULL DEFAULT 'en',
    phone text,
    address text,
    average_value_cents integer NOT NULL DEFAULT 7000 CHECK (average_value_cents >= 0),
    booking_url text,
    uses_booking_system boolean NOT NULL DEFAULT false,
    requires_confirmation boolean NOT NULL DEFAULT false,
    hold_seconds integer CHECK (hold_seconds BETWEEN 1 AND 3600),
    pending_minutes integer NOT NULL DEFAULT 30 CHECK (pending_minutes > 0),
    offer_mode text NOT NULL DEFAULT 'everyone' CHECK (offer_mode IN ('everyone', 'in_turn', 'waves')),
    notice_minutes integer NOT NULL DEFAULT 15 CHECK (notice_minutes >= 0),
    daily_offer_cap integer NOT NULL DEFAULT 3 CHECK (daily_offer_cap > 0),
    quiet_starts time NOT NULL DEFAULT '21:00',
    quiet_ends time NOT NULL DEFAULT '08:00',
    daily_spend_cap integer NOT NULL DEFAULT 2000 CHECK (daily_spend_cap > 0),
    public_page boolean NOT NULL DEFAULT true,
    suspended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'staff', 'viewer')),
    deactivated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE user_sessions (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    org_id uuid REFERENCES organizations ON DELETE SET NULL,
    ip text,
    user_agent text,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    idle_seconds integer NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_sessions_user ON user_sessions (user_id) WHERE revoked_at IS NULL;

CREATE TABLE verification_codes (
    id uuid PRIMARY KEY,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    phone text NOT NULL,
    prefix text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'waiting_list')),
    payload jsonb NOT NULL DEFAULT '{}',
    code_hash text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    ip text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verification_codes_phone ON verification_codes (phone, created_at);
CREATE INDEX verification_codes_ip ON verification_codes (ip, created_at);
CREATE INDEX verification_codes_prefix ON verification_codes (prefix, created_at);
CREATE INDEX verification_codes_expiry ON verification_codes (expires_at);

CREATE TABLE staff_members (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid REFERENCES users ON DELETE SET NULL,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 80),
    color text NOT NULL DEFAULT 'blue',
    position integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    UNIQUE (org_id, user_id)
);

CREATE TABLE services (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    minutes integer NOT NULL DEFAULT 30 CHECK (minutes BETWEEN 5 AND 720),
    price_cents integer CHECK (price_cents >= 0),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);

CREATE TABLE consumers (
    id uuid PRIMARY KEY,
    phone text NOT NULL UNIQUE,
    time_zone text NOT NULL,
    region text NOT NULL,
    opted_out_at timestamptz,
    opt_out_source text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consumer_profiles (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL REFERENCES consumers,
    name text NOT NULL DEFAULT '' CHECK (length(name) <= 80),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, consumer_id)
);
CREATE INDEX consumer_profiles_consumer ON consumer_profiles (consumer_id, org_id);

CREATE TABLE consents (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL REFERENCES consumers,
    kind text NOT NULL,
    wording text NOT NULL,
    source text NOT NULL,
    ip text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX consents_consumer ON consents (org_id, consumer_id);

CREATE TABLE notify_requests (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'left', 'lapsed')),
    token_hash bytea NOT NULL UNIQUE,
    time_range text NOT NULL DEFAULT 'any' CHECK (time_range IN ('any', 'today', 'this_week', 'dates')),
    starts_on date,
    ends_on date,
    staff_member_id uuid,
    service_id uuid,
    minutes_needed integer CHECK (minutes_needed BETWEEN 5 AND 720),
    party_size integer CHECK (party_size BETWEEN 1 AND 100),
    paused_until date,
    source text NOT NULL DEFAULT 'public_page',
    confirmed_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    UNIQUE (org_id, consumer_id),
    CHECK (ends_on IS NULL OR starts_on IS NULL OR starts_on <= ends_on),
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id),
    FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id)
);
CREATE INDEX notify_requests_active ON notify_requests (org_id, created_at) WHERE status = 'active';
CREATE INDEX notify_requests_end ON notify_requests (ends_on) WHERE status = 'active' AND ends_on IS NOT NULL;

CREATE TABLE notify_windows (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    notify_request_id uuid NOT NULL,
    weekday integer NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    starts time NOT NULL,
    ends time NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (starts < ends),
    FOREIGN KEY (org_id, notify_request_id) REFERENCES notify_requests (org_id, id) ON DELETE CASCADE
);
CREATE INDEX notify_windows_request ON notify_windows (org_id, notify_request_id);

CREATE TABLE slots (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    staff_member_id uuid NOT NULL,
    service_id uuid,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    price_cents integer CHECK (price_cents >= 0),
    note text CHECK (length(note) <= 500),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN (
        'draft', 'open', 'held', 'pending', 'booked', 'completed', 'no_show', 'expired', 'cancelled')),
    round integer NOT NULL DEFAULT 0,
    public_token text NOT NULL UNIQUE,
    opened_at timestamptz,
    held_by_offer_id uuid,
    held_consumer_id uuid,
    held_until timestamptz,
    pending_until timestamptz,
    booked_consumer_id uuid,
    booked_offer_id uuid,
    booked_name text,
    booked_note text,
    booked_at timestamptz,
    created_by uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    CHECK (starts_at < ends_at AND ends_at - starts_at <= interval '12 hours'),
    CHECK (status <> 'held' OR (held_by_offer_id IS NOT NULL AND held_consumer_id IS NOT NULL AND held_until IS NOT NULL)),
    CHECK (status <> 'pending' OR pending_until IS NOT NULL),
    CHECK (status <> 'booked' OR booked_at IS NOT NULL),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id),
    FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id),
    CONSTRAINT slots_no_overlap EXCLUDE USING gist (
        org_id WITH =, staff_member_id WITH =, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (status NOT IN ('cancelled', 'expired'))
);
CREATE INDEX slots_by_time ON slots (org_id, starts_at);
CREATE INDEX slots_waiting ON slots (starts_at) WHERE status IN ('draft', 'open', 'held', 'pending');
CREATE INDEX slots_booked_consumer ON slots (booked_consumer_id, starts_at) WHERE status IN ('booked', 'pending');
-- One live hold per person and business.
CREATE UNIQUE INDEX slots_one_hold ON slots (org_id, held_consumer_id) WHERE status = 'held';

CREATE TABLE slot_offers (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    round integer NOT NULL,
    consumer_id uuid NOT NULL,
    notify_request_id uuid,
    message_id uuid,
    token_hash bytea NOT NULL UNIQUE,
    opened_at timestamptz,
    held_at timestamptz,
    lapsed_at timestamptz,
    released_at timestamptz,
    declined_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    UNIQUE (org_id, slot_id, round, consumer_id),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id),
    FOREIGN KEY (org_id, notify_request_id) REFERENCES notify_requests (org_id, id)
);
CREATE INDEX slot_offers_consumer ON slot_offers (consumer_id, created_at);
ALTER TABLE slots ADD FOREIGN KEY (org_id, held_by_offer_id) REFERENCES slot_offers (org_id, id);
ALTER TABLE slots ADD FOREIGN KEY (org_id, booked_offer_id) REFERENCES slot_offers (org_id, id);

CREATE TABLE slot_matches (
    org_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    round integer NOT NULL,
    notify_request_id uuid NOT NULL,
    consumer_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('offered', 'skipped')),
    reason text,
    send_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, slot_id, round, notify_request_id),
    CHECK (outcome = 'offered' OR reason IS NOT NULL),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, notify_request_id) REFERENCES notify_requests (org_id, id)
);

CREATE TABLE slot_events (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    round integer NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    consumer_id uuid,
    offer_id uuid,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, slot_id) REFERENCES slots (org_id, id) ON DELETE CASCADE
);
CREATE INDEX slot_events_slot ON slot_events (org_id, slot_id, created_at);
CREATE INDEX slot_events_recent ON slot_events (org_id, created_at DESC);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid REFERENCES consumers,
    channel text NOT NULL DEFAULT 'sms' CHECK (channel IN ('sms', 'email', 'push')),
    lane smallint NOT NULL,
    purpose text NOT NULL,
    subject_kind text,
    subject_id uuid,
    to_phone text NOT NULL,
    body text NOT NULL CHECK (length(body) <= 1600),
    segments smallint NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN (
        'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'cancelled', 'suppressed', 'expired', 'unknown')),
    send_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    sleeps_from timestamptz,
    sleeps_until timestamptz CHECK (sleeps_until > sleeps_from),
    attempts integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    lease_until timestamptz,
    leased_by text,
    uncertain_since timestamptz,
    provider_sid text UNIQUE,
    error_code integer,
    error text,
    sent_at timestamptz,
    delivered_at timestamptz,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A line for each lane and business, so that a claim can hop from one to the next.
CREATE INDEX messages_due ON messages (lane, coalesce(org_id, '00000000-0000-0000-0000-000000000000'::uuid), send_at)
    WHERE status = 'queued';
CREATE INDEX messages_sending ON messages (lease_until) WHERE status = 'sending';
CREATE INDEX messages_subject ON messages (org_id, subject_id);
CREATE INDEX messages_phone ON messages (to_phone, created_at DESC);
CREATE INDEX messages_spend ON messages (org_id, attempted_at) WHERE attempts > 0;
-- An offer is texted once, whatever calls for it.
CREATE UNIQUE INDEX messages_one_per_offer ON messages (org_id, subject_id) WHERE purpose = 'slot_available';

CREATE TABLE message_events (
    id uuid PRIMARY KEY,
    org_id uuid,
    message_id uuid NOT NULL REFERENCES messages ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX message_events_message ON message_events (message_id, at);

CREATE TABLE inbound_messages (
    id uuid PRIMARY KEY,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid REFERENCES consumers,
    provider_sid text NOT NULL UNIQUE,
    from_phone text NOT NULL,
    to_phone text NOT NULL,
    body text NOT NULL,
    handled_as text NOT NULL,
    needs_review boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbound_messages_from ON inbound_messages (from_phone, created_at DESC);

CREATE TABLE message_templates (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    purpose text NOT NULL,
    version integer NOT NULL,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
    is_current boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, purpose, version)
);
CREATE UNIQUE INDEX message_templates_current ON message_templates (org_id, purpose) WHERE is_current;

CREATE TABLE background_jobs (
    id uuid PRIMARY KEY,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    user_id uuid,
    actor_role text NOT NULL,
    queue text NOT NULL,
    name text NOT NULL,
    arguments jsonb NOT NULL DEFAULT '{}',
    unique_key text,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN (
        'queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled')),
    run_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    leased_by text,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    duration_ms integer,
    error text,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX background_jobs_due ON background_jobs (queue, run_at) WHERE status IN ('queued', 'retrying');
CREATE INDEX background_jobs_running ON background_jobs (lease_until) WHERE status = 'running';
-- Per tenant, for a key shared across tenants would tell one of the other's job.
CREATE UNIQUE INDEX background_jobs_unique_key ON background_jobs (org_id, unique_key) NULLS NOT DISTINCT
    WHERE unique_key IS NOT NULL;

CREATE TABLE webhook_events (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    external_id text NOT NULL,
    payload jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz,
    UNIQUE (source, external_id)
);

CREATE TABLE system_errors (
    id uuid PRIMARY KEY,
    fingerprint text NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'sms_failed', 'job_error', 'request_error', 'db_error', 'webhook_error', 'socket_error')),
    severity text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    message text NOT NULL,
    stack_trace text,
    details jsonb NOT NULL DEFAULT '{}',
    org_id uuid REFERENCES organizations ON DELETE SET NULL,
    request_id text,
    job_id uuid,
    count integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolved_by uuid,
    resolution_note text
);
CREATE UNIQUE INDEX system_errors_open ON system_errors (fingerprint) WHERE resolved_at IS NULL;
CREATE INDEX system_errors_recent ON system_errors (last_seen_at DESC);

CREATE TABLE audit_entries (
    id uuid PRIMARY KEY,
    org_id uuid,
    user_id uuid,
    role text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid,
    changes jsonb,
    ip text,
    user_agent text,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_entries_org ON audit_entries (org_id, created_at DESC);
