-- The database logins, their limits, and the extensions: all that needs a superuser, and all that
-- must be there before `countinghouse migrate` runs. It may be run again at any time: it changes what
-- differs, and sets the passwords to the ones given.
--
-- ./dev runs it on the databases it makes. On one's own server (PostgreSQL 16 or newer with pgvector
-- 0.7 or newer), make the database, then run this in it as its superuser:
--
--     createdb countinghouse
--     psql -X -d countinghouse -f deployment/roles.sql \
--         -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" \
--         -v worker_password="$WORKER_PASSWORD" -v platform_password="$PLATFORM_PASSWORD"
--
-- Roles belong to the whole server, grants to one database: a further database on the same server
-- (a staging one, a clone made with TEMPLATE) needs its own run for the grants.
--
-- Statements are made by format() and run by \gexec, because psql's variables do not reach into DO
-- blocks. All of it is one transaction: it happens whole or not at all.

\set ON_ERROR_STOP on
set client_min_messages = warning;
begin;

-- Who there is ---------------------------------------------------------------------------------------
-- One login for each kind of work, so that a hole in one does not open the others:
--   owner     owns tables and runs migrations; the running service never has its password
--   app       a tenant's requests, under row-level security
--   worker    jobs and deliveries of all tenants, one tenant at a time for the rest
--   platform  the superadmins' requests
-- and search, which nobody can log in as: it owns the text-search functions, so that these may read a
-- text index that row-level security would switch off, and may do nothing else.

create temporary table wanted on commit drop as
select 'countinghouse_' || name as role, password
from (values
    ('owner', :'owner_password'),
    ('app', :'app_password'),
    ('worker', :'worker_password'),
    ('platform', :'platform_password'),
    ('search', null)
) as logins (name, password);

select format('create role %I', role)
from wanted
where not exists (select from pg_roles where rolname = role)
\gexec

-- No rights beyond what is granted by name: no way round row-level security, no making of roles.
-- Only what differs is altered, since these attributes take a real superuser to name at all.
select format(
    'alter role %I nosuperuser nocreatedb nocreaterole noreplication nobypassrls noinherit', role)
from wanted join pg_roles on rolname = role
where rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls or rolinherit
\gexec

select case when password is null
    then format('alter role %I nologin password null', role)
    else format('alter role %I login password %L', role, password)
end
from wanted
\gexec

-- None is a member of another: a member gets the other's row-level policies too.
select format('revoke %I from %I', granted.rolname, member.rolname)
from pg_auth_members
join pg_roles as granted on granted.oid = roleid
join pg_roles as member on member.oid = pg_auth_members.member
where granted.rolname in (select role from wanted) and member.rolname in (select role from wanted)
\gexec

-- But the owner hands the text-search functions over to search, and for that may act as it. What search
-- may see, the owner does not inherit.
grant countinghouse_search to countinghouse_owner with inherit false, set true;

-- Limits ---------------------------------------------------------------------------------------------
-- They stand at the role, so that they hold for every connection, also one made by hand.

select format('alter role %I set %I = %L', 'countinghouse_' || login, setting, value)
from (values
    -- A client that is lost or stuck inside a transaction must not go on holding its row locks. A
    -- request's transaction makes no network call, so it is never idle for long.
    ('app', 'idle_in_transaction_session_timeout', '10s'),
    ('platform', 'idle_in_transaction_session_timeout', '10s'),
    ('worker', 'idle_in_transaction_session_timeout', '60s'),
    ('owner', 'idle_in_transaction_session_timeout', '10min'),

    -- Nobody waits longer for an answer; a runaway query must not keep a connection of the pool. Jobs
    -- may take their time, and a migration that rewrites a table takes as long as it takes.
    ('app', 'statement_timeout', '15s'),
    ('platform', 'statement_timeout', '15s'),
    ('worker', 'statement_timeout', '10min'),
    ('owner', 'statement_timeout', '0'),

    -- Waiting in line for a lock ends before the request does, with an error that says what it was. A
    -- migration that waits for a table makes everybody behind it wait: better that it fails.
    ('app', 'lock_timeout', '5s'),
    ('platform', 'lock_timeout', '5s'),
    ('worker', 'lock_timeout', '30s'),
    ('owner', 'lock_timeout', '10s'),

    -- Dates are a client's own, and the service computes them; the server's zone must not leak in.
    -- The service tells a time-out and a deadlock by PostgreSQL's own words.
    ('app', 'lc_messages', 'C'),
    ('platform', 'lc_messages', 'C'),
    ('worker', 'lc_messages', 'C'),
    ('owner', 'lc_messages', 'C'),
    ('app', 'timezone', 'UTC'),
    ('platform', 'timezone', 'UTC'),
    ('worker', 'timezone', 'UTC'),
    ('owner', 'timezone', 'UTC')
) as limits (login, setting, value)
\gexec

-- What they may do in this database ------------------------------------------------------------------
-- They connect, nobody else does. No one gets TEMPORARY: a temporary table or function is found before
-- the real one of the same name. Tables are granted by the migrations that make them.

select format('revoke all on database %I from public', current_database())
\gexec
select format('revoke all on database %I from %I', current_database(), role)
from wanted
\gexec
select format('grant connect on database %I to %I', current_database(), role)
from wanted
where password is not null
\gexec

alter schema public owner to countinghouse_owner;
revoke all on schema public from public;
grant usage on schema public
    to countinghouse_app, countinghouse_worker, countinghouse_platform, countinghouse_search;

-- Extensions -----------------------------------------------------------------------------------------
-- vector needs a superuser; the other two stand here to have all of them in one place.

create extension if not exists vector;      -- image search: embeddings and their distances
create extension if not exists pg_trgm;     -- product search with typing errors
create extension if not exists btree_gin;   -- text indexes that begin with tenant_id

commit;
