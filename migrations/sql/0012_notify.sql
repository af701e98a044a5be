-- The one way to tell people something: decides for each person by every rule, and writes what is to be shown and
-- sent. A handful of statements, however many people there are. `spec` is the type as the registry knows it.
CREATE FUNCTION nexapp_notify(spec jsonb, recipients nexapp_recipient[]) RETURNS SETOF nexapp_made
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
-- Every look-up here has its index. A plan that was made while the tables were small would read them whole later on.
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    own_org constant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
    is_system constant boolean := current_setting('role') = 'nexapp_system';
    wanted_type constant text := spec ->> 'name';
    switch_name constant text := spec ->> 'switch';
    wanted_priority constant text := spec ->> 'priority';
    by_default constant jsonb := spec -> 'channels';
    is_locked constant boolean := (spec ->> 'locked')::boolean;
    folds constant boolean := jsonb_array_length(spec -> 'folded') > 0;
    title_pieces constant text[] := ARRAY(SELECT jsonb_array_elements_text(spec -> 'title'));
    body_pieces constant text[] := ARRAY(SELECT jsonb_array_elements_text(spec -> 'body'));
    folded_pieces constant text[] := ARRAY(SELECT jsonb_array_elements_text(spec -> 'folded'));
    second_title constant text[] := ARRAY(SELECT jsonb_array_elements_text(spec -> 'second_title'));
    second_body constant text[] := ARRAY(SELECT jsonb_array_elements_text(spec -> 'second_body'));
    micros bigint;
    missing bigint[] := '{}';
    made nexapp_made[];
