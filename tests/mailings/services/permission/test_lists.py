"""Lists: kept under a title of their own, archived with their history, made of a tag."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.models import Consent, MailingList, Recipient, Subscription, Suppression
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.lists import (
    ListInUse,
    ListService,
    StatementMissing,
    subscribe_tagged,
)
from apps.mailings.services.permission.subscribing import ListsRefused, subscribe, unsubscribe
from tests.factories import (
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

NOW = timezone.now()
PERSON = Evidence(source="page", by_person=True, said_at=NOW)


def test_a_list_gets_a_short_name_of_its_own() -> None:
    owner = UserFactory.create()
    mine = ListService(owner)
    titles = ["  Product   news ", "Product: news", "Новости"]
    made = [mine.save(MailingList(owner=owner, title=title)) for title in titles]
    assert [one.slug for one in made] == ["product-news", "product-news-2", "list"]
    assert made[0].title == "Product news"


@pytest.mark.parametrize("title", ["", "  ", "nEWS"])
def test_a_title_is_given_and_differs_from_the_others(title: str) -> None:
    taken = MailingListFactory.create(title="News")
    with pytest.raises(ListsRefused):
        ListService(taken.owner).save(MailingList(owner=taken.owner, title=title))


def test_a_title_may_be_that_of_an_archived_list_which_then_stays_there() -> None:
    old = MailingListFactory.create(title="News", archived_at=NOW)
    mine = ListService(old.owner)
    mine.save(MailingList(owner=old.owner, title="news"))
    with pytest.raises(ListsRefused):
        mine.restore(old)
    MailingList.objects.filter(title="news").delete()
    mine.restore(old)
    assert not MailingList.objects.exclude(archived_at=None).exists()


def test_a_list_with_a_history_is_archived_and_an_empty_one_deleted() -> None:
    anna = RecipientFactory.create()
    updates, empty = MailingListFactory.create_batch(2, owner=anna.owner)
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    mine = ListService(anna.owner)
    assert [mine.remove(one, now=NOW) for one in (updates, empty)] == [False, True]
    assert MailingList.objects.get().archived_at == NOW
    assert Subscription.objects.get().status == "subscribed"


def test_a_list_that_a_mailing_writes_to_stays() -> None:
    updates = MailingListFactory.create()
    mailing = MailingFactory.create(owner=updates.owner, scheduled_at=NOW)
    mailing.lists.add(updates)
    mine = ListService(updates.owner)
    with pytest.raises(ListInUse):
        mine.remove(updates, now=NOW)
    mailing.scheduled_at, mailing.status = None, "running"
    mailing.save()
    run = RunFactory.create(mailing=mailing)
    with pytest.raises(ListInUse):
        mine.remove(updates, now=NOW)
    run.state, run.finished_at = "done", NOW
    run.save()
    assert mine.remove(updates, now=NOW) is False


def test_a_tag_becomes_a_list_by_one_statement_of_the_owner() -> None:
    tag = TagFactory.create()
    owner = tag.owner
    updates = MailingListFactory.create(owner=owner)
    people = RecipientFactory.create_batch(6, owner=owner)
    Recipient.objects.filter(pk__in=[one.pk for one in people[4:]]).update(unconfirmed_since=NOW)
    for person in people[:5]:
        person.tags.add(tag)
    subscribe(recipient=people[0], lists=[updates], evidence=PERSON, now=NOW)
    unsubscribe(recipient=people[0], lists=[updates], evidence=PERSON, now=NOW)
    Suppression.objects.create(owner=owner, address=str(people[1].email), reason="unsubscribed")
    Suppression.objects.create(owner=owner, address=str(people[2].email), reason="bounced")
    Recipient.objects.filter(pk=people[3].pk).update(archived_at=NOW)
    with pytest.raises(StatementMissing):
        subscribe_tagged(tag=tag, list=updates, statement=" ", actor=owner, now=NOW)
    for count in (2, 0):  # idempotent
        given = {"statement": "They bought from us", "actor": owner, "now": NOW}
        assert subscribe_tagged(tag=tag, list=updates, **given) == count
    living = Subscription.objects.filter(list=updates, status="subscribed").select_related(
        "consent"
    )
    assert {row.recipient_id for row in living} == {people[2].pk, people[4].pk}
    (consent,) = {row.consent for row in living}
    assert consent is not None
    assert (consent.act, consent.statement, consent.actor, consent.recipient) == (
        "stated",
        "They bought from us",
        owner.email,
        None,
    )
    assert tag.recipients.count() == 5
    assert Recipient.objects.get(unconfirmed_since=NOW) == people[5], "the others are known by it"
    assert Consent.objects.filter(act="stated").count() == 2
