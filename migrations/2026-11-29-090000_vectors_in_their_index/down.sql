DROP INDEX CONCURRENTLY image_vectors_searched;
