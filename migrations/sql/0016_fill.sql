-- As the system: under FORCE the owner sees no rows, and a backfill changes none.
SET LOCAL ROLE nexapp_system;
UPDATE organizations SET kind = kind WHERE kind = 'sales';
RESET ROLE;
