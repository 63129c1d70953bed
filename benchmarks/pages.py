"""How long the pages take when there is a lot: ``python -m benchmarks.pages``.

    python -m benchmarks.pages [--recipients 1000000] [--mailings 2000] [--attempts 5000000]

Fills a PostgreSQL database of its own (127.0.0.1:5432, user postgres) for one owner who has nearly
all of it and a neighbour with four mailings, then asks for every page that grows with the data, as
both of them and as a manager, by Django's test client in one process. Says for each page the median
of ten times, the first time (with an empty cache), the number of queries, and whether the median
keeps within 150 ms.
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
    "/figures/",
    "/find/?q=Иванова 4321",
    "/find/?q=recipient99",
    "/recipients/",
    "/recipients/?q=recipient99",
    "/recipients/?q=Иванова 4321",
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
    "/reports/trends/",
    "/reports/{measured}/",
    "/mailings/{measured}/runs/2/",
    "/mailings/{measured}/runs/2/?reaction=opened",
    "/mailings/{measured}/runs/2/?reaction=clicked",
    "/mailings/{measured}/runs/2/?reaction=unclear",
    "/mailings/{measured}/runs/2/?reaction=machine",
    "/mailings/{measured}/runs/2/?reaction=nothing",
    "/mailings/{measured}/runs/2/?link={link}",
    "/queue/",
    "/queue/poll/",
)
MANAGERS: Final = ("/management/users/", "/management/attempts/", "/management/reports/")

#: A column that is not named below holds nothing, whichever the models have by now.
EMPTY: Final = """
SELECT format('ALTER TABLE %I ALTER %I SET DEFAULT %L', table_name, column_name,
    CASE data_type WHEN 'boolean' THEN 'false' WHEN 'jsonb' THEN '{}'
        WHEN 'character varying' THEN '' WHEN 'text' THEN '' ELSE '0' END)
FROM information_schema.columns
WHERE table_schema = 'public' AND table_name LIKE 'mailings%' AND is_nullable = 'NO'
    AND column_default IS NULL AND is_identity = 'NO'
    AND data_type IN ('boolean', 'jsonb', 'character varying', 'text', 'smallint', 'integer',
        'bigint', 'double precision')
"""

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
    second_channel, second_account, third_channel, third_account, everyone, filter_operator_codes,
    starts_at, ends_at, status, is_active, priority, current_run, repeat, repeat_zone, kind,
    fields, start_refusal, utm)
SELECT now(), now(), CASE WHEN n % 500 = 0 THEN {neighbour} ELSE {owner} END, 'Рассылка ' || n,
    (SELECT min(id) FROM mailings_message) + n % 200,
    'email', 'sink', '', '', '', '', true, '[]', now() - interval '1 day',
    now() + interval '1 day', 'completed', true, 100, 1, '', '', 'mailing', '{{}}', '{{}}', '{{}}'
    FROM generate_series(1, {mailings}) n;
INSERT INTO mailings_run (created_at, updated_at, mailing_id, number, state, outcome, trigger,
    channel, account, priority, reason, reason_detail, early, urgent, stopping, key, content,
    audience, freeze_cursor, rate, queued_at, started_at, finished_at, frozen_at, content_version,
    {states})
SELECT now(), now(), id, 1, 'done', 'partial', 'manual', 'email', 'sink', 100, '', '', false, false,
    false, 'key' || id, '{{}}', {each}, 0, 0, now(), now(), now(), now(), 1, {counts}
FROM mailings_mailing;
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

#: One run to everybody to whom nearly all reacted: of ten, three read it, one of these clicked,
#: and one was read by a machine or a proxy.
MEASURED: Final = """
INSERT INTO mailings_run (created_at, updated_at, mailing_id, number, state, outcome, trigger,
    channel, account, priority, reason, reason_detail, early, urgent, stopping, key, content,
    audience, freeze_cursor, rate, queued_at, started_at, finished_at, frozen_at, content_version,
    engaged_person, engaged_clicked, engaged_machine, engaged_unclear, {states})
