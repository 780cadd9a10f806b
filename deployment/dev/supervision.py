"""One ./dev at a time cares for a set of servers, from their start to their end."""

import contextlib
import fcntl
import os
import signal
import time

from .output import fail, say, tail
from .places import log_file, state_folder
from .processes import alive, note, note_of, stop_all
from .programs import command_line


@contextlib.contextmanager
def locked(path, wait=False):
    """Holds a lock that ends with us, however we end. Yields whether it was to be had."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def the_only_one(which, started_by):
    """Makes sure that one ./dev at a time starts this set of servers, from a clean state; stops them at the
    end, unless the note says that they are to run on their own."""
    with locked(state_folder(which) / "lock") as free:
        if not free or running(which):
            fail(already_running(which))
        if stop_all(which):
            say("(left over from an earlier run that did not end in order)")
        myself = {"pid": os.getpid(), "command": command_line(os.getpid())}
        note(which, started_by=started_by, supervisor=myself, ready=False, url=None)
        try:
            yield
        finally:
            if not note_of(which).get("detached"):
                stop_all(which)


def running(which):
    """The note of a set of servers that is complete and in somebody's care; else an empty one."""
    found = note_of(which)
    cared_for = found.get("detached") or (found.get("supervisor") and alive(found["supervisor"]))
    complete = found.get("ready") and all(alive(process) for process in found["processes"].values())
    return found if cared_for and complete else {}


def already_running(which):
    found = running(which)
    if which == "test":
        return f"`./dev {note_of(which).get('started_by', 'test')}` is running in this checkout already"
    if not found:
        return f"`./dev {note_of(which).get('started_by', 'up')}` is starting or stopping in this checkout right now"
    return f"already running at {found['url']} (`./dev down` stops it)"


def bring_down(which):
    """Stops what runs, and answers whether anything did. A ./dev that holds the lock is asked to do it: to that one,
    the end of its servers would be a failure."""
    asked = None
    while True:
        with locked(state_folder(which) / "lock") as free:
            if free:
                return stop_all(which) or asked is not None
        supervisor = note_of(which).get("supervisor")
        if supervisor and supervisor != asked and alive(supervisor):
            os.kill(supervisor["pid"], signal.SIGTERM)
            asked = supervisor
        time.sleep(0.1)


def stay(which):
    """Returns when the user wants it to end (0), or when something ended by itself (1)."""
    processes = note_of(which)["processes"]
    try:
        while True:
            for name, process in processes.items():
                if not alive(process):
                    say(f"\n{name} ended by itself. The end of {log_file(which, name)}:\n{tail(log_file(which, name))}")
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
