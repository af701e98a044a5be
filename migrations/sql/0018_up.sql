-- What keeps people going: scores with their reasons, active days and streaks, missions, coins, achievements,
-- insights and pitch decks.

-- How much each signal counts. No row: the defaults of nexapp_score_weights.
CREATE TABLE score_weights (
    org_id uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
    recency integer NOT NULL CHECK (recency BETWEEN 0 AND 100),
    replies integer NOT NULL CHECK (replies BETWEEN 0 AND 100),
    meetings integer NOT NULL CHECK (meetings BETWEEN 0 AND 100),
    fit integer NOT NULL CHECK (fit BETWEEN 0 AND 100),
    value integer NOT NULL CHECK (value BETWEEN 0 AND 100),
    full_value_cents bigint NOT NULL CHECK (full_value_cents > 0),
    -- They become a pattern: letters, digits, spaces and hyphens only.
    fit_words text[] NOT NULL CHECK (array_to_string(fit_words, ' ') ~ '^[[:alnum:] -]*$' AND cardinality(fit_words) <= 40),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (recency + replies + meetings + fit + value = 100)
);

CREATE TABLE score_changes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    prospect_id uuid NOT NULL,
    before smallint NOT NULL,
    after smallint NOT NULL CHECK (after BETWEEN 0 AND 100),
    parts_before jsonb NOT NULL,
    parts jsonb NOT NULL,
    cause text NOT NULL CHECK (length(cause) <= 40),
    changed_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX score_changes_prospect ON score_changes (org_id, prospect_id, changed_at DESC);
CREATE INDEX score_changes_age ON score_changes (changed_at);

-- The days on which somebody did something that counts, by their own clock.
CREATE TABLE active_days (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    on_date date NOT NULL,
    actions integer NOT NULL DEFAULT 1 CHECK (actions >= 1),
    PRIMARY KEY (org_id, user_id, on_date)
);

-- Folded from the active days. `alive_until` is the last day on which doing something still goes on with it.
CREATE TABLE streaks (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    current_days integer NOT NULL DEFAULT 0 CHECK (current_days >= 0),
    longest_days integer NOT NULL DEFAULT 0 CHECK (longest_days >= current_days),
    total_days integer NOT NULL DEFAULT 0 CHECK (total_days >= longest_days),
    started_on date,
    last_on date,
    alive_until date,
    frozen_on date[] NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX streaks_alive ON streaks (last_on) WHERE current_days >= 3;

CREATE TABLE mission_completions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    mission text NOT NULL CHECK (length(mission) <= 40),
    starts_on date NOT NULL,
    coins integer NOT NULL CHECK (coins >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, mission, starts_on)
);

CREATE TABLE coin_balances (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    balance integer NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (org_id, user_id)
);

CREATE TABLE coin_entries (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    amount integer NOT NULL CHECK (amount <> 0),
    balance integer NOT NULL CHECK (balance >= 0),
    reason text NOT NULL CHECK (length(reason) <= 40),
    entry_key text NOT NULL CHECK (length(entry_key) <= 120),
    on_date date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, entry_key)
);
CREATE INDEX coin_entries_user ON coin_entries (org_id, user_id, id DESC);

CREATE TABLE achievements (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) <= 40),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, name)
);

-- One of each rule a week and person, with the figures that it rests on.
CREATE TABLE insights (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    rule text NOT NULL CHECK (length(rule) <= 40),
    week_on date NOT NULL,
    prospect_id uuid,
    evidence jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, rule, week_on),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);

CREATE TABLE pitch_decks (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    prospect_id uuid NOT NULL,
    user_id uuid,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    slides jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
CREATE INDEX pitch_decks_prospect ON pitch_decks (org_id, prospect_id, id DESC);

-- What counts how much in one organisation. The one place that holds the defaults.
CREATE FUNCTION nexapp_score_weights(p_org uuid)
RETURNS TABLE (
    recency integer, replies integer, meetings integer, fit integer, value integer, full_value_cents bigint,
    fit_words text[], fit_pattern text
)
LANGUAGE sql STABLE
AS $$
    SELECT w.recency, w.replies, w.meetings, w.fit, w.value, w.full_value_cents, w.fit_words,
        '\m(' || nullif(array_to_string(w.fit_words, '|'), '') || ')\M'
    FROM (
        SELECT coalesce(s.recency, 30) AS recency, coalesce(s.replies, 25) AS replies,
            coalesce(s.meetings, 20) AS meetings, coalesce(s.fit, 15) AS fit, coalesce(s.value, 10) AS value,
            coalesce(s.full_value_cents, 1000000) AS full_value_cents,
            coalesce(s.fit_words, ARRAY['owner', 'founder', 'partner', 'president', 'ceo', 'cfo', 'coo', 'cto', 'chief',
                'director', 'head', 'vp', 'manager']) AS fit_words
        FROM (VALUES (p_org)) wanted (org_id) LEFT JOIN score_weights s ON s.org_id = wanted.org_id
    ) w
$$;

-- The points of one prospect by signal; the score is their sum. It depends on what it is given alone, so it is written
-- into the statement that calls it, and scores a million rows as well as one. Who is won or lost has none.
CREATE FUNCTION nexapp_score(
    is_open boolean, silent interval, replies bigint, meetings bigint, role text, company text, email text, phone text,
    location text, value_cents bigint, w_recency integer, w_replies integer, w_meetings integer, w_fit integer,
    w_value integer, w_full_value_cents bigint, w_fit_pattern text
)
RETURNS TABLE (recency integer, replied integer, met integer, fit integer, worth integer)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT
        CASE WHEN is_open THEN round(w_recency * CASE
            WHEN silent < interval '2 days' THEN 1.0
            WHEN silent < interval '4 days' THEN 0.8
            WHEN silent < interval '8 days' THEN 0.6
            WHEN silent < interval '15 days' THEN 0.35
            WHEN silent < interval '31 days' THEN 0.15
            ELSE 0 END)::integer ELSE 0 END,
        CASE WHEN is_open THEN round(w_replies * least(coalesce(replies, 0), 3) / 3.0)::integer ELSE 0 END,
        CASE WHEN is_open THEN round(w_meetings * least(coalesce(meetings, 0), 2) / 2.0)::integer ELSE 0 END,
        CASE WHEN is_open THEN round(w_fit * (
            CASE WHEN w_fit_pattern IS NULL AND role <> '' OR role ~* w_fit_pattern THEN 0.5 ELSE 0 END
            + CASE WHEN company <> '' THEN 0.15 ELSE 0 END
            + CASE WHEN email IS NOT NULL THEN 0.15 ELSE 0 END
            + CASE WHEN phone IS NOT NULL THEN 0.1 ELSE 0 END
            + CASE WHEN location <> '' THEN 0.1 ELSE 0 END))::integer ELSE 0 END,
        CASE WHEN is_open THEN round(w_value * least(value_cents, w_full_value_cents) / w_full_value_cents::numeric)::integer
            ELSE 0 END
$$;
