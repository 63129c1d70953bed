"""Why a run stands still: what each reason means, and how people read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.wording import grouped, in_words
from apps.mailings.models import Run

#: The reason of a run that is in the queue, behind others of its account.
TURN = "turn"
#: Stands where an account would, in the detail of the limit of new users. No account is called so.
NEW_USER = "*new-user"

#: What has to change before a run goes on: the row of its owner, its mailing or its account, what
#: ``.env`` declares, or that one of its recipients is due. Empty: the time or a person alone.
Wakes = Literal["", "owner", "mailing", "account", "settings", "recipients"]


def limit_detail(period: str, used: int, limit: int, account: str) -> str:
    """How a full limit is stored: figures only, so that it can be told in any language."""
    return f"{period} {used} {limit} {account}".rstrip()


def rate_detail(count: int, sent: int, limit: float) -> str:
    """How a share that is too high is stored: so many of so many sent, and the limit in percent."""
    return f"{count} {sent} {limit:g}"


def rate_figures(detail: str) -> dict[str, str]:
    """The figures of a share that is too high, for a sentence in the reader's language."""
    count, sent, limit = detail.split(" ")
    share = number_format(100 * int(count) / int(sent), 1)
    limit = number_format(limit)
    return {
        "count": grouped(int(count)),
        "sent": grouped(int(sent)),
        "share": share,
        "limit": limit,
    }


def _limit_words(detail: str) -> str:
    period, used, limit, *rest = [*detail.split(" ", 3), "", ""][:4]
    if not limit.isdigit():
        return detail
    words = {
        "second": _("%(used)s of %(limit)s this second"),
        "minute": _("%(used)s of %(limit)s this minute"),
        "hour": _("%(used)s of %(limit)s this hour"),
        "day": _("%(used)s of %(limit)s today"),
        "month": _("%(used)s of %(limit)s this month"),
        "quota": _("%(limit)s by the provider's count"),
        "asked": _("the provider asked for a pause of %(limit)s s"),
    }.get(period, detail) % {"used": used, "limit": limit}
    account = "".join(rest)
    if account == NEW_USER:
        return _("%(words)s for a new user, until a manager lifts this limit") % {"words": words}
    if account:
        return _("%(words)s on account %(account)s") % {"words": words, "account": account}
    return _("%(words)s for this user") % {"words": words}


def _rate_words(detail: str) -> str:
    words = _("%(count)s of %(sent)s sent, %(share)s %%; the limit is %(limit)s %%")
    return words % rate_figures(detail)


@dataclass(frozen=True, slots=True)
class Wait:
    """What follows from one reason to stand still.

    ``needs_person``: it may have no time at which it ends; ``to_mend``: it stands among what needs
    a person; ``notify``: its run's owner gets a notice; ``can_be_tried``: a person may end it
    before its time; ``wakes_on``: what ends it; ``say``: its detail in words; ``advice``: what to
    do.
    """

    needs_person: bool = False
    to_mend: bool = False
    notify: bool = False
    can_be_tried: bool = False
    wakes_on: Wakes = ""
    say: Callable[[str], str] = in_words
    advice: Promise | str = ""


#: The one place that says so: what needs a set of reasons derives it from here (``reasons_that``).
#: Of a pause of all that a user sends one notice is told, and not one for each run.
WAITS: Final[dict[str, Wait]] = {
    Run.Reason.BEFORE_START: Wait(),
    Run.Reason.OUTSIDE_HOURS: Wait(notify=True, wakes_on="settings"),
    Run.Reason.OUTSIDE_LOCAL_HOURS: Wait(wakes_on="recipients"),
    Run.Reason.RATE_LIMIT: Wait(notify=True, wakes_on="settings", say=_limit_words),
    Run.Reason.QUOTA_EXHAUSTED: Wait(notify=True, say=_limit_words),
    Run.Reason.TRANSIENT_ERROR: Wait(notify=True, can_be_tried=True, wakes_on="recipients"),
    Run.Reason.CHANNEL_DOWN: Wait(to_mend=True, notify=True, can_be_tried=True),
    Run.Reason.SERVER_BUSY: Wait(can_be_tried=True),
    Run.Reason.REFUSALS: Wait(needs_person=True, to_mend=True, notify=True),
    Run.Reason.ACCOUNT_DISABLED: Wait(
        needs_person=True, to_mend=True, notify=True, can_be_tried=True, wakes_on="account"
    ),
    Run.Reason.OWNER_BLOCKED: Wait(needs_person=True, to_mend=True, wakes_on="owner"),
    Run.Reason.BOUNCE_RATE: Wait(
        needs_person=True,
        to_mend=True,
        wakes_on="owner",
        say=_rate_words,
        advice=gettext_lazy("Remove dead addresses from your lists. A manager can lift the pause."),
    ),
    Run.Reason.COMPLAINT_RATE: Wait(
        needs_person=True,
        to_mend=True,
        wakes_on="owner",
        say=_rate_words,
        advice=gettext_lazy("Write only to people who agreed to it. A manager can lift the pause."),
    ),
    Run.Reason.MAILING_DISABLED: Wait(needs_person=True, notify=True, wakes_on="mailing"),
    Run.Reason.PAUSED_BY_USER: Wait(needs_person=True),
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
    say = WAITS[run.reason].say if run.reason else in_words
    detail = say(run.reason_detail) if run.reason_detail else ""
    return f"{reason} ({detail})" if detail else reason


def advice_of(reason: str) -> str:
    """What can be done about it, in a sentence; empty where the reason says enough."""
    return str(WAITS[reason].advice) if reason else ""
