"""Programs that run and end: with which environment, and what an interrupt does to them."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from .output import fail
from .places import ROOT

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def clean_environment():
    """Ours, without what would point PostgreSQL's tools or the service at some other database."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PG", "DATABASE_URL"))}


def server_environment():
    """The least there is: a server's messages, sorting and time zone do not depend on who starts it."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


def run(command, **options):
    """Runs a short program and answers its output; shows the output only if it fails."""
    options = {"env": clean_environment(), **options}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        fail(f"{Path(command[0]).name} {command[1]} failed (exit code {done.returncode}):\n{done.stdout.strip()}")
    return done.stdout


def run_through(command, environment=None, capture=False):
    """Runs a long program whose output the user watches; answers its exit code and, if captured, its stdout.

    It has a process group of its own, so that whatever interrupts us ends all that it started too.
    """
    child = subprocess.Popen(command, cwd=ROOT, env=environment or clean_environment(), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if capture else None,
                             start_new_session=True)
    try:
        output, _ = child.communicate()
        return child.returncode, output
    except BaseException:
        with undisturbed(), contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(10)
            os.killpg(child.pid, signal.SIGKILL)
        raise


def works(command, stdin=""):
    try:
        return subprocess.run(command, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                              env=clean_environment()).returncode == 0
    except OSError:
        return False


def command_line(pid):
    """The command line of a running process, arguments parted by blanks; empty when there is none."""
    if not Path("/proc/self/cmdline").exists():
        shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], stdout=subprocess.PIPE, text=True)
        return shown.stdout.strip()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def interrupt(_number, _frame):
    """The first signal ends whatever is going on, by way of the `finally`s that stop it; a second one would only
    get in their way."""
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def undisturbed():
    """Holds off interrupts while things are being stopped anyway."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
