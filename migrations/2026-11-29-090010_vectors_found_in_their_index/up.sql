-- It is the primary key from now on; the one before it held the same without what is searched for.
ALTER TABLE image_vectors DROP CONSTRAINT image_vectors_pkey,
    ADD CONSTRAINT image_vectors_pkey PRIMARY KEY USING INDEX image_vectors_searched;
