"""Several channels on pages: chosen in the form, shown beside the run, found among deliveries."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.delivery.engine.runs import launch
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Run, RunRoute
from apps.mailings.services.reach import audience_of
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    SuppressionFactory,
)
from tests.mailings.views.test_mailing_forms import create, fields
from tests.markup import dense
from tests.people import Cast

pytestmark = pytest.mark.django_db

FURTHER = {
    "second_channel": "telegram",
    "second_account": "email",
    "third_channel": "phone",
    "third_account": "email",
}


def over_two(run: Run) -> None:
    for position, (channel, count) in enumerate((("email", 1), ("phone", 4)), 1):
        RunRoute.objects.create(
            run=run, position=position, channel=channel, account="a", count=count
        )


def test_the_form_keeps_the_channels_in_their_order(cast: Cast) -> None:
    create(cast, everyone="on", **FURTHER)
    mailing = Mailing.objects.get(name="Весна")
    assert mailing.routes == [("email", "email"), ("telegram", "email"), ("phone", "email")]
    page = cast.client("owner").get(reverse("mailings:detail", args=[mailing.pk])).content.decode()
    assert page.index("Telegram") < page.index("Phone")
    cast.client("owner").post(reverse("mailings:duplicate", args=[mailing.pk]))
    assert Mailing.objects.latest("pk").routes == mailing.routes


@pytest.mark.parametrize(
    "wrong",
    [
        {"second_channel": "email"},
        {"third_channel": "telegram"},
        {"second_account": ""},
        {"second_channel": "", "second_account": ""},
        {"third_channel": ""},
        {"second_account": "nobody"},
    ],
)
def test_channels_that_do_not_fit_together_are_refused(cast: Cast, wrong: dict[str, str]) -> None:
    response = create(cast, **{**FURTHER, **wrong})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Mailing.objects.filter(name="Весна").exists()


def test_the_audience_is_counted_by_channel(cast: Cast) -> None:
    owner = cast.owner
    RecipientFactory.create(owner=owner, email=None, telegram_chat_id=5)
    RecipientFactory.create(owner=owner, email=None, telegram_chat_id=6, phone="79000000006")
    RecipientFactory.create(owner=owner, email=None, phone="79000000007")
    mailing = MailingFactory.create(owner=owner)
    reached = audience_of(mailing).people().filter(email__isnull=False).count()
    values = fields(cast, everyone="on", **FURTHER)
    page = dense(cast.client("owner").post(reverse("mailings:count"), values).content.decode())
    assert f"Email: {reached}, Telegram: 2, Phone: 1." in page


@pytest.mark.parametrize("name", ["delivery:panel", "mailings:run"])
def test_a_run_shows_who_goes_which_way(cast: Cast, name: str) -> None:
    over_two(cast.run)
    args: list[Any] = [cast.mailing.pk, *([cast.run.number] if name == "mailings:run" else [])]
    page = cast.client("owner").get(reverse(name, args=args)).content.decode()
    assert "?channel=phone" in page
    assert '<td class="number">4</td>' in page


def test_deliveries_are_found_by_channel(cast: Cast) -> None:
    over_two(cast.run)
    DeliveryFactory.create(run=cast.run, channel="phone", address="79000000001")
    DeliveryFactory.create(run=cast.run, channel="email", address="e@example.org")
    url = reverse("mailings:run", args=[cast.mailing.pk, cast.run.number])
    page = cast.client("owner").get(url, {"channel": "phone"}).content.decode()
    assert "79000000001" in page
    assert "e@example.org" not in page
    table = reverse("mailings:run_export", args=[cast.mailing.pk, cast.run.number, "csv"])
    answer: Any = cast.client("owner").get(table, {"channel": "phone"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "79000000001" in text
    assert "e@example.org" not in text


def test_a_run_over_one_channel_shows_no_table_of_channels(cast: Cast) -> None:
    page = cast.client("owner").get(reverse("delivery:panel", args=[cast.mailing.pk]))
    assert "?channel=" not in page.content.decode()


def test_the_form_counts_as_the_freeze_does(cast: Cast) -> None:
    """Suppressed on the first channel, with and without a second; without any address."""
    both = {"owner": cast.owner, "phone": "79160000001"}
    barred = RecipientFactory.create(**both, email="barred@example.org")
    alone = RecipientFactory.create(owner=cast.owner, email="alone@example.org")
    twice = RecipientFactory.create(owner=cast.owner, email="t@example.org", phone="79160000002")
    RecipientFactory.create(owner=cast.owner, email=None, telegram_chat_id=5)
    for one in (barred, alone, twice):
        SuppressionFactory.create(owner=cast.owner, channel="email", address=one.email)
    SuppressionFactory.create(owner=cast.owner, channel="phone", address=twice.phone)
    SuppressionFactory.create(channel="phone", address=barred.phone)  # another owner's
    mailing = MailingFactory.create(
        owner=cast.owner, everyone=True, second_channel="phone", second_account="email"
    )
    values = {
        "everyone": "on",
        "channel": "email",
        "account": "email",
        "second_channel": "phone",
        "second_account": "email",
    }
    answer = cast.client("owner").post(reverse("mailings:count"), values)
    reach = answer.context["summary"].reach
    service = DispatchService()
    run = Run.objects.get(pk=service.launch(mailing_id=mailing.pk, trigger="manual").run_id)
    launch.freeze_audience(run.pk)
    run.refresh_from_db()
    assert (reach.matching, reach.reached) == (run.audience, run.pending)
    assert (reach.suppressed, reach.no_address) == (2, 1)
    on_the_second = Delivery.objects.filter(run=run, channel="phone").count()
    assert reach.by_channel == (run.pending - on_the_second, on_the_second)
    text = answer.content.decode()
    assert "2 suppressed" in text and "1 has no address" in text


def test_the_form_counts_in_one_query_beside_that_for_blocked_domains(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    audience = audience_of(MailingFactory.create(owner=cast.owner, everyone=True))
    with django_assert_num_queries(2):
        audience.reach(["email", "phone", "telegram"])
