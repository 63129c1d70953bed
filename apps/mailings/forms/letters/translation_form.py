"""The form of a translation: every text of the message beside its place in the other language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.strings import State
from apps.core.content.sheet import off_its_sheet, on_a_sheet
from apps.core.content.translation import HEAD, Standing
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.offers import Offers
from apps.mailings.forms.letters.shapes import LinkField

#: Characters of a line that are shown in one row of a field.
_ROW: Final = 60
#: Kinds whose text is the same in most languages.
SAME: Final = ("link", "picture")


@dataclass(frozen=True, slots=True)
class Row:
    """A text of the message, and the field for it. ``next``: the key of the next missing one."""

    standing: Standing
    where: str
    label: str
    field: forms.BoundField
    picture: str = ""
    next: str = ""

    @property
    def key(self) -> str:
        return self.standing.base.key

    @property
    def state(self) -> str:
        return self.standing.state.value

    @property
    def kind(self) -> str:
        return self.standing.base.kind

    @property
    def base(self) -> str | SafeString:
        """The text of the message as it is read; rich text was cleaned when it was read."""
        text = self.standing.base.text
        if self.kind == "rich":
            return mark_safe(text)
        return self.picture or (off_its_sheet(text) if self.key == "html" else text)


def _dress(widget: forms.Widget) -> None:
    """The look of a field: these are not laid out by crispy."""
    name = "form-select" if isinstance(widget, forms.Select) else "form-control"
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} {name}".strip()


class TranslationForm(forms.Form):
    """One field for each text of the message."""

    def __init__(
        self,
        *args: Any,
        standings: Sequence[Standing],
        document: dict[str, Any] | None,
        language: str,
        offers: Offers,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._standings, self._document, self._offers = standings, document or {}, offers
        for one in standings:
            field = self._field(one)
            field.label = self._labels(one.base.key)[1]
            _dress(field.widget)
            if one.base.kind not in SAME:
                field.widget.attrs["lang"] = language
            self.fields[one.base.key] = field
            text = off_its_sheet(one.text) if one.base.key == "html" else one.text
            self.initial[one.base.key] = text

    def _field(self, one: Standing) -> forms.Field:
        kind, key = one.base.kind, one.base.key
        if kind == "picture":
            return forms.ChoiceField(required=False, choices=self._pictures(one))
        if kind == "link":
            return LinkField(max_length=2_000)
        if kind == "line" and len(one.base.text) <= _ROW:
            most = 255 if key in HEAD else 2_000
            return forms.CharField(required=False, max_length=most)
        rows = min(12, max(2, 1 + len(one.base.text) // _ROW))
        attrs: dict[str, Any] = {"rows": rows}
        if kind == "rich":
            attrs["data-rich-source"] = "1"
        elif kind != "line":
            attrs |= {"class": "source", "spellcheck": "false"}
        widget = forms.Textarea(attrs)
        return forms.CharField(required=False, strip=kind in ("line", "rich"), widget=widget)

    def _pictures(self, one: Standing) -> list[tuple[str, str]]:
        offered = {str(pk): name for pk, name in self._offers.pictures}
        for kept in (one.base.text, one.text):
            if kept and self._offers.is_own_picture(int(kept)):
                offered.setdefault(kept, f"id:{kept}")
        return [("", _("Not chosen")), *offered.items()]

    def texts(self, *, keep: Iterable[str] = (), same: Iterable[str] = ()) -> dict[str, str]:
        """The texts that differ from what is there, and those that are said to be right still.

        ``same``: those that are as in the message. Only when the form is valid.
        """
        still, copied = set(keep), set(same)
        found = {}
        for one in self._standings:
            key = one.base.key
            if key in copied:
                found[key] = one.base.text
                continue
            text = self.cleaned_data[key].replace("\r\n", "\n")
            text = on_a_sheet(text) if key == "html" and text.strip() else text
            if text != one.text.replace("\r\n", "\n") or key in still:
                found[key] = text
        return found

    def alike(self, which: str) -> list[str]:
        """The keys of what is missing and can be as in the message: ``links``, or all of it."""
        missing = [one.base for one in self._standings if one.state is State.MISSING]
        return [base.key for base in missing if which != "links" or base.kind in SAME]

    def rows(self) -> list[Row]:
        """The rows in the order of reading, each with the next one that is missing."""
        found: list[Row] = []
        later = ""
        for one in reversed(self._standings):
            key = one.base.key
            where, label = self._labels(key)
            named = dict(self._pictures(one)) if one.base.kind == "picture" else {}
            picture = str(named.get(one.base.text, ""))
            found.insert(0, Row(one, where, label, self[key], picture, later))
            later = key if one.state is State.MISSING else later
        return found

    def _labels(self, key: str) -> tuple[str, str]:
        """The block that a text belongs to, and which of its texts it is."""
        if key in HEAD:
            named = {
                "subject": _("Subject"),
                "preheader": _("Preheader"),
                "text": _("Plain text"),
                "html": "HTML",
            }
            return "", named[key]
        node, *rest = key.removesuffix(".media").removesuffix(".url").split(".")
        place = places.find(self._document, node)
        kind = places.kind_of(place.node) if place is not None else ""
        steps = [
            str(int(step) + 1) if step.isdecimal() else str(words.field_label(kind, step))
            for step in rest
        ]
        return str(words.KINDS.get(kind, kind)), " › ".join(steps)
