ALTER TABLE message_templates
    ADD COLUMN created_by uuid REFERENCES users ON DELETE SET NULL,
    ADD UNIQUE (org_id, id);

ALTER TABLE messages
    ADD COLUMN template_id uuid,
    ADD COLUMN created_by uuid REFERENCES users ON DELETE SET NULL,
    ADD FOREIGN KEY (org_id, template_id) REFERENCES message_templates (org_id, id);

CREATE INDEX messages_template ON messages (org_id, template_id) WHERE template_id IS NOT NULL;

-- The line of texts: rows of other channels don't stand in it.
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (lane, coalesce(org_id, '00000000-0000-0000-0000-000000000000'::uuid), send_at)
    WHERE status = 'queued' AND channel = 'sms';

ALTER TABLE inbound_messages
    ADD COLUMN is_doubtful boolean NOT NULL DEFAULT false,
    ADD COLUMN review text CHECK (review IN ('meant_stop', 'misread')),
    ADD COLUMN reviewed_at timestamptz,
    ADD COLUMN reviewed_by uuid REFERENCES users ON DELETE SET NULL;
CREATE INDEX inbound_messages_waiting ON inbound_messages (org_id, consumer_id) WHERE needs_review;

CREATE TABLE canned_replies (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 60),
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX canned_replies_title ON canned_replies (org_id, lower(title));

-- One for each person who wrote to a business, or whom somebody of it wrote to by hand. `rank` is 2 where somebody may
-- have wished for no more texts, 1 where something is unread, else 0.
CREATE TABLE conversations (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    consumer_id uuid NOT NULL,
    phone text NOT NULL,
    unread integer NOT NULL DEFAULT 0 CHECK (unread >= 0),
    needs_review boolean NOT NULL DEFAULT false,
    rank smallint NOT NULL DEFAULT 0,
    assigned_to uuid,
    done_at timestamptz,
    last_at timestamptz NOT NULL DEFAULT now(),
    last_body text NOT NULL DEFAULT '',
    last_by text NOT NULL DEFAULT 'person' CHECK (last_by IN ('person', 'business')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, consumer_id),
    FOREIGN KEY (org_id, consumer_id) REFERENCES consumer_profiles (org_id, consumer_id),
    FOREIGN KEY (org_id, assigned_to) REFERENCES memberships (org_id, user_id) ON DELETE SET NULL (assigned_to)
);
CREATE INDEX conversations_open ON conversations (org_id, rank DESC, last_at DESC, consumer_id DESC)
    WHERE done_at IS NULL;
CREATE INDEX conversations_all ON conversations (org_id, last_at DESC, consumer_id DESC);
CREATE INDEX conversations_mine ON conversations (org_id, assigned_to, last_at DESC, consumer_id DESC)
    WHERE assigned_to IS NOT NULL;
CREATE INDEX conversations_waiting ON conversations (org_id) WHERE rank > 0 AND done_at IS NULL;

-- Whoever stores a text, or settles it, by whatever statement: the conversation's counts follow.
CREATE FUNCTION nexapp_note_inbound() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    has_moved boolean := TG_OP = 'UPDATE' AND OLD.org_id IS DISTINCT FROM NEW.org_id;
    place smallint := CASE WHEN NOT NEW.needs_review THEN 0 WHEN NEW.handled_as = 'stop' THEN 2 ELSE 1 END;
