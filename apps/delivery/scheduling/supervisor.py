"""The scheduler and its senders as a child process of the site: started, watched, started again.

The two share a pipe, the child's standard input, and nothing else. A line in it says that there is
new work; its end says that the child should leave in order. It also ends when the parent dies, of
whatever: no child is left behind, on Windows neither.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.values.backoff import Backoff
from apps.delivery.models import Heartbeat
from apps.delivery.selectors.panel import SCHEDULER_CRASH
from apps.delivery.service import service

log = structlog.get_logger(__name__)

#: Seconds for which an end is not called unexpected: a signal to all processes of a service may
#: reach the child first.
_GRACE: Final = 0.5
#: Between a child's unexpected end and the next start.
BACKOFF: Final = Backoff(first=1.0, longest=60.0)
#: A child that has lived for so many seconds was well: the next pause is a short one again.
STEADY: Final = 60.0
#: Seconds between two looks whether the child lives.
_LOOK: Final = 0.5
#: Pages are waited for by people, letters are not: where processors are short, pages come first.
_NICENESS: Final = 5
_WORK: Final = b"\n"


class Supervisor:
    """Keeps one ``manage.py run_scheduler`` running. ``port``: where this process serves the site.

    One thread writes into the pipe and waits for the child, so nobody who brings work can be held
    up by a child that is not reading.
    """

    def __init__(self, *, port: int) -> None:
        self._words = [str(settings.BASE_DIR / "manage.py"), "run_scheduler", "--supervised"]
        self._words += ["--port", str(port)]
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the child, and see to it that there is one from now on."""
        service.on_work(self.wake)
        self._watcher.start()

    def wake(self) -> None:
        """Make the child tick now: something was launched or resumed."""
        self._work.set()

    def stop(self) -> None:
        """Have the child end in order and wait for it. Interrupted meanwhile, end it at once."""
        service.on_work(None)
        self._stopping.set()
        self._work.set()
        try:
            while self._watcher.is_alive():  # without a timeout Windows lets no Ctrl-C through
                self._watcher.join(_LOOK)
        except BaseException:
            if self._child is not None:
                self._child.kill()
            raise

    def _watch(self) -> None:
        for pause in self._pauses():
            code = self._run()
            if self._stopping.wait(_GRACE):
                return
            log.error("scheduler_process_ended", code=code, next_start_in=pause)
            _note_crash()
            if self._stopping.wait(pause):
                return
            self._work.set()  # whatever the last one left is looked for at once

    def _pauses(self) -> Iterator[float]:
        """How long to wait after the next end: longer each time, until a child lives for long."""
        failures = 1
        while not self._stopping.is_set():
            began, pause = time.monotonic(), BACKOFF.after(failures).total_seconds()
            yield pause
            steady = time.monotonic() - began - pause >= STEADY
            failures = 1 if steady else failures + 1

    def _run(self) -> int | str:
        """Run one child to its end. Its exit code, or why there is none."""
        try:
            self._child = child = _start(self._words)
        except OSError as error:
            return str(error)
        log.info("scheduler_process_started", child_pid=child.pid)
        while child.poll() is None:
            self._work.wait(_LOOK)
            if self._stopping.is_set():
                break
            if self._work.is_set():
                self._work.clear()
                _ask_to_stop(child)
        assert child.stdin is not None
        child.stdin.close()
        return child.wait()


def _start(args: list[str]) -> subprocess.Popen[bytes]:
    """Start the child in a group of its own: Ctrl-C is for the parent, who then asks the child."""
    how: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        how = {"creationflags": flags}
    child = subprocess.Popen(
        [sys.executable, *args],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        bufsize=0,
        **how,
    )
    if sys.platform != "win32":
        try:
            os.setpriority(os.PRIO_PROCESS, child.pid, os.nice(0) + _NICENESS)
        except OSError as error:  # it may be gone already
            log.info("scheduler_process_not_niced", error=str(error))
    return child


def _ask_to_stop(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(_WORK)
    except OSError:
        return  # it is gone, which the next look finds


def _note_crash() -> None:
    """Keep the moment, for the health checks."""
    try:
        Heartbeat.objects.update_or_create(
            name=SCHEDULER_CRASH, defaults={"beat_at": timezone.now()}
        )
    except DatabaseError as error:
        log.error("crash_not_noted", error=str(error)[:200])
    finally:
        connection.close()


def obey_parent(stop: threading.Event, wake: Callable[[], None]) -> None:
    """In the child: call ``wake`` for new work, and set ``stop`` when the pipe ends."""

    def listen() -> None:
        try:
            # The descriptor and no file object: one that is being read cannot be closed at exit.
            while os.read(sys.stdin.fileno(), 4096):
                if not stop.is_set():
                    wake()
        finally:
            stop.set()

    threading.Thread(target=listen, name="parent", daemon=True).start()
