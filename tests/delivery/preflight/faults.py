"""A mailing with one of each fault, and the same one fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.delivery.models import Preflight
from apps.delivery.preflight.check import Tools
from apps.delivery.preflight.fetching import Answer
from apps.delivery.preflight.findings import Finding
from apps.delivery.preflight.running import ask, carry_out
from apps.mailings.models import Mailing, Sender
from tests.delivery.doctor.zone import RecordedDns
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, RunFactory

#: What the addresses of the letters answer; one that is not here answers 200.
ANSWERS: Mapping[str, Answer] = {
    "https://shop.test/gone": Answer(404),
    "https://shop.test/over": Answer(410),
    "https://shop.test/broken": Answer(503),
    "https://nohost.test/": Answer(why="host"),
    "https://badtls.test/": Answer(why="tls"),
    "https://shop.test/private": Answer(401),
    "https://shop.test/often": Answer(429),
    "https://shop.test/pictures/none.png": Answer(404),
    "https://shop.test/pictures/heavy.png": Answer(200, size=300_000),
}
_LINKS = (
    *("https://shop.test/gone", "https://shop.test/over", "https://shop.test/broken"),
    *("https://nohost.test/", "https://badtls.test/", "https://shop.test/private"),
    *("https://shop.test/often", "http://shop.test/plain", "https://shop.test/fine"),
    *("https://shop.test/{{ city }}/", "no address"),
)
FAULTY = (
    "{% if city %}<a href='{{ unsubscribe_url }}'>Unsubscribe</a>{% endif %}"
    + "".join(f"<a href='{link}'>x</a>" for link in _LINKS)
    + "<p style='color:#ccc;background:#fff'>Pale words on white</p>"
    + "<p>{{ nickname }} from {{ city }}</p>"
    + "<img src='https://shop.test/pictures/none.png' alt='None'>"
    + "<img src='https://shop.test/pictures/heavy.png' alt='Heavy'>"
    + "<img src='http://localhost/here.png'>"
    + "<img src='https://shop.test/pictures/{{ city }}.png' alt='City'>"
    + f"<div>{'<b></b>' * 15_000}</div>"
)
REPAIRED = (
    "<h1>News of the week</h1><p style='color:#222;background:#fff'>Hello {{ full_name }}, here is"
    " all that is new with us this week, in a few sentences that say something.</p>"
    "<p><a href='https://shop.test/fine'>Read on</a></p>"
    "<img src='https://shop.test/pictures/fine.png' alt='Our shop'>"
    "<p><a href='{{ unsubscribe_url }}'>Unsubscribe</a></p>"
)


def ask_all(urls: Sequence[str], seconds: float, max_bytes: int = 0) -> Mapping[str, Answer]:
    return {url: ANSWERS.get(url, Answer(200, size=1_000)) for url in urls}


def tools(**more: Any) -> Tools:
    fields = {"now": timezone.now(), "ask_all": ask_all, "resolver": RecordedDns({})}
    return Tools(**{**fields, **more})


def faulty_mailing(**fields: Any) -> Mailing:
    """Three recipients: one lives in a city, none has a nickname; it once went to one."""
    message = MessageFactory.create(subject="{{ nickname }}", text="", html=FAULTY, **fields)
    sender = Sender.objects.create(owner=message.owner, address="news@shop.test")
    mailing = MailingFactory.create(message=message, owner=message.owner, sender=sender)
    RecipientFactory.create(owner=mailing.owner, attributes={"city": "Tver"})
    RecipientFactory.create_batch(2, owner=mailing.owner)
    RunFactory.create(mailing=mailing, state="done", sent=1)
    return mailing


def repair(mailing: Mailing) -> None:
    """As a person would, by what the rows say."""
    message = mailing.message
    message.subject, message.html = "News of the week", REPAIRED
    message.text = "Hello! News. Unsubscribe: {{ unsubscribe_url }}"
    message.save()
    Sender.objects.update(confirmed_at=timezone.now(), confirmed_by="superuser")
    mailing.runs.all().delete()
    mailing.ends_at = timezone.now() + timedelta(days=2)
    mailing.save()


def looked_at(mailing: Mailing, **more: Any) -> Preflight:
    """A preflight that is over."""
    seconds = more.pop("seconds", 60.0)
    made = ask(mailing, asked_by=mailing.owner_id)
    assert carry_out(made.pk, tools(**more), seconds=seconds)
    found = Preflight.objects.get(pk=made.pk)
    assert "The check itself failed" not in str(found.findings)
    return found


def results(preflight: Preflight) -> dict[str, str]:
    return {row["check"]: row["result"] for row in preflight.findings}


def said(preflight: Preflight, check: str) -> list[tuple[str, str]]:
    """Result and sentence of each finding of one check."""
    (row,) = [row for row in preflight.findings if row["check"] == check]
    found = [Finding.from_json(one) for one in row["found"]]
    return [(one.result.value, one.sentence) for one in found]
