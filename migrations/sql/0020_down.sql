DROP FUNCTION nexapp_api_key(bytea);
DROP TABLE api_replays, api_keys;
