"""The page that asks: how many before it is pressed, and nobody twice after."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.feedback.models import Signup
from apps.mailings.models import RecipientImport, Subscription
from tests.factories import RecipientFactory
from tests.feedback.signups import list_of, live_form
from tests.people import Cast

pytestmark = pytest.mark.django_db


def people_on(cast: Cast, count: int, by: str = "form") -> int:
    """The number of a list with so many unconfirmed people."""
    newsletter = list_of(cast.owner, f"News {Subscription.objects.count()}")
    for _number in range(count):
        Subscription.objects.create(
            list=newsletter,
            recipient=RecipientFactory.create(owner=cast.owner),
            status="unconfirmed",
            since=timezone.now(),
            by=by,
        )
    live_form(cast.owner, lists=[newsletter])
    return newsletter.pk


def test_a_list_says_how_many_and_asks_them_once(cast: Cast) -> None:
    client, pk = cast.client("owner"), people_on(cast, 2)
    assert f"/lists/{pk}/ask/" in client.get(f"/lists/{pk}/").content.decode()
    assert "Ask 2 people" in client.get(f"/lists/{pk}/ask/").content.decode()
    for answer in ("2 people will be asked", "Nobody is left to be asked"):
        shown = client.post(f"/lists/{pk}/ask/", follow=True).content.decode()
        assert answer in shown
    assert Signup.objects.filter(code="asked").count() == 2


def test_an_import_asks_those_whom_it_put_on_lists(cast: Cast) -> None:
    client, began = cast.client("owner"), timezone.now()
    people_on(cast, 1, by="form")
    people_on(cast, 2, by="import")
    people_on(cast, 1, by="import")  # by another import, which ran beside it
    mine = Subscription.objects.filter(by="import").order_by("pk").values_list("pk", flat=True)[:2]
    Subscription.objects.filter(pk__in=[*mine]).update(created_at=began)
    found = RecipientImport.objects.create(
        owner=cast.owner,
        state="done",
        started_at=began,
        finished_at=timezone.now(),
        options={"mapping": {"status": "status"}},
    )
    url = f"/recipients/import/{found.pk}/"
    assert f"{url}ask/" in client.get(url).content.decode()
    client.post(f"{url}ask/")
    assert Signup.objects.filter(code="asked").count() == 2
