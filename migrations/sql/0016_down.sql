DROP TRIGGER organizations_stages ON organizations;
DROP FUNCTION nexapp_first_stages();
DROP FUNCTION nexapp_known_prospects(text[], text[]);
DROP FUNCTION nexapp_find_prospects(text, text);
DROP INDEX prospects_words, prospects_trash, prospects_import, prospects_active, prospects_next, prospects_score;
ALTER TABLE prospects DROP COLUMN import_id;
DROP TABLE prospect_import_keys, prospect_import_parts, prospect_imports, prospect_views, prospect_notes, prospect_events;
