"""A long program that may hang: what it was doing then is shown, and it is ended."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from .output import say
from .places import ROOT
from .programs import clean_environment, command_line, undisturbed

# What says nothing for so long does not go on any more, on the busiest machine.
PATIENCE = 15 * 60


def run_watched(command, environment, more):
    """Runs a program whose output the user watches, and answers its exit code. Once it has been silent for too
    long, it shows what runs, and what `more` has to say, and ends it."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment or clean_environment(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, start_new_session=True)
    heard = Heard(child.stdout)
    try:
        while heard.goes_on(1):
            if heard.silent_for() > PATIENCE:
                say(f"\nNothing was said for {PATIENCE // 60} minutes. What runs:\n{processes_of(child.pid)}\n{more()}")
                end(child)
                return 1
        return child.wait()
    except BaseException:
        end(child)
        raise


class Heard:
    """Passes on what a program says, as it comes."""

    def __init__(self, pipe):
        self.last = time.monotonic()
        self.thread = threading.Thread(target=self.listen, args=(pipe,), daemon=True)
        self.thread.start()

    def listen(self, pipe):
        while True:
            part = os.read(pipe.fileno(), 65536)
            if not part:
                return
            self.last = time.monotonic()
            with contextlib.suppress(OSError):
                os.write(1, part)

    def goes_on(self, seconds):
        self.thread.join(seconds)
        return self.thread.is_alive()

    def silent_for(self):
        return time.monotonic() - self.last


def end(child):
    with undisturbed(), contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        os.killpg(child.pid, signal.SIGKILL)


def processes_of(session):
    """The processes of a session, each with its threads: the tests name theirs for what they test."""
    lines = []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(folder.name)) == session:
                threads = sorted({task.read_text().strip() for task in folder.glob("task/*/comm")})
                lines.append(f"    {folder.name} {command_line(folder.name).strip()[:200]}: {', '.join(threads)}")
    return "\n".join(lines) or "    (this system does not tell)"
