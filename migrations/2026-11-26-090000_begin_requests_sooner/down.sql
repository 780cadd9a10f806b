CREATE OR REPLACE FUNCTION begin_session(wanted_tenant uuid, wanted_session uuid, user_rights bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT s.ended_at, s.expires_at, u.disabled, u.rights_version AS user_rights, t.status, t.rights_version AS tenant_rights
        INTO seen
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        JOIN tenants t ON t.id = s.tenant_id
        WHERE s.tenant_id = wanted_tenant AND s.id = wanted_session;
    reason := CASE
        WHEN NOT FOUND OR seen.ended_at IS NOT NULL OR seen.expires_at <= at OR seen.disabled THEN 'session_ended'
        WHEN seen.status <> 'active' THEN 'client_suspended'
        WHEN seen.user_rights <> user_rights OR seen.tenant_rights <> tenant_rights THEN 'rights_changed'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the request may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION begin_api_key(wanted_tenant uuid, wanted_key uuid, user_rights bigint, tenant_rights bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    reason text;
BEGIN
    PERFORM set_config('app.tenant_id', wanted_tenant::text, true);
    SELECT k.revoked_at, k.expires_at, u.disabled, u.rights_version AS user_rights, t.status, t.rights_version AS tenant_rights
        INTO seen
        FROM api_keys k
        JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.created_by
        JOIN tenants t ON t.id = k.tenant_id
        WHERE k.tenant_id = wanted_tenant AND k.id = wanted_key;
    reason := CASE
        WHEN NOT FOUND OR seen.revoked_at IS NOT NULL OR seen.expires_at <= at OR seen.disabled THEN 'api_key_ended'
        WHEN seen.status <> 'active' THEN 'client_suspended'
        WHEN seen.user_rights <> user_rights OR seen.tenant_rights <> tenant_rights THEN 'rights_changed'
    END;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'CH001', MESSAGE = 'the request may not go on: ' || reason, CONSTRAINT = reason;
    END IF;
END
$$;
