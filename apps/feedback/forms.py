"""A sign-up form as visitors fill it in: its fields are those of the published version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.values.addresses import LONGEST_EMAIL
from apps.mailings.models import Channel, SignupForm
from apps.mailings.models.audience import normal_address
from apps.mailings.services.permission.forms import NAME

#: A field that people do not see. Who fills it in is a robot.
TRAP: Final = "homepage"
_LONGEST: Final = 200
#: How a day may be written.
_DAYS: Final = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]


class AttributeText(forms.CharField):
    """One line of text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=_LONGEST, **kwargs)


_KINDS: Final[Mapping[str, type[forms.Field]]] = {
    "text": AttributeText,
    "number": forms.DecimalField,
    "date": forms.DateField,
    "bool": forms.BooleanField,
    "choice": forms.ChoiceField,
}


class PublicForm(forms.Form):
    """What a version shows in one language. Nothing is ticked in advance."""

    email = forms.CharField(
        label=_("Email"),
        max_length=LONGEST_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
    )

    def __init__(
        self, shown: Mapping[str, Any], language: str, data: Any = None, *, prefix: str = ""
    ) -> None:
        super().__init__(data, auto_id=f"{prefix or 'signup'}-%s", label_suffix="")
        self.shown = shown
        self.texts: Mapping[str, Any] = shown["languages"][language]
        for field in shown["fields"]:
            self.fields[self._name(field)] = _field_of(field)
        if shown["offered"] == SignupForm.Offered.CHOICE:
            choices = [(str(one["id"]), one["title"]) for one in shown["lists"]]
            self.fields["lists"] = forms.MultipleChoiceField(
                label=_("What would you like to get?"),
                choices=choices,
                widget=forms.CheckboxSelectMultiple,
            )
        for box in self.texts["consents"]:
            self.fields[f"consent-{box['key']}"] = forms.BooleanField(
                label=box["text"], error_messages={"required": _("Tick this box to subscribe.")}
            )
        for name, field in self.fields.items():
            kind = "form-check-input" if _is_box(field) else "form-control"
            field.widget.attrs["class"] = "form-select" if _is_select(field) else kind
            if self.is_bound and name in self.errors:
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"error-{name}"}

    @staticmethod
    def _name(field: Mapping[str, Any]) -> str:
        return NAME if field["name"] == NAME else f"field-{field['name']}"

    def clean_email(self) -> str:
        found = normal_address(Channel.EMAIL, self.cleaned_data["email"])
        if found is None:
            raise ValidationError(_("Enter a valid email address."), code="invalid")
        return found

    @property
    def parts(self) -> list[forms.BoundField]:
        """The fields above the consents."""
        return [self[name] for name in self.fields if not name.startswith("consent-")]

    @property
    def consents(self) -> list[forms.BoundField]:
        """A box a text."""
        return [self[name] for name in self.fields if name.startswith("consent-")]

    @property
    def trapped(self) -> bool:
        """True if the field that people do not see is filled in."""
        return bool(str(self.data.get(TRAP, "")).strip())

    def lists(self) -> list[int]:
        """The ids of the lists that were chosen, or of all."""
        if "lists" in self.fields:
            return [int(one) for one in self.cleaned_data["lists"]]
        return [one["id"] for one in self.shown["lists"]]

    def typed(self) -> dict[str, Any]:
        """The values of the fields, as JSON of their kinds; what was left empty is not there."""
        found = {}
        for field in self.shown["fields"]:
            value = self.cleaned_data.get(self._name(field))
            if value not in (None, "", False):
                found[field["name"]] = _json(value)
        return found

    def ticked(self) -> list[int]:
        """The ids of the consent texts."""
        boxes = self.texts["consents"]
        return [box["id"] for box in boxes if self.cleaned_data.get(f"consent-{box['key']}")]


def _field_of(field: Mapping[str, Any]) -> forms.Field:
    label = field["label"] or pgettext_lazy("person", "Name")
    more: dict[str, Any] = {"label": label, "required": field["required"]}
    if field["kind"] == "choice":
        more["choices"] = [("", "—"), *((one, one) for one in field["choices"])]
    if field["kind"] == "date":
        more["input_formats"] = _DAYS
        more["widget"] = forms.DateInput(attrs={"placeholder": _("YYYY-MM-DD")})
    if field["kind"] == "number":
        more |= {"max_digits": 20, "decimal_places": 6}
    if field["name"] == NAME:
        more["widget"] = forms.TextInput(attrs={"autocomplete": "name"})
    return _KINDS[field["kind"]](**more)


def _is_box(field: forms.Field) -> bool:
    return isinstance(field, forms.BooleanField | forms.MultipleChoiceField)


def _is_select(field: forms.Field) -> bool:
    return isinstance(field, forms.ChoiceField) and not _is_box(field)


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return json.loads(format(value.normalize(), "f"))
    return value.isoformat() if isinstance(value, date) else value
