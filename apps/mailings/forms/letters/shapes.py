"""From a field of the document's schema to a field of a form, and back to its value."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from apps.core.content.blocks.links import is_link
from apps.core.content.blocks.values import ROLES as ROLE_NAMES
from apps.core.content.blocks.values import Picture
from apps.mailings.forms.letters import words

#: Fields that are known by their names, whatever their type says.
if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_BY_NAME: Final = {
    "colour": "colour",
    "background": "colour",
    "html": "rich",
    "empty": "rich",
    "link": "link",
    "url": "link",
    "head": "cells",
    "cells": "cells",
    "rows": "grid",
    "visibility": "visibility",
    "network": "network",
}
Choice = tuple[str, "str | _StrPromise"]
_OWN: Final = "own"


def shape_of(name: str, info: FieldInfo, kind: str = "") -> str:
    """What a field of the schema looks like in a form."""
    if kind == "html" and name == "source":
        return "area"
    if name in _BY_NAME:
        return _BY_NAME[name]
    inner = bare(info.annotation)
    if get_origin(inner) is Literal:
        return "choice"
    if get_origin(inner) is tuple:
        model = bare(get_args(inner)[0])
        return "models" if _is_model(model) else "pair"
    if inner is Picture:
        return "picture"
    return {bool: "flag", int: "number", float: "number"}.get(inner, "line")


def bare(annotation: Any) -> Any:
    """The type without what may be missing, and without its annotations."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def may_be_missing(info: FieldInfo) -> bool:
    """True if None is a value of the field."""
    return type(None) in get_args(info.annotation)


def model_in(info: FieldInfo) -> type[BaseModel]:
    """What a field of several holds."""
    found: type[BaseModel] = bare(get_args(bare(info.annotation))[0])
    return found


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _bounds(info: FieldInfo) -> dict[str, Any]:
    """``min_value`` and ``max_value`` of a number."""
    marks: list[Any] = list(info.metadata)
    for one in get_args(info.annotation):
        for mark in getattr(one, "__metadata__", ()):
            marks += getattr(mark, "metadata", [mark])
    found = {}
    for mark in marks:
        for ours, theirs in (("min_value", "ge"), ("max_value", "le")):
            if getattr(mark, theirs, None) is not None:
                found[ours] = getattr(mark, theirs)
    return found


class ColourWidget(forms.MultiWidget):
    """A role of the theme, or a colour of one's own."""

    def __init__(self, *, optional: bool, label: str | _StrPromise) -> None:
        none: list[Choice] = [("", _("None"))] if optional else []
        choices = [*none, *words.ROLES.items(), (_OWN, _("Custom color"))]
        self.optional = optional
        select = forms.Select({"class": "form-select", "aria-label": label}, choices)
        hue = forms.TextInput(
            {"type": "color", "class": "form-control form-control-color", "aria-label": _("Color")}
        )
        super().__init__([select, hue])

    def decompress(self, value: Any) -> list[str]:
        if not value:
            return ["", "#ffffff"]
        return [value, "#ffffff"] if value in ROLE_NAMES else [_OWN, value]


class ColourField(forms.MultiValueField):
    """The colour as the document keeps it; None for none."""

    def __init__(self, *, label: str | _StrPromise, optional: bool = False, **kwargs: Any) -> None:
        own = forms.RegexField(r"^#[0-9a-fA-F]{6}$", required=False)
        super().__init__(
            [forms.CharField(required=False), own],
            label=label,
            widget=ColourWidget(optional=optional, label=label),
            require_all_fields=False,
            required=False,
            **kwargs,
        )
        self.optional = optional

    def compress(self, data_list: list[str]) -> str | None:
        role, own = [*data_list, "", ""][:2]
        if role == _OWN and own:
            return own.lower()
        if role in ROLE_NAMES:
            return role
        if self.optional and not role:
            return None
        raise forms.ValidationError(_("Choose a color."))


class LinkField(forms.CharField):
    """An address that a document may hold, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"placeholder": "https://", "inputmode": "url", "autocapitalize": "off"}
        super().__init__(required=False, widget=forms.TextInput(attrs), **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not is_link(value):
            text = _("Enter an address that begins with https://, mailto:, tel: or a placeholder.")
            raise forms.ValidationError(text, code="link")


class CellsField(forms.CharField):
    """The cells of a row, divided by bars."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else cells_text(value or ())


def cells_text(cells: Iterable[str]) -> str:
    """The cells of a row as they are typed."""
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


def cells_of(line: str) -> list[str]:
    """The cells of a typed row; ``\\|`` is a bar in a cell."""
    if not line.strip():
        return []
    held = line.replace("\\|", "\x00")
    return [cell.strip().replace("\x00", "|") for cell in held.split("|")]


def form_field(name: str, info: FieldInfo, kind: str) -> forms.Field:
    """The field of a form for a field of the schema that holds one value."""
    label = words.field_label(kind, name)
    shape = shape_of(name, info, kind)
    common: dict[str, Any] = {"label": label, "required": False}
    if shape in ("choice", "network"):
        return _choice(name, info, label)
    if shape == "colour":
        return ColourField(label=label, optional=may_be_missing(info))
    if shape == "link":
        return LinkField(label=label, max_length=2_000)
    if shape == "flag":
        return forms.BooleanField(**common)
    if shape == "number":
        is_float = bare(info.annotation) is float
        number = forms.FloatField if is_float else forms.IntegerField
        return number(label=label, required=not may_be_missing(info), **_bounds(info))
    if shape in ("rich", "area", "grid"):
        return _long(shape, label)
    if shape == "cells":
        return CellsField(**common, max_length=1_600, help_text=_("Divide cells by |."))
    return forms.CharField(**common, max_length=_longest(info))


def _long(shape: str, label: str | _StrPromise) -> forms.Field:
    attrs: dict[str, Any] = {"rows": 3 if shape == "grid" else 6, "class": "source"}
    most = 100_000
    help_text: str | _StrPromise = ""
    if shape == "rich":
        attrs["data-rich-source"], most = "1", 20_000
    if shape == "grid":
        help_text = _("A row a line; divide cells by |.")
    return forms.CharField(
        label=label,
        required=False,
        strip=shape != "area",
        max_length=most,
        widget=forms.Textarea(attrs),
        help_text=help_text,
    )


def _longest(info: FieldInfo) -> int:
    return next(
        (mark.max_length for mark in info.metadata if getattr(mark, "max_length", None)), 300
    )


def _choice(name: str, info: FieldInfo, label: str | _StrPromise) -> forms.Field:
    if name == "network":
        choices: list[Choice] = [("", "—"), *words.NETWORKS.items()]
        return forms.ChoiceField(label=label, choices=choices, required=False)
    values = get_args(bare(info.annotation))
    named: Mapping[str, Any] = words.CHOICES.get(name, {})
    return forms.TypedChoiceField(
        label=label,
        choices=[(str(value), named.get(str(value), str(value))) for value in values],
        coerce=int if isinstance(values[0], int) else str,
    )
