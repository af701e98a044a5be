-- What is known of the time before: who read or acted had opened it, as the figures had it until now. People read on
-- meanwhile; who changes a notice waits for the end. The counts of unread stay as they are: without their trigger, ten
-- million rows are not kept twice to find that out.
ALTER TABLE notifications DISABLE TRIGGER notifications_counted_changed;
-- As the system: under FORCE the owner sees no rows, and a backfill changes none.
SET LOCAL ROLE nexapp_system;
UPDATE notifications SET opened_at = coalesce(read_at, acted_at)
WHERE opened_at IS NULL AND (read_at IS NOT NULL OR acted_at IS NOT NULL);
RESET ROLE;
ALTER TABLE notifications ENABLE TRIGGER notifications_counted_changed;

DROP FUNCTION nexapp_notice_engagement(timestamptz);
CREATE FUNCTION nexapp_notice_engagement(since timestamptz)
RETURNS TABLE (type text, on_date date, wording smallint, made bigint, seen bigint, opened bigint, acted bigint, act_seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT n.type, n.on_date, n.wording, count(*), count(n.seen_at), count(n.opened_at), count(n.acted_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM n.acted_at - n.created_at))
            FILTER (WHERE n.acted_at IS NOT NULL)
    FROM organizations o
    JOIN memberships m ON m.org_id = o.id
    CROSS JOIN LATERAL (
        SELECT x.type, (x.created_at AT TIME ZONE o.time_zone)::date AS on_date, x.wording, x.seen_at, x.opened_at, x.acted_at,
            x.created_at
        FROM notifications x
        WHERE x.user_id = m.user_id AND x.org_id = o.id AND x.folded_into IS NULL AND x.created_at >= since
            AND x.id >= nexapp_first_uuid7(since)
    ) n
    WHERE o.id = nullif(current_setting('app.org_id', true), '')::uuid
    GROUP BY GROUPING SETS ((n.type), (n.on_date), (n.type, n.wording))
    HAVING grouping(n.wording) = 1 OR n.wording IS NOT NULL
$$;
