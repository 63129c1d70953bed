"""What is to become of a delivery, and when to try again: pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.core.contracts import Blame, Claimed, Outcome, Verdict
from apps.core.responses.stored import NOTHING, coded
from apps.core.values.backoff import Backoff
from apps.mailings.ledger.record import Settled

#: The longest pause between two tries of one delivery, and of an account that cannot be reached.
CEILING = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Policy:
    """The installation's rules. ``unknown``: hold, resend or assume_sent."""

    unknown: str = "hold"
    max_tries: int = 5
    retry_seconds: float = 300.0


def pause_after(failures: int, *, base: float, jitter: float = 0.0) -> timedelta:
    """How long to wait after ``failures`` in a row: base x 2^(n-1), at most an hour.

    ``base`` in seconds; ``jitter`` from 0 to 1 adds up to a fifth, so that not all come at once.
    """
    backoff = Backoff(first=base, longest=CEILING.total_seconds(), spread=(1.0, 1.2))
    return backoff.after(failures, chance=jitter)


def decide(
    outcome: Outcome,
    claimed: Claimed,
    policy: Policy,
    *,
    now: datetime,
    ends_at: datetime,
    jitter: float,
) -> Settled:
    """Turn an outcome into the delivery's next state. No clock, no database, no chance."""
    match outcome.verdict:
        case Verdict.SENT:
            return _settled(outcome, claimed, "sent", "success")
        case Verdict.FAILED:
            return _settled(outcome, claimed, "failed", "failure")
        case Verdict.EXPIRED if now < ends_at:  # only its hours have ended: another day
            return _settled(replace(outcome, response=NOTHING), claimed, "pending", "", now)
        case Verdict.EXPIRED:
            explained = replace(outcome, response=coded("window_ended"))
            return _settled(explained, claimed, "expired", "")
        case Verdict.UNSENT if outcome.code and outcome.blame is Blame.RECIPIENT:
            return _snooze(outcome, claimed, policy, now, ends_at, jitter)
        case Verdict.UNSENT:
            return _settled(replace(outcome, response=NOTHING), claimed, "pending", "", now)
        case Verdict.UNKNOWN if policy.unknown != "resend":
            state = "sent" if policy.unknown == "assume_sent" else "unknown"
            return _settled(outcome, claimed, state, "unknown")
    attempt = "unknown" if outcome.verdict is Verdict.UNKNOWN else "failure"
    if (
        outcome.wait
    ):  # the server asked the whole account to pause: that is not this recipient's fault
        at = now + timedelta(seconds=outcome.wait)
    elif claimed.attempt >= policy.max_tries:
        return _settled(outcome, claimed, "failed", attempt)
    else:
        at = now + pause_after(claimed.attempt, base=policy.retry_seconds, jitter=jitter)
    if at >= ends_at:
        return _settled(outcome, claimed, "expired", attempt)
    return _settled(outcome, claimed, "pending", attempt, at)


def _snooze(
    outcome: Outcome,
    claimed: Claimed,
    policy: Policy,
    now: datetime,
    ends_at: datetime,
    jitter: float,
) -> Settled:
    """The server would not now, for its own sake, and takes others: this one comes back later."""
    at = now + pause_after(claimed.attempt, base=policy.retry_seconds, jitter=jitter)
    if at >= ends_at:
        return _settled(outcome, claimed, "expired", "")
    return _settled(outcome, claimed, "pending", "", at)


def _settled(
    outcome: Outcome, claimed: Claimed, state: str, attempt: str, at: datetime | None = None
) -> Settled:
    return Settled(
        delivery_id=claimed.delivery_id,
        recipient_id=claimed.recipient_id,
        state=state,
        attempt=attempt,
        code=outcome.code,
        response=outcome.response,
        seconds=outcome.seconds,
        not_before=at,
        gone=outcome.gone and state == "failed",
    )
