-- What was posted stays: the journal goes with its own migration.
DROP FUNCTION post_what_lacks_its_entry();
