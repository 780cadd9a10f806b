"""Servers that run on: how they are noted, started and stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from .output import fail, say, tail
from .places import log_file, read_json, socket_folder, state_folder, write_json
from .programs import command_line, undisturbed
from .rights import data_folder


def alive(process):
    """Whether a process that was noted as {pid, command} still runs.

    The command is compared because a pid alone may belong to somebody else by now: the note outlives a
    kill -9 and a reboot.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process["pid"], os.WNOHANG)  # a child of ours that has ended is gone only after this
    return process["command"] in command_line(process["pid"])


# What runs is noted in run.json: {processes: {name: {pid, command}}, supervisor: {pid, command}, started_by,
# detached, url, port}. The supervisor is the ./dev that holds the lock.


def note_of(which):
    return read_json(state_folder(which) / "run.json")


def note(which, **changes):
    write_json(state_folder(which) / "run.json", {**note_of(which), **changes})


def start_process(which, name, command, **options):
    """Starts a server in a session of its own: the terminal's Ctrl-C reaches only us, and we stop things in order."""
    log = log_file(which, name)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with open(log, "wb") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                 start_new_session=True, **options)
    process = {"pid": child.pid, "command": " ".join(map(str, command))}
    note(which, processes={**note_of(which).get("processes", {}), name: process})


def wait_until_ready(which, name, ready, seconds):
    process, deadline = note_of(which)["processes"][name], time.monotonic() + seconds
    while not ready():
        if not alive(process):
            fail(f"{name} ended while starting. The end of {log_file(which, name)}:\n{tail(log_file(which, name))}")
        if time.monotonic() > deadline:
            fail(f"{name} is not ready after {seconds} s. The end of {log_file(which, name)}:\n"
                 f"{tail(log_file(which, name))}")
        time.sleep(0.05)


# In the order of stopping: the signal that asks, how long it has, the signal that does not ask. SIGINT is
# PostgreSQL's fast shutdown (open transactions are rolled back), SIGQUIT its immediate one.
STOPPING = {
    "api": (signal.SIGTERM, 30, signal.SIGKILL),
    "mock-erp": (signal.SIGTERM, 5, signal.SIGKILL),
    "valkey": (signal.SIGTERM, 10, signal.SIGKILL),
    "postgres": (signal.SIGINT, 60, signal.SIGQUIT),
}


def stop_process(name, process):
    asks, patience, insists = STOPPING[name]
    for number, seconds in ((asks, patience), (insists, 10)):
        if alive(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process["pid"], number)
        deadline = time.monotonic() + seconds
        while alive(process) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not alive(process):
            return
        say(f"{name} did not stop within {seconds} s")
    fail(f"{name} (process {process['pid']}) cannot be stopped")


def stop_all(which):
    """Stops what runs, also what a killed ./dev left behind, and answers whether there was anything."""
    with undisturbed():
        processes = {**note_of(which).get("processes", {}), **stray_postgres(which)}
        left = {name: processes[name] for name in STOPPING if name in processes and alive(processes[name])}
        if left:
            say(f"Stopping {', '.join(left)}")
        for name, process in left.items():
            stop_process(name, process)
        remove_misleading_pid_file(which)
        shutil.rmtree(socket_folder(which), ignore_errors=True)
        if which == "test":
            shutil.rmtree(data_folder(which), ignore_errors=True)  # some gigabytes, and of use to nobody
        note(which, processes={}, supervisor=None, detached=False)
        return bool(left)


def stray_postgres(which):
    """The server that PostgreSQL's own pid file names, in case that it was not noted."""
    data = data_folder(which) / "postgres"
    with contextlib.suppress(OSError, ValueError, IndexError):
        return {"postgres": {"pid": int((data / "postmaster.pid").read_text().split()[0]), "command": f"-D {data} "}}
    return {}


def remove_misleading_pid_file(which):
    """PostgreSQL refuses to start while there is a process with the pid in its file, be it another program's after a
    reboot, or that of a killed server which nobody waited for.

    Otherwise the file stays: PostgreSQL finds out by it whether children of a killed server are still at work.
    """
    for server in stray_postgres(which).values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(server["pid"], 0)
            if not alive(server):
                (data_folder(which) / "postgres/postmaster.pid").unlink()
