"""The page behind the link of a letter: what each act does to lists, addresses and consents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Event, PublicLink
from apps.feedback.services import preferences
from apps.feedback.services.public_links import make_link, url_of
from apps.mailings.links import UNDO, sealed, unsubscribe_token
from apps.mailings.models import (
    Consent,
    Delivery,
    MailingList,
    Recipient,
    Subscription,
    Suppression,
)
from apps.mailings.rules import Rule
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.services.reach import Audience
from tests.factories import DeliveryFactory, MailingListFactory, RecipientFactory, RunFactory

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Letter:
    """Anna is on two lists and got a letter that was written to the first."""

    anna: Recipient
    updates: MailingList
    offers: MailingList
    delivery: Delivery

    @property
    def url(self) -> str:
        return f"/u/{unsubscribe_token(self.delivery.pk)}/"

    def status(self) -> dict[str, str]:
        rows = Subscription.objects.filter(recipient=self.anna).order_by("list_id")
        return {row.list.title: row.status for row in rows.select_related("list")}

    def said(self, after: int = 2) -> list[tuple[str, str | None, str]]:
        """What was said since the two subscriptions: act, list, channel."""
        rows = Consent.objects.filter(recipient=self.anna).order_by("pk")
        return [*rows.values_list("act", "list__title", "channel")[after:]]

    def post(self, **data: object) -> str:
        return Client().post(self.url, data).content.decode()


@pytest.fixture
def letter(db: None) -> Letter:
    anna = RecipientFactory.create(email="anna@example.org", phone="79161234567")
    updates, offers = (
        MailingListFactory.create(owner=anna.owner, title=title) for title in ("Updates", "Offers")
    )
    said = Evidence(source="form", by_person=True, said_at=timezone.now())
    subscribe(recipient=anna, lists=[updates, offers], evidence=said, now=timezone.now())
    run = RunFactory.create(mailing__owner=anna.owner, rule={"lists": [updates.pk]})
    delivery = DeliveryFactory.create(run=run, recipient=anna, state="sent")
    return Letter(anna, updates, offers, delivery)


def counted() -> tuple[int, ...]:
    models = (Consent, Suppression, Event, Subscription)
    return tuple(model.objects.count() for model in models)


# --- what section by section of the page is done ---


def test_one_click_ends_the_lists_of_the_letter_and_no_other(letter: Letter) -> None:
    for _number in range(2):  # idempotent
        response = Client(enforce_csrf_checks=True).post(letter.url, ONE_CLICK)
        assert response.status_code == 200 and not response.cookies
    assert letter.status() == {"Updates": "unsubscribed", "Offers": "subscribed"}
    assert letter.said() == [("withdrawn", "Updates", "")]
    last = Consent.objects.latest("pk")
    assert (last.source, last.delivery_id, last.ip) == (
        "one_click",
        letter.delivery.pk,
        "127.0.0.1",
    )
    assert not Suppression.objects.exists()
    assert Event.objects.get().kind == "unsubscribed"


def test_one_click_ends_every_list_of_the_letter_that_the_person_is_on(letter: Letter) -> None:
    third = MailingListFactory.create(owner=letter.anna.owner, title="Third")
    letter.delivery.run.rule = {"lists": [letter.updates.pk, letter.offers.pk, third.pk]}
    letter.delivery.run.save()
    letter.post(**ONE_CLICK)
    assert letter.status() == {"Updates": "unsubscribed", "Offers": "unsubscribed"}
    assert letter.said() == [("withdrawn", "Updates", ""), ("withdrawn", "Offers", "")]


@pytest.mark.parametrize("rule", [None, {}, {"lists": []}])
def test_one_click_without_lists_closes_the_address(
    letter: Letter, rule: dict[str, object] | None
) -> None:
    letter.delivery.run.rule = rule
    letter.delivery.run.save()
    letter.post(**ONE_CLICK)
    assert [*Suppression.objects.values_list("channel", "reason")] == [("email", "unsubscribed")]
    assert letter.said() == [("withdrawn", None, "email")]
    assert set(letter.status().values()) == {"subscribed"}


def test_a_list_is_left_and_joined_again(letter: Letter) -> None:
    letter.post(act="save", list=[letter.updates.pk])
    assert letter.status() == {"Updates": "subscribed", "Offers": "unsubscribed"}
    letter.post(act="save", list=[letter.updates.pk, letter.offers.pk])
    assert letter.status() == {"Updates": "subscribed", "Offers": "subscribed"}
    assert letter.said() == [("withdrawn", "Offers", ""), ("given", "Offers", "")]
    letter.post(act="save", list=[letter.updates.pk, letter.offers.pk])
    assert len(letter.said()) == 2, "what is as before is not said again"


def test_leaving_everything_ends_all_and_closes_all_addresses(letter: Letter) -> None:
    page = letter.post(act="all")
    assert "You are unsubscribed" in page
    assert set(letter.status().values()) == {"unsubscribed"}
    assert {*Suppression.objects.values_list("channel", "address", "reason")} == {
        ("email", "anna@example.org", "unsubscribed"),
        ("phone", "79161234567", "unsubscribed"),
    }
    assert letter.said() == [("withdrawn", None, "")]


def test_a_list_put_on_after_leaving_everything_opens_the_addresses(letter: Letter) -> None:
    letter.post(act="all")
    letter.post(act="save", list=[letter.offers.pk], channels_shown="1")
    assert letter.status() == {"Updates": "unsubscribed", "Offers": "subscribed"}
    assert not Suppression.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_saved_is_in_force_as_a_whole_or_not_at_all(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one list to the other: a run that is being sent never finds Anna on none."""

    def dies(**_: object) -> None:
        raise ConnectionError("killed")

    letter.post(act="save", list=[letter.updates.pk])
    before = letter.status(), counted()
    monkeypatch.setattr(preferences, "subscribe", dies)
    with pytest.raises(ConnectionError):
        letter.post(act="save", list=[letter.offers.pk])
    assert (letter.status(), counted()) == before


