"""The form of one part of a message, made from the document's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from apps.core.content.blocks.document import Column, Saved, Section
from apps.core.content.blocks.editing.places import BLOCKS, LAYOUTS, kind_of
from apps.core.content.blocks.values import Picture
from apps.core.paging import row_id
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.groups import Group, GroupedForm
from apps.mailings.forms.letters.offers import Offers
from apps.mailings.forms.letters.shapes import (
    cells_of,
    cells_text,
    form_field,
    may_be_missing,
    model_in,
    shape_of,
)
from apps.mailings.forms.letters.visibility import (
    condition_fields,
    conditions_of,
    misfits_in,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_MODELS: Final[dict[str, type[BaseModel]]] = {
    **BLOCKS,
    "section": Section,
    "column": Column,
    "saved": Saved,
}
#: What no form shows: who a part is and what lies in it; widths belong to the layout.
_HIDDEN: Final = {"id", "type", "columns", "blocks", "block"}
#: What comes behind what a block says.
_LAYOUT: Final = ("device", "padding", "padding_x", "background")
_TAG: Final = re.compile(r"<(?:p|ul|ol)\b", re.IGNORECASE)
#: Empty rows for new items; the page comes again with one more.
_EXTRA: Final = 1


class NodeForm(GroupedForm):
    """Every field of a part; ``acts`` gives the acts that make the part as it was filled in."""

    def __init__(self, *args: Any, node: Mapping[str, Any], offers: Offers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node, self.offers = node, offers
        self.kind = kind_of(dict(node))
        self.groups = []
        self._build()

    def _build(self) -> None:
        content, layout = Group(""), Group(_("Layout"), folded=True)
        self.groups.append(content)
        if self.kind == "section":
            self._add_layout(content)
        for name, info in self._schema():
            group = layout if name in _LAYOUT else content
            self._add(group, self.kind, name, info, self.node.get(name), name)
        if layout.names:
            self.groups.append(layout)
        if "visibility" in self.node:
            made = condition_fields(self.node, self.offers)
            self.fields |= made
            opened = bool(self.node["visibility"])
            title = _("Who sees it")
            self.groups.append(Group(title, list(made), folded=True, opened=opened))

    def _schema(self) -> Iterator[tuple[str, Any]]:
        known = _MODELS[self.kind].model_fields
        hidden = _HIDDEN | {"visibility"} | ({"width"} if self.kind == "column" else set())
        own = [name for name in known if name not in hidden and name not in _LAYOUT]
        for name in (*own, *(name for name in _LAYOUT if name in known)):
            yield name, known[name]

    def _add_layout(self, group: Group) -> None:
        widths = tuple(column["width"] for column in self.node["columns"])
        known = next((name for name, share in LAYOUTS.items() if share == widths), "")
        choices = [*([] if known else [("", _("As it is"))]), *words.LAYOUTS.items()]
        self.fields["layout"] = forms.ChoiceField(
            label=_("Columns"), choices=choices, initial=known, required=False
        )
        group.names.append("layout")

    def _add(
        self, group: Group, kind: str, name: str, info: Any, value: Any, key: str
    ) -> None:  # fmt: skip
        """Add the fields for one field of the schema, under ``key``, to the group."""
        shape = shape_of(name, info, kind)
        if shape == "pair":
            for number, label in enumerate(("above", "below")):
                self.put(group, f"{key}-{number}", _space(label), (value or (0, 0))[number])
        elif shape == "picture":
            self._add_picture(words.field_label(kind, name), value, key)
        elif shape == "models":
            self._add_rows(kind, name, model_in(info), value or [], key)
        else:
            initial = "\n".join(map(cells_text, value or ())) if shape == "grid" else value
            made = form_field(name, info, kind)
            if taken := self.offers.of_brand.get((kind, name)):
                made.widget.attrs["placeholder"] = taken
                made.help_text = _("If empty, from your brand.")
            self.put(group, key, made, initial)

    def _add_picture(
        self, title: str | _StrPromise, value: Mapping[str, Any] | None, key: str
    ) -> None:  # fmt: skip
        group = Group(title, picture=f"{key}-media")
        first = self.kind in ("image", "video")  # what such a block is about
        self.groups.insert(0 if first else len(self.groups), group)
        for name, info in Picture.model_fields.items():
            shown = (value or {}).get(name)
            if name in ("media", "dark_media"):
                field = self._library(name, f"{key}-{name}", shown)
                self.put(group, f"{key}-{name}", field, shown or "")
            else:
                self.put(group, f"{key}-{name}", form_field(name, info, "picture"), shown)

    def _library(self, name: str, key: str, chosen: int | None) -> forms.Field:
        """The newest pictures, the one that is shown, and one of the owner's that was picked."""
        label = words.FIELDS[name]
        choices: list[Any] = [("", _("None")), *self.offers.pictures]
        for picture in {chosen, self._picked(key)} - {None, 0}:
            if picture not in dict(self.offers.pictures):
                choices.append((picture, f"(id:{picture})"))
        attrs = {"data-picture": "1"}
        return forms.TypedChoiceField(
            label=label,
            choices=choices,
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.Select(attrs),
        )

    def _picked(self, key: str) -> int | None:
        """The picture that was sent, if it is one of the owner's; older ones are not offered."""
        picture = row_id(str(self.data.get(key, "")))
        return picture if picture and self._is_own(picture) else None

    def _is_own(self, picture: int) -> bool:
        return picture in dict(self.offers.pictures) or self.offers.is_own_picture(picture)

    def _add_rows(
        self, kind: str, name: str, model: type[BaseModel], values: list[Any], key: str
    ) -> None:
        """The items of a list, an empty one behind them, and what takes each out."""
        title = words.field_label(kind, name)
        for number, value in enumerate([*values, *([{}] * _EXTRA)]):
            group = Group(f"{title} {number + 1}", folded=True, opened=number >= len(values))
            self.groups.append(group)
            for field_name, info in model.model_fields.items():
                inner = f"{key}-{number}-{field_name}"
                self._add(group, kind, field_name, info, value.get(field_name), inner)
            if number < len(values):
                remove = forms.BooleanField(label=_("Remove"), required=False)
                place = forms.IntegerField(label=_("Place"), min_value=1, required=False)
                self.put(group, f"{key}-{number}-PLACE", place, number + 1)
                self.put(group, f"{key}-{number}-REMOVE", remove, False)

    def clean(self) -> dict[str, Any]:
        for name in misfits_in(self.cleaned_data):
            self.add_error(name, _("This condition has no such comparison: choose another one."))
        return self.cleaned_data

    def acts(self) -> list[dict[str, Any]]:
        """What is to be done to the part, as one step. Only when the form is valid."""
        found: list[dict[str, Any]] = []
        layout = self.cleaned_data.get("layout")
        if layout and layout != self.fields["layout"].initial:
            found.append({"op": "layout", "id": self.node["id"], "layout": layout})
        values = {name: self._value(name, info, name) for name, info in self._schema()}
        if "visibility" in self.node:
            values["visibility"] = conditions_of(self.cleaned_data)
        for name, value in values.items():
            if value != self.node.get(name):
                found.append({"op": "set", "id": self.node["id"], "field": name, "value": value})
        return found

    def choose_picture(self, key: str, picture: int) -> None:
        """Show the field of a picture as if this one had been chosen."""
        made = self.fields.get(key)
        if isinstance(made, forms.TypedChoiceField) and self._is_own(picture):
            choices: Any = made.choices
            if picture not in [one for one, _label in choices]:
                made.choices = [*choices, (picture, f"(id:{picture})")]
            made.initial = picture

    def reshapes(self) -> bool:
        """True if the form has other fields afterwards: an item more or less, another order."""
        lists = [name for name, info in self._schema() if shape_of(name, info) == "models"]
        return any(act.get("field") in (*lists, "visibility") for act in self.acts())

    def _value(self, name: str, info: Any, key: str) -> Any:
        shape, cleaned = shape_of(name, info, self.kind), self.cleaned_data
        if shape == "pair":
            return [cleaned[f"{key}-0"] or 0, cleaned[f"{key}-1"] or 0]
        if shape == "picture":
            return self._picture(info, key)
        if shape == "models":
            return self._rows(model_in(info), key)
        value = cleaned.get(key)
        if shape == "grid":
            return [cells_of(line) for line in (value or "").splitlines() if line.strip()]
        if shape == "cells":
            return cells_of(value or "")
        if shape == "rich":
            return paragraphs(value or "")
        if shape == "area":
            return (value or "").replace("\r\n", "\n")
        return value if value is not None or may_be_missing(info) else ""

    def _picture(self, info: Any, key: str) -> dict[str, Any] | None:
        made = {name: self.cleaned_data.get(f"{key}-{name}") for name in Picture.model_fields}
        made = {name: value if value != "" else None for name, value in made.items()}
        made |= {name: made[name] or "" for name in ("url", "alt")}
        made |= {name: bool(made[name]) for name in ("decorative", "embed")}
        is_empty = not (made["media"] or made["url"] or made["alt"])
        return None if is_empty and may_be_missing(info) else made

    def _rows(self, model: type[BaseModel], key: str) -> list[dict[str, Any]]:
        found = []
        for number in range(len(self.node.get(key) or ()) + _EXTRA):
            prefix = f"{key}-{number}"
            if self.cleaned_data.get(f"{prefix}-REMOVE"):
                continue
            row = {
                name: self._value(name, info, f"{prefix}-{name}")
                for name, info in model.model_fields.items()
            }
            if number < len(self.node.get(key) or ()) or any(row.values()):
                found.append((self.cleaned_data.get(f"{prefix}-PLACE") or number + 1, number, row))
        return [row for _place, _number, row in sorted(found, key=lambda one: one[:2])]


def _space(name: str) -> forms.Field:
    return forms.IntegerField(label=words.FIELDS[name], min_value=0, max_value=96)


def paragraphs(typed: str) -> str:
    """What was typed into a bare field, in paragraphs; HTML that has some as it is."""
    text = "\n".join(typed.splitlines()).strip()
    if not text or _TAG.search(text):
        return text
    if "<" not in text and "&" not in text:
        text = escape(text).replace("&#x27;", "'").replace("&quot;", '"')
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return "".join(f"<p>{'<br>'.join(part.splitlines())}</p>" for part in parts if part)
