"""The children of a fork server, seen from the driver: started, signalled and waited for."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import IO, Any

#: Seconds after which what has not happened never will, on the busiest machine.
STUCK = 120.0


@dataclass(frozen=True, slots=True)
class Order:
    """One child: what it runs, and what differs from the installation's settings."""

    words: tuple[str, ...]
    log: str
    settings: dict[str, Any] = field(default_factory=dict)
    database: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    spare: dict[str, Any] = field(default_factory=dict)  # a second account, if not empty
    constants: dict[str, Any] = field(default_factory=dict)  # "module:NAME" -> value
    environment: dict[str, str] = field(default_factory=dict)


class Child:
    """A process that may be killed at any moment. ``status`` is None while it lives."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self._gone = threading.Event()
        # A handle and not the number: a number could be somebody else's by the time it is used.
        self._handle = os.pidfd_open(pid)

    @property
    def alive(self) -> bool:
        return self.status is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is gone already."""
        if self.alive:
            try:
                signal.pidfd_send_signal(self._handle, number)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """kill -9, and wait for it to be gone."""
        self.signal(signal.SIGKILL)
        assert self.wait(10.0), f"{self.pid} does not die"

    def wait(self, seconds: float) -> bool:
        """True when it was gone in time."""
        return self._gone.wait(seconds)

    def buried(self, status: int) -> None:
        self.status = status
        self._gone.set()
        os.close(self._handle)

    @property
    def stopped(self) -> bool:
        """True when it is suspended (SIGSTOP)."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
                return file.read().rpartition(")")[2].split()[0] == "T"
        except FileNotFoundError:
            return False


class ForkServer:
    """One loaded program that forks children on request. Close it when done."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdin is not None and process.stdout is not None
        self._in: IO[str] = process.stdin
        self._born: queue.Queue[Child] = queue.Queue()
        self._children: dict[int, Child] = {}
        line = process.stdout.readline()
        assert '"ready"' in line, "the fork server did not start"
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def start(self, order: Order) -> Child:
        """A new child, running when this returns."""
        self._in.write(json.dumps(asdict(order)) + "\n")
        self._in.flush()
        return self._born.get(timeout=STUCK)

    def children(self) -> list[Child]:
        """All that are alive now."""
        return list(self._children.values())

    def end_all(self) -> None:
        """kill -9 for those left."""
        for child in self.children():
            child.kill()

    def close(self) -> None:
        self.end_all()
        self._in.close()
        self._process.wait(20.0)
        self._reader.join(5.0)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self, events: IO[str]) -> None:
        for line in events:
            event = json.loads(line)
            if "born" in event:
                child = Child(event["born"])
                self._children[child.pid] = child
                self._born.put(child)
            elif "gone" in event:
                self._children.pop(event["gone"]).buried(event["status"])


def wait_until(happened: Callable[[], bool], seconds: float, pause: float = 0.005) -> bool:
    """Until something that another process does is the case; False when it took too long."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True
