"""The form of a mailing's experiment: four places for variants beside the mailing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.mailings.models import Experiment, Mailing, Message
from apps.mailings.models.content import NO_COPY
from apps.mailings.models.experiments.plan import HOURS, MOST_VARIANTS, SHARES, Terms, letter
from apps.mailings.sender_rules import offered_to
from apps.mailings.services.experiments.editing import Planned, PlannedVariant

_HOUR: Final = 60
_USUAL_WAITS: Final = [30, *(hours * _HOUR for hours in (1, 2, 4, 8, 12, 24, 48, 72, 168))]
_PARTS: Final = ("subject", "preheader", "sender", "message", "hour")


@dataclass(frozen=True, slots=True)
class Place:
    """The fields of one variant. ``open``: it is filled in, or it is the next to be."""

    letter: str
    fields: list[forms.BoundField]
    open: bool


class ExperimentForm(forms.Form):
    """What decides, and how each further variant differs. An empty place is no variant."""

    metric = forms.ChoiceField(
        label=_("What counts"), choices=Terms.Metric.choices, widget=forms.RadioSelect()
    )
    goal = forms.CharField(
        label=_("Address of the link"),
        max_length=2000,
        required=False,
        help_text=_("Only for clicks on one link: as it stands in the message."),
    )
    share = forms.IntegerField(
        label=_("Sample, % of recipients"),
        min_value=SHARES[0],
        max_value=SHARES[1],
        help_text=_("The sample gets the variants, the others the best of them. 100: all do."),
    )
    wait_minutes = forms.TypedChoiceField(
        label=_("Decide after"),
        coerce=int,
        help_text=_("Counted from the last message of the sample."),
    )
    if_undecided = forms.ChoiceField(
        label=_("If no variant is clearly better"),
        choices=Terms.IfUndecided.choices,
        widget=forms.RadioSelect(),
    )

    def __init__(self, *args: Any, mailing: Mailing, **kwargs: Any) -> None:
        self._experiment = Experiment.objects.filter(mailing=mailing).first()
        super().__init__(*args, **kwargs)
        self.initial = _initial(self._experiment)
        waits = {*_USUAL_WAITS, int(self.initial["wait_minutes"])}
        wait: Any = self.fields["wait_minutes"]
        wait.choices = [(minutes, _span(minutes)) for minutes in sorted(waits)]
        messages = Message.objects.filter(
            NO_COPY, owner_id=mailing.owner_id, archived_at=None, for_mailout=False
        ).exclude(pk=mailing.message_id)
        for number in range(2, MOST_VARIANTS + 1):
            for part in _PARTS:
                self.fields[f"{part}_{number}"] = _field(part, mailing, messages)

    @property
    def terms(self) -> list[forms.BoundField]:
        """What decides."""
        return [self[name] for name in ("metric", "goal", "share", "wait_minutes", "if_undecided")]

    @property
    def places(self) -> Iterator[Place]:
        """Where variants are written."""
        before = True
        for number in range(2, MOST_VARIANTS + 1):
            fields = [self[f"{part}_{number}"] for part in _PARTS]
            filled = any(field.value() or field.errors for field in fields)
            yield Place(letter(number), fields, open=filled or before)
            before = filled

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("metric") == Terms.Metric.GOAL and not cleaned.get("goal"):
            self.add_error("goal", ValidationError(_("Enter the address of the link.")))
        return cleaned

    def planned(self) -> Planned:
        """What was chosen, once it is valid."""
        data = self.cleaned_data
        variants = [
            PlannedVariant(
                subject=data[f"subject_{number}"],
                preheader=data[f"preheader_{number}"],
                sender_id=sender.pk if (sender := data[f"sender_{number}"]) else None,
                message_id=message.pk if (message := data[f"message_{number}"]) else None,
                hour=data[f"hour_{number}"],
            )
            for number in range(2, MOST_VARIANTS + 1)
        ]
        return Planned(
            variants=[one for one in variants if one],
            metric=data["metric"],
            goal=data["goal"],
            share=data["share"],
            wait_minutes=data["wait_minutes"],
            if_undecided=data["if_undecided"],
        )


def _field(part: str, mailing: Mailing, messages: Any) -> forms.Field:
    if part == "message":
        return forms.ModelChoiceField(
            messages, label=_("Message"), required=False, empty_label=_("As in the mailing")
        )
    if part == "sender":
        return forms.ModelChoiceField(
            offered_to(mailing.owner_id),
            label=_("Sender"),
            required=False,
            empty_label=_("As in the mailing"),
        )
    if part == "hour":
        hours = [(str(hour), f"{hour:02}:00") for hour in range(HOURS[0], HOURS[1] + 1)]
        return forms.TypedChoiceField(
            choices=[("", _("As in the mailing")), *hours],
            label=_("Start hour"),
            coerce=int,
            empty_value=None,
            required=False,
            help_text=_("Each recipient’s local time, within three hours."),
        )
    label = _("Subject") if part == "subject" else _("Preheader")
    return forms.CharField(label=label, max_length=255, required=False)


def _initial(experiment: Experiment | None) -> dict[str, Any]:
    of = experiment or Experiment()
    names = ("metric", "goal", "share", "wait_minutes", "if_undecided")
    found = {name: getattr(of, name) for name in names}
    variants = experiment.variants.all() if experiment is not None else ()
    for number, one in enumerate(variants, 2):
        found |= {
            f"subject_{number}": one.subject,
            f"preheader_{number}": one.preheader,
            f"sender_{number}": one.sender_id,
            f"message_{number}": one.message_id,
            f"hour_{number}": "" if one.hour is None else str(one.hour),
        }
    return found


def _span(minutes: int) -> str:
    if minutes % (24 * _HOUR) == 0:
        days = minutes // (24 * _HOUR)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if minutes % _HOUR == 0:
        hours = minutes // _HOUR
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
