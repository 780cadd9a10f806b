DROP FUNCTION plant_image_jobs(text, timestamptz, timestamptz);
DROP TABLE image_indexes;
DROP TABLE image_vectors;
DROP TABLE product_images;
DROP TABLE image_files;
DELETE FROM jobs WHERE kind IN ('embed_image', 'embed_images_anew', 'collect_image_files');
DELETE FROM schedules WHERE kind = 'collect_image_files';
