"""The form of an owner's brand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.content.blocks.reuse.brand import BrandLook, dark_of
from apps.core.content.blocks.values import Palette, Theme
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.groups import Group, GroupedForm
from apps.mailings.forms.letters.shapes import LinkField, form_field

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_SAYS: Final[dict[str, tuple[str | _StrPromise, str | _StrPromise]]] = {
    "company": (_("Company"), _("As the law on advertising asks for it.")),
    "address": (_("Postal address"), ""),
    "reason": (
        _("Why recipients get your messages"),
        _("Such as: You subscribed on our website."),
    ),
}
#: Radius of buttons, by what it looks like.
SHAPES: Final = {"0": _("Square"), "8": _("Rounded"), "32": _("Pill")}
#: Rows for addresses in networks that are not filled in yet.
_EXTRA: Final = 2
_MOST: Final = 10


class BrandForm(GroupedForm):
    """Everything that letters take from the brand; ``values`` is what was filled in."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self,
        *args: Any,
        brand: BrandLook,
        revision: int,
        pictures: list[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.brand = brand
        self.fields["revision"].initial = revision
        self.groups = []
        self._add_head(pictures)
        self._add_footer()
        self._add_theme()
        self._add_networks()

    def _add_head(self, pictures: list[tuple[int, str]]) -> None:
        group = Group(_("Header"))
        self.groups.append(group)
        name = forms.CharField(label=_("Company name"), max_length=200, required=False)
        self.put(group, "name", name, self.brand.name)
        choices: list[Any] = [("", _("None")), *pictures]
        if self.brand.logo and self.brand.logo not in dict(pictures):
            choices.append((self.brand.logo, f"(id:{self.brand.logo})"))
        logo = forms.TypedChoiceField(
            label=_("Logo"),
            choices=choices,
            coerce=int,
            empty_value=None,
            required=False,
            help_text=_("From your pictures."),
        )
        self.put(group, "logo", logo, self.brand.logo or "")
        accept = {"accept": "image/jpeg, image/png, image/gif, image/webp"}
        file = forms.FileField(
            label=_("Or upload a logo"), required=False, widget=forms.FileInput(accept)
        )
        self.put(group, "logo_file", file, None)
        self.put(group, "website", LinkField(label=_("Website"), max_length=2_000), "")
        self.fields["website"].initial = self.brand.website

    def _add_footer(self) -> None:
        group = Group(_("Footer"))
        self.groups.append(group)
        for name, (label, hint) in _SAYS.items():
            made = forms.CharField(label=label, max_length=300, required=False, help_text=hint)
            self.put(group, name, made, getattr(self.brand, name))

    def _add_theme(self) -> None:
        theme = self.brand.theme
        colours, shape = Group(_("Colors")), Group(_("Fonts and buttons"))
        self.groups += [colours, shape]
        for role in Palette.model_fields:
            attrs = {"type": "color", "class": "form-control form-control-color"}
            made = forms.RegexField(
                r"^#[0-9a-fA-F]{6}$", label=words.ROLES[role], widget=forms.TextInput(attrs)
            )
            self.put(colours, f"light-{role}", made, getattr(theme.light, role))
        for name, label in (("font", _("Font")), ("heading_font", _("Heading font"))):
            field = form_field(name, Theme.model_fields[name], "theme")
            field.label = label
            self.put(shape, name, field, getattr(theme, name))
        radius = str(theme.button_radius)
        choices = [*SHAPES.items(), *([] if radius in SHAPES else [(radius, _("As it is"))])]
        buttons = forms.ChoiceField(
            label=_("Shape of buttons"), choices=choices, widget=forms.RadioSelect
        )
        self.put(shape, "button_radius", buttons, radius)

    def _add_networks(self) -> None:
        group = Group(_("Social networks"))
        self.groups.append(group)
        rows = [(one.network, one.link) for one in self.brand.networks]
        rows += [("", "")] * max(_EXTRA, 3 - len(rows))
        self._rows = min(len(rows), _MOST)
        choices: list[Any] = [("", "—"), *words.NETWORKS.items()]
        for number, (network, link) in enumerate(rows[:_MOST]):
            label = _("Network")
            named = forms.ChoiceField(label=label, choices=choices, required=False)
            self.put(group, f"network-{number}", named, network)
            where = LinkField(label=_("Link address"), max_length=2_000)
            self.put(group, f"network-{number}-link", where, link)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for number in range(self._rows):
            network, link = cleaned.get(f"network-{number}"), cleaned.get(f"network-{number}-link")
            if network and not link and f"network-{number}-link" not in self.errors:
                self.add_error(f"network-{number}-link", _("Enter the address."))
            if link and not network:
                self.add_error(f"network-{number}", _("Choose a network."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The brand as it was filled in. Only when the form is valid."""
        given = self.cleaned_data
        names = ("name", "logo", "website", *_SAYS)
        networks = [
            {"network": given[f"network-{number}"], "link": given[f"network-{number}-link"]}
            for number in range(self._rows)
            if given[f"network-{number}"]
        ]
        return {name: given[name] for name in names} | {
            "networks": networks,
            "theme": self._theme(),
        }

    def _theme(self) -> dict[str, Any]:
        """The theme with what was chosen; the dark goes with the light where that was changed."""
        given, before = self.cleaned_data, self.brand.theme
        light = Palette(**{role: given[f"light-{role}"].lower() for role in Palette.model_fields})
        dark = before.dark
        if light != before.light and dark is not None:
            dark = dark_of(light)
        changed = before.model_copy(
            update={
                "light": light,
                "dark": dark,
                "font": given["font"],
                "heading_font": given["heading_font"],
                "button_radius": int(given["button_radius"]),
            }
        )
        return changed.model_dump(mode="json")

    def filled_in(self) -> BrandLook:
        """What was filled in, as letters would take it."""
        return BrandLook.model_validate_json(json.dumps(self.values()))
