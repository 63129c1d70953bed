"""A mailing that a manager has disabled says so wherever it is listed."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.mailings.models import Mailing
from tests.factories import AttemptFactory
from tests.markup import dense
from tests.people import Cast

pytestmark = pytest.mark.django_db

PLACES = (
    "/",
    "/queue/",
    "/mailings/",
    "/mailings/{mailing}/",
    "/mailings/{mailing}/runs/1/",
    "/messages/{message}/",
    "/recipients/{recipient}/",
    "/attempts/",
    "/attempts/{attempt}/",
    "/reports/",
    "/reports/{mailing}/",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_disabled_mailing_has_its_badge(cast: Cast, place: str) -> None:
    attempt = AttemptFactory.create(delivery=cast.delivery)
    url = place.format(
        mailing=cast.mailing.pk,
        message=cast.mailing.message_id,
        recipient=cast.delivery.recipient_id,
        attempt=attempt.pk,
    )
    client = cast.client("owner")
    badge = '<span class="badge tone-off">Отключена</span>'
    client.cookies["django_language"] = "ru"
    assert badge not in client.get(url).content.decode()
    Mailing.objects.update(is_active=False)
    assert badge in client.get(url).content.decode()


def test_the_switch_says_how_it_is_now(cast: Cast) -> None:
    url = f"/mailings/{cast.mailing.pk}/"
    client = cast.client("manager")
    with translation.override("en"):
        for active, label in ((True, "Enabled"), (False, "Disabled")):
            Mailing.objects.update(is_active=active)
            switch = dense(client.get(url).content.decode()).partition('role="switch"')[2]
            assert f"<span>{label}</span>" in switch.partition("</button>")[0]
