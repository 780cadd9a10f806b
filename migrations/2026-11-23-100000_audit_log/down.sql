DROP TABLE platform_audit_chain, platform_audit_log;
DROP FUNCTION plant_audit_seals(timestamptz);
DROP TABLE audit_chains, audit_seals, audit_unsealed, audit_log;
DROP FUNCTION queue_audit_entries(), refuse_change(), refuse_early_purge();
DELETE FROM jobs WHERE kind = 'seal_audit';
