"""What the forms of all parts of a draft share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.automations.definition.flow import Raw
from apps.automations.showing.offers import Offers

Label = Any  # a text, or one that is translated when it is shown
_CLOCK: Final = {"inputmode": "numeric", "placeholder": "10:00", "autocomplete": "off"}
UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60}
#: Two of these stand in a line.
_HALVES: Final = frozenset(
    {"amount", "unit", "side", "days", "local_from", "local_to", "second_channel", "second_account"}
)
BEFORE, ON, AFTER = "before", "on", "after"
#: How a group of radio buttons looks (templates/mailings/radios.html).
BOX: Final = {"class": "form-check-input"}


class PartForm(forms.Form):
    """A part of a draft as a form. ``shown_for``: a field is for these choices of ``chooser`` only.

    A field that is left empty is missing in the part; the editor says so.
    """

    chooser: ClassVar[str] = ""
    shown_for: ClassVar[Mapping[str, str]] = {}

    def __init__(self, data: Any = None, *, raw: Raw, offers: Offers) -> None:
        super().__init__(data, initial=self.initial_of(raw))
        self.offers, self.before = offers, raw
        self.offer()

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        """What the fields begin with."""
        return {name: raw.get(name) for name in self.base_fields}

    def offer(self) -> None:
        """Fill the choices of the fields."""

    def part(self) -> Raw:
        """What the form says, as a part of the draft. It must have been cleaned."""
        raise NotImplementedError

    @property
    def rows(self) -> list[tuple[forms.BoundField, str]]:
        """The fields with the classes by which they are shown, the chooser first."""
        found = []
        for name in self.fields:
            kinds = self.shown_for.get(name, "").split()
            classes = ["only", *(f"for-{kind}" for kind in kinds)] if kinds else []
            classes += ["half"] if name in _HALVES else []
            found.append((self[name], " ".join(classes)))
        return found

    def choose(self, name: str, choices: Sequence[tuple[str, Label]], empty: Label) -> None:
        """Let this field be chosen from rows, or be left empty."""
        field: Any = self.fields[name]
        field.choices = [("", empty), *choices]

    def given(self, *names: str) -> Raw:
        """Those of the fields that are filled in."""
        values = {name: self.cleaned_data.get(name) for name in names}
        return {name: value for name, value in values.items() if value not in (None, "", [])}


class IdField(forms.TypedChoiceField):
    """One of the owner's rows, or none."""

    def __init__(self, label: Label, **more: Any) -> None:
        super().__init__(label=label, required=False, coerce=int, empty_value=None, **more)


class WordField(forms.ChoiceField):
    """One of the words, or none."""

    def __init__(self, label: Label, choices: Any = (), **more: Any) -> None:
        super().__init__(label=label, required=False, choices=choices, **more)


class RadioField(forms.ChoiceField):
    """What the other fields depend on: one of a few, all in view."""

    widget = forms.RadioSelect

    def __init__(self, label: Label, choices: Any) -> None:
        super().__init__(label=label, choices=choices, widget=forms.RadioSelect(attrs=BOX))


class ClockField(forms.TimeField):
    """A time of the day, read by us: a browser's own field speaks the browser's language."""

    def __init__(self, label: Label, **more: Any) -> None:
        widget = forms.TextInput(attrs=_CLOCK)
        formats = ["%H:%M", "%H.%M", "%H:%M:%S", "%H"]
        super().__init__(label=label, required=False, input_formats=formats, widget=widget, **more)

    def prepare_value(self, value: Any) -> Any:
        text = str(value or "")
        return text[:5] if len(text) == 8 else text


class CountField(forms.IntegerField):
    """A whole number between two others."""

    def __init__(self, label: Label, low: int, high: int, **more: Any) -> None:
        super().__init__(label=label, required=False, min_value=low, max_value=high, **more)


def span_fields() -> tuple[CountField, WordField]:
    """A length of time: so many of a unit."""
    units = [("m", _("minutes")), ("h", _("hours")), ("d", _("days"))]
    return CountField(_("How long"), 0, 527_040), WordField(_("Unit"), units)


def span_of(seconds: Any) -> dict[str, Any]:
    """A length of time in the largest unit that fits."""
    if not isinstance(seconds, int):
        return {"amount": None, "unit": "d"}
    unit = next((unit for unit, size in UNITS.items() if seconds and seconds % size == 0), "m")
    return {"amount": seconds // UNITS[unit], "unit": unit}


def seconds_of(data: Mapping[str, Any]) -> int | None:
    """The seconds of a length of time; None when it was left empty."""
    amount = data.get("amount")
    return None if amount is None else int(amount) * UNITS[data.get("unit") or "d"]


def days_fields() -> tuple[WordField, CountField]:
    """So many days before or after a date."""
    sides = [
        (BEFORE, _("days before the date")),
        (ON, _("on the date")),
        (AFTER, _("days after the date")),
    ]
    return WordField(_("When"), sides), CountField(_("Days"), 0, 366)


def days_initial(days: Any) -> dict[str, Any]:
    """Before or after, and how many days."""
    number = days if isinstance(days, int) else 0
    side = BEFORE if number < 0 else AFTER if number > 0 else ON
    return {"side": side, "days": abs(number) or None}


def days_of(data: Mapping[str, Any]) -> int:
    """The days from the date: negative before it."""
    days = int(data.get("days") or 0)
    return {BEFORE: -days, ON: 0}.get(data.get("side") or ON, days)


def clock_of(value: Any) -> str | None:
    """A time of the day as a draft has it."""
    return None if value is None else f"{value:%H:%M}"
