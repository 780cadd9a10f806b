"""Whom servers run as, and the folders that they can reach."""

import contextlib
import functools
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from .output import fail, say
from .places import CHECKOUT, DEV
from .programs import run, server_environment


@functools.lru_cache(maxsize=None)
def server_user():
    """Whom PostgreSQL and Valkey run as when we are root, which PostgreSQL refuses to be; else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "countinghouse"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    useradd = shutil.which("useradd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not useradd:
        fail("PostgreSQL does not run as root, and there is no useradd to make a user for it.\n"
             "Run ./dev as an ordinary user.")
    say("Making the system user countinghouse: PostgreSQL does not run as root")
    run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "countinghouse"])
    return pwd.getpwnam("countinghouse")


def dropped_rights():
    """Options of subprocess that make the child the unprivileged user, who may not be able to enter our folder."""
    user = server_user()
    rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    return {"cwd": "/", "env": server_environment(), **rights}


def as_server_user(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **dropped_rights(), **options)


def own_folder(path, mode):
    """Makes a folder where every user can write (/tmp, /var/tmp), and refuses one that somebody else laid there."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    ours = {os.geteuid()} | ({server_user().pw_uid} if server_user() else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        fail(f"{path} is in the way: it is not a folder of this user. Look at it, and remove it.")
    path.chmod(mode)


def server_folder(path):
    """A folder for the servers' own files, closed to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_to_server_user(path)
    return path


def give_to_server_user(path):
    if server_user():
        os.chown(path, server_user().pw_uid, server_user().pw_gid)


@functools.lru_cache(maxsize=None)
def servers_root():
    """The folder that holds the servers and their data: .dev, if the user that runs them gets there."""
    if server_user() is None or as_server_user(["/bin/sh", "-c", 'cd "$1"', "sh", DEV]).returncode == 0:
        return DEV
    elsewhere = Path(f"/var/tmp/countinghouse-{CHECKOUT}")
    own_folder(elsewhere, 0o755)
    return elsewhere


def data_folder(which):
    return servers_root() / ("data" if which == "dev" else "test/data")
