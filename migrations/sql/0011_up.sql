-- What the notification engine and the sales part stand on. Notices belong to a person, whatever business caused them.
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    type text NOT NULL CHECK (length(type) <= 60),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    message text NOT NULL DEFAULT '' CHECK (length(message) <= 1000),
    icon text NOT NULL DEFAULT '',
    action_url text CHECK (length(action_url) <= 500),
    subject_kind text,
    subject_id uuid,
    metadata jsonb NOT NULL DEFAULT '{}',
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('high', 'normal', 'low')),
    dedupe_key text CHECK (length(dedupe_key) <= 200),
    group_key text CHECK (length(group_key) <= 200),
    folded_into uuid REFERENCES notifications ON DELETE CASCADE,
    parts integer NOT NULL DEFAULT 1 CHECK (parts >= 1),
    digest_on date,
    seen_at timestamptz,
    read_at timestamptz,
    acted_at timestamptz,
    archived_at timestamptz,
    snoozed_until timestamptz,
    expires_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notifications_user_type ON notifications (user_id, type, id);
CREATE INDEX notifications_inbox ON notifications (user_id, id DESC)
    WHERE folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL;
CREATE INDEX notifications_unread ON notifications (user_id)
    WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL AND snoozed_until IS NULL;
CREATE INDEX notifications_parts ON notifications (folded_into) WHERE folded_into IS NOT NULL;
CREATE INDEX notifications_snoozed ON notifications (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX notifications_expiry ON notifications (expires_at) WHERE expires_at IS NOT NULL AND archived_at IS NULL;
CREATE UNIQUE INDEX notifications_dedupe ON notifications (user_id, dedupe_key) WHERE dedupe_key IS NOT NULL;

CREATE TABLE notification_settings (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    email_enabled boolean NOT NULL DEFAULT true,
    push_enabled boolean NOT NULL DEFAULT false,
    digest_enabled boolean NOT NULL DEFAULT false,
    digest_at time NOT NULL DEFAULT '08:00',
    quiet_enabled boolean NOT NULL DEFAULT false,
    quiet_starts time NOT NULL DEFAULT '21:00',
    quiet_ends time NOT NULL DEFAULT '08:00',
    urgent_passes boolean NOT NULL DEFAULT false,
    daily_cap integer NOT NULL DEFAULT 20 CHECK (daily_cap BETWEEN 1 AND 200),
    paused_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- A switch that a person set otherwise than the type's default. `name` is a type, or the name of a switch that types
-- share; `channel` is 'any' for the switch itself.
CREATE TABLE notification_preferences (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) <= 60),
    channel text NOT NULL CHECK (channel IN ('any', 'in_app', 'email', 'push', 'sms')),
    is_on boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, name, channel)
);

-- What was not sent, and why.
CREATE TABLE notification_skips (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    type text NOT NULL,
    channel text,
    reason text NOT NULL,
    title text NOT NULL DEFAULT '',
    notification_id uuid,
    subject_kind text,
    subject_id uuid,
    held_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notification_skips_user ON notification_skips (user_id, id DESC);
CREATE INDEX notification_skips_age ON notification_skips (created_at);

CREATE TABLE push_subscriptions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('web', 'fcm')),
    endpoint text NOT NULL UNIQUE CHECK (length(endpoint) BETWEEN 1 AND 2000),
    p256dh text,
    auth text,
    device text NOT NULL DEFAULT '',
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (kind = 'fcm' OR (p256dh IS NOT NULL AND auth IS NOT NULL))
);
CREATE INDEX push_subscriptions_user ON push_subscriptions (user_id);

ALTER TABLE messages
    ADD COLUMN user_id uuid REFERENCES users ON DELETE CASCADE,
    ADD COLUMN notification_id uuid,
    ADD COLUMN push_subscription_id uuid;
CREATE INDEX messages_notification ON messages (notification_id) WHERE notification_id IS NOT NULL;

-- Sales: the stages of an organisation's pipeline, whom it works on, what was done and what is due.
CREATE TABLE prospect_stages (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    outcome text NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'won', 'lost')),
    position integer NOT NULL DEFAULT 0,
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);
CREATE UNIQUE INDEX prospect_stages_name ON prospect_stages (org_id, lower(name)) WHERE archived_at IS NULL;

CREATE TABLE prospects (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    owner_id uuid REFERENCES users ON DELETE SET NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    company text NOT NULL DEFAULT '' CHECK (length(company) <= 120),
    role text NOT NULL DEFAULT '' CHECK (length(role) <= 120),
    phone text,
    email text CHECK (length(email) <= 254),
    location text NOT NULL DEFAULT '' CHECK (length(location) <= 120),
    source text NOT NULL DEFAULT '' CHECK (length(source) <= 60),
    stage_id uuid NOT NULL,
    stage_changed_at timestamptz NOT NULL DEFAULT now(),
    lost_reason text CHECK (length(lost_reason) <= 200),
    is_unlocked boolean NOT NULL DEFAULT true,
    value_cents bigint NOT NULL DEFAULT 0 CHECK (value_cents >= 0),
    score smallint NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
    score_parts jsonb NOT NULL DEFAULT '{}',
    scored_at timestamptz,
    last_activity_at timestamptz,
    next_follow_up_at timestamptz,
    created_by uuid,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, stage_id) REFERENCES prospect_stages (org_id, id)
);
CREATE INDEX prospects_list ON prospects (org_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX prospects_owner ON prospects (org_id, owner_id, score DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX prospects_stage ON prospects (org_id, stage_id, id) WHERE deleted_at IS NULL;
CREATE INDEX prospects_email ON prospects (org_id, lower(email)) WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE INDEX prospects_phone ON prospects (org_id, phone) WHERE deleted_at IS NULL AND phone IS NOT NULL;

-- What somebody did. `on_date` is the day by that person's own clock.
CREATE TABLE activities (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    prospect_id uuid,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    on_date date NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL DEFAULT 'app' CHECK (source IN ('app', 'api', 'import', 'demo')),
    external_id text CHECK (length(external_id) <= 200),
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX activities_user ON activities (org_id, user_id, on_date, kind);
CREATE INDEX activities_prospect ON activities (org_id, prospect_id, at DESC) WHERE prospect_id IS NOT NULL;
CREATE UNIQUE INDEX activities_external ON activities (org_id, external_id) WHERE external_id IS NOT NULL;

-- `due_at` is the instant; the wall time and zone that were meant stay beside it.
CREATE TABLE follow_ups (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    prospect_id uuid,
    kind text NOT NULL DEFAULT 'manual' CHECK (kind IN ('one_time', 'sequence_step', 'pipeline_check', 'manual')),
    due_at timestamptz NOT NULL,
    due_on date NOT NULL,
    due_time time,
    time_zone text NOT NULL,
    message text NOT NULL DEFAULT '' CHECK (length(message) <= 1000),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'done', 'snoozed', 'cancelled')),
    repeats text CHECK (repeats IN ('daily', 'weekdays', 'weekly', 'monthly')),
    notification_id uuid,
    sent_at timestamptz,
    done_at timestamptz,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX follow_ups_due ON follow_ups (due_at) WHERE status IN ('pending', 'snoozed');
CREATE INDEX follow_ups_owner ON follow_ups (org_id, owner_id, due_at) WHERE status IN ('pending', 'sent', 'snoozed');
CREATE INDEX follow_ups_prospect ON follow_ups (org_id, prospect_id, due_at);
