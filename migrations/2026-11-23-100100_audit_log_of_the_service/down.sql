DROP INDEX audit_log_of_service;
