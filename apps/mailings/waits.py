"""Why a run stands still, in words: what the engine stores, and what people read."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.responses import Response, code_of, coded, values_of
from apps.core.wording import in_words
from apps.mailings.models import Run

#: The reason of a run that is in the queue, behind others of its account.
TURN = "turn"


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
    """The limit of a period that this detail tells of; None when it tells of something else."""
    full = values_of(detail).get("reply", "")
    limit, period = values_of(full).get("limit", ""), code_of(full).removeprefix("limit_")
    if not limit.isdigit() or period == "quota":
        return None
    return FullLimit(period, int(limit), of_user=code_of(detail) != "of_account")


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
