ALTER TABLE image_vectors DROP CONSTRAINT image_vectors_pkey, ADD PRIMARY KEY (tenant_id, model, image_id);
CREATE UNIQUE INDEX image_vectors_searched ON image_vectors (tenant_id, model, image_id) INCLUDE (product_id, vector);
