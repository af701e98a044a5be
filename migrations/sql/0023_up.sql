-- Addresses that an organisation wrote letters to. The link in each letter names the row, and with it its owner may stop
-- them: only whoever has the link writes or clears `stopped_at`.
CREATE TABLE letter_addresses (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    stopped_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, email)
);
