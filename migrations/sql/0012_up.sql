-- What one call of nexapp_notify is told about each person.
CREATE TYPE nexapp_recipient AS (
    user_id uuid, org_id uuid, words jsonb, action_url text, subject_kind text, subject_id uuid, details jsonb,
    dedupe_key text, group_key text, expires_at timestamptz
);
-- What it answers for each: `made`, or why not. `phone` is set where a text is wanted; one about what it `replaces`
-- that has not left yet is not wanted any more.
CREATE TYPE nexapp_made AS (
    outcome text, id uuid, user_id uuid, org_id uuid, subject_id uuid, shown_id uuid, title text, message text,
    action_url text, is_quiet boolean, phone text, zone text, held_until timestamptz, expires_at timestamptz,
    unread integer, counted_at double precision, replaces uuid
);

-- Which of a type's two wordings it has, where there are two.
ALTER TABLE notifications ADD COLUMN digest_id uuid, ADD COLUMN wording smallint CHECK (wording IN (1, 2));
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_digest ON notifications (digest_on, user_id) WHERE digest_on IS NOT NULL AND digest_id IS NULL;
CREATE INDEX notifications_digested ON notifications (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX notifications_group ON notifications (user_id, type, group_key, id)
    WHERE group_key IS NOT NULL AND read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL
        AND deleted_at IS NULL AND snoozed_until IS NULL;
ALTER TABLE notification_skips ADD COLUMN dedupe_key text;
-- A job that runs twice says once what it did not send.
CREATE UNIQUE INDEX notification_skips_once ON notification_skips (user_id, dedupe_key, channel, reason)
    NULLS NOT DISTINCT WHERE dedupe_key IS NOT NULL;

-- The badge: one row for each business of a person, the nil id for what concerns the account.
CREATE TABLE unread_counts (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    org_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    unread integer NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, org_id)
) WITH (fillfactor = 60);

-- Ids that sort by time, with the microsecond in their third group as newer servers make them. Written as one
-- expression, without a pinned path, as are the two below: the planner then puts them in place of the call.
CREATE FUNCTION nexapp_uuid7(micros bigint) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (
        lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0')
        || substr(replace(gen_random_uuid()::text, '-', ''), 17)
    )::uuid
$$;
CREATE FUNCTION nexapp_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT nexapp_uuid7((extract(epoch FROM at) * 1000000)::bigint)
$$;
CREATE FUNCTION nexapp_first_uuid7(since timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM since) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
CREATE FUNCTION nexapp_micros() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- The clock that a person lives by.
CREATE FUNCTION nexapp_zone_of(person uuid, org uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT coalesce(
        (SELECT time_zone FROM users WHERE id = person), (SELECT time_zone FROM organizations WHERE id = org), 'UTC'
    )
$$;

-- When the quiet hours around a moment end; NULL where it isn't quiet. The hour that comes twice counts twice.
CREATE FUNCTION nexapp_quiet_until(at timestamptz, zone text, starts time, ends time) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN starts < ends AND (at AT TIME ZONE zone)::time >= starts AND (at AT TIME ZONE zone)::time < ends
            OR starts > ends AND (at AT TIME ZONE zone)::time < ends
        THEN ((at AT TIME ZONE zone)::date + ends) AT TIME ZONE zone
        WHEN starts > ends AND (at AT TIME ZONE zone)::time >= starts
        THEN ((at AT TIME ZONE zone)::date + 1 + ends) AT TIME ZONE zone
    END
$$;

-- Whoever changes notices takes the counts first, and in this order: nobody then waits for somebody who waits for them.
CREATE FUNCTION nexapp_hold_counts(people uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM unread_counts c
    WHERE c.user_id = ANY(people) AND (
        current_setting('role') = 'nexapp_system'
        OR c.user_id = nullif(current_setting('app.user_id', true), '')::uuid
    )
    ORDER BY c.user_id, c.org_id FOR UPDATE;
END
$$;

CREATE FUNCTION nexapp_count_new() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO unread_counts AS c (user_id, org_id, unread)
    SELECT user_id, coalesce(org_id, '00000000-0000-0000-0000-000000000000'), count(*)
    FROM fresh
    WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL
        AND snoozed_until IS NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (user_id, org_id) DO UPDATE SET unread = c.unread + excluded.unread;
    RETURN NULL;
END
$$;
CREATE FUNCTION nexapp_count_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO unread_counts AS c (user_id, org_id, unread)
    SELECT user_id, coalesce(org_id, '00000000-0000-0000-0000-000000000000'), sum(step)
    FROM (
        SELECT user_id, org_id, 1 AS step FROM fresh
        WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL
            AND snoozed_until IS NULL
        UNION ALL
        SELECT user_id, org_id, -1 FROM stale
        WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL
            AND snoozed_until IS NULL
    ) steps
    GROUP BY 1, 2 HAVING sum(step) <> 0 ORDER BY 1, 2
    ON CONFLICT (user_id, org_id) DO UPDATE SET unread = c.unread + excluded.unread;
    RETURN NULL;
END
$$;
-- Without an insert: whose person is being deleted has no row any more.
CREATE FUNCTION nexapp_count_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM unread_counts c
    WHERE (c.user_id, c.org_id) IN (
        SELECT user_id, coalesce(org_id, '00000000-0000-0000-0000-000000000000') FROM stale
    ) ORDER BY c.user_id, c.org_id FOR UPDATE;
    UPDATE unread_counts c SET unread = c.unread - s.gone
    FROM (
        SELECT user_id, coalesce(org_id, '00000000-0000-0000-0000-000000000000') AS org_id, count(*) AS gone FROM stale
        WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL
            AND snoozed_until IS NULL
        GROUP BY 1, 2
    ) s
    WHERE c.user_id = s.user_id AND c.org_id = s.org_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER notifications_counted_new AFTER INSERT ON notifications
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION nexapp_count_new();
CREATE TRIGGER notifications_counted_changed AFTER UPDATE ON notifications
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION nexapp_count_changed();
CREATE TRIGGER notifications_counted_gone AFTER DELETE ON notifications
    REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION nexapp_count_gone();

INSERT INTO unread_counts (user_id, org_id, unread)
SELECT user_id, coalesce(org_id, '00000000-0000-0000-0000-000000000000'), count(*) FROM notifications
WHERE read_at IS NULL AND folded_into IS NULL AND archived_at IS NULL AND deleted_at IS NULL AND snoozed_until IS NULL
GROUP BY 1, 2;

ALTER TABLE system_errors DROP CONSTRAINT system_errors_kind_check;
ALTER TABLE system_errors ADD CONSTRAINT system_errors_kind_check CHECK (kind IN (
    'sms_failed', 'job_error', 'request_error', 'db_error', 'webhook_error', 'socket_error', 'notice_error'));
