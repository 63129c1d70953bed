"""The form of a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import OwnedForm
from apps.mailings.models import Message


class MessageForm(OwnedForm[Message]):
    """Subject, HTML and text. ``base_revision`` is the one that the writer began from."""

    base_revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, initial=0)

    class Meta:
        model = Message
        fields = ("subject", "html", "text")
        widgets = {
            "html": forms.Textarea(attrs={"rows": 16, "class": "source", "spellcheck": "false"}),
            "text": forms.Textarea(attrs={"rows": 8, "class": "source"}),
        }
        help_texts = {"text": _("Left empty, it is made from the HTML.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["base_revision"] = self.instance.revision
