"""Ending a command in order: the first signal asks it to stop, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM, Ctrl-C and, on Windows, Ctrl-Break set.

    Others may set it as well: a parent that leaves does, and systemd signals parent and child.
    """
    stop = threading.Event()
    signalled = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if signalled.is_set():  # pragma: no cover - the process ends here: its test has one
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        signalled.set()
        stop.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)
    return stop
