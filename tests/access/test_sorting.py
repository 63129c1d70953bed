"""Every list can be turned round, and stays turned from page to page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.core.paging import keyset_page
from apps.mailings.models import Recipient
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_other_order_goes_on_over_all_pages() -> None:
    people = RecipientFactory.create_batch(5, owner=UserFactory.create())
    rows = Recipient.objects.all()

    first = keyset_page(rows, {"sort": "old"}, size=2, newest_first=True)
    assert [row.pk for row in first.rows] == [people[0].pk, people[1].pk]
    assert first.next == f"after={people[1].pk}&sort=old"
    second = keyset_page(
        rows, {"sort": "old", "after": str(people[1].pk)}, size=2, newest_first=True
    )
    assert [row.pk for row in second.rows] == [people[2].pk, people[3].pk]
    back = keyset_page(
        rows, {"sort": "old", "before": str(people[2].pk)}, size=2, newest_first=True
    )
    assert back.rows == first.rows
    assert keyset_page(rows, {}, size=2, newest_first=True).rows == [people[4], people[3]]


@pytest.mark.parametrize(
    ("page", "sort", "back"),
    [
        ("/recipients/", "old", "new"),
        ("/messages/", "old", "new"),
        ("/mailings/", "name", "-name"),
    ],
)
def test_a_list_offers_its_other_order(page: str, sort: str, back: str, client: Client) -> None:
    owner = UserFactory.create()
    rows: list[Any]
    if page == "/recipients/":
        rows = RecipientFactory.create_batch(2, owner=owner)
    elif page == "/messages/":
        rows = MessageFactory.create_batch(2, owner=owner)
    else:
        rows = [MailingFactory.create(owner=owner, name=name) for name in ("Beta", "Alpha")][::-1]
    client.force_login(owner)

    newest = client.get(page, {"q": ""}).content.decode()
    oldest = client.get(page, {"sort": sort}).content.decode()

    assert f'href="?sort={sort}"' in newest and f'href="?sort={back}"' in oldest
    name = page.strip("/")
    order = [int(pk) for pk in re.findall(rf'href="/{name}/(\d+)/"', oldest)]
    assert order.index(rows[0].pk) < order.index(rows[1].pk)
