"""No page in Russian shows English: neither a text that was forgotten nor a library's own words."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.delivery.models import Probe
from apps.mailings.models import (
    AttributeDefinition,
    ConsentText,
    Mailing,
    MailingList,
    Message,
    Recipient,
    Segment,
    SignupForm,
    Tag,
)
from apps.users.models import User
from tests.access.rules import ENDPOINTS
from tests.docs.test_russian_texts import english_in
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher

#: The pages are covered by tests that ask for more than their words.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_cover")]

#: Pages for programs, or in the language of what they show.
UNREAD: Final = re.compile(
    r"api|docs|styleguide|healthz|readyz|metrics|favicon|openapi|preview|canvas|frame"
)
#: Not text, or not ours: code, what is typed, addresses, what somebody wrote.
_APART: Final = re.compile(
    r"<(script|style|code|pre|kbd|textarea|svg|iframe|template|datalist)\b.*?</\1>|<!--.*?-->",
    re.DOTALL,
)
_SELECTS: Final = re.compile(r"<select[^>]*(?:zone|country)[^>]*>.*?</select>", re.DOTALL)
#: The other language's own name for itself, keys, zones, what the doctor finds, and names that the
#: tests give to an account and a call;
#: an English form's own button; fonts; networks; the names of parameters and an example of one.
_NAMES: Final = frozenset(
    "English EN RU Ctrl Europe Moscow UTC Linux glibc django allauth ninja LocMemCache wal outbox"
    " synchronous FULL Ok second call Subscribe"
    " Arial Courier Georgia Tahoma Times Trebuchet Verdana New Roman MS"
    " Facebook Threads LinkedIn Rutube MAX Instagram Pinterest GitHub YouTube WhatsApp TikTok"
    " utm_source utm_medium utm_campaign utm_term utm_content newsletter".split()
)
_ADDRESS: Final = re.compile(r"\S+://\S*|\S+@\S+|\S*\.(?:csv|example)\b")


def seen(page: str) -> str:
    """What a person reads on the page."""
    page = re.sub(r"<head>.*?</head>", " ", page, flags=re.DOTALL)
    page = _SELECTS.sub(" ", _APART.sub(" ", page))
    return unescape(re.sub(r"<[^>]+>", " ", page))


def titles(page: str) -> str:
    """What is read to those who listen, or shown beside the pointer."""
    page = _SELECTS.sub(" ", _APART.sub(" ", page))
    return unescape(" ".join(re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', page)))


def data_of() -> set[str]:
    """The words that people have written, which are shown as they are."""
    rows: list[Any] = [
        *Mailing.objects.all(),
        *Message.objects.all(),
        *Recipient.objects.all(),
        *Tag.objects.all(),
        *MailingList.objects.all(),
        *Segment.objects.all(),
        *AttributeDefinition.objects.all(),
        *SignupForm.objects.all(),
        *ConsentText.objects.all(),
        *User.objects.all(),
        *Probe.objects.all(),
    ]
    text = " ".join(str(value) for row in rows for value in vars(row).values())
    return set(re.findall(r"[A-Za-z][\w.'’]*", text)) | set(english_in(text))


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_a_page_in_russian_shows_no_english(
    role: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    client, found = cast.client(role), {}
    for name in sorted(name for name in ENDPOINTS if not UNREAD.search(name)):
        with transaction.atomic():  # what one page is given, no other page shows
            found[name] = english_on(client, reverse(name, kwargs=ENDPOINTS[name].kwargs(cast)))
            transaction.set_rollback(True)
    left = {name: english for name, english in found.items() if english}
    assert left == {}, repr(left)


def english_on(client: Client, url: str) -> set[str]:
    """The English words of this page that nobody has written there."""
    answer = client.get(url, headers={"Accept-Language": "ru"})
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return set()
    if answer.streaming:
        return set()
    page = answer.content.decode()
    known = _NAMES | data_of()
    return {
        word
        for word in english_in(_ADDRESS.sub(" ", f"{seen(page)} {titles(page)}"))
        if word not in known and len(word) > 1
    }
