"""How many queries a page costs is written down here, and is the same with 1 row and with 50."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.mailings.models import Mailing
from apps.users.notifications import bell_key
from tests.access.rules import COUNTS
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.people import HTMX, Cast

#: The pages are covered by tests that ask for more than their queries.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_cover")]


def many_more(cast: Cast) -> None:
    """Fifty of everything that a page might go through one by one."""
    message = cast.mailing.message
    ahead = timezone.now() + timedelta(days=1)
    for _ in range(50):
        started = MailingFactory.create(owner=cast.owner, message=message)
        RunFactory.create(mailing=started, unknown=1, pending=5)
        MailingFactory.create(
            owner=cast.owner, message=message, starts_at=ahead, ends_at=ahead + timedelta(1)
        )
        recipient = RecipientFactory.create(owner=cast.owner)
        DeliveryFactory.create(run=cast.run, recipient=recipient)
        cast.mailing.recipients.add(recipient)
        cast.mailing.filter_tags.add(TagFactory.create(owner=cast.owner))


@pytest.mark.parametrize("rows", [1, 50])
def test_the_number_of_queries(rows: int, cast: Cast) -> None:
    Mailing.objects.filter(pk=cast.mailing.pk).update(everyone=False)
    if rows > 1:
        many_more(cast)
    else:
        TagFactory.create(owner=cast.owner)  # without any there is nothing to choose from
    client = cast.client("owner")
    asked = {}
    for url in COUNTS:
        cache.clear()
        cache.set(bell_key(cast.owner.pk), 0)  # the bell is asked for twice a minute, not per page
        headers = HTMX if url.endswith("panel/") else {}
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url.format(pk=cast.mailing.pk), headers=headers)
        assert response.status_code == 200, url
        asked[url] = len(queries)
    assert asked == COUNTS


def test_a_second_look_at_the_home_page_costs_less(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = cast.client("owner")
    client.get("/")
    with django_assert_max_num_queries(COUNTS["/"] - 3):
        client.get("/")
