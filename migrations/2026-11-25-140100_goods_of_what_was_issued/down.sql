-- The column itself goes with the migration before.
SELECT;
