"""The installation's own sentences about a delivery, kept as codes and read in any language.

Where a server's reply is kept, the sender itself sometimes has something to say: a stop, an end, a
lost connection. That is stored as ``@code`` with its values behind it, divided by blanks; only the
last value may hold blanks, and may be such a text itself. ``wording.in_words`` reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from apps.core.errors import gettext_noop as _
from apps.core.template_language import RenderRefused

_MARK: Final = "@"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``words`` with places for ``values``. ``before``: how it was stored when it had no code."""

    words: str
    values: tuple[str, ...] = ()
    before: str = ""


SENTENCES: Final[dict[str, Sentence]] = {
    # --- the ledger ---
    "run_stopped": Sentence(_("the run was stopped"), before="the run was stopped"),
    "window_ended": Sentence(
        _("the mailing's end came first"), before="the mailing's end came first"
    ),
    "hours_too_late": Sentence(
        _("the working hours do not come before the mailing's end"),
        before="the working hours do not come before the mailing's end",
    ),
    "local_hours_too_late": Sentence(
        _("the recipient's hours of the day do not come before the mailing's end"),
        before="the recipient's hours of the day do not come before the mailing's end",
    ),
    "poison": Sentence(
        _("%(count)s workers died with this message in hand"),
        ("count",),
        r"(?P<count>\d+) workers died with this message in hand",
    ),
    "accepted_unrecorded": Sentence(
        _("accepted; the worker died before it could record the reply"),
        before="accepted; the worker died before it could record the reply",
    ),
    "worker_died": Sentence(
        _("the worker died while the message may have been leaving"),
        before="the worker died while the message may have been leaving",
    ),
    "status_changed": Sentence(
        _("%(actor)s: %(mailing_before)s → %(mailing_after)s"),
        ("mailing_before", "mailing_after", "actor"),
        r"(?P<actor>.+): (?P<mailing_before>created|running|completed)"
        r" -> (?P<mailing_after>created|running|completed)",
    ),
    "decided": Sentence(
        _("%(actor)s: %(state_before)s → %(state_after)s"),
        ("state_before", "state_after", "actor"),
        r"(?P<actor>.+): (?P<state_before>unknown)"
        r" -> (?P<state_after>sent|failed|pending|delivered|refused)",
    ),
    # --- a message that cannot be written for one recipient: the codes of RenderRefused ---
    "template_failed": Sentence(
        _("the template breaks with this recipient's data: %(detail)s"),
        ("detail",),
        "template_failed: (?P<detail>.*)",
    ),
    "bad_text": Sentence(_("a value holds a broken character"), before="bad_text: .*"),
    "bad_url": Sentence(
        _("a value used as a link is not an http, https, mailto or tel address"),
        before="bad_url: .*",
    ),
    "bad_style": Sentence(
        _("a value used in a style is not a plain number, colour or word"), before="bad_style: .*"
    ),
    "bad_address": Sentence(
        _("the address cannot be written in a message"), before="bad_address: .*"
    ),
    "header_injection": Sentence(
        _("there is a line break or a control character in a header's value"),
        before="header_injection: .*",
    ),
    "text_empty": Sentence(
        _("nothing is left of the text for this recipient"), before="text_empty: .*"
    ),
    "telegram_too_long": Sentence(
        _("%(count)s characters; Telegram takes %(most)s"),
        ("count", "most"),
        r"telegram_too_long: (?P<count>\d+) characters; Telegram takes (?P<most>\d+)\.",
    ),
    # --- channels ---
    "written": Sentence(_("saved to a file: %(file)s"), ("file",), r"written to (?P<file>\S+)"),
    "no_phone": Sentence(
        _("the address is not a phone number"), before="the address is not a phone number"
    ),
    "no_chat": Sentence(
        _("the address is not a chat's number"), before="the address is not a chat's number"
    ),
    "chat_busy": Sentence(_("too many messages to this chat at a time")),
    "no_code": Sentence(
        _("no code in the answer: %(reply)s"), ("reply",), "no code in the answer: (?P<reply>.*)"
    ),
    "no_track": Sentence(
        _("no track.id in the answer: %(reply)s"),
        ("reply",),
        r"no track\.id in the answer: (?P<reply>.*)",
    ),
    "no_bot_api": Sentence(
        _("not an answer of the Bot API: %(reply)s"),
        ("reply",),
        "not an answer of the Bot API: (?P<reply>.*)",
    ),
    "log_in_refused": Sentence(
        _("the log-in was refused: %(reply)s"), ("reply",), "the log-in was refused: (?P<reply>.*)"
    ),
    "redirects": Sentence(_("more than 10 redirects"), before="more than 10 redirects"),
    "redirect_elsewhere": Sentence(
        _("a redirect to another host was not followed"),
        before="a redirect to another host was not followed",
    ),
    "pause_asked": Sentence(
        _("the service asked for a pause"), before="the far side asked for a pause"
    ),
    "no_trust": Sentence(
        _("%(count)s times in a row no answer that can be trusted; the last: %(reply)s"),
        ("count", "reply"),
        r"(?P<count>\d+) times in a row no answer that can be trusted; the last: (?P<reply>.*)",
    ),
    "all_refused": Sentence(
        _("%(count)s were refused in a row; the last: %(reply)s"),
        ("count", "reply"),
        r"(?P<count>\d+) were refused in a row; the last: (?P<reply>.*)",
    ),
    "trial_failed": Sentence(
        _("the trial message got no answer that can be trusted: %(reply)s"), ("reply",)
    ),
    "trial_refused": Sentence(_("the trial message was refused, too: %(reply)s"), ("reply",)),
    "connection_dropped": Sentence(
        _("the connection was dropped before an answer came"),
        before="the connection was dropped before an answer came",
    ),
    "certificate": Sentence(
        _("the certificate is not to be trusted: %(why)s"),
        ("why",),
        "the certificate is not to be trusted: (?P<why>.*)",
    ),
    "bad_path": Sentence(
        _("the path of the call is not plain"), before="the path of the call is not plain"
    ),
    "no_http": Sentence(
        _("the answer is not HTTP, or breaks off (%(error)s)"),
        ("error",),
        r"the answer is not HTTP, or breaks off \((?P<error>.*)\)",
    ),
    "answer_too_long": Sentence(_("the answer is too long"), before="the answer is too long"),
    "answer_not_final": Sentence(
        _("the answer is not a final one"), before="the answer is not a final one"
    ),
    "answer_encoded": Sentence(
        _("the answer came in an encoding not asked for"),
        before="the answer came in an encoding not asked for",
    ),
    "answer_broken": Sentence(_("the answer breaks off"), before="the answer breaks off"),
    "no_answer_in_time": Sentence(
        _("the server did not answer in time"), before="the far side did not answer in time"
    ),
    "connection_lost": Sentence(_("the connection was lost"), before="the connection was lost"),
    "no_such_host": Sentence(_("there is no such host"), before="no such host"),
    "backend_accepted": Sentence(_("accepted by the backend"), before="accepted by the backend"),
    "backend_accepted_as": Sentence(
        _("accepted by the backend; id=%(id)s"), ("id",), "accepted by the backend; id=(?P<id>.*)"
    ),
    "backend_none": Sentence(_("the backend counted 0 sent"), before="the backend counted 0 sent"),
    "private_address": Sentence(
        _("the address lies inside a private network"),
        before="the address lies inside a private network",
    ),
    # --- SMTP ---
    "smtp_after_dot": Sentence(
        _("the connection broke after the final dot: %(reply)s"),
        ("reply",),
        "the line broke after the final dot: (?P<reply>.*)",
    ),
    "smtp_before_dot": Sentence(
        _("the connection broke before the final dot: %(reply)s"),
        ("reply",),
        "the line broke before the final dot: (?P<reply>.*)",
    ),
    "smtp_at_envelope": Sentence(
        _("the connection broke at this message's envelope: %(reply)s"),
        ("reply",),
        "the line broke at this letter's envelope: (?P<reply>.*)",
    ),
    "smtp_closed": Sentence(
        _("the server closed the connection"), before="the server closed the connection"
    ),
    "smtp_timeout": Sentence(_("timed out at %(stage)s"), ("stage",), "timed out at (?P<stage>.*)"),
    "smtp_unexpected": Sentence(
        _("unexpected at %(stage)s: %(reply)s"),
        ("stage", "reply"),
        "unexpected (?:at (?:the )?|after the )(?P<stage>[^:]+): (?P<reply>.*)",
    ),
    "smtp_no_connection": Sentence(
        _("no connection could be opened"), before="no connection could be opened"
    ),
    "smtp_slow_connection": Sentence(
        _("the connection could not be opened in time"),
        before="the connection could not be opened in time",
    ),
    "smtp_given_up": Sentence(
        _("the connection was given up"), before="the connection was given up"
    ),
    "smtp_channel_closed": Sentence(_("the channel was closed"), before="the channel was closed"),
    "smtp_held": Sentence(
        _("it was not allowed to leave any more"), before="it was not allowed to leave any more"
    ),
    "smtp_early_reply": Sentence(
        _("a reply came before the message had been sent"),
        before="a reply came before the message had been sent",
    ),
    "smtp_sender_ignored": Sentence(
        _("the server takes a message whose sender it refused"),
        before="the server takes a message whose sender it refused",
    ),
}
#: What a value that is a code itself is called, by the beginning of its name.
VALUES: Final[dict[str, dict[str, str]]] = {
    "mailing": {"created": _("Created"), "running": _("Running"), "completed": _("Completed")},
    "state": {
        "pending": _("waiting"),
        "sent": _("sent"),
        "delivered": _("delivered"),
        "refused": _("refused later"),
        "failed": _("refused"),
        "unknown": _("unknown"),
    },
}
_BEFORE: Final = [
    (code, re.compile(one.before, re.DOTALL)) for code, one in SENTENCES.items() if one.before
]


def coded(code: str, *values: object) -> str:
    """The sentence as it is stored. Every value but the last is one word."""
    assert len(values) == len(SENTENCES[code].values), code
    return " ".join([f"{_MARK}{code}", *map(str, values)])


def unwritten(refusal: RenderRefused) -> str:
    """Why a message could not be written for one recipient, as it is stored."""
    sentence = SENTENCES.get(refusal.code)
    if sentence is None:
        return f"{refusal.code}: {refusal}"
    values = sentence.values
    return coded(refusal.code, *str(refusal).split(" ", len(values) - 1) if values else ())


def read(text: str) -> tuple[Sentence, dict[str, str]] | None:
    """The sentence that was stored, with its values; None for what somebody else said."""
    if text.startswith(_MARK):
        name, _blank, rest = text[1:].partition(" ")
        sentence = SENTENCES.get(name)
        if sentence is None:
            return None
        found = rest.split(" ", max(len(sentence.values) - 1, 0)) if sentence.values else []
        found += [""] * (len(sentence.values) - len(found))
        return sentence, dict(zip(sentence.values, found, strict=True))
    for name, pattern in _BEFORE:
        if match := pattern.fullmatch(text):
            return SENTENCES[name], match.groupdict()
    return None
