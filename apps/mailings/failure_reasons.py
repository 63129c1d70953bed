"""Why a delivery did not arrive, as one of a few reasons that people understand.

Chosen by the enhanced status (RFC 3463), then by words, then by the code, from what is stored as
the reply. The rules are one table, which Python and the database read alike: so the reasons of a
million deliveries are counted and filtered without reading them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.mailings.models import Delivery

OTHER: Final = "other"
OUTCOME_UNKNOWN: Final = "outcome_unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """``pattern`` is found in "code reply" in any case; ``next_step`` says what to do about it.

    ``may_succeed``: another try has a chance though nobody changes anything.
    """

    label: Promise
    pattern: str = ""
    next_step: Promise | str = ""
    may_succeed: bool = False


def _status(*numbers: str) -> str:
    """An enhanced status with one of these subjects and details, such as ``5[.]1[.]1``."""
    return f"(^|[^0-9.])({'|'.join(numbers)})([^0-9.]|[.]?$|[.][^0-9])"


_RETRIED = _("Try again later.")
#: The first that fits is the reason. Only what Python and PostgreSQL both read as the same pattern.
REASONS: Final[dict[str, Reason]] = {
    "not_built": Reason(
        _("Message couldn’t be built for this recipient"),
        "^0 @(template_failed|bad_[a-z]+|header_injection|text_empty|telegram_too_long|poison"
        "|envelope_(8bit|no_end|nul|line_ends|long_line))",
        _("Open the recipient’s data."),
    ),
    "mailbox_missing": Reason(
        _("Mailbox doesn’t exist"),
        _status("[45][.]1[.][136]") + "|(user|recipient|mailbox|account|address) (is )?unknown"
        "|unknown (user|recipient|mailbox|account|local)|no such (user|recipient|mailbox|account)"
        "|(user|mailbox|account) (not found|does not exist|doesn't exist)|invalid mailbox"
        "|^0 @envelope_address_(signs|long)",
        _("Check the address."),
    ),
    "domain_missing": Reason(
        _("Domain doesn’t exist"),
        _status("[45][.]1[.]2", "5[.]4[.]4") + "|nxdomain|host (or domain name )?not found|no mx"
        "|^0 @envelope_address_unfit",
        _("Check the address."),
    ),
    "mailbox_disabled": Reason(
        _("Mailbox disabled"),
        _status("5[.]2[.]1") + "|(mailbox|account|user) (is )?(disabled|inactive|suspended)",
        _("Check the address."),
    ),
    "mailbox_full": Reason(
        _("Mailbox full"),
        _status("[45][.]2[.]2") + "|over ?quota|quota exceeded|mailbox (is )?full",
        _RETRIED,
        may_succeed=True,
    ),
    "too_large": Reason(
        _("Message too large"),
        _status("[45][.]3[.]4", "[45][.]2[.]3") + "|(message|size).*(too (big|large)|exceeds)"
        "|^0 @envelope_too_large",
        _("Reduce images and attachments."),
    ),
    "authentication": Reason(
        _("SPF, DKIM or DMARC check failed"),
        _status("[45][.]7[.](2[0-4]|2[679]|30)") + "|(spf|dkim|dmarc)[^a-z].*(fail|reject|policy)",
        _("Check the records of the domain."),
    ),
    "no_reverse_dns": Reason(
        _("Sending server has no reverse DNS"),
        _status("[45][.]7[.]25") + "|reverse dns|ptr record|reverse hostname",
        _("Ask the administrator."),
    ),
    "rate_limited": Reason(
        _("Provider limits the rate"),
        _status("[45][.]7[.]28") + "|too many|rate limit|too fast|throttl|^429 |@chat_busy",
        _RETRIED,
        may_succeed=True,
    ),
    "sender_rejected": Reason(
        _("Sender address rejected"),
        _status("[45][.]1[.][78]") + "|^553 |sender (address )?(rejected|refused|denied)",
        _("Check the sending account."),
    ),
    "sign_in_failed": Reason(
        _("Sign-in to the mail server failed"),
        _status("[45][.]7[.]8") + "|^53[05] |@(log_in_refused|login_|token_)",
        _("Ask the administrator."),
    ),
    "try_later": Reason(
        _("Server asked to try later"),
        "gr[ae]y ?list|try (again )?later|" + _status("4[.]7[.]1") + "|@pause_asked",
        _RETRIED,
        may_succeed=True,
    ),
    "spam_or_policy": Reason(
        _("Rejected as spam or by policy"),
        _status("5[.]7[.][0-9]+") + "|spam|blacklist|blocklist|block list|policy|^554 ",
        _("Check the content and the domain."),
    ),
    "server_unavailable": Reason(
        _("Mail server unavailable"),
        _status("4[.]4[.][0-9]+", "4[.]3[.][0-9]+") + "|timed? ?out|connection (refused|reset|lost)"
        "|unreachable|^421 |^50[234] |@(connection_|no_such_host|no_answer_in_time|no_tls)"
        "|@(certificate|smtp_(closed|no_connection|slow_connection|given_up))",
        _RETRIED,
        may_succeed=True,
    ),
    "full_by_code": Reason(_("Mailbox full"), "^[45]52 ", _RETRIED, may_succeed=True),
    "try_later_by_code": Reason(
        _("Server asked to try later"), "^4[0-9][0-9] ", _RETRIED, may_succeed=True
    ),
    OUTCOME_UNKNOWN: Reason(
        _("Outcome unknown: connection lost after hand-over"), "", _("Decide whether it arrived.")
    ),
    OTHER: Reason(_("Other response")),
}
_COMPILED: Final = {
    name: re.compile(reason.pattern, re.IGNORECASE)
    for name, reason in REASONS.items()
    if reason.pattern
}
#: Two rules with one label are one reason.
_SAME: Final = {"full_by_code": "mailbox_full", "try_later_by_code": "try_later"}
MAY_SUCCEED: Final = tuple(name for name, reason in REASONS.items() if reason.may_succeed)


def reason_name(state: str, code: int, response: str) -> str:
    """The reason of one delivery."""
    if state == Delivery.State.UNKNOWN:
        return OUTCOME_UNKNOWN
    text = f"{code} {response}"
    found = next((name for name, rule in _COMPILED.items() if rule.search(text)), OTHER)
    return _SAME.get(found, found)


def reason_words(delivery: Delivery) -> str:
    """Why it did not arrive, or not yet, in people's words; empty when there is nothing to say."""
    reply = delivery.code or delivery.response
    if delivery.state not in ("failed", "bounced", "unknown", "pending") or not reply:
        return ""
    reason = REASONS[reason_name(delivery.state, delivery.code, delivery.response)]
    if delivery.state == Delivery.State.FAILED and reason.may_succeed and delivery.tries > 1:
        text = ngettext(
            "No success after %(count)d attempt: %(reason)s",
            "No success after %(count)d attempts: %(reason)s",
            delivery.tries,
        )
        return text % {"count": delivery.tries, "reason": reason.label}
    return str(reason.label)


def of_reasons(rows: QuerySet[Delivery], names: Collection[str]) -> QuerySet[Delivery]:
    """Those that have one of these reasons, found by the database."""
    text = Concat(Cast("code", CharField()), Value(" "), F("response"), output_field=CharField())
    rules = [
        When(reply_text__iregex=rule.pattern, then=Value(_SAME.get(name, name)))
        for name, rule in REASONS.items()
        if rule.pattern
    ]
    unknown = When(state=Delivery.State.UNKNOWN, then=Value(OUTCOME_UNKNOWN))
    reason = Case(unknown, *rules, default=Value(OTHER), output_field=CharField())
    return rows.annotate(reply_text=text).annotate(reason=reason).filter(reason__in=names)
