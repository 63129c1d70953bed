"""Who is or was in an automation, and where somebody stands in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.automations.models import Enrolment, Step, StepDone
from apps.automations.models.automation import Left
from apps.automations.models.enrolment import LIVE
from apps.automations.reactions import REACTED
from apps.automations.showing.in_words import Speaker
from apps.automations.showing.standing import DOTS
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Delivery, Recipient

State = Enrolment.State
#: Of a step: who came, is here, went on, left; and what became of its letter.
DID: Final = {
    "came": pgettext_lazy("step", "came"),
    "here": pgettext_lazy("step", "here now"),
    "on": pgettext_lazy("step", "went on"),
    "left": pgettext_lazy("step", "left"),
    "sent": pgettext_lazy("step", "message sent"),
    "opened": pgettext_lazy("step", "message opened"),
    "clicked": pgettext_lazy("step", "link clicked"),
}
#: What comes next at the end.
NOTHING_NEXT: Final = gettext_lazy("the end")
_LETTERS: Final[Mapping[str, Any]] = {
    "sent": Q(state__in=("sent", "delivered", "bounced")),
    **REACTED,
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where one enrolment stands, in words. ``until``: when it looks again."""

    enrolment: Enrolment
    step: str
    reason: str
    next_step: str
    until: datetime | None
    dot: str


def people_of(
    rows: OwnedQuerySet[Enrolment], *, step: str = "", did: str = ""
) -> OwnedQuerySet[Enrolment]:
    """Those of the enrolments of whom this is true at the step with this key."""
    if not step:
        return rows
    done = StepDone.objects.filter(enrolment_id=OuterRef("pk"), step__key=step)
    at: OwnedQuerySet[Enrolment] = rows.filter(step__key=step)
    if did == "here":
        return at.filter(state__in=LIVE)
    if did == "left":
        return at.filter(state=State.LEFT)
    if did == "on":
        return rows.filter(Exists(done))
    if did in _LETTERS:
        letters = Delivery.objects.filter(_LETTERS[did], pk=OuterRef("delivery_id"))
        return rows.filter(Exists(done.filter(Exists(letters))))
    return rows.filter(Q(step__key=step) | Exists(done))


def positions_of(rows: Sequence[Enrolment]) -> list[Position]:
    """Where each of these stands. They come with automation, its owner, version and step."""
    speakers: dict[int, Speaker] = {}
    texts: dict[int, dict[str, str]] = {}
    for one in rows:
        if one.version_id not in speakers:
            definition = one.version.definition
            steps = definition["steps"]
            said = Speaker(one.automation.owner, definition, steps)
            speakers[one.version_id] = said
            texts[one.version_id] = {step["key"]: said.step(step) for step in steps}
    return [_position(one, texts[one.version_id]) for one in rows]


def _position(one: Enrolment, texts: Mapping[str, str]) -> Position:
    at: Step | None = one.step
    live = one.state in LIVE
    return Position(
        enrolment=one,
        step=texts.get(at.key, at.key) if at is not None else "",
        reason=reason_text(one),
        next_step=_next(at, texts) if live and at is not None else "",
        until=one.due_at if one.state in (State.WAITING, State.UNKNOWN) else None,
        dot=DOTS[one.state],
    )


def _next(step: Step, texts: Mapping[str, str]) -> str:
    """What comes after the step, where that does not depend on an answer."""
    following = set(step.ways.values())
    if step.kind == Step.Kind.EXIT:
        return str(NOTHING_NEXT)
    if len(following) > 1:
        return _("it depends on the answer")
    key = next(iter(following), "")
    return texts.get(key, str(NOTHING_NEXT))


def reason_text(one: Enrolment) -> str:
    """Why somebody left or failed, in words; an owner's own reason as it is."""
    if one.state == State.LEFT:
        return str(Left(one.reason).label)
    if one.state == State.FAILED and one.reason in Enrolment.Failure.values:
        return str(Enrolment.Failure(one.reason).label)
    return one.reason


def with_positions(rows: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """With everything that ``positions_of`` asks for."""
    return rows.select_related("automation__owner", "version", "step", "recipient")


def automations_of(recipient: Recipient, *, most: int = 50) -> list[Position]:
    """The automations a recipient is in or was in, the live ones first."""
    rows = Enrolment.objects.filter(recipient=recipient)
    mine = with_positions(rows).order_by("-pk")
    live = list(mine.filter(state__in=LIVE)[:most])
    over = list(mine.exclude(state__in=LIVE)[: most - len(live)])
    return positions_of([*live, *over])


def came_in_text(count: int) -> str:
    """So many came in."""
    text = ngettext("%(count)d recipient came in.", "%(count)d recipients came in.", count)
    return text % {"count": count}


def goes_on_text(count: int) -> str:
    """So many go on."""
    text = ngettext("%(count)d recipient goes on.", "%(count)d recipients go on.", count)
    return text % {"count": count}


def removed_text(count: int) -> str:
    """So many were removed."""
    text = ngettext(
        "%(count)d recipient removed from the automation.",
        "%(count)d recipients removed from the automation.",
        count,
    )
    return text % {"count": count}


def in_state(rows: OwnedQuerySet[Enrolment], state: str) -> OwnedQuerySet[Enrolment]:
    """Those in a state, or inside at all."""
    if state == "inside":
        return rows.filter(state__in=LIVE)
    return rows.filter(state=state) if state in State.values else rows
