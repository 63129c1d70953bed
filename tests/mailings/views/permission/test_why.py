"""The page that says why somebody gets a mailing, or does not."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.mailings.models import ConsentText, MailingList
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import save_consent_text
from apps.mailings.services.permission.subscribing import subscribe
from tests.factories import MailingFactory, MailingListFactory, RecipientFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
WHY = "Why does somebody get it, or not?"


def consented(cast: Cast) -> MailingList:
    """A list that the recipient of the cast is on, by words that were shown."""
    save_consent_text(owner=cast.owner, key="ads", texts={"en": "Send me the news."})
    shown = {"id": ConsentText.objects.get().pk, "sha256": ""}
    said_at = cast.delivery.changed_at
    said = Evidence(source="form", by_person=True, said_at=said_at, texts=(shown,))
    one = MailingListFactory.create(owner=cast.owner, title="News")
    subscribe(recipient=cast.delivery.recipient, lists=[one], evidence=said, now=said_at)
    return one


def test_one_screen_from_the_rule_to_the_words(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner, everyone=False, basis="subscription")
    mailing.lists.add(consented(cast))
    address = cast.delivery.recipient.email or ""
    answer = cast.client("owner").get(f"/mailings/{mailing.pk}/why/", {"address": address})
    page = answer.content.decode()
    assert "list “News”" in page and "in the audience" in page
    assert "Send me the news." in page and "it is written by this right" in page
    assert (
        "Send me the news."
        in cast.client("owner")
        .get(reverse("recipients:consent", args=[cast.delivery.recipient_id]))
        .content.decode()
    )


def test_it_is_asked_on_the_pages_of_mailing_run_delivery_and_recipient(cast: Cast) -> None:
    client, row = cast.client("owner"), cast.delivery
    run_why = f"/mailings/{cast.mailing.pk}/runs/1/why/"
    person = row.recipient_id
    for path, link in (
        (f"/mailings/{cast.mailing.pk}/", f'action="{run_why}"'),
        (f"/mailings/{cast.mailing.pk}/runs/1/", f'action="{run_why}"'),
        (f"/mailings/{cast.mailing.pk}/runs/1/deliveries/{row.pk}/", f"{run_why}?recipient="),
        (f"/recipients/{person}/", f"{run_why}?recipient={person}"),
        (f"/recipients/{person}/", f'"/recipients/{person}/why/"'),
    ):
        assert link in client.get(path).content.decode(), path
    page = client.get(run_why, {"recipient": person}).content.decode()
    assert "Sent: the server accepted the message." in page


def test_an_unknown_address_is_said_to_be_unknown(cast: Cast) -> None:
    foreign = RecipientFactory.create(owner=cast.stranger, email="theirs@example.org")
    client = cast.client("owner")
    for given in ({"address": "theirs@example.org"}, {"recipient": foreign.pk}):
        page = client.get(f"/mailings/{cast.mailing.pk}/why/", given).content.decode()
        assert (
            "No recipient has this address." in page
            and "theirs@example.org" not in page.split('value="theirs@example.org"')[-1]
        )


def test_a_recipient_is_asked_about_one_of_the_owners_mailings(cast: Cast) -> None:
    theirs = MailingFactory.create(owner=cast.stranger)
    path = f"/recipients/{cast.delivery.recipient_id}/why/"
    page = cast.client("owner").get(path, {"mailing": cast.mailing.pk}).content.decode()
    assert cast.mailing.name in page and "Gets it by this channel: Email." in page
    assert theirs.name not in page
    for role in ("owner", "manager"):
        assert cast.client(role).get(path, {"mailing": theirs.pk}).status_code == 404
