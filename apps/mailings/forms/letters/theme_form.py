"""The design of a whole message: fonts, sizes, corners, and its colours by light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.content.blocks.values import DARK, Palette, Theme
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.groups import Group, GroupedForm
from apps.mailings.forms.letters.shapes import form_field

_LABELS: Final = {
    "width": _("Width, pixels"),
    "font": _("Font"),
    "heading_font": _("Heading font"),
    "size": _("Text size, pixels"),
    "leading": _("Line height"),
    "radius": _("Corner radius, pixels"),
    "button_radius": _("Corner radius of buttons, pixels"),
}
_PALETTES: Final = (("light", _("Colors")), ("dark", _("Colors in dark mode")))


class ThemeForm(GroupedForm):
    """Every field of the theme; of one that follows ``brand`` (its theme) nothing but that.

    ``acts`` makes acts of what was changed.
    """

    def __init__(
        self,
        *args: Any,
        theme: Mapping[str, Any],
        brand: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.theme, self.brand = theme, brand
        self.groups = [Group("")]
        self._follows = brand is not None and bool(theme["follows_brand"])
        if brand is not None:
            label = _("Use the fonts and colors of your brand")
            follow = forms.BooleanField(label=label, required=False)
            self.put(self.groups[-1], "follows_brand", follow, self._follows)
        if not self._follows:
            self._add_theme()

    def _add_theme(self) -> None:
        theme = self.theme
        for name, label in _LABELS.items():
            made = form_field(name, Theme.model_fields[name], "theme")
            made.label = label
            self.put(self.groups[-1], name, made, theme[name])
        for number, label in enumerate(
            (_("Space in buttons, above and below"), _("Space in buttons, at the sides"))
        ):
            field = forms.IntegerField(label=label, min_value=0, max_value=96)
            self.put(
                self.groups[-1], f"button_padding-{number}", field, theme["button_padding"][number]
            )
        for palette, title in _PALETTES:
            self._add_palette(palette, title)

    def _add_palette(self, palette: str, title: Any) -> None:
        self.groups.append(Group(title, folded=palette == "dark"))
        if palette == "dark":
            label = _("Has a dark mode")
            switch = forms.BooleanField(label=label, required=False)
            self.put(self.groups[-1], "has_dark", switch, self.theme["dark"] is not None)
        colours = self.theme[palette] or DARK.model_dump(mode="json")
        for role in Palette.model_fields:
            attrs = {"type": "color", "class": "form-control form-control-color"}
            made = forms.RegexField(
                r"^#[0-9a-fA-F]{6}$", label=words.ROLES[role], widget=forms.TextInput(attrs)
            )
            self.put(self.groups[-1], f"{palette}-{role}", made, colours[role])

    def acts(self) -> list[dict[str, Any]]:
        """What is to be done to the theme, as one step. Only when the form is valid.

        A message that leaves the brand keeps its look, to be changed from there.
        """
        follows = bool(self.cleaned_data.get("follows_brand"))
        if self._follows and self.brand is not None:
            values = {} if follows else {**self.brand, "follows_brand": False}
        elif follows:
            values = {"follows_brand": True}
        else:
            values = self._typed()
        found = [
            {"op": "theme", "field": name, "value": value}
            for name, value in values.items()
            if value != self.theme[name]
        ]
        if found and self.theme["follows_brand"] and not self._follows:
            # There is no brand yet: one that is made later leaves this choice alone.
            found.append({"op": "theme", "field": "follows_brand", "value": False})
        return found

    def _typed(self) -> dict[str, Any]:
        given = self.cleaned_data
        values: dict[str, Any] = {name: given[name] for name in _LABELS}
        values["button_padding"] = [given["button_padding-0"], given["button_padding-1"]]
        values["light"] = self._palette("light")
        values["dark"] = self._palette("dark") if given["has_dark"] else None
        return values

    def _palette(self, name: str) -> dict[str, str]:
        return {role: self.cleaned_data[f"{name}-{role}"].lower() for role in Palette.model_fields}

    def reshapes(self) -> bool:
        """True if the form has other fields afterwards."""
        return any(act["field"] == "follows_brand" for act in self.acts()) and bool(self.brand)
