"""Every event that the providers document means here what django-anymail takes it for.

``payloads/<provider>.jsonl``: what a provider posts for each kind of event, in the shape that its
public documentation gives, with the kinds that it must be read as. Each is signed as that provider
signs and posted twice: to our hook, and to anymail's own view with anymail's own checks on.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest
from anymail.signals import tracking
from django.conf import LazySettings
from django.test import RequestFactory

from apps.feedback.hooks import esp
from apps.feedback.models import Event
from apps.feedback.providers import PROVIDERS
from tests.feedback import conftest
from tests.feedback.amazon import Amazon
from tests.feedback.providers import (
    test_mailersend,
    test_mailtrap,
    test_mandrill,
    test_postal,
    test_resend,
    test_sendgrid,
    test_unisender_go,
)
from tests.feedback.providers.exam import basic
from tests.feedback.providers.test_mailgun import FORM, proof

LOGIN: Final = "hook:long-password"
SITE: Final = "https://mail.example.org"


class Call(NamedTuple):
    """A call of a provider, signed."""

    body: bytes
    headers: dict[str, str]
    kind: str = "application/json"


def plain(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def by_login(event: Any) -> Call:
    return Call(plain(event), basic(LOGIN))


def by_header(exam: Any) -> Callable[[Any], Call]:
    def sign(event: Any) -> Call:
        body = plain(event)
        return Call(body, exam.headers(body, exam.key))

    return sign


def of_mailgun(event: Any) -> Call:
    token = os.urandom(8).hex()
    if "form" in event:
        return Call(urlencode({**event["form"], **proof(token)}, doseq=True).encode(), {}, FORM)
    return Call(plain({**event, "signature": proof(token)}), {})


def of_mandrill(events: Any) -> Call:
    exam = test_mandrill.TestMandrill()
    body = urlencode({"mandrill_events": json.dumps(events)}).encode()
    return Call(body, exam.headers(body, exam.key), exam.kind)


def of_unisender_go(event: Any) -> Call:
    key = test_unisender_go.KEY
    body = json.dumps({"auth": key, **event}, separators=(",", ":")).encode()
    return Call(body.replace(key.encode(), hashlib.md5(body).hexdigest().encode()), {})


def of_amazon(event: Any, amazon: Amazon) -> Call:
    found_events = {
        "Type": "Notification",
        "MessageId": os.urandom(8).hex(),
        "TopicArn": conftest.TOPIC,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "Message": json.dumps(event) + "\n",
    }
    headers = {
        "X-Amz-Sns-Message-Type": found_events["Type"],
        "X-Amz-Sns-Message-Id": found_events["MessageId"],
    }
    return Call(plain(amazon.signed(found_events)), headers, "text/plain; charset=UTF-8")


SIGN: Final[dict[str, Callable[[Any], Call]]] = {
    "brevo": by_login,
    "mailersend": by_header(test_mailersend.TestMailerSend()),
    "mailgun": of_mailgun,
    "mailjet": by_login,
    "mailtrap": by_header(test_mailtrap.TestMailtrap()),
    "mandrill": of_mandrill,
    "postal": by_header(test_postal.TestPostal()),
    "postmark": by_login,
    "resend": by_header(test_resend.TestResend()),
    "sendgrid": by_header(test_sendgrid.TestSendGrid()),
    "sparkpost": by_login,
    "unisender_go": of_unisender_go,
}
KEYS: Final[dict[str, Any]] = {
    "HOOK_BREVO_LOGIN": LOGIN,
    "HOOK_MAILERSEND_KEY": test_mailersend.TestMailerSend.key,
    "HOOK_MAILGUN_KEY": conftest.KEY,
    "HOOK_MAILJET_LOGIN": LOGIN,
    "HOOK_MAILTRAP_KEY": test_mailtrap.TestMailtrap.key,
    "HOOK_MANDRILL_KEY": test_mandrill.TestMandrill.key,
    "HOOK_POSTAL_KEY": test_postal.TestPostal.key,
    "HOOK_POSTMARK_LOGIN": LOGIN,
    "HOOK_RESEND_KEY": test_resend.KEY,
    "HOOK_SENDGRID_KEY": test_sendgrid.TestSendGrid.key,
    "HOOK_SES_TOPICS": frozenset({conftest.TOPIC}),
    "HOOK_SPARKPOST_LOGIN": LOGIN,
    "HOOK_UNISENDER_GO_KEY": test_unisender_go.KEY,
    "HOOK_SECRET": conftest.SECRET,
    "SITE_URL": SITE,
}
#: What anymail checks with. (Resend's signature it checks only where svix is installed.)
ANYMAIL: Final = {
    "WEBHOOK_SECRET": LOGIN,
    "MAILERSEND_SIGNING_SECRET": KEYS["HOOK_MAILERSEND_KEY"],
    "MAILGUN_WEBHOOK_SIGNING_KEY": KEYS["HOOK_MAILGUN_KEY"],
    "MANDRILL_WEBHOOK_KEY": KEYS["HOOK_MANDRILL_KEY"],
    "MANDRILL_WEBHOOK_URL": f"{SITE}/hooks/mandrill/{conftest.SECRET}/",
    "POSTAL_WEBHOOK_KEY": KEYS["HOOK_POSTAL_KEY"],
    "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": KEYS["HOOK_SENDGRID_KEY"],
    "UNISENDER_GO_API_KEY": KEYS["HOOK_UNISENDER_GO_KEY"],
}


def published(provider: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent / "payloads" / f"{provider}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(autouse=True)
def opened(settings: LazySettings) -> None:
    for name, value in KEYS.items():
        setattr(settings, name, value)
    settings.ANYMAIL = ANYMAIL


@pytest.fixture
def amazon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    with Amazon(tmp_path, monkeypatch) as amazon:
        yield amazon


def read_here(provider: str, call: Call) -> list[str]:
    """The kinds of the events that our hook has kept of this call."""
    Event.objects.all().delete()
    assert conftest.post(provider, call.body, call.headers, kind=call.kind) == 200
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def read_by_anymail(provider: str, call: Call) -> list[str]:
    """The kinds that anymail reports of this call, when its own checks believe it."""
    found: list[str] = []

    def listen(sender: object, event: Any, **_: object) -> None:
        found.append(event.event_type)

    request = RequestFactory().post(
        "/", call.body, content_type=call.kind, headers={**basic(LOGIN), **call.headers}
    )
    view = getattr(import_module(f"anymail.webhooks.{provider}"), esp._HOOKS[provider][1])
    tracking.connect(listen)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no signature of Resend's, no support for SendGrid
            assert view.as_view()(request).status_code == 200
    finally:
        tracking.disconnect(listen)
    return found


def test_there_are_payloads_of_every_provider() -> None:
    assert {*SIGN, esp.SES} == set(PROVIDERS)
    for provider in PROVIDERS:
        found = published(provider)
        found_events = [one["what"] for one in found]
        assert len(set(found_events)) == len(found_events) >= 9, provider
        kinds = {kind for one in found for kind in one["says"]}
        assert kinds >= {"bounced", "clicked"} and kinds & {"delivered", "sent"}, provider


@pytest.mark.django_db
@pytest.mark.parametrize("provider", sorted(SIGN))
def test_every_published_event_is_read_as_anymail_reads_it(provider: str) -> None:
    for one in published(provider):
        call = SIGN[provider](one["event"])
        read = {"here": read_here(provider, call), "anymail": read_by_anymail(provider, call)}
        assert read == {"here": one["says"], "anymail": one["says"]}, one["what"]


@pytest.mark.django_db
def test_every_published_event_of_amazon_is_read_as_anymail_reads_it(amazon: Amazon) -> None:
    """Its view wants Amazon's own library before it reads a word, so its parser alone is asked."""
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView as View

    for one in published(esp.SES):
        call = of_amazon(one["event"], amazon)
        request = RequestFactory().post("/", call.body, content_type=call.kind)
        theirs = [found.event_type for found in View.__new__(View).parse_events(request)]
        read = {"here": read_here(esp.SES, call), "anymail": theirs}
        assert read == {"here": one["says"], "anymail": one["says"]}, one["what"]
