"""Whatever a mailing stands still for, a sentence says why, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.responses.stored import Response, foreign
from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.mailings import finished_text, next_step, waiting_text
from apps.mailings.wait_reasons import (
    account_limit,
    asked_pause,
    quota_used_up,
    reason_of,
    reason_text,
    user_limit,
)
from apps.users.models import User

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: Why a start was refused, as it is kept.
KEPT = {"code": "audience_empty", "words": "Nobody would get it."}


def a_mailing(**fields: Any) -> Mailing:
    """Not saved: what is said needs no database."""
    times = {"starts_at": NOW - HOUR, "ends_at": NOW + DAY, "scheduled_at": NOW - HOUR}
    owner = User(email="anna@example.org")
    return Mailing(**{"owner": owner, "name": "Spring", "current_run": 1, **times, **fields})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "completed"}, "Closed before it was sent."),
        ({"scheduled_at": None}, "Draft: it won’t start on its own."),
        ({"starts_at": NOW + HOUR}, "Scheduled for "),
        ({"starts_at": NOW}, "Starting within a few minutes."),
        (
            {"starts_at": NOW, "start_refusal": KEPT},
            "Can’t start: Nobody would get it. Retried until tomorrow",
        ),
        ({"starts_at": NOW - 5 * DAY, "scheduled_at": NOW - 5 * DAY}, "or set another time."),
        (
            {"starts_at": NOW - 5 * DAY, "scheduled_at": NOW - 5 * DAY, "repeat": "FREQ=WEEKLY"},
            "or skip this run.",
        ),
        ({"ends_at": NOW}, "The sending window ended; nothing was sent."),
        (
            {"ends_at": NOW, "start_refusal": KEPT},
            "The sending window ended; nothing was sent: Nobody would get it.",
        ),
        ({"ends_at": NOW, "current_run": 3}, "nothing was sent in run #3."),
    ],
)
def test_a_mailing_that_was_not_launched_says_what_comes_next(
    fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in next_step(a_mailing(**fields), None, NOW)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"state": "processing", "stopping": True},
            "Stopping: waiting for messages already being sent.",
        ),
        (
            {
                "state": "deferred",
                "reason": "channel_down",
                "channel": "email",
                "deferred_until": NOW + DAY,
            },
            "Waiting until tomorrow 15:00: ",
        ),
        ({"state": "processing", "audience": 5000, "pending": 1}, "Sending: 4,999 of 5,000."),
    ],
)
def test_an_open_run_says_what_it_does(fields: dict[str, Any], sentence: str) -> None:
    assert waiting_text(Run(**fields), NOW).startswith(sentence)


def test_whose_turn_it_is_stands_where_it_is_known() -> None:
    turn = "Queued behind “Winter” (id:7) on account email."
    assert waiting_text(Run(state="queued"), NOW, turn=turn) == turn


def test_a_single_delivery_of_unknown_outcome_is_named_before_the_end() -> None:
    run = Run(state="done", unknown=1, finished_at=NOW)
    assert finished_text(run, NOW).startswith("Outcome unknown for 1 delivery.")


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        (account_limit("second", 5, "email"), "5 of 5 this second on account email"),
        (account_limit("minute", 60, "email"), "60 of 60 this minute on account email"),
        (user_limit(100, new=False), "100 of 100 today for this user"),
        (account_limit("month", 900, "email"), "900 of 900 this month on account email"),
        (
            user_limit(50, new=True),
            "50 of 50 today for a new user, until a manager lifts this limit",
        ),
        (quota_used_up(300, "sms"), "300 by the provider's count on account sms"),
        (
            asked_pause(60, "sms"),
            "the provider asked for a pause of 60 s on account sms",
        ),
        (foreign("the provider's own words"), "the provider's own words"),
    ],
)
def test_a_limit_that_is_used_up_is_reported_in_words(detail: Response, sentence: str) -> None:
    run = Run(state="deferred", reason="rate_limit", reason_detail=detail)
    assert reason_of(run).endswith(f"({sentence})")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "queued"}, "waiting for its turn"),
        ({"state": "processing"}, ""),
        ({"state": "paused", "reason": "account_disabled"}, "sending account disabled"),
    ],
)
def test_a_program_gets_the_reason_of_a_wait(fields: dict[str, Any], sentence: str) -> None:
    text = reason_text(Run(**fields))
    assert text.startswith(sentence) and bool(text) is bool(sentence)
