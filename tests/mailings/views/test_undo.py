"""What was put away can be brought back at once, where that costs nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Mailing, Message, Recipient
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def undo_offered_by(page: Any) -> str:
    found = re.search(r'<form method="post" action="([^"]+/restore/)">', page.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["mailings", "messages"])
def test_what_went_to_the_archive_comes_back_by_one_button(cast: Cast, kind: str) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    RunFactory.create(mailing=mailing, state="done", outcome="success", sent=1)
    row: Mailing | Message = mailing if kind == "mailings" else mailing.message
    client = cast.client("owner")
    undo = undo_offered_by(client.post(f"/{kind}/{row.pk}/delete/", follow=True))
    row.refresh_from_db()
    assert row.archived_at is not None
    client.post(undo)
    row.refresh_from_db()
    assert row.archived_at is None
    assert client.get(f"/{kind}/{row.pk}/").status_code == 200


def test_what_is_gone_for_good_offers_no_way_back(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    page = cast.client("owner").post(f"/mailings/{mailing.pk}/delete/", follow=True)
    assert "/restore/" not in page.content.decode()


def test_many_recipients_come_back_from_the_archive_together(cast: Cast) -> None:
    mine = RecipientFactory.create_batch(3, owner=cast.owner)
    for recipient in mine:
        DeliveryFactory.create(run=cast.run, recipient=recipient)
    theirs = RecipientFactory.create(owner=cast.stranger, archived_at=timezone.now())
    client = cast.client("owner")
    ids = [recipient.pk for recipient in mine]
    client.post("/recipients/bulk/", {"act": "delete", "ids": ids})
    assert Recipient.objects.filter(pk__in=ids, archived_at=None).count() == 0
    page = client.get("/recipients/", {"state": "archived"}).content.decode()
    assert 'value="restore"' in page and 'value="delete"' not in page
    client.post(
        "/recipients/bulk/",
        {"act": "restore", "scope": "all", "state": "archived", "ids": [theirs.pk]},
    )
    assert Recipient.objects.filter(pk__in=ids, archived_at=None).count() == 3
    theirs.refresh_from_db()
    assert theirs.archived_at is not None
