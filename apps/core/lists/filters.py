"""What a list is asked for: a form that refuses nothing, for a list is always shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Union, cast

from django import forms
from django.forms.utils import flatatt
from django.utils.dateparse import parse_date
from django.utils.functional import lazy
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.core.forms import day_format
from apps.core.paging import filter_query, row_id

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Label = Union[str, "_StrPromise"]
#: A day as it is written in the field: 30.11.2026, 1/12/2026.
_AS_WRITTEN = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
Choices = Sequence[tuple[str, Label]]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is applied, in words, and the query string without it."""

    label: Label
    value: Label
    query: str


class FilterSelect(forms.Select):
    """A select that is written without a template for each of its options: lists offer hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        options = [
            f'<option value="{escape(code)}"{" selected" if str(code) in chosen else ""}>'
            f"{conditional_escape(label)}</option>"
            for code, label in cast(Iterable[tuple[str, Label]], self.choices)
        ]
        given = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return SafeString(f"<select{given}>{''.join(options)}</select>")


class FilterForm(forms.Form):
    """The filters of a list. A value that makes no sense is passed over.

    ``value`` is what is looked for, ``written`` what stands in the address. The bar above the list
    shows those that have a label; those in ``folded`` under "More".
    """

    folded: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Mapping[str, str]) -> None:
        written = {name: params.get(name, "") for name in self.base_fields}
        super().__init__(written, auto_id="filter-%s")
        self._choices: dict[str, Choices] = {}
        self.is_valid()
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                self.offer(name, list(cast(Iterable[tuple[str, Label]], field.choices)))

    def offer(self, name: str, choices: Choices) -> None:
        """Let this filter be chosen from a list; the first choice is usually that of none."""
        self._choices[name] = choices
        self.fields[name].widget = FilterSelect(choices=choices)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that the bar shows at once."""
        return [self[name] for name in self._labelled() if name not in self.folded]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that the bar shows under "More"."""
        return [self[name] for name in self._labelled() if name in self.folded]

    @property
    def chips(self) -> list[Chip]:
        """The filters that are applied."""
        written = self.written
        return [
            Chip(
                self.fields[name].label or "",
                dict(self._choices.get(name, ())).get(written[name], written[name]),
                filter_query({**written, name: ""}, *written),
            )
            for name in self._labelled()
            if self.value(name) not in (None, "")
        ]

    def _labelled(self) -> list[str]:
        return [name for name, field in self.fields.items() if field.label]

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
    """Words to look for, of which no more than ``longest`` characters count.

    ``suggested``: the id of a datalist on the page.
    """

    widget = forms.TextInput(attrs={"type": "search"})

    def __init__(self, *, longest: int, label: Label = "", suggested: str = "") -> None:
        super().__init__(required=False, validators=[], label=label)
        self.longest = longest
        if suggested:
            self.widget.attrs |= {"list": suggested, "autocomplete": "off"}

    def to_python(self, value: Any) -> str:
        return str(value or "").replace("\x00", "").strip()[: self.longest]


class ChoiceFilter(forms.ChoiceField):
    """One of the choices; any other is none."""

    def __init__(self, choices: Any, *, label: Label = "") -> None:
        super().__init__(choices=choices, required=False, label=label)


class RowFilter(forms.Field):
    """The id of a row; the list of them is offered by the view (``FilterForm.offer``)."""

    def __init__(self, *, label: Label = "") -> None:
        super().__init__(required=False, label=label)

    def to_python(self, value: Any) -> int | None:
        return row_id(value)


def _day_as_shown() -> str:
    """How the page's language writes a day."""
    return gettext("YYYY-MM-DD") if day_format() == "%Y-%m-%d" else gettext("DD.MM.YYYY")


class DayFilter(forms.Field):
    """A day of this or the last century or of those to come, as people write it or by ISO 8601.

    Not the browser's own field: that speaks the browser's language and not the page's.
    """

    widget = forms.TextInput(attrs={"placeholder": lazy(_day_as_shown, str)(), "size": 10})

    def __init__(self, *, label: Label = "") -> None:
        super().__init__(required=False, label=label)

    def to_python(self, value: Any) -> date | None:
        text = str(value or "").strip()
        if (written := _AS_WRITTEN.fullmatch(text)) is not None:
            text = "{2}-{1:0>2}-{0:0>2}".format(*written.groups())
        try:
            found = parse_date(text)
        except ValueError:
            return None
        return found if found is not None and 1970 <= found.year <= 2999 else None
