"""Why a delivery did not arrive, as one of a few reasons that people understand.

Chosen by the enhanced status (RFC 3463), then by words, then by the code, from what is stored as
the reply. The rules are one table, which Python and the database read alike: so the reasons of a
million deliveries are counted and filtered without reading them. ``explain`` says it to a person:
pages, exports, the API and webhooks have no other words for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.responses.stored import code_of, values_of
from apps.core.text.formatting import humanize_time, in_words
from apps.mailings.models import Attempt, Delivery

OTHER: Final = "other"
OUTCOME_UNKNOWN: Final = "outcome_unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """``status`` and ``pattern`` are found in "code reply" in any case; ``next_step`` says what to
    do about it.

    ``status``: an enhanced status that names this reason and no other; it is looked for first, in
    all reasons, whatever the words beside it. ``may_succeed``: another try has a chance though
    nobody changes anything.
    """

    label: Promise
    next_step: Promise | str = ""
    status: str = ""
    pattern: str = ""
    may_succeed: bool = False


def _status(*numbers: str) -> str:
    """An enhanced status with one of these subjects and details, such as ``5[.]1[.]1``."""
    return f"(^|[^0-9.])({'|'.join(numbers)})([^0-9.]|[.]?$|[.][^0-9])"


_RETRIED = _("Try again later.")
#: The first that fits is the reason. Only what Python and PostgreSQL both read as the same pattern.
REASONS: Final[dict[str, Reason]] = {
    "not_built": Reason(
        _("Message couldn’t be built for this recipient"),
        _("Open the recipient’s data."),
        pattern="^0 @(template_failed|bad_[a-z]+|header_injection|text_empty"
        "|(telegram|max|vk)_too_long|poison|envelope_(8bit|no_end|nul|line_ends|long_line))",
    ),
    **{
        f"file_{what}": Reason(
            label, _("Put the file right, then retry."), pattern=f"^0 @file_{what}"
        )
        for what, label in {
            "missing": _("File missing"),
            "too_large": _("File too large"),
            "refused": _("File of a kind that isn’t sent"),
        }.items()
    },
    "file_unreachable": Reason(
        _("File couldn’t be fetched"), _RETRIED, pattern="^0 @file_unreachable", may_succeed=True
    ),
    "mailbox_missing": Reason(
        _("Mailbox doesn’t exist"),
        _("Check the address."),
        status=_status("[45][.]1[.][136]"),
        pattern="(user|recipient|mailbox|account|address) (is )?unknown"
        "|unknown (user|recipient|mailbox|account|local)|no such (user|recipient|mailbox|account)"
        "|(user|mailbox|account) (not found|does not exist|doesn't exist)|invalid mailbox"
        "|^0 @envelope_address_(signs|long)",
    ),
    "domain_missing": Reason(
        _("Domain doesn’t exist"),
        _("Check the address."),
        status=_status("[45][.]1[.]2", "5[.]4[.]4"),
        pattern="nxdomain|host (or domain name )?not found|no mx|^0 @envelope_address_unfit",
    ),
    "mailbox_disabled": Reason(
        _("Mailbox disabled"),
        _("Check the address."),
        status=_status("5[.]2[.]1"),
        pattern="(mailbox|account|user) (is )?(disabled|inactive|suspended)",
    ),
    "mailbox_full": Reason(
        _("Mailbox full"),
        _RETRIED,
        status=_status("[45][.]2[.]2"),
        pattern="over ?quota|quota exceeded|mailbox (is )?full",
        may_succeed=True,
    ),
    "too_large": Reason(
        _("Message too large"),
        _("Reduce images and attachments."),
        status=_status("[45][.]3[.]4", "[45][.]2[.]3"),
        pattern="(message|size).*(too (big|large)|exceeds)|^0 @envelope_too_large",
    ),
    "authentication": Reason(
        _("SPF, DKIM or DMARC check failed"),
        _("Check the records of the domain."),
        status=_status("[45][.]7[.](2[0-4]|2[679]|30)"),
        pattern="(spf|dkim|dmarc)[^a-z].*(fail|reject|policy)",
    ),
    "no_reverse_dns": Reason(
        _("Sending server has no reverse DNS"),
        _("Ask the administrator."),
        status=_status("[45][.]7[.]25"),
        pattern="reverse dns|ptr record|reverse hostname",
    ),
    "rate_limited": Reason(
        _("Provider limits the rate"),
        _RETRIED,
        status=_status("[45][.]7[.]28"),
        pattern="too many|rate limit|too fast|throttl|^429 |@chat_busy",
        may_succeed=True,
    ),
    "sender_rejected": Reason(
        _("Sender address rejected"),
        _("Check the sending account."),
        status=_status("[45][.]1[.][78]"),
        pattern="^553 |sender (address )?(rejected|refused|denied)",
    ),
    "sign_in_failed": Reason(
        _("Sign-in to the mail server failed"),
        _("Ask the administrator."),
        status=_status("[45][.]7[.]8"),
        pattern="^53[05] |@(log_in_refused|login_|token_)",
    ),
    "try_later": Reason(
        _("Server asked to try later"),
        _RETRIED,
        pattern="gr[ae]y ?list|try (again )?later|" + _status("4[.]7[.]1") + "|@pause_asked",
        may_succeed=True,
    ),
    "spam_or_policy": Reason(
        _("Rejected as spam or by policy"),
        _("Check the content and the domain."),
        pattern=_status("5[.]7[.][0-9]+") + "|spam|blacklist|blocklist|block list|policy|^554 ",
    ),
    "server_unavailable": Reason(
        _("Mail server unavailable"),
        _RETRIED,
        pattern=_status("4[.]4[.][0-9]+", "4[.]3[.][0-9]+")
        + "|timed? ?out|connection (refused|reset|lost)|unreachable|^421 |^50[234] "
        "|@(connection_|no_such_host|no_answer_in_time|no_tls)"
        "|@(certificate|smtp_(closed|no_connection|slow_connection|given_up))",
        may_succeed=True,
    ),
    "full_by_code": Reason(_("Mailbox full"), _RETRIED, pattern="^[45]52 ", may_succeed=True),
    "try_later_by_code": Reason(
        _("Server asked to try later"), _RETRIED, pattern="^4[0-9][0-9] ", may_succeed=True
    ),
    OUTCOME_UNKNOWN: Reason(
        _("Outcome unknown: connection lost after hand-over"), _("Decide whether it arrived.")
    ),
    OTHER: Reason(_("Other response")),
}
#: Two rules with one label are one reason.
_SAME: Final = {"full_by_code": "mailbox_full", "try_later_by_code": "try_later"}
#: Reason and pattern, in the order in which they are looked for.
_RULES: Final = [
    *((name, reason.status) for name, reason in REASONS.items() if reason.status),
    *((_SAME.get(name, name), rule.pattern) for name, rule in REASONS.items() if rule.pattern),
]
#: What a delivery says that waits for a frequency rule.
CAP_WAITS: Final = "cap_waits"
_COMPILED: Final = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _RULES]
#: Those whose reply names what it is about.
_NAMING: Final = frozenset(name for name in REASONS if name.startswith("file_"))
#: Every reason there is, by its code.
NAMES: Final = tuple(name for name in REASONS if name not in _SAME)
MAY_SUCCEED: Final = tuple(name for name, reason in REASONS.items() if reason.may_succeed)
#: A reply with its code before it (apps.core.responses.stored.with_code).
_CODE: Final = re.compile(r"([1-5]\d\d) (.*)", re.DOTALL)
#: States of which there is nothing to explain.
_GOOD: Final = ("sending", "sent", "delivered", "success")
_LEFT_OUT: Final = ("suppressed", "expired", "cancelled")


def reason_name(state: str, code: int, response: str) -> str:
    """The reason of one delivery or attempt."""
    if state == Delivery.State.UNKNOWN:
        return OUTCOME_UNKNOWN
    text = f"{code} {response}"
    return next((name for name, pattern in _COMPILED if pattern.search(text)), OTHER)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one recipient did not get a message, or not yet, for a person to read.

    ``reason``: its code, empty when the message was left out by ourselves; ``reply``: the server's
    own words, which are shown on demand.
    """

    reason: str
    text: str
    next_step: str
    reply: str


