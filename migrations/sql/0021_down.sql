DROP INDEX background_jobs_cancelled;
DROP INDEX background_jobs_org;
DROP INDEX insights_prospect;
