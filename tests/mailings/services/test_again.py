"""Writing again to those of a run who have not reacted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import (
    Engagement,
    Mailing,
    MailingList,
    Recipient,
    Run,
    Subscription,
    Suppression,
    Term,
)
from apps.mailings.services.engagement.again import AgainRefused, Choice, silent, write_again
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.services.reach import audience_of, reached_by
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.people import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
NOW = timezone.now()


@pytest.fixture
def run() -> Run:
    """Ended yesterday. In the order of their ids: opened, clicked, hidden, silent."""
    mailing = MailingFactory.create(everyone=True)
    run = RunFactory.create(
        mailing=mailing,
        state="done",
        outcome="success",
        finished_at=NOW - timedelta(days=1),
        content={"tracking": "persons"},
        sent=4,
        engaged_person=2,
        engaged_clicked=1,
        engaged_unclear=1,
    )
    people = RecipientFactory.create_batch(4, owner=mailing.owner)
    seen: list[dict[str, Any]] = [
        {"opened_at": NOW},
        {"opened_at": NOW, "clicked_at": NOW},
        {"opened_at": NOW, "term": Term.UNCLEAR},
    ]
    for person in people:
        DeliveryFactory.create(run=run, recipient=person, state="sent")
    for person, fields in zip(people, seen, strict=False):
        Engagement.objects.create(run=run, recipient=person, **fields)
    RecipientFactory.create(owner=mailing.owner)  # somebody who never got it
    Mailing.objects.filter(pk=mailing.pk).update(status="completed")
    return run


def again(run: Run, act: Any = "opened", **more: Any) -> Mailing:
    choice = Choice(act=act, message=run.mailing.message, **more)
    return write_again(run=run, choice=choice, now=NOW)


def asked(draft: Mailing) -> list[int]:
    """Who would get it, by their places among all."""
    every = list(Recipient.objects.order_by("pk").values_list("pk", flat=True))
    draft = Mailing.objects.get(pk=draft.pk)
    return sorted(every.index(one.pk) for one in audience_of(draft).people())


@pytest.mark.parametrize(
    ("act", "known_only", "people"),
    [
        ("opened", False, [2, 3]),
        ("opened", True, [3]),
        ("clicked", False, [0, 2, 3]),
        ("clicked", True, [0, 2, 3]),
    ],
)
def test_only_those_without_the_reaction_are_asked(
    run: Run, act: str, known_only: bool, people: list[int]
) -> None:
    draft = again(run, act, known_only=known_only)
    assert asked(draft) == people
    assert draft.is_draft and draft.message == run.mailing.message


def test_it_counts_whom_it_asks_and_of_whom_nothing_can_be_known(run: Run) -> None:
    quiet = Recipient.objects.order_by("pk")[3]
    Recipient.objects.filter(pk=quiet.pk).update(unmeasured=True)
    assert [(one.people, one.cannot_know) for one in silent(run)] == [(2, 2), (3, 1)]


def test_it_starts_three_days_after_the_run_unless_other_hours_are_chosen(run: Run) -> None:
    assert run.finished_at is not None
    draft = again(run)
    assert draft.starts_at == run.finished_at + timedelta(hours=72)
    draft.delete()
    assert again(run, hours=1).starts_at == NOW + timedelta(minutes=5)


def test_each_person_is_asked_once_after_a_run(run: Run) -> None:
    first = again(run)
    with pytest.raises(AgainRefused):
        again(run)
    reminded = RunFactory.create(mailing=first, state="queued")
    hidden = Recipient.objects.order_by("pk")[2]
    DeliveryFactory.create(run=reminded, recipient=hidden, state="pending")
    Mailing.objects.filter(pk=first.pk).update(status="completed")
    second = Mailing.objects.get(pk=again(run).pk)
    assert reached_by(second) == 1, "who waits for the first one is not asked by the second"


def test_who_has_unsubscribed_or_complained_since_is_left_out(run: Run) -> None:
    draft = again(run)
    assert reached_by(draft) == 2
    quiet = Recipient.objects.order_by("pk")[3]
    Suppression.objects.create(
        owner=draft.owner, channel="email", address=str(quiet.email), reason="complaint"
    )
    assert reached_by(Mailing.objects.get(pk=draft.pk)) == 1


def test_a_mailing_by_subscriptions_keeps_its_right(run: Run) -> None:
    updates = MailingList.objects.create(owner=run.mailing.owner, title="News", slug="news")
    run.mailing.lists.set([updates])
    Mailing.objects.filter(pk=run.mailing_id).update(basis="subscription", everyone=False)
    evidence = Evidence(source="manual", by_person=True, said_at=NOW)
    for person in Recipient.objects.all():
        subscribe(recipient=person, lists=[updates], evidence=evidence, now=NOW)
    Subscription.objects.filter(recipient=Recipient.objects.order_by("pk")[3]).update(
        status="unsubscribed", ended_at=NOW
    )
    draft = again(run)
    assert (draft.basis, list(draft.lists.all())) == ("subscription", [updates])
    assert reached_by(Mailing.objects.get(pk=draft.pk)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"content": {"tracking": "totals"}}, {"state": "processing", "outcome": ""}],
)
def test_it_is_refused_where_nobody_knows_who_reacted(run: Run, changes: dict[str, Any]) -> None:
    Run.objects.filter(pk=run.pk).update(**changes)
    with pytest.raises(AgainRefused):
        again(run)


def test_it_is_refused_once_the_reactions_are_deleted(run: Run) -> None:
    Engagement.objects.all().delete()
    with pytest.raises(AgainRefused):
        again(run)


def test_the_page_says_how_many_and_makes_the_draft(run: Run, cast: Cast) -> None:
    cast.client("owner")
    Mailing.objects.filter(pk=run.mailing_id).update(owner=cast.owner)
    run.mailing.message.owner = cast.owner
    run.mailing.message.save()
    client, url = cast.client("owner"), reverse("mailings:again", args=[run.mailing_id, 1])
    page = client.get(url).content.decode()
    assert "Have not opened" in page and "Create draft" in page
    given = {"act": "opened", "message": run.mailing.message_id, "hours": 48, "known_only": "1"}
    answer = client.post(url, given)
    draft = Mailing.objects.get(again_of=run)
    assert answer["Location"] == reverse("mailings:edit", args=[draft.pk])
    assert "already writes again" in client.get(url).content.decode()
    assert (
        "was already written to again"
        in client.get(reverse("mailings:detail", args=[draft.pk])).content.decode()
    )
