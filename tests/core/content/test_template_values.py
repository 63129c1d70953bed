"""Values are texts; where one is a date or a number, a template may treat it as one."""

from __future__ import annotations

from datetime import datetime

import pytest

from apps.core.content.rules import check_content
from apps.core.content.template_dates import date_of
from apps.core.content.template_language import parse


def rendered(source: str, **fields: str) -> str:
    return parse(source).render(fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("05.06.2026", "05.06.2026"),
        ("31.12.2026", "31.12.2026"),
        ("5.6.2026", "05.06.2026"),
        ("5.6.26", "05.06.2026"),
        ("5.6.85", "05.06.1985"),
        ("2026-06-05", "05.06.2026"),
        ("2026-6-5", "05.06.2026"),
        ("2026/06/05", "05.06.2026"),
        ("2026.06.05", "05.06.2026"),
        ("2026-06-05T17:30:15Z", "05.06.2026"),
        ("2026-06-05T17:30:15.123+03:00", "05.06.2026"),
        ("05.06.2026 17:30", "05.06.2026"),
        ("05.06.2026, 17:30:15", "05.06.2026"),
        ("05.06.2026 г.", "05.06.2026"),
        (" 05.06.2026 ", "05.06.2026"),
        ("5 июня 2026", "05.06.2026"),
        ("5 июня 2026 г.", "05.06.2026"),
        ("5 Jun 2026", "05.06.2026"),
        ("June 5, 2026", "05.06.2026"),
        ("June 5th, 2026", "05.06.2026"),
        ("5-Jun-2026", "05.06.2026"),
    ],
)
def test_a_date_is_what_its_writer_meant(text: str, expected: str) -> None:
    assert rendered("{{ day | date: '%d.%m.%Y' }}", day=text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026", "17:30", "17:30:15", "05/06/2026", "31/12/2026", "05-06-2026", "5.6", "06.2026",
        "31.02.2026", "31.13.2026", "00.01.2026", "2026-02-30", "45812", "1717545600", "20260605",
        "79160000006", "1.2.345", "скоро", "5 мартобря 2026", "05.06.2026 25:00", "June 2026", "12",
        "05.06.2026 - 07.06.2026", "-1", "+1", "0", "ma 5 2026", "٥.٦.٢٠٢٦ x",
    ],
)  # fmt: skip
def test_what_names_no_single_day_stays_as_it_stands(text: str) -> None:
    assert rendered("{{ day | date: '%d.%m.%Y' }}", day=text) == text


def test_an_empty_date_is_empty_and_the_time_is_kept() -> None:
    assert rendered("{{ day | date: '%d.%m.%Y' }}", day="") == ""
    assert rendered("{{ day | date: '%H:%M' }}", day="05.06.2026 17:30") == "17:30"
    assert date_of("5.6.2026 7:05") == datetime(2026, 6, 5, 7, 5)


def test_days_without_their_zero_are_written_on_every_system() -> None:
    source = "{{ day | date: '%-d.%-m.%y, %_d, 100%%' }}"
    assert rendered(source, day="05.06.2026") == "5.6.26,  5, 100%"


def test_today_is_a_date() -> None:
    assert rendered("{{ 'now' | date: '%Y' }}") == str(datetime.now().year)


@pytest.mark.parametrize("source", ["{{ d | date: '%Q-' }}", "{{ d | date: '%' }}"])
def test_an_unknown_layout_breaks_nothing_unseen(source: str) -> None:
    """It is refused when it is saved, or written as the system writes it."""
    try:
        check_content("s", source, "")
    except Exception as refusal:
        assert getattr(refusal, "code", "") == "template_syntax"
    else:
        assert isinstance(rendered(source, d="05.06.2026"), str)


@pytest.mark.parametrize(
    ("condition", "fields", "expected"),
    [
        ("age > 18", {"age": "19"}, True),
        ("age > 18", {"age": "18"}, False),
        ("age > 18", {"age": "9"}, False),
        ("age >= 18", {"age": "18"}, True),
        ("age < 18", {"age": "9"}, True),
        ("age <= 18", {"age": "18,0"}, True),
        ("18 < age", {"age": "100"}, True),
        ("age > 18.5", {"age": "18,6"}, True),
        ("sum > 999", {"sum": "1 000"}, True),
        ("sum > 999", {"sum": "1\u00a0000,50"}, True),
        ("sum < 0", {"sum": "-5"}, True),
        ("age == 18", {"age": "18"}, True),
        ("age != 18", {"age": "18"}, False),
        ("age <> 18", {"age": "17"}, True),
        ("age == '18'", {"age": "18"}, True),
        ("age == '18'", {"age": "18.0"}, False),
        ("sum > norm", {"sum": "10", "norm": "9"}, True),
        ("attributes.age > 18", {"attributes.age": "19"}, True),
        ("age > 18 and town == 'Омск'", {"age": "19", "town": "Омск"}, True),
        # What is no number is neither above nor below one.
        ("age > 18", {"age": "девятнадцать"}, False),
        ("age < 18", {"age": "девятнадцать"}, False),
        ("age > 18", {"age": ""}, False),
        ("age < 18", {}, False),
        ("age <= 18", {}, False),
        ("age == 18", {}, False),
        ("age != 18", {}, True),
        ("name > 'M'", {"name": "Nina"}, True),
        ("name > 'M'", {"name": "Anna"}, False),
        ("age > true", {"age": "1"}, False),
        ("age > nil", {"age": "1"}, False),
    ],
)
def test_conditions_compare_numbers_as_numbers(
    condition: str, fields: dict[str, str], expected: bool
) -> None:
    source = f"{{% if {condition} %}}yes{{% else %}}no{{% endif %}}"
    check_content("s", source, "")
    assert rendered(source, **fields) == ("yes" if expected else "no")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% unless age > 18 %}young{% endunless %}", "young"),
        ("{% if age > 18 %}a{% elsif age > 10 %}b{% else %}c{% endif %}", "b"),
        ("{% case age %}{% when 12 %}twelve{% else %}other{% endcase %}", "twelve"),
        ("{% case age %}{% when '12' %}twelve{% else %}other{% endcase %}", "twelve"),
        ("{% for i in (1..2) %}{% if age > i %}{{ i }}{% endif %}{% endfor %}", "12"),
        ("{% assign n = age | plus: 1 %}{% if n > 12 %}more{% endif %}", "more"),
    ],
)
def test_so_does_every_tag_that_compares(source: str, expected: str) -> None:
    assert rendered(source, age="12") == expected
