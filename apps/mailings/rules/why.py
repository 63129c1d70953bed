"""What a rule says of one person: each of its terms, and the reason that keeps the person out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from apps.core.responses.stored import NOTHING, Response
from apps.mailings.ledger.permission.bars import ARCHIVED, DOMAIN, response_of
from apps.mailings.ledger.permission.frequency import capped_on
from apps.mailings.ledger.reach import reach_of
from apps.mailings.models import Mailing, Recipient, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.rules.candidates import terms_of
from apps.mailings.rules.reasons import exclusions_of, reasoned
from apps.mailings.rules.rule import Rule, Window
from apps.mailings.segments import explained_all

#: The terms of a rule that name everybody, those of a filter, and people one by one.
EVERYONE: Final = "everyone"
FILTER: Final = "filter"
CHOSEN: Final = "chosen"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a rule, such as ``list:5``, and whether it holds for the person.

    ``answers``: of a segment, every node of its ``tree`` by its path.
    """

    name: str
    holds: bool
    tree: Mapping[str, Any] | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of the person, if the rule were frozen now.

    ``named``: is the person in the audience at all? ``left_out`` and ``response`` are empty for
    somebody who is not, or who gets it: over ``channel``, by the right of the subscription.
    ``waits_until``: not before then, for a frequency rule.
    """

    included: Sequence[Term]
    excluded: Sequence[Term]
    named: bool
    left_out: str = ""
    response: Response = NOTHING
    channel: str = ""
    subscription_id: int | None = None
    waits_until: datetime | None = None


def verdict_on(person: Recipient, rule: Rule, channels: Sequence[str]) -> Verdict:
    """Ask the database what it would be asked while a run is frozen, for this person alone."""
    window = (person.pk - 1, person.pk)
    included, excluded = _terms(person, rule, window)
    named = person.archived_at is None and any(term.holds for term in included)
    if not named:
        left_out = LeftOut.GONE.value if person.archived_at is not None else ""
        response = ARCHIVED if left_out else NOTHING
        return Verdict(included, excluded, False, left_out, response)
    rows = reasoned(rule, _one(person, rule), window)
    reach = reach_of(rows, rule.rights, rule.owner_id, channels)
    over = [channel for channel, count in zip(channels, reach.by_channel, strict=True) if count]
    left_out = next(iter(reach.left_out), "")
    term = next(iter(reach.excluded), "")
    stop = _stop(person, rule, channels[0]) if left_out == LeftOut.SUPPRESSED else ""
    response = response_of(left_out, term=term, bar=stop) if left_out else NOTHING
    found: Any = rows.get()
    right: int | None = found.subscription_id
    until = _waits_until(person, rule, over[0]) if over else None
    if until is not None and rule.on_cap == Mailing.OnCap.SKIP:
        left_out, response, over, until = LeftOut.CAP.value, response_of(LeftOut.CAP), [], None
    return Verdict(included, excluded, True, left_out, response, "".join(over), right, until)


def _one(person: Recipient, rule: Rule) -> QuerySet[Recipient]:
    return Recipient.objects.filter(owner_id=rule.owner_id, pk=person.pk)


def _terms(person: Recipient, rule: Rule, window: Window) -> tuple[list[Term], list[Term]]:
    """What names the person, and what keeps the person out: all of it in two queries.

    Every rule may choose people one by one: that it did not choose this one says nothing.
    """
    include, exclude = terms_of(rule, window), exclusions_of(rule, window)
    asked = [one for _name, one in (*include, *exclude)]
    answers = _answers(person, rule, asked)
    nodes = _nodes(person, rule)
    found = [
        Term(name, holds, *nodes.get(name, (None, {})))
        for (name, _one), holds in zip((*include, *exclude), answers, strict=True)
    ]
    everyone = [Term(EVERYONE, True)] if rule.everyone else []
    named = [term for term in found[: len(include)] if term.holds or term.name != CHOSEN]
    return everyone + named, found[len(include) :]


def _answers(person: Recipient, rule: Rule, asked: Sequence[Q]) -> tuple[bool, ...]:
    if not asked:
        return ()
    marks = {f"t{at}": _truth(one) for at, one in enumerate(asked)}
    return tuple(_one(person, rule).annotate(**marks).values_list(*marks).get())


def _nodes(
    person: Recipient, rule: Rule
) -> Mapping[str, tuple[Mapping[str, Any], Mapping[str, bool]]]:
    """The tree of each segment, and the answer of each of its nodes."""
    trees = {f"segment:{one.id}": one.tree for one in (*rule.segments, *rule.exclude.segments)}
    if not trees:
        return {}
    found = explained_all(trees, rule.ground(), person.pk)
    return {name: (trees[name], answers) for name, answers in found.items()}


def _truth(one: Q) -> Case:
    return Case(When(one, then=Value(True)), default=Value(False), output_field=BooleanField())


def _waits_until(person: Recipient, rule: Rule, channel: str) -> datetime | None:
    """When a frequency rule, or the person's own wish, lets the message go; None: at once."""
    if not rule.rights.heeds_wishes:
        return None
    wishes = {person.pk: person.every_days}
    found = capped_on(channel, wishes, owner_id=rule.owner_id, now=rule.moment)
    return found.get(person.pk)


def _stop(person: Recipient, rule: Rule, channel: str) -> str:
    """Why the address of the first channel is suppressed."""
    address = getattr(person, ADDRESS[channel])
    rows = Suppression.objects.filter(owner_id=rule.owner_id, channel=channel, address=address)
    if rule.purpose != Mailing.Purpose.MARKETING:
        rows = rows.exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    return rows.values_list("reason", flat=True).first() or DOMAIN
