"""Whom to play through, from when on, and what is assumed of them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.automations.forms.parts import BOX
from apps.automations.trying.play import CLICKS, NOTHING, OPENS
from apps.core.forms import MinuteField


class TryForm(forms.Form):
    """What "Try it" asks."""

    address = forms.CharField(
        label=_("Recipient"), max_length=254, help_text=_("Email address, phone or its beginning.")
    )
    start = MinuteField(label=_("Comes in at"))
    reaction = forms.ChoiceField(
        label=_("With each message the recipient"),
        choices=[
            (NOTHING, _("does nothing")),
            (OPENS, _("opens it")),
            (CLICKS, _("clicks a link")),
        ],
        widget=forms.RadioSelect(attrs=BOX),
        initial=NOTHING,
    )
