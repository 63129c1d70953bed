"""What counts across rooms: the figures of the home page, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import CharField, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.mailings.models import Mailing, Message, Recipient, Run, SendingPause, Suppression
from apps.mailings.models.audience import ADDRESS, MESSENGERS
from apps.mailings.models.content import NO_COPY
from apps.mailings.recurrence import missed
from apps.mailings.selectors.mailings import listed, living_runs, next_step, unknown_text
from apps.mailings.selectors.recipients import COUNTED
from apps.mailings.selectors.totals import SENT, sum_of
from apps.mailings.services.agents.start_requests import all_waiting
from apps.mailings.wait_reasons import reason_of, reasons_that
from apps.reports.selectors.attempts import start_of

#: Waits that do not pass on their own.
_NEEDS_FIXING = reasons_that(lambda wait: wait.needs_fix)
#: Days that the changes of the recipients are counted over, as the chart beside them.
CHANGES_DAYS: Final = 14
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of the home page."""

    mailings: int
    running: int
    recipients: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the recipients in the last days, and how many addresses are suppressed."""

    added: int
    unsubscribed: int
    bounced: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps to the first mailing. ``open``: it is this one's turn."""

    title: str
    words: str
    url_name: str
    button: str
    done: bool
    open: bool = False


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs a person: of which mailing or user, why, and the page for it."""

    label: str
    text: str
    url: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """A user, and how many messages went out for them."""

    email: str
    sent: int


def figures_of(actor: Actor) -> Figures:
    """Counted afresh; the view keeps them. Everybody's for those who oversee, else own."""
    mailings = listed(Mailing.objects.visible_to(actor).filter(archived_at=None))
    running = mailings.filter(status=Mailing.Status.RUNNING)
    return Figures(mailings.count(), running.count(), unique_recipients(actor))


def changes_of(actor: Actor, today: date) -> Changes:
    """Counted afresh; the view keeps them."""
    since = start_of(today - timedelta(days=CHANGES_DAYS - 1))
    living = Recipient.objects.visible_to(actor).filter(archived_at=None)
    lately = Q(created_at__gte=since)
    reasons = Suppression.Reason
    stops = Suppression.objects.visible_to(actor).aggregate(
        all=Count("pk"),
        unsubscribed=Count("pk", filter=lately & Q(reason=reasons.UNSUBSCRIBED)),
        bounced=Count("pk", filter=lately & Q(reason=reasons.BOUNCED)),
    )
    return Changes(
        living.filter(lately).count(), stops["unsubscribed"], stops["bounced"], stops["all"]
    )


def is_quickly_counted(actor: Actor) -> bool:
    """Are the recipients so few that a page may count them before it is shown?"""
    return Recipient.objects.visible_to(actor)[: COUNTED + 1].count() <= COUNTED


def first_steps(actor: Actor) -> list[Step]:
    """The steps to the first mailing, for users who have none yet; none for managers.

    Each can be taken at once: the forms say what they lack.
    """
    mailings = listed(Mailing.objects.visible_to(actor).filter(archived_at=None))
    if actor.sees_all or mailings.exists():
        return []
    recipients = Recipient.objects.visible_to(actor).filter(archived_at=None)
    written = Message.objects.editable_by(actor).filter(NO_COPY, archived_at=None).exists()
    steps = [
        (
            _("Add recipients"),
            _("Import a file: you see the result before anything is saved."),
            "imports:start",
            _("Import recipients"),
            recipients.exists(),
        ),
        (
            _("Write a message"),
            _("Subject and text, with a preview for any of your recipients."),
            "messages:create",
            _("New message"),
            written,
        ),
        (
            _("Schedule the mailing"),
            _("Choose message, audience and time."),
            "mailings:create",
            _("New mailing"),
            False,
        ),
    ]
    turn = next(at for at, step in enumerate(steps) if not step[-1])
    return [Step(*step, open=at == turn) for at, step in enumerate(steps)]


def unique_recipients(actor: Actor) -> int:
    """How many different addresses there are; for one owner every recipient has its own."""
    rows = Recipient.objects.visible_to(actor).filter(archived_at=None)
    if not actor.sees_all:
        return rows.count()
    address = Coalesce("email", "phone", *(Cast(ADDRESS[one], CharField()) for one in MESSENGERS))
    return rows.values_list(address).distinct().count()


def last_run(actor: Actor) -> Run | None:
    """The run of a mailing that has ended last."""
    rows = living_runs().visible_to(actor).filter(state=Run.State.DONE, urgent=False)
    ended = rows.filter(finished_at__isnull=False).order_by("-finished_at", "-pk")
    return ended.defer("content").first()


def needing_a_person(actor: Actor) -> QuerySet[Run]:
    """Current runs that need somebody: failed, unknown, or stuck on a fault.

    Of the messages to one recipient only the unknown: the program that sent them gets the rest.
    """
    wrong = Q(outcome=Run.Outcome.FAILED) | Q(reason__in=_NEEDS_FIXING, outcome="")
    failed = Q(unknown__gt=0) | Q(urgent=False) & wrong
    current = Run.objects.visible_to(actor).filter(number=F("mailing__current_run"))
    current = current.filter(failed, mailing__archived_at=None).defer("content")
    return current.select_related("mailing", "mailing__owner").order_by("-pk")


def failure_text(run: Run, now: datetime) -> str:
    """What the person is needed for: unknown deliveries before everything else."""
    return unknown_text(run) if run.unknown else next_step(run.mailing, run, now)


def concerns(actor: Actor, now: datetime) -> list[Concern]:
    """What needs a person besides the runs: missed starts, starts that agents ask for, pauses."""
    rows = Mailing.objects.visible_to(actor).select_related("owner").order_by("starts_at", "pk")
    due = rows.filter(
        status=Mailing.Status.CREATED, archived_at=None, starts_at__lt=now, ends_at__gt=now
    )
    due = due.exclude(scheduled_at=None)[:COUNTED]
    late = [
        Concern(
            mailing.name,
            next_step(mailing, None, now),
            reverse("mailings:detail", args=[mailing.pk]),
            mailing.owner.email if actor.sees_all else "",
        )
        for mailing in due
        if missed(mailing, now)
    ]
    return [*_pauses(actor, now), *_asked(actor), *late[:SHOWN]]


def _asked(actor: Actor) -> list[Concern]:
    return [
        Concern(
            one.mailing.name,
            _("%(agent)s asks for the start. A person decides.") % {"agent": one.asked_by},
            reverse("mailings:detail", args=[one.mailing_id]),
            one.mailing.owner.email if actor.sees_all else "",
        )
        for one in all_waiting(actor)[:SHOWN]
    ]


def _pauses(actor: Actor, now: datetime) -> list[Concern]:
    held = SendingPause.objects.in_force(now).select_related("owner")
    if not actor.sees_all:
        held = held.filter(owner=actor.pk)
    page = "management:users" if actor.sees_all else "reports:list"
    return [
        Concern(
            _("Sending is paused") if pause.owner_id == actor.pk else pause.owner.email,
            reason_of(Run(reason=pause.reason, reason_detail=pause.detail)),
            reverse(page),
        )
        for pause in held[:SHOWN]
    ]


def top_senders(actor: Actor, today: date) -> list[Sender]:
    """The users for whom most messages went out in runs that began today."""
    rows = Run.objects.visible_to(actor).filter(started_at__gte=start_of(today)).order_by()
    found = rows.values_list("mailing__owner__email").annotate(sent=Sum(sum_of(SENT)))
    return [Sender(email, n) for email, n in found.order_by("-sent")[:SHOWN] if n]
