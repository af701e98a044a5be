-- Keys of the API. A personal key acts as the member who made it, with the role they have at the time; a service key acts
-- for the organisation. One without an organisation is for running the installation. The row keeps the key's SHA-256.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    user_id uuid,
    kind text NOT NULL CHECK (kind IN ('personal', 'service')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    hint text NOT NULL CHECK (length(hint) <= 20),
    key_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_by uuid,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'personal') = (user_id IS NOT NULL)),
    CHECK (org_id IS NOT NULL OR kind = 'service'),
    FOREIGN KEY (org_id, user_id) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE
);
CREATE INDEX api_keys_org ON api_keys (org_id, id) WHERE revoked_at IS NULL;

CREATE TABLE api_replays (
    caller_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) <= 200),
    org_id uuid REFERENCES organizations ON DELETE CASCADE,
    fingerprint bytea NOT NULL,
    status integer,
    body jsonb,
    at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller_id, key)
);
CREATE INDEX api_replays_age ON api_replays (at);

-- Whose key it is, as long as it is good for anything.
CREATE FUNCTION nexapp_api_key(wanted bytea)
RETURNS TABLE (key_id uuid, org_id uuid, org_kind text, user_id uuid, role text, scopes text[], last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT k.id, k.org_id, o.kind, k.user_id, coalesce(m.role, CASE WHEN k.org_id IS NULL THEN 'system' ELSE 'manager' END),
        k.scopes, k.last_used_at
    FROM api_keys k
    LEFT JOIN organizations o ON o.id = k.org_id
    LEFT JOIN memberships m
        JOIN users u ON u.id = m.user_id AND u.deactivated_at IS NULL
        ON m.org_id = k.org_id AND m.user_id = k.user_id AND m.deactivated_at IS NULL
    WHERE k.key_hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND o.suspended_at IS NULL AND (k.user_id IS NULL OR m.user_id IS NOT NULL)
$$;
