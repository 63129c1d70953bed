"""The list of recipients as a table: its columns, its orders, what a search by an address shows."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.mailings.selectors import recipients as selectors
from tests.factories import DeliveryFactory, RecipientFactory, SuppressionFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db

LIST = reverse("recipients:list")


def test_a_search_by_an_address_is_in_its_order_without_the_suppressed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zoe3", "zoe1", "zoe2", "other"):
        RecipientFactory.create(owner=cast.owner, email=f"{name}@example.org", phone=None)
    SuppressionFactory.create(owner=cast.owner, address="zoe2@example.org")
    context = cast.client("owner").get(LIST, {"q": "zoe1@"}).context
    assert [row.email for row in context["page"].rows] == ["zoe1@example.org"]
    monkeypatch.setattr(selectors, "COUNTED_ADDRESSES", 1)
    monkeypatch.setattr("apps.mailings.views.recipients.RecipientList.size", 1)
    RecipientFactory.create(owner=cast.owner, email="zoe1@example.net", phone="79160000002")
    context = cast.client("owner").get(LIST, {"q": "zoe1@"}).context
    assert (context["found"].count, context["found"].exact) == (1, False)
    assert [row.email for row in context["page"].rows] == ["zoe1@example.net"]
    context = cast.client("owner").get(f"{LIST}?q=zoe1@&{context['page'].next}").context
    assert [row.email for row in context["page"].rows] == ["zoe1@example.org"]
    assert not cast.client("owner").get(LIST, {"q": "zoe2@"}).context["rows"]


def test_custom_fields_are_columns_to_choose_and_to_sort_by(cast: Cast) -> None:
    for city in ("Уфа", "Абакан"):
        RecipientFactory.create(owner=cast.owner, attributes={"город": city})
    page = cast.client("owner").get(LIST, {"columns": "field.город", "sort": "field.город"})
    assert [column.name for column in page.context["table"].shown] == ["email", "field.город"]
    cells = [row.fields for row in page.context["rows"]]
    assert cells[:2] == [[("field.город", "Абакан")], [("field.город", "Уфа")]]


def test_the_last_message_of_each_is_shown_and_sorted_by(cast: Cast) -> None:
    sent = DeliveryFactory.create(run=cast.run, recipient__owner=cast.owner, state="sent")
    DeliveryFactory.create(run=cast.run, recipient__owner=cast.owner, state="failed")
    page = cast.client("owner").get(LIST, {"sort": "-sent"})
    last = [row.recipient.last_sent for row in page.context["rows"]]
    assert last[0] == sent.changed_at and last[-1] is None
