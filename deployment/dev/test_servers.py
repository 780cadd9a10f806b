"""Servers for just the tests."""

import contextlib
import subprocess

from .image_model import image_model_if_possible
from .machine import check_machine
from .output import say
from .own_servers import (
    check_own_servers, drop_own_test_databases, make_own_test_database, own_servers, parts_of
)
from .places import (
    EMBEDDED, LOGINS, OWN_TEST_DATABASE, read_json, socket_folder, state_folder, SUPERUSER, TEST_DATABASE, write_json
)
from .processes import note, note_of
from .programs import clean_environment, undisturbed
from .servers import new_passwords, postgres_program, redis_url, start_servers, TEST_SETTINGS
from .supervision import running, the_only_one


def on_test_servers(command, work):
    """On those that `./dev test-servers` keeps, or else on some for just this command."""
    check_machine(EMBEDDED)
    environment = {**clean_environment(), "COUNTINGHOUSE_TEST_CLUSTER": str(state_folder("test") / "cluster.json")}
    if running("test").get("started_by") == "test-servers":
        say("Using the servers of `./dev test-servers`")
        return work(environment)
    with new_test_servers(command):
        return work(environment)


@contextlib.contextmanager
def new_test_servers(command):
    with the_only_one("test", command):
        start_test_servers()
        try:
            yield
        finally:
            if own_servers() and not note_of("test").get("detached"):
                with undisturbed():
                    drop_own_test_databases()


def what_the_database_does():
    """For whoever asks why a test hangs: transactions that are open, and what they wait for."""
    there = read_json(state_folder("test") / "cluster.json")
    environment = {**clean_environment(), "PGPASSWORD": there["superuser_password"], "PGCONNECT_TIMEOUT": "10"}
    command = [postgres_program("psql"), "-X", "-h", there["host"], "-p", str(there["port"]), "-U", there["superuser"],
               "-d", "postgres", "-c", OPEN_TRANSACTIONS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=environment)
    return done.stdout


OPEN_TRANSACTIONS = """
    SELECT pid, datname, usename, state, wait_event, clock_timestamp() - xact_start AS open, pg_blocking_pids(pid),
           left(query, 100) AS query
    FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start"""


def start_test_servers():
    """A new cluster each time, or one's own, described in cluster.json: from there on the tests make their own
    databases. The image model comes along: tests that need it say so where there is none."""
    image_model_if_possible()
    if own_servers():
        check_own_servers()
        make_own_test_database()
        superuser, database = parts_of(own_servers()[SUPERUSER]), OWN_TEST_DATABASE
        passwords = {login: parts_of(own_servers()[login])["password"] for login in LOGINS}
    else:
        passwords = new_passwords()
        start_servers("test", passwords, TEST_DATABASE, TEST_SETTINGS)
        superuser = {"host": str(socket_folder("test")), "port": 5432, "user": SUPERUSER,
                     "password": passwords[SUPERUSER]}
        database = TEST_DATABASE
    write_json(state_folder("test") / "cluster.json", {
        "host": superuser["host"],
        "port": superuser["port"],
        "superuser": superuser["user"],
        "superuser_password": superuser["password"],
        "passwords": {login: passwords[login] for login in LOGINS},
        "database": database,
        "redis_url": own_servers().get("redis") or redis_url("test"),
        "bin_dir": str(postgres_program("psql").parent),
    })
    note("test", ready=True)