BEGIN
    -- A job that says the same again each minute, all of it told, takes nobody's lock.
    IF NOT EXISTS (
        SELECT FROM unnest(recipients) r LEFT JOIN LATERAL (
            SELECT x.id FROM notifications x WHERE x.user_id = r.user_id AND x.dedupe_key = r.dedupe_key LIMIT 1
        ) told ON true
        WHERE told.id IS NULL
    ) THEN
        RETURN;
    END IF;

    -- One after the other for each person: caps, folds and counts see what the other call made. Always in this order.
    INSERT INTO unread_counts (user_id, org_id)
    SELECT DISTINCT m.user_id, m.org_id FROM (
        SELECT user_id, coalesce(org_id, nobody) AS org_id FROM unnest(recipients)
    ) m
    JOIN users u ON u.id = m.user_id
    WHERE is_system OR m.org_id = own_org
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    PERFORM FROM unread_counts c
    JOIN (SELECT DISTINCT user_id, coalesce(org_id, nobody) AS org_id FROM unnest(recipients)) r USING (user_id, org_id)
    WHERE is_system OR c.org_id = own_org
    ORDER BY c.user_id, c.org_id FOR UPDATE OF c;

    IF spec ? 'subject_table' THEN
        EXECUTE format(
            'SELECT coalesce(array_agg(r.n), ''{}'') FROM unnest($1) WITH ORDINALITY AS r (a, org_id, b, c, d, subject_id,'
            ' e, f, g, h, n) LEFT JOIN %I s ON s.org_id = r.org_id AND s.id = r.subject_id'
            ' WHERE r.subject_id IS NOT NULL AND (s.id IS NULL%s)',
            spec ->> 'subject_table', ' OR s.' || quote_ident(spec ->> 'subject_ended') || ' IS NOT NULL'
        ) INTO missing USING recipients;
    END IF;

    micros := nexapp_micros();
    WITH given AS (
        SELECT r.*, row_number() OVER (PARTITION BY r.user_id, r.dedupe_key ORDER BY r.n) AS copy,
            -- Of a type with two wordings a person always gets the same one.
            CASE WHEN cardinality(second_title) > 0
                THEN 1 + get_byte(decode(md5(r.user_id::text || wanted_type), 'hex'), 0) % 2 END AS wording
        FROM unnest(recipients) WITH ORDINALITY AS r (
            user_id, org_id, words, action_url, subject_kind, subject_id, details, dedupe_key, group_key, expires_at, n
        )
    ),
    people AS (
        SELECT g.n, g.user_id, g.org_id, g.words, g.action_url, g.subject_kind, g.subject_id, g.details, g.dedupe_key,
            g.group_key, g.expires_at, g.wording,
            coalesce(nullif(left((
                SELECT string_agg(CASE WHEN t.n % 2 = 1 THEN t.piece ELSE coalesce(g.words ->> t.piece, '') END, '' ORDER BY t.n)
                FROM unnest(CASE WHEN g.wording = 2 THEN second_title ELSE title_pieces END)
                    WITH ORDINALITY AS t (piece, n)
            ), 200), ''), spec ->> 'label') AS title,
            coalesce(left((
                SELECT string_agg(CASE WHEN t.n % 2 = 1 THEN t.piece ELSE coalesce(g.words ->> t.piece, '') END, '' ORDER BY t.n)
                FROM unnest(CASE WHEN g.wording = 2 THEN second_body ELSE body_pieces END)
                    WITH ORDINALITY AS t (piece, n)
            ), 1000), '') AS message,
            coalesce(u.time_zone, o.time_zone, 'UTC') AS zone, u.email, u.phone,
            coalesce(o.tier = 'elite' OR o.kind <> 'sales', true) AS has_urgent,
            coalesce(array_position(ARRAY['free', 'pro', 'elite'], o.tier), 3)
                >= array_position(ARRAY['free', 'pro', 'elite'], spec ->> 'tier') AS has_tier,
            coalesce(s.email_enabled, true) AS email_on, coalesce(s.push_enabled, false) AS push_on,
            coalesce(s.digest_enabled, false) AS digest_on, coalesce(s.digest_at, '08:00') AS digest_at,
            coalesce(s.quiet_enabled, false) AS quiet_on, coalesce(s.quiet_starts, '21:00') AS quiet_starts,
            coalesce(s.quiet_ends, '08:00') AS quiet_ends, coalesce(s.urgent_passes, false) AS urgent_passes,
            coalesce(s.daily_cap, 20) AS daily_cap,
            coalesce(s.paused_until > now(), false) AND NOT is_locked AS is_paused,
            (date_trunc('day', now() AT TIME ZONE coalesce(u.time_zone, o.time_zone, 'UTC')) - interval '6 days')
                AT TIME ZONE coalesce(u.time_zone, o.time_zone, 'UTC') AS week,
            date_trunc('day', now() AT TIME ZONE coalesce(u.time_zone, o.time_zone, 'UTC'))
                AT TIME ZONE coalesce(u.time_zone, o.time_zone, 'UTC') AS today,
            row_number() OVER (PARTITION BY g.user_id, g.org_id ORDER BY g.n) AS turn,
            p.any_on, p.in_app, p.email AS wants_email, p.push AS wants_push, p.sms AS wants_sms
        FROM given g
        JOIN users u ON u.id = g.user_id AND u.deactivated_at IS NULL
        LEFT JOIN organizations o ON o.id = g.org_id
        LEFT JOIN memberships m ON m.org_id = g.org_id AND m.user_id = g.user_id AND m.deactivated_at IS NULL
        LEFT JOIN notification_settings s ON s.user_id = g.user_id
        LEFT JOIN LATERAL (
            SELECT bool_and(c.is_on) FILTER (WHERE c.channel = 'any') AS any_on,
                bool_and(c.is_on) FILTER (WHERE c.channel = 'in_app') AS in_app,
                bool_and(c.is_on) FILTER (WHERE c.channel = 'email') AS email,
                bool_and(c.is_on) FILTER (WHERE c.channel = 'push') AS push,
                bool_and(c.is_on) FILTER (WHERE c.channel = 'sms') AS sms
            FROM notification_preferences c
            WHERE c.user_id = g.user_id AND (c.name = wanted_type OR c.name = switch_name AND c.channel = 'any')
        ) p ON NOT is_locked
        WHERE CASE WHEN g.org_id IS NULL THEN is_system ELSE m.id IS NOT NULL AND (is_system OR g.org_id = own_org) END
            AND (g.dedupe_key IS NULL OR g.copy = 1)
            AND NOT EXISTS (
                SELECT FROM notifications x WHERE x.user_id = g.user_id AND x.dedupe_key = g.dedupe_key
            )
    ),
    wishes AS (
        SELECT p.*,
            CASE
                WHEN NOT (spec ->> 'known')::boolean THEN 'unknown_type'
                WHEN p.n = ANY(missing) THEN 'bad_reference'
                WHEN is_locked THEN NULL
                -- What a lower tier has of a type all the same: so many in seven days of the person's own clock.
                WHEN NOT p.has_tier AND ((spec ->> 'allowance')::int = 0 OR p.turn + (
                    SELECT count(*) FROM notifications x
                    WHERE x.user_id = p.user_id AND x.type = wanted_type AND x.org_id = p.org_id
                        AND x.created_at >= p.week
                        AND x.id >= nexapp_first_uuid7(p.week) AND x.folded_into IS NULL
                ) > (spec ->> 'allowance')::int) THEN 'tier'
                WHEN p.any_on IS FALSE THEN 'switched_off'
            END AS refused,
            is_locked OR coalesce(p.in_app, by_default ? 'in_app') AS shows,
            (is_locked OR p.email_on) AND coalesce(p.wants_email, by_default ? 'email') AND p.email IS NOT NULL AS mails,
            (is_locked OR p.push_on) AND coalesce(p.wants_push, by_default ? 'push') AND EXISTS (
                SELECT FROM push_subscriptions d WHERE d.user_id = p.user_id
            ) AS pushes,
            wanted_priority = 'high' AND p.has_urgent AND coalesce(p.wants_sms, by_default ? 'sms')
                AND p.phone IS NOT NULL AS texts,
            EXISTS (
                SELECT FROM consumers q WHERE q.phone = p.phone AND q.opted_out_at IS NOT NULL
            ) AS is_opted_out,
            p.digest_on AND wanted_priority <> 'high' AND NOT is_locked AS digests,
            CASE WHEN p.quiet_on AND NOT is_locked
                    AND NOT (wanted_priority = 'high' AND p.urgent_passes AND p.has_urgent)
                THEN nexapp_quiet_until(now(), p.zone, p.quiet_starts, p.quiet_ends)
            END AS held_until,
            CASE WHEN folds AND coalesce(p.in_app, by_default ? 'in_app')
                THEN coalesce(p.group_key, wanted_type) END AS fold_key
        FROM people p
    ),
    placed AS (
        SELECT w.*, h.id AS head_id, h.parts AS head_parts, h.expires_at AS head_expires_at,
            coalesce(w.refused, CASE
                WHEN NOT (w.shows OR w.mails OR w.pushes OR w.texts) THEN 'channel_off'
            END) AS stopped
        FROM wishes w
        LEFT JOIN LATERAL (
            SELECT x.id, x.parts, x.expires_at FROM notifications x
            WHERE x.user_id = w.user_id AND x.type = wanted_type AND x.group_key = w.fold_key
                AND x.org_id IS NOT DISTINCT FROM w.org_id AND x.read_at IS NULL AND x.folded_into IS NULL
                AND x.archived_at IS NULL AND x.deleted_at IS NULL AND x.snoozed_until IS NULL
                -- What a daily letter has brought takes in nothing that no letter would bring.
                AND x.digest_id IS NULL
                AND x.id >= nexapp_first_uuid7(now() - interval '10 minutes')
                AND x.created_at > now() - interval '10 minutes'
            ORDER BY x.id DESC LIMIT 1
        ) h ON w.fold_key IS NOT NULL
    ),
    capped AS (
        SELECT p.*, CASE
            WHEN p.stopped IS NOT NULL THEN p.stopped
            WHEN wanted_priority <> 'high' AND NOT is_locked AND p.head_id IS NULL AND (
                SELECT count(*) FROM (
                    SELECT FROM notifications x
                    WHERE x.user_id = p.user_id AND x.folded_into IS NULL AND x.priority <> 'high'
                        AND x.id >= nexapp_first_uuid7(p.today) AND x.created_at >= p.today
                    LIMIT p.daily_cap
                ) x
            ) + CASE
                WHEN p.fold_key IS NULL THEN row_number() OVER (
                    PARTITION BY p.user_id, p.stopped IS NULL, p.fold_key IS NULL ORDER BY p.n)
                ELSE dense_rank() OVER (
                    PARTITION BY p.user_id, p.stopped IS NULL, p.fold_key IS NULL, p.head_id IS NULL
                    ORDER BY p.fold_key)
            END > p.daily_cap THEN 'frequency_cap'
        END AS reason
        FROM placed p
    ),
    -- Several of a kind within ten minutes: one item stands for them. A single one that nobody read is the first part.
    sized AS (
        SELECT j.*, count(*) OVER same AS size, row_number() OVER same AS place, first_value(j.spare) OVER same AS fresh,
            -- What stands for several lasts as long as the last of them.
            CASE WHEN bool_and(j.expires_at IS NOT NULL) OVER same
                    AND (j.head_id IS NULL OR j.head_expires_at IS NOT NULL)
                THEN greatest(max(j.expires_at) OVER same, j.head_expires_at) END AS all_expire_at
        FROM (
            SELECT c.*, nexapp_uuid7(micros + c.n) AS id,
                CASE WHEN c.fold_key IS NOT NULL THEN nexapp_uuid7(micros + c.n) END AS spare
            FROM capped c
        ) j
        WINDOW same AS (
            PARTITION BY j.user_id, j.org_id, j.reason, j.fold_key, CASE WHEN j.fold_key IS NULL THEN j.n END
            ORDER BY j.n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ),
    judged AS MATERIALIZED (
        SELECT z.*, CASE
                WHEN z.reason IS NOT NULL THEN NULL
                WHEN z.head_parts > 1 THEN z.head_id
                WHEN z.head_id IS NOT NULL OR z.size > 1 THEN z.fresh
            END AS fold_id,
            CASE WHEN z.head_id IS NOT NULL OR z.size > 1 THEN left((
                SELECT string_agg(CASE
                    WHEN t.n % 2 = 1 THEN t.piece
                    WHEN t.piece = 'count' THEN (coalesce(z.head_parts, 0) + z.size)::text
                    ELSE coalesce(z.words ->> t.piece, '')
                END, '' ORDER BY t.n)
                FROM unnest(folded_pieces) WITH ORDINALITY AS t (piece, n)
            ), 200) END AS fold_title,
            CASE WHEN z.head_id IS NULL AND z.size = 1 THEN z.expires_at ELSE z.all_expire_at END AS ends_at,
            coalesce(z.held_until >= CASE
                WHEN z.head_id IS NULL AND z.size = 1 THEN z.expires_at ELSE z.all_expire_at
            END, false) AS is_late
        FROM sized z
    ),
    grown AS (
        UPDATE notifications x SET parts = x.parts + f.size, title = f.fold_title, message = f.message, seen_at = NULL,
            expires_at = f.ends_at
        FROM judged f WHERE f.reason IS NULL AND f.head_parts > 1 AND f.place = f.size AND x.id = f.head_id
    ),
    joined AS (
        UPDATE notifications x SET folded_into = f.fold_id
        FROM judged f WHERE f.reason IS NULL AND f.head_parts = 1 AND f.place = 1 AND x.id = f.head_id
    ),
    written AS (
        INSERT INTO notifications (
            id, user_id, org_id, type, title, message, icon, action_url, subject_kind, subject_id, metadata, priority,
            dedupe_key, group_key, folded_into, parts, digest_on, archived_at, expires_at, wording
        )
        SELECT f.id, f.user_id, f.org_id, wanted_type, f.title, f.message, spec ->> 'icon', f.action_url,
            f.subject_kind, f.subject_id, coalesce(f.details, '{}'), wanted_priority, f.dedupe_key, f.fold_key,
            f.fold_id, 1, CASE WHEN f.digests AND f.mails AND f.fold_id IS NULL THEN next.digest_on END,
            CASE WHEN NOT f.shows THEN now() END, f.expires_at, f.wording
        FROM judged f CROSS JOIN LATERAL (
            SELECT local::date + (local::time >= f.digest_at)::int AS digest_on
            FROM (SELECT now() AT TIME ZONE f.zone AS local) t
        ) next
        WHERE f.reason IS NULL
        UNION ALL
        SELECT f.fold_id, f.user_id, f.org_id, wanted_type, f.fold_title, f.message, spec ->> 'icon', NULL,
            NULL, NULL, '{}', wanted_priority, NULL, f.fold_key, NULL, coalesce(f.head_parts, 0) + f.size,
            CASE WHEN f.digests AND f.mails THEN next.digest_on END, NULL,
            f.ends_at, NULL
        FROM judged f CROSS JOIN LATERAL (
            SELECT local::date + (local::time >= f.digest_at)::int AS digest_on
            FROM (SELECT now() AT TIME ZONE f.zone AS local) t
        ) next
        WHERE f.reason IS NULL AND f.fold_id = f.fresh AND f.place = f.size
        ON CONFLICT (user_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
        RETURNING id
    ),
    -- A letter about the first part that has not left yet speaks of all of them instead.
    reworded AS (
        UPDATE messages m SET notification_id = f.fold_id, subject_id = f.fold_id, subject = f.fold_title,
            body = f.message, send_at = coalesce(f.held_until, least(m.send_at, now())),
            expires_at = coalesce(f.ends_at, coalesce(f.held_until, now()) + interval '24 hours')
        FROM judged f
        WHERE f.reason IS NULL AND f.place = f.size AND f.head_id IS NOT NULL AND m.notification_id = f.head_id AND m.status = 'queued' AND m.channel <> 'sms'
        RETURNING m.channel, m.user_id, f.fold_id
    ),
    letters AS (
        INSERT INTO messages (
            id, org_id, channel, lane, purpose, subject_kind, subject_id, to_phone, to_email, subject, body, segments,
            send_at, expires_at, user_id, notification_id, request_id
        )
        SELECT nexapp_uuid7(micros + f.n), f.org_id, c.channel, 2, 'notice', 'notification',
            coalesce(b.shown_id, f.id), '', CASE WHEN c.channel = 'email' THEN f.email END,
            CASE WHEN f.size > 1 THEN f.fold_title ELSE f.title END, f.message, 0, coalesce(f.held_until, now()),
            coalesce(f.ends_at, coalesce(f.held_until, now()) + interval '24 hours'), f.user_id,
            coalesce(b.shown_id, f.id), spec ->> 'request_id'
        FROM judged f
        CROSS JOIN LATERAL (SELECT CASE WHEN f.size > 1 THEN f.fold_id END AS shown_id) b
        CROSS JOIN LATERAL (VALUES ('email', f.mails AND NOT f.digests), ('push', f.pushes)) AS c (channel, is_wanted)
        WHERE f.reason IS NULL AND f.place = f.size AND c.is_wanted AND NOT f.is_paused AND NOT f.is_late
            -- As truth values: a join would compare every row with every other.
            AND (f.id IN (SELECT w.id FROM written w)) IS TRUE
            AND ((f.fold_id, c.channel) IN (SELECT r.fold_id, r.channel FROM reworded r)) IS NOT TRUE
    ),
    unsent AS (
        SELECT j.n, j.user_id, j.org_id, NULL AS channel, j.reason, j.title, NULL::uuid AS notification_id, j.subject_kind,
            j.subject_id, NULL::timestamptz AS held_until, j.dedupe_key
        FROM judged j WHERE j.reason IS NOT NULL
        UNION ALL
        SELECT f.n, f.user_id, f.org_id, c.channel, c.reason, CASE WHEN f.size > 1 THEN f.fold_title ELSE f.title END,
            f.id, f.subject_kind, f.subject_id, CASE WHEN c.reason = 'quiet_hours' THEN f.held_until END, f.dedupe_key
        FROM judged f
        CROSS JOIN LATERAL (VALUES (CASE WHEN f.is_late THEN 'too_late' ELSE 'quiet_hours' END)) AS h (why)
        CROSS JOIN LATERAL (VALUES
            ('in_app', CASE WHEN NOT f.shows AND f.in_app IS FALSE THEN 'channel_off' END),
            ('email', CASE
                WHEN f.mails AND f.digests THEN NULL
                WHEN f.mails AND f.is_paused THEN 'paused'
                WHEN f.mails AND f.held_until IS NOT NULL THEN h.why
                WHEN f.mails OR NOT coalesce(f.wants_email, by_default ? 'email') AND f.wants_email IS NULL THEN NULL
                WHEN f.wants_email IS FALSE AND by_default ? 'email' OR NOT f.email_on THEN 'channel_off'
                WHEN f.wants_email THEN 'no_address'
            END),
            ('push', CASE
                WHEN f.pushes AND f.is_paused THEN 'paused'
                WHEN f.pushes AND f.held_until IS NOT NULL THEN h.why
                WHEN f.pushes OR NOT f.push_on THEN NULL
                WHEN f.wants_push IS FALSE AND by_default ? 'push' THEN 'channel_off'
                WHEN coalesce(f.wants_push, by_default ? 'push') THEN 'no_device'
            END),
            ('sms', CASE
                WHEN f.texts AND f.is_opted_out THEN 'opted_out'
                WHEN f.texts AND f.is_paused THEN 'paused'
                WHEN f.texts AND f.held_until IS NOT NULL THEN h.why
                WHEN f.texts THEN NULL
                WHEN f.wants_sms IS FALSE AND by_default ? 'sms' THEN 'channel_off'
                WHEN f.wants_sms AND wanted_priority <> 'high' THEN 'sms_high_only'
                WHEN f.wants_sms AND NOT f.has_urgent THEN 'tier'
                WHEN f.wants_sms THEN 'no_number'
            END)
        ) AS c (channel, reason)
        WHERE f.reason IS NULL AND f.place = f.size AND c.reason IS NOT NULL
    ),
    noted AS (
        INSERT INTO notification_skips (
            id, user_id, org_id, type, channel, reason, title, notification_id, subject_kind, subject_id, held_until,
            dedupe_key
        )
        SELECT nexapp_uuid7(micros + u.n), u.user_id, u.org_id, wanted_type, u.channel, u.reason, u.title,
            u.notification_id, u.subject_kind, u.subject_id, u.held_until, u.dedupe_key
        FROM unsent u
        ON CONFLICT (user_id, dedupe_key, channel, reason) WHERE dedupe_key IS NOT NULL DO NOTHING
    )
    SELECT array_agg(ROW(
        coalesce(f.reason, 'made'), CASE WHEN f.reason IS NULL THEN f.id END, f.user_id, f.org_id, f.subject_id,
        CASE WHEN f.reason IS NULL THEN coalesce(f.fold_id, f.id) END,
        CASE WHEN f.fold_id IS NULL THEN f.title ELSE f.fold_title END, f.message, f.action_url,
        f.is_paused OR NOT f.shows,
        CASE WHEN f.texts AND NOT f.is_opted_out AND NOT f.is_paused AND NOT f.is_late AND f.place = f.size
            THEN f.phone END,
        f.zone, f.held_until, f.ends_at, NULL, NULL, f.head_id
    )::nexapp_made ORDER BY f.n) INTO made
    FROM judged f
    WHERE f.reason IS NOT NULL OR (f.id IN (SELECT w.id FROM written w)) IS TRUE;

    RETURN QUERY
    SELECT m.outcome, m.id, m.user_id, m.org_id, m.subject_id, m.shown_id, m.title, m.message, m.action_url, m.is_quiet,
        m.phone, m.zone, m.held_until, m.expires_at, (
            SELECT coalesce(sum(c.unread), 0)::integer FROM unread_counts c
            WHERE c.user_id = m.user_id AND (c.org_id = nobody OR EXISTS (
                SELECT FROM memberships p
                WHERE p.user_id = m.user_id AND p.org_id = c.org_id AND p.deactivated_at IS NULL
            ))
        ),
        extract(epoch FROM clock_timestamp())::double precision, m.replaces
    FROM unnest(made) AS m;
END
$$;
