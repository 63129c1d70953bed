"""The form of a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.content.editor_html import stored_html
from apps.core.content.html_text import html_to_text
from apps.core.content.sheet import off_its_sheet, on_a_sheet
from apps.core.forms import OwnedForm
from apps.mailings.models import Message


class MessageForm(OwnedForm[Message]):
    """Subject, preheader, HTML and text. ``base_revision`` is the one that the writer began from.

    ``plain``: it is a text, and has no HTML to be seen.
    """

    base_revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, initial=0)

    class Meta:
        model = Message
        fields = ("subject", "preheader", "html", "text")
        widgets = {
            "html": forms.Textarea(attrs={"rows": 16, "class": "source", "spellcheck": "false"}),
            "text": forms.Textarea(attrs={"rows": 8, "class": "source"}),
        }
        help_texts = {
            "preheader": _("Shown after the subject in the inbox."),
            "text": _("If empty, generated from the HTML."),
        }

    def __init__(self, *args: Any, plain: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if plain:
            self.fields["preheader"].widget = forms.HiddenInput()  # a text has no place for one
            self.fields["html"].widget = forms.HiddenInput()
            self.fields["text"].help_text = ""
            self.fields["text"].widget.attrs["rows"] = 16
        if self.instance.pk is not None:
            self.initial["base_revision"] = self.instance.revision
            self.initial["html"] = off_its_sheet(self.initial["html"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("html"):
            html = stored_html(cleaned["html"])
            # Who wrote a plain text has left the editor as it was: nothing but its link.
            untouched = html_to_text(html).strip().startswith(str(_("Unsubscribe")))
            cleaned["html"] = "" if untouched else on_a_sheet(html)
        return cleaned
