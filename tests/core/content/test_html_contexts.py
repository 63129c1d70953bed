"""Where a value stands in HTML that a person wrote, and what a template's own filters do to it."""

from __future__ import annotations

import pytest

from apps.core.content.html_contexts import Place, places
from apps.core.content.template_language import TemplateNotAllowed, parse


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<input disabled value='", "'>"),
        ("5 < 6, and ", ""),
        ("<p title='a'>", "</p>"),
    ],
)
def test_a_value_is_escaped_as_text_behind_what_is_no_markup(before: str, after: str) -> None:
    assert places([before, after]) == [Place.TEXT]


def test_escaping_in_the_template_changes_nothing_for_every_value_is_escaped_in_its_place() -> None:
    assert parse("{{ name | escape }}").render({"name": "<b>"}) == "<b>"


def test_a_filter_that_is_not_ours_is_refused_by_its_name() -> None:
    with pytest.raises(TemplateNotAllowed) as refused:
        parse("{{ name | nope }}")
    assert refused.value.params == {"name": "nope"}
