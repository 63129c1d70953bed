"""Triggers that read a table forward: subscriptions, tags, letters that were sent, reactions."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery

from apps.automations.definition.parts import LetterTrigger, SubscribedTrigger, TagTrigger
from apps.automations.triggers.poll import Poll, named
from apps.mailings.models import (
    Attempt,
    Consent,
    Delivery,
    FirstReaction,
    LinkEngagement,
    Recipient,
    RecipientTag,
    Subscription,
    Term,
)


def subscribed(poll: Poll, trigger: SubscribedTrigger) -> int:
    """Somebody's own consent, or a new subscription by a statement about many."""
    on = Subscription.objects.filter(list_id=trigger.list, status=Subscription.Status.SUBSCRIBED)
    came = 0
    if window := poll.window("subscription", Subscription):
        fresh = _within(on, window).filter(consent__recipient=None)
        came += _enrol(poll, fresh, "subscription")
    if window := poll.window("consent", Consent):
        acts = (*Consent.PERMITS, Consent.Act.RESUMED)
        said = _within(Consent.objects.filter(list_id=trigger.list, act__in=acts), window)
        said = said.filter(recipient__in=on.values("recipient_id"))
        came += _enrol(poll, said, "consent")
    return came


def tagged(poll: Poll, trigger: TagTrigger) -> int:
    window = poll.window("tag", RecipientTag)
    if window is None:
        return 0
    return _enrol(poll, _within(RecipientTag.objects.filter(tag_id=trigger.tag), window), "tag")


def sent(poll: Poll, trigger: LetterTrigger) -> int:
    """A letter of the mailing was accepted."""
    window = poll.window("attempt", Attempt)
    if window is None:
        return 0
    kind, done = Attempt.Kind.DELIVERY, Attempt.Status.SUCCESS
    rows = Attempt.objects.filter(mailing_id=trigger.mailing, kind=kind, status=done)
    return _enrol(poll, _within(rows, window), "sent", number="delivery_id")


def reacted(poll: Poll, trigger: LetterTrigger) -> int:
    """A person has opened the letter, or followed a link of it, for the first time."""
    table: type[Model] = FirstReaction if trigger.link is None else LinkEngagement
    window = poll.window("reaction" if trigger.link is None else "link", table)
    if window is None:
        return 0
    if trigger.link is None:
        kind = "open" if trigger.kind == "opened" else "click"
        seen = FirstReaction.objects.filter(owner_id=poll.owner.pk, kind=kind, term=Term.PERSON)
        ids = _within(seen, window).values("delivery_id")
    else:
        followed = LinkEngagement.objects.filter(
            link__run__mailing_id=trigger.mailing, link__number=trigger.link
        )
        ids = _within(followed, window).values("delivery_id")
    letters = Delivery.objects.filter(pk__in=ids, run__mailing_id=trigger.mailing)
    return _enrol(poll, letters, trigger.kind)


def _within(rows: QuerySet[Any], window: tuple[int, int]) -> QuerySet[Any]:
    return rows.filter(pk__gt=window[0], pk__lte=window[1])


def _enrol(poll: Poll, rows: QuerySet[Any], word: str, *, number: str = "pk") -> int:
    """The recipient of each of these rows, with the fact that it is."""
    mine = rows.filter(recipient_id=OuterRef("pk"))
    facts = mine.order_by("pk").values(number)[:1]
    people = Recipient.objects.filter(pk__in=rows.order_by().values("recipient_id"))
    return poll.enrol(people, cause=named(word, Subquery(facts)))