def test_a_channel_is_closed_and_opened(letter: Letter) -> None:
    both = {"list": [letter.updates.pk, letter.offers.pk], "channels_shown": "1", "act": "save"}
    letter.post(**both, channel=["email"])
    assert [*Suppression.objects.values_list("channel", "address")] == [("phone", "79161234567")]
    letter.post(**both, channel=["email", "phone"])
    assert not Suppression.objects.exists()
    assert letter.said() == [("withdrawn", None, "phone"), ("given", None, "phone")]


def test_a_bounced_address_is_not_opened(letter: Letter) -> None:
    Suppression.objects.create(
        owner=letter.anna.owner, channel="phone", address="79161234567", reason="bounced"
    )
    both = [letter.updates.pk, letter.offers.pk]
    letter.post(act="save", list=both, channels_shown="1", channel=["email", "phone"])
    assert Suppression.objects.get().reason == "bounced"
    assert letter.said() == []


def test_pause_frequency_and_language_are_kept_with_their_acts(letter: Letter) -> None:
    both = [letter.updates.pk, letter.offers.pk]
    letter.post(act="save", list=both, pause="2", every_days="14", language="ru")
    letter.anna.refresh_from_db()
    assert (letter.anna.every_days, letter.anna.language) == (14, "ru")
    ahead = letter.anna.paused_until - timezone.now()
    assert timedelta(days=13) < ahead <= timedelta(days=14)
    assert letter.said() == [("changed", None, ""), ("paused", None, "")]
    letter.post(act="save", list=both, every_days="14", language="ru")
    letter.anna.refresh_from_db()
    assert letter.anna.paused_until is not None, "a pause that is not touched stays"
    letter.post(act="save", list=both, pause="0", every_days="14", language="ru")
    letter.anna.refresh_from_db()
    assert letter.anna.paused_until is None
    assert letter.said()[2:] == [("changed", None, "")]


def test_who_does_not_want_it_is_not_measured(letter: Letter) -> None:
    both = [letter.updates.pk, letter.offers.pk]
    for given, expected in (({"unmeasured": "1"}, True), ({}, False)):
        letter.post(act="save", list=both, measuring_shown="1", **given)
        letter.anna.refresh_from_db()
        assert letter.anna.unmeasured is expected
    assert letter.said() == [("changed", None, "")] * 2
    letter.anna.unmeasured = True
    letter.anna.save()
    letter.post(act="save", list=both)
    letter.anna.refresh_from_db()
    assert letter.anna.unmeasured, "a form of before this question was asked changes nothing"


@pytest.mark.parametrize(
    "odd", [{"every_days": "1"}, {"pause": "13"}, {"pause": "-1"}, {"language": "xx"}]
)
def test_what_the_page_does_not_offer_is_passed_over(letter: Letter, odd: dict[str, str]) -> None:
    letter.post(act="save", list=[letter.updates.pk, letter.offers.pk], **odd)
    letter.anna.refresh_from_db()
    assert (letter.anna.every_days, letter.anna.paused_until, letter.anna.language) == (
        None,
        None,
        "",
    )
    assert letter.said() == []


# --- second thoughts ---


def undo_token(page: str) -> str:
    return page.partition('name="undo" value="')[2].partition('"')[0]


@pytest.mark.parametrize("act", [{}, {"act": "all"}])
def test_leaving_is_undone_within_half_an_hour(letter: Letter, act: dict[str, str]) -> None:
    before = letter.status()
    token = undo_token(letter.post(**act))
    assert "You are subscribed again" in letter.post(act="undo", undo=token)
    assert letter.status() == before
    assert not Suppression.objects.exists() and not Event.objects.exists()
    assert "resumed" in {act for act, _list, _channel in letter.said()}
    assert "too late" in letter.post(act="undo", undo=token), "and only once"


def test_an_undo_leaves_what_another_act_has_suppressed(letter: Letter) -> None:
    both = [letter.updates.pk, letter.offers.pk]
    letter.post(act="save", list=both, channels_shown="1", channel=["email"])
    token = undo_token(letter.post(act="all"))
    letter.post(act="undo", undo=token)
    assert [*Suppression.objects.values_list("channel", flat=True)] == ["phone"]
    assert set(letter.status().values()) == {"subscribed"}


