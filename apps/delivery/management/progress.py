"""The progress of a run: a bar on a terminal, a line per second elsewhere."""

from __future__ import annotations

import threading
import time

from django.core.management.base import OutputWrapper
from django.db import DatabaseError, connection

from apps.mailings.models import Run
from apps.mailings.models.ledger import STATES

_WIDTH = 30


def equation(run: Run) -> str:
    """``audience 1000 = sent 998 + failed 2``: always adds up, zero states left out."""
    parts = [f"{state} {getattr(run, state)}" for state in STATES if getattr(run, state)]
    return f"audience {run.audience} = {' + '.join(parts) or '0'}"


def bar(run: Run) -> str:
    """One line: a bar, how many are settled, the rate and the time that is left."""
    settled = run.audience - run.pending - run.sending
    share = settled / run.audience if run.audience else 0.0
    filled = round(share * _WIDTH)
    line = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {settled}/{run.audience} {share:4.0%}"
    if run.rate:
        left = (run.pending + run.sending) / run.rate
        line += f"  {run.rate:.0f}/s  ETA {int(left) // 60}:{int(left) % 60:02d}"
    return line


class Watching:
    """Prints the run's progress from a thread of its own while the caller sends."""

    def __init__(self, run_id: int, out: OutputWrapper) -> None:
        self._run_id = run_id
        self._out = out
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._print, daemon=True)

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _print(self) -> None:
        terminal = self._out.isatty()
        started = time.monotonic()
        try:
            while not self._over.wait(0.2 if terminal else 1.0):
                self._line(terminal)
            if terminal or time.monotonic() - started >= 1.0:
                self._line(terminal)
        finally:
            connection.close()
        if terminal:
            self._out.write("")

    def _line(self, terminal: bool) -> None:
        try:
            line = bar(Run.objects.get(pk=self._run_id))
        except (DatabaseError, Run.DoesNotExist):
            return
        if terminal:
            self._out.write(f"\r{line:<78}", ending="")
            self._out.flush()
        else:
            self._out.write(line)