SELECT now(), now(), max(id), 2, 'done', 'success', 'manual', 'email', 'sink', 100, '', '', false,
    false, false, 'measured', json_build_object('tracking', 'persons', 'subject', 's', 'text', 't',
        'html', repeat('<p><a href="https://example.org/">link</a></p>', 500))::jsonb,
    {recipients}, 0, 0, now(), now(), now(), now(), 1,
    {recipients} * 3 / 10, {recipients} / 10, {recipients} * 4 / 100, {recipients} * 6 / 100,
    {counts}
FROM mailings_mailing WHERE owner_id = {owner};
INSERT INTO mailings_delivery (run_id, recipient_id, channel, address, state, tries, crashes, code,
    response, changed_at)
SELECT r.id, c.id, 'email', c.email, 'sent', 1, 0, 250, 'reply', now()
FROM mailings_run r, mailings_recipient c WHERE r.key = 'measured' AND c.owner_id = {owner};
INSERT INTO mailings_engagement (run_id, recipient_id, delivery_id, term, opened_at, clicked_at,
    events)
SELECT d.run_id, d.recipient_id, d.id, CASE WHEN d.id % 100 < 30 THEN 'person'
    WHEN d.id % 100 < 34 THEN 'machine' ELSE 'unclear' END, now(),
    CASE WHEN d.id % 100 < 10 THEN now() END, '[]'
FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id
WHERE r.key = 'measured' AND d.id % 100 < 40;
INSERT INTO mailings_trackedlink (run_id, version, number, address, label, block, persons, clicks,
    machine_clicks)
SELECT id, 1, n, 'https://example.org/' || n, 'Link ' || n, '', {recipients} / 10 / 40,
    {recipients} / 10 / 40, 0 FROM mailings_run, generate_series(1, 40) n WHERE key = 'measured';
INSERT INTO mailings_linkengagement (link_id, delivery_id, clicks, first_at)
SELECT l.id, e.delivery_id, 1, now() FROM mailings_engagement e
    JOIN mailings_trackedlink l ON l.run_id = e.run_id AND l.number = 1 + e.delivery_id / 100 % 40
WHERE e.clicked_at IS NOT NULL;
INSERT INTO mailings_engagementhour (run_id, hour, kind, term, count)
SELECT id, date_trunc('hour', now()) + n * interval '1 hour', kind, term, 1 + n % 50
FROM mailings_run, generate_series(0, 2000) n, unnest(ARRAY['open', 'click']) kind,
    unnest(ARRAY['person', 'unclear', 'machine']) term WHERE key = 'measured';
INSERT INTO mailings_engagementshare (run_id, by, value, opened, clicked)
SELECT id, 'client', 'Program ' || n, n, n FROM mailings_run, generate_series(1, 100) n
    WHERE key = 'measured';
