"""``python -m tests.faults.engagement.seed N``: letters to react to, inside an installation.

Prints the tokens of N letters of one run, by the ids of their deliveries. With ``--count`` it goes
on counting reactions until it is killed, with ``--count-once`` it counts what there is.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import django


def main() -> None:
    django.setup()
    from apps.feedback.engagement import job

    if sys.argv[1] == "--count-once":
        while job.count_all(lambda: False):
            pass
        return
    while sys.argv[1] == "--count":
        job.count_all(lambda: False)
        time.sleep(0.02)
    print(json.dumps(letters(int(sys.argv[1]))))


def letters(count: int) -> dict[int, str]:
    """The letters of a run that is done: to each its token."""
    from django.utils import timezone

    from apps.mailings.links import LetterLinks
    from apps.mailings.models import Delivery, Recipient, TrackedLink

    now = timezone.now()
    run = _run(count, now)
    people = Recipient.objects.bulk_create(
        Recipient(owner=run.mailing.owner, email=f"{run.pk}.{number}@example.org")
        for number in range(count)
    )
    TrackedLink.objects.create(run=run, version=1, number=1, address="https://shop.example.org/")
    rows = Delivery.objects.bulk_create(
        Delivery(
            run=run,
            recipient=person,
            channel="email",
            address=str(person.email),
            state="sent",
            tries=1,
            changed_at=now,
            sent_at=now - timedelta(hours=1),
        )
        for person in people
    )
    links = LetterLinks(run.pk, 1)
    return {row.pk: links.tokens(row.pk)[0] for row in rows}


def _run(count: int, now: datetime) -> Any:
    from apps.mailings.models import Mailing, Message, Run
    from apps.users.models import User

    owner, _ = User.objects.get_or_create(email="reader@example.org")
    mailing = Mailing.objects.create(
        owner=owner,
        name="read",
        message=Message.objects.create(owner=owner, subject="News", text="text"),
        channel="email",
        account="sink",
        everyone=True,
        starts_at=now - timedelta(hours=2),
        ends_at=now + timedelta(hours=1),
    )
    return Run.objects.create(
        mailing=mailing,
        number=1,
        state="done",
        outcome="success",
        trigger="manual",
        channel="email",
        account="sink",
        queued_at=now,
        finished_at=now,
        content={"tracking": "persons"},
        audience=count,
        sent=count,
    )


if __name__ == "__main__":
    main()
