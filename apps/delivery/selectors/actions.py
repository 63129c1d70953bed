"""Which buttons a mailing offers now, and why the others do not work. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.mailings.models import Mailing, Run
from apps.mailings.wait_reasons import RATES


@dataclass(frozen=True, slots=True)
class Action:
    """A button. ``why_not`` is empty when it may be used; ``asks`` first shows a confirmation."""

    name: str
    label: str
    why_not: str = ""
    asks: bool = False

    @property
    def url_name(self) -> str:
        """Where it is posted to."""
        return f"delivery:{self.name}"

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
    return [
        Action("send", _("Send now"), _why_not_send(run, mailing, now), asks=asks),
        *_passing_over(run, mailing),
        *_holding(run, mailing, now),
        *(_editing(run) if run is not None and edited else []),
        Action("stop", _("Stop"), _why_not_open(run), asks=True),
        *_again(run, mailing, now),
        Action("reset", _("Send again to everyone"), _why_not_reset(run), asks=True),
    ]


def _again(run: Run | None, mailing: Mailing, now: datetime) -> list[Action]:
    """Another chance in the same run, for those who were not served; shown when there are any."""
    if run is None:
        return []
    why_not = _stopping(run) if run.state != Run.State.DONE else ""
    why_not = why_not or _why_not_move(mailing, now)
    buttons = []
    if run.failed:
        label = _("Retry failed (%(count)d)") % {"count": run.failed}
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
            return [Action("resume", _("Schedule"), _why_not_schedule(mailing, now))]
        return [Action("pause", _("Pause"), _why_not_move(mailing, now))]
    pause = Action("pause", _("Pause"), _why_not_open(run))
    if run is None or run.state != Run.State.DEFERRED or run.reason == Run.Reason.BEFORE_START:
        return [pause]
    why_not = _stopping(run) or _sender_paused(run) or _why_not_move(mailing, now)
    return [Action("resume", _("Retry now"), why_not), pause]


def _why_not_send(run: Run | None, mailing: Mailing, now: datetime) -> str:
    if run is None:
        closed = mailing.status == Mailing.Status.COMPLETED
        return _("It is closed.") if closed else _why_not_move(mailing, now)
    if run.state == Run.State.DONE:
        return _("This run is finished. Use “Send again to everyone”.")
    if run.state == Run.State.PAUSED:
        return _why_not_move(mailing, now) or _("It is paused. Resume it to go on.")
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


def _why_not_schedule(mailing: Mailing, now: datetime) -> str:
    if mailing.starts_at <= now:
        return _("Its start has passed: set another one, or send it now.")
    return _why_not_move(mailing, now)


def _why_not_open(run: Run | None) -> str:
    if run is None:
        return _("It has not been started yet.")
    if run.state == Run.State.DONE:
        return _("This run is done.")
    return _stopping(run)


def _stopping(run: Run) -> str:
    return _("It is being stopped.") if run.stopping else ""


def _sender_paused(run: Run) -> str:
    return _("Only a manager can lift this pause.") if run.reason in RATES else ""


def _why_not_reset(run: Run | None) -> str:
    if run is None:
        return _("It has not been sent yet: there is nothing to reset.")
    if run.state != Run.State.DONE:
        return _("This mailing is being sent. Stop it first.")
    return ""
