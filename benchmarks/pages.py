"""How long the pages take when there is a lot: ``python -m benchmarks.pages``.

    python -m benchmarks.pages [--recipients 1000000] [--mailings 2000] [--attempts 5000000]

Fills a PostgreSQL database of its own (127.0.0.1:5432, user postgres) for one owner who has it all,
then asks for every page that grows with the data, as the owner and as a manager, by Django's test
client in one process: nothing is in the cache the first time, medians are over ten times. Says for
each page the median, the number of queries, and whether it keeps within 150 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import django
import psycopg2

from tests.faults.installation import Installation

LIMIT: Final = 150.0  # milliseconds
ROUNDS: Final = 10
PAGES: Final = (
    "/",
    "/recipients/",
    "/recipients/?q=recipient99",
    "/recipients/?tag={tag}",
    "/recipients/?after={middle}",
    "/messages/",
    "/mailings/",
    "/mailings/{mailing}/",
    "/mailings/{mailing}/panel/",
    "/mailings/{mailing}/runs/1/",
    "/mailings/{mailing}/runs/1/?state=failed",
    "/attempts/",
    "/attempts/?mailing={mailing}",
    "/attempts/?status=failure",
    "/reports/",
    "/reports/{mailing}/",
    "/queue/",
    "/queue/poll/",
)
MANAGERS: Final = ("/management/users/", "/management/attempts/", "/management/reports/")

SEED: Final = """
INSERT INTO mailings_recipient (created_at, updated_at, owner_id, email, full_name, comment,
    operator_code, time_zone, attributes)
SELECT now(), now(), {owner}, 'recipient' || n || '@example.org', 'Анна Иванова ' || n, '', '',
    'Europe/Moscow', '{{}}' FROM generate_series(1, {recipients}) n;
INSERT INTO mailings_tag (created_at, updated_at, owner_id, name)
SELECT now(), now(), {owner}, 'tag ' || n FROM generate_series(1, 20) n;
INSERT INTO mailings_recipienttag (recipient_id, tag_id)
SELECT r.id, t.id FROM mailings_recipient r
    JOIN mailings_tag t ON t.id % 20 = r.id % 20 WHERE r.owner_id = {owner};
INSERT INTO mailings_message (created_at, updated_at, owner_id, subject, text, html, revision)
SELECT now(), now(), {owner}, 'Новости ' || n, 'text', '<p>html</p>', 1
    FROM generate_series(1, 200) n;
INSERT INTO mailings_mailing (created_at, updated_at, owner_id, name, message_id, channel, account,
    everyone, filter_operator_codes, starts_at, ends_at, status, is_active, priority, current_run)
SELECT now(), now(), {owner}, 'Рассылка ' || n, (SELECT min(id) FROM mailings_message) + n % 200,
    'email', 'sink', true, '[]', now() - interval '1 day', now() + interval '1 day', 'completed',
    true, 100, 1 FROM generate_series(1, {mailings}) n;
INSERT INTO mailings_run (created_at, updated_at, mailing_id, number, state, outcome, trigger,
    channel, account, priority, reason, reason_detail, early, stopping, key, content, audience,
    freeze_cursor, rate, queued_at, started_at, finished_at, frozen_at, {states})
SELECT now(), now(), id, 1, 'done', 'partial', 'manual', 'email', 'sink', 100, '', '', false, false,
    'key' || id, '{{}}', {each}, 0, 0, now(), now(), now(), now(), {counts} FROM mailings_mailing;
INSERT INTO mailings_delivery (run_id, recipient_id, channel, address, state, tries, crashes, code,
    response, changed_at)
SELECT r.id, c.id, 'email', c.email, CASE WHEN c.n % 50 = 0 THEN 'failed' ELSE 'sent' END, 1, 0,
    CASE WHEN c.n % 50 = 0 THEN 550 ELSE 250 END, 'reply', now()
FROM mailings_run r JOIN (SELECT id, email, row_number() OVER (ORDER BY id) AS n
    FROM mailings_recipient WHERE owner_id = {owner} ORDER BY id LIMIT {each}) c ON true;
