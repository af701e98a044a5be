-- How far a job of several steps is, and what it has counted so far.
ALTER TABLE background_jobs ADD COLUMN progress jsonb;
CREATE INDEX background_jobs_runs ON background_jobs (id) WHERE progress IS NOT NULL;
CREATE INDEX background_jobs_failed ON background_jobs (id) WHERE status = 'failed';
CREATE INDEX background_jobs_names ON background_jobs (name, id);

-- Whom a job at a local hour has been done for, on which of their days; also those for whom it came too late.
CREATE TABLE local_runs (
    job text NOT NULL CHECK (length(job) <= 60),
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    on_date date NOT NULL,
    state text NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'late', 'failed')),
    job_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job, org_id, user_id, on_date)
);
CREATE INDEX local_runs_age ON local_runs (on_date);

-- The best prospects of a person's day, as the morning found them.
CREATE TABLE daily_top_prospects (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    on_date date NOT NULL,
    prospect_ids uuid[] NOT NULL DEFAULT '{}',
    hot integer NOT NULL DEFAULT 0 CHECK (hot >= 0),
    warm integer NOT NULL DEFAULT 0 CHECK (warm >= 0),
    total integer NOT NULL DEFAULT 0 CHECK (total >= hot + warm),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, on_date)
);

-- The weeks that were reported. `on_date` is the Sunday that ends the week; `counts` are what was told that evening.
CREATE TABLE weekly_reports (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    on_date date NOT NULL CHECK (extract(isodow FROM on_date) = 7),
    counts jsonb NOT NULL DEFAULT '{}',
    streak integer NOT NULL DEFAULT 0 CHECK (streak >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, user_id, on_date)
);

-- The quiet spells that somebody was told of; a spell begins with the prospect's last activity.
CREATE TABLE quiet_spells (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    prospect_id uuid NOT NULL,
    since timestamptz NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, prospect_id),
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
