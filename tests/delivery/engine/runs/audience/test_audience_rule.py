"""Whom a run reaches by its rule: one reason for each who is left out, and nobody twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.horizon import newest_attempt
from apps.mailings.ledger import freeze, runs
from apps.mailings.models import (
    BlockedDomain,
    Consent,
    Delivery,
    Mailing,
    MailingList,
    Recipient,
    Run,
    Segment,
    Subscription,
    Tag,
)
from apps.mailings.rules import Rule, RuledAudience, rule_of, rule_of_run
from apps.mailings.services.reach import audience_of
from apps.mailings.services.segmentation.activity import follow
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def a_list(mailing: Mailing, title: str = "News") -> MailingList:
    return MailingListFactory.create(owner=mailing.owner, title=title)


def on(newsletter: MailingList, person: Recipient, status: str = "subscribed") -> Subscription:
    now = timezone.now()
    consent = Consent.objects.create(
        owner=newsletter.owner,
        recipient=person,
        list=newsletter,
        act="given",
        source="manual",
        said_at=now,
    )
    ended = now if status in ("unsubscribed", "sunset") else None
    return Subscription.objects.create(
        list=newsletter, recipient=person, status=status, since=now, ended_at=ended, consent=consent
    )


def to_lists(*titles: str, **fields: Any) -> tuple[Mailing, list[MailingList]]:
    mailing = MailingFactory.create(everyone=False, basis="subscription", **fields)
    lists = [a_list(mailing, title) for title in titles]
    mailing.lists.set(lists)
    return mailing, lists


def person(mailing: Mailing, **fields: Any) -> Recipient:
    return RecipientFactory.create(owner=mailing.owner, **fields)


def frozen(mailing: Mailing) -> Run:
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    return Run.objects.get(pk=launched.run_id)


def left_out(run: Run) -> dict[int, str]:
    rows = Delivery.objects.filter(run=run).exclude(left_out="")
    return dict(rows.values_list("recipient_id", "left_out"))


def test_a_list_brings_its_members_and_says_who_has_no_right() -> None:
    mailing, (newsletter,) = to_lists("News")
    states = ("subscribed", "unsubscribed", "unconfirmed", "sunset")
    people = {status: person(mailing) for status in states}
    rights = {status: on(newsletter, one, status) for status, one in people.items()}
    stranger = person(mailing)
    mailing.recipients.add(stranger)
    run = frozen(mailing)
    assert left_out(run) == {
        people["unsubscribed"].pk: "unsubscribed",
        people["sunset"].pk: "unsubscribed",
        people["unconfirmed"].pk: "unconfirmed",
        stranger.pk: "no_consent",
    }
    written = Delivery.objects.get(run=run, state="pending")
    assert written.recipient_id == people["subscribed"].pk
    assert written.subscription_id == rights["subscribed"].pk
    assert_equation(run)


def test_another_list_of_the_run_stands_in() -> None:
    mailing, (newsletter, offers) = to_lists("News", "Offers")
    one = person(mailing)
    first, second = on(newsletter, one), on(offers, one)
    run = frozen(mailing)
    assert Delivery.objects.get(run=run).subscription_id == first.pk
    ended = {"status": "unsubscribed", "ended_at": timezone.now()}
    Subscription.objects.filter(pk=first.pk).update(**ended)
    assert send(mailing).sent == 1
    assert Delivery.objects.get(run=run).subscription_id == second.pk


def test_who_leaves_during_the_run_gets_nothing_more() -> None:
    mailing, (newsletter,) = to_lists("News")
    stays, leaves = person(mailing), person(mailing)
    on(newsletter, stays)
    gone = on(newsletter, leaves)
    run = frozen(mailing)
    ended = {"status": "unsubscribed", "ended_at": timezone.now()}
    Subscription.objects.filter(pk=gone.pk).update(**ended)
    assert send(mailing).sent == 1
    assert left_out(run) == {leaves.pk: "unsubscribed"}
    assert Delivery.objects.get(run=run, left_out="unsubscribed").response == "@left_unsubscribed"
    assert_equation(run)


def test_a_service_message_passes_over_lists_pauses_and_unsubscribing_only() -> None:
    mailing, (newsletter,) = to_lists("News", purpose="service")
    for status, reason in (("unsubscribed", "unsubscribed"), ("subscribed", "complained")):
        one = person(mailing, paused_until=timezone.now() + timedelta(days=1))
        on(newsletter, one, status)
        SuppressionFactory.create(owner=mailing.owner, address=one.email, reason=reason)
    run = send(mailing)
    assert (run.sent, run.left_suppressed) == (1, 1)


def test_any_consent_is_enough_where_the_basis_says_so() -> None:
    mailing = MailingFactory.create(everyone=True, basis="consent")
    newsletter = a_list(mailing)
    subscribed, said_yes, said_no, silent = (person(mailing) for _ in range(4))
    on(newsletter, subscribed)
    for one, acts in ((said_yes, ("withdrawn", "given")), (said_no, ("given", "withdrawn"))):
        for act in acts:
            Consent.objects.create(
                owner=mailing.owner, recipient=one, act=act, source="page", said_at=timezone.now()
            )
    run = frozen(mailing)
    assert left_out(run) == {said_no.pk: "unsubscribed", silent.pk: "no_consent"}
    assert send(mailing).sent == 2


def test_each_exclusion_is_named_and_the_first_one_is() -> None:
    mailing = MailingFactory.create(everyone=True)
    newsletter, vip = a_list(mailing), Tag.objects.create(owner=mailing.owner, name="vip")
    tree = {"version": 1, "root": {"field": "full_name", "op": "is", "value": "Nobody Else"}}
    segment = Segment.objects.create(owner=mailing.owner, name="Some", tree=tree)
    earlier = MailingFactory.create(owner=mailing.owner, everyone=False, message=mailing.message)
    got = person(mailing)
    earlier.recipients.add(got)
    assert send(earlier).sent == 1
    people = {
        f"list:{newsletter.pk}": person(mailing),
        f"segment:{segment.pk}": person(mailing, full_name="Nobody Else"),
        f"tag:{vip.pk}": person(mailing),
        f"mailing:{earlier.pk}": got,
    }
    on(newsletter, people[f"list:{newsletter.pk}"])
    both = person(mailing)
    on(newsletter, both)
    both.tags.add(vip)
    people[f"tag:{vip.pk}"].tags.add(vip)
    free = person(mailing)
    mailing.exclude_lists.add(newsletter)
    mailing.exclude_segments.add(segment)
    mailing.exclude_tags.add(vip)
    mailing.exclude_mailings.add(earlier)
    run = frozen(mailing)
    rows = Delivery.objects.filter(run=run, left_out="excluded")
    found = dict(rows.values_list("recipient_id", "response"))
    expected = {one.pk: f"@excluded {term}" for term, one in people.items()}
    assert found == expected | {both.pk: f"@excluded list:{newsletter.pk}"}
    assert Delivery.objects.get(run=run, state="pending").recipient_id == free.pk
    assert run.left_excluded == 5


def test_who_was_mailed_lately_is_excluded_and_who_was_long_ago_is_not() -> None:
    mailing = MailingFactory.create(everyone=True, exclude_mailed_days=7)
    earlier = MailingFactory.create(owner=mailing.owner, everyone=False, message=mailing.message)
    lately, long_ago = person(mailing), person(mailing)
    earlier.recipients.add(lately, long_ago)
    sent = send(earlier)
    row = Delivery.objects.filter(run=sent, recipient=long_ago)
    row.update(sent_at=timezone.now() - timedelta(days=8))
    run = frozen(mailing)
    assert left_out(run) == {lately.pk: "excluded"}


@pytest.mark.parametrize("followed", [None, timedelta(hours=1), timedelta(days=4)])
def test_who_was_mailed_lately_is_the_same_however_far_the_roll_up_is(
    followed: timedelta | None,
) -> None:
    """What counts is whether a mailing went, or may have gone, in these days."""
    mailing, now = MailingFactory.create(everyone=True, exclude_mailed_days=7), timezone.now()

    def got(days: float, state: str = "sent", *, kind: str = "mailing", done: bool = True) -> int:
        at = now - timedelta(days=days)
        other = MailingFactory.create(owner=mailing.owner, kind=kind, message=mailing.message)
        counts = {state: 1}
        run = RunFactory.create(mailing=other, state="done" if done else "processing", **counts)
        Run.objects.filter(pk=run.pk).update(finished_at=at if done else None)
        row = DeliveryFactory.create(run=run, state=state, sent_at=at, token=1)
        status = "unknown" if state == "unknown" else "success"
        AttemptFactory.create(delivery=row, created_at=at, status=status)
        return row.recipient_id

    lately = {got(2), got(6, "bounced"), got(3, "unknown"), got(1, done=False)}
    lately |= {got(0.01), got(5, "sending", done=False)}
    got(8), got(2, kind="transactional"), got(1, "pending", done=False), got(2, "failed")
    if followed is not None:
        while follow(bound=newest_attempt(), now=now - followed):
            pass
    assert left_out(frozen(mailing)) == dict.fromkeys(lately, "excluded")


def test_a_blocked_domain_is_a_suppression() -> None:
    mailing = MailingFactory.create(everyone=True)
    addresses = ("a@spam.test", "b@mail.spam.test", "c@nospam.test", "d@later.test")
    people = [person(mailing, email=email) for email in addresses]
    BlockedDomain.objects.create(owner=mailing.owner, domain="spam.test", subdomains=True)
    run = frozen(mailing)
    assert left_out(run) == dict.fromkeys([people[0].pk, people[1].pk], "suppressed")
    BlockedDomain.objects.create(owner=None, domain="later.test", subdomains=False)
    assert send(mailing).sent == 1
    rows = Delivery.objects.filter(run=run, left_out="suppressed")
    assert set(rows.values_list("response", flat=True)) == {"@barred domain"}
    assert_equation(run)


#: How each reason is brought about for one person at the freeze, strongest first.
def _unsubscribed(mailing: Mailing, newsletter: MailingList, one: Recipient) -> None:
    Subscription.objects.filter(recipient=one).update(
        status="unsubscribed", ended_at=timezone.now()
    )


def _paused(mailing: Mailing, newsletter: MailingList, one: Recipient) -> None:
    Recipient.objects.filter(pk=one.pk).update(paused_until=timezone.now() + timedelta(days=2))


def _excluded(mailing: Mailing, newsletter: MailingList, one: Recipient) -> None:
    tag, _made = Tag.objects.get_or_create(owner=mailing.owner, name="out")
    mailing.exclude_tags.add(tag)
    one.tags.add(tag)


def _suppressed(mailing: Mailing, newsletter: MailingList, one: Recipient) -> None:
    SuppressionFactory.create(owner=mailing.owner, address=one.email)


_BROUGHT = {
    "unsubscribed": _unsubscribed,
    "paused": _paused,
    "excluded": _excluded,
    "suppressed": _suppressed,
}


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations(_BROUGHT, 2)))
def test_of_two_reasons_the_stronger_one_is_kept(stronger: str, weaker: str) -> None:
    mailing, (newsletter,) = to_lists("News")
    one = person(mailing)
    on(newsletter, one)
    for name in (weaker, stronger):
        _BROUGHT[name](mailing, newsletter, one)
    run = frozen(mailing)
    assert left_out(run) == {one.pk: stronger}
    assert audience_of(mailing).reach(["email"]).left_out == {stronger: 1}


def test_windows_of_any_width_share_out_the_same_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 3)
    mailing, (newsletter,) = to_lists("News")
    people = [person(mailing) for _ in range(20)]
    for one in people[::5]:
        on(newsletter, one)
    run = frozen(mailing)
    assert (run.audience, run.pending) == (4, 4)
    assert audience_of(mailing).reach(["email"]).reached == 4
    assert_equation(run)


def test_a_freeze_that_dies_goes_on_with_the_rule_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 4)
    mailing = MailingFactory.create(everyone=False)
    root = {"field": "comment", "op": "is", "value": "yes"}
    tree = {"version": 1, "root": root}
    segment = Segment.objects.create(owner=mailing.owner, name="Yes", tree=tree)
    mailing.segments.add(segment)
    for number in range(16):
        person(mailing, comment="yes" if number % 2 else "no")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert freeze_audience(launched.run_id, chunks=1) is False
    Segment.objects.update(tree=tree | {"root": root | {"value": "no"}})
    while not freeze_audience(launched.run_id, chunks=1):
        pass
    run = Run.objects.get(pk=launched.run_id)
    assert set(Delivery.objects.filter(run=run).values_list("recipient__comment", flat=True)) == {
        "yes"
    }
    assert (run.audience, Delivery.objects.filter(run=run).count()) == (8, 8)


def test_a_rule_is_kept_whole() -> None:
    mailing, (newsletter,) = to_lists("News", exclude_mailed_days=7, on_cap="skip")
    segment = Segment.objects.create(
        owner=mailing.owner,
        name="Some",
        tree={"version": 1, "root": {"field": "phone", "op": "is", "value": "7"}},
    )
    mailing.segments.add(segment)
    mailing.exclude_segments.add(segment)
    mailing.exclude_mailings.add(MailingFactory.create(owner=mailing.owner))
    on(newsletter, person(mailing))
    rule = rule_of(mailing, timezone.now())
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    kept = rule_of_run(Run.objects.get(pk=launched.run_id), timezone.now())
    assert isinstance(kept, Rule)
    assert kept.as_json() | {"moment": ""} == rule.as_json() | {"moment": ""}
    assert kept.exclude == rule.exclude and kept.rights.lists == (newsletter.pk,)


def test_an_added_recipient_is_asked_for_the_same_right() -> None:
    mailing, (newsletter,) = to_lists("News")
    on(newsletter, person(mailing))
    run = send(mailing)
    late, invited = person(mailing), person(mailing)
    right = on(newsletter, invited)
    for one, expected in ((late, "no_consent"), (invited, "")):
        pk = DispatchService().add_recipient(mailing_id=mailing.pk, recipient_id=one.pk)
        assert Delivery.objects.get(pk=pk).left_out == expected
    assert send(Mailing.objects.get(pk=mailing.pk)).sent == 2
    assert Delivery.objects.get(recipient=invited).subscription_id == right.pk
    assert_equation(run)


def test_the_sums_hold_after_each_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 2)
    mailing, (newsletter,) = to_lists("News")
    for number in range(9):
        on(newsletter, person(mailing), "subscribed" if number % 2 else "unsubscribed")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    audience = RuledAudience(rule_of(mailing, timezone.now()))
    mark: int | None = 0
    while mark is not None:
        with transaction.atomic():
            locked = runs.lock(launched.run_id)
            assert locked is not None
            mark = freeze.freeze_chunk(locked, audience, mark)
        assert_equation(Run.objects.get(pk=launched.run_id))
