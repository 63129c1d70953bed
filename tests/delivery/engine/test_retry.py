"""What becomes of a delivery is a pure function of what happened to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.contracts import Claimed, Outcome, Verdict
from apps.core.responses.stored import foreign
from apps.delivery.engine.retry import CEILING, Policy, decide, pause_after
from apps.mailings.ledger.record import Settled

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def settle(
    verdict: Verdict,
    *,
    attempt: int = 1,
    policy: Policy | None = None,
    ends_in: float = 86_400.0,
    code: int = 450,
) -> Settled:
    return decide(
        Outcome(7, verdict, code, foreign("words")),
        Claimed(7, 70, "anna@example.org", attempt),
        policy or Policy(),
        now=NOW,
        ends_at=NOW + timedelta(seconds=ends_in),
        jitter=0.0,
    )


@pytest.mark.parametrize(
    ("verdict", "state", "attempt"),
    [
        (Verdict.SENT, "sent", "success"),
        (Verdict.FAILED, "failed", "failure"),
        (Verdict.RETRY, "pending", "failure"),
        (Verdict.UNKNOWN, "unknown", "unknown"),
        (Verdict.UNSENT, "pending", ""),
        (Verdict.EXPIRED, "pending", ""),  # only its hours are over
    ],
)
def test_each_verdict_has_one_state(verdict: Verdict, state: str, attempt: str) -> None:
    settled = settle(verdict)
    assert (settled.state, settled.attempt) == (state, attempt)


def test_what_expired_says_why() -> None:
    settled = settle(Verdict.EXPIRED, ends_in=0)
    assert (settled.state, settled.response) == ("expired", "@window_ended")


def test_the_first_retry_comes_after_five_minutes() -> None:
    assert settle(Verdict.RETRY).not_before == NOW + timedelta(minutes=5)


def test_a_delivery_is_tried_only_so_often() -> None:
    assert settle(Verdict.RETRY, attempt=5, policy=Policy(max_tries=5)).state == "failed"


def test_a_retry_that_would_come_after_the_end_is_expired_at_once() -> None:
    assert settle(Verdict.RETRY, ends_in=299).state == "expired"


def test_what_was_never_tried_goes_back_at_once_and_costs_no_try() -> None:
    settled = settle(Verdict.UNSENT, attempt=5, code=0)
    assert (settled.state, settled.attempt, settled.not_before) == ("pending", "", NOW)


def test_what_the_server_deferred_for_its_own_sake_comes_back_later_and_costs_no_try() -> None:
    settled = settle(Verdict.UNSENT)
    later = NOW + timedelta(minutes=5)
    assert (settled.state, settled.attempt, settled.not_before) == ("pending", "", later)
    assert settled.response == "words"
    assert settle(Verdict.UNSENT, ends_in=299).state == "expired"


@pytest.mark.parametrize(
    ("policy", "state"), [("hold", "unknown"), ("resend", "pending"), ("assume_sent", "sent")]
)
def test_the_policy_decides_about_the_unknown_and_the_attempt_says_unknown(
    policy: str, state: str
) -> None:
    settled = settle(Verdict.UNKNOWN, policy=Policy(unknown=policy))
    assert (settled.state, settled.attempt) == (state, "unknown")


@given(failures=st.integers(0, 1000), jitter=st.floats(0, 1))
def test_a_pause_grows_and_never_exceeds_an_hour(failures: int, jitter: float) -> None:
    pause = pause_after(failures, base=300, jitter=jitter)
    assert timedelta(seconds=300) <= pause <= CEILING
    assert pause <= pause_after(failures + 1, base=300, jitter=1.0)


def test_a_pause_that_was_asked_for_is_kept_and_costs_nobody_the_last_try() -> None:
    asked = Outcome(7, Verdict.RETRY, 429, foreign("later"), wait=1800.0)
    last = Claimed(7, 70, "anna@example.org", Policy().max_tries)
    far = NOW + timedelta(days=1)
    settled = decide(asked, last, Policy(), now=NOW, ends_at=far, jitter=1.0)
    assert (settled.state, settled.not_before) == ("pending", NOW + timedelta(minutes=30))