INSERT INTO mailings_engagementshare (run_id, by, value, opened, clicked)
SELECT id, 'domain', 'domain' || n || '.example.org', n, n
FROM mailings_run, generate_series(1, 20000) n WHERE key = 'measured';
"""


def fill(place: Installation, people: list[str], options: argparse.Namespace) -> None:
    """Nearly everything for one owner, four mailings for the neighbour; attempts spread evenly."""
    each = options.attempts // options.mailings
    failed = each // 50
    names = "pending sending sent delivered bounced failed unknown suppressed expired cancelled"
    counts = {name: "0" for name in names.split()} | {
        "sent": str(each - failed),
        "failed": str(failed),
    }
    sql = SEED.format(
        owner=people[0],
        neighbour=people[1],
        recipients=options.recipients,
        mailings=options.mailings,
        each=each,
        states=", ".join(counts),
        counts=", ".join(counts.values()),
    )
    everybody = counts | {"sent": str(options.recipients), "failed": "0"}
    sql += MEASURED.format(
        owner=people[0],
        recipients=options.recipients,
        states=", ".join(everybody),
        counts=", ".join(everybody.values()),
    )
    where: dict[str, Any] = {"host": "127.0.0.1", "port": 5432, "user": "postgres"}
    with closing(psycopg2.connect(dbname=place.database, **where)) as connection:
        connection.autocommit = True
        with closing(connection.cursor()) as cursor:
            cursor.execute(EMPTY)
            for (change,) in cursor.fetchall():
                cursor.execute(change)
            for statement in filter(str.strip, sql.split(";\n")):
                started = time.monotonic()
                cursor.execute(statement)
                text = " ".join(statement.split()[:3])
                print(f"{text:<36} {cursor.rowcount:>9} rows {time.monotonic() - started:6.1f} s")
            cursor.execute("VACUUM ANALYZE")


def prepare() -> None:
    """The people, inside the installation: prints the ids of the owner and the neighbour."""
    django.setup()
    from django.contrib.auth.models import Group

    from apps.users.models import MANAGERS as GROUP
    from apps.users.models import User

    owner = User.objects.create_user("owner@example.org")
    manager = User.objects.create_user("manager@example.org")
    manager.groups.add(Group.objects.get(name=GROUP))
    neighbour = User.objects.create_user("neighbour@example.org")
    print(owner.pk, neighbour.pk)


def measure() -> None:
    """Ask for every page, inside the installation: prints one JSON line."""
    django.setup()
    from django.conf import settings
    from django.test import Client

    from apps.mailings.models import Mailing, Recipient, Tag, TrackedLink
    from apps.users.models import User

    settings.ALLOWED_HOSTS = ["*"]
    values = {
        "mailing": Mailing.objects.order_by("-pk")[10].pk,
        "measured": (link := TrackedLink.objects.select_related("run")[0]).run.mailing_id,
        "link": link.pk,
        "tag": Tag.objects.order_by("pk")[5].pk,
        "middle": Recipient.objects.order_by("pk")[Recipient.objects.count() // 2].pk,
    }
    everywhere = [page for page in PAGES if "{" not in page]
    result = []
    # What a process loads on its first page is no part of that page.
    warm = Client()
    warm.force_login(User.objects.get(email="neighbour@example.org"))
    for page in everywhere:
        warm.get(page)
    for email, pages in (
        ("owner", PAGES),
        ("neighbour", everywhere),
        ("manager", [*everywhere, *MANAGERS]),
    ):
        client = Client()
        client.force_login(User.objects.get(email=f"{email}@example.org"))
        result += [[email, page, *_asked(client, page.format(**values))] for page in pages]
    print(json.dumps(result))


def _asked(client: Any, path: str) -> list[Any]:
    """Status, median of the rounds, the first time, and the queries of the first time."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cache.clear()
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        status = client.get(path).status_code
    first, asked = (time.perf_counter() - started) * 1000, len(queries)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - started) * 1000)
    return [status, statistics.median(times), first, asked]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--mailings", type=int, default=2000)
    parser.add_argument("--attempts", type=int, default=5_000_000)
    parser.add_argument(
        "--hold", action="store_true", help="measure again for every line on standard input"
    )
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
            fill(place, place.run([*command, "prepare"]).stdout.split(), options)
            slow = measured(place, command)
            while options.hold and sys.stdin.readline():
                slow = measured(place, command)
            raise SystemExit(1 if slow else 0)
        finally:
            place.close()


def measured(place: Installation, command: list[str]) -> int:
    """Measure and print. Returns how many pages are too slow."""
    done = place.run([*command, "measure"])
    if done.returncode:
        print(done.stderr[-3000:])
        return 1
    return show(json.loads(done.stdout.splitlines()[-1]))


def show(rows: list[list[Any]]) -> int:
    """The table. Returns how many pages are too slow."""
    print(f"{'who':<9} {'page':<44} {'status':>6} {'median ms':>10} {'first':>6} {'queries':>8}")
    slow = 0
    for who, page, status, median, first, queries in rows:
        late = median > LIMIT or status != 200
        slow += late
        print(
            f"{who:<9} {page:<44} {status:>6} {median:>10.0f} {first:>6.0f} {queries:>8}"
            f"{'  <-' if late else ''}"
        )
    return slow


if __name__ == "__main__":
    main()
