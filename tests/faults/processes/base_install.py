"""What the rounds of one database share: an installation, filled once, and a fork server."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation
from tests.faults.processes.children import Child, ForkServer, Order
from tests.faults.servers.cluster import Cluster, bin_dir

#: Recipients of every round: at the server's pace about a second of sending.
AUDIENCE = 600

_EXTRA = 'INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.processes.hook.FaultHook"]\n'


class BaseInstall:
    """A database as it is before a mailing is sent, as often as wanted."""

    #: What the processes need besides the program's own: loaded once, before they are forked.
    preloaded: tuple[str, ...] = ()

    def __init__(self, engine: str, directory: Path) -> None:
        self.engine = engine
        self.directory = directory
        self.cluster = Cluster() if engine == "postgresql" and bin_dir() is not None else None
        server = dict(self.cluster.server) if self.cluster else None
        self.place = Installation(directory, engine=engine, extra=_EXTRA, server=server)
        self.place.start(port=9)
        self.mailing = self.fill()
        self.var = directory / "var"
        self._keep_template()
        args = [sys.executable, "-m", "tests.faults.processes.fork_server", *self.preloaded]
        self.fork_server = ForkServer(
            self.place.spawn(args, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        )

    def fill(self) -> int:
        """Put in whom the rounds send to. Returns the mailing's id."""
        return self.place.seed(AUDIENCE)

    @property
    def server(self) -> dict[str, Any]:
        """Where PostgreSQL is, without a proxy in between."""
        return self.place.server

    @property
    def database_file(self) -> Path:
        return self.var / "vestnik.sqlite3"

    def fresh(self) -> None:
        """The database as it was; no journal, no process."""
        self.fork_server.end_all()
        shutil.rmtree(self.var / "journal", ignore_errors=True)
        if self.engine == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.database_file}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self._template_file, self.database_file)
        else:
            name = self.place.database
            self.place.on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            self.place.on_server(f'CREATE DATABASE "{name}" TEMPLATE "{name}_template"')

    def start(self, order: Order) -> Child:
        return self.fork_server.start(order)

    def close(self) -> None:
        self.fork_server.close()
        if self.engine == "postgresql":
            name = self.place.database
            self.place.on_server(f'DROP DATABASE IF EXISTS "{name}_template" WITH (FORCE)')
        self.place.close()
        if self.cluster is not None:
            self.cluster.close()

    @property
    def _template_file(self) -> Path:
        return self.directory / "template.sqlite3"

    def _keep_template(self) -> None:
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.database_file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copyfile(self.database_file, self._template_file)
        else:
            name = self.place.database
            self.place.on_server(f'ALTER DATABASE "{name}" RENAME TO "{name}_template"')
