"""The form that keeps a section as a saved block."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.mailings.models import SavedBlock
from apps.mailings.models.letters.saved_blocks import LONGEST_NAME


class SaveBlockForm(forms.Form):
    """A new block under a name, or one of ``blocks`` that gets this content."""

    block = forms.TypedChoiceField(label=_("Save as"), coerce=int, empty_value=None, required=False)
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME, required=False)
    linked = forms.BooleanField(
        label=_("Use the block in this message"),
        required=False,
        initial=True,
        help_text=_("A later change of the block shows here, too."),
    )

    def __init__(self, *args: Any, blocks: list[SavedBlock], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._blocks = {one.pk: one for one in blocks}
        choices: list[Any] = [("", _("A new block"))]
        if blocks:
            choices.append((_("Replace"), [(one.pk, _label(one)) for one in blocks]))
        field: Any = self.fields["block"]
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("block") and not cleaned.get("name") and "block" not in self.errors:
            self.add_error("name", _("Give the block a name."))
        return cleaned

    @property
    def chosen(self) -> SavedBlock | None:
        """The block to be replaced. Only when the form is valid."""
        return self._blocks.get(self.cleaned_data["block"])


def _label(block: Any) -> str:
    """What is replaced, and how many messages change with it."""
    text = ngettext(
        "%(name)s – used in %(count)d message",
        "%(name)s – used in %(count)d messages",
        block.used,
    )
    return text % {"name": block.name, "count": block.used}
