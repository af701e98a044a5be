-- As the system: under FORCE the owner sees no rows, and a backfill changes none.
SET LOCAL ROLE nexapp_system;
-- Letters that wait at this moment get their link, too.
INSERT INTO letter_addresses (id, org_id, email)
SELECT DISTINCT ON (org_id, lower(to_email)) id, org_id, lower(to_email) FROM messages
WHERE channel = 'email' AND subject_kind = 'prospect' AND status = 'queued' AND org_id IS NOT NULL
  AND length(to_email) BETWEEN 3 AND 254
ORDER BY org_id, lower(to_email), id;
RESET ROLE;
