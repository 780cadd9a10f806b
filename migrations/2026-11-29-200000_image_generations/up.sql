-- Files of pictures are taken away with no transaction open. So that nobody takes away what somebody puts there again
-- in that moment, each file has a generation, which its name in the store tells: no name is used twice.
--
-- Copies of the version before know generation 0 alone. What they put there under that name when it was used before is
-- refused to them by the keys of `product_images`, as if its file were gone.

ALTER TABLE image_files
    ADD COLUMN generation bigint NOT NULL DEFAULT 0
        CONSTRAINT image_files_generation_bounds CHECK (generation >= 0),
    ADD CONSTRAINT image_files_generation_key UNIQUE (tenant_id, sha256, generation);
COMMENT ON COLUMN image_files.generation IS 'How many files of this content were taken away before, that are still remembered: the name in the store tells it.';

CREATE TABLE image_files_leaving (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    sha256 bytea NOT NULL CONSTRAINT image_files_leaving_sha256_length CHECK (length(sha256) = 32),
    generation bigint NOT NULL CONSTRAINT image_files_leaving_generation_bounds CHECK (generation >= 0),
    taken boolean NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sha256, generation)
);
CREATE INDEX image_files_leaving_due ON image_files_leaving (tenant_id, due_at, sha256, generation);
COMMENT ON TABLE image_files_leaving IS 'Files that are taken out of the object store, and whose names nobody may use again.';
COMMENT ON COLUMN image_files_leaving.taken IS 'Whether it was taken away once: the second time it is forgotten.';
COMMENT ON COLUMN image_files_leaving.due_at IS 'When it is taken away; again after a while, for somebody may have been putting it there all along.';
CALL protect_tenant_table('image_files_leaving');
GRANT SELECT, INSERT, UPDATE (taken, due_at), DELETE ON image_files_leaving TO countinghouse_worker;

-- After the row is there: an upload may have waited until then for whoever gave up the file before, and this looks
-- anew. Before it, or in the statement that inserts, what was committed meanwhile would not be seen.
CREATE FUNCTION give_image_file_generation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    used bigint;
BEGIN
    SELECT max(l.generation) INTO used FROM image_files_leaving l
        WHERE l.tenant_id = NEW.tenant_id AND l.sha256 = NEW.sha256;
    IF used >= NEW.generation THEN
        UPDATE image_files f SET generation = used + 1 WHERE f.tenant_id = NEW.tenant_id AND f.sha256 = NEW.sha256;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION give_image_file_generation IS 'Gives a file that is put there again a generation, and so a name, that none before it had.';
REVOKE ALL ON FUNCTION give_image_file_generation() FROM PUBLIC;
CREATE TRIGGER image_files_generation AFTER INSERT ON image_files
    FOR EACH ROW EXECUTE FUNCTION give_image_file_generation();

ALTER TABLE product_images
    ADD COLUMN original_generation bigint NOT NULL DEFAULT 0,
    ADD COLUMN display_generation bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT product_images_original_fkey,
    DROP CONSTRAINT product_images_display_fkey,
    ADD CONSTRAINT product_images_original_fkey FOREIGN KEY (tenant_id, original_sha256, original_generation)
        REFERENCES image_files (tenant_id, sha256, generation),
    ADD CONSTRAINT product_images_display_fkey FOREIGN KEY (tenant_id, display_sha256, display_generation)
        REFERENCES image_files (tenant_id, sha256, generation);
COMMENT ON COLUMN product_images.original_generation IS 'Which file of that content it is; that of another generation may not be there.';
COMMENT ON COLUMN product_images.display_generation IS 'As original_generation, of display_sha256.';
