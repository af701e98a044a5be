-- What every page looks up of somebody's notices: how many are unread, the newest, and what is urgent; none of businesses
-- that they left. Each runs as who asks, under the policies that hold for them. In PL/pgSQL, and without a pinned path,
-- whose setting each call would pay for: a connection plans the statement once, and planning it with its policies takes
-- several times as long as the look-up.
CREATE FUNCTION nexapp_count_unread(person uuid) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(sum(c.unread), 0) FROM public.unread_counts c
        WHERE c.user_id = person AND (c.org_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
            SELECT FROM public.memberships m
            WHERE m.user_id = person AND m.org_id = c.org_id AND m.deactivated_at IS NULL
        ))
    );
END
$$;

CREATE TYPE nexapp_listed AS (
    id uuid, org_id uuid, type text, title text, message text, icon text, action_url text, subject_kind text,
    subject_id uuid, details jsonb, priority text, parts integer, created_at timestamptz, seen_at timestamptz,
    read_at timestamptz, archived_at timestamptz, snoozed_until timestamptz, expires_at timestamptz
);
CREATE FUNCTION nexapp_newest_notices(person uuid, most integer) RETURNS SETOF nexapp_listed
LANGUAGE plpgsql STABLE ROWS 25 AS $$
BEGIN
    RETURN QUERY
    SELECT n.id, n.org_id, n.type, n.title, n.message, n.icon, n.action_url, n.subject_kind, n.subject_id, n.metadata,
        n.priority, n.parts, n.created_at, n.seen_at, n.read_at, n.archived_at, n.snoozed_until, n.expires_at
    FROM public.notifications n
    WHERE n.user_id = person AND n.folded_into IS NULL AND n.archived_at IS NULL AND n.deleted_at IS NULL
        AND n.snoozed_until IS NULL AND (n.org_id IS NULL OR array_position(ARRAY(
            SELECT m.org_id FROM public.memberships m WHERE m.user_id = person AND m.deactivated_at IS NULL
        ), n.org_id) IS NOT NULL)
    ORDER BY n.id DESC LIMIT most;
END
$$;
-- Unread, of high priority, where the business's tier has that.
CREATE FUNCTION nexapp_urgent_notices(person uuid, most integer) RETURNS SETOF nexapp_listed
LANGUAGE plpgsql STABLE ROWS 3 AS $$
BEGIN
    RETURN QUERY
    SELECT n.id, n.org_id, n.type, n.title, n.message, n.icon, n.action_url, n.subject_kind, n.subject_id, n.metadata,
        n.priority, n.parts, n.created_at, n.seen_at, n.read_at, n.archived_at, n.snoozed_until, n.expires_at
    FROM public.notifications n
    WHERE n.user_id = person AND n.folded_into IS NULL AND n.archived_at IS NULL AND n.deleted_at IS NULL
        AND n.snoozed_until IS NULL AND n.read_at IS NULL AND n.priority = 'high'
        AND (n.org_id IS NULL OR n.org_id IN (
            SELECT m.org_id FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id
            WHERE m.user_id = person AND m.deactivated_at IS NULL AND o.tier = 'elite'
        ))
    ORDER BY n.id DESC LIMIT most;
END
$$;
