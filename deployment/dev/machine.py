"""What has to be on the machine."""

import os
import platform
import shutil
import sys
import tempfile

from .output import fail
from .packages import is_unpacked, pins
from .programs import works


def check_machine(requirements=None):
    """Names everything that is missing at once, each with the command that gets it."""
    mac = platform.system() == "Darwin"
    if platform.system() not in ("Linux", "Darwin") or platform.machine() not in ("x86_64", "arm64", "aarch64"):
        fail("this runs on Linux and macOS, on 64-bit Intel and ARM (on Windows: in WSL)")
    missing = []
    if not works(["cargo", "--version"]):
        missing.append(("Rust (cargo)", "rustup default stable" if shutil.which("rustup") else
                        "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"))
    if not can_link():
        missing.append(("a C compiler (cc)", "xcode-select --install" if mac else
                        install("build-essential", "gcc")))
    if requirements and not all(is_unpacked(*pin) for pin in pins(requirements)):
        if not works([sys.executable, "-m", "pip", "--version"]):
            missing.append((f"pip for {sys.executable}", f"{sys.executable} -m ensurepip --user" if mac else
                            install("python3-pip", "python3-pip")))
    if missing:
        fail("this is missing on the machine:\n" +
             "\n".join(f"    {what}: get it with\n        {command}" for what, command in missing))


def can_link():
    """A compiler alone does not do: the C library's own files may be a package apart."""
    with tempfile.TemporaryDirectory() as folder:
        return works(["cc", "-x", "c", "-", "-o", f"{folder}/program"], "int main(void) { return 0; }")


def install(debian, others):
    sudo = "" if os.geteuid() == 0 else "sudo "
    for manager, package in (("apt-get", debian), ("dnf", others), ("zypper", others)):
        if shutil.which(manager):
            return f"{sudo}{manager} install {package}"
    return f"your system's package manager ({others})"
