"""The form of a mailing to those who have not reacted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Message, Run
from apps.mailings.models.content import NO_COPY
from apps.mailings.services.engagement.again import WAIT_HOURS, Choice


class AgainForm(forms.Form):
    """To whom of a run, what, and how long after it."""

    act = forms.ChoiceField(
        label=_("To whom"),
        widget=forms.RadioSelect,
        choices=[
            ("opened", _("Those who have not opened")),
            ("clicked", _("Those who have not clicked")),
        ],
        initial="opened",
    )
    known_only = forms.BooleanField(
        label=_("Leave out those of whom it cannot be known"), required=False
    )
    message: forms.ModelChoiceField[Message] = forms.ModelChoiceField(
        Message.objects.none(), label=_("Message"), empty_label=None
    )
    hours = forms.IntegerField(
        label=_("Hours after the end of the run"),
        min_value=1,
        max_value=24 * 90,
        initial=WAIT_HOURS,
        help_text=_("It starts no earlier, unless you start it yourself."),
    )

    def __init__(self, *args: Any, run: Run, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        messages: Any = self.fields["message"]
        mine = Message.objects.filter(NO_COPY, owner_id=run.mailing.owner_id, archived_at=None)
        messages.queryset = mine.filter(for_mailout=False)
        messages.initial = run.mailing.message_id

    def chosen(self) -> Choice:
        """What was chosen, once it is valid."""
        return Choice(**self.cleaned_data)
