"""The pages of lists: who is on them, by what right, and how people are added."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.mailings.models import Consent, MailingList, Recipient, Subscription
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import await_confirmation, subscribe, unsubscribe
from tests.factories import MailingListFactory, RecipientFactory, TagFactory
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db

NOW = timezone.now()
PERSON = Evidence(source="form", by_person=True, said_at=NOW, ip="192.0.2.7", page="/join/")


def with_members(cast: Cast) -> MailingList:
    """Two who came lately, one long ago, one who left, one who has to confirm."""
    one = MailingListFactory.create(owner=cast.owner, title="Updates")
    people = RecipientFactory.create_batch(5, owner=cast.owner)
    long_ago = NOW - timedelta(days=90)
    for person, moment in zip(people[:4], (NOW, NOW, long_ago, long_ago), strict=True):
        subscribe(recipient=person, lists=[one], evidence=PERSON, now=moment)
    unsubscribe(recipient=people[3], lists=[one], evidence=PERSON, now=NOW)
    await_confirmation(recipient=people[4], lists=[one], evidence=PERSON, now=NOW)
    return one


def test_the_table_says_how_many_are_on_each_list_and_how_it_grew(cast: Cast) -> None:
    one = with_members(cast)
    page = cast.client("owner").get("/lists/")
    (row,) = page.context["page"].rows
    assert (row.pk, row.subscribed, row.unconfirmed, row.unsubscribed) == (one.pk, 3, 1, 1)
    assert row.growth == 1
    assert cast.client("stranger").get("/lists/").context["page"].rows == []
    assert cast.owner.email in cast.client("manager").get("/lists/").content.decode()


def test_members_are_found_by_status_and_address_and_exported_with_their_consent(
    cast: Cast,
) -> None:
    one = with_members(cast)
    client, url = cast.client("owner"), f"/lists/{one.pk}/"
    assert len(client.get(url).context["page"].rows) == 5
    found = client.get(url, {"status": "unsubscribed"}, headers=HTMX).context["page"].rows
    assert [row.status for row in found] == ["unsubscribed"]
    email = found[0].recipient.email
    assert len(client.get(url, {"q": email.upper()}).context["page"].rows) == 1
    file = client.get(f"{url}export/csv/", {"status": "subscribed"})
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 4 and "sign-up form" in lines[1] and "given" in lines[1]
    assert f"list-{one.slug}.csv" in file["Content-Disposition"]


def test_a_list_is_made_changed_archived_and_restored(cast: Cast) -> None:
    client = cast.client("owner")
    form = {"title": "Updates", "visibility": "public", "optin": "double", "position": "0"}
    made = client.post("/lists/new/", {**form, "language": "en"}, follow=True)
    one = MailingList.objects.get()
    assert made.redirect_chain == [(f"/lists/{one.pk}/", 302)]
    assert (one.slug, one.language) == ("updates", "en")
    again = client.post("/lists/new/", {**form, "title": "uPDATES"})
    assert again.status_code == 200 and MailingList.objects.count() == 1
    client.post(f"/lists/{one.pk}/edit/", {**form, "title": "Digest"})
    subscribe(
        recipient=RecipientFactory.create(owner=cast.owner),
        lists=[MailingList.objects.get()],
        evidence=PERSON,
        now=NOW,
    )
    client.post(f"/lists/{one.pk}/archive/")
    archived = MailingList.objects.get(title="Digest")
    assert archived.archived_at is not None
    assert client.get("/lists/").context["page"].rows == []
    assert client.get("/lists/", {"state": "archived"}).context["page"].rows == [archived]
    client.post(f"/lists/{one.pk}/restore/")
    assert MailingList.objects.get().archived_at is None


def test_people_are_added_with_the_owners_statement_and_who_left_is_named(cast: Cast) -> None:
    one = with_members(cast)
    left = Subscription.objects.get(status="unsubscribed").recipient
    waiting = Subscription.objects.get(status="unconfirmed").recipient
    known = RecipientFactory.create(owner=cast.owner, phone="79161234567")
    RecipientFactory.create(owner=cast.stranger, phone="79160000000")
    lines = [left.email, waiting.email, "+7 916 123-45-67", "new@example.org", "nobody"]
    lines += ["+7 916 000-00-00"]
    client, url = cast.client("owner"), f"/lists/{one.pk}/members/add/"
    assert client.post(url, {"addresses": "x@example.org"}).status_code == 200
    assert not Recipient.objects.filter(email="x@example.org").exists()
    page = client.post(url, {"addresses": "\n".join(map(str, lines)), "statement": "At a fair"})
    done = page.context["done"]
    assert (done.added, done.ended, done.waiting) == (2, [left.email], [waiting.email])
    assert done.unfit == ["nobody", "+7 916 000-00-00"]
    fresh = Recipient.objects.get(email="new@example.org")
    assert {known.pk, fresh.pk} < {
        *one.subscriptions.filter(status="subscribed").values_list("recipient_id", flat=True)
    }
    stated = Consent.objects.filter(act="stated").values_list("statement", "actor")
    assert [*stated] == [("At a fair", cast.owner.email)] * 2


def test_who_is_unsubscribed_by_the_owner_is_kept_with_the_reason(cast: Cast) -> None:
    one = with_members(cast)
    row = one.subscriptions.filter(status="subscribed").earliest("pk")
    url = f"/lists/{one.pk}/members/{row.pk}/remove/"
    assert cast.client("owner").get(url).status_code == 200
    assert one.subscriptions.filter(status="subscribed").count() == 3
    cast.client("owner").post(url, {"statement": "asked by phone"})
    row.refresh_from_db()
    assert (row.status, row.by) == ("unsubscribed", "manual")
    last = Consent.objects.latest("pk")
    assert (last.act, last.statement, last.actor) == (
        "withdrawn",
        "asked by phone",
        cast.owner.email,
    )
    assert cast.client("owner").get(url).status_code == 404


def test_a_tag_becomes_a_new_list_or_fills_one_that_is_there(cast: Cast) -> None:
    tag = TagFactory.create(owner=cast.owner, name="clients")
    for person in RecipientFactory.create_batch(2, owner=cast.owner):
        person.tags.add(tag)
    client, url = cast.client("owner"), "/lists/from-tag/"
    assert "clients" in client.get(url, {"tag": "clients"}).content.decode()
    client.post(url, {"tag": "clients", "statement": "Bought from us"})
    made = MailingList.objects.get()
    assert (made.title, made.subscriptions.count()) == ("clients", 2)
    other = MailingListFactory.create(owner=cast.owner)
    client.post(url, {"tag": "clients", "existing": other.pk, "statement": "Bought from us"})
    assert other.subscriptions.count() == 2
    for wrong in ({"tag": "nothing"}, {"statement": ""}, {"existing": "999"}):
        page = client.post(url, {"tag": "clients", "statement": "Bought from us", **wrong})
        assert page.status_code == 200
    taken = client.post(url, {"tag": "clients", "statement": "Bought from us"})
    assert taken.status_code == 200 and MailingList.objects.count() == 2


def test_the_page_of_a_persons_consents_shows_the_words_and_the_evidence(cast: Cast) -> None:
    one = with_members(cast)
    row = one.subscriptions.get(status="unsubscribed")
    page = cast.client("owner").get(f"/recipients/{row.recipient_id}/consent/").content.decode()
    for shown in ("Updates", "withdrawn", "given", "192.0.2.7", "/join/", "Unsubscribed"):
        assert shown in page
    assert (
        "Updates" in cast.client("owner").get(f"/recipients/{row.recipient_id}/").content.decode()
    )


def test_the_consents_of_a_list_are_taken_away_with_what_proves_them(
    cast: Cast, tmp_path: Path
) -> None:
    one = with_members(cast)
    other = MailingListFactory.create(owner=cast.owner, title="Another")
    subscribe(recipient=Recipient.objects.all()[0], lists=[other], evidence=PERSON, now=NOW)
    answer: Any = cast.client("owner").get(f"/lists/{one.pk}/consents/export/csv/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == Consent.objects.filter(list=one).count() == 5
    assert {(row["List"], row["IP address"]) for row in rows} == {("Updates", "192.0.2.7")}
    assert [row["Act"] for row in rows].count("withdrawn") == 1
    path = tmp_path / "all.csv"
    call_command("consents", "export", "--owner", cast.owner.email, "--out", str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 6 and found[0]["act"] == "given" and found[0]["page"] == "/join/"
