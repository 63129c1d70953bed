"""Fill an installation: ``python -m tests.faults.feeds.seed``. Prints the id of the mailing.

A mailing of every week with a feed, to a few people; its message is a letter of blocks that shows
the feed. Runs under the installation's own settings.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import django

from tests.faults.browser import OWNER, PASSWORD

AUDIENCE: Final = 12
#: Where the feed is, is known only when a round begins.
NOWHERE: Final = "http://127.0.0.1:9/feed.xml"


def main() -> None:
    django.setup()
    from django.utils import timezone

    from apps.mailings.gallery.reading import templates
    from apps.mailings.models import Mailing, Recipient
    from apps.mailings.services.feeds.settings import FeedSettings, save_feed
    from apps.mailings.services.letters.beginning import begin_letter
    from apps.users.models import User

    owner = User.objects.create_user(OWNER, PASSWORD)
    Recipient.objects.bulk_create(
        Recipient(owner=owner, email=f"r{number}@example.org") for number in range(AUDIENCE)
    )
    template = next(one for one in templates() if one.slug == "feed")
    document: Any = _without_pictures(template.document("en", lambda number: number))
    message = begin_letter(author=owner, document=document, subject="News of the feed")
    now = timezone.now()
    mailing = Mailing.objects.create(
        owner=owner,
        name="Fault test",
        message=message,
        everyone=True,
        account="sink",
        repeat="FREQ=WEEKLY",
        repeat_zone="UTC",
        starts_at=now + timedelta(days=300),
        ends_at=now + timedelta(days=301),
    )
    chosen = FeedSettings(url=NOWHERE, limit=10, begin_with=10)
    save_feed(mailing=mailing, chosen=chosen, now=now)
    mailing.feed.next_at = None
    mailing.feed.save()
    print(mailing.pk)


def _without_pictures(document: Any) -> Any:
    from apps.core.content.blocks.document import dump

    stored = dump(document)
    for section in stored["body"]:
        for column in section["columns"]:
            column["blocks"] = [one for one in column["blocks"] if one["type"] != "image"]
    return stored


if __name__ == "__main__":
    main()
