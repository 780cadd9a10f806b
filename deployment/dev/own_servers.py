"""The developer's own PostgreSQL and Redis in their place, where these are named."""

import functools
import os
import urllib.parse

from .output import fail, say
from .places import LOGINS, OWN_TEST_DATABASE, SUPERUSER
from .servers import psql, redis_answers, roles_script

# Where DATABASE_URL_SETUP is set, a superuser's address of an empty database, these are set too, one for each
# login; deployment/roles.sql gives the logins the passwords that stand in their addresses.
OWN_URLS = {SUPERUSER: "DATABASE_URL_SETUP", "owner": "DATABASE_URL_OWNER", "app": "DATABASE_URL",
            "worker": "DATABASE_URL_WORKER", "platform": "DATABASE_URL_PLATFORM"}


@functools.lru_cache(maxsize=None)
def own_servers():
    """{login: address}, with that of the superuser and of Redis; empty where ./dev brings the servers."""
    if not os.environ.get("DATABASE_URL_SETUP"):
        return {}
    urls = {login: os.environ.get(name, "") for login, name in {**OWN_URLS, "redis": "REDIS_URL"}.items()}
    faults = [fault_of(login, urls) for login in OWN_URLS] + ([] if urls["redis"] else ["REDIS_URL is not set"])
    if any(faults):
        fail("DATABASE_URL_SETUP asks for servers of your own, but\n" +
             "\n".join(f"    {fault}" for fault in faults if fault))
    return urls


def fault_of(login, urls):
    """What is wrong with the address of a login, in words; None if nothing is."""
    name, url = OWN_URLS[login], urls[login]
    if not url:
        return f"{name} is not set"
    try:
        there = parts_of(url)
    except ValueError as fault:
        return f"{name} is no postgresql://user:password@host:port/database: {fault}"
    missing = [part for part, value in there.items() if not value]
    if missing:
        return f"{name} names no {' and no '.join(missing)}"
    if login in LOGINS and there["user"] != f"countinghouse_{login}":
        return f"{name} is for the login countinghouse_{login}, not for {there['user']}"
    if login in LOGINS and urls[SUPERUSER] and place_of(url) != place_of(urls[SUPERUSER]):
        return f"{name} leads to {place_of(url)}, but DATABASE_URL_SETUP to {place_of(urls[SUPERUSER])}"
    return None


def parts_of(url):
    """{host, port, user, password, database} of a PostgreSQL URL, whose host may be a socket's folder."""
    parts, unquote = urllib.parse.urlsplit(url), urllib.parse.unquote
    options = dict(urllib.parse.parse_qsl(parts.query))
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"it begins with {parts.scheme or 'nothing'}")
    if not set(options) <= {"host", "port"}:
        raise ValueError(f"{', '.join(options)}: no options but host and port are known here")
    return {"host": options.get("host") or unquote(parts.hostname or ""),
            "port": int(options.get("port") or parts.port or 5432),
            "user": unquote(parts.username or ""), "password": unquote(parts.password or ""),
            "database": unquote(parts.path.lstrip("/"))}


def place_of(url):
    """Where a database is, whoever goes there."""
    try:
        there = parts_of(url)
    except ValueError:
        return "nowhere"
    return f"{there['host']}:{there['port']}/{there['database']}"


def as_setup(database=None):
    """The variables that make psql their superuser."""
    there = parts_of(own_servers()[SUPERUSER])
    return {"PGHOST": there["host"], "PGPORT": str(there["port"]), "PGUSER": there["user"],
            "PGPASSWORD": there["password"], "PGDATABASE": database or there["database"]}


UNFIT = """
select 'PostgreSQL there is ' || current_setting('server_version') || ', and has to be 16 or newer'
where current_setting('server_version_num')::int < 160000
union all
select 'the login ' || current_user || ' is no superuser, who has to make the others'
where not (select rolsuper from pg_roles where rolname = current_user)
union all
select 'there is no pgvector, which is a package of its own'
where not exists (select from pg_available_extensions where name = 'vector')
union all
select 'the encoding is ' || current_setting('server_encoding') || ', and has to be UTF8'
where current_setting('server_encoding') <> 'UTF8';
"""


def check_own_servers():
    """Refuses servers that will not do, with all the reasons."""
    say(f"Using your servers: PostgreSQL at {place_of(own_servers()[SUPERUSER])}")
    unfit = psql(as_setup(), UNFIT).splitlines()
    if not redis_answers(own_servers()["redis"]):
        unfit.append("nobody answers at REDIS_URL, or not to its password")
    if unfit:
        fail("your servers will not do:\n" + "\n".join(f"    {reason}" for reason in unfit))


def has_own_data():
    """Whether somebody has migrated the database already."""
    return psql(as_setup(), "select to_regclass('public.tenants');").strip() != ""


def set_up_own_servers(database=None):
    """Makes the logins and extensions, in this database."""
    psql(as_setup(database), roles_script({login: parts_of(own_servers()[login])["password"] for login in LOGINS}))


def make_own_test_database():
    """Sorted by code point, as all others, whatever is usual on the server."""
    drop_own_test_databases()
    psql(as_setup(), f"create database {OWN_TEST_DATABASE} template template0 encoding 'UTF8' "
                     "locale_provider libc lc_collate 'C' lc_ctype 'C.UTF-8';")
    set_up_own_servers(OWN_TEST_DATABASE)


def drop_own_test_databases():
    """That one, and those of the tests, whose names begin with its name."""
    pattern = OWN_TEST_DATABASE.replace("_", "\\_")
    psql(as_setup(), "select format('drop database if exists %I with (force)', datname) from pg_database\n"
                     f"where datname like '{pattern}%' \\gexec\n")
