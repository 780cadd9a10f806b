-- Clients by parts of their names. Superadmins' policy holds for all rows, so it does not switch this off.
CREATE INDEX CONCURRENTLY tenants_by_words ON tenants USING gin (name gin_trgm_ops, slug gin_trgm_ops);
