"""Texts of our own responses by code; apps.core.responses.stored keeps the codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apps.core.errors import gettext_noop as _

#: The value that is a response itself: one of ours or somebody else's.
REPLY: Final = "reply"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``words`` with places for ``values``. All but the last are one word; REPLY stands last."""

    words: str
    values: tuple[str, ...] = ()


_LEDGER: Final = {
    "run_stopped": Sentence(_("the run was stopped")),
    "window_ended": Sentence(_("the mailing's end came first")),
    "hours_too_late": Sentence(_("the working hours do not come before the mailing's end")),
    "local_hours_too_late": Sentence(
        _("the recipient's hours of the day do not come before the mailing's end")
    ),
    "poison": Sentence(_("%(count)s workers died with this message in hand"), ("count",)),
    "accepted_unrecorded": Sentence(
        _("accepted; the worker died before it could record the reply")
    ),
    "worker_died": Sentence(_("the worker died while the message may have been leaving")),
    "status_changed": Sentence(
        _("%(actor)s: %(mailing_before)s → %(mailing_after)s"),
        ("mailing_before", "mailing_after", "actor"),
    ),
    "decided": Sentence(
        _("%(actor)s: %(state_before)s → %(state_after)s"),
        ("state_before", "state_after", "actor"),
    ),
}
_LIMITS: Final = {  # a limit that is full: in what time, and whose it is
    "limit_second": Sentence(_("%(used)s of %(limit)s this second"), ("used", "limit")),
    "limit_minute": Sentence(_("%(used)s of %(limit)s this minute"), ("used", "limit")),
    "limit_hour": Sentence(_("%(used)s of %(limit)s this hour"), ("used", "limit")),
    "limit_day": Sentence(_("%(used)s of %(limit)s today"), ("used", "limit")),
    "limit_month": Sentence(_("%(used)s of %(limit)s this month"), ("used", "limit")),
    "limit_quota": Sentence(_("%(limit)s by the provider's count"), ("limit",)),
    "limit_asked": Sentence(_("the provider asked for a pause of %(seconds)s s"), ("seconds",)),
    "rate_too_high": Sentence(
        _("%(count)s of %(sent)s sent, %(share)s %%; the limit is %(limit)s %%"),
        ("count", "sent", "share", "limit"),
    ),
    "seed_gone": Sentence(_("the probe mailbox %(seed)s is no longer in .env"), ("seed",)),
    "of_account": Sentence(_("%(reply)s on account %(account)s"), ("account", REPLY)),
    "of_user": Sentence(_("%(reply)s for this user"), (REPLY,)),
    "of_new_user": Sentence(
        _("%(reply)s for a new user, until a manager lifts this limit"), (REPLY,)
    ),
}
_MESSAGE: Final = {  # a message that cannot be written for one recipient: RenderRefused
    "template_failed": Sentence(
        _("the template breaks with this recipient's data: %(reply)s"), (REPLY,)
    ),
    "template_line": Sentence(_("line %(line)s: %(reply)s"), ("line", REPLY)),
    "template_limits": Sentence(_("it takes too long to be written, or grows too big")),
    "template_syntax": Sentence(_("it cannot be understood: %(error)s"), ("error",)),
    "template": Sentence(_("it cannot be filled in")),
    "bad_text": Sentence(_("a value holds a broken character")),
    "bad_url": Sentence(_("a value used as a link is not an http, https, mailto or tel address")),
    "bad_style": Sentence(_("a value used in a style is not a plain number, colour or word")),
    "bad_address": Sentence(_("the address cannot be written in a message")),
    "header_injection": Sentence(
        _("there is a line break or a control character in a header's value")
    ),
    "text_empty": Sentence(_("nothing is left of the text for this recipient")),
    "telegram_too_long": Sentence(
        _("%(count)s characters; Telegram takes %(most)s"), ("count", "most")
    ),
    "max_too_long": Sentence(
        _("%(count)s characters with the markup; MAX takes %(most)s"), ("count", "most")
    ),
    "vk_too_long": Sentence(_("%(count)s characters; VK takes %(most)s"), ("count", "most")),
}
_FILES: Final = {  # a file that one recipient gets alone
    "files_count": Sentence(_("%(used)s of %(limit)s"), ("used", "limit")),
    "files_wait": Sentence(_("waits for the recipient's files")),
    "file_missing": Sentence(_("the file “%(file_name)s” is missing"), ("file_name",)),
    "file_too_large": Sentence(_("the file “%(file_name)s” is too large"), ("file_name",)),
    "file_refused": Sentence(
        _("the file “%(file_name)s” is not what its name says, or of a kind that is not sent"),
        ("file_name",),
    ),
    "file_unreachable": Sentence(
        _("the file “%(file_name)s” could not be fetched"), ("file_name",)
    ),
}
_REFUSED: Final = {  # what was not begun: the codes of Refused
    "account_unknown": Sentence(_("there is no sending account “%(name)s” in .env"), ("name",)),
    "account_out": Sentence(_("sending account disabled")),
    "address_refused": Sentence(_("this address may not be called")),
    "limit_reached": Sentence(_("the limit of the sending account is used up")),
    "attachment_missing": Sentence(
        _("the file of the attachment “%(name)s” is missing or damaged: attach it again"),
        ("name",),
    ),
    "content": Sentence(_("the message cannot be sent as it is written (%(code)s)"), ("code",)),
    "refused": Sentence(_("it may not be sent now (%(code)s)"), ("code",)),
}
_BARRED: Final = {  # suppressed recipients
    "no_address": Sentence(_("the recipient has no address on this channel")),
    "barred": Sentence(_("suppressed: %(bar)s"), ("bar",)),
    "address_changed": Sentence(_("the recipient's address has changed since")),
    "left_unsubscribed": Sentence(_("the person has unsubscribed")),
    "left_unconfirmed": Sentence(_("the subscription has not been confirmed")),
    "left_no_consent": Sentence(_("no consent is known")),
    "left_paused": Sentence(_("the person has asked for a pause")),
    "cap_waits": Sentence(_("waits for the frequency rule")),
    "left_no_language": Sentence(_("there is no translation in the recipient’s language")),
    "left_cap": Sentence(_("the frequency rule is reached")),
    "excluded": Sentence(_("excluded by the mailing (%(term)s)"), ("term",)),
}
_REPORTS: Final = {  # what came back later
    "reported": Sentence(_("reported later: %(event)s"), ("event",)),
    "sendsay_status": Sentence(_("Sendsay reports: %(sendsay)s"), ("sendsay",)),
    "sms_status": Sentence(_("the provider reports: %(status)s"), ("status",)),
}
_CHANNELS: Final = {
    "reply_code": Sentence(_("%(number)s %(reply)s"), ("number", REPLY)),
    "written": Sentence(_("saved to a file: %(file)s"), ("file",)),
    "no_phone": Sentence(_("the address is not a phone number")),
    "sms_too_long": Sentence(
        _("%(count)s characters; the provider takes %(most)s"), ("count", "most")
    ),
    "record_wrong": Sentence(_("the provider’s record %(error)s"), ("error",)),
    "no_person": Sentence(_("the address is not a person's number")),
    "no_chat": Sentence(_("the address is not a chat's number")),
    "chat_busy": Sentence(_("too many messages to this chat at a time")),
    "no_code": Sentence(_("no code in the answer: %(reply)s"), (REPLY,)),
    "no_track": Sentence(_("no track.id in the answer: %(reply)s"), (REPLY,)),
    "no_bot_api": Sentence(_("not an answer of the Bot API: %(reply)s"), (REPLY,)),
    "log_in_refused": Sentence(_("the log-in was refused: %(reply)s"), (REPLY,)),
    "redirects": Sentence(_("more than 10 redirects")),
    "redirect_elsewhere": Sentence(_("a redirect to another host was not followed")),
    "pause_asked": Sentence(_("the service asked for a pause")),
    "no_trust": Sentence(
        _("%(count)s times in a row no answer that can be trusted; the last: %(reply)s"),
        ("count", REPLY),
    ),
    "all_refused": Sentence(
        _("%(count)s were refused in a row; the last: %(reply)s"), ("count", REPLY)
    ),
    "trial_failed": Sentence(
        _("the trial message got no answer that can be trusted: %(reply)s"), (REPLY,)
    ),
    "trial_refused": Sentence(_("the trial message was refused, too: %(reply)s"), (REPLY,)),
    "backend_accepted": Sentence(_("accepted by the backend")),
    "backend_accepted_as": Sentence(_("accepted by the backend; id=%(id)s"), ("id",)),
    "backend_none": Sentence(_("the backend counted 0 sent")),
    "unexpected_error": Sentence(_("an unexpected error: %(error)s"), ("error",)),
}
_CONNECTIONS: Final = {
    "connection_dropped": Sentence(_("the connection was dropped before an answer came")),
    "connection_lost": Sentence(_("the connection was lost")),
    "connection_refused": Sentence(_("the server refuses the connection")),
    "unreachable": Sentence(_("the server cannot be reached")),
    "no_such_host": Sentence(_("there is no such host")),
    "no_answer_in_time": Sentence(_("the server did not answer in time")),
    "certificate": Sentence(_("the certificate is not to be trusted: %(error)s"), ("error",)),
    "no_tls": Sentence(_("no encrypted connection could be opened: %(error)s"), ("error",)),
    "no_thread": Sentence(_("the machine has no room for another connection")),
    "system_error": Sentence(_("an error of the system: %(error)s"), ("error",)),
    "private_address": Sentence(_("the address lies inside a private network")),
    "bad_path": Sentence(_("the path of the call is not plain")),
    "no_http": Sentence(_("the answer is not HTTP, or breaks off (%(error)s)"), ("error",)),
    "no_json": Sentence(_("the answer is not JSON")),
    "answer_too_long": Sentence(_("the answer is too long")),
    "answer_not_final": Sentence(_("the answer is not a final one")),
    "answer_encoded": Sentence(_("the answer came in an encoding not asked for")),
    "answer_broken": Sentence(_("the answer breaks off")),
}
_SMTP: Final = {
    "smtp_after_dot": Sentence(_("the connection broke after the final dot: %(reply)s"), (REPLY,)),
    "smtp_before_dot": Sentence(
        _("the connection broke before the final dot: %(reply)s"), (REPLY,)
    ),
    "smtp_at_envelope": Sentence(
        _("the connection broke at this message's envelope: %(reply)s"), (REPLY,)
    ),
    "smtp_closed": Sentence(_("the server closed the connection")),
    "smtp_timeout": Sentence(_("timed out (%(stage)s)"), ("stage",)),
    "smtp_unexpected": Sentence(_("an unexpected reply (%(stage)s): %(reply)s"), ("stage", REPLY)),
    "smtp_unasked": Sentence(_("a reply that nobody asked for")),
    "smtp_clear_text": Sentence(_("a reply in clear text after STARTTLS")),
    "smtp_no_reply": Sentence(_("not an SMTP reply: %(reply)s"), (REPLY,)),
    "smtp_long_line": Sentence(_("a reply line of more than %(most)s octets"), ("most",)),
    "smtp_many_lines": Sentence(_("a reply of more than %(most)s lines"), ("most",)),
    "smtp_two_codes": Sentence(
        _("a reply that begins with %(first)s and goes on with %(then)s"), ("first", "then")
    ),
    "smtp_no_connection": Sentence(_("no connection could be opened")),
    "smtp_slow_connection": Sentence(_("the connection could not be opened in time")),
    "smtp_channel_closed": Sentence(_("the channel was closed")),
    "smtp_held": Sentence(_("it was not allowed to leave any more")),
    "smtp_early_reply": Sentence(_("a reply came before the message had been sent")),
    "smtp_sender_ignored": Sentence(_("the server takes a message whose sender it refused")),
    "smtp_no_starttls": Sentence(
        _("the server offers no STARTTLS; nothing was sent in clear text")
    ),
    "login_not_offered": Sentence(_("the server offers no authentication")),
    "login_no_mechanism": Sentence(
        _("no mechanism of the server takes a password (it offers: %(names)s)"), ("names",)
    ),
    "login_no_token_taken": Sentence(
        _("the server takes no access tokens (it offers: %(names)s)"), ("names",)
    ),
    "login_characters": Sentence(
        _("the user name or the password contains a prohibited character")
    ),
    "login_directions": Sentence(_("the user name or the password mixes directions of writing")),
    "token_missing": Sentence(_("no access token: %(error)s"), ("error",)),
    "token_unfit": Sentence(_("no access token: what was given is not one word")),
}
_SMPP: Final = {
    "smpp_no_pdu": Sentence(_("what came is not SMPP (%(error)s)"), ("error",)),
    "smpp_cut": Sentence(
        _("only %(count)s of %(total)s parts were accepted: %(reply)s"), ("count", "total", REPLY)
    ),
}
_ENVELOPE: Final = {  # a letter that cannot be put into SMTP for this server
    "envelope_no_address": Sentence(_("the address is empty")),
    "envelope_address_utf8": Sentence(_("the server does not take addresses that are not ASCII")),
    "envelope_sender_signs": Sentence(
        _("the sender's address contains a space, a bracket or a control character")
    ),
    "envelope_address_signs": Sentence(
        _("the address contains a space, a bracket or a control character")
    ),
    "envelope_address_unfit": Sentence(_("the address or its domain cannot be written in SMTP")),
    "envelope_address_long": Sentence(_("an address of more than %(most)s octets"), ("most",)),
    "envelope_too_large": Sentence(
        _("%(size)s octets; the server takes %(most)s"), ("size", "most")
    ),
    "envelope_8bit": Sentence(_("the message is not ASCII and the server offers no 8BITMIME")),
    "envelope_no_end": Sentence(_("the message does not end with CRLF")),
    "envelope_nul": Sentence(_("the message contains a NUL")),
    "envelope_line_ends": Sentence(_("the message contains a bare CR or LF")),
    "envelope_long_line": Sentence(
        _("the message has a line of more than %(most)s octets"), ("most",)
    ),
}
SENTENCES: Final[dict[str, Sentence]] = {
    **_LEDGER,
    **_LIMITS,
    **_MESSAGE,
    **_FILES,
    **_REFUSED,
    **_BARRED,
    **_REPORTS,
    **_CHANNELS,
    **_CONNECTIONS,
    **_SMTP,
    **_SMPP,
    **_ENVELOPE,
}
#: What a value that is a code itself is called, by the beginning of its name.
VALUES: Final[dict[str, dict[str, str]]] = {
    "mailing": {"created": _("Created"), "running": _("Running"), "completed": _("Completed")},
    "state": {
        "pending": _("Pending"),
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "bounced": _("Bounced"),
        "failed": _("Failed"),
        "unknown": _("Unknown"),
    },
    "bar": {
        "unsubscribed": _("unsubscribed"),
        "bounced": _("bounces"),
        "complained": _("spam complaint"),
        "blocked": _("added manually"),
        "archived": _("archived"),
        "domain": _("blocked domain"),
    },
    "event": {
        "rejected": _("not sent by the provider"),
        "failed": _("failed at the provider"),
        "bounced": _("bounced"),
    },
    "sendsay": {
        "-2": _("finished with an error"),
        "-3": _("cancelled"),
        "-6": _("not let through by moderation"),
    },
    "stage": {
        "log-in": _("the log-in"),
        "idle": _("the next message"),
        "body": _("the body"),
        "dot": _("the final dot"),
        "empty-body": _("the empty body"),
    },
}
