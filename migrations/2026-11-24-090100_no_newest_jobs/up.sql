-- Nobody lists jobs yet, and each change of a job was written here too.
DROP INDEX CONCURRENTLY jobs_newest;