BEGIN
    IF NEW.org_id IS NOT NULL AND (TG_OP = 'INSERT' OR has_moved) THEN
        INSERT INTO consumer_profiles (org_id, consumer_id) VALUES (NEW.org_id, NEW.consumer_id) ON CONFLICT DO NOTHING;
        INSERT INTO conversations (org_id, consumer_id, phone, unread, needs_review, rank, last_at, last_body)
        VALUES (NEW.org_id, NEW.consumer_id, NEW.from_phone, NEW.needs_review::int, place = 2, place,
            NEW.created_at, left(NEW.body, 200))
        ON CONFLICT (org_id, consumer_id) DO UPDATE SET
            unread = conversations.unread + excluded.unread,
            needs_review = conversations.needs_review OR excluded.needs_review,
            rank = greatest(conversations.rank, excluded.rank),
            last_at = greatest(conversations.last_at, excluded.last_at),
            last_body = CASE WHEN conversations.last_at > excluded.last_at THEN conversations.last_body
                ELSE excluded.last_body END,
            last_by = CASE WHEN conversations.last_at > excluded.last_at THEN conversations.last_by ELSE 'person' END,
            done_at = CASE WHEN excluded.unread = 0 THEN conversations.done_at END;
    ELSIF NEW.org_id IS NOT NULL THEN
        PERFORM nexapp_recount_conversation(NEW.org_id, NEW.consumer_id);
    END IF;
    -- It was another business's all along: nothing of it stays where it was put first.
    IF has_moved AND OLD.org_id IS NOT NULL THEN
        PERFORM nexapp_recount_conversation(OLD.org_id, OLD.consumer_id);
        DELETE FROM conversations c
        WHERE c.org_id = OLD.org_id AND c.consumer_id = OLD.consumer_id AND c.last_by = 'person' AND NOT EXISTS (
            SELECT FROM inbound_messages i WHERE i.from_phone = OLD.from_phone AND i.org_id = OLD.org_id
        ) AND NOT EXISTS (
            SELECT FROM messages m
            WHERE m.to_phone = OLD.from_phone AND m.org_id = OLD.org_id AND m.purpose = 'reply'
        );
        UPDATE conversations c SET last_body = l.body, last_at = l.created_at, last_by = l.side
        FROM (
            SELECT left(body, 200) AS body, created_at, side FROM (
                SELECT body, created_at, 'person' AS side FROM inbound_messages
                WHERE from_phone = OLD.from_phone AND org_id = OLD.org_id
                UNION ALL
                SELECT body, created_at, 'business' FROM messages
                WHERE to_phone = OLD.from_phone AND org_id = OLD.org_id AND purpose = 'reply'
            ) said ORDER BY created_at DESC LIMIT 1
        ) l
        WHERE c.org_id = OLD.org_id AND c.consumer_id = OLD.consumer_id AND c.last_by = 'person';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION nexapp_recount_conversation(org uuid, consumer uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public AS $$
    UPDATE conversations c SET unread = w.unread, needs_review = w.in_doubt,
        rank = CASE WHEN w.in_doubt THEN 2 WHEN w.unread > 0 THEN 1 ELSE 0 END
    FROM (
        SELECT count(*) AS unread, coalesce(bool_or(handled_as = 'stop'), false) AS in_doubt
        FROM inbound_messages
        WHERE org_id = org AND consumer_id = consumer AND needs_review
    ) w
    WHERE c.org_id = org AND c.consumer_id = consumer
$$;
REVOKE ALL ON FUNCTION nexapp_note_inbound() FROM PUBLIC;
REVOKE ALL ON FUNCTION nexapp_recount_conversation(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nexapp_recount_conversation(uuid, uuid) TO nexapp_tenant, nexapp_system;
CREATE TRIGGER inbound_messages_noted AFTER INSERT OR UPDATE OF needs_review, handled_as, org_id ON inbound_messages
    FOR EACH ROW WHEN (NEW.consumer_id IS NOT NULL)
    EXECUTE FUNCTION nexapp_note_inbound();

-- A wish to stop that was read from free words, and wrongly, is lifted by the business it was written to: only the
-- opt-out that this very text made, or one misread before it, and only where every other wish to stop since was misread.
CREATE FUNCTION nexapp_lift_misread_stop(wanted uuid) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH lifted AS (
        UPDATE consumers c SET opted_out_at = NULL, opt_out_source = NULL
        FROM inbound_messages i
        WHERE i.id = wanted AND i.org_id = nullif(current_setting('app.org_id', true), '')::uuid
          AND i.handled_as = 'stop' AND i.needs_review AND c.id = i.consumer_id
          AND c.opt_out_source = 'reply in words'
          AND EXISTS (
              SELECT FROM inbound_messages f
              WHERE f.from_phone = i.from_phone AND f.created_at = c.opted_out_at
                AND (f.id = i.id OR f.review = 'misread')
          )
          AND NOT EXISTS (
              SELECT FROM inbound_messages l
              WHERE l.from_phone = i.from_phone AND l.created_at > c.opted_out_at AND l.handled_as = 'stop'
                AND l.id <> i.id AND l.review IS DISTINCT FROM 'misread'
          )
        RETURNING c.id
    )
    SELECT EXISTS (SELECT FROM lifted)
$$;
