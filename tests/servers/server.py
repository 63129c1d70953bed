"""What every mail server under test has in common: a directory, ports, processes, a log-in."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

#: The one user of every server that asks for a log-in.
USER: Final = "news@example.org"
PASSWORD: Final = "s3cret-пароль"
#: Every twentieth recipient is one that the server does not know: r0, r20, r40, …
UNKNOWN: Final = r"r(0|[0-9]*[02468]0)@example\.org"


class CannotStart(Exception):
    """The server does not come up; the words say why."""


@dataclass(frozen=True)
class Variant:
    """One way to run a server, and what is to come of it.

    ``settings`` are keys of the sending account without ``ACCOUNTS__SINK__``; ``options`` are the
    server's own. ``unknown``: every twentieth recipient is refused. ``seconds`` bounds the trial.
    """

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    unknown: bool = True
    letters: int = 1000
    seconds: float = 120.0
    #: Names of programs that this variant needs beside the server itself.
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a server lives: its own directory, certificates, and the port all letters end at."""

    directory: Path
    certificate: Path
    key: Path
    sink: int
    #: Unpacked packages (``dpkg -x``) in which programs are looked for after the system's own.
    root: Path | None = None

    def program(self, *names: str) -> str:
        """Return the path of the first of these programs that is there, or nothing."""
        folders = [str(self.root / part) for part in ("usr/sbin", "usr/bin")] if self.root else []
        path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *folders])
        return next((found for name in names if (found := shutil.which(name, path=path))), "")

    def environment(self) -> dict[str, str]:
        """Return the variables for a program of an unpacked package."""
        if self.root is None:
            return dict(os.environ)
        libraries = ":".join(str(found) for found in (self.root / "usr/lib").glob("*-linux-gnu"))
        return {**os.environ, "LD_LIBRARY_PATH": libraries}


class MailServer(ABC):
    """A real mail server that passes every accepted letter on to the sink."""

    name: ClassVar[str]
    #: What to do when it is not there.
    hint: ClassVar[str]
    variants: ClassVar[tuple[Variant, ...]]

    def __init__(self, place: Place, variant: Variant) -> None:
        self.place = place
        self.variant = variant
        self.port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @classmethod
    @abstractmethod
    def missing(cls, place: Place) -> str:
        """Return what is not installed, or nothing."""

    @abstractmethod
    def start(self) -> None:
        """Write the configuration and start. Raises CannotStart."""

    def stop(self) -> None:
        """End every process of the server."""
        for process in self._processes:
            end(process)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the configuration."""
        path = self.place.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def spawn(self, command: list[str], cwd: Path | None = None) -> None:
        """Start a process in a group of its own, its words in ``output.log``."""
        with (self.place.directory / "output.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=cwd or self.place.directory,
                env=self.place.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)

    def wait_until_it_listens(self, seconds: float = 20.0) -> None:
        """Wait for the port. Raises CannotStart with the end of the log."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with socket.socket() as sock:
                sock.settimeout(1.0)
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise CannotStart(self._last_words())

    def _last_words(self) -> str:
        log = self.place.directory / "output.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return " ".join(text.split())[-300:] or "it does not listen"


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process group to leave, then make it."""
    for number, timeout in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def log_in(security: str) -> dict[str, str]:
    """Return the account's keys for a server that encrypts and asks for the password."""
    return {"SECURITY": security, "USERNAME": USER, "PASSWORD": PASSWORD}
