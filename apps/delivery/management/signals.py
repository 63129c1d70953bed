"""Ending a command in order: the first signal asks it to stop, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM, Ctrl-C and, on Windows, Ctrl-Break set."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():  # pragma: no cover - the process ends here: its test has one to spare
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)
    return stop
