"""The part of the mailing's form that says when: now or at a time, of one's own or of everybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinuteField
from apps.mailings.forms.recurrence import BOX, RepetitionForm
from apps.mailings.models import Mailing
from apps.mailings.services.local_time import day_of, plan_for

NOW, AT = "now", "at"
MINE, THEIRS = "mine", "theirs"
#: Hours after which a mailing stops, beside an end of its own.
_LENGTHS: Final = {
    "1": _("1 hour"),
    "3": _("3 hours"),
    "12": _("12 hours"),
    "24": _("24 hours"),
    "72": _("3 days"),
    "168": _("7 days"),
}
USUAL: Final = "24"


class TimesForm(RepetitionForm):
    """Start and end of a mailing, from what people choose."""

    instance: Mailing

    when = forms.ChoiceField(
        label=_("Start"),
        choices=[(NOW, _("Now")), (AT, _("On a date"))],
        widget=forms.RadioSelect(attrs=BOX),
        required=False,
    )
    starts_at = MinuteField(label=_("Date and time"), required=False)
    clock = forms.ChoiceField(
        label=_("Whose time"),
        choices=[(MINE, _("my time")), (THEIRS, _("each recipient’s time"))],
        widget=forms.RadioSelect(attrs=BOX),
        required=False,
    )
    stop_after = forms.ChoiceField(
        label=_("Stop after"),
        choices=[*_LENGTHS.items(), ("", _("a date of your own"))],
        required=False,
        help_text=_("After that nothing is sent."),
    )
    ends_at = MinuteField(label=_("End"), required=False)
    repeat_until = MinuteField(label=_("Repeat until"), required=False)

    def audience_zones(self) -> Iterable[str]:
        """The zones of those whom the form, as it is filled in, would reach."""
        raise NotImplementedError

    def show_times(self, now: datetime) -> None:
        """Fill the fields from the stored mailing, or with what a new one usually has."""
        mailing = self.instance
        self.stored_start = mailing.starts_at if mailing.pk else None
        if mailing.pk is None:
            tomorrow = timezone.localtime(now) + timedelta(days=1)
            start = tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)
            usual = {"when": AT, "clock": MINE, "stop_after": USUAL, "starts_at": start}
            for name, value in usual.items():
                self.initial.setdefault(name, value)
            return
        self.initial.update({"when": AT, "clock": MINE, "stop_after": _length_of(mailing)})
        opens, closes = mailing.local_from, mailing.local_to
        if opens is None or mailing.repeat:
            return
        day = day_of(mailing.starts_at, mailing.ends_at, opens, closes)
        if day is not None:
            zone = timezone.get_current_timezone()
            planned = datetime.combine(day, opens, tzinfo=zone)
            self.initial.update({"clock": THEIRS, "starts_at": planned})
            self.initial.update({"local_from": None, "local_to": None, "stop_after": USUAL})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        self._keep_seconds(data)
        if not self.fields["starts_at"].disabled:
            self._settle_start(data)
        elif data.get("ends_at") is None:
            self._missing("ends_at")
        self.check_overlap(data)
        return data

    def _keep_seconds(self, data: dict[str, Any]) -> None:
        """What was shown to the minute and not changed stays what it was."""
        for name in ("starts_at", "ends_at", "repeat_until"):
            if self.instance.pk is not None and name in data and name not in self.changed_data:
                data[name] = self.initial.get(name)

    def _settle_start(self, data: dict[str, Any]) -> None:
        """Start, end and hours from the choices. What is missing is an error of its field."""
        now = timezone.now()
        theirs = data.get("clock") == THEIRS
        if data.get("when") == NOW and not theirs:
            data["starts_at"] = now.replace(second=0, microsecond=0)
        start = data.get("starts_at")
        if start is None:
            self._missing("starts_at")
        elif theirs:
            self._settle_theirs(data, start, now)
        else:
            self._settle_end(data, start)

    def _settle_theirs(self, data: dict[str, Any], start: datetime, now: datetime) -> None:
        if data.get("frequency"):
            text = _("A repeated mailing starts at one moment: choose your time.")
            self.add_error("clock", ValidationError(text, code="repeated"))
            return
        local = timezone.localtime(start)
        plan = plan_for(self.audience_zones(), day=local.date(), hour=local.time(), now=now)
        data["starts_at"], data["ends_at"] = plan.starts_at, plan.ends_at
        data["local_from"], data["local_to"] = plan.opens, plan.closes

    def _settle_end(self, data: dict[str, Any], start: datetime) -> None:
        length = data.get("stop_after")
        if length:
            self.errors.pop("ends_at", None)  # an end that does not count need not be a good one
            data["ends_at"] = start + timedelta(hours=int(length))
        elif data.get("ends_at") is None:
            self._missing("ends_at")

    def _missing(self, name: str) -> None:
        if name not in self.errors:
            text = _("Enter the date and the time.")
            self.add_error(name, ValidationError(text, code="required"))


def _length_of(mailing: Mailing) -> str:
    hours = (mailing.ends_at - mailing.starts_at) / timedelta(hours=1)
    return str(int(hours)) if hours == int(hours) and str(int(hours)) in _LENGTHS else ""