def explain(delivery: Delivery, *, suppressed: bool = False) -> Explanation | None:
    """Why it did not arrive, or not yet; None when there is nothing to explain.

    ``suppressed``: its address is in the suppression list by now.
    """
    state, code, response = delivery.state, delivery.code, delivery.response
    reply = raw_reply(code, response)
    if state in _GOOD or not reply and state not in ("failed", "bounced", "unknown"):
        return None
    if state in _LEFT_OUT:
        return Explanation("", capfirst(in_words(response)), "", "")
    name = reason_name(state, code, response)
    if state == Delivery.State.PENDING and code_of(response) == CAP_WAITS:
        return Explanation(name, _cap_wait(delivery), "", "")
    text = reason_text(name, code, response)
    if state == Delivery.State.FAILED and REASONS[name].may_succeed and delivery.tries > 1:
        text = _after_tries(delivery.tries, text)
    step = _("Added to the suppression list.") if suppressed else REASONS[name].next_step
    if state == Delivery.State.PENDING:
        step = next_try(delivery)
    return Explanation(name, text, str(step), "" if code_of(response) else reply)


def explain_attempt(attempt: Attempt) -> Explanation | None:
    """Why this attempt did not succeed; None for one that did, and for a manual change."""
    if attempt.kind == Attempt.Kind.AUDIT or attempt.status in _GOOD:
        return None
    name = reason_name(attempt.status, attempt.code, attempt.response)
    reply = "" if code_of(attempt.response) else raw_reply(attempt.code, attempt.response)
    text = reason_text(name, attempt.code, attempt.response)
    return Explanation(name, text, str(REASONS[name].next_step), reply)


