"""What people read: progress, and faults."""

import contextlib
import sys


def say(text):
    """Progress goes to stderr, so that stdout holds only what was asked for. A closed terminal is no reason
    to leave a stop half done."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def fail(text):
    raise SystemExit(f"./dev: {text}")


def tail(log, lines=25):
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:]) or "    (nothing was written)"
