"""A round of tracking takes only so long, however many letters there are."""

from __future__ import annotations

import pytest

from apps.feedback.services import polling
from apps.feedback.services.polling import Tracking
from tests.feedback.services.test_polling import FakeSendsay, follow, letters, sendsay

__all__ = ["sendsay"]
pytestmark = pytest.mark.django_db


def test_a_round_ends_when_its_time_is_over_and_the_next_one_goes_on(
    sendsay: FakeSendsay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_SECONDS", 0.0)
    monkeypatch.setattr(polling, "_AT_A_TIME", 1)
    letters(3)
    rounds = Tracking()
    for minutes in (0, 2, 4, 6):
        follow(rounds, minutes=minutes)
    assert sendsay.asked == ["1", "2", "3", "1"]
