-- Written sequences: their steps in order, each with how long after the one before it and what it says.
CREATE TABLE sequences (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    stops_on_reply boolean NOT NULL DEFAULT true,
    stops_on_stage boolean NOT NULL DEFAULT true,
    created_by uuid,
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id)
);
CREATE UNIQUE INDEX sequences_name ON sequences (org_id, lower(name)) WHERE archived_at IS NULL;

CREATE TABLE sequence_steps (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    sequence_id uuid NOT NULL,
    position smallint NOT NULL CHECK (position BETWEEN 1 AND 20),
    wait_days smallint NOT NULL CHECK (wait_days BETWEEN 0 AND 365),
    at_time time NOT NULL DEFAULT '09:00',
    channel text NOT NULL DEFAULT 'text' CHECK (channel IN ('text', 'email', 'call', 'other')),
    subject text NOT NULL DEFAULT '' CHECK (length(subject) <= 150),
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1400 AND body ~ '\S'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, sequence_id, position),
    FOREIGN KEY (org_id, sequence_id) REFERENCES sequences (org_id, id) ON DELETE CASCADE
);

-- A prospect on its way through a sequence. `step` is the position that is next or due.
CREATE TABLE sequence_enrolments (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    sequence_id uuid NOT NULL,
    prospect_id uuid NOT NULL,
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    step smallint NOT NULL DEFAULT 1 CHECK (step >= 1),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'finished', 'stopped')),
    ended_by text CHECK (ended_by IN ('steps', 'reply', 'stage', 'person', 'deleted')),
    ended_at timestamptz,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    CHECK ((status IN ('finished', 'stopped')) = (ended_at IS NOT NULL)),
    FOREIGN KEY (org_id, sequence_id) REFERENCES sequences (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, prospect_id) REFERENCES prospects (org_id, id) ON DELETE CASCADE
);
-- Nobody hears from two sequences at once.
CREATE UNIQUE INDEX sequence_enrolments_one ON sequence_enrolments (org_id, prospect_id)
    WHERE status IN ('active', 'paused');
CREATE INDEX sequence_enrolments_prospect ON sequence_enrolments (org_id, prospect_id);
CREATE INDEX sequence_enrolments_list ON sequence_enrolments (org_id, sequence_id, id DESC);

-- `repeat_day`: the day of the month that was meant, which a short month moves. `enrolment_id` and `step` stand on those
-- that a sequence made; one for each step of each enrolment. `handed_from`: whose it was before they left.
ALTER TABLE follow_ups
    ADD COLUMN repeat_day smallint CHECK (repeat_day BETWEEN 1 AND 31),
    ADD COLUMN repeated_from uuid,
    ADD COLUMN handed_from uuid,
    ADD COLUMN enrolment_id uuid,
    ADD COLUMN step smallint,
    ADD COLUMN form_key uuid,
    -- Holds a step's words, filled in.
    DROP CONSTRAINT follow_ups_message_check,
    ADD CONSTRAINT follow_ups_message_check CHECK (length(message) <= 2000),
    ADD CONSTRAINT follow_ups_enrolment FOREIGN KEY (org_id, enrolment_id)
        REFERENCES sequence_enrolments (org_id, id) ON DELETE CASCADE;
CREATE UNIQUE INDEX follow_ups_step ON follow_ups (org_id, enrolment_id, step)
    WHERE enrolment_id IS NOT NULL AND status <> 'cancelled';
-- The next of a repeated one, once; the same form sent twice is one follow-up.
CREATE UNIQUE INDEX follow_ups_repeated ON follow_ups (org_id, repeated_from)
    WHERE repeated_from IS NOT NULL AND status <> 'cancelled';
CREATE UNIQUE INDEX follow_ups_form ON follow_ups (org_id, form_key) WHERE form_key IS NOT NULL;
CREATE INDEX follow_ups_done ON follow_ups (org_id, owner_id, done_at, id) WHERE status = 'done';

-- What somebody did to one, with what was there before it: an undo puts that back.
CREATE TABLE follow_up_changes (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    follow_up_id uuid NOT NULL,
    user_id uuid,
    kind text NOT NULL CHECK (kind IN ('done', 'cancelled', 'snoozed')),
    before jsonb NOT NULL,
    next_id uuid,
    undone_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (org_id, follow_up_id) REFERENCES follow_ups (org_id, id) ON DELETE CASCADE
);
CREATE INDEX follow_up_changes_of ON follow_up_changes (org_id, follow_up_id);

-- The earliest follow-up that is still to be done stands on its prospect, whoever writes follow-ups. The prospects are
-- locked first, in the order of their keys: the look that follows sees what others committed meanwhile.
CREATE FUNCTION nexapp_next_follow_ups() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT prospect_id FROM written WHERE prospect_id IS NOT NULL);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT prospect_id FROM gone WHERE prospect_id IS NOT NULL);
    ELSE
        touched := ARRAY(
            SELECT DISTINCT x.prospect_id FROM gone g JOIN written w USING (id)
            CROSS JOIN LATERAL (VALUES (g.prospect_id), (w.prospect_id)) AS x (prospect_id)
            WHERE x.prospect_id IS NOT NULL AND (
                g.due_at, g.status IN ('pending', 'sent', 'snoozed'), g.prospect_id
            ) IS DISTINCT FROM (w.due_at, w.status IN ('pending', 'sent', 'snoozed'), w.prospect_id)
        );
    END IF;
    IF touched = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM FROM prospects WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    UPDATE prospects p SET next_follow_up_at = n.due_at
    FROM (
        SELECT t.id, (
            SELECT min(f.due_at) FROM follow_ups f
            WHERE f.prospect_id = t.id AND f.org_id = q.org_id AND f.status IN ('pending', 'sent', 'snoozed')
        ) AS due_at
        FROM unnest(touched) AS t (id) JOIN prospects q ON q.id = t.id
    ) n
    WHERE p.id = n.id AND p.next_follow_up_at IS DISTINCT FROM n.due_at;
    RETURN NULL;
END
$$;
CREATE TRIGGER follow_ups_added AFTER INSERT ON follow_ups
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION nexapp_next_follow_ups();
CREATE TRIGGER follow_ups_changed AFTER UPDATE ON follow_ups
    REFERENCING OLD TABLE AS gone NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION nexapp_next_follow_ups();
CREATE TRIGGER follow_ups_removed AFTER DELETE ON follow_ups
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION nexapp_next_follow_ups();

UPDATE prospects p SET next_follow_up_at = (
    SELECT min(f.due_at) FROM follow_ups f
    WHERE f.org_id = p.org_id AND f.prospect_id = p.id AND f.status IN ('pending', 'sent', 'snoozed')
)
WHERE EXISTS (SELECT FROM follow_ups f WHERE f.org_id = p.org_id AND f.prospect_id = p.id);
