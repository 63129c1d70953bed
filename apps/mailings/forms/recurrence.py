"""The part of the mailing's form that says when it comes again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Mailing
from apps.mailings.recurrence import WEEKDAYS, check_rule, last_day_of, rule_text

#: A rule that came through the API and that this form cannot show.
OWN: Final = "OWN"
#: What a box to tick and a choice among few look like.
BOX: Final = {"class": "form-check-input"}
_FREQUENCIES: Final = [
    ("", _("once")),
    ("DAILY", _("every day")),
    ("WEEKLY", _("every week")),
    ("MONTHLY", _("every month")),
]


class RepetitionForm(forms.Form):
    """Frequency, interval and weekdays; together they are one rule of RFC 5545.

    ``stored_start`` is the start before the form, None of a new mailing.
    """

    stored_start: datetime | None = None

    frequency = forms.ChoiceField(
        label=_("Repeat"),
        choices=_FREQUENCIES,
        required=False,
        help_text=_("Every month from the 29th, 30th or 31st: on the last day of shorter months."),
    )
    interval = forms.IntegerField(
        label=_("Every (interval)"),
        min_value=1,
        max_value=99,
        initial=1,
        required=False,
    )
    weekdays = forms.MultipleChoiceField(
        label=_("On weekdays"),
        choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple(attrs=BOX),
        required=False,
        help_text=_("For weekly repeats. If none is selected: the weekday of the start."),
    )

    def show_rule(self, rule: str) -> None:
        """Fill the fields from a stored rule."""
        parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
        month_day = last_day_of(parts)
        days = [day for day in parts.get("BYDAY", "").split(",") if day]
        frequency, interval = parts.get("FREQ", ""), int(parts.get("INTERVAL", "1"))
        known = set(days) <= set(WEEKDAYS)
        if rule and (not known or rule_text(frequency, interval, days, month_day) != rule):
            choices: Any = self.fields["frequency"]
            choices.choices = [*_FREQUENCIES, (OWN, rule)]
            frequency = OWN
        values = {"frequency": frequency, "interval": interval, "weekdays": days}
        self.initial.update(values)

    def rule(self, mailing: Mailing) -> str:
        """The rule that the cleaned fields say. Raises ValidationError."""
        data = self.cleaned_data
        if data.get("frequency") == OWN or (mailing.pk and not self.reschedules()):
            return mailing.repeat
        start = data.get("starts_at")
        text = rule_text(
            data.get("frequency", ""),
            data.get("interval") or 1,
            data.get("weekdays", []),
            timezone.localtime(start).day if start is not None else 1,
        )
        if text and start is not None:
            check_rule(text, start, timezone.get_current_timezone())
        return text

    def reschedules(self) -> bool:
        """True if the start or the repeat differs from the stored one."""
        start = self.cleaned_data.get("starts_at")
        rule = {"frequency", "interval", "weekdays"} & set(self.changed_data)
        return bool(rule) or (start is not None and start != self.stored_start)

    def check_overlap(self, data: dict[str, Any]) -> None:
        """A mailing ends before it comes again: otherwise the end has an error."""
        if not (data.get("frequency") and data.get("starts_at") and data.get("ends_at")):
            return
        shortest = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28}.get(data["frequency"], 366)
        length = data["ends_at"] - data["starts_at"]
        days = 1 if data.get("weekdays") else shortest * (data.get("interval") or 1)
        if length.total_seconds() > days * 86_400:
            text = _("A repeated mailing must end before it comes again.")
            self.add_error("ends_at", ValidationError(text, code="overlap"))
