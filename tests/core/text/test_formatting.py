"""A moment has one form everywhere: 24 hours, no dot at the end, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import engines
from django.urls import reverse
from django.utils import formats, timezone, translation

from apps.mailings.models import Mailing
from tests.factories import MailingFactory
from tests.people import Cast

NAMES = ("DATETIME_FORMAT", "SHORT_DATETIME_FORMAT", "TIME_FORMAT")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("hour", [0, 9, 12, 22])
def test_every_format_counts_24_hours_and_ends_without_a_dot(language: str, hour: int) -> None:
    moment = datetime(2026, 12, 1, hour, 0, tzinfo=UTC)
    with translation.override(language):
        for name in NAMES:
            assert formats.date_format(moment, name).endswith(f"{hour:02}:00"), name
        for name in ("DATE_FORMAT", "SHORT_DATE_FORMAT"):
            assert re.fullmatch(r"1 \w+ 2026", formats.date_format(moment, name))
        shown = engines["django"].from_string("{{ at }}").render({"at": moment})
        assert re.fullmatch(r"[12] \w+ 2026, \d\d:00", shown)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_refusal_to_start_names_the_moment_as_the_pages_do(cast: Cast, language: str) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    ahead = timezone.localtime() + timedelta(days=9)
    start = ahead.replace(hour=10, minute=0)
    Mailing.objects.filter(pk=mailing.pk).update(starts_at=start, ends_at=start + timedelta(1))
    client = cast.client("owner")
    client.cookies["django_language"] = language
    url = reverse("delivery:send", args=[mailing.pk])
    page = client.post(url, follow=True).content.decode()
    flash = re.search(r'class="flash[^>]*>(.*?)</', page, re.DOTALL)
    assert flash is not None
    assert re.search(r"\d{4}, 10:00\.(?!\.)", flash[1]), flash[1]
