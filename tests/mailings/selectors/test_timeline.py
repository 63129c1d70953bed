"""Everything that happened with one person, newest first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.mailings.models import Engagement, MailingList, Recipient, Run, TrackedLink
from apps.mailings.selectors.engagement.timeline import timeline_of
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.services.recipients import set_tags
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def anna(cast: Cast) -> Recipient:
    """Signed up, got a letter an hour ago, and followed its second link after a scanner did."""
    anna = RecipientFactory.create(owner=cast.owner, email="anna@example.org")
    updates = MailingList.objects.create(owner=cast.owner, title="Updates", slug="updates")
    evidence = Evidence(source="manual", by_person=True, said_at=NOW)
    subscribe(recipient=anna, lists=[updates], evidence=evidence, now=NOW)
    run: Run = RunFactory.create(mailing=MailingFactory.create(owner=cast.owner, name="Spring"))
    sent = NOW + timedelta(hours=1)
    row = DeliveryFactory.create(run=run, recipient=anna, state="sent", sent_at=sent)
    TrackedLink.objects.create(run=run, version=1, number=2, address="https://shop.test/sale")
    moments = [(NOW + timedelta(hours=hours)).isoformat() for hours in (2, 3)]
    Engagement.objects.create(
        run=run,
        recipient=anna,
        delivery_id=row.pk,
        opened_at=NOW,
        events=[
            ["open", moments[0], -1, "machine", "head"],
            ["click", moments[1], 2, "person", "no_such_rule"],
        ],
    )
    return anna


def test_it_lists_everything_with_the_newest_first(anna: Recipient) -> None:
    page = timeline_of(anna, size=50)
    assert [one.kind for one in page.rows] == ["clicked", "opened", "sent", "subscribed", "added"]
    click, opening, sent, subscribed, _added = page.rows
    assert (click.number, click.link, click.term) == (2, "https://shop.test/sale", "person")
    assert (opening.number, opening.term, opening.rule) == (None, "machine", "head")
    assert sent.delivery is not None and sent.delivery.run.mailing.name == "Spring"
    assert subscribed.detail.startswith("Updates")
    assert (page.count, page.next) == (5, "")


def long_ago(person: Recipient) -> Recipient:
    """The person, known for longer than anything that is noted of it."""
    then = NOW - timedelta(days=30)
    Recipient.objects.filter(pk=person.pk).update(created_at=then, updated_at=then)
    return Recipient.objects.get(pk=person.pk)


def changes_of(person: Recipient) -> list[str]:
    rows = timeline_of(Recipient.objects.get(pk=person.pk), size=50).rows
    return [one.detail for one in rows if one.kind == "changed"]


def test_every_change_says_from_what_to_what(cast: Cast) -> None:
    boris = long_ago(RecipientFactory.create(owner=cast.owner, full_name="Boris", language=""))
    boris.full_name, boris.language = "Boris B", "en"
    boris.save()
    boris.unmeasured = True
    boris.save()
    set_tags(recipient=boris, names=["vip"])
    other = long_ago(RecipientFactory.create(owner=cast.owner, full_name="Vera"))
    other.full_name = "Vera V"
    other.save()
    assert changes_of(boris) == [
        "Tags: — → vip",
        "Not measured: no → yes",
        "Language: — → en · Name: Boris → Boris B",
    ]
    assert changes_of(other) == ["Name: Vera → Vera V"]


def test_a_change_that_was_noted_for_many_is_the_last_one_alone(cast: Cast) -> None:
    boris = long_ago(RecipientFactory.create(owner=cast.owner))
    Recipient.objects.filter(pk=boris.pk).update(updated_at=NOW)  # as an import does
    assert changes_of(boris) == [""]


def test_many_changes_cost_as_many_statements_as_one(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    boris = long_ago(RecipientFactory.create(owner=cast.owner))

    def change(number: int) -> None:
        boris.full_name = f"Boris {number}"
        boris.save()
        set_tags(recipient=boris, names=[f"tag {number}"])

    change(0)
    with CaptureQueriesContext(connection) as one:
        timeline_of(boris, size=50)
    for number in range(1, 6):
        change(number)
    with django_assert_num_queries(len(one)):
        assert timeline_of(boris, size=50).count == 18  # added, two, and three at each turn


def test_pages_follow_each_other_without_a_gap(anna: Recipient) -> None:
    seen, after = list[str](), ""
    while True:
        page = timeline_of(anna, size=2, after=after)
        seen += [one.kind for one in page.rows]
        after = page.next
        if not after:
            break
    assert seen == ["clicked", "opened", "sent", "subscribed", "added"]
    with pytest.raises(ValueError):
        timeline_of(anna, size=2, after="yesterday")


def test_the_page_says_by_which_rule_it_was_judged(anna: Recipient, cast: Cast) -> None:
    url = reverse("timelines:recipient", args=[anna.pk])
    page = cast.client("owner").get(url).content.decode()
    assert "counted as a person" in page and "counted as machine" in page
    assert "https://shop.test/sale" in page and "<html" in page
    part = cast.client("owner").get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Subscribed" in part and "<html" not in part
    assert cast.client("owner").get(f"{url}?after=x").status_code == 404
    assert cast.client("stranger").get(url).status_code == 404
    shown = cast.client("owner").get(reverse("recipients:detail", args=[anna.pk])).content.decode()
    assert url in shown and "Spring" in shown


def test_within_the_recipients_page_deliveries_are_not_listed_again(
    anna: Recipient, cast: Cast
) -> None:
    url = reverse("timelines:recipient", args=[anna.pk])
    whole = cast.client("owner").get(url)
    part = cast.client("owner").get(url, headers={"HX-Request": "true"})
    kinds = [[one.kind for one, *_rest in page.context["happenings"]] for page in (whole, part)]
    assert "sent" in kinds[0] and kinds[1] == ["clicked", "opened", "subscribed", "added"]
    assert url in part.content.decode()
