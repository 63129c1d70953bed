"""What an owner says of a mailing's experiment: page and API call the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.mailings.models import Experiment, Mailing, Run, Variant
from apps.mailings.models.experiments.plan import HOURS, MOST_VARIANTS, SHARES, WAITS, Terms, letter
from apps.mailings.sender_rules import sender_or_refused
from apps.mailings.services.mailings import MailingOpen, TransactionalFixed
from apps.mailings.services.messages import MessageService

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """A variant beside the mailing itself; what is empty is as there."""

    subject: str = ""
    preheader: str = ""
    sender_id: int | None = None
    message_id: int | None = None
    hour: int | None = None

    def __bool__(self) -> bool:
        """True if anything differs. The hour 0 is midnight."""
        return any(getattr(self, one.name) not in ("", None) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Planned:
    """All that an owner chooses. ``variants``: the second and the following."""

    variants: Sequence[PlannedVariant]
    metric: str = Terms.Metric.CLICKS
    goal: str = ""
    share: int = 20
    wait_minutes: int = 240
    if_undecided: str = Terms.IfUndecided.FIRST


@transaction.atomic
def save_experiment(*, mailing: Mailing, planned: Planned) -> Experiment:
    """Give the mailing this experiment in place of the one it has.

    Raises ValidationError, MailingOpen, TransactionalFixed, SenderUnfit.
    """
    _check_open(mailing)
    _check(mailing, planned)
    experiment, _made = Experiment.objects.update_or_create(
        mailing=mailing,
        defaults={
            "metric": planned.metric,
            "goal": planned.goal if planned.metric == Terms.Metric.GOAL else "",
            "share": planned.share,
            "wait_minutes": planned.wait_minutes,
            "if_undecided": planned.if_undecided,
        },
    )
    experiment.variants.all().delete()
    Variant.objects.bulk_create(
        Variant(
            experiment=experiment,
            number=number,
            subject=one.subject,
            preheader=one.preheader,
            sender_id=one.sender_id,
            message_id=one.message_id,
            hour=one.hour,
        )
        for number, one in enumerate(planned.variants, 2)
    )
    log.info("experiment_saved", mailing_id=mailing.pk, variants=len(planned.variants) + 1)
    return experiment


@transaction.atomic
def remove_experiment(mailing: Mailing) -> bool:
    """The mailing is sent without variants from now on. True if it had some. Raises MailingOpen."""
    _check_open(mailing)
    count, _by_model = Experiment.objects.filter(mailing=mailing).delete()
    return bool(count)


def _check_open(mailing: Mailing) -> None:
    if mailing.kind == Mailing.Kind.TRANSACTIONAL:
        raise TransactionalFixed(_("A transactional message can’t be changed. Send a new one."))
    if mailing.runs.exclude(state=Run.State.DONE).exists():
        raise MailingOpen(_("This mailing is being sent. Its experiment can’t be changed now."))


def _check(mailing: Mailing, planned: Planned) -> None:
    errors: dict[str, ValidationError] = {}
    if not 1 <= len(planned.variants) < MOST_VARIANTS:
        text = _("From 2 to %(most)d variants, the mailing itself among them.")
        errors["variants"] = ValidationError(text, code="count", params={"most": MOST_VARIANTS})
    for name, value, (least, most) in (
        ("share", planned.share, SHARES),
        ("wait_minutes", planned.wait_minutes, WAITS),
    ):
        if not least <= value <= most:
            text = _("Enter a number from %(least)d to %(most)d.")
            params = {"least": least, "most": most}
            errors[name] = ValidationError(text, code="range", params=params)
    if planned.metric == Terms.Metric.GOAL and not planned.goal:
        errors["goal"] = ValidationError(_("Enter the address of the link."), code="required")
    for number, one in enumerate(planned.variants, 2):
        if not one:
            text = _("Variant %(variant)s differs in nothing. Change it, or remove it.")
            facts = {"variant": letter(number)}
            errors.setdefault("variants", ValidationError(text, code="empty", params=facts))
        if one.hour is not None and not HOURS[0] <= one.hour <= HOURS[1]:
            text = _("Enter a number from %(least)d to %(most)d.")
            params = {"least": HOURS[0], "most": HOURS[1]}
            errors.setdefault("variants", ValidationError(text, code="range", params=params))
        _check_rows(mailing, one, errors)
    if errors:
        raise ValidationError(errors)


def _check_rows(mailing: Mailing, one: PlannedVariant, errors: dict[str, ValidationError]) -> None:
    sender_or_refused(one.sender_id, mailing.owner_id)
    mine = MessageService(mailing.owner).own().filter(archived_at=None)
    if one.message_id is not None and not mine.filter(pk=one.message_id).exists():
        text = _("You have no such message.")
        errors.setdefault("variants", ValidationError(text, code="unknown"))
