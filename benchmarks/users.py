"""What users feel while a mailing goes out: ``python -m benchmarks.users``.

    python -m benchmarks.users [--users 50] [--count 100000] [--attempts 250000] [--seconds 30]

The real site (``manage.py serve``) over PostgreSQL on 127.0.0.1:5432 (user postgres, trust),
sending to Postfix's smtp-sink (see benchmarks/send.py). Most of what is in the database belongs to
one owner, as whom three of five users have signed in; one of ten is a manager, the others are a
neighbour with little. Each asks for one of 13 pages and polls at random, and thinks for 1 to 3
seconds. In turn: the pages with nothing being sent, a mailing with nobody looking, and both at
once. The aims are 300 ms for 95 of 100 pages, and 80 % of the letters.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import django

from benchmarks.pages import fill
from benchmarks.send import Postfix, free_port, table, wait_for
from config.environment import BASE_DIR
from tests.faults.installation import Installation

PAGES: Final = (
    "/",
    "/recipients/",
    "/recipients/?q=recipient99",
    "/messages/",
    "/mailings/",
    "/mailings/{mailing}/",
    "/mailings/{mailing}/panel/",
    "/mailings/{mailing}/runs/1/",
    "/attempts/",
    "/attempts/?status=failure",
    "/reports/",
    "/queue/",
    "/queue/poll/",
)
#: Who the users are, one after the other.
WHO: Final = ("owner",) * 6 + ("neighbour",) * 3 + ("manager",)
LIMIT: Final = 300.0  # milliseconds
SHARE: Final = 0.8  # of the letters that go out when nobody looks
THINKING: Final = (1.0, 3.0)  # seconds

#: A cookie, and the mailing that its user reads.
Visitor = tuple[str, int]
#: A page and its milliseconds.
Asked = tuple[str, float]


def visitors(count: int) -> None:
    """Inside the installation: prints as JSON a cookie and a mailing for every user."""
    django.setup()
    from django.test import Client

    from apps.mailings.models import Mailing
    from apps.users.models import User

    found = []
    for number in range(count):
        user = User.objects.get(email=f"{WHO[number % len(WHO)]}@example.org")
        client = Client()
        client.force_login(user)
        mailing = Mailing.objects.visible_to(user).filter(runs__isnull=False).latest("pk")
        found.append((client.cookies["sessionid"].value, mailing.pk))
    print(json.dumps(found))


def launch() -> None:
    """Inside the installation: a mailing to everybody, due at once. Prints its id."""
    django.setup()
    from benchmarks.peers.contenders import new_mailing

    print(new_mailing("full").pk)


class Crowd:
    """Users of the site, each a thread with a connection that stays open."""

    def __init__(self, port: int, users: list[Visitor]) -> None:
        self._port = port
        self._users = users
        self._over = threading.Event()
        self.seconds = 0.0
        self.asked: list[Asked] = []
        self.errors: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have them ask for pages as long as the block lasts."""
        threads = [threading.Thread(target=self._use, args=(user,)) for user in self._users]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            self.seconds = time.monotonic() - started
            for thread in threads:
                thread.join()

    def _use(self, user: Visitor) -> None:
        cookie, mailing = user
        headers = {"Cookie": f"sessionid={cookie}"}
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            while not self._over.wait(random.uniform(*THINKING)):
                page = random.choice(PAGES)
                started = time.perf_counter()
                connection.request("GET", page.format(mailing=mailing), headers=headers)
                answer = connection.getresponse()
                answer.read()
                self.asked.append((page, (time.perf_counter() - started) * 1000))
                if answer.status != 200:
                    self.errors.append(f"{page}: {answer.status}")


class Letters:
    """What has gone out of the newest run while a block lasted."""

    def __init__(self, place: Installation) -> None:
        self._place = place
        self.rate = 0.0

    @property
    def newest(self) -> tuple[int, str]:
        """How many were sent of it, and its state."""
        sql = "SELECT sent, state FROM mailings_run ORDER BY id DESC LIMIT 1"
        ((sent, state),) = self._place.query(sql)
        return sent, state

    def until_sending(self) -> None:
        """Until the first of a mailing that was launched just now are recorded."""
        until = time.monotonic() + 60
        while self.newest[0] == 0 or self.newest[1] == "done":
            if time.monotonic() > until:
                raise SystemExit("nothing is being sent")
            time.sleep(0.05)

    def watch(self, seconds: float) -> None:
        """Measure for so long, or until the run is done."""
        before, started = self.newest[0], time.monotonic()
        while time.monotonic() - started < seconds and self.newest[1] != "done":
            time.sleep(0.2)
        self.rate = (self.newest[0] - before) / (time.monotonic() - started)

    def until_done(self) -> None:
        while self.newest[1] != "done":
            time.sleep(0.2)


