"""Who leaves before the next step, and why: asked of the database for all of them at once."""

from __future__ import annotations

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Cast

from apps.automations.definition.parts import STEPS_TAKEN
from apps.automations.models import Step
from apps.automations.models.automation import Left
from apps.automations.moving.batch import Batch
from apps.mailings.models import Subscription, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.segments import compiled


def leaving(batch: Batch) -> dict[int, str]:
    """The reason of each who leaves; of several the first in this order counts."""
    cases = [When(archived_at__isnull=False, then=Value(Left.ARCHIVED))]
    if batch.exits.unsubscribed:
        cases.append(When(_unsubscribed(batch), then=Value(Left.UNSUBSCRIBED)))
    if batch.exits.suppressed:
        cases.append(When(_unreachable(batch, Q()), then=Value(Left.SUPPRESSED)))
    if batch.exits.goal is not None:
        cases.append(When(compiled(batch.exits.goal, batch.ground), then=Value(Left.GOAL)))
    reason = Case(*cases, default=Value(""), output_field=CharField())
    living = dict(batch.people.annotate(leaves=reason).values_list("pk", "leaves"))
    found: dict[int, str] = {}
    for one in batch.rows:
        why = living.get(one.recipient_id, Left.ERASED)
        if not why and one.steps_taken >= STEPS_TAKEN:
            why = Left.LIMIT
        if why:
            found[one.id] = why
    return found


def _unsubscribed(batch: Batch) -> Q:
    """From the list of the trigger, or from everything that the letters go to."""
    gone = _unreachable(batch, Q(reason=Suppression.Reason.UNSUBSCRIBED))
    if batch.trigger["kind"] != "subscribed":
        return gone
    on = Subscription.objects.filter(
        recipient_id=OuterRef("pk"),
        list_id=batch.trigger["list"],
        status=Subscription.Status.SUBSCRIBED,
    )
    return gone | ~Q(Exists(on))


def _unreachable(batch: Batch, why: Q) -> Q:
    """An address of the letters' channels is suppressed for this, and no other one is free."""
    suppressed, free = Q(pk__in=()), Q(pk__in=())
    for channel in _channels(batch):
        name = ADDRESS[channel]
        rows = Suppression.objects.filter(
            owner_id=batch.owner.pk, channel=channel, address=Cast(OuterRef(name), CharField())
        )
        suppressed |= Q(Exists(rows.filter(why)))
        free |= Q(~Exists(rows), **{f"{name}__isnull": False})
    return suppressed & ~free


def _channels(batch: Batch) -> list[str]:
    steps = batch.step.version.definition["steps"]
    names = ("channel", "second_channel")
    letters = [one for one in steps if one["kind"] == Step.Kind.SEND]
    return sorted({one[name] for one in letters for name in names if one.get(name)})
