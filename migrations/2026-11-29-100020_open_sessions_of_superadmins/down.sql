DROP INDEX superadmin_sessions_open;
