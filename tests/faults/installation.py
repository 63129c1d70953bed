"""A whole installation of its own: database, settings, mail server, and processes to be killed."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

import psycopg2

from config.environment import BASE_DIR

STATES = (
    "pending",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "failed",
    "unknown",
    "suppressed",
    "expired",
    "cancelled",
)
#: Why somebody is left out, in the order of the run's counters.
LEFT_OUT = (
    "unsubscribed",
    "unconfirmed",
    "no_consent",
    "paused",
    "excluded",
    "cap",
    "suppressed",
    "no_address",
    "gone",
)
_SERVER: dict[str, Any] = {"host": "127.0.0.1", "port": 5432, "user": "postgres"}


@cache
def _templates() -> Path:
    """The directory of this process's databases with empty tables."""
    directory = Path(tempfile.mkdtemp(prefix="template_"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)


def _migrate(place: Installation) -> None:
    done = place.manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr[-3000:]


class Installation:
    """The real program over a real database and a mail server, in a directory of its own."""

    def __init__(
        self,
        directory: Path,
        *,
        engine: str,
        extra: str = "",
        server: dict[str, Any] | None = None,
        covered: bool = False,
        **settings: str,
    ) -> None:
        """``settings``: keys of ``.env``; ``extra``: lines at the end of the settings module.

        ``server``: host, port and user of a PostgreSQL that is not the usual one. ``covered``: its
        processes, too, count the covered lines when these tests do, which makes them slow.
        """
        self.directory = directory
        self.engine = engine
        self.server = server or _SERVER
        self._extra = extra
        self._covered = covered
        self.database = f"vestnik_fault_{uuid.uuid4().hex[:10]}"
        self.log = directory / "sink.log"
        self._processes: list[subprocess.Popen[str]] = []
        self._settings = settings

    def start(
        self, *, port: int | None = None, jitter: float = 0.002, like: Installation | None = None
    ) -> None:
        """Database, mail server (unless one listens on ``port``), settings, tables.

        ``like``: another one on SQLite at which nothing runs; its database is taken as it is.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self._write_settings(port=port or self.open_sink("--jitter", str(jitter)))
        if like is not None:
            _copy(like.database_file, self.database_file)
        elif self.engine == "sqlite":
            self._make_file()
        else:
            self._make_database()

    @property
    def database_file(self) -> Path:
        """SQLite's file."""
        return self.directory / "var" / "vestnik.sqlite3"

    def _make_file(self) -> None:
        """Take the tables of the first installation of this process, or be the first."""
        if (template := _templates() / "vestnik.sqlite3").exists():
            _copy(template, self.database_file)
        else:
            _migrate(self)
            _copy(self.database_file, template)

    def _make_database(self) -> None:
        """The same on PostgreSQL. A server of one's own is gone before the next installation."""
        template = f"vestnik_fault_{_templates().name}"
        if self.on_server(f"SELECT 1 FROM pg_database WHERE datname = '{template}'"):
            self.on_server(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"')
            return
        self.on_server(f'CREATE DATABASE "{self.database}"')
        _migrate(self)
        if self.server is _SERVER:
            self.on_server(f'CREATE DATABASE "{template}" TEMPLATE "{self.database}"')
            drop = f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)'
            atexit.register(self.on_server, drop)

    def open_sink(self, *args: str) -> int:
        """Start a mail server that accepts everything. Returns its port."""
        command = [sys.executable, "-m", "tests.sink", "--log", str(self.log), *args]
        sink = self.spawn(command, stdout=subprocess.PIPE)
        assert sink.stdout is not None
        return int(sink.stdout.readline())

    def point_to(self, port: int) -> None:
        """From now on the account's mail server is the one on this port."""
        self._write_settings(port=port)

    def seed(self, count: int, *, ends_in: float = 86_400.0, starts_in: float = -5.0) -> int:
        """A mailing to ``count`` recipients, due if not said otherwise. Returns its id."""
        args = [str(count), str(ends_in), str(starts_in)]
        done = self.run([sys.executable, "-m", "tests.faults.seed", *args])
        return int(done.stdout.strip() or done.stderr[-2000:])

    def manage(self, *args: str) -> subprocess.CompletedProcess[str]:
        """A command of manage.py, waited for."""
        return self.run([sys.executable, str(BASE_DIR / "manage.py"), *args])

    def process(self, *args: str) -> subprocess.Popen[str]:
        """A command of manage.py as a process, to be signalled."""
        return self.spawn([sys.executable, str(BASE_DIR / "manage.py"), *args])

    def accepted(self) -> Counter[str]:
        """How often the mail server accepted each Message-ID."""
        if not self.log.exists():
            return Counter()
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return Counter(line.split()[0] for line in lines)

    def states(self) -> dict[str, str]:
        """The state of every delivery, by Message-ID's left part."""
        rows = self.query(
            "SELECT d.id, r.key, d.state FROM mailings_delivery d"
            " JOIN mailings_run r ON r.id = d.run_id"
        )
        return {f"{delivery_id}.{key}": state for delivery_id, key, state in rows}

    def counters(self) -> dict[str, Any]:
        """The newest run's counters, state and outcome."""
        columns = ("audience", *STATES, "state", "outcome", "reason")
        row = self.query(f"SELECT {', '.join(columns)} FROM mailings_run ORDER BY id DESC LIMIT 1")
        return dict(zip(columns, row[0], strict=True)) if row else {}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def can_write(self) -> bool:
        """Is SQLite's one write lock free? PostgreSQL has no such lock."""
        if self.engine != "sqlite":
            return True
        with closing(
            sqlite3.connect(self.database_file, timeout=0.2, isolation_level=None)
        ) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.execute("ROLLBACK")
            return True

    def drop_connections(self) -> None:
        """PostgreSQL ends every session of this database."""
        self.on_server(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.database}'"
        )

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self.engine == "postgresql":
            self.on_server(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.database_file)) as connection:
                yield connection
        else:
            with closing(psycopg2.connect(dbname=self.database, **self.server)) as connection:
                yield connection

    def on_tables(self, sql: str) -> None:
        """A change to this database."""
        with self._connection() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            connection.commit()

    def on_server(self, sql: str) -> list[tuple[Any, ...]]:
        """Execute a statement outside this database, on PostgreSQL only. Returns its rows."""
        with closing(psycopg2.connect(dbname="postgres", **self.server)) as connection:
            connection.autocommit = True
            with closing(connection.cursor()) as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []

    def _write_settings(self, *, port: int) -> None:
        values = {
            "SECRET_KEY": "only-for-fault-tests-0123456789-0123456789",
            "VAR_DIR": str(self.directory / "var"),
            "LOG_DIR": str(self.directory / "log"),
            "LANGUAGE_CODE": "en",
            "DB_ENGINE": self.engine,
            "ACCOUNTS__SINK__KIND": "smtp",
            "ACCOUNTS__SINK__HOST": "127.0.0.1",
            "ACCOUNTS__SINK__PORT": str(port),
            "ACCOUNTS__SINK__SECURITY": "none",
            "ACCOUNTS__SINK__MAX_CONNECTIONS": "8",
            "ACCOUNTS__SINK__WINDOW": "200",
            "ACCOUNTS__SINK__FROM_EMAIL": "news@example.org",
            "SCHEDULER_FIRST_RUN_DELAY": "0",
            **self._settings,
        }
        if self.engine == "postgresql":
            values |= {
                "DB_NAME": self.database,
                "DB_USER": str(self.server["user"]),
                "DB_HOST": str(self.server["host"]),
                "DB_PORT": str(self.server["port"]),
            }
        env = self.directory / "fault.env"
        lines = (f"{name}={value}" for name, value in values.items())
        env.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.directory / "faultsettings.py").write_text(
            "from pathlib import Path\n"
            "from config import environment\n"
            f"environment.ENV_FILE = Path({str(env)!r})\n"
            f"from config.settings import *\n{self._extra}",
            encoding="utf-8",
        )

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.directory), str(BASE_DIR)])
        inherited = dict(os.environ)
        if not self._covered:
            inherited.pop("COVERAGE_PROCESS_CONFIG", None)
        return {**inherited, "DJANGO_SETTINGS_MODULE": "faultsettings", "PYTHONPATH": path}

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """A command under the installation's settings, waited for."""
        return subprocess.run(
            command,
            env=self._environment(),
            cwd=BASE_DIR,
            text=True,
            encoding="utf-8",
            capture_output=True,
            timeout=900,
        )

    def spawn(
        self,
        command: list[str],
        stdout: int | IO[str] | None = None,
        stdin: int | None = None,
    ) -> subprocess.Popen[str]:
        """A process under the installation's settings; killed when the installation closes."""
        out = stdout if stdout is not None else subprocess.DEVNULL
        process = subprocess.Popen(
            command,
            env=self._environment(),
            cwd=BASE_DIR,
            text=True,
            encoding="utf-8",
            stdin=stdin,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process
