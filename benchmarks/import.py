"""How fast a list of recipients comes in, beside Django's own bulk_create of the same rows.

    python -m benchmarks.import [--rows 1000000] [--rounds 1] [--skip-peer]
                                [--host 127.0.0.1] [--port 5432] [--user postgres] [--password P]

Needs a PostgreSQL server where the user may create databases. Makes the database
``vestnik_benchmark``, a CSV file (e-mail, full name, city, time zone; every address different), and
runs each contender as a process of its own on an empty table. Ours is the real command, as a user
starts it: everything from starting Python to the last line counts, with every row checked.
bulk_create gets rows that are already known to be good, 5 000 at a time, and checks nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "vestnik_benchmark"
OWNER = "owner@example.org"

_NAMES = "Анна Пётр Мария Иван Ольга Сергей Елена Дмитрий Наталья Алексей Юлия Фёдор".split()
_SURNAMES = "Кузнец Петр Смирн Волк Соколов Лебед Морозов Новик Козл Павл Щербак Ёлкин".split()
_LOGINS = "anna petr maria ivan olga sergey elena dmitry natalia alexey julia fedor".split()
_DOMAINS = "example.org mail.example.com post.example.net firma-primer.ru uni.example.edu".split()
_CITIES = [
    "Москва",
    "Санкт-Петербург",
    "Нижний Новгород",
    "Екатеринбург",
    "Казань",
    "Омск",
    "Пермь",
]
_ZONES = "Europe/Moscow Europe/Samara Asia/Yekaterinburg Asia/Omsk Asia/Novosibirsk".split()


@dataclass(frozen=True)
class Server:
    """Where the benchmark's database lives."""

    host: str
    port: int
    user: str
    password: str

    @contextmanager
    def database(self) -> Iterator[None]:
        """The benchmark's database, new; dropped at the end."""
        self.run("postgres", f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        self.run("postgres", f"CREATE DATABASE {DATABASE}")
        try:
            yield
        finally:
            self.run("postgres", f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")

    def run(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        with closing(
            psycopg2.connect(
                dbname=database,
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password or None,
            )
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor) if cursor.description else []

    def env(self, directory: Path) -> str:
        values = {
            "SECRET_KEY": "only-for-benchmarks-0123456789-0123456789-0123",
            "VAR_DIR": directory / "var",
            "LOG_DIR": directory / "log",
            "LANGUAGE_CODE": "en",
            "DB_ENGINE": "postgresql",
            "DB_NAME": DATABASE,
            "DB_HOST": self.host,
            "DB_PORT": self.port,
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())


def write_rows(path: Path, rows: int) -> None:
    """A file like those that people bring, always the same for the same number of rows."""
    dice = random.Random(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["E-mail", "ФИО", "Город", "Часовой пояс"])
        for number in range(rows):
            who = dice.randrange(len(_NAMES))
            login = f"{_LOGINS[who]}.{dice.randrange(36**6):x}{number % 97}"
            writer.writerow(
                [
                    f"{login}_{number}@{dice.choice(_DOMAINS)}",
                    f"{dice.choice(_SURNAMES)}ов {_NAMES[who]} {dice.choice(_NAMES)}ович",
                    dice.choice(_CITIES),
                    dice.choice(_ZONES),
                ]
            )


def by_command(source: Path) -> None:
    """Ours, as ``manage.py import_recipients`` runs it."""
    from django.core.management import call_command

    call_command("import_recipients", str(source), "--owner", OWNER, stdout=sys.stderr)


def by_bulk_create(source: Path) -> None:
    """The same rows by the ORM's fastest way, in one transaction."""
    from django.db import transaction

    from apps.mailings.models import Recipient
    from apps.users.models import User

    owner = User.objects.get(email=OWNER)
    with source.open(encoding="utf-8", newline="") as file, transaction.atomic():
        reader = csv.reader(file)
        next(reader)
        while rows := list(islice(reader, 5_000)):
            Recipient.objects.bulk_create(
                Recipient(
                    owner=owner,
                    email=email,
                    full_name=name,
                    attributes={"город": city},
                    time_zone=zone,
                )
                for email, name, city, zone in rows
            )


CONTENDERS = {"import_recipients": by_command, "bulk_create": by_bulk_create}


def child(contender: str, source: Path) -> None:
    """One contender, in this process. The last line of its output says what it used."""
    import django

    django.setup()
    CONTENDERS[contender](source)
    print(json.dumps({"cpu": time.process_time(), "rss": _peak_rss()}))


def _peak_rss() -> float:
    """The most memory this process has had, in MB; 0 where it cannot be asked (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@dataclass(frozen=True)
class Result:
    seconds: float
    cpu: float
    rss: float


def measured(command: list[str], environment: dict[str, str]) -> Result:
    """Run a contender from its start to its end."""
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    used = json.loads(done.stdout.splitlines()[-1])
    return Result(seconds, used["cpu"], used["rss"])


def compare(arguments: argparse.Namespace, server: Server, directory: Path) -> dict[str, Result]:
    """The median round of every contender. They take turns."""
    source = directory / "recipients.csv"
    write_rows(source, arguments.rows)
    env_file = directory / ".env"
    env_file.write_text(server.env(directory), encoding="utf-8")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.import_settings",
        "VESTNIK_BENCHMARK_ENV": str(env_file),
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, cwd=ROOT, check=True)
    code = f"from apps.users.models import User; User.objects.create_user({OWNER!r}, 'x')"
    subprocess.run([*manage, "shell", "-v0", "-c", code], env=environment, cwd=ROOT, check=True)
    rounds: dict[str, list[Result]] = {name: [] for name in arguments.contenders}
    for _round in range(arguments.rounds):
        for name, results in rounds.items():
            server.run(DATABASE, "TRUNCATE mailings_recipient CASCADE", "CHECKPOINT")
            command = [sys.executable, "-m", "benchmarks.import", "--child", name, str(source)]
            results.append(measured(command, environment))
            kept = server.run(DATABASE, "SELECT count(*) FROM mailings_recipient")[0][0]
            if kept != arguments.rows:
                raise SystemExit(f"{name} kept {kept} of {arguments.rows} rows")
    middle = statistics.median_low
    return {
        name: next(r for r in results if r.seconds == middle(x.seconds for x in results))
        for name, results in rounds.items()
    }


def table(rows: int, results: dict[str, Result]) -> str:
    lines = [
        f"{rows:,} rows, PostgreSQL, {os.cpu_count()} cores",
        f"{'':20}{'rows/s':>10}{'seconds':>10}{'peak RSS':>11}{'client CPU':>12}",
    ]
    for name, result in results.items():
        lines.append(
            f"{name:20}{rows / result.seconds:>10,.0f}{result.seconds:>10.1f}"
            f"{result.rss:>8.0f} MB{result.cpu / result.seconds:>12.0%}"
        )
    if len(results) == 2:
        ours, peer = results.values()
        lines.append(f"ratio {peer.seconds / ours.seconds:.1f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--skip-peer", action="store_true", help="only ours")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--user", default="postgres")
    parser.add_argument("--password", default="")
    parser.add_argument("--child", nargs=2, metavar=("CONTENDER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]))
        return
    names = list(CONTENDERS)
    arguments.contenders = names[:1] if arguments.skip_peer else names
    server = Server(arguments.host, arguments.port, arguments.user, arguments.password)
    with tempfile.TemporaryDirectory(prefix="vestnik-benchmark-") as directory:
        with server.database():
            results = compare(arguments, server, Path(directory))
    print(table(arguments.rows, results))


if __name__ == "__main__":
    main()
