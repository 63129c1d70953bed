"""The providers whose hooks are understood: what opens each hook, and what stands where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Provider:
    """``key`` is the setting that opens the hook.

    ``marks`` are the places in an event where the letter's own Message-ID stands: in the header as
    the provider gives it back, or in the data that it carries for the sender. ``hard`` are the
    words, by their places, by which it says that an address is gone for good; ``left`` those by
    which a bounce says that nothing was sent, since the recipient had left or complained earlier
    (place, word, which of the two); ``status`` is the place of the enhanced code. ``preloaded`` are
    the words by which it says that a mail program loaded the images without its reader.
    """

    name: str
    key: str
    marks: tuple[str, ...] = ()
    hard: tuple[tuple[str, str], ...] = ()
    status: str = ""
    left: tuple[tuple[str, str, str], ...] = ()
    preloaded: tuple[tuple[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        return bool(getattr(settings, self.key))


_ALL: Final = (
    Provider(
        "amazon_ses",
        "HOOK_SES_TOPICS",
        hard=(("bounce.bounceType", "Permanent"),),
    ),
    Provider(
        "brevo",
        "HOOK_BREVO_LOGIN",
        ("message-id", "X-Mailin-custom.message_id"),
        (("event", "hard_bounce"),),
        preloaded=(("event", "unique_proxy_open"), ("event", "proxy_open")),
    ),
    Provider(
        "mailersend",
        "HOOK_MAILERSEND_KEY",
        hard=(("data.type", "hard_bounced"),),
    ),
    Provider(
        "mailgun",
        "HOOK_MAILGUN_KEY",
        ("event-data.message.headers.message-id", "Message-Id"),
        (("event-data.reason", "suppress-bounce"),),
        "event-data.delivery-status.enhanced-code",
        (
            ("event-data.reason", "suppress-complaint", "complained"),
            ("event-data.reason", "suppress-unsubscribe", "unsubscribed"),
        ),
        (("event-data.client-info.bot", "apple"),),
    ),
    Provider(
        "mailjet",
        "HOOK_MAILJET_LOGIN",
        ("CustomID", "Payload.message_id"),
        (("hard_bounce", "true"), ("hard_bounce", "1")),
    ),
    Provider(
        "mailtrap",
        "HOOK_MAILTRAP_KEY",
        ("custom_variables.message_id",),
        (("event", "bounce"),),
    ),
    Provider(
        "mandrill",
        "HOOK_MANDRILL_KEY",
        ("msg.metadata.message_id",),
        (("event", "hard_bounce"),),
    ),
    Provider(
        "postal",
        "HOOK_POSTAL_KEY",
        ("payload.message.message_id", "payload.original_message.message_id"),
    ),
    Provider(
        "postmark",
        "HOOK_POSTMARK_LOGIN",
        ("Metadata.message_id",),
        (("Type", "HardBounce"), ("SuppressionReason", "HardBounce")),
    ),
    Provider(
        "resend",
        "HOOK_RESEND_KEY",
        ("data.message_id",),
        (("data.bounce.type", "Permanent"),),
    ),
    Provider(
        "sendgrid",
        "HOOK_SENDGRID_KEY",
        ("smtp-id", "message_id"),
        (("type", "bounce"),),
        "status",
        preloaded=(("sg_machine_open", "true"),),
    ),
    Provider(
        "sparkpost",
        "HOOK_SPARKPOST_LOGIN",
        ("rcpt_meta.message_id",),
        (("bounce_class", "10"), ("bounce_class", "30")),
        preloaded=(("is_prefetched", "true"),),
    ),
    Provider(
        "unisender_go",
        "HOOK_UNISENDER_GO_KEY",
        ("metadata.message_id",),
        (
            ("delivery_info.delivery_status", "err_user_unknown"),
            ("delivery_info.delivery_status", "err_domain_inactive"),
        ),
    ),
)
PROVIDERS: Final = {one.name: one for one in _ALL}


def value_at(event: Mapping[str, Any], place: str) -> str:
    """What stands at this place, such as ``msg.metadata.message_id``; empty when nothing does.

    Some providers carry the sender's own data as JSON within JSON.
    """
    found: Any = event
    for name in place.split("."):
        if isinstance(found, str) and found.startswith("{"):
            try:
                found = json.loads(found[:10_000])
            except ValueError:
                return ""
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None or isinstance(found, (Mapping, list)):
        return ""
    return str(found).strip() if not isinstance(found, bool) else str(found).lower()
