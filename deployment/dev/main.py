"""The command line."""

import argparse
import functools
import os
import shutil
import signal
from pathlib import Path

from .commands import bench, down, fuzz, model, psql_shell, replay, show_totp, test, test_servers, up
from .lint import lint
from .output import fail
from .places import DEV, LOGINS
from .programs import interrupt, INTERRUPTS

# Commands that hand what follows to another program: name, function, arguments, what it does.
HANDING_ON = {
    "test": (test, "[cargo test arguments]",
             "run every test, on a PostgreSQL and a Valkey started for it"),
    "bench": (bench, "[name ...]",
              "measure what the programs in tests/benches do, or those named, and compare with the goals"),
    "psql": (psql_shell, "[login] [psql arguments]",
             f"psql in the running database as {', '.join(LOGINS)}; owner if not said"),
    "replay": (replay, "[--release] [replay arguments]",
               "play the Chinook sample store through the API and check the outcome and the books"),
}


def make_parser():
    layout = functools.partial(argparse.HelpFormatter, max_help_position=20, width=112)
    parser = argparse.ArgumentParser(
        prog="./dev", formatter_class=layout,
        description="Starts, tests and checks Countinghouse. Begin with `./dev up`.",
        epilog="`./dev COMMAND --help` says more about one. How it works stands at the top of the file `dev`.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")

    def add(name, function, text):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(function=function)
        return command

    command = add("up", up, "build and start everything, with a demo client; stays until Ctrl-C")
    command.add_argument("--fresh", action="store_true", help="delete the data first and start over")
    command.add_argument("--release", action="store_true", help="build for speed")
    command.add_argument("--detach", action="store_true", help="return when it is ready; `./dev down` stops it")
    command.add_argument("--port", type=int, metavar="N",
                         help="the API's port (else last time's, 8080, or any free one)")
    add("down", down, "stop what `./dev up` started; the data stays")
    add_handing_on(commands, "test")
    command = add("test-servers", test_servers, "start the servers that the tests need, to run `cargo test` by hand")
    command.add_argument("--detach", action="store_true", help="return when they are ready")
    command.add_argument("--stop", action="store_true", help="stop them")
    add("lint", lint, "check the format, run clippy with warnings as errors, and look at what is depended on")
    add_handing_on(commands, "bench")
    add_handing_on(commands, "psql")
    add_handing_on(commands, "replay")
    command = add("model", model, "write the image model, EfficientNet-Lite0, for a release or for the tests")
    command.add_argument("folder", nargs="?", metavar="FOLDER", help="where to; .dev/models if not said")
    command = add("fuzz", fuzz, "send every operation what the API's document allows, and what it does not")
    command.add_argument("--long", action="store_true", help="1,000 examples an operation in place of 50")
    command.add_argument("tags", nargs="*", metavar="TAG", help="only operations of these tags, with --long; such as users")
    command = add("totp", show_totp, "print the superadmin's present one-time code")
    command.add_argument("secret", nargs="?", metavar="SECRET", help="the code of this secret instead, as an app would")
    add("help", lambda _options: parser.print_help(), "list the commands")
    return parser


def add_handing_on(commands, name):
    _, arguments, text = HANDING_ON[name]
    commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".",
                        usage=f"./dev {name} {arguments}")


def prepare():
    os.umask(0o022)  # the unprivileged user has to be able to read what we unpack; secrets are closed one by one
    if shutil.which("cargo") is None:
        os.environ["PATH"] += f":{Path.home() / '.cargo/bin'}"  # rustup was run, but the shell is older than that
    DEV.mkdir(exist_ok=True)
    if DEV.stat().st_uid != os.geteuid():
        fail(f"{DEV} belongs to user {DEV.stat().st_uid}: run ./dev as that one, or delete the folder")
    for number in INTERRUPTS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, interrupt)


def main(arguments):
    parser = make_parser()
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name in HANDING_ON and rest[:1] not in (["--help"], ["-h"]):
        prepare()
        return HANDING_ON[name][0](rest)
    options = parser.parse_args(arguments or ["help"])
    if name != "help":
        prepare()
    return options.function(options)
