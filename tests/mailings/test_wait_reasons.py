"""Every reason to stand still has its row, and the words that follow from it."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.mailings.models import Run
from apps.mailings.wait_reasons import (
    OF_OWNER,
    RATES,
    WAITS,
    advice_of,
    rate_too_high,
    reason_of,
    reasons_that,
)


def test_every_reason_has_a_row() -> None:
    assert set(WAITS) == set(Run.Reason.values)


def test_a_wait_that_no_person_ends_is_ended_by_the_clock() -> None:
    """What a reason wakes on is looked for; without that it needs a time, or a person."""
    without_time = reasons_that(lambda wait: wait.needs_person)
    assert without_time >= reasons_that(lambda wait: wait.wakes_on in ("owner", "mailing"))
    assert RATES < OF_OWNER < without_time


@pytest.mark.parametrize("reason", sorted(RATES))
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_rate_is_reported_with_its_figures_and_what_to_do(reason: str, language: str) -> None:
    with translation.override(language):
        text = reason_of(Run(reason=reason, reason_detail=rate_too_high(12, 1500, 0.3)))
        comma = {"en": ".", "ru": ","}[language]
        assert f"0{comma}8 %" in text and f"0{comma}3 %" in text
        assert advice_of(reason)


def test_where_the_reason_says_enough_there_is_no_advice() -> None:
    assert advice_of("") == advice_of(Run.Reason.RATE_LIMIT) == ""
