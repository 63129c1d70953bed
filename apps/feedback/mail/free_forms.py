"""Mail that came back in no form that a standard knows: what servers write as they please."""

from __future__ import annotations

import logging
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

import structlog
from flufl.bounce import all_failures

from apps.feedback.mail.parts import RETURNED, RETURNED_HEADERS, parts
from apps.feedback.rules import Kind
from apps.feedback.tracking_event import plain

#: So much of a text is looked at for words.
_MOST_TEXT: Final = 4000
_REFUSED = re.compile(r"^[ \t]*<?([^\s<>:@]{1,64}@[\w.-]{1,255})>?:[ \t]+5\d\d[ -]", re.MULTILINE)
log = structlog.get_logger(__name__)
# A mail that one of its detectors cannot read is no fault of the program: no traceback.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

#: A reader's program says that a letter was shown, or deleted: RFC 8098, RFC 6533.
_RECEIPTS: Final = (
    "message/disposition-notification",
    "message/global-disposition-notification",
)
#: RFC 3834, 5, and what programs wrote before it.
_ANSWERED: Final = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From")
_AWAY = re.compile(
    r"\b(?:out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response|antwort)|vacation"
    r"|on holiday|away (?:from|until)|abwesenheit|r[eé]ponse automatique|absence du bureau"
    r"|respuesta autom[aá]tica|fuera de (?:la )?oficina|resposta autom[aá]tica|risposta automatica"
    r"|autorespon\w+)\b|автоответ|автоматическ\w+ ответ|в отпуске|нет на месте|не в офисе"
    r"|自動返信|自动回复|자동 회신",
    re.IGNORECASE,
)
_SERVER = re.compile(
    r"mailer[-_. ]?daemon|\bpost_?master\b|\bmail(?:er)?[-_. ]?(?:delivery|system|router"
    r"|admin)\w*\b"
    r"|\b(?:mdaemon|mta|bounces?)[\w.+-]*@|\bowner-[\w.+-]+@|-(?:owner|admin|request|bounces)@",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:undeliver\w*|non-?deliver\w*|not (?:be )?deliver\w*|deliver\w* (?:status|fail\w*|problem"
    r"|error|report)|fail\w* (?:notice|deliver\w*|mail)|returned (?:mail|e-?mail|message|to sender)"
    r"|mail (?:error|fail\w*|system error)|unzustellbar\w*|non remis|no entregad\w*)\b"
    r"|не (?:доставлен|вручен|вручён)|недоставлен|возврат|退信|配信できません",
    re.IGNORECASE,
)

#: The message is still being delivered: its server warns, and goes on trying.
_DELAYED = re.compile(
    r"\b(?:will|shall) (?:now )?(?:keep|continue|go on|be) (?:on )?(?:try|retr|attempt)\w*"
    r"|\b(?:attempts?|retries) (?:to deliver \w+ \w+ )?will (?:continue|be made)"
    r"|\bdo(?:es)? not need to (?:re-?)?send|\b(?:warning|notification) (?:message )?only\b"
    r"|\b(?:has|have) not yet been delivered|\bstill (?:undelivered|being retried|in the queue)"
    r"|\bdeliver\w* (?:is |was |has been |temporarily )?delayed\b|\bdelayed (?:mail|delivery)\b"
    r"|\b(?:message|mail|letter|delivery) (?:is |was |has been )?delayed\b"
    r"|доставка .{0,40}(?:задерж|отлож)|\bпопытк\w* .{0,40}(?:продолж|повтор)|повторять попытки"
    r"|weitere zustellversuche|verz[oö]gert\w* zustell",
    re.IGNORECASE,
)
#: The message is no longer being delivered.
_GIVEN_UP = re.compile(
    r"\bgiv(?:e|es|en|ing) up|\bno (?:further|more) (?:\w+ )?(?:attempts?|tries|retr\w+)"
    r"|\bpermanent"
    r"|\bexpired\b|\bwill not be (?:retried|delivered|tried)|\breturned to (?:the )?sender"
    r"|\bcould not be delivered|(?<![\d.])5\d\d[ -]|(?<![\d.])5\.\d{1,3}\.\d",
    re.IGNORECASE,
)
_DELIVERED = re.compile(
    r"\bsuccess(?:fully|\b.{0,40}\bdeliver)|\(success\)|\b(?:was|been) (?:\w+ )?relayed to\b"
    r"|успешно доставлен",
    re.IGNORECASE,
)


def is_json(text: str) -> bool:
    """Events of a provider that somebody had sent by mail: nothing has proved them."""
    return text.lstrip()[:1] in ("{", "[") and '":' in text[:2000]


def failures_in(message: Message) -> list[tuple[str, str]]:
    """The addresses that failed, for now and for good, as flufl.bounce knows many servers."""
    for name in ("From", "Subject"):  # its detectors take both for granted
        if name not in message:
            message[name] = ""
    try:
        passing, permanent = all_failures(message)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        log.info("bounce_unreadable", error=type(error).__name__)
        return []
    found = [(Kind.DEFERRED, one) for one in sorted(passing)]
    found += [(Kind.BOUNCED, one) for one in sorted(permanent)]
    return [(kind.value, plain(one.decode("utf-8", "replace"))) for kind, one in found]


def refused_in(text: str) -> list[str]:
    """The addresses at the beginning of lines that go on with a server's refusal."""
    return [plain(one) for one in dict.fromkeys(_REFUSED.findall(text))]


def is_bounce(message: Message, *, marked: bool) -> bool:
    """True if a mail server wrote this, and not a person or a person's machine.

    To an address that one letter had alone (``marked``) it needs no more than a sign:
    the empty envelope sender (RFC 5321, 4.5.5), the name of a server, or the form of a report.
    What people's own machines answer is none (RFC 3834; receipts, RFC 8098), nor what people
    write.
    """
    subject = _subject(message)
    if parts(message, *_RECEIPTS):
        return False
    if _is_servers(message):
        return not _AWAY.search(subject)
    if not marked or _is_answer(message):
        return False
    returned = parts(message, *RETURNED, *RETURNED_HEADERS)
    return bool(_has_no_sender(message) or returned or _FAILED.search(subject))


def kind_of(message: Message, text: str) -> str:
    """What a server's mail in no known form says of the message.

    It is a bounce, unless it says that the letter arrived or is still being tried.
    """
    searched = f"{_subject(message)}\n{text[:_MOST_TEXT]}"
    if _GIVEN_UP.search(searched):
        return Kind.BOUNCED
    if _DELAYED.search(searched):
        return Kind.DEFERRED
    return Kind.DELIVERED if _DELIVERED.search(searched) else Kind.BOUNCED


def _is_servers(message: Message) -> bool:
    sender = plain(message.get("From"))
    return (
        bool(_SERVER.search(sender))
        or message.get_content_type() == "multipart/report"
        or "X-Failed-Recipients" in message
    )


def _is_answer(message: Message) -> bool:
    submitted = plain(message.get("Auto-Submitted")).lower()
    precedence = plain(message.get("Precedence")).lower()
    return (
        submitted.startswith("auto-replied")
        or precedence in ("auto_reply", "auto-reply")
        or any(name in message for name in _ANSWERED)
        or "X-MS-Exchange-Inbox-Rules-Loop" in message
        or bool(_AWAY.search(_subject(message)))
    )


def _has_no_sender(message: Message) -> bool:
    path = message.get("Return-Path")
    return path is not None and plain(path).strip("<> ").lower() in ("", "mailer-daemon")


def _subject(message: Message) -> str:
    try:
        return plain(make_header(decode_header(str(message.get("Subject", ""))[:2000])))
    except (ValueError, LookupError, HeaderParseError):
        return plain(message.get("Subject"))
