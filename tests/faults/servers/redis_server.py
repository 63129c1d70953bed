"""A private Redis, to be killed and emptied without hurting anybody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import redis

from tests.faults.browser import free_port
from tests.faults.processes.children import wait_until


def program() -> str | None:
    """The server's program; None when this machine has none."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


needs_redis = pytest.mark.skipif(
    not sys.platform.startswith("linux") or (program() is None and not os.environ.get("CI")),
    reason="there is no redis-server",
)


class RedisServer:
    """Keeps nothing on disk: killed and started again, it is empty."""

    def __init__(self, password: str = "") -> None:
        """Raises FileNotFoundError without a Redis server on this machine."""
        found = program()
        if found is None:
            raise FileNotFoundError("redis-server")
        self._program = found
        self._password = password
        self._directory = Path(tempfile.mkdtemp(prefix="vestnik-redis-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.up()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def up(self) -> None:
        """Start it, on the same port as before, and wait until it answers."""
        args = (
            f"--port {self.port} --bind 127.0.0.1 --appendonly no --dir {self._directory}".split()
        )
        self._process = subprocess.Popen(
            [self._program, *args, "--save", "", "--requirepass", self._password],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert wait_until(self.answers, 10.0), "redis-server does not start"

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        """Everything that it held is gone."""
        with self._client() as client:
            client.flushall()

    def waiting(self, queue: str) -> int:
        """How many messages nobody has fetched yet."""
        with self._client() as client:
            return int(client.llen(queue))

    def answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self._password or None)