def measure(place: Installation, port: int, options: argparse.Namespace) -> bool:
    """The table. Returns whether both aims are met."""
    command = [sys.executable, "-m", "benchmarks.users", "--part"]
    users = json.loads(_part(place, [*command, "visitors", "--users", str(options.users)]))
    quiet = Crowd(port, users)
    with quiet.at_work():
        time.sleep(options.seconds)
    alone, together = Letters(place), Letters(place)
    _part(place, [*command, "launch"])
    alone.until_sending()
    alone.watch(options.seconds)
    alone.until_done()
    mailing = int(_part(place, [*command, "launch"]))
    crowd = Crowd(port, [(one[0], _looked_at(n, one, mailing)) for n, one in enumerate(users)])
    together.until_sending()
    with crowd.at_work():
        together.watch(options.seconds)
    rows = [["", "pages/s", "errors", "p50 ms", "p95 ms", "max ms", "letters/s"]]
    rows.append(["nothing is sent", *_figures(quiet), "-"])
    rows.append(["nobody looks", "-", "-", "-", "-", "-", f"{alone.rate:.0f}"])
    rows.append(["both", *_figures(crowd), f"{together.rate:.0f}"])
    table(rows)
    _slowest(crowd)
    late = statistics.quantiles([took for _, took in crowd.asked], n=20)[-1]
    return late <= LIMIT and together.rate >= SHARE * alone.rate and not crowd.errors


def _part(place: Installation, command: list[str]) -> str:
    done = place.run(command)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout.splitlines()[-1] if done.stdout else ""


def _looked_at(number: int, user: Visitor, sending: int) -> int:
    """The mailing that is being sent, for all who may see it."""
    return user[1] if WHO[number % len(WHO)] == "neighbour" else sending


def _figures(crowd: Crowd) -> list[str]:
    times = [took for _, took in crowd.asked]
    late = statistics.quantiles(times, n=20)[-1]
    middle, worst = statistics.median(times), max(times)
    return [
        f"{len(times) / crowd.seconds:.1f}",
        str(len(crowd.errors)),
        *(f"{figure:.0f}" for figure in (middle, late, worst)),
    ]


def _slowest(crowd: Crowd) -> None:
    """The pages by their median, the slowest first."""
    rows = [["page", "asked", "p50 ms", "max ms"]]
    found = {page: [took for one, took in crowd.asked if one == page] for page in PAGES}
    by_median = [(statistics.median(took), page) for page, took in found.items() if took]
    for median, page in sorted(by_median, reverse=True):
        rows.append([page, str(len(found[page])), f"{median:.0f}", f"{max(found[page]):.0f}"])
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--count", type=int, default=100_000, help="recipients of the mailing")
    parser.add_argument("--attempts", type=int, default=250_000, help="of mailings before")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each of the three")
    parser.add_argument("--postfix", help="where the postfix package was unpacked")
    parser.add_argument("--part", choices=["visitors", "launch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "visitors":
        visitors(options.users)
    elif options.part == "launch":
        launch()
    else:
        raise SystemExit(0 if race(options) else 1)


def race(options: argparse.Namespace) -> bool:
    """Fill a database, start the site and measure. Returns whether the aims are met."""
    options.mailings, options.recipients = 1000, options.count
    with tempfile.TemporaryDirectory() as directory, Postfix(options.postfix).sink() as sink:
        place = Installation(Path(directory), engine="postgresql")
        try:
            place.start(port=sink)
            people = place.run([sys.executable, "-m", "benchmarks.pages", "--part", "prepare"])
            fill(place, people.stdout.split(), options)
            port = free_port()
            place.spawn([sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)])
            wait_for(port)
            return measure(place, port, options)
        finally:
            place.close()


if __name__ == "__main__":
    main()