INSERT INTO mailings_attempt (mailing_id, recipient_id, delivery_id, run_number, trigger, kind,
    status, account, code, response, seconds, created_at)
SELECT r.mailing_id, d.recipient_id, d.id, 1, 'manual', 'delivery',
    CASE WHEN d.state = 'failed' THEN 'failure' ELSE 'success' END, 'sink', d.code, d.response, 0.1,
    now() - (d.id % 200) * interval '1 hour'
FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id;
"""


def fill(place: Installation, owner: int, options: argparse.Namespace) -> None:
    """Everything for one owner; deliveries and attempts are spread evenly over the mailings."""
    each = options.attempts // options.mailings
    failed = each // 50
    names = "pending sending sent delivered refused failed unknown suppressed expired cancelled"
    counts = {name: "0" for name in names.split()} | {
        "sent": str(each - failed),
        "failed": str(failed),
    }
    sql = SEED.format(
        owner=owner,
        recipients=options.recipients,
        mailings=options.mailings,
        each=each,
        states=", ".join(counts),
        counts=", ".join(counts.values()),
    )
    where: dict[str, Any] = {"host": "127.0.0.1", "port": 5432, "user": "postgres"}
    with closing(psycopg2.connect(dbname=place.database, **where)) as connection:
        connection.autocommit = True
        with closing(connection.cursor()) as cursor:
            for statement in filter(str.strip, sql.split(";\n")):
                started = time.monotonic()
                cursor.execute(statement)
                words = " ".join(statement.split()[:3])
                print(f"{words:<36} {cursor.rowcount:>9} rows {time.monotonic() - started:6.1f} s")
            cursor.execute("VACUUM ANALYZE")


def prepare() -> None:
    """The people, inside the installation: prints the owner's id."""
    django.setup()
    from django.contrib.auth.models import Group

    from apps.users.models import MANAGERS as GROUP
    from apps.users.models import User

    owner = User.objects.create_user("owner@example.org")
    manager = User.objects.create_user("manager@example.org")
    manager.groups.add(Group.objects.get(name=GROUP))
    print(owner.pk)


def measure() -> None:
    """Ask for every page, inside the installation: prints one JSON line."""
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from apps.mailings.models import Mailing, Recipient, Tag
    from apps.users.models import User

    settings.ALLOWED_HOSTS = ["*"]
    values = {
        "mailing": Mailing.objects.order_by("-pk")[10].pk,
        "tag": Tag.objects.order_by("pk")[5].pk,
        "middle": Recipient.objects.order_by("pk")[Recipient.objects.count() // 2].pk,
    }
    result = []
    for email, pages in (("owner", PAGES), ("manager", ("/", *PAGES[1:2], *MANAGERS))):
        client = Client()
        client.force_login(User.objects.get(email=f"{email}@example.org"))
        for page in pages:
            path = page.format(**values)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                status = client.get(path).status_code
            asked = len(queries)
            times = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                client.get(path)
                times.append((time.perf_counter() - started) * 1000)
            result.append((email, page, status, statistics.median(times), asked))
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--mailings", type=int, default=2000)
    parser.add_argument("--attempts", type=int, default=5_000_000)
    parser.add_argument("--part", choices=["prepare", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        {"prepare": prepare, "measure": measure}[options.part]()
        return
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine="postgresql")
        try:
            place.start()
            command = [sys.executable, "-m", "benchmarks.pages", "--part"]
            fill(place, int(place.run([*command, "prepare"]).stdout), options)
            done = place.run([*command, "measure"])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            show(json.loads(done.stdout.splitlines()[-1]))
        finally:
            place.close()


def show(rows: list[list[Any]]) -> None:
    """The table; leaves with 1 when a page is too slow."""
    print(f"{'who':<8} {'page':<44} {'status':>6} {'median ms':>10} {'queries':>8}")
    slow = 0
    for who, page, status, median, queries in rows:
        late = median > LIMIT or status != 200
        slow += late
        print(
            f"{who:<8} {page:<44} {status:>6} {median:>10.0f} {queries:>8}{'  <-' if late else ''}"
        )
    raise SystemExit(1 if slow else 0)


if __name__ == "__main__":
    main()
