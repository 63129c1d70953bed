"""The form of an owner's brand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.core.content.blocks.letter.phrases import has_phrases
from apps.core.content.blocks.reuse.brand import BrandLook, BrandWords, dark_of
from apps.core.content.blocks.reuse.palettes import palette_of
from apps.core.content.blocks.values import Palette, Theme
from apps.core.text.languages import language_name
from apps.core.values.languages import language
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
#: What is said in further languages.
_WORDS: Final = {
    "name": _("Company name"),
    "company": _("Company"),
    "address": _("Postal address"),
    "reason": _("Why recipients get your messages"),
    "unsubscribe": _("Unsubscribe link text"),
    "preferences": _("Email preferences link text"),
    "view": _("View in browser link text"),
}
#: Those that letters have themselves in the languages of this site.
_FIXED: Final = ("unsubscribe", "preferences", "view")
_LANGUAGES: Final = 20
_COLOUR: Final = re.compile(r"^#[0-9a-fA-F]{6}$")
#: Rows for addresses in networks that are not filled in yet.
_EXTRA: Final = 2
_MOST: Final = 10


def is_colour(written: str) -> bool:
    """True for ``#rrggbb``."""
    return _COLOUR.fullmatch(written) is not None


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
        self._add_languages()

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
            made = forms.RegexField(_COLOUR, label=words.ROLES[role], widget=forms.TextInput(attrs))
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

    def _add_languages(self) -> None:
        """A group of words for each further language, and one to begin another."""
        for code, said in self.brand.translations.items():
            group = Group(capfirst(language_name(code)), folded=True)
            self.groups.append(group)
            self._add_words(group, code, said)
        if len(self.brand.translations) < _LANGUAGES:
            group = Group(_("Add a language"), folded=True)
            self.groups.append(group)
            hint = _("A name or a code: English, en, pt-br.")
            field = forms.CharField(
                label=_("Language"), max_length=40, required=False, help_text=hint
            )
            self.put(group, "language", field, "")
            self._add_words(group, "", BrandWords())

    def _add_words(self, group: Group, code: str, said: BrandWords) -> None:
        for name, label in _WORDS.items():
            if name in _FIXED and has_phrases(code):
                continue
            most = 120 if name in _FIXED else 200 if name == "name" else 300
            made = forms.CharField(label=label, max_length=most, required=False)
            self.put(group, f"in-{code}-{name}", made, getattr(said, name))

    def with_colour(self, colour: str) -> dict[str, str]:
        """What the fields of colours hold once this one of the logo is taken."""
        typed = {role: self.data.get(f"light-{role}", "").lower() for role in Palette.model_fields}
        known = {role: value for role, value in typed.items() if is_colour(value)}
        before = self.brand.theme.light.model_copy(update=known)
        made = palette_of(colour.lower(), before).model_dump()
        return {f"light-{role}": value for role, value in made.items()}

    def _said_in(self, code: str) -> dict[str, str]:
        """What was filled in for a language; empty where it is left to the brand's own."""
        found = {name: self.cleaned_data.get(f"in-{code}-{name}", "") for name in _WORDS}
        return {name: text for name, text in found.items() if text}

    def _translations(self) -> dict[str, dict[str, str]]:
        found = {code: self._said_in(code) for code in self.brand.translations}
        if added := self.cleaned_data.get("language"):
            found[added] = self._said_in("")
        return {code: said for code, said in found.items() if said}

    def clean_language(self) -> str:
        code = language(self.cleaned_data["language"])
        if code is None or len(code) > 10:
            raise ValidationError(_("Write the code of a language, such as ru or en."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self._said_in("") and not cleaned.get("language") and "language" not in self.errors:
            self.add_error("language", _("Write the code of a language, such as ru or en."))
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
            "translations": self._translations(),
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
