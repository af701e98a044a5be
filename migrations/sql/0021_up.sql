-- Insights go with their prospect: each deletion of one looked through all of them.
CREATE INDEX insights_prospect ON insights (org_id, prospect_id) WHERE prospect_id IS NOT NULL;

-- What the console asks of a long ledger: the jobs of one organisation, and those that were taken out.
CREATE INDEX background_jobs_org ON background_jobs (org_id, id) WHERE org_id IS NOT NULL;
CREATE INDEX background_jobs_cancelled ON background_jobs (id) WHERE status = 'cancelled';
