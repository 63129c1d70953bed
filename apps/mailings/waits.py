"""Why a run stands still, in words: what the engine stores, and what people read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.wording import in_words
from apps.mailings.models import Run

#: The reason of a run that is in the queue, behind others of its account.
TURN = "turn"
#: Stands where an account would, in the detail of the limit of new users. No account is called so.
NEW_USER = "*new-user"
_COUNTED = frozenset({Run.Reason.RATE_LIMIT, Run.Reason.QUOTA_EXHAUSTED})


def limit_detail(period: str, used: int, limit: int, account: str) -> str:
    """How a full limit is stored: figures only, so that it can be told in any language."""
    return f"{period} {used} {limit} {account}".rstrip()


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
    detail = run.reason_detail
    detail = _limit_words(detail) if run.reason in _COUNTED else in_words(detail)
    return f"{reason} ({detail})" if detail else reason


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
