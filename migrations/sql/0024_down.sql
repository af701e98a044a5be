DROP FUNCTION nexapp_urgent_notices(uuid, integer);
DROP FUNCTION nexapp_newest_notices(uuid, integer);
DROP TYPE nexapp_listed;
DROP FUNCTION nexapp_count_unread(uuid);
