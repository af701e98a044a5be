-- Texts that came before there were conversations. The owner of the tables sees no tenant's rows; the system does.
SET LOCAL ROLE nexapp_system;
INSERT INTO consumer_profiles (org_id, consumer_id)
SELECT DISTINCT org_id, consumer_id FROM inbound_messages WHERE org_id IS NOT NULL AND consumer_id IS NOT NULL
ON CONFLICT DO NOTHING;
INSERT INTO conversations (org_id, consumer_id, phone, unread, needs_review, last_at, last_body)
SELECT DISTINCT ON (i.org_id, i.consumer_id) i.org_id, i.consumer_id, i.from_phone,
    count(*) FILTER (WHERE i.needs_review) OVER whole,
    coalesce(bool_or(i.needs_review AND i.handled_as = 'stop') OVER whole, false), i.created_at, left(i.body, 200)
FROM inbound_messages i
WHERE i.org_id IS NOT NULL AND i.consumer_id IS NOT NULL
WINDOW whole AS (PARTITION BY i.org_id, i.consumer_id)
ORDER BY i.org_id, i.consumer_id, i.created_at DESC;
UPDATE conversations SET rank = CASE WHEN needs_review THEN 2 ELSE 1 END WHERE unread > 0;
RESET ROLE;
