DROP TABLE quiet_spells, weekly_reports, daily_top_prospects, local_runs;
DROP INDEX background_jobs_names, background_jobs_failed, background_jobs_runs;
ALTER TABLE background_jobs DROP COLUMN progress;
