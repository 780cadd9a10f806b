-- Files of a later generation than the first are not found afterwards, and those that are leaving stay in the store.
ALTER TABLE product_images
    DROP CONSTRAINT product_images_original_fkey,
    DROP CONSTRAINT product_images_display_fkey,
    DROP COLUMN original_generation,
    DROP COLUMN display_generation,
    ADD CONSTRAINT product_images_original_fkey
        FOREIGN KEY (tenant_id, original_sha256) REFERENCES image_files (tenant_id, sha256),
    ADD CONSTRAINT product_images_display_fkey
        FOREIGN KEY (tenant_id, display_sha256) REFERENCES image_files (tenant_id, sha256);
DROP TRIGGER image_files_generation ON image_files;
DROP FUNCTION give_image_file_generation();
DROP TABLE image_files_leaving;
ALTER TABLE image_files DROP CONSTRAINT image_files_generation_key, DROP COLUMN generation;
