-- Pictures of products: what is known of them, what lies in the object store, and the vectors they are found by.

CREATE TABLE image_files (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    sha256 bytea NOT NULL CONSTRAINT image_files_sha256_length CHECK (length(sha256) = 32),
    bytes bigint NOT NULL CONSTRAINT image_files_bytes_bounds CHECK (bytes > 0),
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sha256)
);
COMMENT ON TABLE image_files IS 'Files in the object store, by their content. A row is there before its file and goes after it, so no file is forgotten.';
COMMENT ON COLUMN image_files.touched_at IS 'When somebody last began to put the file there: until their picture is entered, nothing refers to it.';
CALL protect_tenant_table('image_files');
GRANT SELECT, INSERT, UPDATE (touched_at) ON image_files TO countinghouse_app;
GRANT SELECT, UPDATE (touched_at), DELETE ON image_files TO countinghouse_worker;

CREATE TABLE product_images (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT product_images_sha256_length CHECK (length(sha256) = 32),
    bytes bigint NOT NULL CONSTRAINT product_images_bytes_bounds CHECK (bytes BETWEEN 1 AND 10485760),
    format text NOT NULL CONSTRAINT product_images_format_known CHECK (format IN ('jpeg', 'png', 'webp')),
    width integer NOT NULL CONSTRAINT product_images_width_bounds CHECK (width > 0),
    height integer NOT NULL CONSTRAINT product_images_height_bounds CHECK (height > 0),
    original_sha256 bytea NOT NULL,
    display_sha256 bytea NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id),
    CONSTRAINT product_images_original_fkey
        FOREIGN KEY (tenant_id, original_sha256) REFERENCES image_files (tenant_id, sha256),
    CONSTRAINT product_images_display_fkey
        FOREIGN KEY (tenant_id, display_sha256) REFERENCES image_files (tenant_id, sha256),
    CONSTRAINT product_images_once UNIQUE (tenant_id, product_id, sha256)
);
CREATE INDEX product_images_of_product ON product_images (tenant_id, product_id, created_at DESC, id DESC);
CREATE INDEX product_images_by_original ON product_images (tenant_id, original_sha256);
CREATE INDEX product_images_by_display ON product_images (tenant_id, display_sha256);
COMMENT ON TABLE product_images IS 'Pictures of products. One never changes: it is entered and deleted.';
COMMENT ON COLUMN product_images.sha256 IS 'Of the upload as it came, and so is bytes; width and height are as the picture is shown.';
COMMENT ON COLUMN product_images.original_sha256 IS 'The file of the picture without metadata.';
COMMENT ON COLUMN product_images.display_sha256 IS 'The file of the picture as a page shows it: a JPEG, no side longer than 1,024 pixels.';
CALL protect_tenant_table('product_images');
GRANT SELECT, INSERT, DELETE ON product_images TO countinghouse_app;
GRANT SELECT ON product_images TO countinghouse_worker;

CREATE TABLE image_vectors (
    tenant_id uuid NOT NULL,
    model text NOT NULL CONSTRAINT image_vectors_model_length CHECK (length(model) BETWEEN 1 AND 200),
    image_id uuid NOT NULL,
    product_id uuid NOT NULL,
    vector halfvec(256) NOT NULL,
    PRIMARY KEY (tenant_id, model, image_id),
    CONSTRAINT image_vectors_image_fkey
        FOREIGN KEY (tenant_id, image_id) REFERENCES product_images (tenant_id, id) ON DELETE CASCADE
);
-- Read by the thousand for each search: in the row itself.
ALTER TABLE image_vectors ALTER COLUMN vector SET STORAGE PLAIN;
CREATE INDEX image_vectors_of_image ON image_vectors (tenant_id, image_id);
COMMENT ON TABLE image_vectors IS 'What pictures look like, to a model. Searched whole within a client: an index of all clients'' vectors would lose rows of small ones.';
COMMENT ON COLUMN image_vectors.model IS 'Vectors of one model can be compared with each other, and with no others.';
CALL protect_tenant_table('image_vectors');
GRANT SELECT ON image_vectors TO countinghouse_app;
GRANT SELECT, INSERT, DELETE ON image_vectors TO countinghouse_worker;

CREATE TABLE image_indexes (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    model text NOT NULL CONSTRAINT image_indexes_model_length CHECK (length(model) BETWEEN 1 AND 200),
    since timestamptz NOT NULL
);
COMMENT ON TABLE image_indexes IS 'By which model''s vectors a client''s pictures are searched: another''s, only when it has seen all of them.';
CALL protect_tenant_table('image_indexes');
GRANT SELECT ON image_indexes TO countinghouse_app;
GRANT SELECT, INSERT, UPDATE (model, since) ON image_indexes TO countinghouse_worker;

-- Clients whose pictures are searched by another model than the worker's. One row a client: reading them all
-- is nothing. A client that was moved to a model a moment ago stays there, so that two binaries with a model
-- each do not carry it back and forth while one replaces the other.
CREATE FUNCTION plant_image_jobs(wanted text, settled timestamptz, at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH planted AS (
        INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, max_attempts, run_at, created_at)
            SELECT i.tenant_id, gen_random_uuid(), 'embed_images_anew', 1, '{}', 'client', 12, at, at
            FROM image_indexes i WHERE i.model <> wanted AND i.since < settled AND NOT EXISTS (SELECT FROM jobs j
                WHERE j.tenant_id = i.tenant_id AND j.kind = 'embed_images_anew' AND j.state IN ('waiting', 'running'))
            ON CONFLICT DO NOTHING
            RETURNING 1
    )
    SELECT count(*) FROM planted
$$;
COMMENT ON FUNCTION plant_image_jobs IS 'Stores a job for every client whose pictures are searched by another model than this one, and have been for a while; answers how many.';
REVOKE ALL ON FUNCTION plant_image_jobs(text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plant_image_jobs(text, timestamptz, timestamptz) TO countinghouse_worker;
