"""What counts across rooms: the figures of the home page, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, F, Q, QuerySet
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.mailings.models import Mailing, Message, Recipient, Run
from apps.mailings.selectors.mailings import listed, next_step, unknown_text
from apps.mailings.wait_reasons import reasons_that

#: Waits that do not pass on their own.
_NEEDS_FIXING = reasons_that(lambda wait: wait.needs_fix)


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers on top of the home page."""

    mailings: int
    running: int
    recipients: int


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps to the first mailing. ``open``: it is this one's turn."""

    title: str
    words: str
    url_name: str
    button: str
    done: bool
    open: bool = False


def figures_of(actor: Actor) -> Figures:
    """Counted afresh; the view keeps them. Everybody's for those who oversee, else own."""
    mailings = listed(Mailing.objects.visible_to(actor).filter(archived_at=None))
    running = mailings.filter(status=Mailing.Status.RUNNING)
    return Figures(mailings.count(), running.count(), unique_recipients(actor))


def first_steps(actor: Actor, figures: Figures) -> list[Step]:
    """The steps to the first mailing, for users who have none yet; none for managers."""
    if actor.sees_all or figures.mailings:
        return []
    written = Message.objects.editable_by(actor).filter(archived_at=None).exists()
    steps = [
        (
            _("Add recipients"),
            _("Import a file: you see the result before anything is saved."),
            "imports:start",
            _("Import recipients"),
            figures.recipients > 0,
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
    address = Coalesce("email", "phone", Cast("telegram_chat_id", CharField()))
    return rows.values_list(address).distinct().count()


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