def explain_error(response: str) -> Explanation:
    """Why an account or a connection fails, from the error that is kept of it."""
    code, reply = 0, response
    if code_of(response) == "reply_code":
        values = values_of(response)
        code, reply = int(values["number"]), values["reply"]
    elif found := _CODE.match(response):
        code, reply = int(found[1]), found[2]
    name = reason_name("failed", code, reply)
    return Explanation(
        name, reason_text(name, code, reply), str(REASONS[name].next_step), in_words(response)
    )


def raw_reply(code: int, response: str) -> str:
    """The reply as it came, its code before it."""
    return f"{code or ''} {in_words(response)}".strip()


def reason_text(name: str, code: int, response: str) -> str:
    """The reason in words; a reply that no rule knows, or that names a file, is shown as it is."""
    if name not in (OTHER, *_NAMING) or not response:
        return str(REASONS[name].label)
    if code_of(response):
        return capfirst(in_words(response))
    return gettext("Other response: %(reply)s") % {"reply": raw_reply(code, response)}


def _cap_wait(delivery: Delivery) -> str:
    """Until when the frequency rule holds it back."""
    now = timezone.now()
    if delivery.not_before is None or delivery.not_before <= now:
        return gettext("Waited for the frequency rule, and is sent next")
    when = humanize_time(delivery.not_before, now)
    return gettext("Waits for the frequency rule until %(when)s") % {"when": when}


def next_try(delivery: Delivery) -> str:
    """When the server is asked again."""
    now = timezone.now()
    if delivery.not_before is None or delivery.not_before <= now:
        return gettext("Retried automatically.")
    when = humanize_time(delivery.not_before, now)
    return gettext("Retried automatically: %(when)s.") % {"when": when}


def _after_tries(count: int, reason: str) -> str:
    text = ngettext(
        "No success after %(count)d attempt: %(reason)s",
        "No success after %(count)d attempts: %(reason)s",
        count,
    )
    return text % {"count": count, "reason": reason}


def reason_words(delivery: Delivery) -> str:
    """The same as one text; empty when there is nothing to say."""
    found = explain(delivery)
    return found.text if found else ""


def of_reasons(rows: QuerySet[Delivery], names: Collection[str]) -> QuerySet[Delivery]:
    """Those that have one of these reasons, found by the database."""
    text = Concat(Cast("code", CharField()), Value(" "), F("response"), output_field=CharField())
    rules = [When(reply_text__iregex=pattern, then=Value(name)) for name, pattern in _RULES]
    unknown = When(state=Delivery.State.UNKNOWN, then=Value(OUTCOME_UNKNOWN))
    reason = Case(unknown, *rules, default=Value(OTHER), output_field=CharField())
    return rows.annotate(reply_text=text).annotate(reason=reason).filter(reason__in=names)
