CREATE TABLE team_invitations (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'manager', 'staff', 'viewer', 'owner')),
    phone text,
    email text,
    staff_member_id uuid,
    invited_by uuid REFERENCES users ON DELETE SET NULL,
    sends integer NOT NULL DEFAULT 0,
    sent_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users ON DELETE SET NULL,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, id),
    CHECK ((phone IS NULL) <> (email IS NULL)),
    FOREIGN KEY (org_id, staff_member_id) REFERENCES staff_members (org_id, id)
);
-- One that waits for an answer to each number and address.
CREATE UNIQUE INDEX team_invitations_phone ON team_invitations (org_id, phone)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX team_invitations_email ON team_invitations (org_id, lower(email))
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX team_invitations_to_phone ON team_invitations (phone, sent_at);
CREATE INDEX team_invitations_to_email ON team_invitations (lower(email), sent_at);

CREATE TABLE email_links (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'verify_email')),
    email text NOT NULL,
    user_id uuid REFERENCES users ON DELETE CASCADE,
    next text,
    ip text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (purpose <> 'verify_email' OR user_id IS NOT NULL)
);
CREATE INDEX email_links_email ON email_links (lower(email), created_at);
CREATE INDEX email_links_ip ON email_links (ip, created_at);
CREATE INDEX email_links_expiry ON email_links (expires_at);

-- The key of the codes is made from the installation's secret and the nonce: the table alone opens nothing.
CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    nonce bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recovery_codes (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, code_hash)
);

ALTER TABLE user_sessions ADD COLUMN second_factor_at timestamptz;

ALTER TABLE messages
    ADD COLUMN to_email text,
    ADD COLUMN subject text CHECK (length(subject) <= 200),
    ADD COLUMN html text,
    ADD CHECK ((channel = 'email') = (to_email IS NOT NULL));
CREATE INDEX messages_emails ON messages (send_at) WHERE channel = 'email' AND status IN ('queued', 'sending');

-- Who left a business, or was taken out, sees no more of it than a stranger.
DROP POLICY tenant_mine ON memberships;
CREATE POLICY tenant_mine ON memberships FOR SELECT TO nexapp_tenant USING (
    user_id = nullif(current_setting('app.user_id', true), '')::uuid AND deactivated_at IS NULL
);
DROP POLICY tenant_read ON organizations;
CREATE POLICY tenant_read ON organizations FOR SELECT TO nexapp_tenant USING (
    id = nullif(current_setting('app.org_id', true), '')::uuid
    OR id IN (
        SELECT m.org_id FROM memberships m
        WHERE m.user_id = nullif(current_setting('app.user_id', true), '')::uuid AND m.deactivated_at IS NULL
    )
);

-- A platform admin is one only in a session that passed the second factor.
DROP FUNCTION nexapp_session(bytea);
CREATE FUNCTION nexapp_session(wanted bytea)
RETURNS TABLE (
    session_id uuid, user_id uuid, org_id uuid, role text, is_platform_admin boolean, last_seen_at timestamptz,
    org_kind text, lacks_second_factor boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.id, s.user_id, m.org_id, m.role, u.is_platform_admin AND s.second_factor_at IS NOT NULL,
        s.last_seen_at, o.kind, u.is_platform_admin AND s.second_factor_at IS NULL
    FROM user_sessions s
    JOIN users u ON u.id = s.user_id AND u.deactivated_at IS NULL
    LEFT JOIN memberships m
        JOIN organizations o ON o.id = m.org_id AND o.suspended_at IS NULL
        ON m.user_id = s.user_id AND m.org_id = s.org_id AND m.deactivated_at IS NULL
    WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > now()
$$;

-- All that the page of an invitation shows, and whether the person who looks is the one who was invited.
CREATE FUNCTION nexapp_team_invitation(wanted bytea, reader uuid)
RETURNS TABLE (
    org_id uuid, invitation_id uuid, role text, phone text, email text, business text, inviter text,
    is_live boolean, was_accepted boolean, is_readers boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT i.org_id, i.id, i.role, i.phone, i.email, o.name, coalesce(w.name, ''),
        i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now() AND o.suspended_at IS NULL,
        i.accepted_at IS NOT NULL,
        coalesce(r.phone = i.phone OR lower(r.email) = lower(i.email), false)
    FROM team_invitations i
    JOIN organizations o ON o.id = i.org_id
    LEFT JOIN users w ON w.id = i.invited_by
    LEFT JOIN users r ON r.id = reader AND r.deactivated_at IS NULL
    WHERE i.token_hash = wanted
$$;

-- How many invitations a number or an address got in a day from all businesses: nobody's is flooded by many of them.
CREATE FUNCTION nexapp_team_invitation_load(for_phone text, for_email text) RETURNS TABLE (sends bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(sum(greatest(i.sends, 1)), 0) FROM team_invitations i
    WHERE (i.phone = for_phone OR lower(i.email) = lower(for_email)) AND i.sent_at > now() - interval '1 day'
$$;

-- How many links that nobody opened went to an address lately, and how many were asked for from one place.
CREATE FUNCTION nexapp_email_load(for_email text, for_ip text)
RETURNS TABLE (by_email bigint, by_ip bigint, first_at timestamptz, last_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT e.count, i.count, e.first_at, e.last_at
    FROM (
        SELECT count(*), min(created_at) AS first_at, max(created_at) AS last_at FROM email_links
        WHERE lower(email) = lower(for_email) AND created_at > now() - interval '1 hour' AND used_at IS NULL
    ) e, (
        SELECT count(*) FROM email_links
        WHERE ip = for_ip AND created_at > now() - interval '1 hour' AND used_at IS NULL
    ) i
$$;

-- A business sees the opt-outs of its own people only; who is invited into a team is none of them yet.
CREATE FUNCTION nexapp_opted_out(for_phone text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM consumers WHERE phone = for_phone AND opted_out_at IS NOT NULL)
$$;
