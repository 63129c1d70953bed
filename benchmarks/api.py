"""How long the API takes beside a million recipients: ``python -m benchmarks.api``.

    python -m benchmarks.api [--recipients 1000000] [--calls 50]

Needs PostgreSQL on 127.0.0.1:5432 (user postgres, trust). The recipients come in by the command
``import_recipients``, as a user's would, into an empty database; then, at once, a program with a
token asks for lists of 100 and hands over 10 000 recipients at a time, all new and then all known.
Times are those of the whole request by Django's test client, in one process: authentication, rate
limit, queries, checks and JSON. Aims: a list within 20 ms, 10 000 recipients within 2 s, both at
the median; one message to one recipient (``/api/send``) has no aim.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.send import table
from tests.faults.installation import Installation

OWNER: Final = "owner@example.org"
LISTS: Final = {
    "list of 100": "/api/recipients/?limit=100",
    "100 from the middle": "/api/recipients/?limit=100&cursor={middle}",
    "100 whose address begins with …": "/api/recipients/?limit=100&search=recipient7",
}
MANY: Final = 10_000


def measure(calls: int) -> dict[str, list[float]]:
    """Milliseconds of every call, by what was asked."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from apps.users.models import ApiToken, User
    from apps.users.tokens import issue

    settings.API_RATE_PER_MINUTE = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]
    owner = User.objects.get(email=OWNER)
    scope, day, now = ApiToken.Scope.WRITE, timedelta(days=1), timezone.now()
    given = issue(owner=owner, name="benchmark", scope=scope, valid_for=day, now=now)
    client = Client(headers={"authorization": f"Bearer {given.secret}"})
    middle = _halfway(client)
    found: dict[str, list[float]] = {}
    for name, url in LISTS.items():
        found[name] = _times(calls, partial(_list, client, url.format(middle=middle)))
    for name in ("10 000 new ones", "10 000 known ones"):
        found[name] = _times(
            5, lambda number: _post(client, "/api/recipients/bulk/", _many(number))
        )
    message = {"subject": "Заказ {{ order }}", "text": "Заказ {{ order }} принят."}
    letter = _post(client, "/api/messages/", message).json()["id"]
    found["a message to one"] = _times(
        calls, lambda number: _post(client, "/api/send", _one(letter, number))
    )
    return found


def _halfway(client: Any) -> str:
    """A cursor that is not at the beginning."""
    cursor: str = client.get("/api/recipients/?limit=100").json()["next"]
    return cursor


def _list(client: Any, url: str, _number: int) -> Any:
    return client.get(url)


def _many(number: int) -> dict[str, Any]:
    rows = range(number * MANY, (number + 1) * MANY)
    return {
        "items": [{"email": f"new{row}@example.net", "full_name": f"Пётр {row}"} for row in rows]
    }


def _one(message: int, number: int) -> dict[str, Any]:
    return {"message": message, "email": f"recipient{number}@example.org", "fields": {"order": "7"}}


def _post(client: Any, url: str, body: dict[str, Any]) -> Any:
    return client.post(url, json.dumps(body), content_type="application/json")


def _times(calls: int, ask: Callable[[int], Any]) -> list[float]:
    times = []
    for number in range(calls):
        started = time.perf_counter()
        answer = ask(number)
        times.append((time.perf_counter() - started) * 1000)
        if answer.status_code >= 300:
            raise SystemExit(f"{answer.status_code}: {answer.content[:300]!r}")
    return times


def fill(place: Installation, directory: Path, count: int) -> None:
    """An owner and so many recipients, by the commands."""
    rows = directory / "recipients.csv"
    with rows.open("w", encoding="utf-8") as file:
        file.write("email,full_name\n")
        file.writelines(f"recipient{n}@example.org,Анна Иванова {n}\n" for n in range(count))
    code = (
        "from apps.users.models import User;"
        f"User.objects.filter(email={OWNER!r}).delete();"
        f"User.objects.create_user({OWNER!r}, 'only-for-benchmarks')"
    )
    for args in (["shell", "-c", code], ["import_recipients", str(rows), "--owner", OWNER]):
        done = place.run([sys.executable, "manage.py", *args])
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        django.setup()
        print(json.dumps(measure(options.calls)))
        return
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine="postgresql")
        try:
            place.start(port=9)
            fill(place, Path(directory), options.recipients)
            args = ["-m", "benchmarks.api", "--measure", "--calls", str(options.calls)]
            done = place.run([sys.executable, *args])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
        finally:
            place.close()
    rows = [["what", "median ms", "worst ms", "first ms"]]
    for name, times in json.loads(done.stdout.splitlines()[-1]).items():
        figures = (statistics.median(times), max(times), times[0])
        rows.append([name, *(f"{one:.1f}" for one in figures)])
    table(rows)


if __name__ == "__main__":
    main()
