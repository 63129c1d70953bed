"""The mailing in each of its variants, as a launch writes them.

Refused
├─ VariantEmpty           variant_empty            it differs in nothing from the mailing
├─ VariantUntranslated    variant_untranslated     its languages are not those of the mailing
├─ VariantUnfit           variant_unfit            another message, and files or a feed go with it
├─ ExperimentUnmeasured   experiment_unmeasured    nothing is measured by which one could win
└─ ExperimentTooLong      experiment_too_long      the mailing ends before the decision
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.mailings.models import Experiment, Feed, Mailing, PersonalFile, Tracking, Variant
from apps.mailings.models.experiments.plan import letter
from apps.mailings.services.local_time import hours_from
from apps.mailings.services.publishing.measured import tracking_of

_A_DAY: Final = timedelta(days=1)


class VariantEmpty(Refused):
    """A variant differs in nothing from the mailing."""

    code = "variant_empty"


class VariantUntranslated(Refused):
    """A variant is not written in the languages of the mailing."""

    code = "variant_untranslated"


class VariantUnfit(Refused):
    """A variant with another message: files for each recipient or a feed go with the mailing's."""

    code = "variant_unfit"


class ExperimentUnmeasured(Refused):
    """Nothing of the letters is measured by person, so that no variant could win."""

    code = "experiment_unmeasured"


class ExperimentTooLong(Refused):
    """The mailing ends before the experiment is decided."""

    code = "experiment_too_long"


@dataclass(frozen=True, slots=True)
class Written:
    """A variant as a mailing of its own, not to be saved. ``own_head``: its subject or preheader
    is not that of its message; ``own_hours``: its hours of the day are not those of the mailing."""

    mailing: Mailing
    letter: str
    own_head: bool = False
    own_hours: bool = False

    @property
    def hours(self) -> tuple[time, time] | None:
        """From when to when of a recipient's day, where it has hours of its own."""
        return (self.mailing.local_from, self.mailing.local_to) if self.own_hours else None


def experiment_of(mailing: Mailing) -> Experiment | None:
    """The experiment that its next run makes; None of most mailings."""
    if mailing.kind == Mailing.Kind.TRANSACTIONAL:
        return None
    rows = Experiment.objects.filter(mailing_id=mailing.pk)
    return rows.prefetch_related("variants__message__attachments", "variants__sender").first()


def messages_of_variants(mailing: Mailing) -> list[int]:
    """The messages of variants that have another one than the mailing."""
    if mailing.kind == Mailing.Kind.TRANSACTIONAL:
        return []
    rows = Variant.objects.filter(experiment__mailing=mailing, message__isnull=False)
    return list(rows.values_list("message", flat=True))


def written(mailing: Mailing, experiment: Experiment | None) -> list[Written]:
    """The mailing in each variant, itself first."""
    found = [Written(mailing, letter(1))]
    if experiment is None:
        return found
    prefetch_related_objects([mailing.message], "attachments")  # all copies share them
    further = experiment.variants.all()
    return found + [_written(mailing, one, letter(at)) for at, one in enumerate(further, 2)]


def _written(mailing: Mailing, variant: Variant, name: str) -> Written:
    made = copy(mailing)
    made.message = copy(variant.message or mailing.message)
    made.message.subject = variant.subject or made.message.subject
    made.message.preheader = variant.preheader or made.message.preheader
    made.sender = variant.sender or mailing.sender
    if variant.hour is not None:
        made.local_from, made.local_to = hours_from(time(variant.hour))
    own_head = bool(variant.subject or variant.preheader)
    return Written(made, name, own_head=own_head, own_hours=variant.hour is not None)


def check_experiment(mailing: Mailing, experiment: Experiment | None, now: datetime) -> None:
    """Raise what keeps the mailing from being launched with this experiment.

    Raises VariantEmpty, VariantUnfit, ExperimentUnmeasured, ExperimentTooLong.
    """
    if experiment is None:
        return
    for at, one in enumerate(experiment.variants.all(), 2):
        if not one.differs:
            text = _("Variant %(variant)s differs in nothing. Change it, or remove it.")
            raise refusal(VariantEmpty, text, variant=letter(at))
        if one.message is not None:
            _check_message(mailing, one, letter(at))
    if tracking_of(mailing) != Tracking.PERSONS:
        text = _("An experiment needs a mailing that measures each person.")
        raise refusal(ExperimentUnmeasured, text)
    begin = max(now, mailing.starts_at)
    if any(one.hour is not None for one in experiment.variants.all()):
        begin += _A_DAY  # in which every zone has that hour
    if begin + timedelta(minutes=experiment.wait_minutes) >= mailing.ends_at:
        text = _("The mailing ends before the experiment is decided. Set a later end.")
        raise refusal(ExperimentTooLong, text)


def _check_message(mailing: Mailing, variant: Variant, name: str) -> None:
    message = variant.message
    assert message is not None
    if message.owner_id != mailing.owner_id or message.archived_at is not None:
        text = _("The message of variant %(variant)s can’t be used.")
        raise refusal(VariantUnfit, text, variant=name)
    with_files = PersonalFile.objects.filter(message__in=[message.pk, mailing.message_id]).exists()
    if with_files or Feed.objects.filter(mailing_id=mailing.pk).exists():
        text = _(
            "Variant %(variant)s has a message of its own. That can’t be combined with a feed or"
            " with files for each recipient."
        )
        raise refusal(VariantUnfit, text, variant=name)


def untranslated(name: str) -> VariantUntranslated:
    """The refusal of a variant whose languages differ."""
    text = _(
        "Variant %(variant)s is not in the same languages as the mailing. Give it a message that"
        " is translated into them."
    )
    return refusal(VariantUntranslated, text, variant=name)


def facts_of(experiment: Experiment, mailing: Mailing) -> list[dict[str, str]]:
    """What each variant is, as its run keeps it for its readers."""
    found = []
    for one in written(mailing, experiment):
        sender = one.mailing.sender
        facts = {
            "subject": one.mailing.message.subject,
            "preheader": one.mailing.message.preheader,
            "message": str(one.mailing.message),
            "sender": str(sender) if sender is not None else "",
            "hour": f"{one.hours[0]:%H:%M}" if one.hours is not None else "",
        }
        found.append(facts)
    return found
