"""Times, shares and words of choices, as a page writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone, translation

from apps.core.templatetags.vestnik import label, moment, rate
from apps.mailings.models import Delivery

WHEN = datetime(2026, 11, 29, 22, 30, 5, tzinfo=UTC)


def shown(language: str, zone: str) -> str:
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        return str(moment(WHEN))


@time_machine.travel(datetime(2026, 11, 29, 23, 0, tzinfo=UTC), tick=False)
def test_a_moment_is_said_in_the_zone_and_the_language_of_its_reader() -> None:
    moscow = shown("en", "Europe/Moscow")
    assert 'datetime="2026-11-30T01:30:05+03:00"' in moscow
    assert "30 November 2026, 01:30:05 (MSK)" in moscow or "(Europe/Moscow)" in moscow
    assert moscow.endswith(">01:30</time>")
    assert "30 ноября 2026" in shown("ru", "Europe/Moscow")
    assert 'datetime="2026-11-29T22:30:05+00:00"' in shown("en", "Etc/UTC")
    assert shown("en", "Europe/Moscow") == moscow


def test_a_moment_of_today_is_one_of_yesterday_after_midnight() -> None:
    with time_machine.travel(datetime(2026, 11, 29, 23, 0, tzinfo=UTC), tick=False):
        assert ">22:30</time>" in shown("en", "Etc/UTC")
    with time_machine.travel(datetime(2026, 11, 30, 1, 0, tzinfo=UTC), tick=False):
        assert ">yesterday 22:30</time>" in shown("en", "Etc/UTC")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_choice_is_labelled_as_django_does_it(language: str) -> None:
    with translation.override(language):
        for state in Delivery.State:
            row = Delivery(state=state)
            assert label(row, "state") == row.get_state_display()
        assert label(Delivery(state="gone"), "state") == "gone"


def test_a_share_is_in_percent_and_nothing_is_a_dash() -> None:
    with translation.override("ru"):
        assert (rate(93.44), rate(None)) == ("93,4\N{NO-BREAK SPACE}%", "—")
