"""The frequency rules of an owner, three lines of a form."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Channel, FrequencyRule
from apps.mailings.services.permission.frequency import MOST
from apps.users.models import User

_LONGEST: Final = 90


class FrequencyLine(forms.Form):
    """One rule; both numbers, or neither."""

    messages = forms.IntegerField(
        label=_("Messages at most"), min_value=1, max_value=1000, required=False
    )
    days = forms.IntegerField(
        label=_("in so many days"), min_value=1, max_value=_LONGEST, required=False
    )
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("all together")), *Channel.choices], required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("messages")) is not bool(data.get("days")):
            raise forms.ValidationError(_("Give both numbers, or neither."), code="both")
        return data


FrequencyLines = formset_factory(FrequencyLine, extra=0, min_num=MOST, max_num=MOST)


def lines_of(owner: User) -> list[dict[str, Any]]:
    """The rules as they are, for the form."""
    rules = FrequencyRule.objects.filter(owner=owner)[:MOST]
    return [{"messages": one.messages, "days": one.days, "channel": one.channel} for one in rules]


def rules_in(lines: BaseFormSet[FrequencyLine]) -> list[tuple[int, int, str]]:
    """What was filled in. It must have been cleaned."""
    filled = (one.cleaned_data for one in lines if one.cleaned_data.get("messages"))
    return [(data["messages"], data["days"], data["channel"]) for data in filled]
