"""What forms about owned rows share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.formats import get_format, localize
from django.utils.translation import gettext_lazy as _

from apps.core.paging import row_id

M = TypeVar("M", bound=models.Model)


class OwnedForm(forms.ModelForm[M]):
    """A form for a row of ``owner``. Constraints that name the owner are checked with it."""

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        if self.instance.pk is None:
            cast(Any, self.instance).owner = owner

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}


class RowsField(forms.ModelMultipleChoiceField[M]):
    """Rows by their ids. One that no row can have is an invalid choice, as any other wrong one."""

    def clean(self, value: Any) -> Any:
        for word in value or ():
            if isinstance(word, str) and row_id(word) is None:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": word[:40]},
                )
        return super().clean(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is stored otherwise than it was typed, in words."""

    label: str
    saved: str
    typed: str


class VersionedForm(OwnedForm[M]):
    """A form that knows from which version of the row it was written.

    ``base`` is a digest of what the form shows of the stored row: whatever else of the row changes
    (a counter, a switch) is no conflict, and what lies in other tables (tags, recipients) is one.
    """

    base = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["base"]
        else:  # asked for only when the subclass has filled in what it shows
            self.fields["base"].initial = self.stored_version

    def stored_version(self) -> str:
        """The digest of what the form shows of the row as it is stored now."""
        found = hashlib.sha256()
        for name, field in self.fields.items():
            if name != "base":
                value = _plain(self.get_initial_for_field(field, name))
                found.update(f"{name}={value!r}\n".encode(errors="replace"))
        return found.hexdigest()[:32]

    @property
    def stale(self) -> bool:
        """True if it was written from another version than the stored one. Must be cleaned."""
        base = self.cleaned_data.get("base")
        return bool(base) and base != self.stored_version()

    def differences(self) -> list[Difference]:
        """What was typed otherwise than it is stored now, also where it may not be changed."""
        found = []
        for name, field in self.fields.items():
            if name == "base":
                continue
            typed = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            saved = self.get_initial_for_field(field, name)
            if _differs(field, saved, typed):
                values = (_text_of(field, saved), _text_of(field, typed))
                found.append(Difference(str(field.label or name), *values))
        return found


#: How a day and a time may be written, in whichever language the page is.
_DAYS: Final = ("%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y", "%d/%m/%Y")
_CLOCKS: Final = ("%H:%M", "%H")


class MomentWidget(forms.MultiWidget):
    """A day and a time in two boxes, read by us: a browser's own speak the browser's language.

    Together they are one text, for a field that reads both.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        day = {"autocomplete": "off", "class": "form-control", "aria-label": _("Date")}
        clock = {**day, "aria-label": _("Time")}
        super().__init__([forms.TextInput(day), forms.TextInput(clock)], attrs)

    @property
    def format_shown(self) -> str:
        """The format beside the boxes, as the page's language writes it."""
        iso = day_format() == "%Y-%m-%d"
        return str(_("YYYY-MM-DD HH:MM") if iso else _("DD.MM.YYYY HH:MM"))

    def decompress(self, value: Any) -> list[str]:
        if isinstance(value, str):
            day, _blank, clock = value.partition(" ")
            return [day, clock]
        if value is None:
            return ["", ""]
        local = value if timezone.is_naive(value) else timezone.localtime(value)
        return [local.strftime(day_format()), local.strftime("%H:%M")]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        day, clock = super().value_from_datadict(data, files, name)
        return f"{day or ''} {(clock or '').replace('.', ':')}".strip()


def day_format() -> str:
    """How the page's language writes a day in a box."""
    return str(get_format("DATE_INPUT_FORMATS")[0])


class MinuteField(forms.DateTimeField):
    """A moment to the minute: the seconds of a stored one, which nobody sees, are no change."""

    widget = MomentWidget
    input_formats = [f"{day} {clock}" for day in _DAYS for clock in _CLOCKS]
    default_error_messages = {"invalid": _("Enter the date and the time as shown beside them.")}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial and initial.replace(second=0, microsecond=0), data)


def _plain(value: Any) -> Any:
    """A value that is the same as long as it means the same."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, (list, tuple, set, models.QuerySet)):
        return sorted(str(_plain(one)) for one in value)
    return "" if value is None else str(value)


def _differs(field: forms.Field, saved: Any, typed: Any) -> bool:
    if isinstance(typed, str):
        typed = "\n".join(typed.splitlines())  # browsers send other line ends
    was, field.disabled = field.disabled, False
    try:
        if isinstance(field, forms.ModelMultipleChoiceField):
            return bool(_plain(saved or []) != _plain(typed or []))
        return bool(cast(Any, field).has_changed(saved, typed))
    finally:
        field.disabled = was


def _text_of(field: forms.Field, value: Any) -> str:
    """A value of a field as people read it."""
    if isinstance(field, forms.BooleanField):
        value = bool(value)
    if isinstance(field, forms.DateTimeField):
        try:
            value = field.to_python(value) if isinstance(value, str) else value
        except forms.ValidationError:
            return str(value)
        return localize(timezone.localtime(value)) if value else "—"
    many = isinstance(value, (list, tuple, set, models.QuerySet))
    values: Iterable[Any] = value if many else [value]
    known = _labels(field, values)
    shown = [str(known.get(str(_plain(one)), one)) for one in values if one not in (None, "")]
    return ", ".join(shown) or "—"


def _labels(field: forms.Field, values: Iterable[Any]) -> dict[str, Any]:
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        keys = [key for one in values if (key := str(_plain(one))).isdigit()]
        return {str(row.pk): row for row in field.queryset.filter(pk__in=keys)}
    choices: Any = getattr(field, "choices", [])
    return {str(key): label for key, label in choices}
