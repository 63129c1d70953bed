"""A private PostgreSQL, to be restarted in the worst way without hurting anybody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.faults.browser import free_port


def bin_dir() -> Path | None:
    """Where initdb and pg_ctl are; None when this machine has no PostgreSQL server."""
    found = shutil.which("initdb")
    if found is None:
        known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return known[-1].parent if known else None
    return Path(found).resolve().parent


class Cluster:
    """``initdb`` in a directory of its own; run by root, it runs under the user postgres."""

    def __init__(self) -> None:
        """Raises FileNotFoundError without a PostgreSQL server on this machine."""
        programs = bin_dir()
        if programs is None:
            raise FileNotFoundError("initdb")
        self._programs = programs
        # Not inside a test's own directory, which the user postgres may not enter.
        self._directory = directory = Path(tempfile.mkdtemp(prefix="vestnik-cluster-"))
        self._data = directory / "data"
        self.port = free_port()
        if os.getuid() == 0:
            shutil.chown(directory, "postgres")
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{directory}'\nmax_connections = 200\n"
                "shared_buffers = 64MB\nlogging_collector = off\n"
            )
        self._control("start")

    @property
    def server(self) -> dict[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "user": "postgres"}

    def restart_at_once(self) -> None:
        """As after a power cut of the database: no good-bye, recovery from the log."""
        self._control("restart", "-m", "immediate")

    def close(self) -> None:
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self._directory, ignore_errors=True)

    def _control(self, *args: str) -> None:
        log = self._data.parent / "server.log"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(log), *args)

    def _run(self, program: str, *args: str) -> None:
        command = [str(self._programs / program), *args]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
