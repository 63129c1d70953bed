"""Write again to those of a run who have not opened, or not clicked: a draft like any other.

Its audience is a segment; where subscriptions to lists give the right, the lists without the
others. Who is in another mailing of this kind after the same run is not asked by this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.mailings.models import (
    Delivery,
    Engagement,
    Mailing,
    Message,
    Recipient,
    Run,
    Segment,
    Term,
)
from apps.mailings.segments.engagement.unknown import measured_runs
from apps.mailings.segments.tree import NOT, VERSION, Node
from apps.mailings.selectors.totals import DELIVERED
from apps.mailings.services.mailings import duplicate_mailing
from apps.mailings.services.segmentation.segments import SegmentService

log = structlog.get_logger(__name__)

Act = Literal["opened", "clicked"]
#: Hours after the end of the run before they are written to again.
WAIT_HOURS: Final = 72
_UNKNOWN: Final = {"opened": "unclear", "clicked": "click_unclear"}
_LONGEST_NAME: Final = 120


class AgainRefused(Refused):
    """Nobody can be written to again after this run, or not yet."""

    code = "again_refused"


@dataclass(frozen=True, slots=True)
class Silent:
    """How many have not opened or clicked, and of how many of them that cannot be known."""

    act: Act
    people: int
    cannot_know: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What is sent again, to whom of them, and how many hours after the run."""

    act: Act
    message: Message
    hours: int = WAIT_HOURS
    known_only: bool = False


def check_run(run: Run) -> None:
    """Raise AgainRefused where nobody's reaction is known, or people may still react at once."""
    if run.mailing.kind == Mailing.Kind.TRANSACTIONAL:
        text = gettext_noop(
            "A transactional message is not written again to those without reaction."
        )
        raise refusal(AgainRefused, text)
    if run.state != Run.State.DONE:
        text = gettext_noop("This run has not ended yet. Write again after its end.")
        raise refusal(AgainRefused, text)
    if not measured_runs(Run.objects.filter(pk=run.pk)):
        text = gettext_noop(
            "It is not known who has not opened this run: it did not measure persons, or what they"
            " did has been deleted since."
        )
        raise refusal(AgainRefused, text)


def silent(run: Run) -> list[Silent]:
    """How many have not opened and not clicked; from its counters, and those who stay unknown."""
    sent = run.sent + run.delivered
    unclear = Engagement.objects.filter(run=run, term=Term.UNCLEAR)
    refused = _unmeasured(run)
    return [
        Silent("opened", sent - run.engaged_person, run.engaged_unclear + refused),
        Silent(
            "clicked",
            sent - run.engaged_clicked,
            unclear.exclude(clicked_at=None).count() + refused,
        ),
    ]


def _unmeasured(run: Run) -> int:
    """Those it went to who asked not to be measured, and of whom nothing was seen before that."""
    people = Recipient.objects.filter(owner_id=run.mailing.owner_id, unmeasured=True)
    got = Delivery.objects.filter(run=run, recipient_id=OuterRef("pk"), state__in=DELIVERED)
    seen = Engagement.objects.filter(run=run, recipient_id=OuterRef("pk"))
    return people.filter(Exists(got), ~Exists(seen)).count()


def waiting_draft(run: Run) -> Mailing | None:
    """The mailing that already writes again after this run and has not ended."""
    rows = Mailing.objects.filter(again_of=run, archived_at=None)
    return rows.exclude(status=Mailing.Status.COMPLETED).first()


@transaction.atomic
def write_again(*, run: Run, choice: Choice, now: datetime) -> Mailing:
    """A draft to those who have not reacted to this run. Raises AgainRefused."""
    run = (
        Run.objects.select_for_update(of=("self",)).select_related("mailing__owner").get(pk=run.pk)
    )
    check_run(run)
    if (waiting := waiting_draft(run)) is not None:
        text = gettext_noop("“%(name)s” already writes again after this run.")
        raise refusal(AgainRefused, text, name=waiting.name)
    draft = duplicate_mailing(mailing=run.mailing, now=now)
    _choose_audience(draft, run, choice)
    length = draft.ends_at - draft.starts_at
    name = _("%(name)s (again)") % {"name": run.mailing.name}
    draft.name = name[: Mailing._meta.get_field("name").max_length]
    draft.message, draft.again_of = choice.message, run
    draft.sender_id = run.mailing.sender_id
    ended = run.finished_at or now
    draft.starts_at = max(ended + timedelta(hours=choice.hours), now + timedelta(minutes=5))
    draft.ends_at = draft.starts_at + length
    draft.save()
    log.info("mailing_again", mailing_id=draft.pk, run_id=run.pk, act=choice.act)
    return draft


def _choose_audience(draft: Mailing, run: Run, choice: Choice) -> None:
    """Only those; without what the mailing excluded, for those never got it."""
    asked = _asked(run, choice)
    lists = [*draft.lists.all()]
    for name in ("filter_tags", "recipients", "segments", "exclude_lists", "exclude_segments"):
        getattr(draft, name).clear()
    for name in ("exclude_tags", "exclude_mailings", "lists"):
        getattr(draft, name).clear()
    draft.everyone, draft.filter_operator_codes, draft.exclude_mailed_days = False, [], None
    name = _name(run, choice)
    if draft.basis == Mailing.Basis.SUBSCRIPTION:
        draft.lists.set(lists)
        others = _("Everybody except: %(name)s") % {"name": name}
        draft.exclude_segments.set([_segment(run, others, {NOT: asked})])
    else:
        draft.segments.set([_segment(run, name, asked)])


def _asked(run: Run, choice: Choice) -> Node:
    def did(op: str) -> dict[str, Any]:
        return {"field": "did", "op": op, "mailings": [run.mailing_id], "run": run.number}

    nodes: list[Node] = [did("got"), {NOT: did(choice.act)}]
    if choice.known_only:
        nodes.append({NOT: did(_UNKNOWN[choice.act])})
    return {"all": nodes}


def _name(run: Run, choice: Choice) -> str:
    names = {
        "opened": _("Not opened: %(name)s, run %(number)s"),
        "clicked": _("Not clicked: %(name)s, run %(number)s"),
    }
    return names[choice.act] % {"name": run.mailing.name[:60], "number": run.number}


def _segment(run: Run, name: str, root: Node) -> Segment:
    """The owner's segment with these conditions, made where there is none."""
    owner, tree = run.mailing.owner, {"version": VERSION, "root": root}
    living = Segment.objects.filter(owner=owner, archived_at=None)
    base = name[: _LONGEST_NAME - 4]
    named = {one.name.lower(): one for one in living.filter(name__istartswith=base)}
    for one in named.values():
        if one.tree == tree:
            return one
    free = next(
        text
        for number in range(1, len(named) + 2)
        if (text := base if number == 1 else f"{base} {number}").lower() not in named
    )
    return SegmentService(owner).save(Segment(owner=owner, name=free, tree=tree))
