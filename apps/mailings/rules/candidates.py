"""Who is a candidate of a rule, and which of its terms names a person."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.mailings.models import Mailing, Recipient, RecipientTag, Subscription
from apps.mailings.rules.rule import Rule, Window
from apps.mailings.segments import compiled


def candidates(
    rule: Rule, window: Window | None = None, *, chosen_ones: Q | None = None
) -> QuerySet[Recipient]:
    """The owner's living people whom the rule names, each once.

    ``chosen_ones``: those chosen one by one in a form that is not saved.
    """
    mine = bounded(living(rule.owner_id), "pk", window)
    if rule.everyone:
        return mine
    named = Q(pk__in=())
    for _name, one in terms_of(rule, window, chosen_ones=chosen_ones):
        named |= one
    return mine.filter(named)


def living(owner_id: int) -> QuerySet[Recipient]:
    """Whom the owner can write to at all."""
    return Recipient.objects.filter(owner_id=owner_id, archived_at__isnull=True)


def terms_of(
    rule: Rule, window: Window | None = None, *, chosen_ones: Q | None = None
) -> list[tuple[str, Q]]:
    """What names a candidate, each on its own: lists, segments, the filter, the chosen ones."""
    found = [(f"list:{pk}", Q(Exists(of_list(pk, window)))) for pk in rule.lists]
    if rule.segments:
        ground = rule.ground(window)
        found += [(f"segment:{one.id}", compiled(one.tree, ground)) for one in rule.segments]
    if rule.tags or rule.codes:
        match = Q()
        if rule.tags:
            tagged = RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag_id__in=rule.tags)
            match &= Q(Exists(bounded(tagged, "recipient_id", window)))
        if rule.codes:
            match &= Q(operator_code__in=rule.codes)
        found.append(("filter", match))
    if chosen_ones is not None:
        found.append(("chosen", chosen_ones))
    elif rule.chosen:
        chosen = Mailing.recipients.through.objects.filter(mailing_id=rule.mailing_id or 0)
        if rule.single:
            found.append(("chosen", Q(pk__in=chosen.values("recipient_id"))))
        else:
            rows = bounded(chosen.filter(recipient_id=OuterRef("pk")), "recipient_id", window)
            found.append(("chosen", Q(Exists(rows))))
    return found


def of_list(pk: int, window: Window | None) -> QuerySet[Subscription]:
    """A person's subscription to this list, whatever its status."""
    rows = Subscription.objects.filter(recipient_id=OuterRef("pk"), list_id=pk)
    return bounded(rows, "recipient_id", window)


def bounded(rows: QuerySet[Any], name: str, window: Window | None) -> QuerySet[Any]:
    """The rows whose ``name`` lies in the window: every subquery is limited to it."""
    if window is None:
        return rows
    return rows.filter(**{f"{name}__gt": window[0], f"{name}__lte": window[1]})
