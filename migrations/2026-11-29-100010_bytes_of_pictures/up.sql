-- What a client's files take is added up from this alone: rows of files are in the order of nothing, and those of one
-- client lie all over the table.
CREATE INDEX CONCURRENTLY image_files_bytes_of_client ON image_files (tenant_id) INCLUDE (bytes);
