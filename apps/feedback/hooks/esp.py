"""Providers whose events django-anymail knows: it takes them apart, what is believed is ours.

What each must prove stands in signatures.py; what it says of a letter, and where, in
apps/feedback/providers.py. Of the addresses in a message only that of Amazon's own certificate is
ever opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest

from apps.core.responses.stored import foreign
from apps.feedback.hooks import signatures, sns
from apps.feedback.hooks.signatures import HookRefused
from apps.feedback.message_refs import delivery_token_in, message_id_in
from apps.feedback.providers import PROVIDERS, Provider, value_at
from apps.feedback.tracking_event import TrackingEvent, code_in, event_id, plain, status_in

INSTALLED = find_spec("anymail") is not None
log = structlog.get_logger(__name__)

SES: Final = "amazon_ses"
Check = Callable[[HttpRequest, str, datetime], None]
#: How a call is checked, and which of anymail's views takes it apart.
_HOOKS: Final[Mapping[str, tuple[Check, str]]] = {
    "brevo": (signatures.login, "BrevoTrackingWebhookView"),
    "mailersend": (signatures.mailersend, "MailerSendTrackingWebhookView"),
    "mailgun": (signatures.mailgun, "MailgunTrackingWebhookView"),
    "mailjet": (signatures.login, "MailjetTrackingWebhookView"),
    "mailtrap": (signatures.mailtrap, "MailtrapTrackingWebhookView"),
    "mandrill": (signatures.mandrill, "MandrillCombinedWebhookView"),
    "postal": (signatures.postal, "PostalTrackingWebhookView"),
    "postmark": (signatures.login, "PostmarkTrackingWebhookView"),
    "resend": (signatures.resend, "ResendTrackingWebhookView"),
    "sendgrid": (signatures.sendgrid, "SendGridTrackingWebhookView"),
    "sparkpost": (signatures.login, "SparkPostTrackingWebhookView"),
    "unisender_go": (signatures.unisender_go, "UnisenderGoTrackingWebhookView"),
}


def open_hooks() -> set[str]:
    """The providers whose keys ``.env`` holds, as far as they can be understood."""
    return {one.name for one in PROVIDERS.values() if one.is_open and INSTALLED}


def read(provider: str, request: HttpRequest, now: datetime) -> list[TrackingEvent]:
    """The events of a call that is genuine. Raises HookRefused."""
    found = PROVIDERS[provider]
    try:
        events = _ses(request, now) if provider == SES else _events(found, request, now)
        return [_tracking_event(found, event) for event in events]
    except SuspiciousOperation as error:  # Django's word for what cannot be read safely
        raise HookRefused(403, "signature") from error
    except (
        ImproperlyConfigured,  # an event for another of anymail's views
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        AssertionError,
        OverflowError,
        RecursionError,
    ) as error:
        raise HookRefused(400, type(error).__name__) from error


def _events(provider: Provider, request: HttpRequest, now: datetime) -> list[Any]:
    check, view = _HOOKS[provider.name]
    check(request, getattr(settings, provider.key), now)
    found: list[Any] = _reader(provider.name, view).parse_events(request)
    return found


def _reader(name: str, view: str) -> Any:
    """Anymail's view without its settings: what they would check has been checked."""
    found = getattr(import_module(f"anymail.webhooks.{name}"), view)
    return found.__new__(found)


def _ses(request: HttpRequest, now: datetime) -> list[Any]:
    body = json.loads(request.body)
    kind, topic = body["Type"], str(body["TopicArn"])
    if topic not in settings.HOOK_SES_TOPICS:
        raise HookRefused(403, "topic")
    if request.headers.get("X-Amz-Sns-Message-Type") != kind:
        raise HookRefused(403, "type")
    if request.headers.get("X-Amz-Sns-Message-Id") != body["MessageId"]:
        raise HookRefused(403, "id")
    sns.verify(body, now)
    if kind == sns.SUBSCRIPTION:
        _report_subscription(topic, str(body.get("SubscribeURL", "")))
    if kind != sns.NOTIFICATION or not body["Message"].startswith("{"):
        return []
    view = _reader(SES, "AmazonSESTrackingWebhookView")
    found: list[Any] = view.esp_to_anymail_events(json.loads(body["Message"]), body)
    return found


def _report_subscription(topic: str, url: str) -> None:
    """A person confirms a subscription; a stranger's address is not opened by this machine."""
    link = plain(url) if sns.is_amazons(url) else ""
    log.warning("sns_subscription", topic=topic, open_to_confirm=link)


def _tracking_event(provider: Provider, event: Any) -> TrackingEvent:
    raw = _plain_event(event.esp_event)
    headers = _headers(raw)
    text = plain(event.mta_response or event.description)
    recipient = plain(event.recipient).lower()
    named = plain(event.event_id)
    parts = [named] if named else [event.event_type, event.message_id, event.timestamp]
    status = status_in(_ses_status(raw, recipient) or value_at(raw, provider.status))
    marks = (value_at(raw, place) for place in provider.marks)
    return TrackingEvent(
        source=provider.name,
        event_id=event_id(*parts, recipient),
        kind=plain(event.event_type),
        sealed=delivery_token_in(headers),
        trusted=True,
        message_id=message_id_in(headers)
        or plain(next(filter(None, marks), ""))
        or plain(event.message_id),
        recipient=recipient,
        status=status or status_in(text),
        code=code_in(text),
        reason=_reason(provider, raw) or plain(event.reject_reason, 40),
        words=foreign(text),
        happened_at=event.timestamp,
        url=plain(event.click_url, 2000),
        user_agent=plain(event.user_agent),
        preloaded=any(value_at(raw, place) == word for place, word in provider.preloaded),
    )


def _plain_event(raw: Any) -> dict[str, Any]:
    """The event as a dict; SparkPost wraps it in its class."""
    wrapped = raw.get("msys")
    if isinstance(wrapped, dict) and len(wrapped) == 1:
        raw = next(iter(wrapped.values()))
    return dict(raw.items()) if isinstance(raw, Mapping) else {}


def _headers(raw: dict[str, Any]) -> str:
    """The original letter's headers, as far as the provider gives them back (SES, Resend)."""
    listed = [raw.get(name) for name in ("mail", "data")]
    rows = [one["headers"] for one in listed if isinstance(one, dict) and "headers" in one]
    fields = [row for some in rows if isinstance(some, list) for row in some]
    found = [one for one in fields if isinstance(one, dict)]
    return "\n".join(f"{one.get('name')}: {one.get('value')}" for one in found)


def _ses_status(raw: dict[str, Any], recipient: str) -> str:
    bounce = raw.get("bounce")
    for one in bounce.get("bouncedRecipients", []) if isinstance(bounce, dict) else []:
        if str(one.get("emailAddress", "")).lower() == recipient:
            return str(one.get("status", ""))
    return ""


def _reason(provider: Provider, raw: dict[str, Any]) -> str:
    """What the provider itself says of the address, where anymail passes it over."""
    for place, word in provider.hard:
        if value_at(raw, place).lower() == word.lower():
            return "invalid"
    for place, word, reason in provider.left:
        if value_at(raw, place).lower() == word.lower():
            return reason
    return ""
