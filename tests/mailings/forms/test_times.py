"""When a mailing goes, as its form has it: now, at a time, at an hour of everybody's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Mailing, Recipient, Run
from tests import browser_form
from tests.factories import MailingFactory, RecipientFactory
from tests.mailings.views.test_mailing_forms import create, moment
from tests.people import Cast

pytestmark = pytest.mark.django_db

TEN = {"starts_at_0": "30.11.2030", "starts_at_1": "10:00"}


def made() -> Mailing:
    return Mailing.objects.get(name="Весна")


def test_a_new_mailing_is_a_draft(cast: Cast) -> None:
    create(cast, everyone="True")
    assert made().is_draft


@pytest.mark.parametrize("written", ["30.11.2030", "2030-11-30", "30.11.30", "30/11/2030"])
def test_a_day_is_read_however_it_is_written(cast: Cast, written: str) -> None:
    create(cast, everyone="True", starts_at_0=written, starts_at_1="10.05", stop_after="3")
    local = timezone.localtime(made().starts_at)
    assert (local.date(), local.time()) == (date(2030, 11, 30), time(10, 5))
    assert made().ends_at - made().starts_at == timedelta(hours=3)


def test_what_cannot_be_read_is_refused_with_what_was_typed(cast: Cast) -> None:
    answer = create(cast, starts_at_0="завтра", starts_at_1="10:00")
    assert "starts_at" in answer.context["form"].errors
    assert 'value="завтра"' in answer.content.decode()


def test_now_is_this_minute_whatever_stands_in_the_boxes(cast: Cast) -> None:
    create(cast, everyone="True", when="now", starts_at_0="", starts_at_1="", stop_after="24")
    assert timedelta(0) <= timezone.now() - made().starts_at < timedelta(minutes=2)


def test_each_recipients_time_is_one_choice(cast: Cast) -> None:
    Recipient.objects.filter(owner=cast.owner).delete()
    for zone in ("Asia/Vladivostok", "Europe/Kaliningrad"):
        RecipientFactory.create(owner=cast.owner, time_zone=zone)
    create(cast, everyone="True", clock="theirs", stop_after="1", **TEN)
    mailing = made()
    assert mailing.starts_at == datetime(2030, 11, 30, 0, tzinfo=UTC)
    assert mailing.ends_at == datetime(2030, 11, 30, 11, tzinfo=UTC)
    assert (mailing.local_from, mailing.local_to) == (time(10), time(13))
    url = reverse("mailings:edit", args=[mailing.pk])
    shown = browser_form.opened(cast.client("owner"), url)
    assert (shown["clock"], shown["starts_at_1"]) == (["theirs"], ["10:00"])
    assert shown["starts_at_0"] == ["2030-11-30"] and shown["local_from"] == [""]
    cast.client("owner").post(url, {**shown, "name": "Renamed"})
    mailing.refresh_from_db()
    assert (mailing.name, mailing.local_from) == ("Renamed", time(10))
    assert mailing.starts_at == datetime(2030, 11, 30, 0, tzinfo=UTC)


def test_a_repeated_mailing_keeps_to_one_clock(cast: Cast) -> None:
    answer = create(cast, clock="theirs", frequency="DAILY", **TEN)
    assert "clock" in answer.context["form"].errors


def test_without_a_length_there_is_an_end(cast: Cast) -> None:
    answer = create(cast, ends_at_0="", ends_at_1="")
    assert "ends_at" in answer.context["form"].errors
    assert create(cast, stop_after="72", ends_at_0="nonsense").status_code == 302


@pytest.fixture
def scheduled(cast: Cast) -> Mailing:
    start = timezone.now() + timedelta(days=2)
    return MailingFactory.create(owner=cast.owner, starts_at=start, ends_at=start + timedelta(1))


def change(cast: Cast, mailing: Mailing, **values: Any) -> None:
    url = reverse("mailings:edit", args=[mailing.pk])
    data = {**browser_form.opened(cast.client("owner"), url), **values}
    assert cast.client("owner").post(url, data).status_code == 302
    mailing.refresh_from_db()


def test_what_is_scheduled_stays_so_at_another_time(cast: Cast, scheduled: Mailing) -> None:
    change(cast, scheduled, **moment("starts_at", timezone.localtime() + timedelta(days=5)))
    assert scheduled.scheduled and scheduled.starts_at > timezone.now() + timedelta(days=4)


@pytest.mark.parametrize("times", [{"when": "now"}, {"starts_at_0": "01.01.2026"}])
def test_saving_never_sends(cast: Cast, scheduled: Mailing, times: dict[str, str]) -> None:
    """A start that has come by an edit makes a draft of it: nobody has said “send”."""
    change(cast, scheduled, stop_after="", **moment("ends_at", datetime(2031, 1, 1)), **times)
    assert scheduled.is_draft


def test_a_mailing_that_is_being_sent_keeps_its_start(cast: Cast) -> None:
    before = cast.mailing.starts_at
    end = timezone.localtime() + timedelta(days=9)
    change(cast, cast.mailing, **moment("ends_at", end))
    assert cast.mailing.starts_at == before
    assert cast.mailing.ends_at > timezone.now() + timedelta(days=8)


def test_running_cannot_be_chosen_as_a_status(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    url = reverse("mailings:edit", args=[mailing.pk])
    data = {**browser_form.opened(cast.client("owner"), url), "status": "running"}
    assert "status" in cast.client("owner").post(url, data).context["form"].errors
    assert not Run.objects.filter(mailing=mailing).exists()
