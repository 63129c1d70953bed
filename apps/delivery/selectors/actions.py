"""Which buttons a mailing offers now, and why the others do not work. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from apps.mailings.models import Mailing, Run
from apps.mailings.wait_reasons import RATES

#: What is done next, the likeliest first: the first that may be done is the primary button.
_OPEN_NEXT: Final = ("resume", "pause")
_NEXT: Final = ("review", "send", "retry", "remaining")


@dataclass(frozen=True, slots=True)
class Action:
    """A button. ``why_not`` is empty when it may be used; ``asks`` first shows a confirmation.

    One of a mailing's buttons is the ``primary`` one, except where it only has to be waited.
    """

    name: str
    label: str
    why_not: str = ""
    asks: bool = False
    primary: bool = False

    @property
    def url_name(self) -> str:
        """Where it is posted to, or where the review leads."""
        return "mailings:review" if self.name == "review" else f"delivery:{self.name}"

    @property
    def enabled(self) -> bool:
        return not self.why_not


def actions_for(
    run: Run | None,
    mailing: Mailing,
    now: datetime,
    *,
    many: bool = False,
    edited: bool = False,
) -> list[Action]:
    """The buttons of the panel, in their order. Needs ``mailing.owner`` to be loaded.

    ``many``: the audience is so large that the button first asks. ``edited``: the message is not
    any more what a paused run sends.
    """
    asks = now < mailing.starts_at or many
    start = Action("send", _("Send now"), _why_not_send(run, mailing, now), asks=asks)
    if run is None and mailing.is_draft:
        start = Action("review", _("Review…"))
    actions = [
        start,
        *_passing_over(run, mailing),
        *_holding(run, mailing, now),
        *(_editing(run) if run is not None and edited else []),
        Action("stop", _("Stop"), _why_not_open(run), asks=True),
        *_again(run, mailing, now),
        Action("reset", _("Send again to everyone"), _why_not_reset(run), asks=True),
    ]
    if run is None and mailing.scheduled and now < mailing.starts_at:
        return actions
    is_open = run is not None and run.state != Run.State.DONE
    return _with_primary(actions, _OPEN_NEXT if is_open else _NEXT)


def _with_primary(actions: Sequence[Action], names: Sequence[str]) -> list[Action]:
    enabled = {action.name for action in actions if action.enabled}
    first = next((name for name in names if name in enabled), "")
    return [replace(action, primary=action.name == first) for action in actions]


def _again(run: Run | None, mailing: Mailing, now: datetime) -> list[Action]:
    """Another chance in the same run, for those who were not served; shown when there are any."""
    if run is None:
        return []
    why_not = _stopping(run) if run.state != Run.State.DONE else ""
    why_not = why_not or _why_not_move(mailing, now)
    buttons = []
    if run.failed:
        label = _("Retry failed (%(count)d)") % {"count": run.failed}
        if run.state == Run.State.PREPARING:
            label = _("Try the missing files again (%(count)d)") % {"count": run.failed}
        buttons.append(Action("retry", label, why_not, asks=True))
    if left := run.cancelled + run.expired:
        label = _("Send to remaining (%(count)d)") % {"count": left}
        buttons.append(Action("remaining", label, why_not))
    return buttons


def _passing_over(run: Run | None, mailing: Mailing) -> list[Action]:
    """The next start of a repeated mailing may be left out."""
    if run is None and mailing.repeat and mailing.status == Mailing.Status.CREATED:
        return [Action("skip", _("Skip this run"))]
    return []


def _editing(run: Run) -> list[Action]:
    """In a pause the rest may get the message as it is now."""
    label = _("Use the edited message for the remaining %(count)d") % {"count": run.pending}
    why_not = _("Waiting for messages already being sent.") if run.sending else _stopping(run)
    return [Action("refresh", label, why_not)]


def _holding(run: Run | None, mailing: Mailing, now: datetime) -> list[Action]:
    """Pause or its end; a wait may be ended too, but not the one for the start."""
    if run is not None and run.state == Run.State.PAUSED:
        why_not = _stopping(run) or _sender_paused(run) or _why_not_move(mailing, now)
        return [Action("resume", _("Resume"), why_not)]
    if run is None and mailing.status == Mailing.Status.CREATED:
        if mailing.is_draft:
            return []
        return [Action("pause", _("Unschedule"))]
    pause = Action("pause", _("Pause"), _why_not_open(run))
    if run is None or run.state != Run.State.DEFERRED or run.reason == Run.Reason.BEFORE_START:
        return [pause]
    why_not = _stopping(run) or _sender_paused(run) or _why_not_move(mailing, now)
    return [Action("resume", _("Retry now"), why_not), pause]


def _why_not_send(run: Run | None, mailing: Mailing, now: datetime) -> str:
    if run is None:
        closed = mailing.status == Mailing.Status.COMPLETED
        return _("The mailing is closed.") if closed else _why_not_move(mailing, now)
    if run.state == Run.State.DONE:
        return _("This run is finished. Use “Send again to everyone”.")
    if run.state == Run.State.PAUSED:
        return _why_not_move(mailing, now) or _("The mailing is paused. Use “Resume”.")
    return _("Already sending.")


def _why_not_move(mailing: Mailing, now: datetime) -> str:
    """What forbids this mailing to be sent at all at this moment."""
    if not mailing.is_active:
        return _("A manager has disabled this mailing.")
    if not mailing.owner.is_active:
        return _("The owner is blocked.")
    if now >= mailing.ends_at:
        return _("The sending window has ended.")
    return ""


def _why_not_open(run: Run | None) -> str:
    if run is None:
        return _("Not started yet.")
    if run.state == Run.State.DONE:
        return _("This run is finished.")
    return _stopping(run)


def _stopping(run: Run) -> str:
    return _("The mailing is being stopped.") if run.stopping else ""


def _sender_paused(run: Run) -> str:
    return _("Only a manager can lift this pause.") if run.reason in RATES else ""


def _why_not_reset(run: Run | None) -> str:
    if run is None:
        return _("This mailing hasn’t been sent yet.")
    if run.state != Run.State.DONE:
        return _("This mailing is being sent. Stop it first.")
    return ""
