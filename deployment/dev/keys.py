"""Passwords and keys of `./dev up`, which belong to its data."""

import secrets
import shutil
import urllib.parse

from .output import fail
from .own_servers import has_own_data, own_servers, place_of
from .places import (
    DATABASE, DEMO, DEV, read_json, SECRETS, socket_folder, SUPERUSER, UNFINISHED_DEMO, write_json
)
from .rights import data_folder
from .servers import has_cluster, new_passwords


def has_data():
    return has_own_data() if own_servers() else has_cluster("dev")


def forget_everything():
    """Deletes the data, and with it the passwords and keys that are good for nothing else."""
    if not own_servers():
        shutil.rmtree(data_folder("dev"), ignore_errors=True)
    for file in (SECRETS, DEMO, UNFINISHED_DEMO):
        file.unlink(missing_ok=True)


def refuse_to_mix():
    """What is noted of one database is not forgotten for another one."""
    place = place_of(own_servers()[SUPERUSER]) if own_servers() else None
    noted = read_json(SECRETS).get("servers") if SECRETS.exists() else place
    if noted != place:
        ours = "the servers that ./dev brings"
        fail(f"the keys in {SECRETS} belong to {noted or ours}, and not to {place or ours}:\n"
             f"use a checkout for each, or delete {DEV}.")


def kept_secrets():
    """Passwords and keys of `./dev up`: made once, and belonging to the data, whose end is theirs too."""
    if not SECRETS.exists():
        if has_data():
            fail(f"{SECRETS} is gone, and the data cannot be opened without it. "
                 f"{'An empty database' if own_servers() else '`./dev up --fresh`'} starts over.")
        write_json(SECRETS, {
            "servers": place_of(own_servers()[SUPERUSER]) if own_servers() else None,
            "passwords": new_passwords(),
            "jwt_keys": f"dev:{secrets.token_urlsafe(32)}",
            "master_keys": f"dev:{secrets.token_urlsafe(32)}",
        })
    return read_json(SECRETS)


def mock_erp_secrets():
    """What the demo client and the mock ERP know of each other; made later than the others, where those are older."""
    kept = kept_secrets()
    if "mock_erp" not in kept:
        kept["mock_erp"] = {name: secrets.token_urlsafe(24) for name in ("api_key", "hmac_secret")}
        write_json(SECRETS, kept)
    return kept["mock_erp"]


def database_url(login):
    refuse_to_mix()
    if own_servers():
        return own_servers()[login]
    password = urllib.parse.quote(kept_secrets()["passwords"][login], safe="")
    return f"postgresql://countinghouse_{login}:{password}@/{DATABASE}?host={socket_folder('dev')}"
