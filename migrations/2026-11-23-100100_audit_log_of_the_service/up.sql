-- What jobs, superadmins and the operator did is looked for by who they are, and is little among what
-- people and their software do, who do not pay for this index.
CREATE INDEX audit_log_of_service ON audit_log (tenant_id, actor_kind, created_at DESC, id DESC)
    WHERE actor_kind IN ('worker', 'superadmin', 'operator');
