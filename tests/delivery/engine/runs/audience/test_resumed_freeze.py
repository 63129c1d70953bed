"""A freeze that dies in every window and goes on is the freeze that never died."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.ledger import freeze
from apps.mailings.models import Delivery, Mailing, MailingList, Recipient, Run, Segment, Tag
from tests.delivery.engine.runs.audience.test_audience_rule import frozen, on
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    SuppressionFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PEOPLE = 24


class Died(Exception):
    """The process was killed with a window written and not committed."""


def comments(owner: Any, name: str, value: str) -> Segment:
    root = {"field": "comment", "op": "is", "value": value}
    return Segment.objects.create(owner=owner, name=name, tree={"version": 1, "root": root})


def with_every_term() -> tuple[Mailing, Mailing]:
    """Two mailings with one rule of all its terms, and people for each reason."""
    one = MailingFactory.create(everyone=False, basis="subscription", exclude_mailed_days=7)
    owner, vip = one.owner, Tag.objects.create(owner=one.owner, name="vip")
    lists = [MailingListFactory.create(owner=owner, title=title) for title in ("News", "Offers")]
    out = MailingListFactory.create(owner=owner, title="Out")
    kinds = ("free", "named", "barred", "left", "open", "paused", "vip", "out", "stopped")
    people = [_person(one, kinds[n % len(kinds)], n, lists) for n in range(PEOPLE)]
    got = MailingFactory.create(owner=owner, everyone=False, message=one.message)
    got.recipients.set(people[:1])
    send(got)
    for person in people:
        if person.comment == "vip":
            person.tags.add(vip)
        if person.comment == "out":
            on(out, person)
    other = MailingFactory.create(
        owner=owner, message=one.message, everyone=False, basis="subscription"
    )
    Mailing.objects.filter(pk=other.pk).update(exclude_mailed_days=7)
    named, barred = comments(owner, "Named", "named"), comments(owner, "Barred", "barred")
    for mailing in (one, other):
        mailing.lists.set(lists)
        mailing.segments.set([named])
        mailing.exclude_segments.set([barred])
        mailing.exclude_tags.set([vip])
        mailing.exclude_lists.set([out])
    return one, Mailing.objects.get(pk=other.pk)


def _person(mailing: Mailing, kind: str, number: int, lists: list[MailingList]) -> Recipient:
    paused = timezone.now() + timedelta(days=2) if kind == "paused" else None
    one = RecipientFactory.create(owner=mailing.owner, comment=kind, paused_until=paused)
    if kind == "stopped":
        SuppressionFactory.create(owner=mailing.owner, address=one.email)
    status = {"left": "unsubscribed", "open": "unconfirmed"}.get(kind, "subscribed")
    if kind != "named":
        on(lists[number % 2], one, status)
    return one


def shared_out(run: Run) -> dict[int, tuple[str, str, int | None]]:
    rows = Delivery.objects.filter(run=run)
    values = rows.values_list("recipient_id", "left_out", "response", "subscription_id")
    return {who: (left_out, response, right) for who, left_out, response, right in values}


def everything_is_edited(mailing: Mailing) -> None:
    """The owner changes the segments and the whole audience in the middle of the freeze."""
    for segment in Segment.objects.all():
        segment.tree["root"]["value"] = "free"
        segment.save()
    mailing.lists.clear()
    mailing.exclude_tags.clear()
    Mailing.objects.filter(pk=mailing.pk).update(everyone=True, exclude_mailed_days=None)


def test_killed_in_each_window_it_finds_the_same_people_for_the_same_reasons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, killed = with_every_term()
    expected = shared_out(frozen(whole))
    reasons = {"", "unsubscribed", "unconfirmed", "no_consent", "paused", "excluded", "suppressed"}
    assert {left_out for left_out, _response, _right in expected.values()} == reasons
    monkeypatch.setattr(freeze, "CHUNK", 5)
    count, alive = freeze._count, [False]

    def dying(*args: Any) -> None:
        count(*args)
        alive[0] = not alive[0]
        if alive[0]:  # the first time in each window
            raise Died

    monkeypatch.setattr(freeze, "_count", dying)
    run_id = DispatchService().launch(mailing_id=killed.pk, trigger="manual").run_id
    run, deaths, ready = Run.objects.get(pk=run_id), 0, False
    while not ready:
        try:
            ready = freeze_audience(run_id, chunks=1)
        except Died:
            deaths += 1
            everything_is_edited(killed)
        assert_equation(run)
    assert deaths == PEOPLE // 5 + 1
    assert shared_out(run) == expected
