"""Sign-ups a second: ``python -m benchmarks.signups [--seconds 10] [--processes 2]``.

A flood by many addresses and networks comes in by one form, as a form takes it behind its page: the
limits let its first hour's emails out, and the rest is held. The padding of an answer is left out:
it is waiting, and costs nothing. Makes a database of its own; PostgreSQL with
``--ds tests.settings_postgresql``. Exit: 0 when the floor is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from typing import Any, Final

import django

#: Sign-ups a second of a whole machine with two cores.
FLOOR: Final = 200


def flood(number: int, form_id: int, database: str, seconds: float) -> tuple[int, int, float]:
    """Sign people up for so long: how many, how many of them got an email, processor seconds."""
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from apps.feedback.services.signups.receive import GivenSignup, Visitor, receive
    from apps.mailings.models import SignupForm

    connection.close()
    connection.settings_dict["NAME"] = database
    form = SignupForm.objects.get(pk=form_id)
    version = form.versions.select_related("form").get()
    lists = list(form.lists.values_list("pk", flat=True))
    count = emails = 0
    end, used = time.monotonic() + seconds, time.process_time()
    while time.monotonic() < end:
        ip = f"10.{number}.{count // 250 % 250}.{count % 250}"
        given = GivenSignup(
            form=form,
            version=version,
            address=f"p{number}-{count}@example.org",
            lists=lists,
            language="en",
            proved=True,
            visitor=Visitor(ip, "Firefox", "https://example.org/"),
        )
        emails += receive(given, now=timezone.now()).state == "waiting"
        count += 1
    return count, emails, time.process_time() - used


def measure(args: Any) -> int:
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from apps.feedback.models import SignupCounts
    from tests.feedback.signups import live_form

    old = setup_databases(verbosity=0, interactive=False)
    try:
        form = live_form()
        name = str(connection.settings_dict["NAME"])
        work = [(one, form.pk, name, args.seconds) for one in range(args.processes)]
        with multiprocessing.get_context("spawn").Pool(args.processes) as pool:
            found = pool.starmap(flood, work)
        count, emails, used = (sum(part) for part in zip(*found, strict=True))
        kept = SignupCounts.objects.get(form=form)
        assert kept.received == count and kept.waiting == emails, "the sum is wrong"
        rate = count / args.seconds
        print(
            f"{rate:.0f} sign-ups/s ({count}, of them {emails} with an email), {connection.vendor}"
        )
        print(f"{1000 * used / count:.1f} ms of our processor each, without the database's")
        return 0 if rate >= FLOOR else 1
    finally:
        connection.close()
        teardown_databases(old, verbosity=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--ds", default="tests.settings")
    args = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = args.ds
    django.setup()
    import logging

    logging.disable(logging.INFO)
    sys.exit(measure(args))


if __name__ == "__main__":
    main()
