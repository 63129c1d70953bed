"""Notices as their reader sees them: a sentence in the own language, and where to look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.text.formatting import figure, in_words, kept_words
from apps.delivery.monitoring.approval_notices import subject_of
from apps.mailings.models import Channel, Run
from apps.mailings.wait_reasons import advice_of, rate_figures, reason_of
from apps.users.models import Notification


@dataclass(frozen=True, slots=True)
class RenderedNotification:
    """One notification in words. ``url`` is empty when there is nothing more to see."""

    notification: Notification
    text: str
    url: str


def render(notification: Notification) -> RenderedNotification:
    """The notification in the language that is active."""
    facts = notification.facts
    sentence = _SENTENCES.get(notification.code)
    return RenderedNotification(
        notification, sentence(facts) if sentence else notification.code, _place(facts)
    )


def _place(facts: dict[str, Any]) -> str:
    if "approval" in facts:
        return reverse("delivery:approval", args=[facts["mailing"]])
    if "erasure" in facts:
        return reverse("privacy:erasure", args=[facts["erasure"]])
    if "form" in facts:
        return f"{reverse('forms:detail', args=[facts['form']])}?state=held"
    if facts.get("import"):
        return reverse("imports:detail", args=[facts["import"]])
    if "domain" in facts:
        return reverse("sending:domains")
    if "webhook" in facts:
        return reverse("webhooks:detail", args=[facts["webhook"]])
    if "user" in facts:
        status = "paused" if "reason" in facts else "waiting"
        return f"{reverse('management:users')}?status={status}"
    return reverse("mailings:detail", args=[facts["mailing"]]) if "mailing" in facts else ""


def _missed(facts: dict[str, Any]) -> str:
    text = _("“%(name)s” missed its start. Send it now or skip this run.")
    return text % facts


def _refused(facts: dict[str, Any]) -> str:
    text = _("“%(name)s” is due and cannot start: %(reason)s.")
    return text % {**facts, "reason": kept_words(facts["refusal"]).rstrip(".")}


def _feed_failed(facts: dict[str, Any]) -> str:
    text = _("The feed of “%(name)s” could not be read until the end of its time: %(reason)s.")
    return text % {**facts, "reason": kept_words(facts["refusal"]).rstrip(".")}


def _account_down(facts: dict[str, Any]) -> str:
    text = _("The sending account %(account)s needs attention: %(error)s")
    return text % {**facts, "error": in_words(facts["error"])}


def _domain_broke(facts: dict[str, Any]) -> str:
    return _("The domain %(domain)s needs attention: %(what)s.") % facts


def _complaints_high(facts: dict[str, Any]) -> str:
    text = _(
        "Of what %(account)s sent from %(domain)s in 7 days, %(share)s %% was reported as spam"
        " (%(count)s of %(sent)s). Gmail recommends less than 0.1 %%."
    )
    share = figure(facts["share"])  # with two places: the line is at a tenth of a percent
    return text % {**facts, **rate_figures(facts["detail"]), "share": share}


def _complaints_stopped(facts: dict[str, Any]) -> str:
    text = _(
        "%(account)s sends nothing from %(domain)s until %(until)s: %(share)s %% was reported as"
        " spam (%(count)s of %(sent)s, the limit is %(limit)s %%)."
    )
    figures = rate_figures(facts["detail"])
    return text % {**facts, **figures, "until": _moment(facts["until"])}


def _complained(facts: dict[str, Any]) -> str:
    text = _("%(recipient)s has complained about “%(name)s” and is suppressed.")
    return text % facts


def _start_asked(facts: dict[str, Any]) -> str:
    text = _("%(agent)s asks you to start “%(name)s”. Nothing is sent until you do.")
    return text % facts


def _waits(facts: dict[str, Any]) -> str:
    text = {"name": facts["name"], "reason": _reason(facts)}
    if not facts["until"]:
        return _("“%(name)s” is waiting: %(reason)s.") % text
    when = _moment(facts["until"])
    return _("“%(name)s” waits until %(when)s: %(reason)s.") % {**text, "when": when}


def _ended(facts: dict[str, Any]) -> str:
    parts = {
        "failed": _("failed: %(count)d"),
        "unknown": _("unknown: %(count)d"),
        "expired": _("expired: %(count)d"),
        "cancelled": _("not sent: %(count)d"),
    }
    counts = {name: facts.get(name, 0) for name in parts}
    figures = [text % {"count": counts[name]} for name, text in parts.items() if counts[name]]
    params = {"name": facts["name"], "figures": ", ".join(figures)}
    if facts.get("outcome") == Run.Outcome.CANCELLED:
        return _("“%(name)s” was stopped (%(figures)s).") % params
    return _("“%(name)s” finished with errors (%(figures)s).") % params


def _webhook_paused(facts: dict[str, Any]) -> str:
    text = _("Your webhook to %(host)s is paused: its calls failed too often (%(error)s).")
    return text % {**facts, "error": in_words(facts["error"])}


def _automation_notice(facts: dict[str, Any]) -> str:
    text = ngettext(
        "“%(name)s”: %(text)s (%(names)s; %(people)d recipient)",
        "“%(name)s”: %(text)s (%(names)s; %(people)d recipients)",
        facts["people"],
    )
    return text % facts


def _user_waits(facts: dict[str, Any]) -> str:
    return _("%(email)s has signed up, and waits for somebody to approve the account.") % facts


def _sending_paused(facts: dict[str, Any]) -> str:
    text = _("Your sending is paused: %(reason)s. %(advice)s")
    until = ""
    if facts["until"]:
        text = _("Your sending is paused until %(until)s: %(reason)s. %(advice)s")
        until = _moment(facts["until"])
    advice = advice_of(facts["reason"])
    return text % {"reason": _reason(facts), "advice": advice, "until": until}


def _user_paused(facts: dict[str, Any]) -> str:
    text = _("Sending of %(email)s is paused: %(reason)s. Check the lists, then lift the pause.")
    return text % {"email": facts["email"], "reason": _reason(facts)}


def _signups_held(facts: dict[str, Any]) -> str:
    text = _("Sign-ups by the form “%(name)s” are held: there are too many of them. Check them.")
    return text % facts


def _pull_failed(facts: dict[str, Any]) -> str:
    return _("Recipients could not be imported from the source “%(source)s”.") % facts


def _erasure_asked(facts: dict[str, Any]) -> str:
    text = _("Somebody asks you to erase their data. It is done on %(day)s, unless you refuse.")
    return text % {"day": _moment(facts["day"])}


def _approval(state: str) -> Callable[[dict[str, Any]], str]:
    return lambda facts: (subject_of(state) % facts).rstrip(": ")


def _reason(facts: dict[str, Any]) -> str:
    channel = facts.get("channel", Channel.EMAIL)
    return reason_of(Run(channel=channel, reason=facts["reason"], reason_detail=facts["detail"]))


def _moment(stored: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(stored)), "DATETIME_FORMAT")


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "run_waits": _waits,
    "run_ended": _ended,
    "start_missed": _missed,
    "start_asked": _start_asked,
    "start_refused": _refused,
    "feed_failed": _feed_failed,
    "account_down": _account_down,
    "domain_broke": _domain_broke,
    "complaints_high": _complaints_high,
    "complaints_stopped": _complaints_stopped,
    "complained": _complained,
    "webhook_paused": _webhook_paused,
    "automation_notice": _automation_notice,
    "user_waits": _user_waits,
    "sending_paused": _sending_paused,
    "user_paused": _user_paused,
    "signups_held": _signups_held,
    "pull_failed": _pull_failed,
    "erasure_asked": _erasure_asked,
    "approval_waiting": _approval("waiting"),
    "approval_approved": _approval("approved"),
    "approval_returned": _approval("returned"),
}
