DROP FUNCTION job_figures(timestamptz);
DROP INDEX jobs_dead;
