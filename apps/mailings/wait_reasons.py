"""Why a run stands still, in words: what the engine stores, and what people read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.responses.stored import Response, code_of, coded, values_of
from apps.core.text.formatting import figure, in_words
from apps.mailings.models import Run

#: The reason of a run that is in the queue, behind others of its account.
TURN = "turn"

#: What has to change before a run goes on: the row of its owner, its mailing or its account, what
#: ``.env`` declares, or that one of its recipients is due. Empty: the time or a person alone.
Wakes = Literal["", "owner", "mailing", "account", "settings", "recipients"]


def account_limit(period: str, limit: int, account: str) -> Response:
    """A limit of the account is full."""
    return coded("of_account", account, reply=coded(f"limit_{period}", limit, limit))


def user_limit(limit: int, *, new: bool) -> Response:
    """The owner's limit of the day is full. ``new``: it is the one of new users."""
    whose = "of_new_user" if new else "of_user"
    return coded(whose, reply=coded("limit_day", limit, limit))


def quota_used_up(limit: int, account: str) -> Response:
    """The provider lets no more through, by its own count."""
    return coded("of_account", account, reply=coded("limit_quota", limit))


def asked_pause(seconds: int, account: str) -> Response:
    """The provider wants nothing for so many seconds."""
    return coded("of_account", account, reply=coded("limit_asked", seconds))


@dataclass(frozen=True, slots=True)
class FullLimit:
    """A limit that made a run wait. ``period`` as in ``.env``; ``of_user``: not the account's."""

    period: str
    limit: int
    of_user: bool


def full_limit(detail: str) -> FullLimit | None:
    """The limit of a period that this detail names; None when it names none."""
    full = values_of(detail).get("reply", "")
    limit, period = values_of(full).get("limit", ""), code_of(full).removeprefix("limit_")
    if not limit.isdigit() or period == "quota":
        return None
    return FullLimit(period, int(limit), of_user=code_of(detail) != "of_account")


def rate_too_high(count: int, sent: int, limit: float) -> Response:
    """A share of what was sent is above its limit (both in percent)."""
    return coded("rate_too_high", count, sent, f"{100 * count / sent:.1f}", f"{limit:g}")


def rate_figures(detail: str) -> dict[str, str]:
    """The figures of a share that is too high, for a sentence in the reader's language."""
    return {name: figure(text) for name, text in values_of(detail).items()}


@dataclass(frozen=True, slots=True)
class Wait:
    """What follows from one reason to stand still.

    ``needs_person``: it may have no end; ``needs_fix``: it stands among what needs
    a person; ``notify``: its run's owner gets a notice; ``can_be_tried``: a person may end it
    before its time; ``wakes_on``: what ends it; ``advice``: what to do.
    """

    needs_person: bool = False
    needs_fix: bool = False
    notify: bool = False
    can_be_tried: bool = False
    wakes_on: Wakes = ""
    advice: Promise | str = ""


#: The one place that says so: what needs a set of reasons derives it from here (``reasons_that``).
#: A pause of all that a user sends makes one notice, not one for each run.
WAITS: Final[dict[str, Wait]] = {
    Run.Reason.APPROVAL: Wait(needs_person=True, needs_fix=True),
    Run.Reason.BEFORE_START: Wait(),
    Run.Reason.OUTSIDE_HOURS: Wait(notify=True, wakes_on="settings"),
    Run.Reason.OUTSIDE_LOCAL_HOURS: Wait(wakes_on="recipients"),
    Run.Reason.RATE_LIMIT: Wait(notify=True, wakes_on="settings"),
    Run.Reason.QUOTA_EXHAUSTED: Wait(notify=True),
    Run.Reason.FREQUENCY_CAP: Wait(wakes_on="recipients"),
    Run.Reason.FILES: Wait(wakes_on="recipients"),
    Run.Reason.EXPERIMENT: Wait(),
    Run.Reason.EXPERIMENT_UNDECIDED: Wait(needs_person=True, needs_fix=True, notify=True),
    Run.Reason.TRANSIENT_ERROR: Wait(notify=True, can_be_tried=True, wakes_on="recipients"),
    Run.Reason.CHANNEL_DOWN: Wait(needs_fix=True, notify=True, can_be_tried=True),
    Run.Reason.SERVER_BUSY: Wait(can_be_tried=True),
    Run.Reason.REFUSALS: Wait(needs_person=True, needs_fix=True, notify=True),
    Run.Reason.ACCOUNT_DISABLED: Wait(
        needs_person=True, needs_fix=True, notify=True, can_be_tried=True, wakes_on="account"
    ),
    Run.Reason.OWNER_BLOCKED: Wait(needs_person=True, needs_fix=True, wakes_on="owner"),
    Run.Reason.BOUNCE_RATE: Wait(
        needs_person=True,
        needs_fix=True,
        wakes_on="owner",
        advice=gettext_lazy("Remove dead addresses from your lists. A manager can lift the pause."),
    ),
    Run.Reason.COMPLAINT_RATE: Wait(
        needs_person=True,
        needs_fix=True,
        wakes_on="owner",
        advice=gettext_lazy("Write only to people who agreed to it. A manager can lift the pause."),
    ),
    Run.Reason.COMPLAINTS: Wait(
        needs_fix=True,
        notify=True,
        advice=gettext_lazy(
            "Write only to people who agreed to it. A manager can let the account send again."
        ),
    ),
    Run.Reason.MAILING_DISABLED: Wait(needs_person=True, notify=True, wakes_on="mailing"),
    Run.Reason.PAUSED_BY_USER: Wait(needs_person=True),
    Run.Reason.BETWEEN_ARRIVALS: Wait(wakes_on="recipients"),
    Run.Reason.RESTORED: Wait(
        needs_person=True,
        needs_fix=True,
        notify=True,
        advice=gettext_lazy(
            "What was sent after the backup is not known here. Resume it only if nothing was."
        ),
    ),
}


def reasons_that(holds: Callable[[Wait], bool]) -> frozenset[str]:
    """The reasons of which this holds."""
    return frozenset(reason for reason, wait in WAITS.items() if holds(wait))


#: Reasons that hold all runs of one user.
OF_OWNER: Final = reasons_that(lambda wait: wait.wakes_on == "owner")
#: Those of them that figures bring about, and a manager lifts.
RATES: Final = frozenset({Run.Reason.BOUNCE_RATE, Run.Reason.COMPLAINT_RATE})


def reason_code(run: Run) -> str:
    """Why the run does not go on, as a code; empty while it does."""
    return TURN if run.state == Run.State.QUEUED else run.reason


def reason_text(run: Run) -> str:
    """The same in words."""
    if run.state == Run.State.QUEUED:
        return _("waiting for its turn")
    return reason_of(run) if run.reason else ""


def reason_of(run: Run) -> str:
    """The reason with its details, in the reader's language."""
    reason = run.get_reason_display() if run.reason else _("no reason given")
    detail = in_words(run.reason_detail)
    return f"{reason} ({detail})" if detail else reason


def advice_of(reason: str) -> str:
    """What can be done about it, in a sentence; empty where the reason says enough."""
    return str(WAITS[reason].advice) if reason else ""
