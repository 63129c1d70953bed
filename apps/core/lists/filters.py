"""What a list is asked for: a form that refuses nothing, for a list is always shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.dateparse import parse_date

from apps.core.paging import filter_query, row_id


class FilterForm(forms.Form):
    """The filters of a list. A value that makes no sense is passed over.

    ``value`` is what is looked for, ``written`` what stands in the address.
    """

    def __init__(self, params: Mapping[str, str]) -> None:
        super().__init__({name: params.get(name, "") for name in self.base_fields})
        self.is_valid()

    def value(self, name: str) -> Any:
        """What is looked for by this filter; empty or None when nothing is."""
        if name not in self.fields:
            raise KeyError(name)
        return self.cleaned_data.get(name)

    @property
    def written(self) -> dict[str, str]:
        """What was written into each filter, sense or not."""
        return {name: self.data[name] for name in self.fields}

    def query(self) -> str:
        """The filters as a query string, for the links to other pages."""
        return filter_query(self.written, *self.fields)


class WordsFilter(forms.CharField):
    """Words to look for, of which no more than ``longest`` characters count."""

    def __init__(self, *, longest: int) -> None:
        super().__init__(required=False, validators=[])
        self.longest = longest

    def to_python(self, value: Any) -> str:
        return str(value or "").replace("\x00", "").strip()[: self.longest]


class ChoiceFilter(forms.ChoiceField):
    """One of the choices; any other is none."""

    def __init__(self, choices: Any) -> None:
        super().__init__(choices=choices, required=False)


class RowFilter(forms.Field):
    """The id of a row."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> int | None:
        return row_id(value)


class DayFilter(forms.Field):
    """A day of this or the last century or of those to come."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> date | None:
        try:
            found = parse_date(value)
        except ValueError:
            return None
        return found if found is not None and 1970 <= found.year <= 2999 else None