@pytest.mark.parametrize("general", [False, True])
def test_an_undo_gives_no_more_than_there_was_before(letter: Letter, general: bool) -> None:
    """Who was on no list any more is not taken for one who has consented to everything."""
    if general:
        said = Evidence(source="page", by_person=True, said_at=timezone.now())
        record(owner_id=letter.anna.owner_id, recipient=letter.anna, act="given", evidence=said)
    letter.post(act="save")  # no list is ticked
    page = letter.post(act="all")
    letter.post(act="undo", undo=undo_token(page))
    rule = Rule(letter.anna.owner_id, timezone.now(), "UTC", everyone=True, basis="consent")
    reached = Audience(rule).reach(["email"])
    expected = (1, {}) if general else (0, {"unsubscribed": 1})
    assert (reached.reached, reached.left_out) == expected


def test_after_half_an_hour_or_another_word_nothing_is_undone(letter: Letter) -> None:
    token = undo_token(letter.post())
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert "too late" in letter.post(act="undo", undo=token)
    assert letter.status()["Updates"] == "unsubscribed"
    letter.post(act="save", list=[letter.offers.pk], every_days="7")
    assert "too late" in letter.post(act="undo", undo=token)
    assert letter.status()["Updates"] == "unsubscribed"


def test_the_undo_of_somebody_else_opens_nothing(letter: Letter) -> None:
    other = RecipientFactory.create(owner=letter.anna.owner)
    said = Evidence(source="page", by_person=True, said_at=timezone.now())
    subscribe(recipient=other, lists=[letter.updates], evidence=said, now=timezone.now())
    theirs = Consent.objects.latest("pk").pk
    for token in (sealed(UNDO, theirs), sealed(UNDO, 10**9), "x"):
        assert "too late" in letter.post(act="undo", undo=token)


# --- what the page shows ---


def test_looking_changes_nothing(letter: Letter) -> None:
    before = counted()
    for method in ("get", "head"):
        assert getattr(Client(), method)(letter.url).status_code == 200
    assert counted() == before


def test_a_forwarded_letter_opens_no_data(letter: Letter) -> None:
    page = Client().get(letter.url).content.decode()
    for hidden in ("anna@example.org", "79161234567", letter.anna.full_name):
        assert hidden not in page
    assert "a***@example.org" in page and "***4567" in page


def test_private_lists_are_shown_to_their_members_alone(letter: Letter) -> None:
    MailingList.objects.filter(pk=letter.offers.pk).update(visibility="private")
    MailingListFactory.create(owner=letter.anna.owner, title="Staff", visibility="private")
    MailingListFactory.create(owner=letter.anna.owner, title="Old", archived_at=timezone.now())
    MailingListFactory.create(owner=letter.anna.owner, title="Public one")
    MailingListFactory.create(title="Of somebody else")
    titles = [one.title for one in Client().get(letter.url).context["lists"]]
    assert titles == ["Offers", "Public one", "Updates"]


def test_a_list_that_is_not_offered_is_not_subscribed_to(letter: Letter) -> None:
    staff = MailingListFactory.create(owner=letter.anna.owner, visibility="private")
    alien = MailingListFactory.create()
    letter.post(act="save", list=[letter.updates.pk, letter.offers.pk, staff.pk, alien.pk])
    assert letter.status() == {"Updates": "subscribed", "Offers": "subscribed"}


def test_the_page_speaks_the_persons_language(letter: Letter) -> None:
    Recipient.objects.filter(pk=letter.anna.pk).update(language="ru")
    page = Client().get(letter.url, headers={"Accept-Language": "en"}).content.decode()
    assert "Отписаться?" in page


def test_the_link_of_an_old_address_only_leaves_with_that_address(letter: Letter) -> None:
    Recipient.objects.filter(pk=letter.anna.pk).update(email="new@example.org")
    page = Client().get(letter.url)
    assert "Offers" not in page.content.decode() and page.context["lists"] == []
    for act in ("all", "save"):
        assert Client().post(letter.url, {"act": act}).status_code == 404
    letter.post(**ONE_CLICK)
    assert set(letter.status().values()) == {"subscribed"}
    assert [*Suppression.objects.values_list("address", flat=True)] == ["anna@example.org"]
    letter.post(act="undo")
    assert not Suppression.objects.exists()


# --- without a letter ---


def test_a_fresh_link_opens_the_preferences_and_nothing_of_a_letter(letter: Letter) -> None:
    link = make_link(
        recipient=letter.anna, purpose=PublicLink.Purpose.PREFERENCES, now=timezone.now()
    )
    url = "/p/" + url_of(link).rpartition("/p/")[2]
    page = Client().get(url)
    assert "Your preferences" in page.content.decode() and page["X-Robots-Tag"]
    link.refresh_from_db()
    assert link.used_at is None
    Client(enforce_csrf_checks=True).post(url, {"act": "save", "list": [letter.offers.pk]})
    assert letter.status() == {"Updates": "unsubscribed", "Offers": "subscribed"}
    assert Client().post(url).status_code == 404, "there is no letter to leave"
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert Client().get(url).status_code == 410
