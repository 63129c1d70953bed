"""The forms of an import: a file or a source to open, and what is to become of its tags."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.importing.letters.merge_tags import KEEP, REMOVE, MergeTag
from apps.mailings.importing.letters.reading import MAX_BYTES
from apps.mailings.models.content import Form

_LONGEST: Final = 3_000_000
_FILES: Final = ".html,.htm,.zip,.eml,.mjml,text/html,application/zip,message/rfc822"


class OpenForm(forms.Form):
    """A file, or HTML that was pasted."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": _FILES}),
        help_text=_("HTML, a ZIP archive with images, a saved email (EML) or MJML, up to 20 MB."),
    )
    html = forms.CharField(
        label=_("Or paste the HTML"),
        required=False,
        max_length=_LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "source", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        upload, html = self.cleaned_data.get("file"), self.cleaned_data.get("html", "")
        if upload is None and not html.strip() and not self.errors:
            self.add_error("file", _("Choose a file, or paste the HTML."))
        if upload is not None and (upload.size or 0) > MAX_BYTES:
            self.add_error("file", _("The file is larger than 20 MB."))
        return self.cleaned_data

    def source(self) -> tuple[bytes, str]:
        """The bytes and the name of what was given."""
        upload = self.cleaned_data.get("file")
        if upload is not None:
            return upload.read(), upload.name or ""
        return self.cleaned_data["html"].encode("utf-8", "replace"), ""


class WishesForm(forms.Form):
    """What an opened letter is to become. It carries the letter: nothing else keeps it."""

    source = forms.CharField(widget=forms.HiddenInput, max_length=1_000_000, strip=False)
    name = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)
    subject = forms.CharField(label=_("Subject"), max_length=255, required=False)
    form = forms.ChoiceField(
        label=_("Import as"),
        choices=[
            (Form.BLOCKS.value, _("Blocks: what is understood becomes headings, texts, images")),
            (Form.HTML.value, _("HTML: it looks as it did, and you edit its source")),
        ],
        widget=forms.RadioSelect,
        initial=Form.BLOCKS.value,
        required=False,
    )
    fetch = forms.BooleanField(required=False)
    replace = forms.BooleanField(label=_("Replace my unsaved new message"), required=False)

    def __init__(
        self,
        *args: Any,
        tags: Sequence[MergeTag],
        fields: Sequence[tuple[str, str]],
        remote: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._tags = {f"tag-{zlib.crc32(tag.source.encode()):08x}": tag for tag in tags}
        self.remote = remote
        for name, tag in self._tags.items():
            self.fields[name] = _tag_field(tag, fields)

    def tags(self) -> list[forms.BoundField]:
        """The fields of the tags of the other tool."""
        return [self[name] for name in self._tags]

    def choices(self) -> dict[str, str]:
        """What was chosen for each tag, as it is written."""
        return {tag.source: self.cleaned_data[name] for name, tag in self._tags.items()}


def _tag_field(tag: MergeTag, fields: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    choices: list[tuple[str, Any]] = [*fields, (REMOVE, _("Remove it"))]
    if tag.can_stay:
        choices.append((KEEP, _("Leave it as it is")))
    if tag.proposal not in dict(choices):
        choices.insert(0, (tag.proposal, tag.proposal))
    return forms.ChoiceField(
        label=tag.source, choices=choices, initial=tag.proposal, required=False
    )
