"""What stands above the blocks of a message: its name, its subject and what goes with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import MessageDraft


class LetterHeadForm(forms.Form):
    """Name, subject, preheader and language of a draft. ``acts`` makes acts of what was changed."""

    subject = forms.CharField(label=_("Subject"), max_length=255, required=False)
    preheader = forms.CharField(
        label=_("Preheader"),
        max_length=255,
        required=False,
        help_text=_("Shown after the subject in the inbox."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("Only you see it."),
    )
    language = forms.CharField(
        label=_("Language"), max_length=10, required=False, help_text=_("Such as ru or en.")
    )

    def __init__(self, *args: Any, draft: MessageDraft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        if draft.message is not None and draft.message.of_block_id is not None:
            for name in ("subject", "preheader"):  # of the messages that have the block
                del self.fields[name]
        self.initial = {name: getattr(draft, name) for name in self.fields}

    def acts(self) -> list[dict[str, Any]]:
        """What is to be done to the draft. Only when the form is valid."""
        return [
            {"op": "letter", "field": name, "value": value}
            for name, value in self.cleaned_data.items()
            if name in self.data and value != getattr(self.draft, name)
        ]
