"""Where things lie: in the checkout, under .dev, and in the notes that are kept there."""

import hashlib
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / ".dev"
SECRETS = DEV / "secrets.json"
DEMO = DEV / "demo.json"
UNFINISHED_DEMO = DEV / "demo.unfinished.json"
EMBEDDED = ROOT / "deployment/embedded.txt"
LINTERS = ROOT / "deployment/lint.txt"
SAMPLE_STORE = ROOT / "deployment/replay.txt"
WEIGHTS = ROOT / "deployment/model/weights.txt"
ROLES = ROOT / "deployment/roles.sql"

LOGINS = ("owner", "app", "worker", "platform")
SUPERUSER = "postgres"
DATABASE = "countinghouse"
TEST_DATABASE = "bootstrapped"
CHECKOUT = hashlib.sha256(f"{ROOT} {os.geteuid()}".encode()).hexdigest()[:8]
OWN_TEST_DATABASE = f"countinghouse_test_{CHECKOUT}"


# Two sets of servers can run side by side, and most functions take which: "dev" is that of
# `./dev up`, "test" that of `./dev test`.


def state_folder(which):
    folder = DEV if which == "dev" else DEV / "test"
    folder.mkdir(exist_ok=True)
    return folder


def log_file(which, name):
    folder = state_folder(which) / "log"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.log"


def socket_folder(which):
    """Not under TMPDIR, which is long on some systems and may differ between two terminals."""
    return Path(f"/tmp/countinghouse-{CHECKOUT}-{which}")


def read_json(path):
    return json.loads(path.read_text()) if path.exists() else {}


def write_json(path, value):
    """Replaces the file in one step, and lets nobody else read it: most of them hold passwords."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
    new.replace(path)
